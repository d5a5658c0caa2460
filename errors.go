package wattle

import (
	"errors"
	"fmt"
)

// The classes of failure. Every error of wattle wraps at most one of them;
// test with [errors.Is]. People see the text around it, scripts the exit code
// of the command line.
var (
	// ErrAuth: the device refused the credentials. Never retried: repeated
	// refusals lock accounts and devices.
	ErrAuth = errors.New("credentials refused")
	// ErrAccess: the device refuses third-party programs whatever the
	// credentials (403 at handshake1, or 1003 and no other transport works; 1003
	// alone is ErrTransport). The remedy is a switch in the app.
	ErrAccess = errors.New("local access is switched off")
	// ErrLockout: the device wants no login for a while.
	ErrLockout = errors.New("locked out for a while")
	// ErrUnreachable: no connection, or no answer in time.
	ErrUnreachable = errors.New("device not reachable")
	// ErrTransport: something answers, but not with this transport.
	ErrTransport = errors.New("device does not speak this transport")
	// ErrSession: the session expired or was taken over; a new handshake cures it.
	ErrSession = errors.New("session lost")
	// ErrBusy: the device could not do it now; worth repeating after a pause.
	ErrBusy = errors.New("device is busy")
	// ErrUnsupported: this device does not have the method or feature.
	ErrUnsupported = errors.New("not supported by this device")
	// ErrParam: a value is wrong or out of range.
	ErrParam = errors.New("value refused")
	// ErrRefused: the device refused for another reason, see the code.
	ErrRefused = errors.New("refused by the device")
	// ErrProtocol: an answer could not be understood.
	ErrProtocol = errors.New("answer not understood")
	// ErrIdentity: another device answers at this address than the one expected.
	ErrIdentity = errors.New("another device answers at this address")
	// ErrNotFound: no device of that name, address or id.
	ErrNotFound = errors.New("no such device")
	// ErrClosed: the session, connection or simulator was closed.
	ErrClosed = errors.New("closed")
)

// DeviceError is a refusal by the device itself: a code other than 0 in its
// answer. The same number means different things in different families, so
// both are kept. errors.Is(err, class) holds for the class of the code, see
// docs/protocol/errors.md. It is comparable.
type DeviceError struct {
	Family Family
	Method string // wire name, such as "set_device_info"; "" for the transport
	Code   int
	Msg    string // err_msg or msg of the device, often ""
}

// Error names the method, the number and what it stands for.
func (e *DeviceError) Error() string {
	info := LookupCode(e.Family, e.Code)
	text := fmt.Sprintf("device answered %d", e.Code)
	switch {
	case info.Name != "" && e.Msg != "":
		text += fmt.Sprintf(" (%s: %s)", info.Name, e.Msg)
	case info.Name != "":
		text += fmt.Sprintf(" (%s)", info.Name)
	case e.Msg != "":
		text += fmt.Sprintf(" (%s)", e.Msg)
	}
	if e.Method != "" {
		text = e.Method + ": " + text
	}
	return text
}

// Is reports whether target is the class of the code.
func (e *DeviceError) Is(target error) bool {
	return target == LookupCode(e.Family, e.Code).Class
}

// Hint says in one sentence what a person can do about it, or "".
func (e *DeviceError) Hint() string { return LookupCode(e.Family, e.Code).Hint }

// CodeInfo is what is known of an error code.
type CodeInfo struct {
	Name  string // as client projects name it, "" when unknown
	Class error  // one of the Err values; ErrRefused when unknown
	Hint  string // what a person can do, "" where nothing is known
	// Retries is how often asking again can help, after a pause or with a new
	// session as the class says: 0 never, at most 3.
	Retries int
}
