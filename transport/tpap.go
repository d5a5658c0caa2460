package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"wattle"
	"wattle/internal/wire/tpap"
)

// tpapConn is TPAP, over HTTP and HTTPS. See docs/protocol/tpap.md.
type tpapConn struct {
	gate
	options Options

	// These belong to the exchange inside the gate.
	http      *poster
	session   *tpapSession   // nil before the first login and after a loss
	verifiers []tpapVerifier // the last few, since they are costly
	worked    string         // label of the secret that the device took from this Conn
	holdOff   *holdOff       // nil where logins may be tried
	// moved: the device sent this Conn elsewhere, where no login has worked yet;
	// stay: none did, so that another port is not gone to again.
	moved, stay bool
}

// tpapSession is what a login makes.
type tpapSession struct {
	id      string // of the device
	keys    *tpap.Session
	target  url.URL
	label   string
	expires time.Time
	proven  bool // the device answered in it
}

func newTPAP(route wattle.Route, o Options) *tpapConn {
	c := &tpapConn{options: o}
	c.init(route, o.Timeout)
	c.http = newPoster(&c.gate, o)
	c.resume(o.Resume)
	return c
}

// Exchange logs in where there is no session, and sends one request.
func (c *tpapConn) Exchange(caller context.Context, request []byte) ([]byte, error) {
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
		// Whatever it was: its number is used up, and a number must never seal
		// two messages.
		c.session = nil
		return nil, err
	}
	return answer, nil
}

// The headers of sealed requests, and of the login. Only the discovery may be
// repeated on a new connection: it has no effect.
var (
	tpapSealedHeader = http.Header{
		"Content-Type": {"application/octet-stream"}, "Accept": {"application/octet-stream"}, "User-Agent": {""},
	}
	tpapLoginHeader    = http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}, "User-Agent": {""}}
	tpapDiscoverHeader = http.Header{
		"Content-Type": {"application/json"}, "Accept": {"application/json"}, "User-Agent": {""}, "Idempotency-Key": nil,
	}
)

// use makes the target of requests of the session.
func (c *tpapConn) use(s *tpapSession) {
	s.target = c.http.base
	s.target.Path, s.target.RawPath = tpap.SessionPath(s.id)
	c.session = s
}

// request sends one message in the session.
func (c *tpapConn) request(ctx context.Context, message []byte) ([]byte, error) {
	s := c.session
	seq := s.keys.Next()
	body, err := s.keys.AppendSealed(nil, seq, message)
	if err != nil {
		return nil, Unsent(c.wrap("request", err))
	}
	target := s.target
	c.http.limit = maxBody
	r, err := c.http.postTo(ctx, "request", &target, tpapSealedHeader, body)
	if err != nil {
		return nil, err
	}
	if err := r.refused(); err != nil {
		return nil, c.wrap("request", err)
	}
	if refusal, ok := tpap.ParseRefusal(r.body); ok {
		return nil, c.wrap("request", c.lost(refusal))
	}
	if r.isPage() {
		return nil, c.wrap("request", fmt.Errorf("answered with a page of text: %w", wattle.ErrTransport))
	}
	carried, answer, err := s.keys.Open(r.body)
	if err != nil {
		return nil, c.wrap("answer", err)
	}
	if carried != seq {
		return nil, c.wrap("answer", fmt.Errorf("has number %d, the request had %d: %w", carried, seq, wattle.ErrProtocol))
	}
	// A device that lost the session may say so inside of it.
	if len(answer) < 512 {
		if inner, ok := tpap.ParseRefusal(answer); ok && inner.Code == codeSessionTimeout {
			return nil, c.wrap("request", &wattle.DeviceError{Family: wattle.SMART, Code: inner.Code})
		}
	}
	s.proven = true
	return answer, nil
}

// lost gives the error for plain JSON in answer to a sealed request. See
// docs/protocol/tpap.md section 10.3.
func (c *tpapConn) lost(r *tpap.RefusedError) error {
	if r.Code == 0 {
		return fmt.Errorf("answered in the clear, which the device itself never does: %w", wattle.ErrProtocol)
	}
	// The codes of a lost session are those of cameras, whatever the device is.
	if errors.Is(wattle.LookupCode(wattle.SMARTCAM, r.Code).Class, wattle.ErrSession) {
		return &wattle.DeviceError{Family: wattle.SMARTCAM, Code: r.Code}
	}
	return &wattle.DeviceError{Family: c.route.Family, Code: r.Code}
}

// Close ends the session on this side; devices are not told.
func (c *tpapConn) Close() error {
	c.shut(func() { c.http.close() })
	return nil
}
