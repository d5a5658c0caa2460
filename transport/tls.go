package transport

import (
	"cmp"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strings"

	"wattle"
)

// deviceSuites are what devices speak, mostly RSA key exchange, which Go no
// longer offers by itself. They are for devices only: no other connection of
// wattle may use them. See docs/protocol/transports.md section 0 and tpap.md
// section 3.
func deviceSuites() []uint16 {
	return []uint16{
		tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
		tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,
		tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
		tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
		tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
		tls.TLS_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_RSA_WITH_AES_128_CBC_SHA256,
		tls.TLS_RSA_WITH_AES_256_CBC_SHA,
		tls.TLS_RSA_WITH_AES_128_CBC_SHA,
	}
}

// deviceTLS is the configuration towards one device. Certificates of devices
// are signed by themselves, for another name and often expired: nothing of
// them can be verified but that they are the same as last time (pin). seen is
// told the SHA-256 of the certificate, and the whole chain, which it may refuse:
// devices that speak TPAP may have one that proves something.
func deviceTLS(host, pin string, oldest uint16, seen func(fingerprint string, chain []*x509.Certificate) error) *tls.Config {
	pin = strings.ToLower(strings.ReplaceAll(pin, ":", ""))
	return &tls.Config{
		ServerName:         host,
		InsecureSkipVerify: true,
		MinVersion:         cmp.Or(oldest, tls.VersionTLS12),
		CipherSuites:       deviceSuites(),
		ClientSessionCache: tls.NewLRUClientSessionCache(1),
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 {
				return fmt.Errorf("device sent no certificate: %w", wattle.ErrTransport)
			}
			sum := sha256.Sum256(state.PeerCertificates[0].Raw)
			fingerprint := hex.EncodeToString(sum[:])
			if pin != "" && fingerprint != pin {
				return fmt.Errorf("certificate with SHA-256 %s is not the one remembered: %w", fingerprint, wattle.ErrIdentity)
			}
			return seen(fingerprint, state.PeerCertificates)
		},
	}
}
