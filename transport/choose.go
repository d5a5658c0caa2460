package transport

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wattle"
	"wattle/internal/wire/discovery"
)

// Choose tells how to reach the device that gave a discovery answer: what it
// announces first, then what its like has been seen to speak all the same.
// host is the address to use, the source of the answer. Routes are returned
// for transports that [Open] does not have yet, too.
//
// The error wraps [wattle.ErrUnsupported] and says why the device cannot be
// controlled. See docs/protocol/README.md, "Choosing from a discovery answer".
func Choose(a *discovery.Answer, host string) ([]wattle.Route, error) {
	kind, _, dotted := strings.Cut(a.DeviceType, ".")
	switch {
	case !dotted || (kind != "SMART" && kind != "IOT"):
		return nil, unsupported("%s is not a Kasa or Tapo device", named(a.DeviceType, "a device without device_type"))
	case a.Scheme == nil:
		return nil, unsupported("the device does not tell how to reach it (no mgt_encrypt_schm), so it cannot be controlled locally")
	}
	c := choice{answer: a, host: host, enc: strings.ToUpper(a.Scheme.EncryptType), login: loginVersion(a)}
	if c.enc == "" && a.EncryptInfo != nil {
		c.enc = strings.ToUpper(a.EncryptInfo.SymSchm)
	}
	if err := c.choose(kind); err != nil {
		return nil, err
	}
	c.prefer()
	return c.routes, nil
}

// ChooseSysinfo does the same for an answer from UDP 9999.
func ChooseSysinfo(s *discovery.Sysinfo, host string) []wattle.Route {
	if s.Type == typeIOTCamera {
		return []wattle.Route{{Family: wattle.IOT, Transport: wattle.Linkie, Host: host, Port: 10443, TLS: true}}
	}
	return []wattle.Route{{Family: wattle.IOT, Transport: wattle.XOR, Host: host, Port: discovery.PortXOR}}
}

// Supports reports whether [Open] has the transport of a route.
func Supports(r wattle.Route) bool {
	conn, err := Open(r, nil)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// The device types that decide by themselves.
const (
	typeIOTCamera = "IOT.IPCAMERA"
	typeCamera    = "SMART.IPCAMERA"
	typeDoorbell  = "SMART.TAPODOORBELL"
	typeHub       = "SMART.TAPOHUB"
	typeVacuum    = "SMART.TAPOROBOVAC"
)

// choice collects routes.
type choice struct {
	answer *discovery.Answer
	host   string
	enc    string // "KLAP", "AES", "TPAP", "XOR" or ""
	login  int    // 0: not told
	routes []wattle.Route
}

// choose goes through the steps of the table, numbered as there.
func (c *choice) choose(kind string) error {
	a := c.answer
	https := a.Scheme.HTTPS
	camera := a.DeviceType == typeCamera || a.DeviceType == typeDoorbell
	switch {
	case slices.Equal(a.EncryptType, []string{"4"}): // step 4, nothing else spoken
		c.tpap()
	case c.enc == tpapName && c.declined(): // it has TPAP and wants KLAP
		c.klapBeside(kind)
		c.tpap()
	case c.enc == tpapName: // step 4
		c.tpap()
		// Firmware that announces TPAP has been seen to take KLAP.
		c.klapBeside(kind)
	case camera: // step 5
		c.add(wattle.SMARTCAM, wattle.SSLAES, 443, true, 0)
		c.offeredTPAP()
	case a.DeviceType == typeIOTCamera: // step 6
		c.add(wattle.IOT, wattle.Linkie, 10443, true, 0)
	case a.DeviceType == typeVacuum && c.enc == "AES": // step 7
		c.add(wattle.SMART, wattle.Token, 4433, true, 0)
		c.add(wattle.SMART, wattle.KLAP, 4433, true, 2)
		c.offeredTPAP()
	case kind == "IOT":
		return c.iot(https)
	default:
		return c.smart(https)
	}
	return nil
}

// iot is the IOT rows of step 8.
func (c *choice) iot(https bool) error {
	switch {
	case c.enc == "XOR" && !https:
		c.add(wattle.IOT, wattle.XOR, discovery.PortXOR, false, 0)
	case c.enc == "KLAP":
		version := 0 // mostly 1; handshake1 tells
		if c.login == 2 || c.answer.Scheme.NewKLAP == 1 {
			version = 2
		}
		c.add(wattle.IOT, wattle.KLAP, 80, https, version)
		c.offeredTPAP()
	default:
		return c.unknown(https)
	}
	return nil
}

// smart is the SMART rows of step 8; unknown types are plain devices (step 9).
func (c *choice) smart(https bool) error {
	switch {
	case https && c.enc == "AES", https && c.enc == "" && len(c.answer.EncryptType) > 0:
		// The H200 hub. Without encrypt_info, which an empty probe does not
		// get, its encrypt_type list tells.
		c.add(wattle.SMARTCAM, wattle.SSLAES, 443, true, 0)
		c.offeredTPAP()
	case c.enc == "AES":
		version := 1
		if c.login == 2 {
			version = 2
		}
		c.add(wattle.SMART, wattle.AES, 80, false, version)
		// A TP15 announces AES and answers 1003: its firmware has moved on.
		c.add(wattle.SMART, wattle.KLAP, 80, false, 2)
		c.offeredTPAP()
	case c.enc == "KLAP":
		c.add(wattle.SMART, wattle.KLAP, 80, https, 2)
		c.offeredTPAP()
	default:
		return c.unknown(https)
	}
	return nil
}

func (c *choice) unknown(https bool) error {
	if c.enc == "" {
		return unsupported("the device names no encryption (encrypt_type), so there is no way to talk to it")
	}
	over := "http"
	if https {
		over = "https"
	}
	return unsupported("no way is known to talk %s over %s to %s", c.enc, over, c.answer.DeviceType)
}

// tpapName is how answers spell TPAP.
const tpapName = "TPAP"

// declined reports whether the device says that it does not want TPAP now, as
// it does while Third-Party Compatibility is on.
func (c *choice) declined() bool {
	return c.answer.TPAPPreferred != nil && !*c.answer.TPAPPreferred
}

// prefer puts TPAP first where the device wants it now, whatever else it
// announces. The others stay behind it: 403 or not, asking costs no attempt.
func (c *choice) prefer() {
	if c.answer.TPAPPreferred == nil || !*c.answer.TPAPPreferred {
		return
	}
	slices.SortStableFunc(c.routes, func(a, b wattle.Route) int {
		return cmp.Compare(notTPAP(a), notTPAP(b))
	})
}

func notTPAP(r wattle.Route) int {
	if r.Transport == wattle.TPAP {
		return 0
	}
	return 1
}

// klapBeside adds KLAP to what announces TPAP, but not to what speaks the
// language of cameras, which KLAP does not carry.
func (c *choice) klapBeside(kind string) {
	a := c.answer
	if a.DeviceType == typeCamera || a.DeviceType == typeDoorbell || a.DeviceType == typeHub && a.Scheme.HTTPS {
		return
	}
	c.add(c.family(kind), wattle.KLAP, 80, a.Scheme.HTTPS, 2)
}

// offeredTPAP adds TPAP as a fall-back where the device says that it has it.
func (c *choice) offeredTPAP() {
	if c.answer.TPAP != nil || c.answer.TPAPPreferred != nil && *c.answer.TPAPPreferred {
		c.tpap()
	}
}

// tpap adds TPAP as docs/protocol/tpap.md section 1.1 places it.
func (c *choice) tpap() {
	a := c.answer
	route := wattle.Route{
		Family: wattle.SMART, Transport: wattle.TPAP, Host: c.host,
		Port: a.Scheme.HTTPPort, TLS: a.Scheme.HTTPS,
	}
	if strings.HasPrefix(a.DeviceType, "IOT.") {
		route.Family = wattle.IOT
	}
	if a.DeviceType == typeCamera || a.DeviceType == typeDoorbell || (a.DeviceType == typeHub && a.Scheme.HTTPS) {
		route.Family = wattle.SMARTCAM
		if route.Port == 0 {
			route.Port = 443
		}
	}
	if a.TPAP != nil {
		// The scheme speaks of https, the offer of this transport: never
		// take a promise of TLS back.
		route.TLS = route.TLS || a.TPAP.TLS > 0
		if a.TPAP.Port > 0 {
			route.Port = a.TPAP.Port
		}
	}
	if route.Port == 0 {
		route.Port = route.DefaultPort()
	}
	c.put(route)
}

// add appends a route with the announced port, or the default for this kind
// of device. KLAP over TLS is at 4433 unless the device says otherwise.
func (c *choice) add(family wattle.Family, t wattle.Transport, port int, tls bool, version int) {
	if tls && t == wattle.KLAP {
		port = 4433
	}
	if c.answer.Scheme.HTTPPort != 0 {
		port = c.answer.Scheme.HTTPPort
	}
	c.put(wattle.Route{Family: family, Transport: t, Host: c.host, Port: port, TLS: tls, Version: version})
}

func (c *choice) put(r wattle.Route) {
	if !slices.Contains(c.routes, r) {
		c.routes = append(c.routes, r)
	}
}

func (c *choice) family(kind string) wattle.Family {
	if kind == "IOT" {
		return wattle.IOT
	}
	return wattle.SMART
}

// loginVersion is step 3: lv, or the greatest number of the encrypt_type list.
func loginVersion(a *discovery.Answer) int {
	if a.Scheme.LoginVer != 0 {
		return a.Scheme.LoginVer
	}
	login := 0
	for _, s := range a.EncryptType {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 4 {
			continue
		}
		login = max(login, max(n, 2)) // "1" and "2" are the same login
	}
	return login
}

// unsupported is a reason of the class ErrUnsupported, without its text:
// people read the reason as it stands.
func unsupported(format string, args ...any) error {
	return &reasonError{fmt.Sprintf(format, args...)}
}

type reasonError struct{ reason string }

func (e *reasonError) Error() string        { return e.reason }
func (e *reasonError) Is(target error) bool { return target == wattle.ErrUnsupported }

func named(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
