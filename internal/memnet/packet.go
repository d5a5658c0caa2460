package memnet

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
)

// defaultReadBuffer is what Linux gives a socket that does not ask; overhead
// is what the kernel adds to each datagram in its accounts; maxDatagram is the
// largest payload of a UDP datagram.
const (
	defaultReadBuffer = 212992
	overhead          = 512
	maxDatagram       = 65507
)

// ListenPacket opens a packet socket on "udp" or "udp4". Port 0 takes a free
// one. Several sockets may share a broadcast address (as with SO_REUSEADDR),
// each gets a copy.
func (n *Network) ListenPacket(network, address string) (net.PacketConn, error) {
	p, err := n.listenPacket(network, address)
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (n *Network) listenPacket(network, address string) (*packetConn, error) {
	if network != "udp" && network != "udp4" {
		return nil, opError("listen", network, nil, nil, net.UnknownNetworkError(network))
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	ap, err := n.resolveLocked(address)
	if err != nil {
		return nil, opError("listen", network, nil, nil, err)
	}
	taken := func(port uint16) bool { return len(n.packets[netip.AddrPortFrom(ap.Addr(), port)]) > 0 }
	if ap.Port() == 0 {
		port, err := n.freePortLocked(taken)
		if err != nil {
			return nil, opError("listen", network, nil, net.UDPAddrFromAddrPort(ap), err)
		}
		ap = netip.AddrPortFrom(ap.Addr(), port)
	} else if taken(ap.Port()) && !isBroadcast(ap.Addr()) {
		return nil, opError("listen", network, nil, net.UDPAddrFromAddrPort(ap), os.NewSyscallError("bind", syscall.EADDRINUSE))
	}
	p := &packetConn{
		net: n, addr: ap, limit: defaultReadBuffer, changed: make(chan struct{}),
		readBy: newDeadline(), closed: make(chan struct{}),
	}
	n.packets[ap] = append(n.packets[ap], p)
	return p, nil
}

func (n *Network) dialPacket(from netip.Addr, network, address string) (net.Conn, error) {
	n.mu.Lock()
	to, err := n.resolveLocked(address)
	n.mu.Unlock()
	if err != nil {
		return nil, opError("dial", network, nil, nil, err)
	}
	p, err := n.listenPacket(network, netip.AddrPortFrom(from, 0).String())
	if err != nil {
		return nil, err
	}
	p.peer = to
	return &packetStream{packetConn: p}, nil
}

// send carries one datagram; it reports ECONNREFUSED where nobody listens and
// the sender would get to know.
func (n *Network) send(from *packetConn, to netip.AddrPort, payload []byte) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	receivers := n.receiversLocked(to)
	if len(receivers) == 0 && !n.down[to.Addr()] && !isBroadcast(to.Addr()) {
		return syscall.ECONNREFUSED
	}
	source := from.addr
	if source.Addr().IsUnspecified() {
		source = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), source.Port())
	}
	if n.down[to.Addr()] || n.down[source.Addr()] {
		return nil
	}
	for _, r := range receivers {
		if n.down[r.addr.Addr()] || (n.loss > 0 && n.random.Float64() < n.loss) {
			continue
		}
		d := datagram{from: source, payload: slices.Clone(payload)}
		delay := n.minDelay
		if spread := n.maxDelay - n.minDelay; spread > 0 {
			delay += time.Duration(n.random.Int64N(int64(spread) + 1))
		}
		if delay == 0 {
			r.deliver(d)
		} else {
			time.AfterFunc(delay, func() { r.deliver(d) })
		}
	}
	return nil
}

// receiversLocked lists the sockets that an address reaches.
func (n *Network) receiversLocked(to netip.AddrPort) []*packetConn {
	wildcard := netip.AddrPortFrom(netip.IPv4Unspecified(), to.Port())
	if !isBroadcast(to.Addr()) {
		if own := n.packets[to]; len(own) > 0 {
			return own[len(own)-1:]
		}
		return n.packets[wildcard]
	}
	all := slices.Clone(n.packets[wildcard])
	limited := to.Addr() == netip.AddrFrom4([4]byte{255, 255, 255, 255})
	for at, sockets := range n.packets {
		if at.Port() == to.Port() && isBroadcast(at.Addr()) && (limited || at == to) {
			all = append(all, sockets...)
		}
	}
	return all
}

type datagram struct {
	from    netip.AddrPort
	payload []byte
}

// packetConn is a packet socket.
type packetConn struct {
	net    *Network
	addr   netip.AddrPort
	peer   netip.AddrPort // of a connected socket: the only one it hears
	readBy *deadline
	closed chan struct{}
	once   sync.Once

	mu      sync.Mutex
	queue   []datagram
	held    int // bytes in queue, as a kernel counts them
	limit   int
	dropped int
	pending error // what an earlier write brought back
	changed chan struct{}
}

func (p *packetConn) deliver(d datagram) {
	if p.peer.IsValid() && d.from != p.peer {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	cost := len(d.payload) + overhead
	if p.held+cost > p.limit {
		p.dropped++
		return
	}
	p.held += cost
	p.queue = append(p.queue, d)
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *packetConn) receive(b []byte) (int, netip.AddrPort, error) {
	for {
		select {
		case <-p.closed:
			return 0, netip.AddrPort{}, p.fail("read", net.ErrClosed)
		default:
		}
		if p.readBy.passed() {
			return 0, netip.AddrPort{}, p.fail("read", os.ErrDeadlineExceeded)
		}
		p.mu.Lock()
		if err := p.pending; err != nil {
			p.pending = nil
			p.mu.Unlock()
			return 0, netip.AddrPort{}, p.fail("read", err)
		}
		if len(p.queue) > 0 {
			d := p.queue[0]
			p.queue = p.queue[1:]
			p.held -= len(d.payload) + overhead
			p.mu.Unlock()
			return copy(b, d.payload), d.from, nil
		}
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-changed:
		case <-p.readBy.wait():
		case <-p.closed:
		}
	}
}

// ReadFrom takes the next datagram; what does not fit into b is lost.
func (p *packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	k, from, err := p.receive(b)
	if err != nil {
		return 0, nil, err
	}
	return k, net.UDPAddrFromAddrPort(from), nil
}

// WriteTo sends a datagram. Nothing tells whether it arrived.
func (p *packetConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	to, ok := addr.(*net.UDPAddr)
	if !ok {
		return 0, p.fail("write", &net.AddrError{Err: "not a UDP address", Addr: addr.String()})
	}
	ap := to.AddrPort()
	_, err := p.transmit(b, netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()))
	if err != nil {
		return 0, err
	}
	return len(b), nil
}

// transmit sends, and tells whether somebody had to be there but was not.
func (p *packetConn) transmit(b []byte, to netip.AddrPort) (refusal error, err error) {
	select {
	case <-p.closed:
		return nil, p.fail("write", net.ErrClosed)
	default:
	}
	if len(b) > maxDatagram {
		return nil, p.fail("write", os.NewSyscallError("sendto", syscall.EMSGSIZE))
	}
	return p.net.send(p, to, b), nil
}

func (p *packetConn) Close() error {
	err := p.fail("close", net.ErrClosed)
	p.once.Do(func() {
		err = nil
		p.net.mu.Lock()
		rest := slices.DeleteFunc(p.net.packets[p.addr], func(other *packetConn) bool { return other == p })
		if len(rest) == 0 {
			delete(p.net.packets, p.addr)
		} else {
			p.net.packets[p.addr] = rest
		}
		p.net.mu.Unlock()
		p.readBy.stop()
		close(p.closed)
	})
	return err
}

func (p *packetConn) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(p.addr) }

// SetReadBuffer sets how many bytes wait for a reader before datagrams are
// lost; each costs 512 bytes more than its payload.
func (p *packetConn) SetReadBuffer(bytes int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limit = bytes
	return nil
}

// SetWriteBuffer does nothing: writes never wait.
func (p *packetConn) SetWriteBuffer(int) error { return nil }

// Dropped is how many datagrams found the receive buffer full.
func (p *packetConn) Dropped() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dropped
}

func (p *packetConn) SetDeadline(t time.Time) error      { p.readBy.set(t); return nil }
func (p *packetConn) SetReadDeadline(t time.Time) error  { p.readBy.set(t); return nil }
func (p *packetConn) SetWriteDeadline(_ time.Time) error { return nil }

func (p *packetConn) fail(op string, err error) error {
	return opError(op, "udp", p.LocalAddr(), nil, err)
}

// packetStream is a connected packet socket.
type packetStream struct{ *packetConn }

func (s *packetStream) Read(b []byte) (int, error) {
	k, _, err := s.receive(b)
	return k, err
}

// Write sends to the peer. As over IP, a peer that is not there shows at the
// next Read.
func (s *packetStream) Write(b []byte) (int, error) {
	refusal, err := s.transmit(b, s.peer)
	if err != nil {
		return 0, err
	}
	if refusal != nil {
		s.mu.Lock()
		s.pending = refused("read")
		close(s.changed)
		s.changed = make(chan struct{})
		s.mu.Unlock()
	}
	return len(b), nil
}

func (s *packetStream) RemoteAddr() net.Addr { return net.UDPAddrFromAddrPort(s.peer) }
