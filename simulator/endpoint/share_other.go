//go:build !unix

package endpoint

import "syscall"

// shareAddress does nothing: on this system an address has one socket.
func shareAddress(_, _ string, _ syscall.RawConn) error { return nil }
