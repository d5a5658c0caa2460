package transport

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"wattle"
)

// gate lets one exchange at a time into a Conn. Whoever waits at it can leave
// when its context ends, which a mutex does not allow, and Close opens it for
// all with [wattle.ErrClosed].
type gate struct {
	route   wattle.Route
	timeout time.Duration

	slot   chan struct{} // holds one value while an exchange is inside
	closed chan struct{}
	once   sync.Once

	resets atomic.Int64 // calls of Reset
	seen   int64        // of them, those that were obeyed; belongs to who is inside

	mu     sync.Mutex
	cancel context.CancelFunc // of the exchange inside
	info   Info
}

func (g *gate) init(route wattle.Route, timeout time.Duration) {
	g.route, g.timeout = route, timeout
	g.slot, g.closed = make(chan struct{}, 1), make(chan struct{})
	g.info.Route = route
}

// enter waits for its turn. The context that it gives ends with that of the
// caller, after the timeout of one exchange, and when the Conn is closed.
// leave must be called after it.
func (g *gate) enter(ctx context.Context) (context.Context, error) {
	if err := ctx.Err(); err != nil {
		return nil, Unsent(g.ended(ctx, "not started"))
	}
	select {
	case g.slot <- struct{}{}:
	case <-ctx.Done():
		return nil, Unsent(g.ended(ctx, "waiting for other requests"))
	case <-g.closed:
		return nil, g.errClosed()
	}
	inside, cancel := context.WithTimeout(ctx, g.timeout)
	g.mu.Lock()
	g.cancel = cancel
	g.mu.Unlock()
	select {
	case <-g.closed:
		g.leave()
		return nil, g.errClosed()
	default:
		return inside, nil
	}
}

// leave lets the next one in.
func (g *gate) leave() {
	g.mu.Lock()
	g.cancel()
	g.cancel = nil
	g.mu.Unlock()
	<-g.slot
}

// shut refuses all further exchanges, stops the one inside and waits for it,
// then runs last alone. It does so once.
func (g *gate) shut(last func()) {
	g.once.Do(func() {
		close(g.closed)
		g.mu.Lock()
		if g.cancel != nil {
			g.cancel()
		}
		g.mu.Unlock()
		g.slot <- struct{}{}
		last()
		<-g.slot
	})
}

// Reset asks the next exchange to begin with a new session.
func (g *gate) Reset() { g.resets.Add(1) }

// wasReset reports, once, whether Reset was called since it was last asked.
func (g *gate) wasReset() bool {
	n := g.resets.Load()
	was := n != g.seen
	g.seen = n
	return was
}

// Info gives a copy of what is known.
func (g *gate) Info() Info {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.info
}

// learn changes what is known.
func (g *gate) learn(change func(*Info)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change(&g.info)
}

func (g *gate) errClosed() error {
	return fmt.Errorf("%s at %s: %w", g.route.Name(), g.route.Address(), wattle.ErrClosed)
}

// ended is the error for a context that is over: cancelled by the caller, or
// too late, which is the same as no answer.
func (g *gate) ended(ctx context.Context, step string) error {
	err := ctx.Err()
	if cause := context.Cause(ctx); !errors.Is(cause, err) {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("%w: no answer in time: %w", wattle.ErrUnreachable, err)
	}
	return fmt.Errorf("%s at %s: %s: %w", g.route.Name(), g.route.Address(), step, err)
}

// failure is the error of a step that the network did not carry out; inside is
// the context that enter gave.
func (g *gate) failure(inside context.Context, step string, class, err error) error {
	select {
	case <-g.closed:
		return g.errClosed()
	default:
	}
	if inside.Err() != nil {
		return g.ended(inside, step)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		// The connection had the deadline of the context, and was first.
		err = fmt.Errorf("no answer in time: %w", context.DeadlineExceeded)
	}
	return g.wrap(step, fmt.Errorf("%w: %w", class, err))
}

// wrap says where and when err happened.
func (g *gate) wrap(step string, err error) error {
	return fmt.Errorf("%s at %s: %s: %w", g.route.Name(), g.route.Address(), step, err)
}
