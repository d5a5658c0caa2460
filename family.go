package wattle

import (
	"fmt"
	"net"
	"strconv"
)

// Family is the application language of a device: the shape of the JSON that
// it speaks, whatever protects it on the way. Values are printed and stored.
// See docs/protocol/README.md, "Map: who speaks what".
type Family string

// The families.
const (
	IOT      Family = "iot"      // Kasa: module, method, arguments (docs/protocol/iot.md)
	SMART    Family = "smart"    // Tapo and newer Kasa: method, params (docs/protocol/smart.md)
	SMARTCAM Family = "smartcam" // cameras and the H200 hub (docs/protocol/smartcam.md)
)

// Transport names a way to carry application messages. Values are printed and
// stored. See docs/protocol/transports.md.
type Transport string

// The transports. TLS is not part of the name: see [Route.TLS].
const (
	XOR    Transport = "xor"     // TCP 9999, no credentials (section 1)
	XORUDP Transport = "xor-udp" // UDP 9999, no credentials, answers up to 8 KiB (section 1)
	KLAP   Transport = "klap"    // HTTP 80 or HTTPS 4433, versions 1 and 2 (section 2)
	AES    Transport = "aes"     // HTTP 80, securePassthrough (section 3)
	Token  Transport = "token"   // HTTPS 4433, older vacuums (section 4)
	Linkie Transport = "linkie"  // HTTPS 10443, old Kasa cameras (section 5)
	SSLAES Transport = "sslaes"  // HTTPS 443, cameras (section 6)
	TPAP   Transport = "tpap"    // firmware of 2025 and later (docs/protocol/tpap.md)
	Cloud  Transport = "cloud"   // through the TP-Link cloud, from anywhere (docs/protocol/cloud.md)
)

// Route is where and how a device is reached: everything that a transport
// needs besides credentials. It is comparable and is stored between runs.
type Route struct {
	Family    Family    `json:"family"`
	Transport Transport `json:"transport"`
	Host      string    `json:"host"` // IPv4 address or host name
	Port      int       `json:"port"` // 1 to 65535; 0 means the transport's default
	TLS       bool      `json:"tls,omitempty"`
	// Version is the KLAP version (1 or 2) or the login version of AES
	// (1 or 2). 0 is "not known": KLAP then decides by handshake1's hash.
	Version int `json:"version,omitempty"`
}

// DefaultPort is the port that devices use for a transport, or 0 for an
// unknown one.
func (r Route) DefaultPort() int {
	switch r.Transport {
	case XOR, XORUDP:
		return 9999
	case KLAP, AES, TPAP:
		if r.TLS {
			return 4433
		}
		return 80
	case Token:
		return 4433
	case Linkie:
		return 10443
	case SSLAES, Cloud:
		return 443
	}
	return 0
}

// Address is host and port, as [net.Dial] wants them.
func (r Route) Address() string {
	port := r.Port
	if port == 0 {
		port = r.DefaultPort()
	}
	return net.JoinHostPort(r.Host, strconv.Itoa(port))
}

// Name is the transport as people meet it: "klap v2 over TLS", "xor".
func (r Route) Name() string {
	name := string(r.Transport)
	if r.Version != 0 && r.Transport == KLAP {
		name = fmt.Sprintf("%s v%d", name, r.Version)
	}
	if r.TLS && (r.Transport == KLAP || r.Transport == AES || r.Transport == TPAP) {
		name += " over TLS"
	}
	return name
}

// String is family, name and address, for logs and messages.
func (r Route) String() string {
	return fmt.Sprintf("%s over %s at %s", r.Family, r.Name(), r.Address())
}
