package rest

import (
	"net"
	"net/netip"
	"sync"
)

// bound limits how many connections there are at once: what is beyond is closed
// at once, so that somebody who opens thousands holds nothing.
func bound(l Listener, limits Limits) net.Listener {
	b := &boundListener{Listener: l.Listener, most: limits.Connections, open: map[netip.Addr]int{}}
	if !l.Trusted {
		b.each = limits.PerAddress
	}
	return b
}

type boundListener struct {
	net.Listener
	most, each int

	mu   sync.Mutex
	all  int
	open map[netip.Addr]int // by who is connected
}

func (b *boundListener) Accept() (net.Conn, error) {
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := client(c.RemoteAddr().String())
		if b.take(from) {
			return &boundConn{Conn: c, free: sync.OnceFunc(func() { b.free(from) })}, nil
		}
		_ = c.Close()
	}
}

func (b *boundListener) take(from netip.Addr) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all >= b.most || b.each > 0 && b.open[from] >= b.each {
		return false
	}
	b.all++
	b.open[from]++
	return true
}

func (b *boundListener) free(from netip.Addr) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all--
	if b.open[from]--; b.open[from] <= 0 {
		delete(b.open, from)
	}
}

type boundConn struct {
	net.Conn
	free func()
}

func (c *boundConn) Close() error {
	c.free()
	return c.Conn.Close()
}

// client is who is at an address: of IPv6 the network of 64 bits, of which one
// computer has as many addresses as it likes. The zero Addr stands for all
// that have none.
func client(remote string) netip.Addr {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	addr := at.Addr().Unmap().WithZone("")
	if addr.Is6() {
		if p, err := addr.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return addr
}
