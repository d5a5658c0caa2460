package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"wattle"
	"wattle/method"
	"wattle/transport"
)

// LockWait is how long nothing is sent to a device that said that it takes no
// login now. Devices do not agree on the time, and few tell it.
const LockWait = 30 * time.Minute

const (
	maxRetries = 3
	pause      = time.Second
	// distance is kept between requests once a device has closed a connection.
	distance = 250 * time.Millisecond
)

// message is one request that is to be answered, however often it is sent.
type message struct {
	// build makes the request anew for each attempt.
	build func() ([]byte, error)
	// parse reads the answer; it returns the device's refusal of the message as a
	// whole, which is then treated by its class.
	parse   func(answer []byte) error
	effect  method.Effect
	timeout time.Duration
	label   string // what is asked, for logs and errors
	// stopOn ends the attempts early where the caller has something better to
	// try than the same message again. It may be nil.
	stopOn func(err error, attempt int) bool
}

// exchange sends a message until it is answered or a repeat is of no use. It is
// the only place that repeats, see docs/protocol/transports.md section 0.3.
func (r *run) exchange(ctx context.Context, m *message) error {
	if !r.command {
		r.serveCommands()
	}
	for attempt := 0; ; attempt++ {
		if err := r.broken(); err != nil {
			return err
		}
		if err := r.keepDistance(ctx); err != nil {
			return err
		}
		err := r.attempt(ctx, m)
		if err == nil {
			r.answered = true
			return nil
		}
		if ctx.Err() != nil {
			return r.endedBy(ctx, m, err)
		}
		v := r.judge(err)
		if r.remote() {
			v = judgeRemote(err)
		}
		if v.reset {
			r.reset()
		}
		if v.broken {
			r.state.broken, r.state.mends = err, time.Time{}
			refusal, ok := errors.AsType[*transport.AuthError](err)
			if errors.Is(err, wattle.ErrLockout) || ok && refusal.Proven() {
				r.state.mends = time.Now().Add(LockWait)
			}
		}
		if v.retries > 0 && m.effect == method.Once && !transport.NotCarriedOut(err) {
			if _, ok := errors.AsType[*wattle.DeviceError](err); ok {
				return err // it said no
			}
			return &uncertainError{m.label, err}
		}
		if r.remote() && m.effect != method.Read {
			return err // the state is to be read first
		}
		if attempt >= v.retries || m.stopOn != nil && m.stopOn(err, attempt) {
			return err
		}
		r.health.retried()
		r.log.LogAttrs(ctx, levelDebug, "retry", attrCall(m.label), attrErr(err), attrAttempt(attempt+1))
		if err := wait(ctx, v.pause(attempt)); err != nil {
			return err
		}
	}
}

// endedBy is the error of an exchange that the caller's context or Close ended.
func (r *run) endedBy(ctx context.Context, m *message, err error) error {
	r.state.served = 0
	cause := context.Cause(ctx)
	if m.effect == method.Once && !transport.NotCarriedOut(err) {
		return &uncertainError{m.label, cause}
	}
	return cause
}

// attempt sends the message once.
func (r *run) attempt(ctx context.Context, m *message) error {
	request, err := m.build()
	if err != nil {
		return err
	}
	if r.state.iot.freshEach && r.state.served > 0 {
		r.reset()
	}
	limit, cancel := context.WithTimeout(ctx, m.timeout)
	defer cancel()
	before, served := r.conn.Info().Handshakes, r.state.served
	r.trace(Trace{Direction: Request, Label: m.label}, request)
	start := time.Now()
	answer, err := r.conn.Exchange(limit, request)
	took := time.Since(start)
	r.state.lastDone = time.Now()
	if r.conn.Info().Handshakes != before {
		r.state.served = 0
	}
	if err == nil {
		r.state.served++
		r.trace(Trace{Direction: Response, Label: m.label, Took: took}, answer)
		err = m.parse(answer)
		if err != nil && errors.Is(err, wattle.ErrProtocol) {
			err = &unreadable{err}
		}
	} else {
		if isTimeout(err) && !hasClass(err) {
			err = fmt.Errorf("%w: no answer within %v: %w", wattle.ErrUnreachable, m.timeout, err)
		}
		r.trace(Trace{Direction: Failure, Label: m.label, Took: took, Err: err}, nil)
		err = &transportError{err}
	}
	if r.family == wattle.IOT {
		r.state.iot.noteSession(served, err)
	}
	r.health.asked(took, err)
	r.measure(Measurement{Label: m.label, Took: took, Err: err})
	return err
}

// broken is why nothing may be sent now, nil if it may.
func (s *Session) broken() error {
	if s.state.broken != nil && !s.state.mends.IsZero() && !time.Now().Before(s.state.mends) {
		s.state.broken = nil
	}
	return s.state.broken
}

// reset begins with a new session.
func (s *Session) reset() {
	s.conn.Reset()
	s.state.served = 0
	s.health.resetDone()
	s.measure(Measurement{Reset: true})
}

// transportError is a failure to get an answer, and not what an answer says: a
// code in it is about the session and not about the calls.
type transportError struct{ err error }

func (e *transportError) Error() string { return e.err.Error() }
func (e *transportError) Unwrap() error { return e.err }

func fromTransport(err error) bool {
	_, ok := errors.AsType[*transportError](err)
	return ok
}

// unreadable is an answer that arrived well and makes no sense: the device
// would only say it again.
type unreadable struct{ err error }

func (u *unreadable) Error() string { return u.err.Error() }
func (u *unreadable) Unwrap() error { return u.err }

// verdict says what to do after a failed attempt.
type verdict struct {
	retries int                             // how often this kind of failure is worth repeating
	reset   bool                            // begin with a new session
	broken  bool                            // do not ask this device again with these credentials
	pause   func(attempt int) time.Duration // before the next attempt
}

func atOnce(int) time.Duration  { return 0 }
func aSecond(int) time.Duration { return pause }

// onceAtOnce lets the first repeat follow immediately: a session that ran out
// needs a handshake and no rest.
func onceAtOnce(attempt int) time.Duration {
	if attempt == 0 {
		return 0
	}
	return pause
}

// judge is the table of docs/protocol/transports.md section 0.3.
func (s *Session) judge(err error) verdict {
	v := verdict{pause: atOnce}
	limit := maxRetries
	if refusal, ok := errors.AsType[*wattle.DeviceError](err); ok {
		limit = wattle.LookupCode(refusal.Family, refusal.Code).Retries
	}
	var notJSON *unreadable
	switch {
	case errors.Is(err, wattle.ErrAuth), errors.Is(err, wattle.ErrLockout):
		v.reset, v.broken = true, true
	case errors.Is(err, wattle.ErrSession):
		v.reset, v.retries, v.pause = true, limit, onceAtOnce
	case errors.Is(err, wattle.ErrBusy):
		v.reset, v.retries, v.pause = true, limit, aSecond
	case errors.As(err, &notJSON):
		v.reset = true
	case errors.Is(err, wattle.ErrProtocol):
		// The transport could not decrypt: a new session may cure it.
		v.reset, v.retries = true, 1
	case errors.Is(err, wattle.ErrUnreachable):
		v = s.judgeUnreachable(err)
	case errors.Is(err, wattle.ErrTransport), errors.Is(err, wattle.ErrAccess):
		v.reset = true
	}
	if s.family == wattle.IOT && !isTimeout(err) {
		v.pause = atOnce
	}
	return v
}

func (s *Session) judgeUnreachable(err error) verdict {
	plain := s.plain()
	switch {
	case isTimeout(err):
		return verdict{retries: maxRetries, reset: true, pause: aSecond}
	case isNoRoute(err), plain && errors.Is(err, syscall.ECONNREFUSED):
		return verdict{pause: atOnce}
	}
	if !plain && isHangUp(err) {
		s.state.paced = true
	}
	return verdict{retries: maxRetries, reset: true, pause: atOnce}
}

// remote reports whether the device is reached through the cloud.
func (s *Session) remote() bool { return s.conn.Info().Route.Transport == wattle.Cloud }

// judgeRemote is for messages through the cloud, whose client renews tokens and
// holds back by itself: a read that got no answer in time is repeated once, and
// nothing else. See docs/protocol/cloud.md section 6.
func judgeRemote(err error) verdict {
	if errors.Is(err, wattle.ErrUnreachable) && !transport.NotCarriedOut(err) {
		return verdict{retries: 1, pause: twoSeconds}
	}
	return verdict{pause: atOnce}
}

func twoSeconds(int) time.Duration { return 2 * pause }

// plain reports whether the transport is XOR, which has no session and no HTTP.
func (s *Session) plain() bool {
	switch s.conn.Info().Route.Transport {
	case wattle.XOR, wattle.XORUDP:
		return true
	}
	return false
}

// keepDistance waits until the last request is a quarter of a second ago, for
// devices that close connections.
func (s *Session) keepDistance(ctx context.Context) error {
	if !s.state.paced {
		return nil
	}
	return wait(ctx, distance-time.Since(s.state.lastDone))
}

func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func isTimeout(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return true
	}
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// isNoRoute: the network says that nobody is there.
func isNoRoute(err error) bool {
	for _, number := range []syscall.Errno{syscall.EHOSTUNREACH, syscall.EHOSTDOWN, syscall.ENETUNREACH} {
		if errors.Is(err, number) {
			return true
		}
	}
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}

// isHangUp: the device closed a connection that was open.
func isHangUp(err error) bool {
	for _, e := range []error{syscall.ECONNRESET, syscall.EPIPE, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func hasClass(err error) bool {
	for _, class := range []error{
		wattle.ErrAuth, wattle.ErrAccess, wattle.ErrLockout, wattle.ErrUnreachable, wattle.ErrTransport,
		wattle.ErrSession, wattle.ErrBusy, wattle.ErrProtocol, wattle.ErrClosed,
	} {
		if errors.Is(err, class) {
			return true
		}
	}
	return false
}
