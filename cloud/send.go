package cloud

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"wattle"
	"wattle/internal/wire/cloudapi"
)

// maxAnswer is the most that is read of an answer: thirty thousand devices.
const maxAnswer = 16 << 20

// message is one request.
type message struct {
	base    string // scheme and host
	verb    string // of HTTP; "" is POST
	path    string // "" is "/"
	query   string
	body    []byte
	header  []cloudapi.Field
	key     *cloudapi.Key // signs, where there is one
	label   string        // for logs and errors
	timeout time.Duration // 0 is 15 s
	secrets []wattle.Secret
	login   bool // a refusal is about the account and not about a token
	moved   bool // the token goes where the service does not look for it by rights
}

// send sends one request, if the service is to be asked at all, and judges the
// answer. A refusal is a *wattle.CloudError, with the answer beside it.
func (c *Client) send(ctx context.Context, m *message) (*cloudapi.Answer, error) {
	if c.opt.Off {
		return nil, ErrOff
	}
	base, err := c.trust(m.base)
	if err != nil {
		return nil, err
	}
	host := strings.TrimPrefix(base, "https://")
	if err := c.held(); err != nil {
		return nil, err
	}
	if err := c.gate.enter(ctx, host); err != nil {
		return nil, err
	}
	if err := c.held(); err != nil { // by a request that was under way
		return nil, err
	}
	limit := m.timeout
	if limit == 0 {
		limit = callTimeout
	}
	request, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	start := time.Now()
	status, after, body, err := c.exchange(request, base, m)
	attrs := []slog.Attr{
		slog.String("call", m.label), slog.String("host", host), slog.String("path", m.path),
		slog.Int("status", status), slog.Int("bytes", len(body)), slog.Duration("duration", time.Since(start)),
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if request.Err() != nil {
			err = fmt.Errorf("%w: the cloud did not answer within %v", wattle.ErrUnreachable, limit)
		}
		c.gate.failed(host, 0)
		c.log.LogAttrs(ctx, slog.LevelDebug, "cloud", append(attrs, slog.Any("err", err))...)
		return nil, fmt.Errorf("%s: %w", m.label, err)
	}
	answer, err := c.judge(ctx, host, m, status, after, body)
	code := 0
	if answer != nil {
		code = answer.Code
	}
	c.log.LogAttrs(ctx, slog.LevelDebug, "cloud", append(attrs, slog.Int("code", code))...)
	return answer, err
}

// exchange is the request itself. Its errors show no URL: there may be a token
// in it.
func (c *Client) exchange(ctx context.Context, base string, m *message) (status int, after time.Duration, body []byte, err error) {
	verb := m.verb
	if verb == "" {
		verb = http.MethodPost
	}
	path := m.path
	if path == "" {
		path = "/"
	}
	target := base + path
	if m.query != "" {
		target += "?" + m.query
	}
	var reader io.Reader
	if m.body != nil {
		reader = bytes.NewReader(m.body)
	}
	r, err := http.NewRequestWithContext(ctx, verb, target, reader)
	if err != nil {
		return 0, 0, nil, fmt.Errorf("%w: the request cannot be made", wattle.ErrParam)
	}
	for _, f := range m.header {
		r.Header.Set(f.Name, f.Value)
	}
	if r.Header.Get("User-Agent") == "" {
		r.Header.Set("User-Agent", c.opt.UserAgent)
	}
	if m.key != nil {
		sum := cloudapi.ContentMD5(m.body)
		r.Header.Set(cloudapi.HeaderMD5, sum)
		r.Header.Set(cloudapi.HeaderAuthorization, m.key.Sign(sum, path, c.timestamp(), uuid()).String())
	}
	response, err := c.http.Do(r)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err
		}
		return 0, 0, nil, fmt.Errorf("%w: %s: %w", wattle.ErrUnreachable, strings.TrimPrefix(base, "https://"), err)
	}
	defer response.Body.Close()
	body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return response.StatusCode, 0, nil, fmt.Errorf("%w: the answer broke off: %w", wattle.ErrUnreachable, err)
	case len(body) > maxAnswer:
		return response.StatusCode, 0, nil, fmt.Errorf("%w: an answer of more than %d MB", wattle.ErrProtocol, maxAnswer>>20)
	}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > 0 {
		after = min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	return response.StatusCode, after, body, nil
}

// maxRetryAfter is the longest pause that a service can order.
const maxRetryAfter = 24 * time.Hour

// judge finds the refusal in an answer and draws what follows for later calls.
func (c *Client) judge(ctx context.Context, host string, m *message, status int, after time.Duration, body []byte) (*cloudapi.Answer, error) {
	if isBlocked(body) {
		return nil, c.hold(ctx, blockTime, "the TP-Link cloud has blocked this terminal (black list)", wattle.ErrLockout)
	}
	if status >= 300 && status < 400 {
		c.gate.done(host)
		return nil, fmt.Errorf("%s: %w: the cloud sends on to another address (HTTP %d), which is not followed", m.label, wattle.ErrProtocol, status)
	}
	answer, err := cloudapi.ParseAnswer(body)
	if err != nil && status < 300 && len(bytes.TrimSpace(body)) == 0 && m.verb != "" {
		answer, err = &cloudapi.Answer{Body: []byte("{}")}, nil // service C says nothing where there is nothing to say
	}
	refusal := &wattle.CloudError{Method: m.label}
	if status >= 300 {
		refusal.Status = status
	}
	if answer != nil {
		refusal.Code, refusal.Msg = answer.Code, scrub(answer.Msg, m.secrets)
	}
	switch {
	case refusal.Code == wattle.CloudRateLimit:
		return answer, c.limited(ctx)
	case status == http.StatusTooManyRequests, status >= 500 && refusal.Code == 0:
		c.gate.failed(host, after)
		return answer, refusal
	}
	c.gate.done(host)
	c.free(ctx)
	switch {
	case refusal.Code != 0 || refusal.Status != 0:
		return answer, refusal
	case err != nil:
		return nil, fmt.Errorf("%s: %w", m.label, err)
	}
	return answer, nil
}

// isBlocked looks for the one refusal that is known by its text alone.
func isBlocked(body []byte) bool {
	return len(body) < 4096 && bytes.Contains(bytes.ToLower(body), []byte("denied request in blacklist"))
}

// trust makes a base URL of one that may be followed.
func (c *Client) trust(raw string) (string, error) { return cloudapi.Trust(raw, c.allowed...) }

// timestamp is what requests are signed with.
func (c *Client) timestamp() string {
	if c.opt.Clock {
		return strconv.FormatInt(time.Now().Unix(), 10)
	}
	return cloudapi.Nines
}

// replaceSecret masks one secret in a text, as it is and as it stands in a URL.
func replaceSecret(text string, s wattle.Secret) string {
	plain := s.Reveal()
	if len(plain) < 4 {
		return text
	}
	text = strings.ReplaceAll(text, plain, s.String())
	return strings.ReplaceAll(text, url.QueryEscape(plain), s.String())
}
