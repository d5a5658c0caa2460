package hub

import (
	"cmp"
	"math/rand/v2"
	"time"
)

// Tuning are the options that may change while a hub runs. Each means what it
// means in [Options], 0 too.
type Tuning struct {
	Interval time.Duration
	Misses   int
	Patience time.Duration
	Logs     time.Duration
	Sweep    time.Duration
	Adopt    bool
	NoClocks bool
}

// whole fills in what stands for 0.
func (t Tuning) whole() Tuning {
	if t.Interval <= 0 {
		t.Interval = defaultInterval
	}
	t.Misses = cmp.Or(t.Misses, defaultMisses)
	t.Patience = cmp.Or(t.Patience, defaultPatience)
	t.Sweep = cmp.Or(t.Sweep, defaultSweep)
	return t
}

// Tuning is how the hub is tuned now; nothing in it is 0 that has a default.
func (h *Hub) Tuning() Tuning { return *h.tuning.Load() }

// Tune changes options; connections stay as they are. A shorter interval holds
// from now on, a longer one after the next poll of each device. Logs are read at
// the new pace from the next poll on. Where searches are made one follows at once.
func (h *Hub) Tune(t Tuning) {
	t = t.whole()
	h.mu.Lock()
	defer h.mu.Unlock()
	before := h.tuning.Swap(&t)
	if *before == t {
		return
	}
	select {
	case h.retuned <- struct{}{}:
	default: // the sweeper has yet to look
	}
	for _, e := range h.entries {
		e.keeper.SetProbe(e.interval(), h.noSearch(&t))
		if h.ctx != nil && t.Interval != before.Interval {
			// Spread, so that they do not come at once.
			h.schedule.put(e, time.Now().Add(rand.N(e.interval())))
		}
	}
}

// noSearch: the hub sweeps for all of its devices.
func (h *Hub) noSearch(t *Tuning) bool { return h.options.Connect.NoSearch || t.Sweep > 0 }
