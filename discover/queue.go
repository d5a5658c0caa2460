package discover

import (
	"bytes"
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
func (q *queue) read(pc net.PacketConn) {
	buffer := make([]byte, discovery.MaxAnswer)
	for failures := 0; failures < 100; {
		n, from, err := pc.ReadFrom(buffer)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			failures++
			continue
		}
		failures = 0
		if udp, ok := from.(*net.UDPAddr); ok {
			source := udp.AddrPort()
			source = netip.AddrPortFrom(source.Addr().Unmap(), source.Port())
			q.put(packet{from: source, payload: bytes.Clone(buffer[:n])})
		}
	}
}
