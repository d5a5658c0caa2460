package hub

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"wattle"
	"wattle/connect"
	"wattle/discover"
)

// Candidate is a device that a sweep has found and that is not in the hub.
type Candidate struct {
	discover.Found
	Seen time.Time `json:"seen"`
}

const (
	// candidateLife is how long a candidate is kept that no sweep finds again, at
	// least.
	candidateLife = time.Hour
	// mostCandidates bounds what a network can make us remember.
	mostCandidates = 20_000
)

// Candidates are the devices that were found and are not in the hub, by MAC. One
// that no sweep finds again is forgotten after an hour.
func (h *Hub) Candidates() []Candidate {
	h.mu.Lock()
	defer h.mu.Unlock()
	life := max(candidateLife, 3*h.Tuning().Sweep)
	maps.DeleteFunc(h.found, func(_ wattle.MAC, c Candidate) bool { return time.Since(c.Seen) > life })
	return slices.SortedFunc(maps.Values(h.found), func(a, b Candidate) int { return cmp.Compare(a.MAC.String(), b.MAC.String()) })
}

const (
	// quickSweep is the least time between two sweeps, and how often one is made
	// while a device is looked for that has gone less than quickFor ago.
	quickSweep = 10 * time.Second
	quickFor   = 5 * time.Minute
	// slowSweep is how often one is made while any device is looked for. Neither is
	// more often than devices are polled.
	slowSweep = time.Minute
)

// sweepAlways searches the network at once and then again and again, more often
// while a device does not answer: it may have another address, and one search
// finds all of them. Where nobody wants searches it waits until somebody does.
func (h *Hub) sweepAlways(ctx context.Context) {
	for ctx.Err() == nil {
		if h.Tuning().Sweep < 0 {
			select {
			case <-ctx.Done():
			case <-h.retuned:
			}
			continue
		}
		begun := time.Now()
		h.dismissed.load(ctx)
		if err := h.Sweep(ctx); err != nil && ctx.Err() == nil {
			h.log.LogAttrs(ctx, slog.LevelWarn, "search", slog.Any("err", err))
		}
		for tuned := false; ctx.Err() == nil && !tuned && time.Since(begun) < h.sweepAfter(); {
			timer := time.NewTimer(min(quickSweep, max(0, h.Tuning().Sweep-time.Since(begun))))
			select {
			case <-ctx.Done():
			case <-h.retuned:
				tuned = true
			case <-timer.C:
			}
			timer.Stop()
		}
	}
}

// sweepAfter is how long after the last sweep the next one is made; below 0
// where none is to be made.
func (h *Hub) sweepAfter() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.Tuning()
	out := t.Sweep
	for _, e := range h.entries {
		s := e.keeper.Status()
		switch {
		case e.keeper.Away(): // it may be home again
			out = min(out, max(slowSweep, t.Interval))
		case s.State != connect.Unreachable:
		case time.Since(s.Since) < quickFor:
			return min(out, max(quickSweep, t.Interval))
		default:
			out = min(out, max(slowSweep, t.Interval))
		}
	}
	return out
}

// SetDiscover changes how the network is searched from now on, see
// [connect.Options.Discover].
func (h *Hub) SetDiscover(o *discover.Options) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.options.Connect.Discover = o
	for _, e := range h.entries {
		e.keeper.SetDiscover(o)
	}
}

// Sweep searches the network once: devices of the hub that have moved are tried
// where they are now, others become candidates or, with [Tuning.Adopt], join.
func (h *Hub) Sweep(ctx context.Context) error {
	h.mu.Lock()
	o := h.options.Connect.Discover
	h.mu.Unlock()
	for found, err := range discover.Sweep(ctx, o) {
		if err != nil {
			return err
		}
		h.met(found)
	}
	return nil
}

func (h *Hub) met(f discover.Found) {
	if f.MAC.IsZero() {
		return
	}
	h.mu.Lock()
	e := h.entries[f.MAC]
	account := h.options.Connect.Account
	fresh := false
	if e == nil && len(h.found) < mostCandidates {
		_, seen := h.found[f.MAC]
		fresh = !seen
		h.found[f.MAC] = Candidate{Found: f, Seen: time.Now()}
	}
	h.mu.Unlock()
	if e != nil {
		e.keeper.Found(&f)
		return
	}
	ours := f.Owner == "" && f.Family == wattle.IOT || account.Username != "" && f.OwnedBy(account.Username)
	if !h.Tuning().Adopt {
		return
	}
	dismissed := h.dismissed.has(f.MAC)
	if f.Reason != "" || len(f.Routes) == 0 || !ours || dismissed {
		if fresh {
			why := cmp.Or(f.Reason, "it belongs to another account")
			switch {
			case dismissed:
				why = "it was taken out: add it to have it back"
			case account.Username == "":
				why = cmp.Or(f.Reason, "there is no account")
			}
			h.log.Info("found, not taken in", slog.String("device", f.MAC.String()), slog.String("address", f.Addr.String()), slog.String("why", why))
		}
		return
	}
	in := Entry{Target: connect.Target{Name: f.Alias, Host: f.Addr.String(), Routes: f.Routes, MAC: f.MAC, Owner: f.Owner, Type: f.Type}}
	if _, err := h.Add(in); err != nil {
		h.log.LogAttrs(context.Background(), slog.LevelWarn, "adopt", slog.String("device", f.MAC.String()), slog.Any("err", err))
	}
}
