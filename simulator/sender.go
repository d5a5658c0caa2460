package simulator

import (
	"net"
	"os"
	"sync"
	"time"
)

// sender lets several devices answer from one socket, which somebody else
// reads: nothing ever arrives at it by itself. Its reader is woken by a
// deadline, as endpoint.Broadcasts does when something arrived for it.
type sender struct {
	net.PacketConn // only written to

	mu       sync.Mutex
	deadline time.Time
	changed  chan struct{} // closed when deadline changes
	closed   chan struct{}
	once     sync.Once
}

func newSender(pc net.PacketConn) *sender {
	return &sender{PacketConn: pc, changed: make(chan struct{}), closed: make(chan struct{})}
}

// ReadFrom waits for the deadline, or for Close.
func (s *sender) ReadFrom([]byte) (int, net.Addr, error) {
	for {
		s.mu.Lock()
		deadline, changed := s.deadline, s.changed
		s.mu.Unlock()
		var timeout <-chan time.Time
		if !deadline.IsZero() {
			left := time.Until(deadline)
			if left <= 0 {
				return 0, nil, os.ErrDeadlineExceeded
			}
			timer := time.NewTimer(left)
			defer timer.Stop()
			timeout = timer.C
		}
		select {
		case <-timeout:
			return 0, nil, os.ErrDeadlineExceeded
		case <-changed:
		case <-s.closed:
			return 0, nil, net.ErrClosed
		}
	}
}

func (s *sender) SetReadDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deadline = t
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}

func (s *sender) SetDeadline(t time.Time) error { return s.SetReadDeadline(t) }

// SetWriteDeadline does nothing: the socket is not this device's alone.
func (s *sender) SetWriteDeadline(time.Time) error { return nil }

// Close wakes the reader and leaves the socket open.
func (s *sender) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}
