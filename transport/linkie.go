package transport

import (
	"bytes"
	"context"
	"fmt"
	"net/http"

	"wattle"
	"wattle/internal/wire/linkie"
)

// linkieConn is Linkie v2. It has no session: each request stands for itself.
// See docs/protocol/transports.md section 5.
type linkieConn struct {
	gate
	http *poster // belongs to the exchange inside the gate
}

func newLinkie(route wattle.Route, o Options) *linkieConn {
	route.TLS = true
	c := new(linkieConn)
	c.init(route, o.Timeout)
	c.http = newPoster(&c.gate, o)
	return c
}

// linkieHeader are the headers of all requests.
var linkieHeader = http.Header{
	"Authorization": {linkie.Authorization},
	"Content-Type":  {linkie.ContentType},
	"User-Agent":    {""},
}

// Exchange sends one request.
func (c *linkieConn) Exchange(caller context.Context, request []byte) ([]byte, error) {
	ctx, err := c.enter(caller)
	if err != nil {
		return nil, err
	}
	defer c.leave()
	if c.wasReset() {
		c.http.close()
	}
	r, err := c.http.post(ctx, "request", linkie.Path, "", linkieHeader, linkie.AppendRequest(nil, request))
	if err != nil {
		return nil, err
	}
	switch {
	case r.status == http.StatusForbidden, r.status == http.StatusUnauthorized:
		// The credentials are the same for all devices of this kind.
		return nil, c.wrap("request", fmt.Errorf("status %d: %w", r.status, wattle.ErrTransport))
	case r.status == http.StatusOK && r.isPage() && bytes.HasPrefix(bytes.TrimSpace(r.body), []byte("<")):
		return nil, c.wrap("answer", fmt.Errorf("a page for people: %w", wattle.ErrTransport))
	}
	if err := r.refused(); err != nil {
		return nil, c.wrap("request", err)
	}
	answer, err := linkie.ParseAnswer(r.body)
	if err != nil {
		return nil, c.wrap("answer", err)
	}
	return answer, nil
}

// Close closes the connection.
func (c *linkieConn) Close() error {
	c.shut(c.http.close)
	return nil
}
