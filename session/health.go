package session

import (
	"sync"
	"time"
)

// Health is how a device has been answering since its session was made.
type Health struct {
	Requests    int           // messages sent, repeats included
	Retries     int           // of them, repeats
	Failures    int           // of them, not answered or refused as a whole
	Handshakes  int           // sessions made with the device
	Resets      int           // sessions given up
	Latency     time.Duration // of the last answer
	MeanLatency time.Duration // of all answers, weighted towards the last ones
	LastAnswer  time.Time     // zero when there was none yet
	LastFailure time.Time     // zero when there was none yet
	LastError   error         // of the last failure; it stays after a success
}

type health struct {
	mu sync.Mutex
	h  Health
}

// Health is a snapshot.
func (s *Session) Health() Health {
	s.health.mu.Lock()
	h := s.health.h
	s.health.mu.Unlock()
	h.Handshakes = s.conn.Info().Handshakes
	return h
}

func (h *health) asked(took time.Duration, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.h.Requests++
	if err != nil {
		h.h.Failures++
		h.h.LastFailure = time.Now()
		h.h.LastError = err
		return
	}
	h.h.LastAnswer = time.Now()
	h.h.Latency = took
	if h.h.MeanLatency == 0 {
		h.h.MeanLatency = took
	}
	h.h.MeanLatency += (took - h.h.MeanLatency) / 8
}

func (h *health) retried() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.h.Retries++
}

func (h *health) resetDone() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.h.Resets++
}
