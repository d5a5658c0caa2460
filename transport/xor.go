package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"wattle"
	"wattle/internal/wire/xor"
)

// xorConn is XOR over TCP. It keeps its connection for some seconds. See
// docs/protocol/transports.md section 1.
type xorConn struct {
	gate
	options Options

	// These belong to the exchange inside the gate.
	conn    net.Conn    // kept from the last exchange, or nil
	idle    *time.Timer // closes it
	single  bool        // the device closes after each answer: keep nothing
	request []byte      // buffer for frames
}

func newXOR(route wattle.Route, o Options) *xorConn {
	c := &xorConn{options: o}
	c.init(route, o.Timeout)
	c.info.MaxAnswer = xor.MaxFrame
	c.idle = time.AfterFunc(idleTime, c.closeIdle)
	c.idle.Stop()
	return c
}

// Exchange sends one frame and reads one.
func (c *xorConn) Exchange(caller context.Context, request []byte) ([]byte, error) {
	ctx, err := c.enter(caller)
	if err != nil {
		return nil, err
	}
	defer c.leave()
	c.idle.Stop()
	if c.wasReset() {
		c.drop()
	}
	if cap(c.request) > maxScratch {
		c.request = nil
	}
	c.request = xor.AppendFrame(c.request[:0], request)

	if c.conn != nil && !stale(c.conn) {
		answer, sent, err := c.talk(ctx, c.conn)
		if sent || ctx.Err() != nil {
			// The device may have closed instead of answering what it read:
			// then keeping connections is of no use with it.
			c.single = c.single || errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET)
			return c.done(ctx, answer, err)
		}
		// What the device no longer listens to, it did not carry out.
		c.options.Logger.DebugContext(ctx, "kept connection was closed", "err", err)
	}
	c.drop()
	conn, err := c.options.DialContext(ctx, "tcp", c.route.Address())
	if err != nil {
		return nil, Unsent(c.failure(ctx, "connect", wattle.ErrUnreachable, err))
	}
	c.conn = conn
	answer, _, err := c.talk(ctx, conn)
	return c.done(ctx, answer, err)
}

// talk carries out one exchange on conn. sent is false when nothing of the
// request can have arrived.
func (c *xorConn) talk(ctx context.Context, conn net.Conn) (answer []byte, sent bool, err error) {
	stop := watch(ctx, conn)
	n, err := conn.Write(c.request)
	if err == nil {
		answer, err = xor.ReadFrame(conn, nil)
	}
	if !stop() && err == nil {
		// ctx ended just now, and its deadline may yet be set.
		c.drop()
	}
	return answer, n > 0, err
}

// done keeps or drops the connection and gives the result of an exchange.
func (c *xorConn) done(ctx context.Context, answer []byte, err error) ([]byte, error) {
	if err == nil {
		if c.single {
			c.drop()
		}
		if c.conn != nil {
			_ = c.conn.SetDeadline(time.Time{})
			c.idle.Reset(idleTime)
		}
		return answer, nil
	}
	c.drop()
	class := wattle.ErrUnreachable
	if errors.Is(err, xor.ErrTooLong) {
		return nil, c.wrap("answer", err)
	}
	if errors.Is(err, io.EOF) {
		return nil, c.failure(ctx, "answer", class, errNoAnswer)
	}
	return nil, c.failure(ctx, "request", class, err)
}

var errNoAnswer = fmt.Errorf("the device closed the connection without an answer: %w", io.EOF)

// drop closes the kept connection.
func (c *xorConn) drop() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

// closeIdle runs when nothing happened for a while. When an exchange has just
// begun, it is not idle.
func (c *xorConn) closeIdle() {
	select {
	case c.slot <- struct{}{}:
		c.drop()
		<-c.slot
	default:
	}
}

// Close closes the connection.
func (c *xorConn) Close() error {
	c.shut(func() {
		c.idle.Stop()
		c.drop()
	})
	return nil
}

// watch makes reads and writes of conn end when ctx does. stop must be called
// after them.
func watch(ctx context.Context, conn net.Conn) (stop func() bool) {
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(deadline)
	return context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
}
