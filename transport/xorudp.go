package transport

import (
	"context"
	"fmt"
	"slices"

	"wattle"
	"wattle/internal/wire/xor"
)

// maxDatagram is the longest answer that devices send over UDP, in bytes.
const maxDatagram = 8 << 10

// xorUDP is XOR over UDP: one datagram each way, nothing repeated, since a
// datagram that seems lost may have been carried out. See
// docs/protocol/transports.md section 1.
type xorUDP struct {
	gate
	options Options
	buf     []byte // belongs to the exchange inside the gate
}

func newXORUDP(route wattle.Route, o Options) *xorUDP {
	c := &xorUDP{options: o}
	c.init(route, o.Timeout)
	c.info.MaxAnswer = maxDatagram
	return c
}

// Exchange sends one datagram and waits for one. Each exchange has a socket of
// its own, so that an answer that comes late is not taken for the next.
func (c *xorUDP) Exchange(caller context.Context, request []byte) ([]byte, error) {
	ctx, err := c.enter(caller)
	if err != nil {
		return nil, err
	}
	defer c.leave()
	if len(request) > maxDatagram {
		return nil, Unsent(c.wrap("request", fmt.Errorf("%d bytes do not fit a datagram of %d: %w",
			len(request), maxDatagram, wattle.ErrParam)))
	}
	conn, err := c.options.DialContext(ctx, "udp", c.route.Address())
	if err != nil {
		return nil, Unsent(c.failure(ctx, "connect", wattle.ErrUnreachable, err))
	}
	defer func() { _ = conn.Close() }()
	stop := watch(ctx, conn)
	defer stop()
	c.buf = xor.AppendEncrypted(c.buf[:0], request)
	if _, err := conn.Write(c.buf); err != nil {
		return nil, c.failure(ctx, "request", wattle.ErrUnreachable, err)
	}
	c.buf = slices.Grow(c.buf[:0], maxDatagram+1)[:maxDatagram+1]
	n, err := conn.Read(c.buf)
	if err != nil {
		return nil, c.failure(ctx, "answer", wattle.ErrUnreachable, err)
	}
	if n > maxDatagram {
		return nil, c.wrap("answer", fmt.Errorf("longer than %d bytes: %w", maxDatagram, wattle.ErrProtocol))
	}
	return xor.AppendDecrypted(nil, c.buf[:n]), nil
}

// Close refuses further exchanges.
func (c *xorUDP) Close() error {
	c.shut(func() {})
	return nil
}
