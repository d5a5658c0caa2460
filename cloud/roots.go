package cloud

import (
	"crypto/tls"
	"crypto/x509"
	_ "embed" // the certificates
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"wattle"
	"wattle/internal/wire/cloudapi"
)

// roots are TP-Link's own roots and one intermediate, which no system trusts.
// They are used only for hosts that need them. See docs/protocol/cloud.md
// section 2.3.
//
//go:embed roots.pem
var roots []byte

// add puts every certificate of a PEM bundle into a pool: a reader that stops
// after the first block would trust one root alone.
func add(pool *x509.CertPool, bundle []byte) error {
	n := 0
	for block, rest := pem.Decode(bundle); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return fmt.Errorf("%w: a certificate of the bundle cannot be read: %w", wattle.ErrParam, err)
		}
		pool.AddCert(certificate)
		n++
	}
	if n == 0 {
		return fmt.Errorf("%w: no certificate in the bundle; it has to be in PEM", wattle.ErrParam)
	}
	return nil
}

// pools are the certificates that are trusted for hosts under public and under
// private roots. nil is what the system trusts.
func pools(extra []byte) (public, private *x509.CertPool, err error) {
	system := func() *x509.CertPool {
		pool, err := x509.SystemCertPool()
		if err != nil {
			return x509.NewCertPool()
		}
		return pool
	}
	private = system()
	if err := add(private, roots); err != nil {
		return nil, nil, err
	}
	if len(extra) > 0 {
		public = system()
		if err := errors.Join(add(public, extra), add(private, extra)); err != nil {
			return nil, nil, err
		}
	}
	return public, private, nil
}

// carrier sends requests, by the roots that a host needs.
type carrier struct{ public, private *http.Transport }

func newCarrier(o *Options) (*carrier, error) {
	public, private, err := pools(o.ExtraCA)
	if err != nil {
		return nil, err
	}
	carry := func(pool *x509.CertPool) *http.Transport {
		t := &http.Transport{
			DialContext:         o.DialContext,
			TLSClientConfig:     &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: callTimeout,
			IdleConnTimeout:     time.Minute,
			MaxIdleConnsPerHost: 2,
		}
		if t.DialContext == nil {
			t.Proxy = http.ProxyFromEnvironment
			t.DialContext = (&net.Dialer{Timeout: callTimeout}).DialContext
		}
		return t
	}
	return &carrier{carry(public), carry(private)}, nil
}

// RoundTrip sends one request and follows nothing.
func (c *carrier) RoundTrip(r *http.Request) (*http.Response, error) {
	if cloudapi.Private(r.URL.Hostname()) {
		return c.private.RoundTrip(r)
	}
	return c.public.RoundTrip(r)
}

// CloseIdleConnections closes what is not in use.
func (c *carrier) CloseIdleConnections() {
	c.public.CloseIdleConnections()
	c.private.CloseIdleConnections()
}
