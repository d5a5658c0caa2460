package rest

import (
	"context"
	"net/http"
	"strings"

	"wattle/internal/hubapi"
)

// principal is who sends a request.
type principal struct {
	key   string // for limits
	scope hubapi.Scope
}

// clientKey is the key of the [principal] of a request.
type clientKey struct{}

func principalOf(ctx context.Context) principal {
	p, _ := ctx.Value(clientKey{}).(principal)
	return p
}

// socketToken begins the name of a WebSocket protocol that carries a token:
// browsers cannot send other headers with a WebSocket.
const (
	socketProtocol = "wattle.v1"
	socketToken    = "wattle.token."
)

// authenticate finds out who sends a request.
func (s *Server) authenticate(w http.ResponseWriter, r *http.Request, trusted bool) (principal, error) {
	if trusted || s.options.NoTokens {
		return principal{scope: hubapi.ScopeAdmin}, nil
	}
	text := bearer(r)
	if text == "" {
		w.Header().Set("WWW-Authenticate", `Bearer realm="wattle"`)
		return principal{}, hubapi.NewProblem(hubapi.ErrToken, "send a token: Authorization: Bearer TOKEN; \"wattle token new\" makes one")
	}
	t, ok := s.tokens.check(text)
	if !ok {
		if wait := s.rates.wrong.take(client(r.RemoteAddr)); wait > 0 {
			return principal{}, later(w, wait, "too many wrong tokens from this address")
		}
		w.Header().Set("WWW-Authenticate", `Bearer realm="wattle", error="invalid_token"`)
		return principal{}, hubapi.NewProblem(hubapi.ErrToken, "there is no such token, or its time is over")
	}
	if wait := s.rates.requests.take("token " + t.ID); wait > 0 {
		return principal{}, later(w, wait, "too many requests with this token")
	}
	return principal{key: t.ID, scope: t.Scope}, nil
}

func bearer(r *http.Request) string {
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "bearer") {
		return strings.TrimSpace(text)
	}
	for _, line := range r.Header.Values("Sec-WebSocket-Protocol") {
		for name := range strings.SplitSeq(line, ",") {
			if text, ok := strings.CutPrefix(strings.TrimSpace(name), socketToken); ok {
				return text
			}
		}
	}
	return ""
}

// stays reports whether somebody who was let in may stay connected.
func (s *Server) stays(p principal) bool { return p.key == "" || s.tokens.valid(p.key) }
