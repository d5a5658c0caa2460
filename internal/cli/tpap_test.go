package cli

import (
	"encoding/pem"
	"strings"
	"testing"

	"wattle/simulator/endpoint"
)

func TestCertificates(t *testing.T) {
	a, err := endpoint.NewAttestation("SMART.TAPOPLUG")
	if err != nil {
		t.Fatal(err)
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Root.Raw})
	list, err := certificates([]byte("# TP-Link\n" + string(block) + string(block)))
	if err != nil || len(list) != 2 || !list[1].Equal(a.Root) {
		t.Errorf("%d certificates, %v", len(list), err)
	}
	for text, want := range map[string]string{
		"":      "no certificate",
		"hello": "no certificate",
		string(block) + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n": "certificate 2",
	} {
		if _, err := certificates([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}
