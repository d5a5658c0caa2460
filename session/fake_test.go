package session_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"wattle"
	"wattle/method"
	"wattle/session"
	"wattle/transport"
)

// fakeConn is a transport.Conn made of a script. It notes what was asked and when.
type fakeConn struct {
	route  wattle.Route
	answer func(n int, request string) (string, error) // n counts from 0
	delay  time.Duration                               // before each answer
	// interrupted is the error when ctx ends while it waits for ever; nil: it does not.
	interrupted error

	mu         sync.Mutex
	start      time.Time
	requests   []string
	times      []time.Duration // since start
	sessionIDs []int           // the number of the session of each request
	alive      bool
	handshakes int
	resets     int
	closed     int
	inFlight   int
}

func newFake(tr wattle.Transport, answer func(n int, request string) (string, error)) *fakeConn {
	return &fakeConn{route: wattle.Route{Transport: tr, Host: "127.0.5.1"}, answer: answer, start: time.Now()}
}

func (f *fakeConn) Exchange(ctx context.Context, request []byte) ([]byte, error) {
	f.mu.Lock()
	if f.inFlight++; f.inFlight > 1 {
		panic("two requests at once")
	}
	if !f.alive {
		f.alive = true
		f.handshakes++
	}
	n := len(f.requests)
	f.requests = append(f.requests, string(request))
	f.times = append(f.times, time.Since(f.start))
	f.sessionIDs = append(f.sessionIDs, f.handshakes)
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.inFlight--
		f.mu.Unlock()
	}()
	if f.interrupted != nil {
		<-ctx.Done()
		return nil, fmt.Errorf("%w: %w", f.interrupted, ctx.Err())
	}
	if f.delay > 0 {
		select {
		case <-time.After(f.delay):
		case <-ctx.Done():
			f.Reset()
			return nil, fmt.Errorf("%w: %w", wattle.ErrUnreachable, ctx.Err())
		}
	}
	answer, err := f.answer(n, string(request))
	if err == errHang { //nolint:errorlint // a marker of this file
		<-ctx.Done()
		f.Reset()
		return nil, fmt.Errorf("no answer: %w: %w", wattle.ErrUnreachable, ctx.Err())
	}
	if err != nil {
		return nil, err
	}
	return []byte(answer), nil
}

func (f *fakeConn) Reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.resets++
	f.alive = false
}

func (f *fakeConn) Info() transport.Info {
	f.mu.Lock()
	defer f.mu.Unlock()
	return transport.Info{Route: f.route, Handshakes: f.handshakes}
}

func (f *fakeConn) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed++
	return nil
}

// asked gives the requests so far.
func (f *fakeConn) asked() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.requests...)
}

// The failures that scripts give.
var (
	errHang    = fmt.Errorf("hang until the context ends")
	errReset   = fmt.Errorf("%w: %w", wattle.ErrUnreachable, &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)})
	errRefused = fmt.Errorf("%w: %w", wattle.ErrUnreachable, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)})
	errNoRoute = fmt.Errorf("%w: %w", wattle.ErrUnreachable, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.EHOSTUNREACH)})
	errSession = fmt.Errorf("request: status 403: %w", wattle.ErrSession)
	errBusy    = fmt.Errorf("%w", wattle.ErrBusy)
	errGarbage = fmt.Errorf("cannot decrypt: %w", wattle.ErrProtocol)
	errAuth    = fmt.Errorf("handshake1: %w", wattle.ErrAuth)
	errAccess  = fmt.Errorf("handshake1: status 403: %w", wattle.ErrAccess)
	errLockout = fmt.Errorf("login: %w", wattle.ErrLockout)
	errDialect = fmt.Errorf("status 404: %w", wattle.ErrTransport)
)

// open makes a session that is closed when the test ends.
func open(t *testing.T, conn *fakeConn, family wattle.Family, o *session.Options) *session.Session {
	t.Helper()
	s := session.New(conn, family, o)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func read(name string) method.Call { return call(name, method.Read) }

// call makes a call of "method" or "module.method".
func call(name string, effect method.Effect) method.Call {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return method.Call{Module: name[:i], Method: name[i+1:], Effect: effect}
	}
	return method.Call{Method: name, Effect: effect}
}

func reads(names ...string) []method.Call {
	calls := make([]method.Call, len(names))
	for i, name := range names {
		calls[i] = read(name)
	}
	return calls
}

// smartMethods gives the methods of a request, those inside of multipleRequest
// and control_child included: "multipleRequest(a,b)", "control_child(01:a)".
func smartMethods(request string) string {
	var r struct {
		Method string
		Params struct {
			Requests    []json.RawMessage
			DeviceID    string          `json:"device_id"`
			RequestData json.RawMessage `json:"requestData"`
		}
	}
	if err := json.Unmarshal([]byte(request), &r); err != nil {
		return "?" + request
	}
	switch r.Method {
	case "multipleRequest":
		inner := make([]string, len(r.Params.Requests))
		for i, one := range r.Params.Requests {
			inner[i] = smartMethods(string(one))
		}
		return "multipleRequest(" + strings.Join(inner, ",") + ")"
	case "control_child":
		return "control_child(" + r.Params.DeviceID + ":" + smartMethods(string(r.Params.RequestData)) + ")"
	}
	return r.Method
}

// smartDevice answers SMART requests: each method by its entry in methods, which
// is a result ("{...}") or an error code ("-1008"); others with -1002. It stops a
// batch at the first error, as devices do.
func smartDevice(methods map[string]string) func(int, string) (string, error) {
	var one func(raw string) (string, bool)
	one = func(raw string) (string, bool) {
		var r struct {
			Method string
			Params struct {
				Requests    []json.RawMessage
				RequestData json.RawMessage `json:"requestData"`
			}
		}
		if err := json.Unmarshal([]byte(raw), &r); err != nil {
			return `{"error_code":-1003}`, false
		}
		switch r.Method {
		case "multipleRequest":
			var list []string
			for _, inner := range r.Params.Requests {
				answer, good := one(string(inner))
				var name struct{ Method string }
				_ = json.Unmarshal(inner, &name)
				list = append(list, fmt.Sprintf(`{"method":%q,%s`, name.Method, answer[1:]))
				if !good {
					break
				}
			}
			return `{"result":{"responses":[` + strings.Join(list, ",") + `]},"error_code":0}`, true
		case "control_child":
			answer, _ := one(string(r.Params.RequestData))
			return `{"result":{"responseData":` + answer + `},"error_code":0}`, true
		}
		switch what, known := methods[r.Method]; {
		case !known:
			return `{"error_code":-1002}`, false
		case strings.HasPrefix(what, "{"):
			return `{"result":` + what + `,"error_code":0}`, true
		default:
			return `{"error_code":` + what + `}`, what == "0"
		}
	}
	return func(_ int, request string) (string, error) {
		answer, _ := one(request)
		return answer, nil
	}
}

// describe writes results as "raw" or "!error" for comparison.
func describe(results []method.Result) []string {
	out := make([]string, len(results))
	for i, r := range results {
		if r.Err != nil {
			out[i] = "!" + r.Err.Error()
			continue
		}
		out[i] = string(r.Raw)
	}
	return out
}

// quietConn answers the same always and notes nothing.
type quietConn struct{ answer []byte }

func (q *quietConn) Exchange(context.Context, []byte) ([]byte, error) { return q.answer, nil }
func (q *quietConn) Reset()                                           {}
func (q *quietConn) Info() transport.Info                             { return transport.Info{} }
func (q *quietConn) Close() error                                     { return nil }

func newQuiet(family wattle.Family, answer string) *session.Session {
	return session.New(&quietConn{[]byte(answer)}, family, nil)
}
