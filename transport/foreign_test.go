package transport_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"

	"wattle"
	"wattle/internal/wire/klap"
	"wattle/simulator/endpoint"
	"wattle/transport"
)

// TestForeignServices: whatever listens at the address, the answer is that the
// device does not speak this transport, and what is worse an error, no hang.
func TestForeignServices(t *testing.T) {
	services := map[string]func(conn net.Conn){
		"ssh": func(c net.Conn) { httpAnswer(c, "SSH-2.0-OpenSSH_9.6\r\n") },
		"http": func(c net.Conn) {
			httpAnswer(c, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello")
		},
		"http json":  func(c net.Conn) { httpAnswer(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") },
		"bad header": func(c net.Conn) { httpAnswer(c, "HTTP/1.1 200 OK\r\nno colon here\r\n\r\n") },
		"binary":     func(c net.Conn) { httpAnswer(c, "\xff\xff\xff\xff\x00\x01\x02\x03\x04\x05\x06\x07\r\n\r\n") },
	}
	for _, k := range kinds() {
		if k.packet {
			continue
		}
		for name, service := range services {
			t.Run(k.name+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					conn := raw(t, k, service)
					_, err := conn.Exchange(t.Context(), message(1, 1))
					if !errors.Is(err, wattle.ErrTransport) && !errors.Is(err, wattle.ErrUnreachable) {
						t.Errorf("%v, want %v", err, wattle.ErrTransport)
					}
					if k.route.Transport != wattle.XOR && !errors.Is(err, wattle.ErrTransport) {
						t.Errorf("%v, want %v", err, wattle.ErrTransport)
					}
				})
			})
		}
	}
}

// raw makes a Conn to a service that is a function of one connection.
func raw(t *testing.T, k kind, service func(conn net.Conn)) transport.Conn {
	t.Helper()
	w := memory("127.0.2.60")
	ln, err := w.listen("tcp4", w.host+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				service(conn)
			}()
		}
	}()
	route := k.route
	route.Host, route.Port, route.TLS = w.host, portOf(t, ln.Addr()), k.tls
	conn, err := transport.Open(route, &transport.Options{Account: account, DialContext: w.dial})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// httpAnswer reads something and answers with text.
func httpAnswer(c net.Conn, text string) {
	_, _ = c.Read(make([]byte, 4096))
	_, _ = io.WriteString(c, text)
}

// TestWrongTransport: the two KLAP and AES devices tell each other apart.
func TestWrongTransport(t *testing.T) {
	for _, tt := range []struct {
		client, device string
		want           error
	}{
		{"aes login v2", "klap v2 smart", wattle.ErrTransport},
		{"aes login v2 unknown", "klap v2 smart", wattle.ErrTransport},
		{"klap v2 smart", "aes login v2", wattle.ErrTransport},
		{"klap v2 smart tls", "klap v2 smart", wattle.ErrTransport},
		{"klap v2 smart", "klap v2 smart tls", wattle.ErrProtocol}, // Go's server says 400
		{"xor tcp", "klap v2 smart", wattle.ErrUnreachable},        // it waits for the rest of a request
	} {
		t.Run(tt.client+" to "+tt.device, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := start(t, named(t, tt.device), memory("127.0.2.50"), nil)
				k := named(t, tt.client)
				route := k.route
				route.Host, route.Port, route.TLS = f.route.Host, f.route.Port, k.tls
				conn, err := transport.Open(route, &transport.Options{Account: account, DialContext: f.world.dial})
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = conn.Close() }()
				_, err = conn.Exchange(t.Context(), message(1, 1))
				if !errors.Is(err, tt.want) {
					t.Errorf("%v, want %v", err, tt.want)
				}
			})
		})
	}
}

// TestOtherWebServers: answers in chunks, without a length, or with notice that
// the connection closes are answers like any other.
func TestOtherWebServers(t *testing.T) {
	for name, write := range map[string]func(conn net.Conn, header string, body []byte) (closes bool){
		"chunked": func(conn net.Conn, header string, body []byte) bool {
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\n%sTransfer-Encoding: chunked\r\n\r\n", header)
			for _, b := range body {
				_, _ = conn.Write([]byte{'1', '\r', '\n', b, '\r', '\n'})
			}
			_, _ = io.WriteString(conn, "0\r\n\r\n")
			return false
		},
		"connection close": func(conn net.Conn, header string, body []byte) bool {
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\n%sConnection: close\r\nContent-Length: %d\r\n\r\n%s", header, len(body), body)
			return true
		},
		"no length": func(conn net.Conn, header string, body []byte) bool {
			fmt.Fprintf(conn, "HTTP/1.0 200 OK\r\n%s\r\n%s", header, body)
			return true
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				device := newRawKLAP()
				conn := raw(t, named(t, "klap v2 smart"), func(c net.Conn) {
					in := bufio.NewReader(c)
					for {
						r, err := http.ReadRequest(in)
						if err != nil {
							return
						}
						if r.ContentLength <= 0 || len(r.TransferEncoding) > 0 || r.Header.Get("Expect") != "" {
							t.Errorf("request without a length: %+v", r)
						}
						header, body := device.answer(t, r)
						if write(c, header, body) {
							return
						}
					}
				})
				for n := range 3 {
					exchange(t, conn, n)
				}
			})
		})
	}
}

// rawKLAP is a KLAP device without a web server.
type rawKLAP struct {
	auth          klap.Auth
	local, remote klap.Seed
	keys          *klap.Session
}

func newRawKLAP() *rawKLAP {
	return &rawKLAP{auth: klap.NewAuth(klap.V2, account), remote: klap.Seed{1, 2, 3}}
}

func (d *rawKLAP) answer(t *testing.T, r *http.Request) (header string, body []byte) {
	t.Helper()
	in, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	switch r.URL.Path {
	case "/app/handshake1":
		d.local = klap.Seed(in)
		d.keys = klap.NewSession(d.auth, d.local, d.remote)
		return "Set-Cookie: TP_SESSIONID=ABC;TIMEOUT=86400\r\n", klap.AppendHandshake1Answer(nil, d.auth, d.local, d.remote)
	case "/app/handshake2":
		return "", nil
	}
	seq, err := klap.ParseQuery(r.URL.RawQuery)
	if err != nil {
		t.Error(err)
	}
	plain, err := d.keys.Open(seq, in)
	if err != nil {
		t.Error(err)
	}
	return "", d.keys.AppendSealed(nil, seq, append([]byte(nil), plain...))
}

// TestEndlessAnswer: memory is bounded whatever a service sends.
func TestEndlessAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := raw(t, named(t, "klap v2 smart"), func(c net.Conn) {
			httpAnswer(c, "HTTP/1.1 200 OK\r\n\r\n")
			block := make([]byte, 64<<10)
			for {
				if _, err := c.Write(block); err != nil {
					return
				}
			}
		})
		if _, err := conn.Exchange(t.Context(), message(1, 1)); !errors.Is(err, wattle.ErrTransport) {
			t.Errorf("an answer without end: %v, want %v", err, wattle.ErrTransport)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	for _, tt := range []struct {
		route wattle.Route
		want  error
	}{
		{wattle.Route{Transport: wattle.KLAP}, wattle.ErrParam},
		{wattle.Route{Transport: wattle.KLAP, Host: "127.0.2.1", Port: 70000}, wattle.ErrParam},
		{wattle.Route{Transport: wattle.KLAP, Host: "127.0.2.1", Version: 3}, wattle.ErrParam},
		{wattle.Route{Transport: wattle.AES, Host: "127.0.2.1", Version: -1}, wattle.ErrParam},
		{wattle.Route{Transport: wattle.SSLAES, Host: "127.0.2.1"}, wattle.ErrUnsupported},
		{wattle.Route{Transport: "smoke", Host: "127.0.2.1"}, wattle.ErrUnsupported},
	} {
		if conn, err := transport.Open(tt.route, nil); !errors.Is(err, tt.want) || conn != nil {
			t.Errorf("Open(%+v) = %v, %v, want %v", tt.route, conn, err, tt.want)
		}
	}
}

// ExampleOpen talks to a device of its own making.
func ExampleOpen() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp4", "127.0.2.70:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	lamp := endpoint.DeviceFunc(func(context.Context, []byte) ([]byte, error) {
		return []byte(`{"error_code":0,"result":{"device_on":true}}`), nil
	})
	done := make(chan error)
	go func() { done <- endpoint.ServeKLAP(ctx, ln, lamp, &endpoint.Options{Account: wattle.SetupTapo()}) }()

	address := ln.Addr().(*net.TCPAddr)
	conn, err := transport.Open(wattle.Route{
		Family: wattle.SMART, Transport: wattle.KLAP, Host: address.IP.String(), Port: address.Port,
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := conn.Exchange(ctx, []byte(`{"method":"get_device_info"}`))
	fmt.Println(string(answer), err, conn.Info().Credential)
	_ = conn.Close()
	cancel()
	<-done
	// Output: {"error_code":0,"result":{"device_on":true}} <nil> setup-tapo
}
