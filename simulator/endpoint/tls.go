package endpoint

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"time"
)

// SelfSigned makes a TLS configuration like a device's: an RSA certificate
// that nobody trusts, for no host name, and long expired. Making one takes a
// while; all devices of a process may share it.
func SelfSigned() (*tls.Config, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "TPRI-DEVICE", Organization: []string{"TPRI"}, Country: []string{"CN"}},
		NotBefore:    time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	issuer := &x509.Certificate{Subject: pkix.Name{CommonName: "TPRI-CA"}}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		MinVersion:   tls.VersionTLS12,
	}, nil
}

// StaticRSA gives a copy of c that speaks TLS 1.2 with AES256-GCM-SHA384 and
// RSA key exchange and nothing else, as most devices do: a client that offers
// what browsers offer cannot connect.
func StaticRSA(c *tls.Config) *tls.Config {
	c = c.Clone()
	c.MinVersion, c.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	c.CipherSuites = []uint16{tls.TLS_RSA_WITH_AES_256_GCM_SHA384}
	return c
}
