package discovery

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
)

// minKeyBits is the smallest key that devices answer to.
const minKeyBits = 1024

// Probe is a question, as a device reads it.
type Probe struct {
	Serial uint32
	// Key is what the encrypted part of the answer is sealed for; nil for an
	// empty probe and for one whose key cannot be used.
	Key *rsa.PublicKey
}

// MarshalProbe makes the datagram of a probe. With a nil key it is the older,
// empty one, which has serial 0 and gets answers without encrypted part. One
// key and one serial do for a whole sweep.
func MarshalProbe(serial uint32, key *rsa.PublicKey) ([]byte, error) {
	if key == nil {
		return seal(FlagsEmpty, 0, serial, nil)
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("discovery key: %w", err)
	}
	var body struct {
		Params struct {
			Key string `json:"rsa_key"`
		} `json:"params"`
	}
	body.Params.Key = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	payload, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("discovery key: %w", err)
	}
	return seal(FlagsProbe, 0, serial, payload)
}

// ParseProbe reads a probe as a device does: see [Verify] for what is
// refused. A payload without a usable key (RSA, at least 1024 bits, SPKI or
// PKCS#1 in PEM) is a probe without a key.
func ParseProbe(datagram []byte) (*Probe, error) {
	h, err := Verify(datagram)
	if err != nil {
		return nil, err
	}
	p := &Probe{Serial: h.Serial}
	if h.Length == 0 {
		return p, nil
	}
	var body struct {
		Params struct {
			Key string `json:"rsa_key"`
		} `json:"params"`
	}
	if err := json.Unmarshal(datagram[HeaderLen:], &body); err != nil {
		return nil, fmt.Errorf("payload of the probe: %w", err)
	}
	p.Key = parseKey(body.Params.Key)
	return p, nil
}

// parseKey reads either PEM form, nil when it is not a usable key.
func parseKey(text string) *rsa.PublicKey {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil
	}
	key, err := x509.ParsePKCS1PublicKey(block.Bytes)
	if err != nil {
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil
		}
		var ok bool
		if key, ok = parsed.(*rsa.PublicKey); !ok {
			return nil
		}
	}
	if key.N.BitLen() < minKeyBits {
		return nil
	}
	return key
}
