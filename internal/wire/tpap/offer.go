package tpap

import (
	"encoding/json"
	"fmt"

	"wattle"
)

// The values of [Offer.TLS]. See docs/protocol/tpap.md section 3.
const (
	TLSNone     = 0 // plain HTTP
	TLSAny      = 1 // HTTPS with a certificate that proves nothing
	TLSVerified = 2 // HTTPS with a certificate below the root of devices
)

// Offer is how a device wants to be talked to: "tpap" in answers to discovery,
// on UDP and in-band. See docs/protocol/tpap.md section 1.1.
type Offer struct {
	TLS          int   `json:"tls"`
	DAC          int   `json:"dac"` // 1: it can prove that it is genuine
	NOC          int   `json:"noc"` // 1: it has a login by certificate, which wattle has not
	Pake         []int `json:"pake"`
	Port         int   `json:"port"` // 0: the default
	UserHashType *int  `json:"user_hash_type,omitempty"`
}

// Discovered is the answer to the in-band discovery. Offer is nil, or Preferred
// false, on a device that wants KLAP.
type Discovered struct {
	MAC       string `json:"mac,omitempty"` // with dashes, colons or neither; "" where it is not told
	Preferred *bool  `json:"tpap_preferred,omitempty"`
	Offer     *Offer `json:"tpap,omitempty"`
}

// WantsKLAP reports whether the device is to be driven over KLAP. See
// docs/protocol/tpap.md section 1.2.
func (d *Discovered) WantsKLAP() bool {
	return d.Offer == nil || d.Preferred != nil && !*d.Preferred
}

// maxPake bounds the list of password logins.
const maxPake = 32

// AppendDiscover appends the in-band discovery request to dst.
func AppendDiscover(dst []byte) []byte { return appendLogin(dst, subDiscover, struct{}{}) }

// AppendDiscovered appends the answer to it.
func AppendDiscovered(dst []byte, d *Discovered) []byte {
	return appendResult(dst, struct {
		SubMethod string `json:"sub_method"`
		*Discovered
	}{subDiscover, d})
}

// ParseDiscovered reads the answer to the in-band discovery. A refusal is a
// [*RefusedError].
func ParseDiscovered(body []byte) (*Discovered, error) {
	var d Discovered
	if err := parseResult(body, &d); err != nil {
		return nil, err
	}
	if o := d.Offer; o != nil {
		switch {
		case o.TLS < TLSNone || o.TLS > TLSVerified:
			return nil, fmt.Errorf("tls %d is not known: %w", o.TLS, wattle.ErrProtocol)
		case o.Port > 65535:
			return nil, fmt.Errorf("port %d: %w", o.Port, wattle.ErrProtocol)
		case len(o.Pake) > maxPake:
			return nil, fmt.Errorf("%d kinds of login: %w", len(o.Pake), wattle.ErrProtocol)
		}
		o.Port = max(o.Port, 0)
	}
	return &d, nil
}

// The sub_methods of login.
const (
	subDiscover = "discover"
	subRegister = "pake_register"
	subShare    = "pake_share"
)

// methodLogin is the method of all messages before the session.
const methodLogin = "login"

// appendLogin appends {"method":"login","params":{"sub_method":sub,...params}}.
func appendLogin(dst []byte, sub string, params any) []byte {
	inner := marshal(params)
	dst = append(dst, `{"method":"`+methodLogin+`","params":{"sub_method":"`+sub+`"`...)
	if len(inner) > len("{}") {
		dst = append(append(dst, ','), inner[1:len(inner)-1]...)
	}
	return append(dst, "}}"...)
}

// appendResult appends a success.
func appendResult(dst []byte, result any) []byte {
	dst = append(dst, `{"error_code":0,"result":`...)
	return append(append(dst, marshal(result)...), '}')
}

// marshal gives JSON of a struct that always has one.
func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("tpap: " + err.Error())
	}
	return b
}
