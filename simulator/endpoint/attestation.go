package endpoint

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"time"

	"wattle/internal/wire/tpap"
)

// Attestation is what a simulated device proves itself with: certificates like
// those of genuine devices, below a root of its own that clients have to be told.
// It is immutable. See docs/protocol/tpap.md section 9.
type Attestation struct {
	// Root is for clients to trust.
	Root *x509.Certificate
	// Direct leaves the intermediate certificate away: the root itself signed.
	Direct bool

	issuer, device, direct *x509.Certificate
	key                    *ecdsa.PrivateKey
}

// NewAttestation makes a root, a certificate below it for a kind of devices, and
// one for a device. They are valid from 1999 to 2099.
func NewAttestation(deviceType string) (*Attestation, error) {
	a := &Attestation{}
	rootKey, root, err := certify("SIMULATED DEVICE ROOT CA", nil, nil, true)
	if err != nil {
		return nil, err
	}
	issuerKey, issuer, err := certify(deviceType+" CA", root, rootKey, true)
	if err != nil {
		return nil, err
	}
	a.Root, a.issuer = root, issuer
	if a.key, a.device, err = certify("SIMULATED DEVICE", issuer, issuerKey, false); err != nil {
		return nil, err
	}
	a.direct, err = sign("SIMULATED DEVICE", &a.key.PublicKey, root, rootKey, false)
	return a, err
}

// certify makes a key and a certificate for it.
func certify(name string, parent *x509.Certificate, parentKey *ecdsa.PrivateKey, ca bool) (*ecdsa.PrivateKey, *x509.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("attestation: %w", err)
	}
	if parentKey == nil {
		parentKey = key
	}
	c, err := sign(name, &key.PublicKey, parent, parentKey, ca)
	return key, c, err
}

func sign(name string, key *ecdsa.PublicKey, parent *x509.Certificate, parentKey *ecdsa.PrivateKey, ca bool) (*x509.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(time.Now().UnixNano()),
		Subject:               pkix.Name{CommonName: name, Organization: []string{"SIMULATED"}},
		NotBefore:             time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:              time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
		BasicConstraintsValid: true,
		IsCA:                  ca,
	}
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key, parentKey)
	if err != nil {
		return nil, fmt.Errorf("attestation: %w", err)
	}
	return x509.ParseCertificate(der)
}

// TLS is a configuration with the chain of the device, as vacuums serve it: TLS
// 1.2 with an elliptic key.
func (a *Attestation) TLS() *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{a.device.Raw, a.issuer.Raw}, PrivateKey: a.key}},
		MinVersion:   tls.VersionTLS12,
		MaxVersion:   tls.VersionTLS12,
	}
}

// prove makes the members of the answer to a client that asks.
func (a *Attestation) prove(random io.Reader, shared, nonce []byte) (tpap.Attestation, error) {
	if a.key == nil {
		return tpap.Attestation{}, errNoKey
	}
	proof, err := tpap.Prove(random, a.key, shared, nonce)
	if err != nil {
		return tpap.Attestation{}, fmt.Errorf("dac_proof: %w", err)
	}
	out := tpap.Attestation{Certificate: inPEM(a.device), Issuer: inPEM(a.issuer), Proof: proof}
	if a.Direct {
		out.Certificate, out.Issuer = inPEM(a.direct), ""
	}
	return out, nil
}

func inPEM(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}
