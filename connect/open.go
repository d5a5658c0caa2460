package connect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"syscall"
	"time"

	"wattle"
	"wattle/discover"
	"wattle/transport"
)

// Attempt is one route that was tried.
type Attempt struct {
	Route wattle.Route
	Err   error
}

// opener is one call of Open.
type opener struct {
	target  Target
	options Options
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	log     *slog.Logger

	attempts []Attempt
	found    *discover.Found
	probed   bool     // discovery was asked at the host
	scanning bool     // the routes are guesses from open ports
	silent   bool     // nobody is at the host
	stranger *contact // who answers at the host, if it is another device
	refused  []wattle.Transport
	stop     bool // further attempts would do harm
	kept     bool // a Keeper looks for the device when it is gone
	// spent: the device has refused these credentials, now or before. Each
	// further login with them would bring it nearer to a lock-out.
	spent    bool
	logins   int            // that were refused and counted
	withheld []wattle.Route // not tried for that reason
}

// contact is a device that has answered.
type contact struct {
	conn    transport.Conn
	family  wattle.Family
	mac     wattle.MAC
	model   string
	alias   string
	resumed bool // it has not answered yet, but its session is known
}

// open goes from the cheapest way to the last.
func (p *opener) open(ctx context.Context) (*contact, error) {
	if p.target.Refused != "" {
		p.spent = p.target.Refused == Refusal(p.options.Account, p.target.MAC)
	}
	if c := p.try(ctx, p.target.Routes); c != nil {
		return c, nil
	}
	if !p.target.Only {
		if c := p.again(ctx); c != nil {
			return c, nil
		}
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return nil, p.fail(ctx)
}

// again asks the device what it speaks, at its address or wherever it is now.
func (p *opener) again(ctx context.Context) *contact {
	if p.over(ctx) {
		return nil
	}
	if p.rediscover(ctx) {
		if c := p.tryFound(ctx); c != nil {
			return c
		}
	}
	if p.over(ctx) || p.silent || p.stranger != nil || len(p.refused) > 0 || p.beyondUs() {
		return nil
	}
	p.scanning = true
	return p.try(ctx, p.scan(ctx))
}

// beyondUs reports whether discovery told of nothing that this version has.
func (p *opener) beyondUs() bool {
	if p.found == nil {
		return false
	}
	return !slices.ContainsFunc(p.found.Routes, transport.Supports)
}

// over reports whether there is nothing left to try.
func (p *opener) over(ctx context.Context) bool { return p.stop || ctx.Err() != nil }

// lazyStart is how long devices take to open their port after a probe woke
// them: firmware of 2025 keeps it closed for minutes after a power loss unless
// a probe arrives.
var lazyStart = []time.Duration{time.Second, 2 * time.Second}

// tryFound tries what discovery announced. A device that answers there and yet
// refuses connections has just been woken by the probe.
func (p *opener) tryFound(ctx context.Context) *contact {
	for _, pause := range append([]time.Duration{0}, lazyStart...) {
		if !wait(ctx, pause) {
			return nil
		}
		before := len(p.attempts)
		if c := p.try(ctx, p.found.Routes); c != nil {
			return c
		}
		tried := p.attempts[before:]
		if p.over(ctx) || !slices.ContainsFunc(tried, func(a Attempt) bool { return errors.Is(a.Err, syscall.ECONNREFUSED) }) {
			return nil
		}
	}
	return nil
}

// try goes through routes until a device answers on one.
func (p *opener) try(ctx context.Context, routes []wattle.Route) *contact {
	for _, route := range routes {
		if p.over(ctx) || p.stranger != nil {
			return nil
		}
		if slices.Contains(p.refused, route.Transport) || p.done(route) {
			continue
		}
		if p.spent && spends(route.Transport) {
			p.withheld = append(p.withheld, route)
			continue
		}
		c, err := p.contact(ctx, route)
		p.log.LogAttrs(ctx, slog.LevelDebug, "route tried", slog.String("route", route.String()), slog.Any("err", err))
		if err == nil {
			return c
		}
		if ctx.Err() != nil {
			return nil
		}
		p.attempts = append(p.attempts, Attempt{route, err})
		p.learn(route, err)
		if p.silent && route.Host == p.target.Host {
			return nil
		}
	}
	return nil
}

// done reports whether a route was tried before, with a result that trying
// again does not change. A refused connection may have been too early.
func (p *opener) done(route wattle.Route) bool {
	return slices.ContainsFunc(p.attempts, func(a Attempt) bool {
		tried := a.Route
		same := tried.Transport == route.Transport && tried.Address() == route.Address() && tried.TLS == route.TLS
		return same && !errors.Is(a.Err, syscall.ECONNREFUSED)
	})
}

// learn draws conclusions from a failure.
func (p *opener) learn(route wattle.Route, err error) {
	switch {
	case errors.Is(err, wattle.ErrLockout):
		p.stop = true
	case errors.Is(err, wattle.ErrAuth):
		p.refused = append(p.refused, route.Transport)
		if refusal, ok := errors.AsType[*transport.AuthError](err); ok && (spends(route.Transport) || refusal.Proven()) {
			p.logins += max(len(refusal.Tried), 1)
		}
		if spends(route.Transport) {
			p.spent = true // what compares offline may still fit
			return
		}
		// What was remembered may be out of date since the firmware was
		// updated; what the device tells now is not.
		p.stop = p.found != nil || p.scanning
	case errors.Is(err, wattle.ErrUnreachable) && route.Host == p.target.Host:
		p.silent = isSilence(err)
	}
}

// spends reports whether a refused login over a transport counts: KLAP lets
// the client compare before it sends anything, XOR and Linkie want nothing.
func spends(t wattle.Transport) bool {
	switch t {
	case wattle.AES, wattle.Token, wattle.SSLAES, wattle.TPAP:
		return true
	}
	return false
}

// isSilence tells a host that is not there from one that refuses.
func isSilence(err error) bool {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "dial" {
		return false
	}
	return !errors.Is(err, syscall.ECONNREFUSED)
}

// contact opens a route and lets the device tell who it is.
func (p *opener) contact(ctx context.Context, route wattle.Route) (*contact, error) {
	conn, err := p.connection(route, nil)
	if err != nil {
		return nil, err
	}
	c := &contact{conn: conn}
	if err := p.identify(ctx, c, route); err != nil {
		_ = conn.Close()
		return nil, err
	}
	if want := p.target.MAC; !want.IsZero() && !c.mac.IsZero() && c.mac != want {
		_ = conn.Close()
		p.stranger = c
		return nil, fmt.Errorf("%w: %s with MAC %s, not %s", wattle.ErrIdentity, c.model, c.mac, want)
	}
	return c, nil
}

// wait waits; false means that ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
