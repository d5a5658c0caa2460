package hub

import (
	"math/rand/v2"
	"slices"
	"time"

	"wattle"
)

// health is how a device has answered lately.
type health struct {
	polls, failures uint64
	misses          int // in a row
	lastSuccess     time.Time
	lastFailure     time.Time
	lastError       error
	rate            float64 // of successes, the newest count most
	took            [64]time.Duration
	taken           int           // how many of took there were
	median          time.Duration // of took
}

// weight is how much one poll counts in the rate of successes.
const weight = 0.05

func (s *health) success(now time.Time, took time.Duration) {
	s.polls++
	s.misses, s.lastSuccess = 0, now
	s.took[s.taken%len(s.took)] = took
	s.taken++
	if s.taken < 8 || s.taken%8 == 0 {
		s.median = s.quantile(0.5)
	}
	s.weigh(1)
}

func (s *health) failure(now time.Time, err error) {
	s.polls++
	s.failures++
	s.misses++
	s.lastFailure, s.lastError = now, err
	s.weigh(0)
}

func (s *health) weigh(outcome float64) {
	if s.polls == 1 {
		s.rate = outcome
		return
	}
	s.rate += weight * (outcome - s.rate)
}

// quantile is of the newest polls that succeeded, 0 where there were none.
func (s *health) quantile(q float64) time.Duration {
	n := min(s.taken, len(s.took))
	if n == 0 {
		return 0
	}
	took := slices.Sorted(slices.Values(s.took[:n]))
	return took[min(int(q*float64(n)), n-1)]
}

// Health is how a device has answered lately.
type Health struct {
	Polls       uint64    `json:"polls"`
	Failures    uint64    `json:"failures"`
	Success     float64   `json:"success"` // 0 to 1, the newest polls count most
	Misses      int       `json:"misses"`  // polls without an answer in a row
	LastSuccess time.Time `json:"last_success,omitzero"`
	LastFailure time.Time `json:"last_failure,omitzero"`
	LastError   string    `json:"last_error,omitempty"`
	// Median, P95 and Slowest are of the last 64 polls that succeeded.
	Median  time.Duration `json:"median_ns"`
	P95     time.Duration `json:"p95_ns"`
	Slowest time.Duration `json:"slowest_ns"`
	// Interval is how often it is polled at present.
	Interval time.Duration `json:"interval_ns"`
	// Connection is how the connection stands, see [connect.State]; Path how it is
	// reached: "klap 192.0.2.7:80", or "cloud".
	Connection string    `json:"connection"`
	Path       string    `json:"path,omitempty"`
	Next       time.Time `json:"next_attempt,omitzero"` // of the connection
	// Signal is how strong the device hears the network, in dBm; that of a child is
	// how strong its hub hears it. nil where it does not tell.
	Signal *int `json:"signal_dbm,omitempty"`
}

// Health is how a device has answered lately; for a child that of its parent.
func (h *Hub) Health(id ID) (Health, error) {
	e, err := h.entry(id)
	if err != nil {
		return Health{}, err
	}
	status := e.keeper.Status()
	route, _ := e.keeper.Route()
	e.mu.Lock()
	defer e.mu.Unlock()
	s := &e.health
	out := Health{
		Polls: s.polls, Failures: s.failures, Success: s.rate, Misses: s.misses, LastSuccess: s.lastSuccess, LastFailure: s.lastFailure,
		Median: s.quantile(0.5), P95: s.quantile(0.95), Slowest: s.quantile(1), Interval: e.pace(),
		Connection: string(status.State), Next: status.Next,
	}
	if s.lastError != nil {
		out.LastError = s.lastError.Error()
	}
	switch {
	case route.Transport == wattle.Cloud:
		out.Path = "cloud"
	case route.Transport != "":
		out.Path = route.Name() + " " + route.Address()
	}
	if v := h.bus.view(id); v != nil {
		if dbm, ok := v.Value("rssi").Number(); ok {
			out.Signal = new(int(dbm))
		}
	}
	return out, nil
}

// busiest is the part of its time that a device is polled, at most: one that
// answers slowly is asked less often.
const busiest = 4

// remoteInterval is how often a device is polled through the cloud, at most. See
// docs/protocol/cloud.md section 11.
const remoteInterval = time.Minute

// remote reports whether the device is reached through the cloud.
func (e *entry) remote() bool {
	route, _ := e.keeper.Route()
	return route.Transport == wattle.Cloud
}

// pace is how often the device is polled; it is called with the lock held.
func (e *entry) pace() time.Duration {
	pace := max(e.interval(), busiest*e.health.median)
	if e.remote() {
		pace = max(pace, remoteInterval)
	}
	return pace
}

// A small home is polled in step: what wakes a processor for one device serves
// the others too. Each device has a step of its own in its interval, so that a
// command does not wait behind all of them. With more devices than stepDevices
// the processor is awake anyway.
const (
	stepDevices = 64
	step        = time.Second
)

// nextAfter is when to poll after a poll that began at a time. In a small home it
// is the next step of the device; else a little sooner than the interval, by
// chance, so that devices that came at once do not stay together.
func (e *entry) nextAfter(begun time.Time) time.Time {
	small := e.hub.small()
	e.mu.Lock()
	defer e.mu.Unlock()
	pace := e.pace()
	next := begun.Add(pace - rand.N(pace/10+1))
	if small && pace >= 2*step {
		next = inStep(e.hub.epoch, begun.Add(pace), int(pace/step), e.turn)
	}
	if now := time.Now(); next.Before(now) {
		return now
	}
	return next
}

// inStep is the last step not after t that is a turn's own, where as many turns
// as said follow each other since epoch. Unlike [time.Time.Truncate] it keeps the
// monotonic clock: a computer that learns the time of day late, as one without a
// clock of its own does after a power cut, goes on polling.
func inStep(epoch, t time.Time, turns, turn int) time.Time {
	period := time.Duration(turns) * step
	since := t.Sub(epoch) + period - time.Duration(turn%turns)*step
	return t.Add(-(since % period))
}

// small reports whether the home is polled in step.
func (h *Hub) small() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.entries) <= stepDevices
}
