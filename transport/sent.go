package transport

import (
	"errors"
	"net"
	"syscall"

	"wattle"
)

// unsent marks an error that came before the device got the request.
type unsent struct{ err error }

func (u *unsent) Error() string { return u.err.Error() }
func (u *unsent) Unwrap() error { return u.err }

// Unsent marks the error of an exchange that failed before any byte of the
// request itself was written: while connecting, in a handshake, in a login. Such
// a request may be repeated even when it toggles something. nil stays nil.
func Unsent(err error) error {
	if err == nil {
		return nil
	}
	return &unsent{err}
}

// NotCarriedOut reports whether the device surely did nothing: the request was
// not sent ([Unsent], or no connection was made), or the device turned it away
// unseen (session lost, credentials, access or transport refused). A timeout or
// an answer that cannot be read proves nothing.
func NotCarriedOut(err error) bool {
	if _, ok := errors.AsType[*unsent](err); ok {
		return true
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return true
	}
	for _, refusal := range []error{
		syscall.ECONNREFUSED,
		wattle.ErrSession, wattle.ErrAuth, wattle.ErrAccess, wattle.ErrLockout, wattle.ErrTransport,
	} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return false
}
