package simulator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"syscall"

	"wattle"
	"wattle/simulator/endpoint"
)

// Ports of discovery, see docs/protocol/discovery.md.
const (
	portXOR = 9999
	portTDP = 20002
	// portBattery is where battery cameras and doorbells answer instead.
	portBattery = 20004
)

// loopbackAll is where broadcasts on loopback arrive.
const loopbackAll = "127.255.255.255"

// sockets are what one device listens on.
type sockets struct {
	tcp net.Listener
	xor net.PacketConn // UDP of XOR and of Linkie, nil for other transports
	// tdp is UDP 20002. Every device holds it at its own address, also one
	// that does not answer there: it keeps other simulators away.
	tdp net.PacketConn
	// battery is UDP 20004, nil for a device that answers on 20002.
	battery net.PacketConn
}

func (s *sockets) close() {
	if s.tcp != nil {
		_ = s.tcp.Close()
	}
	for _, pc := range []net.PacketConn{s.xor, s.tdp, s.battery} {
		if pc != nil {
			_ = pc.Close()
		}
	}
}

// settle checks where the home may live, and finds out whether devices can
// have addresses of their own.
func (h *Home) settle(ctx context.Context) error {
	for _, a := range []netip.Addr{h.o.Range.Addr(), h.shared} {
		if a.IsValid() && !h.o.Public && !a.IsLoopback() {
			return fmt.Errorf("%s is beyond loopback; allow it explicitly, or use addresses of 127.0.0.0/8: %w", a, wattle.ErrParam)
		}
	}
	if !h.o.Range.Addr().Is4() || h.shared.IsValid() && !h.shared.Is4() {
		return fmt.Errorf("devices speak IPv4 only: %w", wattle.ErrParam)
	}
	if h.o.PortBase < 1 || h.o.PortBase > 65_535 {
		return fmt.Errorf("port base %d: want 1 to 65535: %w", h.o.PortBase, wattle.ErrParam)
	}
	if !h.shared.IsValid() && h.o.Range == DefaultRange {
		ln, err := h.listen(ctx, h.o.Range.Addr().Next(), 0)
		switch {
		case err == nil:
			_ = ln.Close()
		case errors.Is(err, syscall.EADDRNOTAVAIL):
			h.shared = netip.AddrFrom4([4]byte{127, 0, 0, 1})
			h.log.InfoContext(ctx, "devices share one address", "address", h.shared)
		}
	}
	if h.shared.IsValid() {
		pc, err := h.listenPacket(ctx, h.shared.String(), portTDP)
		if err != nil {
			h.log.WarnContext(ctx, "devices cannot be discovered", "error", err)
		}
		h.udp = pc
		if h.hasBattery() {
			if h.udpBattery, err = h.listenPacket(ctx, h.shared.String(), portBattery); err != nil {
				h.log.WarnContext(ctx, "devices with a battery cannot be discovered", "error", err)
			}
		}
	}
	return nil
}

// serveBroadcasts makes the devices answer broadcasts. Without the addresses
// for it they can still be found by their own.
func (h *Home) serveBroadcasts(ctx context.Context, run func(string, func(context.Context) error)) {
	type group struct {
		b    *endpoint.Broadcasts
		port int
	}
	groups := []group{{&h.xor, portXOR}, {&h.tdp, portTDP}}
	if h.hasBattery() {
		groups = append(groups, group{&h.battery, portBattery})
	}
	for _, group := range groups {
		for _, address := range h.broadcastAddresses() {
			pc, err := h.listenBroadcast(ctx, address, group.port)
			if err != nil {
				h.log.WarnContext(ctx, "no broadcasts", "address", address, "port", group.port, "error", err)
				continue
			}
			run("broadcasts", func(ctx context.Context) error { return group.b.Serve(ctx, pc) })
		}
	}
	if h.udp != nil {
		run("discovery", func(ctx context.Context) error { return h.tdp.Serve(ctx, h.udp) })
	}
	if h.udpBattery != nil {
		run("discovery", func(ctx context.Context) error { return h.battery.Serve(ctx, h.udpBattery) })
	}
}

// hasBattery reports whether any of the devices answers on port 20004.
func (h *Home) hasBattery() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.ContainsFunc(h.places, func(p *place) bool { return p.dev.Discovery(Announcement{}).Battery })
}

func (h *Home) broadcastAddresses() []string {
	if h.o.Range.Addr().IsLoopback() {
		return []string{loopbackAll}
	}
	return []string{lastAddr(h.o.Range).String(), "255.255.255.255"}
}

func lastAddr(p netip.Prefix) netip.Addr {
	b := p.Addr().As4()
	for i := p.Bits(); i < 32; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	return netip.AddrFrom4(b)
}

// bind opens the sockets of a device: at the address it wants, or at the next
// one of the range that nobody uses.
func (h *Home) bind(ctx context.Context, p *place) (*sockets, error) {
	h.mu.Lock()
	wants, shared := p.wants, h.shared
	h.mu.Unlock()
	switch {
	case shared.IsValid():
		return h.bindShared(ctx, p, shared)
	case wants.IsValid():
		if !h.o.Public && !wants.IsLoopback() {
			return nil, fmt.Errorf("%s is beyond loopback; allow it explicitly: %w", wants, wattle.ErrParam)
		}
		return h.bindAt(ctx, p, wants)
	}
	for {
		addr, err := h.takeAddr()
		if err != nil {
			return nil, err
		}
		s, err := h.bindAt(ctx, p, addr)
		if errors.Is(err, errTaken) {
			continue
		}
		return s, err
	}
}

// errTaken: another simulator holds the address.
var errTaken = errors.New("the address is taken by another simulator")

// takeAddr gives the next address of the range.
func (h *Home) takeAddr() (netip.Addr, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.nextIP = h.nextIP.Next()
	if last := lastAddr(h.o.Range); !h.o.Range.Contains(h.nextIP) || h.nextIP == last {
		return netip.Addr{}, fmt.Errorf("no free address is left in %s; give a larger range", h.o.Range)
	}
	return h.nextIP, nil
}

func (h *Home) bindAt(ctx context.Context, p *place, addr netip.Addr) (*sockets, error) {
	s := &sockets{}
	// failed is why a socket is not there. The ports of discovery are nobody else's:
	// who has one of them, if only for a moment because he is leaving, has the address.
	failed := func(what string, err error) error {
		s.close()
		if errors.Is(err, syscall.EADDRINUSE) {
			return errTaken
		}
		return fmt.Errorf("listen for %s: %w", what, err)
	}
	var err error
	if s.tdp, err = h.listenPacket(ctx, addr.String(), portTDP); err != nil {
		return nil, failed("discovery", err)
	}
	if p.dev.Discovery(Announcement{}).Battery {
		if s.battery, err = h.listenPacket(ctx, addr.String(), portBattery); err != nil {
			return nil, failed("discovery", err)
		}
	}
	route := p.dev.Info().Route
	port := route.Port
	if s.tcp, err = h.listen(ctx, addr, port); errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EADDRINUSE) {
		// Ports below 1024 are not for everybody, and 80 may be in use.
		port = h.o.PortBase
		s.tcp, err = h.listen(ctx, addr, port)
	}
	if err != nil {
		s.close()
		return nil, fmt.Errorf("listen for %s: %w", route.Transport, err)
	}
	switch route.Transport {
	case wattle.XOR:
		s.xor, err = h.listenPacket(ctx, addr.String(), port)
	case wattle.Linkie: // found as its older kin, controlled otherwise
		s.xor, err = h.listenPacket(ctx, addr.String(), portXOR)
	}
	if err != nil {
		return nil, failed(string(route.Transport), err)
	}
	h.settleAt(p, addr, port)
	return s, nil
}

// bindShared takes the next free port of the shared address.
func (h *Home) bindShared(ctx context.Context, p *place, addr netip.Addr) (*sockets, error) {
	s := &sockets{}
	h.mu.Lock()
	port := p.port // after a restart: where it was
	h.mu.Unlock()
	for {
		if port == 0 {
			h.mu.Lock()
			port = h.nextTCP
			h.nextTCP++
			h.mu.Unlock()
			if port > 65_535 {
				return nil, fmt.Errorf("no port is left above %d", h.o.PortBase)
			}
		}
		var err error
		if s.tcp, err = h.listen(ctx, addr, port); err == nil && p.dev.Info().Route.Transport == wattle.XOR {
			s.xor, err = h.listenPacket(ctx, addr.String(), port)
		}
		if err == nil {
			break
		}
		s.close()
		if !errors.Is(err, syscall.EADDRINUSE) && !errors.Is(err, syscall.EACCES) {
			return nil, fmt.Errorf("listen: %w", err)
		}
		port = 0
	}
	switch battery := p.dev.Discovery(Announcement{}).Battery; {
	case battery && h.udpBattery != nil:
		s.battery = newSender(h.udpBattery)
	case !battery && h.udp != nil && p.dev.Info().Route.Transport != wattle.XOR:
		s.tdp = newSender(h.udp)
	}
	h.settleAt(p, addr, port)
	return s, nil
}

func (h *Home) settleAt(p *place, addr netip.Addr, port int) {
	h.mu.Lock()
	p.addr, p.port = addr, port
	h.mu.Unlock()
	p.dev.SetAddress(addr)
}

func (h *Home) listen(ctx context.Context, addr netip.Addr, port int) (net.Listener, error) {
	address := net.JoinHostPort(addr.String(), strconv.Itoa(port))
	if h.o.Listen != nil {
		return h.o.Listen(ctx, "tcp4", address)
	}
	var config net.ListenConfig
	return config.Listen(ctx, "tcp4", address)
}

func (h *Home) listenPacket(ctx context.Context, host string, port int) (net.PacketConn, error) {
	address := net.JoinHostPort(host, strconv.Itoa(port))
	if h.o.ListenPacket != nil {
		return h.o.ListenPacket(ctx, "udp4", address)
	}
	var config net.ListenConfig
	return config.ListenPacket(ctx, "udp4", address)
}

func (h *Home) listenBroadcast(ctx context.Context, host string, port int) (net.PacketConn, error) {
	if h.o.ListenPacket != nil {
		return h.listenPacket(ctx, host, port)
	}
	return endpoint.ListenBroadcast(ctx, net.JoinHostPort(host, strconv.Itoa(port)))
}
