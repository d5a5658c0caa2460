package connect

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"wattle"
	"wattle/transport"
)

const (
	// trust is how long after its last answer a device is taken for the same
	// once its session was lost: no address changes hands that fast.
	trust = 30 * time.Second
	// trustPlain is the same for XOR, which has no session to prove anything.
	trustPlain = 5 * time.Minute
	// trustKeys is for a session that goes on: who has its keys is the device.
	// Transports make a new session by themselves after many hours.
	trustKeys = time.Hour
	// healPause is kept between two searches for a device that is gone.
	healPause = time.Minute
)

// guard is a Conn that knows which device is meant. Before an exchange that
// might reach another one (a new session, a long pause) it asks for the MAC,
// so that no write goes to a stranger who got the address. When the device is
// not where it was, or speaks something else since its firmware was updated,
// guard looks for it and goes on there.
type guard struct {
	opener *opener // made anew for each search
	slot   chan struct{}

	mu     sync.Mutex
	conn   transport.Conn
	family wattle.Family
	mac    wattle.MAC
	seen   time.Time // of the last answer; zero: never verified
	lost   bool      // the session is not the one that was verified
	fresh  bool      // resumed, not answered yet: its keys are the proof
	search *search
	closed bool
}

// search is one search for the device, which goes on when the exchange that
// began it gives up.
type search struct {
	cancel context.CancelFunc
	done   chan struct{}
	ended  time.Time
	found  *contact
	err    error
}

var _ transport.Resumer = (*guard)(nil)

func (p *opener) guard(c *contact) *guard {
	g := &guard{
		opener: p, slot: make(chan struct{}, 1),
		conn: c.conn, family: c.family, mac: c.mac, fresh: c.resumed,
	}
	if g.mac.IsZero() {
		g.mac = p.target.MAC
	}
	if !c.resumed {
		g.seen = time.Now()
	}
	return g
}

// Exchange verifies the device if need be, and passes the request on.
func (g *guard) Exchange(ctx context.Context, request []byte) ([]byte, error) {
	select {
	case g.slot <- struct{}{}:
		defer func() { <-g.slot }()
	case <-ctx.Done():
		return nil, transport.Unsent(context.Cause(ctx))
	}
	answer, err := g.exchange(ctx, request)
	if err == nil || !g.mayHaveMoved(ctx, err) {
		return answer, err
	}
	if healErr := g.heal(ctx); healErr != nil {
		return nil, transport.Unsent(healErr)
	}
	return g.exchange(ctx, request)
}

func (g *guard) exchange(ctx context.Context, request []byte) ([]byte, error) {
	conn, verify := g.current()
	if verify {
		if err := g.verify(ctx, conn); err != nil {
			return nil, transport.Unsent(err)
		}
	}
	handshakes := conn.Info().Handshakes
	answer, err := conn.Exchange(ctx, request)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fresh = false
	if err != nil {
		g.lost = g.lost || conn.Info().Handshakes != handshakes || errors.Is(err, wattle.ErrSession)
		return nil, err
	}
	g.seen, g.lost = time.Now(), false
	return answer, nil
}

// current gives the Conn, and whether its device has to be verified.
func (g *guard) current() (conn transport.Conn, verify bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.mac.IsZero() || g.fresh {
		return g.conn, false
	}
	limit := trustKeys
	switch t := g.conn.Info().Route.Transport; {
	case g.seen.IsZero():
		return g.conn, true
	case g.lost:
		limit = trust
	case t == wattle.XOR || t == wattle.XORUDP:
		limit = trustPlain
	}
	return g.conn, time.Since(g.seen) > limit
}

// verify asks the device for its MAC.
func (g *guard) verify(ctx context.Context, conn transport.Conn) error {
	id, err := ask(ctx, conn, g.family)
	if err != nil {
		return err
	}
	if !id.mac.IsZero() && id.mac != g.mac {
		return fmt.Errorf("%w: %s with MAC %s, not %s", wattle.ErrIdentity, id.model, id.mac, g.mac)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen, g.lost = time.Now(), false
	return nil
}

// mayHaveMoved reports whether it is worth looking for the device, and safe to
// repeat the request: the device did not get it.
func (g *guard) mayHaveMoved(ctx context.Context, err error) bool {
	if ctx.Err() != nil || g.opener.target.Only || g.opener.kept || !transport.NotCarriedOut(err) {
		return false
	}
	for _, class := range []error{wattle.ErrUnreachable, wattle.ErrTransport, wattle.ErrAccess, wattle.ErrIdentity} {
		if errors.Is(err, class) {
			return true
		}
	}
	return false
}

// heal waits for a search, at most until ctx ends: the next exchange goes on
// waiting for the same one.
func (g *guard) heal(ctx context.Context) error {
	s, err := g.begin()
	if err != nil {
		return err
	}
	select {
	case <-s.done:
	case <-ctx.Done():
		return fmt.Errorf("still looking for the device: %w: %w", wattle.ErrUnreachable, context.Cause(ctx))
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case s.err != nil:
		return s.err
	case s.found == nil: // taken up by an earlier exchange, and lost again
		return fmt.Errorf("%s was found and is gone again: %w", g.opener.target.Name, wattle.ErrUnreachable)
	}
	found := s.found
	s.found = nil
	if g.closed {
		_ = found.conn.Close()
		return fmt.Errorf("session: %w", wattle.ErrClosed)
	}
	_ = g.conn.Close()
	g.conn, g.seen, g.lost = found.conn, time.Now(), false
	return nil
}

// begin starts a search unless one is under way or has just failed.
func (g *guard) begin() (*search, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil, fmt.Errorf("session: %w", wattle.ErrClosed)
	}
	if s := g.search; s != nil && (s.ended.IsZero() || time.Since(s.ended) < healPause) {
		return s, nil
	}
	target := g.opener.target
	target.MAC, target.Routes, target.Resume = g.mac, []wattle.Route{g.conn.Info().Route}, nil
	target.Routes[0].Family = g.family
	p := newOpener(target, &g.opener.options)
	ctx, cancel := context.WithCancel(context.Background())
	s := &search{cancel: cancel, done: make(chan struct{})}
	g.search = s
	go func() { // ends with the search, for which Close waits
		defer close(s.done)
		found, err := p.open(ctx)
		if err == nil && found.family != g.family {
			_ = found.conn.Close()
			err = fmt.Errorf("%s speaks %s now and no longer %s; open it anew: %w", target.Name, found.family, g.family, wattle.ErrTransport)
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		s.ended = time.Now()
		if err == nil {
			s.found = found
		}
		s.err = err
	}()
	return s, nil
}

// Reset forgets the session: who answers next has to be verified.
func (g *guard) Reset() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lost, g.fresh = true, false
	g.conn.Reset()
}

// Info is that of the connection.
func (g *guard) Info() transport.Info {
	g.mu.Lock()
	defer g.mu.Unlock()
	info := g.conn.Info()
	info.Route.Family = g.family
	return info
}

// Export hands out the session, if the transport has one.
func (g *guard) Export() []byte {
	g.mu.Lock()
	conn := g.conn
	g.mu.Unlock()
	if r, ok := conn.(transport.Resumer); ok {
		return r.Export()
	}
	return nil
}

// Close ends a search that is under way, and the connection.
func (g *guard) Close() error {
	g.mu.Lock()
	g.closed = true
	conn, s := g.conn, g.search
	g.mu.Unlock()
	err := conn.Close()
	if s != nil {
		s.cancel()
		<-s.done
		g.mu.Lock()
		defer g.mu.Unlock()
		if s.found != nil {
			_ = s.found.conn.Close()
			s.found = nil
		}
	}
	return err
}
