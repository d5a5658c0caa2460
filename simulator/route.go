package simulator

import (
	"fmt"
	"strings"

	"wattle"
	"wattle/capture"
)

// scheme is mgt_encrypt_schm: how a device wants to be talked to. See
// docs/protocol/discovery.md section 2.3.
type scheme struct {
	transport wattle.Transport // "" where there is none in the announcement
	port      int
	tls       bool
	version   int // 1 or 2, 0 where there are none
}

// announced reads the scheme of a stored discovery result.
func announced(f *capture.File) (scheme, bool) {
	o, ok := parseObject(f.Discovery)
	m := o.object("mgt_encrypt_schm")
	if !ok || m == nil {
		return scheme{}, false
	}
	s := scheme{version: 1}
	s.tls, _ = m.flag("is_support_https")
	s.port, _ = m.integer("http_port")
	level, _ := m.integer("lv")
	newer, _ := m.flag("new_klap")
	switch m.text("encrypt_type") {
	case "KLAP":
		s.transport = wattle.KLAP
		if f.Family == wattle.SMART || level >= 2 || newer {
			s.version = 2
		}
	case "AES":
		s.transport = wattle.AES
		switch {
		case s.tls:
			s.transport, s.version = wattle.Token, 0
		case level >= 2:
			s.version = 2
		}
	case "TPAP":
		s.transport, s.version = wattle.TPAP, 0
	}
	return s, true
}

// Transports are the values of DeviceOptions.Transport and of the flag for it.
func Transports() []string {
	return []string{"xor", "klap", "klap-v1", "klap-v2", "aes", "token", "linkie", "tpap"}
}

// chooseRoute decides how a device is served: as its capture announces it, or
// as it was asked for where the family knows the transport.
func chooseRoute(f *capture.File, e engine, want string) (wattle.Route, error) {
	s, ok := announced(f)
	route := wattle.Route{Family: f.Family, Transport: s.transport, Port: s.port, TLS: s.tls, Version: s.version}
	if !ok {
		route = wattle.Route{Family: f.Family, Transport: wattle.XOR}
		if f.Family == wattle.SMART {
			route = wattle.Route{Family: f.Family, Transport: wattle.KLAP, Version: 2}
		}
	}
	if isCamera(e) && want == "" {
		route = wattle.Route{Family: f.Family, Transport: wattle.Linkie, TLS: true}
	}
	if want != "" {
		var err error
		if route, err = override(route, f, e, want); err != nil {
			return wattle.Route{}, err
		}
	}
	switch route.Transport {
	case wattle.XOR:
		route.TLS, route.Version = false, 0
	case wattle.Token, wattle.Linkie:
		route.TLS, route.Version = true, 0
	case wattle.KLAP, wattle.AES, wattle.TPAP:
	default:
		// Such a device can be asked in process, and served another way.
	}
	if route.Port == 0 || route.Transport == wattle.XOR {
		route.Port = route.DefaultPort()
	}
	return route, nil
}

// isCamera: Kasa cameras have a transport of their own.
func isCamera(e engine) bool {
	camera, ok := e.(*iot)
	return ok && camera.kind == iotCamera
}

// override changes the transport of a route. HTTPS stays where the device has it.
func override(route wattle.Route, f *capture.File, e engine, want string) (wattle.Route, error) {
	family := f.Family
	r := wattle.Route{Family: family, TLS: route.TLS && route.Transport != wattle.Linkie, Port: route.Port}
	allowed := true
	switch strings.ToLower(want) {
	case "xor":
		r.Transport, allowed = wattle.XOR, family == wattle.IOT
	case "klap":
		r.Transport, r.Version = wattle.KLAP, 2
		if family == wattle.IOT && (route.Transport != wattle.KLAP || route.Version != 2) {
			r.Version = 1
		}
	case "klap-v1":
		r.Transport, r.Version, allowed = wattle.KLAP, 1, family == wattle.IOT
	case "klap-v2":
		r.Transport, r.Version = wattle.KLAP, 2
	case "aes":
		r.Transport, r.Version, allowed = wattle.AES, 2, family == wattle.SMART
		if route.Transport == wattle.AES {
			r.Version = route.Version
		}
		if r.TLS { // AES within HTTPS means another transport
			r.TLS, r.Port = false, 0
		}
	case "token":
		// Any other kind that announces this is taken for one of cameras.
		o, _ := parseObject(f.Discovery)
		r.Transport, r.TLS, allowed = wattle.Token, true, o.text("device_type") == "SMART.TAPOROBOVAC"
		if !route.TLS {
			r.Port = 0
		}
	case "linkie":
		r.Transport, r.TLS, r.Port, allowed = wattle.Linkie, true, 0, isCamera(e)
	case "tpap":
		r.Transport, allowed = wattle.TPAP, family == wattle.SMART
	default:
		return r, fmt.Errorf("transport %q: want one of %s: %w", want, strings.Join(Transports(), ", "), wattle.ErrParam)
	}
	if !allowed {
		return r, fmt.Errorf("devices of this kind (%s) do not speak %s: %w", family, want, wattle.ErrUnsupported)
	}
	if route.Transport == wattle.XOR {
		r.Port = 0 // the port of the transport before
	}
	return r, nil
}
