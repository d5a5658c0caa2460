package endpoint

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	"wattle"
	"wattle/internal/wire/klap"
)

// ServeKLAP answers KLAP on ln until ctx ends; then it closes ln and the
// connections and waits for what it started. The error is nil after that, and
// that of ln otherwise. See docs/protocol/transports.md section 2.4.
func ServeKLAP(ctx context.Context, ln net.Listener, dev Device, o *Options) error {
	s := &klapServer{web: web{options: o.orDefaults(), device: dev}}
	return s.serve(ctx, ln, s.handle)
}

// klapServer is a device that speaks KLAP.
type klapServer struct {
	web
	sessions []*klapSession // oldest first, guarded by mu
}

// klapSession is one session, guarded by the server's mu.
type klapSession struct {
	id            string
	auth          klap.Auth
	local, remote klap.Seed
	keys          *klap.Session // nil until handshake2
	expires       time.Time
	requests      int
}

func (s *klapServer) handle(w http.ResponseWriter, r *http.Request) {
	body, ok := s.read(w, r)
	if !ok {
		return
	}
	switch r.URL.Path {
	case "/app":
		// This is how clients find out that the device does not speak AES.
		s.reply(w, r, http.StatusOK, "application/json", fmt.Appendf(nil, `{"error_code":%d}`, codeNoTransport))
	case "/app/handshake1":
		s.handshake1(w, r, body)
	case "/app/handshake2":
		s.handshake2(w, r, body)
	case "/app/request":
		s.request(w, r, body)
	default:
		s.status(w, r, http.StatusNotFound)
	}
}

// handshake1 begins a session, whatever cookie comes.
func (s *klapServer) handshake1(w http.ResponseWriter, r *http.Request, body []byte) {
	switch {
	case s.options.Faults.on("tpc-off"):
		s.status(w, r, http.StatusForbidden)
		return
	case len(body) != klap.SeedSize:
		s.status(w, r, http.StatusBadRequest)
		return
	}
	n := &klapSession{
		auth:    klap.NewAuth(s.options.Version, s.options.account()),
		local:   klap.Seed(body),
		expires: time.Now().Add(s.lifetime()),
	}
	if err := s.add(n); err != nil {
		s.options.Logger.DebugContext(r.Context(), "no session", "err", err)
		s.status(w, r, http.StatusInternalServerError)
		return
	}
	s.setCookie(w, n.id)
	s.reply(w, r, http.StatusOK, "application/octet-stream", klap.AppendHandshake1Answer(nil, n.auth, n.local, n.remote))
}

// add keeps a new session and forgets what is too much.
func (s *klapServer) add(n *klapSession) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, err := s.newIDLocked()
	if err != nil {
		return err
	}
	n.id = id
	if _, err := io.ReadFull(s.options.Rand, n.remote[:]); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	if len(s.sessions) >= s.options.SessionLimit {
		s.sessions = slices.Delete(s.sessions, 0, len(s.sessions)-s.options.SessionLimit+1)
	}
	s.sessions = append(s.sessions, n)
	return nil
}

// findLocked gives a session that lives, or nil. A client that was given no
// cookie has the youngest.
func (s *klapServer) findLocked(id string) *klapSession {
	if id == "" && s.options.Faults.word("cookie") == "none" && len(s.sessions) > 0 {
		id = s.sessions[len(s.sessions)-1].id
	}
	for _, n := range s.sessions {
		if n.id != id {
			continue
		}
		if time.Now().Before(n.expires) {
			return n
		}
		s.removeLocked(n)
		return nil
	}
	return nil
}

func (s *klapServer) removeLocked(n *klapSession) {
	s.sessions = slices.DeleteFunc(s.sessions, func(other *klapSession) bool { return other == n })
}

// handshake2 completes a session if the client proves the account.
func (s *klapServer) handshake2(w http.ResponseWriter, r *http.Request, body []byte) {
	id, ok := cookie(r)
	if !ok {
		s.status(w, r, http.StatusBadRequest)
		return
	}
	s.status(w, r, s.complete(id, body))
}

// complete gives the status that answers handshake2.
func (s *klapServer) complete(id string, proof []byte) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.findLocked(id)
	if n == nil {
		return http.StatusForbidden
	}
	locked := s.options.Faults.locked()
	fits := !locked && n.auth.Proves(n.local, n.remote, proof)
	s.options.noteLogin(wattle.KLAP, nil, fits, locked)
	if !fits || s.options.Faults.next("flaky") {
		s.removeLocked(n)
		return http.StatusForbidden
	}
	n.keys = klap.NewSession(n.auth, n.local, n.remote)
	if s.options.SingleSession {
		s.sessions = []*klapSession{n}
	}
	return http.StatusOK
}

// request answers one message of a session.
func (s *klapServer) request(w http.ResponseWriter, r *http.Request, body []byte) {
	id, ok := cookie(r)
	seq, err := klap.ParseQuery(r.URL.RawQuery)
	if !ok || err != nil {
		s.status(w, r, http.StatusBadRequest)
		return
	}
	n, message := s.accept(id, seq, body)
	if n == nil {
		s.status(w, r, http.StatusForbidden)
		return
	}
	if s.options.Faults.every("drop") {
		drop()
	}
	answer, err := s.options.handle(r.Context(), s.device, message)
	if err != nil || answer == nil || s.options.Faults.every("drop-after") {
		drop()
	}
	s.reply(w, r, http.StatusOK, "application/octet-stream", s.seal(n, seq, answer))
}

// accept finds the session of a request and opens the message. No session
// means 403.
func (s *klapServer) accept(id string, seq int32, body []byte) (*klapSession, []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.findLocked(id)
	if n == nil || n.keys == nil {
		return nil, nil
	}
	if step := uint32(seq) - uint32(n.keys.Seq()); step != 1 && (!s.options.AnySeq || step == 0 || step > 1<<31) {
		return nil, nil
	}
	message, err := n.keys.Open(seq, body)
	if err != nil {
		return nil, nil
	}
	n.requests++
	if n.requests == 1 && s.options.Faults.next("flaky-first") {
		s.removeLocked(n)
		return nil, nil
	}
	n.keys.SetSeq(seq)
	if limit, ok := s.options.Faults.number("session-loss"); ok && n.requests >= limit {
		s.removeLocked(n)
	}
	return n, message
}

// seal makes the answer to a request.
func (s *klapServer) seal(n *klapSession, seq int32, answer []byte) []byte {
	if s.options.Faults.on("garble") {
		return bytes.Repeat([]byte{0xa5}, klap.SealedSize(0))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	body := n.keys.AppendSealed(nil, seq, answer)
	if s.options.Faults.on("signature") {
		body[0] ^= 1
	}
	return body
}
