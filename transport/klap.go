package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"wattle"
	"wattle/internal/wire/klap"
)

// The paths of KLAP.
const (
	pathHandshake1 = "/app/handshake1"
	pathHandshake2 = "/app/handshake2"
	pathRequest    = "/app/request"
)

// maxRepeats is how often a handshake is repeated within one exchange when the
// device proved that it holds the account and yet answers 403. See
// docs/protocol/transports.md section 2.1.
const maxRepeats = 2

// klapConn is KLAP, versions 1 and 2. See docs/protocol/transports.md section 2.
type klapConn struct {
	gate
	options Options

	// These belong to the exchange inside the gate.
	http     *poster
	accounts []klapAccount // what the device may hold, made when first needed
	session  *klapSession  // nil before the first handshake and after a loss
}

// klapAccount is a candidate in one version.
type klapAccount struct {
	label string
	auth  klap.Auth
}

// klapSession is what a handshake makes.
type klapSession struct {
	keys          *klap.Session
	account       klapAccount
	local, remote klap.Seed
	cookie        string
	header        http.Header
	expires       time.Time
	proven        bool // the device accepted a request, so that a 403 means a loss
}

// errRefused marks a 403 after a handshake in which the device proved that it
// holds the account.
var errRefused = errors.New("device answered 403 after proving that it holds the account")

func newKLAP(route wattle.Route, o Options) (Conn, error) {
	if route.Version < 0 || route.Version > klap.V2 {
		return nil, fmt.Errorf("klap has no version %d: %w", route.Version, wattle.ErrParam)
	}
	c := &klapConn{options: o}
	c.init(route, o.Timeout)
	c.http = newPoster(&c.gate, o)
	c.resume(o.Resume)
	return c, nil
}

// Exchange makes a session where there is none, and sends one request.
func (c *klapConn) Exchange(caller context.Context, request []byte) ([]byte, error) {
	ctx, err := c.enter(caller)
	if err != nil {
		return nil, err
	}
	defer c.leave()
	if c.wasReset() || c.session != nil && c.ends(c.session) {
		c.session = nil
	}
	for repeats := 0; ; repeats++ {
		if c.session == nil {
			err = c.handshake(ctx)
		}
		if err == nil {
			var answer []byte
			if answer, err = c.request(ctx, request); err == nil {
				return answer, nil
			}
		}
		c.session = nil
		if !errors.Is(err, errRefused) || repeats == maxRepeats || c.options.OneLogin {
			return nil, err
		}
		c.options.Logger.DebugContext(ctx, "handshake repeated", "err", err)
	}
}

// ends reports whether a session is over before the device says so.
func (c *klapConn) ends(s *klapSession) bool {
	return !time.Now().Before(s.expires) || s.keys.Seq() == klap.LastSeq && !c.options.WrapSeq
}

// plain are the headers of requests without a session. The key that is not
// sent tells the poster that they may be repeated on a new connection.
var plainHeader = http.Header{
	"Content-Type":    {"application/octet-stream"},
	"User-Agent":      {""},
	"Idempotency-Key": nil,
}

// handshake makes a session. What fits is decided here, offline: the device is
// not asked about accounts that it does not hold.
func (c *klapConn) handshake(ctx context.Context) error {
	s := new(klapSession)
	if _, err := io.ReadFull(c.options.Rand, s.local[:]); err != nil {
		return Unsent(c.wrap("random seed", err))
	}
	r, err := c.http.post(ctx, "handshake1", pathHandshake1, "", plainHeader, s.local[:])
	if err != nil {
		return Unsent(err)
	}
	if err := c.checkHandshake1(r); err != nil {
		return Unsent(c.wrap("handshake1", err))
	}
	remote, hash, err := klap.ParseHandshake1Answer(r.body)
	if err != nil {
		return Unsent(c.wrap("handshake1", err))
	}
	s.remote = remote
	if s.account, err = c.fitting(s.local, remote, hash); err != nil {
		return Unsent(c.wrap("handshake1", err))
	}
	cookie, lifetime := sessionCookie(r.header)
	s.use(cookie, expiry(time.Now(), lifetime))

	proof := s.account.auth.ClientHash(s.local, s.remote)
	header := http.Header{"Content-Type": plainHeader["Content-Type"], "Cookie": s.header["Cookie"], "User-Agent": {""}}
	r, err = c.http.post(ctx, "handshake2", pathHandshake2, "", header, proof[:])
	if err != nil {
		return Unsent(err)
	}
	switch r.status {
	case http.StatusOK:
	case http.StatusForbidden:
		return Unsent(c.wrap("handshake2", fmt.Errorf("%w: %w", errRefused,
			&AuthError{Route: c.route, Tried: []string{s.account.label}, Code: r.status})))
	case http.StatusBadRequest:
		return Unsent(c.wrap("handshake2", fmt.Errorf("status %d: %w", r.status, wattle.ErrProtocol)))
	default:
		return Unsent(c.wrap("handshake2", fmt.Errorf("status %d: %w", r.status, wattle.ErrTransport)))
	}
	c.session = s
	c.learn(func(info *Info) {
		info.Route.Version = s.account.auth.Version()
		info.Credential = s.account.label
		info.Resumed = false
		info.Handshakes++
	})
	c.options.Logger.DebugContext(ctx, "session made", "credential", s.account.label, "version", s.account.auth.Version())
	return nil
}

// checkHandshake1 tells what an answer to handshake1 means before its body.
func (c *klapConn) checkHandshake1(r reply) error {
	switch {
	case r.status == http.StatusForbidden:
		return fmt.Errorf("status %d: %w", r.status, wattle.ErrAccess)
	case r.status == http.StatusBadRequest:
		return fmt.Errorf("status %d: %w", r.status, wattle.ErrProtocol)
	case r.status != http.StatusOK:
		return fmt.Errorf("status %d: %w", r.status, wattle.ErrTransport)
	case r.isPage():
		return fmt.Errorf("answered with a page of text: %w", wattle.ErrTransport)
	}
	return nil
}

// fitting finds the account and the version that the device proved to hold.
func (c *klapConn) fitting(local, remote klap.Seed, hash [klap.HashSize]byte) (klapAccount, error) {
	for _, a := range c.candidates() {
		if a.auth.Fits(local, remote, hash) {
			return a, nil
		}
	}
	e := &AuthError{Route: c.route}
	for _, candidate := range Candidates(c.options.Account) {
		e.Tried = append(e.Tried, candidate.Label)
	}
	return klapAccount{}, e
}

// candidates lists what the device may hold, in both versions whatever the
// route says: announcements are wrong at times.
func (c *klapConn) candidates() []klapAccount {
	if c.accounts == nil {
		for _, candidate := range Candidates(c.options.Account) {
			for _, version := range []int{klap.V2, klap.V1} {
				c.accounts = append(c.accounts, klapAccount{candidate.Label, klap.NewAuth(version, candidate.Credentials)})
			}
		}
	}
	return c.accounts
}

// use fills in what requests of the session carry.
func (s *klapSession) use(cookie string, expires time.Time) {
	s.keys = klap.NewSession(s.account.auth, s.local, s.remote)
	s.cookie, s.expires = cookie, expires
	s.header = http.Header{
		"Content-Type": plainHeader["Content-Type"],
		"Cookie":       cookieHeader(cookie),
		"User-Agent":   plainHeader["User-Agent"],
	}
}

// request sends one message in the session.
func (c *klapConn) request(ctx context.Context, message []byte) ([]byte, error) {
	s := c.session
	var query [len("seq=-2147483648")]byte
	seq := s.keys.Next()
	body := s.keys.AppendSealed(nil, seq, message)
	r, err := c.http.post(ctx, "request", pathRequest, string(klap.AppendQuery(query[:0], seq)), s.header, body)
	if err != nil {
		return nil, err
	}
	switch {
	case r.status == http.StatusOK:
	case (r.status == http.StatusForbidden || r.status == http.StatusUnauthorized) && !s.proven:
		return nil, c.wrap("request", fmt.Errorf("%w: %w", errRefused, wattle.ErrSession))
	case r.status == http.StatusForbidden, r.status == http.StatusUnauthorized:
		return nil, c.wrap("request", fmt.Errorf("status %d: %w", r.status, wattle.ErrSession))
	case r.status == http.StatusBadRequest, r.status >= http.StatusInternalServerError:
		// The device may have failed while it carried the request out.
		return nil, c.wrap("request", fmt.Errorf("status %d: %w", r.status, wattle.ErrProtocol))
	default:
		return nil, c.wrap("request", fmt.Errorf("status %d: %w", r.status, wattle.ErrTransport))
	}
	answer, err := s.keys.Open(seq, r.body)
	if errors.Is(err, klap.ErrSignature) {
		// No known client checks it, so that firmware may have it wrong.
		c.options.Logger.DebugContext(ctx, "signature of the answer is wrong", "seq", seq)
		answer, err = s.keys.Decrypt(seq, r.body)
	}
	if err != nil {
		return nil, c.wrap("answer", err)
	}
	s.proven = true
	return answer, nil
}

// Close ends the session on this side; devices are not told.
func (c *klapConn) Close() error {
	c.shut(c.http.close)
	return nil
}
