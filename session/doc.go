// Package session is the one owner of a connection to a device. It puts calls
// in order, packs them into as few messages as the device can take, follows
// lists to their end, reaches children through their parent, and is the only
// place in wattle that repeats a request.
//
// A [Session] is a [method.Caller]. One goroutine owns the connection; callers
// queue, and leave the queue when their context ends. A call that changes
// something goes ahead of waiting reads, so that a poll does not delay a switch.
//
// # What is repeated
//
// At most three times, by class of error (docs/protocol/transports.md section
// 0.3): lost sessions, busy devices, timeouts and broken connections. Never
// refused credentials: after [wattle.ErrAuth] a session answers every call with
// that error, until a new one is made with other credentials; after
// [wattle.ErrLockout] for [LockWait]. Never a call of effect [method.Once] that may have been carried
// out; its error wraps [ErrUncertain].
package session
