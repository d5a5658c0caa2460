package hub

import (
	"math"
	"sync"
	"time"
)

// Stats is how the hub itself is doing.
type Stats struct {
	Devices     int     `json:"devices"` // children not counted
	Online      int     `json:"online"`  // of them
	Children    int     `json:"children"`
	Polls       uint64  `json:"polls"`    // since it was made, failed ones included
	Failures    uint64  `json:"failures"` // of them
	PollsPerSec float64 `json:"polls_per_s"`
	// Delay is how much later than planned polls have begun, on average of the last
	// ones; DelayMost is the most since the hub was made.
	Delay     time.Duration `json:"delay_ns"`
	DelayMost time.Duration `json:"delay_most_ns"`
	// Subscribers are those who are subscribed; Missed is how many events they have
	// lost because they did not read in time.
	Subscribers int    `json:"subscribers"`
	Missed      uint64 `json:"missed"`
	// Connecting is how many connections are being made.
	Connecting int       `json:"connecting"`
	Since      time.Time `json:"since"` // when the hub was made
}

// Stats is how the hub itself is doing now.
func (h *Hub) Stats() Stats {
	out := h.stats.now(time.Now())
	out.Since, out.Connecting = h.epoch, len(h.logins)
	b := h.bus
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, v := range b.views {
		switch {
		case id.Child != "":
			out.Children++
		case v.Online:
			out.Devices++
			out.Online++
		default:
			out.Devices++
		}
	}
	out.Subscribers, out.Missed = len(b.subs), b.missed
	return out
}

// stats counts polls.
type stats struct {
	mu              sync.Mutex
	polls, failures uint64
	rate            float64 // of polls in a second, decaying
	last            time.Time
	late            time.Duration // decaying mean
	latest          time.Duration
}

// rateSpan is over how long the rate of polls is taken.
const rateSpan = 30 * time.Second

func (s *stats) polled(now time.Time, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.polls++
	if !ok {
		s.failures++
	}
	s.rate = s.rateAt(now) + 1/rateSpan.Seconds()
	s.last = now
}

func (s *stats) rateAt(now time.Time) float64 {
	return s.rate * math.Exp(-now.Sub(s.last).Seconds()/rateSpan.Seconds())
}

func (s *stats) delayed(late time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.late += (late - s.late) / 64
	s.latest = max(s.latest, late)
}

func (s *stats) now(now time.Time) Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{Polls: s.polls, Failures: s.failures, PollsPerSec: s.rateAt(now), Delay: s.late, DelayMost: s.latest}
}
