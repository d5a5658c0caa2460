// Package discovery is both halves of the two discovery protocols of the
// local network, as bytes only: the 16-byte header with its checksum, probes
// with and without a key, answers, and their encrypted part (UDP 20002 and
// 20004), and the older XOR query (UDP 9999).
//
// Clients and devices disagree about what they check: [ParseProbe] is strict,
// as devices are; [ParseAnswer] looks at nothing but the JSON, as clients do.
// See docs/protocol/discovery.md sections 1 and 2.
package discovery

// The UDP ports of discovery.
const (
	PortXOR     = 9999  // XOR query: Kasa devices with the legacy port open
	PortMain    = 20002 // header and JSON: all the others
	PortBattery = 20004 // the same, battery cameras and doorbells
)

// MaxAnswer is a receive buffer that every answer fits in: strips answer
// with 2 KB, cameras with 1.2 KB, and a datagram cannot exceed 64 KiB.
const MaxAnswer = 64 << 10
