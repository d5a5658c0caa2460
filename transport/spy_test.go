package transport_test

import (
	"bytes"
	"context"
	"net"
	"sync"
	"testing"

	"wattle/transport"
)

// spy counts connections and keeps what clients write to them.
type spy struct {
	dial  func(ctx context.Context, network, address string) (net.Conn, error)
	mu    sync.Mutex
	dials int
	wrote bytes.Buffer
}

// spied makes a Conn whose connections the spy watches.
func (f *fixture) spied(t *testing.T, change func(*transport.Options)) (transport.Conn, *spy) {
	t.Helper()
	s := &spy{dial: f.world.dial}
	conn := f.open(t, func(o *transport.Options) {
		if change != nil {
			change(o)
		}
		o.DialContext = s.DialContext
	})
	return conn, s
}

// DialContext opens a connection that is watched.
func (s *spy) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := s.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dials++
	return &spiedConn{conn, s}, nil
}

// count tells how often text was written.
func (s *spy) count(text string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Count(s.wrote.Bytes(), []byte(text))
}

// connections tells how many were opened.
func (s *spy) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dials
}

type spiedConn struct {
	net.Conn
	spy *spy
}

func (c *spiedConn) Write(p []byte) (int, error) {
	c.spy.mu.Lock()
	c.spy.wrote.Write(p)
	c.spy.mu.Unlock()
	return c.Conn.Write(p)
}
