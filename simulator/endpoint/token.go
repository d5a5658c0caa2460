package endpoint

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"wattle"
	"wattle/internal/wire/token"
)

// ServeToken answers TLS with a token on ln until ctx ends; then it closes ln
// and the connections and waits for what it started. The error is nil after
// that, and that of ln otherwise. See docs/protocol/transports.md section 4.
func ServeToken(ctx context.Context, ln net.Listener, dev Device, o *Options) error {
	s := &tokenServer{web: web{options: o.orDefaults(), device: dev}}
	return s.serve(ctx, ln, s.handle)
}

// tokenServer is a device that wants a token.
type tokenServer struct {
	web
	sessions []*tokenSession // oldest first, guarded by mu
}

// tokenSession is one session, guarded by the server's mu.
type tokenSession struct {
	token    string
	expires  time.Time
	requests int
}

func (s *tokenServer) handle(w http.ResponseWriter, r *http.Request) {
	body, ok := s.read(w, r)
	switch {
	case !ok:
		return
	case r.URL.Path != token.Path:
		s.status(w, r, http.StatusNotFound)
		return
	case s.options.Faults.on("tpc-off"):
		s.code(w, r, codeNoTransport)
		return
	}
	if login, ok := token.ParseLogin(body); ok {
		s.json(w, r, s.login(login))
		return
	}
	text, err := token.ParseQuery(r.URL.RawQuery)
	if err != nil || !s.admit(text) {
		s.code(w, r, codeSession)
		return
	}
	if s.options.Faults.every("drop") {
		drop()
	}
	answer, err := s.options.handle(r.Context(), s.device, body)
	if err != nil || answer == nil || s.options.Faults.every("drop-after") {
		drop()
	}
	if s.options.Faults.on("garble") {
		answer = garbled()
	}
	s.json(w, r, answer)
}

func (s *tokenServer) json(w http.ResponseWriter, r *http.Request, body []byte) {
	s.reply(w, r, http.StatusOK, "application/json;charset=UTF-8", body)
}

func (s *tokenServer) code(w http.ResponseWriter, r *http.Request, code int) {
	s.json(w, r, fmt.Appendf(nil, `{"error_code":%d}`, code))
}

// login gives the answer to a login.
func (s *tokenServer) login(login token.Login) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	locked := s.options.Faults.locked()
	fits := !locked && login.Proves(token.NewLogin(s.options.account()))
	s.options.noteLogin(wattle.Token, token.AppendLogin(nil, login), fits, locked)
	switch {
	case locked:
		return lockedOut()
	case !fits:
		return fmt.Appendf(nil, `{"error_code":%d}`, codeLogin)
	}
	text, err := s.newIDLocked()
	if err != nil {
		return fmt.Appendf(nil, `{"error_code":%d}`, codeBusy)
	}
	if s.options.SingleSession {
		s.sessions = nil
	}
	if n := len(s.sessions) - s.options.SessionLimit + 1; n > 0 {
		s.sessions = slices.Delete(s.sessions, 0, n)
	}
	s.sessions = append(s.sessions, &tokenSession{token: text, expires: time.Now().Add(s.lifetime())})
	return token.AppendLoginAnswer(nil, text)
}

// admit tells whether a request may be carried out in its session.
func (s *tokenServer) admit(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions = slices.DeleteFunc(s.sessions, func(n *tokenSession) bool { return !time.Now().Before(n.expires) })
	i := slices.IndexFunc(s.sessions, func(n *tokenSession) bool { return same(n.token, text) })
	if i < 0 {
		return false
	}
	n := s.sessions[i]
	n.requests++
	if limit, ok := s.options.Faults.number("session-loss"); ok && n.requests >= limit {
		s.sessions = slices.Delete(s.sessions, i, i+1)
	}
	return true
}
