//go:build !unix

package transport

import "net"

// stale reports whether the other side has closed a connection that was kept, or
// sent what nobody asked for.
func stale(conn net.Conn) bool { return !silent(beneath(conn)) }
