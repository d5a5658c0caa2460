package discover

import (
	"errors"
	"net"
	"net/netip"
	"sync"

	"wattle/internal/wire/discovery"
)

// packet is a datagram and its source.
type packet struct {
	from    netip.AddrPort
	payload []byte
}

// maxQueue bounds what waits to be parsed: 65,536 answers are more than any
// home has, and a flood must not take all memory.
const maxQueue = 1 << 16

// queue stands between readers, which never do any work, and the parser.
type queue struct {
	ready chan struct{} // has a value while there is something to take

	mu    sync.Mutex
	items []packet
	limit int
	lost  int
}

func newQueue() *queue { return &queue{ready: make(chan struct{}, 1), limit: maxQueue} }

func (q *queue) put(p packet) {
	q.mu.Lock()
	if len(q.items) < q.limit {
		q.items = append(q.items, p)
	} else {
		q.lost++
	}
	q.mu.Unlock()
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// take gives all that waits.
func (q *queue) take() []packet {
	q.mu.Lock()
	defer q.mu.Unlock()
	items := q.items
	q.items = nil
	return items
}

// read fills the queue from a socket until the socket is closed. Errors that
// a datagram caused (some systems report refused ones here) are passed over;
// a socket that gives nothing else is given up.
//
// It must be faster than the answers of a whole home arrive, so that it neither
// copies nor allocates for each: datagrams are read one behind the other into
// large pieces of memory.
func (q *queue) read(pc net.PacketConn) {
	next := reader(pc)
	var memory []byte
	pieces := 2 // enough for one host; more are taken where more answer
	for failures := 0; failures < 100; {
		if len(memory) < discovery.MaxAnswer {
			memory = make([]byte, pieces*discovery.MaxAnswer)
			pieces = min(2*pieces, 16)
		}
		n, from, err := next(memory)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			failures++
			continue
		}
		failures = 0
		source := netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		q.put(packet{from: source, payload: memory[:n:n]})
		memory = memory[n:]
	}
}

// reader gives the cheapest way to read from a socket.
func reader(pc net.PacketConn) func(b []byte) (int, netip.AddrPort, error) {
	if fast, ok := pc.(interface {
		ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error)
	}); ok {
		return fast.ReadFromUDPAddrPort
	}
	return func(b []byte) (int, netip.AddrPort, error) {
		n, from, err := pc.ReadFrom(b)
		udp, ok := from.(*net.UDPAddr)
		if err == nil && !ok {
			err = errNotUDP
		}
		if err != nil {
			return 0, netip.AddrPort{}, err
		}
		return n, udp.AddrPort(), nil
	}
}

var errNotUDP = errors.New("datagram from an address that is not UDP")
