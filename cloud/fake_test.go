package cloud_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"wattle"
	"wattle/cloud"
	"wattle/internal/memnet"
	"wattle/internal/wire/cloudapi"
)

// authority signs certificates for tests.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	pem  []byte
}

func newAuthority(tb testing.TB) *authority {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test root"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(10000 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		tb.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	return &authority{key, cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// leaf is a certificate for names.
func (a *authority) leaf(tb testing.TB, until time.Time, names ...string) tls.Certificate {
	tb.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: names[0]}, DNSNames: names,
		NotBefore: until.Add(-20000 * time.Hour), NotAfter: until, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &a.key.PublicKey, a.key)
	if err != nil {
		tb.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.key}
}

var hostNames = []string{"*.tplinkcloud.com", "*.i.tplinkcloud.com", "*.iot.i.tplinknbu.com", "*.iot.i.tplinkcloud.com"}

// fake answers as the services do, by rules that tests set. Every name leads to
// it.
type fake struct {
	tb   testing.TB
	at   string
	net  *memnet.Network
	ca   *authority
	mu   sync.Mutex
	seen []seen
	// on answers calls by their name: a method of service A, the last part of a
	// path of service B, or verb and path of service C.
	on map[string]func(r *seen) (int, string)
	// handler answers in place of the rules, where there is one.
	handler http.Handler
}

// seen is a request that arrived.
type seen struct {
	name, host, uri string
	header          http.Header
	body            []byte
}

func newFake(tb testing.TB) *fake {
	tb.Helper()
	return newFakeAt(tb, "192.0.2.1:443")
}

func newFakeAt(tb testing.TB, at string) *fake {
	tb.Helper()
	f := &fake{tb: tb, at: at, net: memnet.New(), ca: newAuthority(tb), on: map[string]func(*seen) (int, string){}}
	f.serve(at, f.ca.leaf(tb, time.Now().Add(10000*time.Hour), hostNames...))
	return f
}

// serve listens with a certificate until the test ends.
func (f *fake) serve(address string, certificate tls.Certificate) {
	f.tb.Helper()
	listener, err := f.net.Listen("tcp", address)
	if err != nil {
		f.tb.Fatal(err)
	}
	server := &http.Server{
		Handler:   f,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}},
		ErrorLog:  slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.ServeTLS(listener, "", "") }()
	f.tb.Cleanup(func() { server.Close(); <-done })
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.handler != nil {
		f.handler.ServeHTTP(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	s := &seen{host: r.Host, uri: r.RequestURI, header: r.Header, body: body}
	switch {
	case r.URL.Path == "/":
		if call, err := cloudapi.ParseRequest(body); err == nil {
			s.name = call.Method
		}
	case strings.HasPrefix(r.URL.Path, "/api/"):
		s.name = r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	default:
		s.name = r.Method + " " + r.URL.Path
	}
	f.mu.Lock()
	f.seen = append(f.seen, *s)
	answer := f.on[s.name]
	f.mu.Unlock()
	status, text := 200, `{"error_code":-20103,"msg":"The method does not exist or is not available"}`
	if answer != nil {
		status, text = answer(s)
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// always answers a call in one way.
func (f *fake) always(name, answer string) { f.status(name, 200, answer) }

func (f *fake) status(name string, status int, answer string) {
	f.handle(name, func(*seen) (int, string) { return status, answer })
}

func (f *fake) handle(name string, answer func(*seen) (int, string)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.on[name] = answer
}

// count is how often a call arrived; "" counts all.
func (f *fake) count(name string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, s := range f.seen {
		if name == "" || s.name == name {
			n++
		}
	}
	return n
}

// requests are those of one name.
func (f *fake) requests(name string) []seen {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []seen
	for _, s := range f.seen {
		if s.name == name {
			list = append(list, s)
		}
	}
	return list
}

// options lead a client to the fake.
func (f *fake) options() *cloud.Options {
	return &cloud.Options{
		ExtraCA: f.ca.pem,
		Logger:  suite.logger(),
		Rate:    -1,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return f.net.DialContext(ctx, network, f.at)
		},
	}
}

func (f *fake) client(change ...func(*cloud.Options)) *cloud.Client {
	f.tb.Helper()
	o := f.options()
	for _, c := range change {
		c(o)
	}
	c, err := cloud.New(o)
	if err != nil {
		f.tb.Fatal(err)
	}
	f.tb.Cleanup(func() { _ = c.Close() })
	return c
}

var someone = wattle.Credentials{Username: "user@example.com", Password: wattle.NewSecret("correct horse")}

// welcome has logins succeed. Tokens are numbered.
func (f *fake) welcome() {
	n := 0
	token := func(*seen) (int, string) {
		f.mu.Lock()
		defer f.mu.Unlock()
		n++
		return 200, fmt.Sprintf(`{"error_code":0,"result":{"accountId":"1","token":"token-%04d","refreshToken":"refresh-%04d","errorCode":"0"}}`, n, n)
	}
	f.handle("login", token)
	f.handle("refreshToken", token)
	f.handle("getAccountStatusAndUrl", func(s *seen) (int, string) {
		region := strings.Replace(s.host, "n-wap", "n-euw1-wap", 1)
		return 200, `{"error_code":0,"result":{"accountStatus":0,"appServerUrl":"https://` + region + `"}}`
	})
	f.always("getAppServiceUrl", `{"error_code":0,"result":{"serviceUrls":{"nbu.iot-app-server.app-v2":"https://euw1-app-server.iot.i.tplinknbu.com"}}}`)
}

// signedIn is a client after a login.
func (f *fake) signedIn(change ...func(*cloud.Options)) *cloud.Client {
	f.tb.Helper()
	f.welcome()
	c := f.client(change...)
	if _, err := c.Login(f.tb.Context(), someone, nil); err != nil {
		f.tb.Fatal(err)
	}
	return c
}
