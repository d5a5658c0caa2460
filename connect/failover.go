package connect

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"wattle"
	"wattle/cloud"
	"wattle/method"
	"wattle/session"
)

// awayTime is how long a device that did not answer locally is asked through
// the cloud before it is tried locally again: a device that is not at home costs
// seconds at each try.
const awayTime = time.Minute

// failover calls a device locally, and through the cloud while it does not
// answer there. Each result says by which way it came.
type failover struct {
	local *session.Session
	open  func(context.Context) (*cloud.Way, error)

	mu   sync.Mutex
	way  *cloud.Way
	away time.Time // until when it is not tried locally
}

func newFailover(local *session.Session, open func(context.Context) (*cloud.Way, error)) *failover {
	return &failover{local: local, open: open}
}

// Do performs calls; see [method.Caller].
func (f *failover) Do(ctx context.Context, calls ...method.Call) ([]method.Result, error) {
	return f.do(ctx, "", calls)
}

// Child is a Caller for a child of the device, by the same ways.
func (f *failover) Child(id string) method.Caller { return &failoverChild{f, id} }

type failoverChild struct {
	parent *failover
	id     string
}

func (c *failoverChild) Do(ctx context.Context, calls ...method.Call) ([]method.Result, error) {
	return c.parent.do(ctx, c.id, calls)
}

func (f *failover) do(ctx context.Context, child string, calls []method.Call) ([]method.Result, error) {
	if f.isAway() {
		results, err := f.remotely(ctx, child, calls)
		if err == nil || !another(ctx, err) {
			return results, err
		}
	}
	results, err := of(f.local, child).Do(ctx, calls...)
	if err == nil {
		f.setAway(time.Time{})
		return mark(results, method.Local), nil
	}
	if !another(ctx, err) || f.isAway() {
		return nil, err
	}
	results, remote := f.remotely(ctx, child, calls)
	switch {
	case remote == nil:
		f.setAway(time.Now().Add(awayTime))
		return results, nil
	case errors.Is(remote, session.ErrUncertain):
		return nil, remote
	}
	return nil, &bothError{err, remote}
}

// another reports whether the other way may be tried: the device was not
// reached, and whatever must not happen twice did not happen.
func another(ctx context.Context, err error) bool {
	return ctx.Err() == nil && errors.Is(err, wattle.ErrUnreachable) && !errors.Is(err, session.ErrUncertain)
}

func (f *failover) remotely(ctx context.Context, child string, calls []method.Call) ([]method.Result, error) {
	way, err := f.through(ctx)
	if err != nil {
		return nil, err
	}
	results, err := of(way.Caller, child).Do(ctx, calls...)
	return mark(results, method.Cloud), err
}

// through is the way through the cloud, opened when it is first needed.
func (f *failover) through(ctx context.Context) (*cloud.Way, error) {
	f.mu.Lock()
	way := f.way
	f.mu.Unlock()
	if way != nil {
		return way, nil
	}
	way, err := f.open(ctx)
	if err != nil {
		return nil, err
	}
	if way.Family != f.local.Family() {
		_ = way.Close()
		return nil, fmt.Errorf("%w: the device speaks %s locally and %s through the cloud", wattle.ErrUnsupported, f.local.Family(), way.Family)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.way != nil { // somebody else was faster
		_ = way.Close()
	} else {
		f.way = way
	}
	return f.way, nil
}

func (f *failover) isAway() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Now().Before(f.away)
}

func (f *failover) setAway(until time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.away = until
}

func (f *failover) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.way == nil {
		return nil
	}
	return f.way.Close()
}

// of is the caller of a child, or of the device for "".
func of(c method.Caller, child string) method.Caller {
	if child == "" {
		return c
	}
	if parent, ok := c.(interface{ Child(id string) method.Caller }); ok {
		return parent.Child(child)
	}
	return nobody{}
}

// nobody answers for children that a way does not reach.
type nobody struct{}

func (nobody) Do(context.Context, ...method.Call) ([]method.Result, error) {
	return nil, fmt.Errorf("%w: this way reaches no children", wattle.ErrUnsupported)
}

func mark(results []method.Result, source method.Source) []method.Result {
	for i := range results {
		results[i].Source = source
	}
	return results
}
