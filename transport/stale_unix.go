//go:build unix

package transport

import (
	"errors"
	"net"
	"syscall"
)

// stale reports whether the other side has closed a connection that was kept,
// or sent what nobody asked for. It asks the kernel and waits for nothing, so
// that a request is not written to a connection which nobody reads. A connection
// without a descriptor is asked as [silent] does.
func stale(conn net.Conn) bool {
	conn = beneath(conn)
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return !silent(conn)
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return true
	}
	alive := false
	var one [1]byte
	err = raw.Read(func(fd uintptr) bool {
		_, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK)
		alive = errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EWOULDBLOCK)
		return true
	})
	return err != nil || !alive
}
