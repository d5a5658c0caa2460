package endpoint

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"wattle/internal/wire/klap"
	"wattle/internal/wire/tpap"
)

// ServeTPAP answers TPAP on ln until ctx ends; then it closes ln and the
// connections and waits for what it started. The error is nil after that, and
// that of ln otherwise. See docs/protocol/tpap.md section 17.
func ServeTPAP(ctx context.Context, ln net.Listener, dev Device, o *Options) error {
	s := &tpapServer{web: web{options: o.orDefaults(), device: dev, root: true}}
	s.options.TPAP = s.options.TPAP.orDefaults()
	if s.port = s.options.TPAP.Port; s.port == 0 {
		s.port = portOf(ln.Addr())
		if s.options.TPAP.KLAP {
			s.klap = &klapServer{web: web{options: s.options, device: dev}}
			s.klap.options.Version = klap.V2
			defer s.klap.conns.Wait()
		}
	}
	return s.serve(ctx, ln, s.handle)
}

// portOf is the port of an address, 0 where it has none.
func portOf(a net.Addr) int {
	_, text, err := net.SplitHostPort(a.String())
	if err != nil {
		return 0
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return port
}

// tpapServer is a device that speaks TPAP.
type tpapServer struct {
	web
	port int
	klap *klapServer // beside it, or nil

	// Guarded by mu:
	holds    tpapHolds      // what the account gives, kept since it is costly
	pending  []*tpapPending // logins that began, at most one for each client
	sessions []*tpapSession // oldest first
	refused  int            // logins since the last right one
	locked   time.Time      // until then no login is taken
}

// tpapSession is one session, guarded by the server's mu.
type tpapSession struct {
	id       string
	keys     *tpap.Session
	expires  time.Time
	requests int
}

func (s *tpapServer) handle(w http.ResponseWriter, r *http.Request) {
	if s.klap != nil && (r.URL.Path == "/app" || strings.HasPrefix(r.URL.Path, "/app/")) {
		s.klap.handle(w, r)
		return
	}
	body, ok := s.read(w, r)
	if !ok {
		return
	}
	id, sealed := tpap.ParseSessionPath(r.URL.Path)
	switch {
	case sealed:
		s.request(w, r, id, body)
	case r.URL.Path == "/":
		s.json(w, r, s.login(r, body))
	case r.URL.Path == "/app/handshake1":
		s.status(w, r, http.StatusForbidden)
	case r.URL.Path == "/app":
		s.json(w, r, fmt.Appendf(nil, `{"error_code":%d}`, codeNoTransport))
	default:
		s.status(w, r, http.StatusNotFound)
	}
}

func (s *tpapServer) json(w http.ResponseWriter, r *http.Request, body []byte) {
	s.reply(w, r, http.StatusOK, "application/json", body)
}

// request answers one sealed message.
func (s *tpapServer) request(w http.ResponseWriter, r *http.Request, id string, body []byte) {
	if len(body) < tpap.Overhead || isJSON(body) {
		s.json(w, r, fmt.Appendf(nil, `{"error_code":%d}`, codePlain))
		return
	}
	n, seq, message, code := s.accept(id, body)
	if n == nil {
		s.json(w, r, fmt.Appendf(nil, `{"error_code":%d}`, code))
		return
	}
	if s.options.Faults.every("drop") {
		drop()
	}
	answer, err := s.options.handle(r.Context(), s.device, message)
	if err != nil || answer == nil || s.options.Faults.every("drop-after") {
		drop()
	}
	if s.options.Faults.on("plain") {
		s.json(w, r, answer)
		return
	}
	s.reply(w, r, http.StatusOK, "application/octet-stream", s.seal(n, seq, answer))
}

// isJSON tells a plain message from a frame that begins like one.
func isJSON(body []byte) bool {
	return bytes.HasPrefix(body, []byte(`{"`)) && bytes.HasSuffix(body, []byte("}"))
}

// accept finds the session of a request and opens the message. Without a
// session there is a code to answer.
func (s *tpapServer) accept(id string, frame []byte) (n *tpapSession, seq uint32, message []byte, code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	camera := s.options.TPAP.kind() == tpap.Camera
	i := slices.IndexFunc(s.sessions, func(n *tpapSession) bool { return n.id == id })
	if i < 0 || !time.Now().Before(s.sessions[i].expires) {
		if i >= 0 {
			s.sessions = slices.Delete(s.sessions, i, i+1)
		}
		return nil, 0, nil, codeSessionLost
	}
	n = s.sessions[i]
	seq, message, err := n.keys.Open(frame)
	if err != nil || seq != n.keys.Expected() {
		if !camera {
			return nil, 0, nil, codeNonce
		}
		s.sessions = slices.Delete(s.sessions, i, i+1)
		return nil, 0, nil, codeSessionLost
	}
	n.keys.Next()
	n.requests++
	if n.requests == 1 && s.options.Faults.next("flaky-first") {
		s.sessions = slices.Delete(s.sessions, i, i+1)
		return nil, 0, nil, codeSessionLost
	}
	if limit, ok := s.options.Faults.number("session-loss"); ok && n.requests >= limit {
		s.sessions = slices.Delete(s.sessions, i, i+1)
	}
	return n, seq, message, 0
}

// seal makes the answer to message seq.
func (s *tpapServer) seal(n *tpapSession, seq uint32, answer []byte) []byte {
	if s.options.Faults.on("garble") {
		return bytes.Repeat([]byte{0xa5}, tpap.Overhead)
	}
	if s.options.Faults.on("sequence") {
		seq++
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	body, err := n.keys.AppendSealed(nil, seq, answer)
	if err != nil {
		drop() // an answer of 16 MiB
	}
	return body
}
