package endpoint

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"wattle"
	"wattle/internal/wire/aes"
)

// ServeAES answers securePassthrough on ln until ctx ends; then it closes ln
// and the connections and waits for what it started. The error is nil after
// that, and that of ln otherwise. See docs/protocol/transports.md section 3.7.
func ServeAES(ctx context.Context, ln net.Listener, dev Device, o *Options) error {
	s := &aesServer{web: web{options: o.orDefaults(), device: dev}}
	return s.serve(ctx, ln, s.handle)
}

// aesServer is a device that speaks AES.
type aesServer struct {
	web
	sessions []*aesSession // oldest first, guarded by mu
}

// aesSession is one session, guarded by the server's mu.
type aesSession struct {
	id       string
	cipher   *aes.Session
	token    string // "" until the login
	expires  time.Time
	requests int
}

func (s *aesServer) handle(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path != "/app":
		s.status(w, r, http.StatusNotFound)
		return
	case r.ContentLength < 0:
		s.status(w, r, http.StatusInternalServerError)
		return
	}
	body, ok := s.read(w, r)
	if !ok {
		return
	}
	request, err := aes.ParseRequest(body)
	switch {
	case err != nil:
		s.code(w, r, codeJSON)
	case s.options.Faults.on("tpc-off"):
		s.code(w, r, codeNoTransport)
	case request.Method == aes.Handshake:
		s.handshake(w, r, request.Key)
	case request.Method == aes.SecurePassthrough:
		s.passthrough(w, r, request.Sealed)
	default:
		s.code(w, r, codeUnknownMethod)
	}
}

// code answers with an error in clear.
func (s *aesServer) code(w http.ResponseWriter, r *http.Request, code int) {
	s.reply(w, r, http.StatusOK, "application/json;charset=UTF-8", fmt.Appendf(nil, `{"error_code":%d}`, code))
}

// handshake begins a session.
func (s *aesServer) handshake(w http.ResponseWriter, r *http.Request, publicKey string) {
	public, err := aes.ParsePublicKey(publicKey)
	if err != nil {
		s.code(w, r, codePublicKey)
		return
	}
	n, key, iv, err := s.add()
	var body []byte
	if err == nil {
		body, err = aes.AppendHandshakeAnswer(nil, s.options.Rand, public, key, iv)
	}
	if err != nil {
		s.options.Logger.DebugContext(r.Context(), "no session", "err", err)
		s.status(w, r, http.StatusInternalServerError)
		return
	}
	s.setCookie(w, n.id)
	s.reply(w, r, http.StatusOK, "application/json;charset=UTF-8", body)
}

// add makes a new session and forgets what is too much.
func (s *aesServer) add() (n *aesSession, key, iv [aes.KeySize]byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, err := s.newIDLocked()
	if err != nil {
		return nil, key, iv, err
	}
	for _, half := range [][]byte{key[:], iv[:]} {
		if _, err := io.ReadFull(s.options.Rand, half); err != nil {
			return nil, key, iv, fmt.Errorf("session key: %w", err)
		}
	}
	n = &aesSession{id: id, cipher: aes.NewSession(key, iv), expires: time.Now().Add(s.lifetime())}
	if len(s.sessions) >= s.options.SessionLimit {
		s.sessions = slices.Delete(s.sessions, 0, len(s.sessions)-s.options.SessionLimit+1)
	}
	s.sessions = append(s.sessions, n)
	return n, key, iv, nil
}

func (s *aesServer) removeLocked(n *aesSession) {
	s.sessions = slices.DeleteFunc(s.sessions, func(other *aesSession) bool { return other == n })
}

// passthrough answers one message of a session.
func (s *aesServer) passthrough(w http.ResponseWriter, r *http.Request, sealed string) {
	id, ok := cookie(r)
	if !ok {
		s.status(w, r, http.StatusBadRequest)
		return
	}
	n, message, code := s.open(id, sealed)
	if code != 0 {
		s.code(w, r, code)
		return
	}
	if login, ok := aes.ParseLogin(message); ok {
		s.answer(w, r, n, s.login(n, login))
		return
	}
	if code := s.admit(n, r.URL.Query()); code != 0 {
		s.code(w, r, code)
		return
	}
	if s.options.Faults.every("drop") {
		drop()
	}
	if code, ok := s.options.refusal(); ok {
		s.code(w, r, code)
		return
	}
	if code := s.check(message); code != 0 {
		s.answer(w, r, n, fmt.Appendf(nil, `{"error_code":%d}`, code))
		return
	}
	answer, err := s.options.ask(r.Context(), s.device, message)
	if err != nil || answer == nil || s.options.Faults.every("drop-after") {
		drop()
	}
	s.answer(w, r, n, answer)
}

// open finds the session of a request and decrypts the message.
func (s *aesServer) open(id, sealed string) (n *aesSession, message []byte, code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id == "" && s.options.Faults.word("cookie") == "none" && len(s.sessions) > 0 {
		id = s.sessions[len(s.sessions)-1].id
	}
	i := slices.IndexFunc(s.sessions, func(n *aesSession) bool { return n.id == id })
	if i < 0 {
		return nil, nil, codeSession
	}
	n = s.sessions[i]
	if !time.Now().Before(n.expires) {
		s.removeLocked(n)
		return nil, nil, codeSession
	}
	message, err := n.cipher.Open(sealed)
	if err != nil {
		return nil, nil, codeDecrypt
	}
	return n, message, 0
}

// login gives the inner answer to a login. A refused one ends the session.
func (s *aesServer) login(n *aesSession, login aes.Login) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	locked := s.options.Faults.locked()
	fits := !locked && login.Proves(aes.NewLogin(s.options.Version, s.options.account()))
	s.options.noteLogin(wattle.AES, aes.AppendLogin(nil, login, 0), fits, locked)
	switch {
	case locked:
		s.removeLocked(n)
		return lockedOut()
	case !fits:
		s.removeLocked(n)
		return fmt.Appendf(nil, `{"error_code":%d}`, codeLogin)
	}
	token, err := s.newIDLocked()
	if err != nil {
		return fmt.Appendf(nil, `{"error_code":%d}`, codeSession)
	}
	n.token = token
	if s.options.SingleSession {
		s.sessions = []*aesSession{n}
	}
	return aes.AppendLoginAnswer(nil, token)
}

// admit tells whether a request may be carried out in its session, 0 for yes.
func (s *aesServer) admit(n *aesSession, query url.Values) (code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n.token == "" || !same(query.Get("token"), n.token) {
		return codeSession
	}
	n.requests++
	if limit, ok := s.options.Faults.number("session-loss"); ok && n.requests >= limit {
		s.removeLocked(n)
	}
	return 0
}

// check gives the code for a message that cannot be taken, 0 for a good one.
func (s *aesServer) check(message []byte) (code int) {
	var inner struct {
		Method   string `json:"method"`
		Terminal string `json:"terminal_uuid"`
		App      string `json:"terminalUUID"`
	}
	switch {
	case json.Unmarshal(message, &inner) != nil:
		return codeJSON
	case s.options.NeedTerminal && strings.HasPrefix(inner.Method, "set_") && inner.Terminal == "" && inner.App == "":
		return codeTerminal
	}
	return 0
}

// answer seals an inner answer and sends it.
func (s *aesServer) answer(w http.ResponseWriter, r *http.Request, n *aesSession, message []byte) {
	s.reply(w, r, http.StatusOK, "application/json;charset=UTF-8", s.seal(n, message))
}

func (s *aesServer) seal(n *aesSession, message []byte) []byte {
	switch {
	case s.options.Faults.on("garble"):
		return []byte(`{"error_code":0,"result":{"response":"!garbled!"}}`)
	case s.options.Faults.on("plain"):
		text, err := json.Marshal(string(message))
		if err != nil {
			panic("endpoint: " + err.Error()) // a string always marshals
		}
		return fmt.Appendf(nil, `{"error_code":0,"result":{"response":%s}}`, text)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return n.cipher.AppendAnswer(nil, message)
}
