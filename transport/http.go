package transport

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"wattle"
)

const (
	// maxBody bounds an answer, in bytes: far beyond any device.
	maxBody = 4 << 20
	// maxScratch bounds buffers that are used for one exchange after the other.
	maxScratch = 64 << 10
	// fragilePause is kept between requests to a device that was seen to close
	// connections, until fragileRequests have gone well. See
	// docs/protocol/transports.md section 0.
	fragilePause    = 250 * time.Millisecond
	fragileRequests = 20
)

// poster sends POST requests to one device, one at a time, over a connection
// that it keeps. It belongs to the exchange inside a gate. See docs/protocol/transports.md
// section 0.
type poster struct {
	gate    *gate
	lane    *lane
	request http.Request                        // what all requests have in common
	base    url.URL                             // scheme and host
	limit   int                                 // of an answer in bytes
	chain   atomic.Pointer[[]*x509.Certificate] // of the last TLS handshake, the device's own first
	// vouched has the chain checked in each TLS handshake, nil for no check.
	vouched atomic.Pointer[func(chain []*x509.Certificate) error]

	fragile int       // above 0 the device was seen to close connections unannounced
	last    time.Time // of the last request
}

// reply is an answer of the device.
type reply struct {
	status int
	header http.Header
	body   []byte // belongs to who posted
}

func newPoster(g *gate, o Options) *poster { return newPosterTo(g.route, g, o) }

// newPosterTo is for a device that is served elsewhere than its route says.
func newPosterTo(route wattle.Route, g *gate, o Options) *poster {
	p := &poster{gate: g, limit: maxBody, base: url.URL{Scheme: "http", Host: route.Address()}}
	p.request = http.Request{
		Method: http.MethodPost, Host: p.base.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	var secure *tls.Config
	if route.TLS {
		p.base.Scheme = "https"
		secure = deviceTLS(route.Host, o.Pin, o.MinTLS, func(fingerprint string, chain []*x509.Certificate) error {
			if vouched := p.vouched.Load(); vouched != nil {
				if err := (*vouched)(chain); err != nil {
					return err
				}
			}
			p.chain.Store(&chain)
			g.learn(func(info *Info) { info.Certificate = fingerprint })
			return nil
		})
	}
	p.lane = newLane(g, o.DialContext, route.Address(), secure)
	return p
}

// post sends a body, always with its length in front. A request whose header
// has an Idempotency-Key without a value, which is not sent, is repeated when a kept
// connection turns out to be closed; others only when surely nothing of them
// has arrived. The errors are those of a [Conn], with step in them.
func (p *poster) post(ctx context.Context, step, path, query string, header http.Header, body []byte) (reply, error) {
	target := p.base
	target.Path, target.RawQuery = path, query
	return p.postTo(ctx, step, &target, header, body)
}

// postTo is post for a URL of its own.
func (p *poster) postTo(ctx context.Context, step string, target *url.URL, header http.Header, body []byte) (reply, error) {
	if err := p.pause(ctx, step); err != nil {
		return reply{}, err
	}
	request := p.request
	request.URL = target
	request.Header = header
	request.ContentLength = int64(len(body))
	request.GetBody = func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(body)), nil
	}
	request.Body, _ = request.GetBody()
	_, repeatable := header["Idempotency-Key"]
	r, err := p.lane.exchange(ctx, &request, repeatable, p.limit)
	p.last = time.Now()
	if errors.Is(err, errTooLong) {
		return reply{}, p.gate.wrap(step, err)
	}
	if err != nil {
		return reply{}, p.failed(ctx, step, err)
	}
	return r, nil
}

// pause keeps a distance between requests to a device that needs it.
func (p *poster) pause(ctx context.Context, step string) error {
	wait := fragilePause - time.Since(p.last)
	if p.fragile == 0 {
		return nil
	}
	p.fragile--
	if wait <= 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return Unsent(p.gate.failure(ctx, step, wattle.ErrUnreachable, ctx.Err()))
	}
}

// failed gives the error of a request that could not be carried out.
func (p *poster) failed(ctx context.Context, step string, err error) error {
	class := classOf(err)
	if errors.Is(class, wattle.ErrUnreachable) && ctx.Err() == nil && closedByPeer(err) {
		p.fragile = fragileRequests
	}
	failure := p.gate.failure(ctx, step, class, err)
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return Unsent(failure)
	}
	return failure
}

// close lets go of the kept connection.
func (p *poster) close() { p.lane.drop() }

// classOf tells a network that failed from a peer that speaks something else.
func classOf(err error) error {
	if errors.Is(err, wattle.ErrIdentity) {
		return wattle.ErrIdentity
	}
	var (
		record tls.RecordHeaderError
		alert  tls.AlertError
		header *textproto.Error
		syntax textproto.ProtocolError
	)
	if errors.Is(err, wattle.ErrTransport) || errors.Is(err, http.ErrSchemeMismatch) ||
		errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &header) || errors.As(err, &syntax) {
		return wattle.ErrTransport
	}
	var network net.Error
	if errors.As(err, &network) || closedByPeer(err) || errors.Is(err, context.Canceled) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) {
		return wattle.ErrUnreachable
	}
	// What is left are complaints of net/http about bytes that did come.
	return wattle.ErrTransport
}

// closedByPeer reports whether the other side ended the connection.
func closedByPeer(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNABORTED)
}

var errTooLong = fmt.Errorf("answer is too long: %w", wattle.ErrTransport)

// readBody appends all of r to buf, up to about limit bytes. Memory grows with
// what has come, not with what was announced.
func readBody(r io.Reader, buf []byte, limit int) ([]byte, error) {
	for {
		if len(buf) > limit || len(buf) == limit && len(buf) == cap(buf) {
			return nil, fmt.Errorf("%w: more than %d bytes", errTooLong, limit)
		}
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, max(2048, len(buf)))
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if errors.Is(err, io.EOF) {
			return buf, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// refused gives the error of a request in a session that was answered with
// another status than 200, nil for 200.
func (r reply) refused() error {
	switch {
	case r.status == http.StatusOK:
		return nil
	case r.status == http.StatusForbidden, r.status == http.StatusUnauthorized:
		return fmt.Errorf("status %d: %w", r.status, wattle.ErrSession)
	case r.status == http.StatusBadRequest, r.status >= http.StatusInternalServerError:
		// The device may have failed while it carried the request out.
		return fmt.Errorf("status %d: %w", r.status, wattle.ErrProtocol)
	}
	return fmt.Errorf("status %d: %w", r.status, wattle.ErrTransport)
}

// isPage reports whether an answer is for a person, such as the page with
// "200 OK" that some devices give to what they do not understand.
func (r reply) isPage() bool {
	return strings.HasPrefix(strings.ToLower(r.header.Get("Content-Type")), "text/")
}
