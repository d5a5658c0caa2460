package connect

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"time"

	"wattle"
	"wattle/discover"
	"wattle/session"
	"wattle/transport"
)

// State is how a kept device stands.
type State string

// The values of [State].
const (
	Waiting     State = "waiting"     // not tried yet
	Online      State = "online"      // it answered last
	Unreachable State = "unreachable" // nobody answers, or in no way that is known
	NoAccess    State = "no access"   // Third-Party Compatibility is off
	Refused     State = "refused"     // the credentials do not fit
	Locked      State = "locked"      // it takes no login for a while
	Unsupported State = "unsupported" // this version cannot talk to it
)

// Status is the state of a kept device and its reason.
type Status struct {
	State State
	Since time.Time
	Err   error     // why it is not online: an [*Error], or what ended the session
	Next  time.Time // of the next attempt, zero where none is planned
}

// become changes the status. A line is logged where the state is another one.
func (k *Keeper) become(s Status) {
	name := k.name()
	k.mu.Lock()
	before := k.status
	s.Since = before.Since
	if s.State != before.State {
		s.Since = time.Now()
	}
	k.status, k.opening = s, false
	k.tellLocked()
	k.mu.Unlock()
	if s.State == before.State {
		return
	}
	level := slog.LevelWarn
	if s.State == Online {
		level = slog.LevelInfo
	}
	attrs := []slog.Attr{
		slog.String("device", name), slog.String("state", string(s.State)), slog.String("was", string(before.State)),
		slog.Duration("after", s.Since.Sub(before.Since).Round(time.Second)),
	}
	if s.Err != nil {
		attrs = append(attrs, slog.Any("err", s.Err))
	}
	k.log.LogAttrs(context.Background(), level, "device state", attrs...)
	if k.told != nil {
		k.told(s)
	}
}

// pause waits for the next attempt. begun is when the last one began. It gives
// true where something has changed at the device: it is tried as if it had not
// failed before.
func (k *Keeper) pause(ctx context.Context, begun time.Time, err error, failures int) (anew bool) {
	state, most := k.judge(err)
	now := time.Now()
	var next time.Time
	switch state {
	case Unreachable:
		// From the beginning of one attempt to that of the next.
		next = begun.Add(scattered(min(time.Second<<min(failures-1, 10), most)))
		next = maxTime(next, now.Add(time.Second))
	case Locked, Unsupported:
		next = now.Add(most)
	default:
		next = now.Add(min(refusedFirst<<min(failures-1, 10), most))
	}
	k.become(Status{State: state, Err: err, Next: next})
	var announced *discover.Found
	if e, ok := errors.AsType[*Error](err); ok {
		announced = e.Found
	}
	closed := false
	for time.Now().Before(next) {
		step := time.Until(next)
		k.mu.Lock()
		probe := k.probe
		k.mu.Unlock()
		if state == Unreachable && probe > 0 {
			switch open, known := k.probePort(ctx); {
			case known && open && closed:
				return true
			case known:
				closed = !open
				step = max(0, min(time.Until(next), probe))
			}
		}
		if state == NoAccess || state == Refused || state == Unsupported {
			step = min(step, probeEvery)
		}
		timer := time.NewTimer(step)
		select {
		case <-ctx.Done():
			timer.Stop()
			return false
		case <-k.kick:
			timer.Stop()
			return false
		case <-timer.C:
		}
		if state != Unreachable && time.Now().Before(next) && k.speaksAnew(ctx, &announced) {
			return false
		}
	}
	return false
}

// scattered is up to a tenth less, by chance: devices that were lost together, as
// by a power cut, are not tried together for ever.
func scattered(d time.Duration) time.Duration { return d - rand.N(d/10+1) }

// probePort tells whether the port of the device takes connections. known is
// false where there is no port to try.
func (k *Keeper) probePort(ctx context.Context) (open, known bool) {
	k.mu.Lock()
	dial, routes, policy := k.options.DialContext, k.target.Routes, k.target.Policy
	k.mu.Unlock()
	if len(routes) == 0 || routes[0].Host == "" || routes[0].Transport == wattle.Cloud || policy == CloudOnly {
		return false, false
	}
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	conn, err := dial(ctx, "tcp", routes[0].Address())
	if err != nil {
		return false, ctx.Err() == nil || errors.Is(ctx.Err(), context.DeadlineExceeded)
	}
	_ = conn.Close()
	return true, true
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// judge gives the state for a failed attempt, and the longest pause after it.
func (k *Keeper) judge(err error) (State, time.Duration) {
	refusal, ok := errors.AsType[*transport.AuthError](err)
	switch {
	case errors.Is(err, wattle.ErrLockout), ok && refusal.Proven():
		return Locked, session.LockWait
	case errors.Is(err, wattle.ErrAuth):
		return Refused, refusedMost
	case errors.Is(err, wattle.ErrAccess):
		return NoAccess, refusedMost
	case errors.Is(err, wattle.ErrUnsupported):
		return Unsupported, refusedMost
	}
	return Unreachable, probeEvery
}

// speaksAnew asks a device that refuses by discovery whether it announces
// something else by now.
func (k *Keeper) speaksAnew(ctx context.Context, before **discover.Found) bool {
	p := k.opener()
	if p.target.Only || p.target.Host == "" {
		return false
	}
	found, err := discover.Probe(ctx, p.target.Host, p.probeOptions())
	if err != nil {
		return false
	}
	old := *before
	*before = &found
	return old != nil && !slices.Equal(old.Routes, found.Routes)
}
