package hubclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"wattle"
	"wattle/internal/hubapi"
)

// Options say where the hub is.
type Options struct {
	// Socket is the path of a Unix socket; who may open it needs no token.
	Socket string
	// URL is the address of a hub elsewhere, such as "http://127.0.0.1:8420";
	// "unix:/path" means a socket.
	URL   string
	Token wattle.Secret
	// Transport carries the requests, nil for one of the client's own.
	Transport http.RoundTripper
}

// Client speaks to one hub.
type Client struct {
	base  string
	where string
	local bool
	token wattle.Secret
	http  *http.Client
}

// answerMost is the largest answer that is read: the devices of a very large home.
const answerMost = 64 << 20

// New makes a client; it does no I/O. The error wraps [wattle.ErrParam].
func New(o Options) (*Client, error) {
	if path, ok := strings.CutPrefix(o.URL, "unix:"); ok {
		o.Socket, o.URL = path, ""
	}
	c := &Client{token: o.Token}
	t := o.Transport
	switch {
	case o.Socket != "":
		// The host is a word: rest asks for one that is its own.
		c.base, c.where, c.local = "http://localhost", o.Socket, true
		if t == nil {
			var d net.Dialer
			t = &http.Transport{
				DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
					return d.DialContext(ctx, "unix", o.Socket)
				},
				MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute,
			}
		}
	default:
		u, err := url.Parse(o.URL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" {
			return nil, fmt.Errorf("%w: %q is not the URL of a hub: want http://HOST:PORT", wattle.ErrParam, o.URL)
		}
		if u.Scheme == "http" && !o.Token.IsZero() && !IsLoopback(u.Hostname()) {
			return nil, fmt.Errorf("%w: %s: the token would be sent in clear: use https, or a tunnel", wattle.ErrParam, o.URL)
		}
		c.base = strings.TrimSuffix(u.String(), "/")
		c.where = c.base
		if t == nil {
			own := http.DefaultTransport.(*http.Transport).Clone()
			own.MaxIdleConnsPerHost = 8
			t = own
		}
	}
	c.http = &http.Client{
		Transport: t,
		// A hub does not redirect, and the token is for nobody else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// IsLoopback reports whether a host name can only be this computer.
func IsLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Where is the path of the socket or the URL, for people.
func (c *Client) Where() string { return c.where }

// Local reports whether the hub is reached over a socket of this machine.
func (c *Client) Local() bool { return c.local }

// Close closes idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// UnreachableError says that the hub itself does not answer. Its class is
// [wattle.ErrUnreachable].
type UnreachableError struct {
	Where string
	Err   error
}

func (e *UnreachableError) Error() string {
	err := e.Err
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err // without the URL of a route
	}
	return fmt.Sprintf("the hub at %s does not answer: %v", e.Where, err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// Is reports the class.
func (e *UnreachableError) Is(target error) bool { return target == wattle.ErrUnreachable }

// Do sends one request and reads the answer into out, which may be nil. in is
// the body as JSON, nil for none. path begins behind the prefix of the API, as
// "/devices".
func (c *Client) Do(ctx context.Context, verb, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(data)
	}
	resp, err := c.send(ctx, verb, path, body, "application/json")
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(resp.Body, answerMost+1))
	switch {
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return &UnreachableError{c.where, err}
	case len(data) > answerMost:
		return fmt.Errorf("%w: an answer of more than %d MiB from the hub at %s", wattle.ErrProtocol, answerMost>>20, c.where)
	case out == nil || len(data) == 0:
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("%w: %s of the hub at %s: %w", wattle.ErrProtocol, path, c.where, err)
	}
	return nil
}

// Stream sends a request and gives the body of the answer, to be closed: for what
// is too long to be read at once.
func (c *Client) Stream(ctx context.Context, verb, path, accept string) (io.ReadCloser, error) {
	resp, err := c.send(ctx, verb, path, nil, accept)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// send gives an answer with a good status; other ones become errors.
func (c *Client) send(ctx context.Context, verb, path string, body io.Reader, accept string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, verb, c.base+hubapi.Prefix+path, body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", wattle.ErrParam, err)
	}
	req.Header.Set("Accept", accept)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if !c.token.IsZero() {
		req.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	}
	resp, err := c.http.Do(req)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, &UnreachableError{c.where, err}
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		defer func() { _ = resp.Body.Close() }()
		return nil, c.problem(resp)
	}
	return resp, nil
}

// problem is the error that an answer tells.
func (c *Client) problem(resp *http.Response) error {
	data, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	var p hubapi.Problem
	if json.Unmarshal(data, &p) == nil && p.Status == resp.StatusCode {
		return &p
	}
	// Not a hub's own words: a proxy, or something else on that port.
	text := fmt.Errorf("%s answered %s", c.where, resp.Status)
	if class := hubapi.ClassForStatus(resp.StatusCode); class != nil {
		return fmt.Errorf("%w: %w", text, class)
	}
	return fmt.Errorf("%w: %w", text, wattle.ErrProtocol)
}

// Hello asks who is there. Give it a short limit.
func (c *Client) Hello(ctx context.Context) (*hubapi.Version, error) {
	v := new(hubapi.Version)
	if err := c.Do(ctx, http.MethodGet, "/version", nil, v); err != nil {
		return nil, err
	}
	if v.API == "" {
		return nil, fmt.Errorf("%w: %s is no hub", wattle.ErrProtocol, c.where)
	}
	return v, nil
}

// List reads a list. path may end in a query, such as "/events?kind=online".
func List[T any](ctx context.Context, c *Client, path string) ([]T, error) {
	out := []T{}
	if err := c.Do(ctx, http.MethodGet, path, nil, &out); err != nil {
		return nil, err
	}
	return out, nil
}

// Devices are all devices and children.
func (c *Client) Devices(ctx context.Context) ([]hubapi.Device, error) {
	return List[hubapi.Device](ctx, c, "/devices")
}
