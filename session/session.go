package session

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"wattle"
	"wattle/method"
	"wattle/transport"
)

const (
	// MaxTimeout is the longest that a session waits for one answer by itself.
	// Give it to [transport.Options.Timeout], so that the transport does not give
	// up earlier.
	MaxTimeout = 10 * time.Second

	defaultTimeout = 5 * time.Second
	defaultBatch   = 5
)

// Options are settings of a session; nil and the zero value work.
type Options struct {
	// Batch is how many SMART methods go into one message; 0 means 5, 1 sends
	// each on its own.
	Batch int
	// Timeout is for one exchange of messages; 0 means 5 s, and 10 s for children
	// and lists of children. The transport's own timeout has to be as long.
	Timeout time.Duration
	// TerminalID is what SMART requests carry as terminal_uuid; "" means a random one.
	TerminalID string
	// Trace gets every message after redaction, for programs that show traffic.
	// It is called by the goroutine that owns the connection and must not call
	// the session.
	Trace func(Trace)
	// Measure gets the outcome of each exchange, for statistics. It is called like
	// Trace, and must return at once.
	Measure func(Measurement)
	// Logger gets the same at debug level; nil means none.
	Logger *slog.Logger
}

// Session is an open device. It may be used by several goroutines.
type Session struct {
	conn   transport.Conn
	family wattle.Family
	opt    Options
	log    *slog.Logger

	queue    queue
	stop     context.CancelCauseFunc
	ctx      context.Context //nolint:containedctx // the life of the session; ends with Close
	closing  sync.Once
	closeErr error

	health health

	// The rest belongs to the owner alone: the goroutine that serves the queue,
	// which there is while jobs are in it.
	state ownerState
}

// ownerState is what a session has learned about its device. Only the owner
// touches it.
type ownerState struct {
	broken error     // refused credentials or a lock-out: nothing is sent
	mends  time.Time // until then; zero is for good

	paced    bool      // the device closed a connection: keep a distance between requests
	lastDone time.Time // when the last exchange ended
	served   int       // exchanges since the last handshake

	iot   iotState
	smart smartState
}

type job struct {
	ctx   context.Context //nolint:containedctx // of the caller, on its way to the goroutine that runs the job
	child string
	calls []method.Call
	reply chan<- reply // has room for one, so that the owner never waits for a caller who left
}

type reply struct {
	results []method.Result
	err     error
}

var _ method.Caller = (*Session)(nil)

// New makes a session over a connection. It does no I/O: the first call costs the
// handshake. The session owns conn from now on; Close
// ends both.
func New(conn transport.Conn, family wattle.Family, o *Options) *Session {
	s := &Session{
		conn:   conn,
		family: family,
	}
	if o != nil {
		s.opt = *o
	}
	s.log = s.opt.Logger
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.opt.TerminalID == "" {
		s.opt.TerminalID = randomID()
	}
	if s.opt.Batch <= 0 {
		s.opt.Batch = defaultBatch
	}
	s.state.smart.batch = s.opt.Batch
	s.state.smart.childBatch = s.opt.Batch
	s.ctx, s.stop = context.WithCancelCause(context.Background())
	return s
}

func randomID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	return base64.StdEncoding.EncodeToString(id[:])
}

// Do performs calls on the device. See [method.Caller]. Errors to test for
// besides the classes of package wattle: [ErrUncertain].
func (s *Session) Do(ctx context.Context, calls ...method.Call) ([]method.Result, error) {
	return s.do(ctx, "", calls)
}

// Child is a Caller for an outlet of a strip or a device behind a hub. It
// shares the session and needs no Close. No check is made that it exists.
func (s *Session) Child(id string) method.Caller { return &child{s, id} }

type child struct {
	session *Session
	id      string
}

func (c *child) Do(ctx context.Context, calls ...method.Call) ([]method.Result, error) {
	if c.id == "" {
		return nil, fmt.Errorf("a child without id: %w", wattle.ErrParam)
	}
	return c.session.do(ctx, c.id, calls)
}

// Conn is the connection beneath, for its Info and for Export.
func (s *Session) Conn() transport.Conn { return s.conn }

// Family is the language that the session speaks.
func (s *Session) Family() wattle.Family { return s.family }

// Close ends the session: calls under way and calls that wait get
// [wattle.ErrClosed]. It waits for the owner and closes the connection. Further
// calls of Close do nothing and return the same.
func (s *Session) Close() error {
	s.closing.Do(func() {
		s.stop(wattle.ErrClosed)
		s.queue.close()
		s.closeErr = s.conn.Close()
	})
	return s.closeErr
}

func (s *Session) do(ctx context.Context, childID string, calls []method.Call) ([]method.Result, error) {
	if len(calls) == 0 {
		return nil, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	answer := make(chan reply, 1)
	j := &job{ctx, childID, calls, answer}
	if !s.queue.add(j, s.own) {
		return nil, errClosed()
	}
	select {
	case r := <-answer:
		return r.results, r.err
	case <-ctx.Done():
	}
	if effectOf(calls) == method.Once && !s.queue.leave(j) {
		// The owner sees ctx end as well, and knows whether the call was sent.
		r := <-answer
		return r.results, r.err
	}
	return nil, context.Cause(ctx)
}

func errClosed() error { return fmt.Errorf("session: %w", wattle.ErrClosed) }

// own serves the queue until nothing is left in it.
func (s *Session) own() {
	for j := s.queue.next(); j != nil; j = s.queue.next() {
		s.serve(j)
	}
}

// serveCommands carries out what waits in the queue of commands. It is called
// between the messages of a long job, too.
func (s *Session) serveCommands() {
	for j := s.queue.nextCommand(); j != nil; j = s.queue.nextCommand() {
		s.serve(j)
	}
}

func (s *Session) serve(j *job) {
	if s.ctx.Err() != nil {
		j.reply <- reply{nil, errClosed()}
		return
	}
	if j.ctx.Err() != nil { // left while queued
		j.reply <- reply{nil, context.Cause(j.ctx)}
		return
	}
	ctx, cancel := context.WithCancelCause(j.ctx)
	defer cancel(nil)
	defer context.AfterFunc(s.ctx, func() { cancel(errClosed()) })()

	r := &run{
		Session:  s,
		child:    j.child,
		command:  effectOf(j.calls) != method.Read,
		results:  make([]method.Result, len(j.calls)),
		finished: make([]bool, len(j.calls)),
	}
	var err error
	switch s.family {
	case wattle.IOT:
		err = r.iot(ctx, j.calls)
	case wattle.SMART:
		err = r.smart(ctx, j.calls)
	default:
		err = fmt.Errorf("no session for the language %q yet: %w", s.family, wattle.ErrUnsupported)
	}
	if err != nil && !r.answered {
		j.reply <- reply{nil, err}
		return
	}
	j.reply <- reply{r.results, nil}
}

// run is one job while it is carried out.
type run struct {
	*Session
	child    string
	command  bool // changes something: gives way to no other command
	results  []method.Result
	finished []bool // which calls have their result
	answered bool   // at least one message was answered

	batchTimedOut bool // SMART: ask one by one, and remember it if that works
}

// finish stores the result of a call.
func (r *run) finish(c indexed, result method.Result) {
	r.results[c.index] = result
	r.finished[c.index] = true
}

// failRest gives the calls that have no result yet the error that ended the job.
func (r *run) failRest(calls []indexed, err error) {
	for _, c := range calls {
		if !r.finished[c.index] {
			r.finish(c, method.Result{Err: err})
		}
	}
}

// indexed is a call and its place in the job.
type indexed struct {
	method.Call
	index int
	alone bool // to be sent in a message of its own
	tries int  // how often it was asked and refused with a code that allows a repeat
}

func number(calls []method.Call) []indexed {
	list := make([]indexed, len(calls))
	for i, c := range calls {
		list[i] = indexed{Call: c, index: i}
	}
	return list
}

// effectOf is the strongest effect of the calls.
func effectOf(calls []method.Call) method.Effect {
	effect := method.Read
	for _, c := range calls {
		effect = max(effect, c.Effect)
	}
	return effect
}
