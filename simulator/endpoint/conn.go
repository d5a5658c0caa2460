package endpoint

import (
	"net"
	"sync"
	"time"
)

// faultConn writes as faults want it: in pieces of one byte, with pauses.
type faultConn struct {
	net.Conn
	faults *Faults
	once   sync.Once
	closed chan struct{} // made when there are faults at all
}

func newFaultConn(conn net.Conn, faults *Faults) net.Conn {
	if faults == nil {
		return conn
	}
	return &faultConn{Conn: conn, faults: faults, closed: make(chan struct{})}
}

// Write writes all of p, in the pieces that faults want.
func (c *faultConn) Write(p []byte) (int, error) {
	pause := c.faults.duration("trickle")
	if pause == 0 && !c.faults.on("chop") {
		return c.Conn.Write(p)
	}
	for i := range p {
		if _, err := c.Conn.Write(p[i : i+1]); err != nil {
			return i, err
		}
		if pause == 0 {
			continue
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-c.closed:
			timer.Stop()
			return i + 1, net.ErrClosed
		}
	}
	return len(p), nil
}

// Close also ends a pause.
func (c *faultConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// faultListener gives connections that know faults.
type faultListener struct {
	net.Listener
	faults *Faults
}

func (l faultListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return newFaultConn(conn, l.faults), nil
}
