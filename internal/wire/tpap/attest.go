package tpap

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	_ "embed"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// Attestation is how a device proves that it is genuine: its own certificate
// ("dac_ca"), the one above it ("dac_ica", "" for none) and a signature. See
// docs/protocol/tpap.md section 9.
type Attestation struct {
	Certificate string `json:"dac_ca,omitempty"`
	Issuer      string `json:"dac_ica,omitempty"`
	Proof       []byte `json:"dac_proof,omitempty"`
}

// Missing reports whether a device sent no proof.
func (a *Attestation) Missing() bool { return a.Certificate == "" || len(a.Proof) == 0 }

// ErrAttestation means that a device did not prove that it is genuine.
var ErrAttestation = errors.New("the device did not prove that it is genuine")

//go:embed root.pem
var rootPEM string

// Root is the certificate that genuine devices descend from.
var Root = sync.OnceValue(func() *x509.Certificate {
	root, err := ParseCertificate(rootPEM)
	if err != nil {
		panic("tpap: " + err.Error())
	}
	return root
})

// ParseCertificate reads a certificate value: PEM, base64 of PEM, or base64 of
// DER.
func ParseCertificate(value string) (*x509.Certificate, error) {
	text := []byte(strings.TrimSpace(value))
	for range 2 {
		if block, _ := pem.Decode(text); block != nil && block.Type == "CERTIFICATE" {
			return x509.ParseCertificate(block.Bytes)
		}
		der, err := base64.StdEncoding.DecodeString(string(text))
		if err != nil {
			return nil, fmt.Errorf("certificate is neither PEM nor base64: %w", err)
		}
		if !bytes.Contains(der, []byte("-----BEGIN")) {
			return x509.ParseCertificate(der)
		}
		text = der
	}
	return nil, errors.New("certificate is not PEM")
}

// Verify checks the chain of an attestation up to one of roots, at a time, and
// the proof over shared key and nonce. Errors are an [ErrAttestation].
func (a *Attestation) Verify(roots []*x509.Certificate, shared, nonce []byte, now time.Time) error {
	leaf, err := ParseCertificate(a.Certificate)
	if err != nil {
		return fmt.Errorf("%w: dac_ca: %w", ErrAttestation, err)
	}
	chain := []*x509.Certificate{leaf}
	if a.Issuer != "" {
		issuer, err := ParseCertificate(a.Issuer)
		if err != nil {
			return fmt.Errorf("%w: dac_ica: %w", ErrAttestation, err)
		}
		chain = append(chain, issuer)
	}
	if err := VerifyChain(chain, roots, now); err != nil {
		return err
	}
	key, ok := leaf.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return fmt.Errorf("%w: the key of dac_ca is not an elliptic one", ErrAttestation)
	}
	digest := proofDigest(shared, nonce)
	if !ecdsa.VerifyASN1(key, digest[:], a.Proof) {
		return fmt.Errorf("%w: dac_proof is not signed with the key of dac_ca", ErrAttestation)
	}
	return nil
}

// Prove signs as a device does. What is signed with the same key differs each
// time.
func Prove(random io.Reader, key *ecdsa.PrivateKey, shared, nonce []byte) ([]byte, error) {
	digest := proofDigest(shared, nonce)
	return ecdsa.SignASN1(random, key, digest[:])
}

func proofDigest(shared, nonce []byte) [sha256.Size]byte {
	return sha256.Sum256(append(append([]byte(nil), shared...), nonce...))
}

// maxChain bounds how many certificates of a chain are looked at.
const maxChain = 4

// VerifyChain checks that certificates, the device's own first and each followed
// by the one that signed it, end in one of roots and are valid now. Names and
// usages do not count. The top is checked first: nothing is done for a key
// that nobody vouches for. Errors are an [ErrAttestation]. A root at the end
// of the chain may be left out.
func VerifyChain(chain, roots []*x509.Certificate, now time.Time) error {
	for len(chain) > 1 && isRoot(chain[len(chain)-1], roots) {
		chain = chain[:len(chain)-1]
	}
	if len(chain) == 0 || len(chain) > maxChain {
		return fmt.Errorf("%w: a chain of %d certificates", ErrAttestation, len(chain))
	}
	for i, c := range chain {
		if now.Before(c.NotBefore) || now.After(c.NotAfter) {
			return fmt.Errorf("%w: certificate %q is valid from %s to %s only; check this computer's clock", ErrAttestation,
				c.Subject.CommonName, c.NotBefore.Format(time.DateOnly), c.NotAfter.Format(time.DateOnly))
		}
		if i > 0 && !c.IsCA {
			return fmt.Errorf("%w: certificate %q may not sign others", ErrAttestation, c.Subject.CommonName)
		}
	}
	top := chain[len(chain)-1]
	if !slices.ContainsFunc(roots, func(root *x509.Certificate) bool { return signedBy(top, root) }) {
		return fmt.Errorf("%w: certificate %q is signed by no root that is known", ErrAttestation, top.Subject.CommonName)
	}
	for i := len(chain) - 2; i >= 0; i-- {
		if !signedBy(chain[i], chain[i+1]) {
			return fmt.Errorf("%w: certificate %q is not signed by %q", ErrAttestation, chain[i].Subject.CommonName, chain[i+1].Subject.CommonName)
		}
	}
	return nil
}

func isRoot(c *x509.Certificate, roots []*x509.Certificate) bool {
	return slices.ContainsFunc(roots, c.Equal)
}

func signedBy(c, parent *x509.Certificate) bool {
	return parent.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}
