package cloudsim

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// hostNames are TP-Link's, for clients that know no other and are led to loopback. A
// wildcard covers one label.
var hostNames = []string{
	"localhost", "*.tplinkcloud.com", "*.i.tplinkcloud.com", "*.tplinknbu.com", "*.i.tplinknbu.com", "*.iot.i.tplinknbu.com", "*.iot.i.tplinkcloud.com",
}

// Authority is a CA that was made for one cloud. Its key never leaves the process.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte

	mu     sync.Mutex
	leaves map[string]*tls.Certificate
}

// NewAuthority makes a CA that lives for a year.
func NewAuthority() (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("CA of the cloud: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "wattle simulated cloud"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("CA of the cloud: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("CA of the cloud: %w", err)
	}
	return &Authority{cert: cert, key: key, leaves: map[string]*tls.Certificate{}, pem: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}, nil
}

// PEM is the certificate that clients have to trust.
func (a *Authority) PEM() []byte { return bytes.Clone(a.pem) }

// Pool is a pool of that certificate alone.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// WriteCA writes the certificate to a file, which must not be there yet.
func (a *Authority) WriteCA(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write the CA of the cloud: %w", err)
	}
	if _, err = f.Write(a.pem); err == nil {
		err = f.Close()
	} else {
		_ = f.Close()
	}
	if err != nil {
		return fmt.Errorf("write the CA of the cloud: %w", err)
	}
	return nil
}

// certificate is that of a server at an address, or one that something is wrong
// with, see the words of cloud-tls.
func (a *Authority) certificate(addr netip.Addr, wrong string) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if leaf := a.leaves[wrong]; leaf != nil {
		return leaf, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("certificate of the cloud: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "simulated cloud"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(0, 6, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: hostNames, IPAddresses: []net.IP{addr.AsSlice()},
	}
	issuer, signer := a.cert, a.key
	switch wrong {
	case "expired":
		template.NotBefore, template.NotAfter = now.AddDate(-1, 0, 0), now.Add(-time.Hour)
	case "name":
		template.DNSNames, template.IPAddresses = []string{"elsewhere.example.net"}, nil
	case "untrusted":
		issuer, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, &key.PublicKey, signer)
	if err != nil {
		return nil, fmt.Errorf("certificate of the cloud: %w", err)
	}
	a.leaves[wrong] = &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	return a.leaves[wrong], nil
}
