package transport

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"time"

	"wattle"
)

// defaultTimeout is how long one exchange may take where nobody says so, and
// idleTime how long a connection is kept for the next one: devices have few
// sockets, and other apps want one too.
const (
	defaultTimeout = 5 * time.Second
	idleTime       = 10 * time.Second
)

// Open makes the Conn for a route. It does no I/O: a device that is not there,
// or does not accept the account, shows at the first Exchange. The error is a
// [wattle.ErrUnsupported] for a transport that wattle does not have and a
// [wattle.ErrParam] for a route or options that cannot be right.
func Open(route wattle.Route, opts *Options) (Conn, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if o.DialContext == nil {
		o.DialContext = new(net.Dialer).DialContext
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Logger = o.Logger.With("addr", route.Address(), "transport", string(route.Transport))
	switch {
	case route.Host == "":
		return nil, fmt.Errorf("route has no host: %w", wattle.ErrParam)
	case route.Port < 0 || route.Port > 65535:
		return nil, fmt.Errorf("port %d of %s is not between 1 and 65535: %w", route.Port, route.Host, wattle.ErrParam)
	}
	switch route.Transport {
	case wattle.XOR:
		return newXOR(route, o), nil
	case wattle.XORUDP:
		return newXORUDP(route, o), nil
	case wattle.KLAP:
		return newKLAP(route, o)
	case wattle.AES:
		return newAES(route, o)
	case wattle.Token:
		return newToken(route, o), nil
	case wattle.Linkie:
		return newLinkie(route, o), nil
	case wattle.TPAP:
		return newTPAP(route, o), nil
	case wattle.SSLAES:
		return nil, fmt.Errorf("transport %s: %w by this version of wattle", route.Transport, wattle.ErrUnsupported)
	}
	return nil, fmt.Errorf("unknown transport %q: %w", route.Transport, wattle.ErrUnsupported)
}
