package memnet

import (
	"context"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
)

// backlog is how many connections wait to be accepted; window is how many
// bytes a direction holds before its writer waits.
const (
	backlog = 128
	window  = 256 << 10
)

// Listen opens a stream listener on "tcp" or "tcp4". Port 0 takes a free one;
// host 0.0.0.0 or "" takes every address that has no listener of its own.
func (n *Network) Listen(network, address string) (net.Listener, error) {
	if network != "tcp" && network != "tcp4" {
		return nil, opError("listen", network, nil, nil, net.UnknownNetworkError(network))
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	ap, err := n.resolveLocked(address)
	if err != nil {
		return nil, opError("listen", network, nil, nil, err)
	}
	taken := func(port uint16) bool { return n.listeners[netip.AddrPortFrom(ap.Addr(), port)] != nil }
	if ap.Port() == 0 {
		port, err := n.freePortLocked(taken)
		if err != nil {
			return nil, opError("listen", network, nil, net.TCPAddrFromAddrPort(ap), err)
		}
		ap = netip.AddrPortFrom(ap.Addr(), port)
	} else if taken(ap.Port()) {
		return nil, opError("listen", network, nil, net.TCPAddrFromAddrPort(ap), os.NewSyscallError("bind", syscall.EADDRINUSE))
	}
	l := &listener{net: n, addr: ap, conns: make(chan *stream, backlog), done: make(chan struct{})}
	n.listeners[ap] = l
	return l, nil
}

// DialContext connects to a listener ("tcp", "tcp4") or gives a connected
// packet socket ("udp", "udp4"). An address where nobody listens refuses at
// once.
func (n *Network) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return n.DialFrom(ctx, netip.MustParseAddr("127.0.0.1"), network, address)
}

// DialFrom is DialContext with the address that the caller has on the network.
func (n *Network) DialFrom(ctx context.Context, from netip.Addr, network, address string) (net.Conn, error) {
	switch network {
	case "udp", "udp4":
		return n.dialPacket(from, network, address)
	case "tcp", "tcp4":
	default:
		return nil, opError("dial", network, nil, nil, net.UnknownNetworkError(network))
	}
	if err := ctx.Err(); err != nil {
		return nil, opError("dial", network, nil, nil, err)
	}
	n.mu.Lock()
	to, err := n.resolveLocked(address)
	if err != nil {
		n.mu.Unlock()
		return nil, opError("dial", network, nil, nil, err)
	}
	l, silent := n.listeners[to], n.down[to.Addr()]
	if l == nil {
		l = n.listeners[netip.AddrPortFrom(netip.IPv4Unspecified(), to.Port())]
	}
	port, _ := n.freePortLocked(func(uint16) bool { return false })
	n.mu.Unlock()

	local := net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, port))
	remote := net.TCPAddrFromAddrPort(to)
	if silent {
		<-ctx.Done()
		return nil, opError("dial", network, nil, remote, ctx.Err())
	}
	if l == nil {
		return nil, opError("dial", network, nil, remote, refused("connect"))
	}
	client, server := newStreams(local, remote)
	select {
	case <-l.done: // first: a closed listener may still have room
		return nil, opError("dial", network, nil, remote, refused("connect"))
	default:
	}
	select {
	case l.conns <- server:
		return client, nil
	case <-l.done:
		return nil, opError("dial", network, nil, remote, refused("connect"))
	case <-ctx.Done():
		return nil, opError("dial", network, nil, remote, ctx.Err())
	}
}

type listener struct {
	net   *Network
	addr  netip.AddrPort
	conns chan *stream
	done  chan struct{}
	once  sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case <-l.done:
	default:
		select {
		case c := <-l.conns:
			return c, nil
		case <-l.done:
		}
	}
	return nil, opError("accept", "tcp", nil, l.Addr(), net.ErrClosed)
}

// Close ends Accept and drops the connections that nobody accepted.
func (l *listener) Close() error {
	err := opError("close", "tcp", nil, l.Addr(), net.ErrClosed)
	l.once.Do(func() {
		err = nil
		l.net.mu.Lock()
		delete(l.net.listeners, l.addr)
		l.net.mu.Unlock()
		close(l.done)
		for {
			select {
			case c := <-l.conns:
				_ = c.Close()
			default:
				return
			}
		}
	})
	return err
}

func (l *listener) Addr() net.Addr { return net.TCPAddrFromAddrPort(l.addr) }

// half is one direction of a stream.
type half struct {
	mu      sync.Mutex
	data    []byte
	ended   bool          // the writer will write no more
	gone    bool          // the reader will read no more
	changed chan struct{} // closed and replaced at every change
}

func newHalf() *half { return &half{changed: make(chan struct{})} }

func (h *half) wakeLocked() {
	close(h.changed)
	h.changed = make(chan struct{})
}

func (h *half) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	h.wakeLocked()
}

func (h *half) abandon() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.gone, h.data = true, nil
	h.wakeLocked()
}

// stream is one end of a connection.
type stream struct {
	local, remote *net.TCPAddr
	in, out       *half
	readBy        *deadline
	writeBy       *deadline
	closed        chan struct{}
	once          sync.Once
}

func newStreams(clientAddr, serverAddr *net.TCPAddr) (client, server *stream) {
	up, down := newHalf(), newHalf()
	end := func(local, remote *net.TCPAddr, in, out *half) *stream {
		return &stream{
			local: local, remote: remote, in: in, out: out,
			readBy: newDeadline(), writeBy: newDeadline(), closed: make(chan struct{}),
		}
	}
	return end(clientAddr, serverAddr, down, up), end(serverAddr, clientAddr, up, down)
}

func (s *stream) isClosed() bool {
	select {
	case <-s.closed:
		return true
	default:
		return false
	}
}

func (s *stream) Read(p []byte) (int, error) {
	for {
		switch {
		case s.isClosed():
			return 0, s.fail("read", net.ErrClosed)
		case s.readBy.passed():
			return 0, s.fail("read", os.ErrDeadlineExceeded)
		case len(p) == 0:
			return 0, nil
		}
		s.in.mu.Lock()
		if len(s.in.data) > 0 {
			k := copy(p, s.in.data)
			s.in.data = s.in.data[k:]
			s.in.wakeLocked()
			s.in.mu.Unlock()
			return k, nil
		}
		ended, changed := s.in.ended, s.in.changed
		s.in.mu.Unlock()
		if ended {
			return 0, io.EOF
		}
		select {
		case <-changed:
		case <-s.readBy.wait():
		case <-s.closed:
		}
	}
}

// Stale reports whether there is something to be read, or the end.
func (s *stream) Stale() bool {
	s.in.mu.Lock()
	defer s.in.mu.Unlock()
	return s.in.ended || len(s.in.data) > 0
}

func (s *stream) Write(p []byte) (int, error) {
	written := 0
	for {
		switch {
		case s.isClosed():
			return written, s.fail("write", net.ErrClosed)
		case s.writeBy.passed():
			return written, s.fail("write", os.ErrDeadlineExceeded)
		}
		s.out.mu.Lock()
		if s.out.gone || s.out.ended {
			s.out.mu.Unlock()
			return written, s.fail("write", os.NewSyscallError("write", syscall.EPIPE))
		}
		if k := min(len(p)-written, window-len(s.out.data)); k > 0 {
			s.out.data = append(s.out.data, p[written:written+k]...)
			written += k
			s.out.wakeLocked()
		}
		changed := s.out.changed
		s.out.mu.Unlock()
		if written == len(p) {
			return written, nil
		}
		select {
		case <-changed:
		case <-s.writeBy.wait():
		case <-s.closed:
		}
	}
}

// Close ends both directions: the other end reads what was written and then
// io.EOF, and its writes fail.
func (s *stream) Close() error {
	err := s.fail("close", net.ErrClosed)
	s.once.Do(func() {
		err = nil
		close(s.closed)
		s.readBy.stop()
		s.writeBy.stop()
		s.out.end()
		s.in.abandon()
	})
	return err
}

// CloseWrite ends the direction to the other end, which still may write.
func (s *stream) CloseWrite() error {
	s.out.end()
	return nil
}

func (s *stream) LocalAddr() net.Addr  { return s.local }
func (s *stream) RemoteAddr() net.Addr { return s.remote }

func (s *stream) SetDeadline(t time.Time) error {
	s.readBy.set(t)
	s.writeBy.set(t)
	return nil
}
func (s *stream) SetReadDeadline(t time.Time) error  { s.readBy.set(t); return nil }
func (s *stream) SetWriteDeadline(t time.Time) error { s.writeBy.set(t); return nil }

func (s *stream) fail(op string, err error) error {
	return opError(op, "tcp", s.local, s.remote, err)
}
