package transport

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"wattle"
	"wattle/internal/wire/token"
)

// tokenConn is TLS with a token. See docs/protocol/transports.md section 4.
type tokenConn struct {
	gate
	options Options

	// These belong to the exchange inside the gate.
	http    *poster
	session *tokenSession // nil before the first login and after a loss
}

// tokenSession is what a login makes.
type tokenSession struct {
	query   string // of the URL, with the token
	token   string
	expires time.Time
	account Candidate
}

func newToken(route wattle.Route, o Options) *tokenConn {
	route.TLS = true
	c := &tokenConn{options: o}
	c.init(route, o.Timeout)
	c.http = newPoster(&c.gate, o)
	c.resume(o.Resume)
	return c
}

// Exchange makes a session where there is none, and sends one request.
func (c *tokenConn) Exchange(caller context.Context, request []byte) ([]byte, error) {
	ctx, err := c.enter(caller)
	if err != nil {
		return nil, err
	}
	defer c.leave()
	if c.wasReset() || c.session != nil && !time.Now().Before(c.session.expires) {
		c.session = nil
	}
	if c.session == nil {
		if err := c.open(ctx); err != nil {
			return nil, Unsent(err)
		}
	}
	answer, err := c.request(ctx, request)
	if err != nil {
		c.session = nil
		return nil, err
	}
	return answer, nil
}

// accounts lists what to log in with, each to be tried once. Each costs the
// device an attempt, so that the e-mail is not tried in other cases.
func (c *tokenConn) accounts() []Candidate {
	own := Candidate{LabelAccount, c.options.Account}
	if c.options.Account.IsZero() {
		own.Label = LabelBlank
	}
	setup := Candidate{LabelSetupTapo, wattle.SetupTapo()}
	if c.options.Prefer == LabelSetupTapo {
		return []Candidate{setup, own}
	}
	return []Candidate{own, setup}
}

// loginPause is kept after a refused login.
const loginPause = time.Second

// open logs in.
func (c *tokenConn) open(ctx context.Context) error {
	refused := &AuthError{Route: c.route}
	for i, account := range c.accounts() {
		if i > 0 && pause(ctx, loginPause) != nil {
			return c.failure(ctx, "login", wattle.ErrUnreachable, ctx.Err())
		}
		s, code, err := c.login(ctx, account)
		if err != nil {
			return err
		}
		if code == 0 {
			c.session = s
			c.learn(func(info *Info) {
				info.Credential = account.Label
				info.Resumed = false
				info.Handshakes++
			})
			c.options.Logger.DebugContext(ctx, "session made", "credential", account.Label)
			return nil
		}
		switch {
		case errors.Is(wattle.LookupCode(wattle.SMARTCAM, code).Class, wattle.ErrLockout):
			// Only cameras have codes for this, with numbers of their own.
			return c.wrap("login", &wattle.DeviceError{Family: wattle.SMARTCAM, Method: token.Method, Code: code})
		case code == codeLogin, errors.Is(wattle.LookupCode(wattle.SMART, code).Class, wattle.ErrAuth):
			refused.Code = code
		default:
			return c.wrap("login", &wattle.DeviceError{Family: wattle.SMART, Method: token.Method, Code: code})
		}
		refused.Tried = append(refused.Tried, account.Label)
		if c.options.OneLogin {
			break
		}
		c.options.Logger.DebugContext(ctx, "login refused", "credential", account.Label, "code", code)
	}
	return c.wrap("login", refused)
}

// pause waits, less if ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tokenHeader are the headers of all requests. A login is not repeated unasked:
// it costs an attempt.
var tokenHeader = http.Header{"Content-Type": {"application/json"}, "User-Agent": {""}}

// login asks for a token. code is that of a refusal, 0 for none.
func (c *tokenConn) login(ctx context.Context, account Candidate) (s *tokenSession, code int, err error) {
	body := token.AppendLogin(nil, token.NewLogin(account.Credentials))
	r, err := c.http.post(ctx, "login", token.Path, "", tokenHeader, body)
	if err != nil {
		return nil, 0, err
	}
	if r.status != http.StatusOK {
		return nil, 0, c.wrap("login", fmt.Errorf("status %d: %w", r.status, wattle.ErrTransport))
	}
	text, code, err := token.ParseLoginAnswer(r.body)
	if err != nil {
		return nil, 0, c.wrap("login", err)
	}
	return newTokenSession(text, expiry(time.Now(), defaultSession), account), code, nil
}

func newTokenSession(text string, expires time.Time, account Candidate) *tokenSession {
	return &tokenSession{query: string(token.AppendQuery(nil, text)), token: text, expires: expires, account: account}
}

// request sends one message in the session.
func (c *tokenConn) request(ctx context.Context, message []byte) ([]byte, error) {
	r, err := c.http.post(ctx, "request", token.Path, c.session.query, tokenHeader, message)
	if err != nil {
		return nil, err
	}
	if err := r.refused(); err != nil {
		return nil, c.wrap("request", err)
	}
	if len(r.body) == 0 || r.isPage() && r.body[0] == '<' {
		return nil, c.wrap("answer", fmt.Errorf("not JSON: %w", wattle.ErrProtocol))
	}
	if len(r.body) < 512 {
		if code, ok := token.Code(r.body); ok && code == codeSessionTimeout {
			return nil, c.wrap("request", &wattle.DeviceError{Family: wattle.SMART, Code: code})
		}
	}
	return r.body, nil
}

// Close ends the session on this side; devices are not told.
func (c *tokenConn) Close() error {
	c.shut(c.http.close)
	return nil
}

// tokenStored is a session as [Resumer] hands it out. Login tells, without
// giving it away, with which account it was made.
type tokenStored struct {
	Transport  wattle.Transport `json:"transport"`
	Token      string           `json:"token"`
	Login      []byte           `json:"login"`
	Credential string           `json:"credential"`
	Expires    time.Time        `json:"expires"`
}

var _ Resumer = (*tokenConn)(nil)

// Export gives the session, nil when there is none. It waits for an exchange
// that is in progress.
func (c *tokenConn) Export() []byte {
	c.slot <- struct{}{}
	defer func() { <-c.slot }()
	s := c.session
	if s == nil || c.resets.Load() != c.seen || !time.Now().Before(s.expires) {
		return nil
	}
	return marshal(tokenStored{
		Transport: wattle.Token, Token: s.token, Login: s.digest(), Credential: s.account.Label, Expires: s.expires,
	})
}

// digest names the login of a session: it is bound to the token and to the
// account, which cannot be read back.
func (s *tokenSession) digest() []byte {
	sum := sha256.Sum256(token.AppendLogin([]byte(s.token), token.NewLogin(s.account.Credentials)))
	return sum[:]
}

// resume takes up a session that Export gave, if it is whole, still lives and
// belongs to an account that would be used here.
func (c *tokenConn) resume(stored []byte) {
	var in tokenStored
	if len(stored) == 0 || json.Unmarshal(stored, &in) != nil {
		return
	}
	if in.Transport != wattle.Token || !token.Safe(in.Token) || !time.Now().Before(in.Expires) {
		return
	}
	for _, account := range c.accounts() {
		s := newTokenSession(in.Token, in.Expires, account)
		if account.Label == in.Credential && subtle.ConstantTimeCompare(s.digest(), in.Login) == 1 {
			c.session = s
			c.info.Credential, c.info.Resumed = account.Label, true
			return
		}
	}
}
