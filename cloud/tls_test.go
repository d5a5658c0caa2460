package cloud_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/cloud"
)

// TestCertificates: what does not prove to be the host gets no byte of a request.
func TestCertificates(t *testing.T) {
	const names = "*.tplinkcloud.com"
	for _, tt := range []struct {
		name  string
		leaf  func(f *fake, other *authority) tls.Certificate
		trust func(f *fake, other *authority) []byte
		good  bool
	}{
		{"good", func(f *fake, _ *authority) tls.Certificate {
			return f.ca.leaf(f.tb, time.Now().Add(time.Hour), names)
		}, nil, true},
		{"bundle with the root as its second", func(f *fake, _ *authority) tls.Certificate {
			return f.ca.leaf(f.tb, time.Now().Add(time.Hour), names)
		}, func(f *fake, other *authority) []byte { return append(other.pem, f.ca.pem...) }, true},
		{"expired", func(f *fake, _ *authority) tls.Certificate {
			return f.ca.leaf(f.tb, time.Now().Add(-time.Hour), names)
		}, nil, false},
		{"wrong name", func(f *fake, _ *authority) tls.Certificate {
			return f.ca.leaf(f.tb, time.Now().Add(time.Hour), "tplinkcloud.com.example.com")
		}, nil, false},
		{"wildcard of another level", func(f *fake, _ *authority) tls.Certificate {
			return f.ca.leaf(f.tb, time.Now().Add(time.Hour), "*.com")
		}, nil, false},
		{"self-signed", func(f *fake, other *authority) tls.Certificate {
			return tls.Certificate{Certificate: [][]byte{other.cert.Raw}, PrivateKey: other.key}
		}, nil, false},
		{"root that is not trusted", func(f *fake, other *authority) tls.Certificate {
			return other.leaf(f.tb, time.Now().Add(time.Hour), names)
		}, nil, false},
		{"no root of ours", func(f *fake, _ *authority) tls.Certificate {
			return f.ca.leaf(f.tb, time.Now().Add(time.Hour), names)
		}, func(*fake, *authority) []byte { return nil }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, other := newFake(t), newAuthority(t)
				f.welcome()
				const there = "192.0.2.2:443"
				f.serve(there, tt.leaf(f, other))
				c := f.client(func(o *cloud.Options) {
					o.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
						return f.net.DialContext(ctx, network, there)
					}
					if tt.trust != nil {
						o.ExtraCA = tt.trust(f, other)
					}
				})
				_, err := c.Login(t.Context(), someone, &cloud.LoginOptions{Lines: []cloud.Line{cloud.Kasa}})
				if tt.good && err != nil || !tt.good && !errors.Is(err, wattle.ErrUnreachable) {
					t.Errorf("error %v", err)
				}
				if n := f.count(""); !tt.good && n != 0 {
					t.Errorf("%d requests arrived", n)
				}
				if !tt.good && !strings.Contains(err.Error(), "certificate") {
					t.Errorf("%v does not say why", err)
				}
			})
		})
	}
}

// TestOldTLS: nothing below TLS 1.2.
func TestOldTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		const there = "192.0.2.2:443"
		listener, err := f.net.Listen("tcp", there)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() {
			conn, err := listener.Accept()
			if err != nil {
				done <- err
				return
			}
			defer conn.Close()
			done <- tls.Server(conn, &tls.Config{
				Certificates: []tls.Certificate{f.ca.leaf(t, time.Now().Add(time.Hour), hostNames...)}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11,
			}).Handshake()
		}()
		c := f.client(func(o *cloud.Options) {
			o.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
				return f.net.DialContext(ctx, network, there)
			}
		})
		_, err = c.Login(t.Context(), someone, &cloud.LoginOptions{Lines: []cloud.Line{cloud.Kasa}, Legacy: true})
		_ = listener.Close()
		if server := <-done; err == nil || server == nil {
			t.Errorf("TLS 1.1 is taken: %v, %v", err, server)
		}
	})
}

// TestNotFollowed: redirects and forged addresses get nothing.
func TestNotFollowed(t *testing.T) {
	for _, forged := range []string{
		"https://evil.example", "http://n-use1-wap.tplinkcloud.com", "https://n-use1-wap.tplinkcloud.com@evil.example",
		"https://tplinkcloud.com.evil.example", "https://192.0.2.66",
	} {
		t.Run(forged, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				f.welcome()
				f.always("getAccountStatusAndUrl", `{"error_code":0,"result":{"appServerUrl":"`+forged+`"}}`)
				f.always("getDeviceList", `{"error_code":0,"result":{"deviceList":[{"deviceType":"IOT.SMARTPLUGSWITCH","deviceId":"A1","alias":"Plug","appServerUrl":"`+forged+`","status":1}]}}`)
				f.always("getDeviceListByPage", noDevices)
				f.always("GET /v1/things", `{"data":[{"thingName":"B2","deviceType":"SMART.TAPOPLUG","nickname":"","appServerUrl":"`+forged+`"}],"total":1}`)
				f.always("passthrough", `{"error_code":0,"result":{"responseData":{}}}`)
				var mu sync.Mutex
				var dialled []string
				c := f.client(func(o *cloud.Options) {
					dial := o.DialContext
					o.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
						mu.Lock()
						defer mu.Unlock()
						dialled = append(dialled, address)
						return dial(ctx, network, address)
					}
				})
				if _, err := c.Login(t.Context(), someone, nil); err != nil {
					t.Fatal(err)
				}
				home, err := c.Devices(t.Context())
				if err != nil || len(home.Entries) != 2 {
					t.Fatalf("%+v, %v", home, err)
				}
				for i := range home.Entries {
					relay, err := c.Relay(&home.Entries[i])
					if err != nil {
						t.Fatal(err)
					}
					if _, err := relay.Exchange(t.Context(), []byte(`{"system":{"get_sysinfo":{}}}`)); !errors.Is(err, wattle.ErrIdentity) {
						t.Errorf("%s: %v", home.Entries[i].ID, err)
					}
				}
				mu.Lock()
				defer mu.Unlock()
				for _, address := range dialled {
					if !strings.Contains(address, "tplink") || strings.Contains(address, "evil") {
						t.Errorf("contacted %s", address)
					}
				}
				if n := f.count("passthrough"); n != 0 {
					t.Errorf("%d messages were sent", n)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		c := f.signedIn()
		f.status("getDeviceList", 302, "")
		if _, err := c.ListRelay(t.Context(), cloud.Kasa); !errors.Is(err, wattle.ErrProtocol) || f.count("getDeviceList") != 1 {
			t.Errorf("a redirect: %v", err)
		}
	})
}

// TestRoots: the bundle has both roots and the intermediate, as published.
func TestRoots(t *testing.T) {
	pool := x509.NewCertPool()
	sums, err := cloud.AddRoots(pool)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"8B54F0364E840FB010D517324725F0D30245D35B45F9BE4B6E50B84F03FDEC19",
		"F3BF84760EA3D5B61B7FEA1732D515B3BB3AC7BCE149D9458265C3180A8C5740",
		"8D27224DAC20C2DB8A380E3103B4E383C481EE41B681908579AEE416761DA289",
	}
	if strings.Join(sums, " ") != strings.Join(want, " ") {
		t.Errorf("roots %v", sums)
	}
	for _, bad := range []string{"x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"} {
		if _, err := cloud.New(&cloud.Options{ExtraCA: []byte(bad)}); !errors.Is(err, wattle.ErrParam) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
