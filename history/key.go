package history

import (
	"fmt"
	"strings"

	"wattle"
)

// Device names a device for as long as it lives: the MAC of the device that
// has the connection and, for an outlet or a device behind a hub, the id that
// its parent knows it by. It is comparable and may be a map key.
type Device struct {
	MAC   wattle.MAC
	Child string // "" for the device itself
}

// ParseDevice reads the form of [Device.String]. Errors wrap [wattle.ErrParam].
func ParseDevice(text string) (Device, error) {
	mac, child, _ := strings.Cut(text, "/")
	m, err := wattle.ParseMAC(mac)
	if err != nil {
		return Device{}, fmt.Errorf("%w: device %q: %w", wattle.ErrParam, text, err)
	}
	d := Device{MAC: m, Child: child}
	return d, d.Check()
}

// String is the MAC with colons, and /CHILD where there is one.
func (d Device) String() string {
	if d.Child == "" {
		return d.MAC.String()
	}
	return d.MAC.String() + "/" + d.Child
}

// MarshalText writes the form of [Device.String].
func (d Device) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what [ParseDevice] reads.
func (d *Device) UnmarshalText(text []byte) error {
	parsed, err := ParseDevice(string(text))
	if err == nil {
		*d = parsed
	}
	return err
}

// Check says what is wrong with a device. Errors wrap [wattle.ErrParam].
func (d Device) Check() error {
	switch {
	case d.MAC.IsZero():
		return fmt.Errorf("%w: a device without a MAC cannot be remembered", wattle.ErrParam)
	case !plain(d.Child, 128):
		return fmt.Errorf("%w: %q is not the id of a child: want up to 128 printable characters", wattle.ErrParam, d.Child)
	}
	return nil
}

// Key names a series: one feature of one device.
type Key struct {
	Device  Device `json:"device"`
	Feature string `json:"feature"` // the feature's id
}

// String is DEVICE.FEATURE.
func (k Key) String() string { return k.Device.String() + "." + k.Feature }

// Check says what is wrong with a key. Errors wrap [wattle.ErrParam].
func (k Key) Check() error {
	if k.Feature == "" || !plain(k.Feature, 128) {
		return fmt.Errorf("%w: %q is not the id of a feature: want up to 128 printable characters", wattle.ErrParam, k.Feature)
	}
	return k.Device.Check()
}

// plain reports whether a name is short, and printable ASCII or beyond without
// control characters and zero bytes, which databases refuse.
func plain(name string, most int) bool {
	return len(name) <= most && strings.ToValidUTF8(name, "\x00") == name &&
		!strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f })
}
