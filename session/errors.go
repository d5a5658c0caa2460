package session

import (
	"errors"

	"wattle"
)

// ErrUncertain is for a call of effect [method.Once] that was not answered and may have
// been carried out. It was not sent again; read the device's state before
// repeating it. The error wraps a class of package wattle as well.
var ErrUncertain = errors.New("it may have been carried out, so it was not repeated")

// absentError is a code that means "busy" at first and "not supported" when a
// second try gives it again.
type absentError struct{ refusal wattle.DeviceError }

func (e *absentError) Error() string { return e.refusal.Error() }

// Is makes it ErrUnsupported and nothing else.
func (e *absentError) Is(target error) bool { return target == wattle.ErrUnsupported }

// As gives the code.
func (e *absentError) As(target any) bool {
	if t, ok := target.(**wattle.DeviceError); ok {
		refusal := e.refusal
		*t = &refusal
		return true
	}
	return false
}

// uncertainError says of one call that nobody knows whether it was carried out.
type uncertainError struct {
	label string
	err   error
}

func (e *uncertainError) Error() string {
	return e.label + ": " + e.err.Error() + "; " + ErrUncertain.Error()
}
func (e *uncertainError) Is(target error) bool { return target == ErrUncertain }
func (e *uncertainError) Unwrap() error        { return e.err }

// othersError is what calls get that were not sent because an earlier one of
// their job ended it.
func othersError(err error) error {
	if u, ok := errors.AsType[*uncertainError](err); ok {
		return u.err
	}
	return err
}
