package rest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"

	"wattle/internal/hubapi"
)

// guard lets requests through to the routes that are safe to look at: it checks
// path, host, origin, size, rate and token, in this order.
func (s *Server) guard(routes http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer s.recovered(w, r)
		header := w.Header()
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cache-Control", "no-store")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		trusted, _ := r.Context().Value(trustKey{}).(bool)
		for _, check := range []func(*http.Request) error{pathIsPlain, s.hostIsOurs, s.originIsOurs, s.bodyIsSmall} {
			if err := check(r); err != nil {
				fail(w, err)
				return
			}
		}
		if s.crossOrigin(w, r) {
			return
		}
		if !trusted {
			if wait := s.rates.requests.take("address " + client(r.RemoteAddr).String()); wait > 0 {
				failLater(w, wait, "too many requests from this address")
				return
			}
		}
		r.Body = &body{http.MaxBytesReader(w, r.Body, s.options.Limits.Body), header}
		if open(r.URL.Path) {
			routes.ServeHTTP(w, r)
			return
		}
		who, err := s.authenticate(w, r, trusted)
		if err != nil {
			fail(w, err)
			return
		}
		routes.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), clientKey{}, who)))
	})
}

// recovered turns a panic into an answer: one request that goes wrong is not the
// end of the hub.
func (s *Server) recovered(w http.ResponseWriter, r *http.Request) {
	what := recover()
	switch what {
	case nil:
		return
	case http.ErrAbortHandler:
		panic(what)
	}
	s.log.LogAttrs(r.Context(), slog.LevelError, "panic", slog.String("method", r.Method), slog.String("path", r.URL.Path),
		slog.Any("what", what), slog.String("stack", string(debug.Stack())))
	fail(w, fmt.Errorf("a fault in the hub, which its log shows"))
}

// open reports whether a path can be asked for without a token.
func open(path string) bool {
	return path == "/openapi.json" || path == "/docs" || path == "/" || strings.HasPrefix(path, hookPath)
}

// pathIsPlain refuses paths that mean something else to some of those who read
// them: "..", "//", encoded slashes, control characters.
func pathIsPlain(r *http.Request) error {
	path := r.URL.Path
	plain := strings.HasPrefix(path, "/") && !strings.Contains(path, "//") && !strings.Contains(path, "\\") &&
		!strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd })
	for part := range strings.SplitSeq(path, "/") {
		plain = plain && part != "." && part != ".."
	}
	if raw := strings.ToLower(r.URL.RawPath); strings.Contains(raw, "%2f") || strings.Contains(raw, "%5c") {
		plain = false
	}
	if !plain {
		return hubapi.NewProblem(hubapi.ErrRequest, "the path must not have \"..\", \"//\", encoded slashes or control characters")
	}
	return nil
}

// hostIsOurs refuses requests that are addressed to another name: a web page
// whose name was made to point here (DNS rebinding) sends its own name.
func (s *Server) hostIsOurs(r *http.Request) error {
	if trusted, _ := r.Context().Value(trustKey{}).(bool); trusted {
		return nil
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if host == "localhost" || slices.ContainsFunc(s.options.Hosts, func(h string) bool { return h == "*" || strings.EqualFold(h, host) }) {
		return nil
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
		if addr.Unmap().IsLoopback() || local != nil && client(local.String()) == client(net.JoinHostPort(host, "0")) {
			return nil
		}
	}
	return hubapi.NewProblem(hubapi.ErrPolicy, "this hub is not called %q: use its address, or add the name to the hosts in its configuration", clip(r.Host))
}

// originIsOurs refuses what web pages elsewhere let a browser send.
func (s *Server) originIsOurs(r *http.Request) error {
	if origin := r.Header.Get("Origin"); origin != "" {
		if s.allowedOrigin(origin) {
			return nil
		}
		u, err := url.Parse(origin)
		if err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host) {
			return nil
		}
		return hubapi.NewProblem(hubapi.ErrPolicy, "web pages of %q may not use this hub: add it to the origins in its configuration", clip(origin))
	}
	site := r.Header.Get("Sec-Fetch-Site")
	if site != "" && site != "same-origin" && site != "none" && r.Method != http.MethodGet && r.Method != http.MethodHead {
		return hubapi.NewProblem(hubapi.ErrPolicy, "a request that another site made the browser send")
	}
	return nil
}

func (s *Server) allowedOrigin(origin string) bool {
	return origin != "" && origin != "null" && slices.Contains(s.options.Origins, origin)
}

// crossOrigin says to a browser what pages of allowed origins may do. It reports
// whether that was all that the browser asked.
func (s *Server) crossOrigin(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if !s.allowedOrigin(origin) {
		return false
	}
	header := w.Header()
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Expose-Headers", "ETag, Retry-After")
	header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	header.Add("Vary", "Origin")
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	header.Set("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE")
	header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match, If-None-Match, Last-Event-ID")
	header.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}

// bodyIsSmall refuses bodies that say that they are too large, and those that a
// form of another site could send.
func (s *Server) bodyIsSmall(r *http.Request) error {
	if r.ContentLength > s.options.Limits.Body {
		return hubapi.NewProblem(hubapi.ErrTooLarge, "a body of %d bytes: at most %d are read", r.ContentLength, s.options.Limits.Body)
	}
	if r.ContentLength == 0 || strings.HasPrefix(r.URL.Path, hookPath) {
		return nil
	}
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if kind = strings.ToLower(strings.TrimSpace(kind)); kind != "application/json" && kind != "application/merge-patch+json" {
		return hubapi.NewProblem(hubapi.ErrMediaType, "want Content-Type: application/json")
	}
	return nil
}

// body closes the connection of a client whose body does not come whole.
type body struct {
	io.ReadCloser
	header http.Header
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		b.header.Set("Connection", "close")
	}
	return n, err
}

// clip shortens what a client said, for a message.
func clip(text string) string {
	const most = 100
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "?") + "..."
	}
	return strings.ToValidUTF8(text, "?")
}
