package transport

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"time"
)

// beneath is the connection that carries TLS, which says goodbye in a record of
// its own: between two exchanges nothing else is on its way.
func beneath(conn net.Conn) net.Conn {
	if secure, ok := conn.(*tls.Conn); ok {
		return secure.NetConn()
	}
	return conn
}

// listenFor is how long a connection is listened to of which the kernel cannot be
// asked.
const listenFor = time.Millisecond

// silent reports whether nothing comes from the other side, not even the end. What
// does come is lost: the connection is of no more use. A connection of an injected
// dialer may know without being read, by a method Stale.
func silent(conn net.Conn) bool {
	if c, ok := conn.(interface{ Stale() bool }); ok {
		return !c.Stale()
	}
	var one [1]byte
	if conn.SetReadDeadline(time.Now().Add(listenFor)) != nil {
		return false
	}
	n, err := conn.Read(one[:])
	return n == 0 && errors.Is(err, os.ErrDeadlineExceeded) && conn.SetReadDeadline(time.Time{}) == nil
}
