package transport

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"wattle"
	"wattle/internal/wire/aes"
)

// The error codes that decide here what happens next; the rest is told to the
// caller by class. See docs/protocol/errors.md.
const (
	codeLogin          = -1501
	codeSessionTimeout = 9999
)

// aesConn is AES securePassthrough. See docs/protocol/transports.md section 3.
type aesConn struct {
	gate
	options Options

	// These belong to the exchange inside the gate.
	http    *poster
	session *aesSession // nil before the first login and after a loss
}

// aesSession is what a handshake and a login make.
type aesSession struct {
	key, iv [aes.KeySize]byte
	cipher  *aes.Session
	token   string
	cookie  string
	header  http.Header
	expires time.Time
	login   aesLogin
}

// aesLogin is one way to log in.
type aesLogin struct {
	label   string
	version int
	account wattle.Credentials
}

// rsaKey is the key pair of this process, and its public half as devices want
// it. Making one costs a device's worth of time, and nothing depends on it
// being fresh.
var rsaKey = sync.OnceValues(func() (rsaPair, error) {
	private, err := rsa.GenerateKey(rand.Reader, aes.RSABits)
	if err != nil {
		return rsaPair{}, fmt.Errorf("key pair of %d bits: %w", aes.RSABits, err)
	}
	public, err := aes.PublicKeyPEM(&private.PublicKey)
	return rsaPair{private, public}, err
})

type rsaPair struct {
	private *rsa.PrivateKey
	public  string
}

func newAES(route wattle.Route, o Options) (Conn, error) {
	if route.Version < 0 || route.Version > aes.LoginV2 {
		return nil, fmt.Errorf("aes has no login version %d: %w", route.Version, wattle.ErrParam)
	}
	c := &aesConn{options: o}
	c.init(route, o.Timeout)
	c.http = newPoster(&c.gate, o)
	c.resume(o.Resume)
	return c, nil
}

// Exchange makes a session where there is none, and sends one request.
func (c *aesConn) Exchange(caller context.Context, request []byte) ([]byte, error) {
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
	answer, err := c.pass(ctx, "request", c.session, request)
	if err != nil {
		c.session = nil
		return nil, err
	}
	// A device that lost the session may say so inside of it.
	if len(answer) < 512 {
		if code, ok := aes.InnerCode(answer); ok && code == codeSessionTimeout {
			c.session = nil
			return nil, c.wrap("request", &wattle.DeviceError{Family: wattle.SMART, Code: code})
		}
	}
	return answer, nil
}

// logins lists the ways to log in, each to be tried once, the one that worked
// last time first. Each costs the device an attempt, so that the e-mail is not
// tried in other cases as with KLAP.
func (c *aesConn) logins() []aesLogin {
	label := LabelAccount
	if c.options.Account.IsZero() {
		label = LabelBlank
	}
	versions, known := []int{aes.LoginV2, aes.LoginV1}, c.route.Version
	if known != 0 {
		versions = []int{known}
	}
	var list []aesLogin
	for _, version := range versions {
		list = append(list, aesLogin{label, version, c.options.Account})
	}
	setup := aesLogin{LabelSetupTapo, versions[0], wattle.SetupTapo()}
	if c.options.Prefer == LabelSetupTapo {
		return append([]aesLogin{setup}, list...)
	}
	return append(list, setup)
}

// open makes a session: a handshake and a login, and both again for the next
// way to log in after a refusal, since the session of a refused login is of no
// more use.
func (c *aesConn) open(ctx context.Context) error {
	refused := &AuthError{Route: c.route}
	for _, login := range c.logins() {
		s, err := c.handshake(ctx)
		if err != nil {
			return err
		}
		code, err := c.login(ctx, s, login)
		if err != nil {
			return err
		}
		if code == 0 {
			c.session = s
			c.learn(func(info *Info) {
				info.Route.Version = login.version
				info.Credential = login.label
				info.Resumed = false
				info.Handshakes++
			})
			c.options.Logger.DebugContext(ctx, "session made", "credential", login.label, "version", login.version)
			return nil
		}
		class := wattle.LookupCode(wattle.SMART, code).Class
		switch {
		case errors.Is(wattle.LookupCode(wattle.SMARTCAM, code).Class, wattle.ErrLockout):
			// Only cameras have codes for this, with numbers of their own.
			return c.wrap("login", &wattle.DeviceError{Family: wattle.SMARTCAM, Method: aes.LoginDevice, Code: code})
		case code == codeLogin, errors.Is(class, wattle.ErrAuth):
			refused.Code = code
		case c.route.Version == 0 && (errors.Is(class, wattle.ErrParam) || errors.Is(class, wattle.ErrRefused)):
			// Not a word about the account: the device does not know this form.
			if refused.Code == 0 {
				refused.Code = code
			}
		default:
			return c.wrap("login", c.deviceError(aes.LoginDevice, code, ""))
		}
		if c.options.OneLogin {
			refused.Tried = []string{login.label}
			break
		}
		refused.Tried = append(refused.Tried, fmt.Sprintf("%s (login v%d)", login.label, login.version))
		c.options.Logger.DebugContext(ctx, "login refused", "credential", login.label, "version", login.version, "code", code)
	}
	return c.wrap("login", refused)
}

// aesHeader are the headers of all requests; those without a session may be
// repeated on a new connection.
func aesHeader(cookie []string) http.Header {
	return http.Header{
		"Content-Type": {"application/json"},
		"Accept":       {"application/json"},
		"requestByApp": {"true"},
		"User-Agent":   {""},
		"Cookie":       cookie,
	}
}

// handshake gets a session key from the device.
func (c *aesConn) handshake(ctx context.Context) (*aesSession, error) {
	pair, err := rsaKey()
	if err != nil {
		return nil, c.wrap("handshake", err)
	}
	header := aesHeader(nil)
	header["Idempotency-Key"] = nil
	r, err := c.http.post(ctx, "handshake", "/app", "", header, aes.AppendHandshake(nil, pair.public))
	if err != nil {
		return nil, err
	}
	if r.status != http.StatusOK {
		return nil, c.wrap("handshake", fmt.Errorf("status %d: %w", r.status, wattle.ErrTransport))
	}
	answer, err := aes.ParseAnswer(r.body)
	if err != nil {
		return nil, c.wrap("handshake", fmt.Errorf("%w (%s)", wattle.ErrTransport, err.Error()))
	}
	if answer.Code != 0 {
		return nil, c.wrap("handshake", c.deviceError("", answer.Code, answer.Msg))
	}
	key, iv, err := aes.OpenKey(pair.private, answer.Key)
	if err != nil {
		return nil, c.wrap("handshake", err)
	}
	cookie, lifetime := sessionCookie(r.header)
	s := &aesSession{key: key, iv: iv}
	s.use(cookie, "", expiry(time.Now(), lifetime))
	return s, nil
}

// use fills in what requests of the session carry.
func (s *aesSession) use(cookie, token string, expires time.Time) {
	s.cipher = aes.NewSession(s.key, s.iv)
	s.cookie, s.token, s.expires = cookie, token, expires
	s.header = aesHeader(cookieHeader(cookie))
}

// login asks for a token. code is that of a refusal, 0 for none.
func (c *aesConn) login(ctx context.Context, s *aesSession, login aesLogin) (code int, err error) {
	message := aes.AppendLogin(nil, aes.NewLogin(login.version, login.account), time.Now().UnixMilli())
	answer, err := c.pass(ctx, "login", s, message)
	if err != nil {
		var refusal *wattle.DeviceError
		if errors.As(err, &refusal) && refusal.Code == codeLogin {
			return refusal.Code, nil // some say it outside
		}
		return 0, err
	}
	s.token, code, err = aes.ParseLoginAnswer(answer)
	if err != nil {
		return 0, c.wrap("login", err)
	}
	s.login = login
	return code, nil
}

// pass sends one message through a session.
func (c *aesConn) pass(ctx context.Context, step string, s *aesSession, message []byte) ([]byte, error) {
	query := ""
	if s.token != "" {
		query = "token=" + s.token
	}
	r, err := c.http.post(ctx, step, "/app", query, s.header, s.cipher.AppendRequest(nil, message))
	if err != nil {
		return nil, err
	}
	if err := r.refused(); err != nil {
		return nil, c.wrap(step, err)
	}
	answer, err := aes.ParseAnswer(r.body)
	if err != nil {
		return nil, c.wrap(step, err)
	}
	if answer.Code != 0 {
		return nil, c.wrap(step, c.deviceError("", answer.Code, answer.Msg))
	}
	plain, err := s.cipher.OpenAnswer(answer)
	if err != nil {
		return nil, c.wrap(step, err)
	}
	return plain, nil
}

func (c *aesConn) deviceError(method string, code int, msg string) error {
	return &wattle.DeviceError{Family: wattle.SMART, Method: method, Code: code, Msg: msg}
}

// Close ends the session on this side; devices are not told.
func (c *aesConn) Close() error {
	c.shut(c.http.close)
	return nil
}

// aesStored is a session as [Resumer] hands it out. Login tells, without
// giving it away, with which account it was made.
type aesStored struct {
	Transport  wattle.Transport `json:"transport"`
	TLS        bool             `json:"tls,omitempty"`
	Key        []byte           `json:"key"`
	IV         []byte           `json:"iv"`
	Token      string           `json:"token"`
	Login      []byte           `json:"login"`
	Credential string           `json:"credential"`
	Version    int              `json:"version"`
	Cookie     string           `json:"cookie"`
	Expires    time.Time        `json:"expires"`
}

var _ Resumer = (*aesConn)(nil)

// Export gives the session, nil when there is none. It waits for an exchange
// that is in progress.
func (c *aesConn) Export() []byte {
	c.slot <- struct{}{}
	defer func() { <-c.slot }()
	s := c.session
	if s == nil || c.resets.Load() != c.seen || !time.Now().Before(s.expires) {
		return nil
	}
	return marshal(aesStored{
		Transport: wattle.AES, TLS: c.route.TLS, Key: s.key[:], IV: s.iv[:], Token: s.token,
		Login: s.login.digest(), Credential: s.login.label, Version: s.login.version,
		Cookie: s.cookie, Expires: s.expires,
	})
}

// digest names a login: it is bound to the account, which cannot be read back.
func (l aesLogin) digest() []byte {
	sum := sha256.Sum256(aes.AppendLogin(nil, aes.NewLogin(l.version, l.account), 0))
	return sum[:]
}

// resume takes up a session that Export gave, if it is whole, still lives and
// belongs to an account that would be used here.
func (c *aesConn) resume(stored []byte) {
	var in aesStored
	if len(stored) == 0 || json.Unmarshal(stored, &in) != nil {
		return
	}
	if in.Transport != wattle.AES || in.TLS != c.route.TLS || !cookieSafe(in.Cookie) || !time.Now().Before(in.Expires) ||
		len(in.Key) != aes.KeySize || len(in.IV) != aes.KeySize || !cookieSafe(in.Token) {
		return
	}
	for _, login := range c.logins() {
		if login.label != in.Credential || login.version != in.Version ||
			subtle.ConstantTimeCompare(login.digest(), in.Login) != 1 {
			continue
		}
		s := &aesSession{key: [aes.KeySize]byte(in.Key), iv: [aes.KeySize]byte(in.IV), login: login}
		s.use(in.Cookie, in.Token, in.Expires)
		c.session = s
		c.info.Route.Version = login.version
		c.info.Credential, c.info.Resumed = login.label, true
		return
	}
}
