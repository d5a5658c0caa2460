package cli

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"slices"

	"wattle/transport"
)

// tpapOptions are what the settings say of devices with new firmware.
func (a *app) tpapOptions() (transport.TPAPOptions, error) {
	var o transport.TPAPOptions
	set, err := a.settings()
	if err != nil {
		return o, err
	}
	o.Attestation = transport.Attestation(max(slices.Index(attestations, set.text("tpap.attestation")), 0))
	path := set.text("tpap.ca_file")
	if path == "" {
		return o, nil
	}
	text, err := os.ReadFile(path)
	if err == nil {
		o.Roots, err = certificates(text)
	}
	if err != nil {
		return o, usagef("a file of PEM certificates", "tpap.ca_file: %v", err)
	}
	return o, nil
}

// certificates reads a file of PEM blocks.
func certificates(text []byte) ([]*x509.Certificate, error) {
	var list []*x509.Certificate
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", len(list)+1, err)
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("there is no certificate in it")
	}
	return list, nil
}
