package wattle

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// MAC is the hardware address of a device and its identity throughout wattle:
// the same in both discovery protocols and on every firmware, while addresses
// change. The zero MAC means "not known". It is comparable and may be a map
// key. See docs/protocol/discovery.md section 6.
type MAC [6]byte

// ParseMAC reads a MAC however devices write it: with colons, with dashes or
// with no separators, in either case.
func ParseMAC(s string) (MAC, error) {
	digits := strings.Map(func(r rune) rune {
		if r == ':' || r == '-' || r == '.' {
			return -1
		}
		return r
	}, s)
	var m MAC
	if len(digits) != 2*len(m) {
		return MAC{}, fmt.Errorf("%q is not a MAC address: want 12 hex digits", s)
	}
	if _, err := hex.Decode(m[:], []byte(digits)); err != nil {
		return MAC{}, fmt.Errorf("%q is not a MAC address: want 12 hex digits", s)
	}
	return m, nil
}

// IsZero reports whether the MAC is unknown.
func (m MAC) IsZero() bool { return m == MAC{} }

// String is the MAC with colons in upper case, "" when it is unknown.
func (m MAC) String() string {
	if m.IsZero() {
		return ""
	}
	return fmt.Sprintf("%02X:%02X:%02X:%02X:%02X:%02X", m[0], m[1], m[2], m[3], m[4], m[5])
}

// Key is the MAC as 12 upper-case hex digits, fit for file names.
func (m MAC) Key() string { return strings.ToUpper(hex.EncodeToString(m[:])) }

// MarshalText writes the form of [MAC.String].
func (m MAC) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads any form that [ParseMAC] takes; empty text is the zero MAC.
func (m *MAC) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*m = MAC{}
		return nil
	}
	parsed, err := ParseMAC(string(b))
	if err == nil {
		*m = parsed
	}
	return err
}

// Model is a product name and the region it is made for, as in "P110(EU)".
type Model struct {
	Name   string `json:"name"`
	Region string `json:"region,omitempty"` // "" where the device does not say
}

// ParseModel splits "P110(EU)" into name and region; without brackets all of
// it is the name.
func ParseModel(s string) Model {
	name, rest, found := strings.Cut(s, "(")
	if !found {
		return Model{Name: strings.TrimSpace(s)}
	}
	return Model{Name: strings.TrimSpace(name), Region: strings.TrimSuffix(strings.TrimSpace(rest), ")")}
}

// String is the form that [ParseModel] reads.
func (m Model) String() string {
	if m.Region == "" {
		return m.Name
	}
	return m.Name + "(" + m.Region + ")"
}
