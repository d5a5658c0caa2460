package endpoint

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"wattle/internal/wire/xor"
)

// maxDatagram is the longest request that is read from a datagram, in bytes.
const maxDatagram = 8 << 10

// datagramWorkers is how many datagrams of one device are answered at once.
const datagramWorkers = 8

// ServeXOR answers frames on every connection of ln until ctx ends; then it
// closes ln and the connections and waits for what it started. The error is
// nil after that, and that of ln otherwise. See docs/protocol/transports.md
// section 1.
func ServeXOR(ctx context.Context, ln net.Listener, dev Device, o *Options) error {
	options := o.orDefaults()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = ln.Close() })
	defer stop()
	var conns sync.WaitGroup
	defer conns.Wait()
	defer cancel() // before the wait: a listener that fails ends its connections
	for {
		conn, err := ln.Accept()
		if err != nil {
			return ended(ctx, err)
		}
		conns.Go(func() { options.serveXOR(ctx, newFaultConn(conn, options.Faults), dev) })
	}
}

// ended gives the error of a listener, nil when it was closed on purpose.
func ended(ctx context.Context, err error) error {
	select {
	case <-ctx.Done():
		return nil
	default:
		return err
	}
}

// serveXOR answers frames on one connection until either side closes it.
func (o *Options) serveXOR(ctx context.Context, conn net.Conn, dev Device) {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer func() {
		stop()
		_ = conn.Close()
	}()
	var message, frame []byte
	for !o.Faults.on("xor-off") {
		_ = conn.SetDeadline(time.Now().Add(idleTimeout))
		var err error
		if message, err = xor.ReadFrame(conn, message[:0]); err != nil || o.Faults.every("drop") {
			return
		}
		_ = conn.SetDeadline(time.Time{})
		answer, err := o.handle(ctx, dev, message)
		if err != nil || answer == nil || o.Faults.every("drop-after") {
			return
		}
		if o.Faults.on("garble") {
			answer = garbled()
		}
		frame = xor.AppendFrame(frame[:0], answer)
		if _, err := conn.Write(frame); err != nil || o.Faults.on("close") {
			return
		}
	}
}

// garbled is an answer that is no JSON in any language.
func garbled() []byte { return []byte("\x00\xa5garbled\xff") }

// ServeXORPacket answers datagrams on pc until ctx ends; then it closes pc and
// waits for what it started. Answers come from the address of pc: clients tell
// discovery protocols apart by it. See docs/protocol/transports.md section 1.
func ServeXORPacket(ctx context.Context, pc net.PacketConn, dev Device, o *Options) error {
	options := o.orDefaults()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = pc.Close() })
	defer stop()
	var workers sync.WaitGroup
	defer workers.Wait()
	defer cancel()
	slots := make(chan struct{}, datagramWorkers)
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := pc.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) || ctx.Err() != nil {
			return ended(ctx, err)
		}
		if err != nil {
			// Systems report here that an earlier answer reached nobody.
			options.Logger.DebugContext(ctx, "datagram not read", "err", err)
			if wait(ctx, time.Millisecond) != nil {
				return nil
			}
			continue
		}
		message := xor.AppendDecrypted(nil, buf[:n])
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		workers.Go(func() {
			defer func() { <-slots }()
			options.answerXOR(ctx, pc, from, message, dev)
		})
	}
}

// answerXOR answers one datagram, or says nothing.
func (o *Options) answerXOR(ctx context.Context, pc net.PacketConn, to net.Addr, message []byte, dev Device) {
	if o.Faults.on("xor-off") || o.Faults.every("drop") {
		return
	}
	answer, err := o.handle(ctx, dev, message)
	if err != nil || answer == nil || o.Faults.every("drop-after") {
		return
	}
	if o.Faults.on("garble") {
		answer = garbled()
	}
	if _, err := pc.WriteTo(xor.AppendEncrypted(answer[:0:0], answer), to); err != nil {
		o.Logger.DebugContext(ctx, "datagram not sent", "addr", to.String(), "err", err)
	}
}
