package transport_test

import (
	"math"

	"wattle/simulator/endpoint"
)

// testTPAPWrap: the device names the first number, and all 32 bits are used.
func testTPAPWrap(s scene) {
	first := uint32(math.MaxUint32 - 1)
	f := start(s.t, s.kind, s.world, func(o *endpoint.Options) { o.TPAP.StartSeq = &first })
	conn := f.open(s.t, nil)
	for n := range 5 {
		exchange(s.t, conn, n)
	}
	if n := conn.Info().Handshakes; n != 1 {
		s.t.Errorf("%d handshakes, want 1", n)
	}
}
