package device

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"wattle"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

// Security is how a Wi-Fi network is protected. A kind that is not one of
// these is in the device's own words.
type Security string

// The kinds of protection.
const (
	SecurityOpen Security = "open"
	SecurityWEP  Security = "wep"
	SecurityWPA  Security = "wpa"
	SecurityWPA2 Security = "wpa2"
	SecurityWPA3 Security = "wpa3"
)

var smartKeys = map[Security]string{
	SecurityOpen: smart.KeyOpen, SecurityWEP: smart.KeyWEP, SecurityWPA: smart.KeyWPA, SecurityWPA2: smart.KeyWPA2, SecurityWPA3: smart.KeyWPA3,
}

// Kasa devices have no name for WPA3; where they can do it, it is as WPA2.
var iotKeys = map[Security]int{SecurityOpen: iot.KeyOpen, SecurityWEP: iot.KeyWEP, SecurityWPA: iot.KeyWPA, SecurityWPA2: iot.KeyWPA2, SecurityWPA3: iot.KeyWPA2}

// Network is a Wi-Fi network that a device sees.
type Network struct {
	SSID     string
	Security Security
	BSSID    string // "" where the device does not tell
	Channel  int    // 0 where the device does not tell
	// Signal is a level from 0 to 3, RSSI is in dBm; devices tell one of them or
	// none.
	Signal *int
	RSSI   *int
}

// scanTime is how long a Kasa device looks around, in seconds: less than a
// session waits for an answer.
const scanTime = 6

// ScanWiFi has the device look for Wi-Fi networks, which takes up to ten
// seconds. Networks come with the strongest first, and one name may come
// several times. Errors wrap [wattle.ErrUnsupported] for devices without Wi-Fi.
// See docs/protocol/iot.md section 11 and smart.md section 6.
func (d *Device) ScanWiFi(ctx context.Context) ([]Network, error) {
	d = d.root()
	var out []Network
	if d.family == wattle.IOT {
		var info *iot.ScanInfo
		err := d.firstModule(func(w iot.WiFi) (err error) {
			info, err = ask(ctx, d, w.GetScanInfo, iot.Scan{Refresh: 1, Timeout: scanTime})
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.label(), err)
		}
		for _, p := range info.List {
			out = append(out, Network{
				SSID: p.SSID, Security: securityIOT(p.KeyType), BSSID: p.BSSID, Channel: p.Channel.Or(0), RSSI: pointer(p.RSSI),
			})
		}
	} else {
		if err := d.requires("wireless", "Wi-Fi that can be changed"); err != nil {
			return nil, err
		}
		info, err := ask(ctx, d, smart.GetScanInfo, smart.Start{})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.label(), err)
		}
		for _, p := range info.List {
			out = append(out, Network{
				SSID: smart.Text(p.SSID), Security: securitySMART(p.KeyType), BSSID: p.BSSID, Channel: p.Channel.Or(0),
				Signal: pointer(p.Signal),
			})
		}
	}
	slices.SortStableFunc(out, func(a, b Network) int { return cmp.Compare(b.strength(), a.strength()) })
	return out, nil
}

// strength makes both scales comparable; what is not known is weakest.
func (n *Network) strength() int {
	switch {
	case n.RSSI != nil:
		return *n.RSSI
	case n.Signal != nil:
		return *n.Signal
	}
	return -1 << 20
}

func pointer[T bool | int | float64 | string](o method.Opt[T]) *T {
	if v, ok := o.Get(); ok {
		return &v
	}
	return nil
}

func securityIOT(key method.Opt[int]) Security {
	n, ok := key.Get()
	switch {
	case !ok:
		return ""
	case n == iot.KeyOpen:
		return SecurityOpen
	case n == iot.KeyWEP:
		return SecurityWEP
	case n == iot.KeyWPA:
		return SecurityWPA
	case n == iot.KeyWPA2:
		return SecurityWPA2
	}
	return Security(fmt.Sprintf("type %d", n))
}

func securitySMART(key string) Security {
	for s, name := range smartKeys {
		if name == key {
			return s
		}
	}
	return Security(key)
}

// firstModule asks the module for Wi-Fi that devices of this kind mostly have,
// and the other one where it is not known.
func (d *Device) firstModule(try func(iot.WiFi) error) error {
	modules := []iot.WiFi{iot.PlugWiFi, iot.BulbWiFi}
	if d.isLight() {
		slices.Reverse(modules)
	}
	err := try(modules[0])
	if unsupported(err) {
		err = try(modules[1])
	}
	return err
}

// Join is a Wi-Fi network for [Device.JoinWiFi].
type Join struct {
	SSID     string
	Password wattle.Secret // zero for an open network
	// Security is that of the network, see [Device.ScanWiFi]; "" is WPA2 where there
	// is a password, else none.
	Security Security
	// Account is what the device is bound to: it takes no other credentials from
	// then on. The zero account is not sent, and a device that has one keeps it.
	// For Tapo devices only; see [Device.BindCloud] for Kasa devices.
	Account wattle.Credentials
	// Zone is the time zone for the clock of a Tapo device, nil for the one that it
	// has. See [Device.SetClock] for Kasa devices.
	Zone *time.Location
}

// JoinWiFi makes the device leave its network for another one: it is for a
// device that waits to be set up, and for one that has to move. The device
// goes at once and mostly without an answer, so that nil says only that it was
// told. With a wrong password it comes back to where it was, or opens an access
// point of its own. The session is of no use afterwards.
//
// Errors wrap [wattle.ErrParam] for a name or password that no network has, and
// [wattle.ErrUnsupported] for devices without Wi-Fi.
func (d *Device) JoinWiFi(ctx context.Context, j Join) error {
	d = d.root()
	if err := j.check(); err != nil {
		return fmt.Errorf("%s: %w", d.label(), err)
	}
	var err error
	if d.family == wattle.IOT {
		err = d.firstModule(func(w iot.WiFi) error {
			return order(ctx, d, w.SetStaInfo, iot.Station{
				SSID: j.SSID, Password: j.Password, KeyType: iotKeys[j.Security],
			})
		})
	} else {
		err = d.joinSMART(ctx, &j)
	}
	if lost(ctx, err) {
		return nil
	}
	return err
}

func (j *Join) check() error {
	if j.Security == "" {
		j.Security = SecurityOpen
		if !j.Password.IsZero() {
			j.Security = SecurityWPA2
		}
	}
	n := len(j.Password.Reveal())
	switch {
	case j.SSID == "" || len(j.SSID) > 32:
		return fmt.Errorf("%w: the name of a Wi-Fi network has 1 to 32 bytes", wattle.ErrParam)
	case smartKeys[j.Security] == "":
		return fmt.Errorf("%w: devices join networks that are open, or protected by wep, wpa, wpa2 or wpa3", wattle.ErrParam)
	case j.Security == SecurityOpen && n > 0:
		return fmt.Errorf("%w: an open network has no password", wattle.ErrParam)
	case j.Security == SecurityWEP && n == 0, strings.HasPrefix(string(j.Security), "wpa") && (n < 8 || n > 64):
		return fmt.Errorf("%w: the password of such a network has 8 to 63 characters", wattle.ErrParam)
	}
	return nil
}

func (d *Device) joinSMART(ctx context.Context, j *Join) error {
	if err := d.requires("quick_setup", "Wi-Fi that can be changed"); err != nil {
		return err
	}
	wireless := smart.Wireless{
		SSID: j.SSID, Password: j.Password, KeyType: smartKeys[j.Security],
	}
	if j.Account.IsZero() {
		return order(ctx, d, smart.SetWirelessInfo, wireless)
	}
	return order(ctx, d, smart.SetQSInfo, smart.QuickSetup{
		Account: j.Account, Wireless: &wireless, Time: d.setupTime(ctx, j.Zone),
	})
}

// setupTime is what a device is told of the time while it is set up: its own
// clock may never have been set, but its zone may.
func (d *Device) setupTime(ctx context.Context, zone *time.Location) *smart.Time {
	now := d.shared.now()
	if zone != nil {
		return new(smart.TimeOf(now, zone))
	}
	t, err := ask(ctx, d, smart.GetDeviceTime, method.None{})
	if err != nil {
		return new(smart.TimeOf(now, time.UTC))
	}
	t.Timestamp = method.Some(int(now.Unix()))
	return t
}
