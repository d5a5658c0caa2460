package cloud

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
)

// AddRoots puts TP-Link's certificates into a pool and gives their SHA-256.
func AddRoots(pool *x509.CertPool) (sums []string, err error) {
	if err := add(pool, roots); err != nil {
		return nil, err
	}
	for block, rest := pem.Decode(roots); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		if !certificate.IsCA {
			return nil, fmt.Errorf("%s is a leaf: leaves are never pinned", certificate.Subject)
		}
		sums = append(sums, fmt.Sprintf("%X", sha256.Sum256(block.Bytes)))
	}
	return sums, nil
}

// Join puts lists of both services together, for benchmarks.
func Join(devices []Device, things []Thing) []Entry {
	j := newJoin()
	j.devices[Kasa], j.things = devices, things
	return j.entries()
}
