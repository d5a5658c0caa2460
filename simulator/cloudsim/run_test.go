package cloudsim_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wattle"
	"wattle/simulator"
	"wattle/simulator/cloudsim"
)

// address is that of the tests of this package.
var address = netip.MustParseAddrPort("127.44.1.1:0")

// serve runs a cloud on loopback and gives its URL.
func serve(t *testing.T, c *cloudsim.Cloud, o cloudsim.RunOptions) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ready, done := make(chan string, 1), make(chan error, 1)
	o.Address, o.Ready = address, func(url string) { ready <- url }
	go func() { done <- c.Run(ctx, &o) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	select {
	case url := <-ready:
		return url
	case err := <-done:
		done <- nil
		t.Fatal(err)
	}
	return ""
}

func post(t *testing.T, pool *x509.CertPool, url, body string) (string, error) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}}
	r, err := client.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	b := make([]byte, 1<<16)
	n, _ := r.Body.Read(b)
	return string(b[:n]), nil
}

func TestRun(t *testing.T) {
	authority, err := cloudsim.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := authority.WriteCA(file); err != nil {
		t.Fatal(err)
	}
	if written, err := os.ReadFile(file); err != nil || string(written) != string(authority.PEM()) {
		t.Fatal(err)
	}
	h := simulator.NewHome(nil)
	c := newCloud(t, h, nil)
	url := serve(t, c, cloudsim.RunOptions{Authority: authority, CAFile: file})
	if r := c.Describe(); r.URL != url || r.CAFile != file {
		t.Errorf("%+v", r)
	}
	login := loginBody(simulator.DemoAccount(), "Kasa_Android")
	got, err := post(t, authority.Pool(), url, login)
	if err != nil || !strings.Contains(got, `"token"`) {
		t.Fatal(got, err)
	}
	if _, err := post(t, x509.NewCertPool(), url, login); err == nil {
		t.Error("trusted without its CA")
	}
	before := len(c.Journal())
	for word, want := range map[string]any{"untrusted": &x509.UnknownAuthorityError{}, "expired": &x509.CertificateInvalidError{}, "name": &x509.HostnameError{}} {
		if err := h.SetFault("cloud", "tls="+word); err != nil {
			t.Fatal(err)
		}
		if _, err := post(t, authority.Pool(), url, login); !errors.As(err, want) {
			t.Errorf("%s: %v", word, err)
		}
	}
	if now := len(c.Journal()); now != before {
		t.Errorf("%d requests got through", now-before)
	}
}

func TestNothingBeyondLoopback(t *testing.T) {
	c := newCloud(t, nil, nil)
	err := c.Run(t.Context(), &cloudsim.RunOptions{Address: netip.MustParseAddrPort("0.0.0.0:0")})
	if !errors.Is(err, wattle.ErrParam) {
		t.Error(err)
	}
}

// TestControl drives the cloud through the control socket, as "wattle sim ctl" does.
func TestControl(t *testing.T) {
	h := home(t)
	c := newCloud(t, h, nil)
	path := filepath.Join(t.TempDir(), "s")
	ctx, cancel := context.WithCancel(t.Context())
	ln, err := simulator.ListenControl(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- simulator.ServeControl(ctx, ln, h) }()
	defer func() { cancel(); <-done }()
	control := &simulator.Control{Path: path}
	for _, step := range []error{
		control.SetFault(ctx, "cloud", "mfa=mail"), control.SetFault(ctx, "Fridge", "cloud-offline"), control.Poke(ctx, "cloud", "clock", "30h"),
	} {
		if step != nil {
			t.Fatal(step)
		}
	}
	list, err := control.List(ctx)
	if err != nil {
		t.Fatal(err)
	}
	on := map[string]string{}
	for _, s := range list {
		on[s.Alias+s.Name] = strings.Join(s.Faults, " ")
	}
	if on["cloud"] != "cloud-mfa=mail" || on["FridgeHS110(EU)_1.0_1.3.1"] != "cloud-offline" {
		t.Errorf("%v", on)
	}
	if _, err := control.Read(ctx, "cloud", "code"); !errors.Is(err, wattle.ErrNotFound) {
		t.Errorf("no code yet: %v", err)
	}
	if _, err := control.Read(ctx, "cloud", "weather"); !errors.Is(err, wattle.ErrParam) {
		t.Error(err)
	}
	if _, err := control.Read(ctx, "Fridge", "journal"); !errors.Is(err, wattle.ErrNotFound) {
		t.Error(err)
	}
	first(t, c, loginBody(simulator.DemoAccount(), "x"))
	raw, err := control.Read(ctx, "cloud", "journal")
	if err != nil || !strings.Contains(string(raw), `"code":-23003`) {
		t.Errorf("%s %v", raw, err)
	}
	if err := control.ClearFault(ctx, "cloud", "mfa"); err != nil {
		t.Fatal(err)
	}
	if a := first(t, c, loginBody(simulator.DemoAccount(), "x")); a.code() != 0 {
		t.Error(a.text)
	}
}
