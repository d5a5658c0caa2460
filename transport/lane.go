package transport

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// maxHeader bounds the header of an answer, in bytes.
const maxHeader = 16 << 10

// lane is the one connection to a device on which requests of HTTP/1.1 follow
// each other. net/http writes the requests and reads the answers. Its Transport
// holds two goroutines and two buffers for each connection, also while nothing
// happens: too much for a hub with thousands of them. A lane that rests is a
// connection and a timer. It belongs to the exchange inside a gate.
type lane struct {
	gate    *gate
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	address string
	tls     *tls.Config // nil: none

	conn net.Conn    // kept from the last exchange, or nil
	idle *time.Timer // closes it
}

func newLane(g *gate, dial func(ctx context.Context, network, address string) (net.Conn, error), address string, secure *tls.Config) *lane {
	l := &lane{gate: g, dial: dial, address: address, tls: secure}
	l.idle = time.AfterFunc(idleTime, l.closeIdle)
	l.idle.Stop()
	return l
}

// Buffers are lent to an exchange.
var (
	readers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 4<<10) }}
	writers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, 4<<10) }}
	bodies  = sync.Pool{New: func() any { return new([]byte) }}
)

// exchange sends a request and reads its answer, up to limit bytes of body. A kept
// connection that the device has closed is opened again where nothing of the
// request was written, or where the request is repeatable and nothing of an answer
// came: the rule of net/http.
func (l *lane) exchange(ctx context.Context, request *http.Request, repeatable bool, limit int) (reply, error) {
	l.idle.Stop()
	if l.conn != nil && !stale(l.conn) {
		r, far, err := l.talk(ctx, request, limit)
		if err == nil || ctx.Err() != nil || far == answering || far == asked && !repeatable {
			return r, err
		}
		if request.Body, err = request.GetBody(); err != nil {
			return reply{}, err
		}
	}
	l.drop()
	if err := l.connect(ctx); err != nil {
		return reply{}, err
	}
	r, _, err := l.talk(ctx, request, limit)
	return r, err
}

func (l *lane) connect(ctx context.Context) error {
	conn, err := l.dial(ctx, "tcp", l.address)
	if err != nil {
		return err
	}
	if l.tls != nil {
		secure := tls.Client(conn, l.tls)
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			if record, ok := errors.AsType[tls.RecordHeaderError](err); ok && string(record.RecordHeader[:]) == "HTTP/" {
				return http.ErrSchemeMismatch
			}
			return err
		}
		conn = secure
	}
	l.conn = conn
	return nil
}

// progress is how far an exchange came.
type progress int

const (
	nothing   progress = iota // of the request can have arrived
	asked                     // a part of it was written
	answering                 // something came back
)

// talk carries out one exchange on the connection, which is dropped where it is
// of no further use.
func (l *lane) talk(ctx context.Context, request *http.Request, limit int) (r reply, far progress, err error) {
	stop := watch(ctx, l.conn)
	keep := false
	defer func() {
		if !stop() || !keep { // or ctx ended just now, and its deadline may yet be set
			l.drop()
			return
		}
		_ = l.conn.SetDeadline(time.Time{})
		l.idle.Reset(idleTime)
	}()

	out := &counter{to: l.conn}
	w := writers.Get().(*bufio.Writer)
	w.Reset(out)
	defer func() { w.Reset(nil); writers.Put(w) }()
	if err = request.Write(w); err == nil {
		err = w.Flush()
	}
	if out.n > 0 {
		far = asked
	}
	if err != nil {
		return r, far, err
	}

	in := &meter{from: l.conn, left: maxHeader}
	b := readers.Get().(*bufio.Reader)
	b.Reset(in)
	defer func() { b.Reset(nil); readers.Put(b) }()
	if _, err = b.Peek(1); err != nil {
		if errors.Is(err, io.EOF) {
			err = errNoAnswer
		}
		return r, far, err
	}
	answer, err := readHeader(b, request) //nolint:bodyclose // it ends where the next answer begins
	if err != nil {
		return r, answering, err
	}
	in.left = -1
	scratch := bodies.Get().(*[]byte)
	defer bodies.Put(scratch)
	body, err := readBody(answer.Body, (*scratch)[:0], limit)
	if err != nil {
		return r, answering, err
	}
	if cap(body) <= maxScratch {
		*scratch = body
	}
	keep = !answer.Close && answer.StatusCode != http.StatusSwitchingProtocols && b.Buffered() == 0
	return reply{answer.StatusCode, answer.Header, bytes.Clone(body)}, answering, nil
}

// readHeader skips the answers that only say that there will be one.
func readHeader(b *bufio.Reader, request *http.Request) (*http.Response, error) {
	for {
		answer, err := http.ReadResponse(b, request)
		if err != nil || answer.StatusCode >= http.StatusOK || answer.StatusCode == http.StatusSwitchingProtocols {
			return answer, err
		}
	}
}

// drop closes the connection.
func (l *lane) drop() {
	l.idle.Stop()
	if l.conn != nil {
		_ = l.conn.Close()
		l.conn = nil
	}
}

// closeIdle runs when nothing happened for a while. When an exchange has just
// begun, it is not idle.
func (l *lane) closeIdle() {
	select {
	case l.gate.slot <- struct{}{}:
		l.drop()
		<-l.gate.slot
	default:
	}
}

// counter counts what is written.
type counter struct {
	to io.Writer
	n  int
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n += n
	return n, err
}

// meter bounds the header of an answer.
type meter struct {
	from io.Reader
	left int // bytes that may come yet, below 0 any number
}

var errLongHeader = fmt.Errorf("the header of the answer has more than %d bytes", maxHeader)

func (m *meter) Read(p []byte) (int, error) {
	switch {
	case m.left == 0:
		return 0, errLongHeader
	case m.left > 0:
		p = p[:min(len(p), m.left)]
	}
	n, err := m.from.Read(p)
	if m.left > 0 {
		m.left -= n
	}
	return n, err
}
