// Package memnet is a network in memory: stream listeners and packet sockets
// that behave like TCP and UDP over loopback, with no ports taken and no
// system calls. It works inside a [testing/synctest] bubble, where real
// sockets stop the fake clock; make the [Network] inside the bubble then.
//
// It keeps to what kernels do where programs notice: unknown addresses refuse
// ([syscall.ECONNREFUSED]), a taken address is [syscall.EADDRINUSE], streams
// have a buffer (two ends may write first), a datagram that finds a full
// receive buffer is gone, and a broadcast reaches sockets bound to the
// broadcast address or to 0.0.0.0 but none that is bound to one host address.
package memnet

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// firstPort is where automatic ports start, as on most systems.
const firstPort = 49152

// Network is one network; addresses of different networks never meet. It is
// safe for concurrent use.
type Network struct {
	mu        sync.Mutex
	listeners map[netip.AddrPort]*listener
	packets   map[netip.AddrPort][]*packetConn // several only at a broadcast address
	hosts     map[string]netip.Addr
	down      map[netip.Addr]bool
	nextPort  uint16
	loss      float64
	minDelay  time.Duration
	maxDelay  time.Duration
	random    *rand.Rand
}

// New makes an empty network. Loss and delay repeat from run to run.
func New() *Network {
	return &Network{
		listeners: make(map[netip.AddrPort]*listener),
		packets:   make(map[netip.AddrPort][]*packetConn),
		hosts:     map[string]netip.Addr{"localhost": netip.MustParseAddr("127.0.0.1")},
		down:      make(map[netip.Addr]bool),
		nextPort:  firstPort,
		random:    rand.New(rand.NewPCG(1, 2)),
	}
}

// SetLoss makes datagrams disappear with the given probability, 0 to 1.
func (n *Network) SetLoss(probability float64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.loss = probability
}

// SetDelay makes every datagram travel for a time between the two durations.
func (n *Network) SetDelay(shortest, longest time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.minDelay, n.maxDelay = shortest, max(shortest, longest)
}

// SetHost gives an address a name. Unknown names are a [net.DNSError].
func (n *Network) SetHost(name string, addr netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hosts[name] = addr
}

// SetDown makes a host silent, as if unplugged: connects to it wait until
// their context ends and datagrams to it are lost. Open connections stay.
func (n *Network) SetDown(addr netip.Addr, down bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down[addr] = down
}

// resolveLocked reads "host:port"; an empty host is 0.0.0.0.
func (n *Network) resolveLocked(address string) (netip.AddrPort, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return netip.AddrPort{}, &net.AddrError{Err: "invalid port", Addr: address}
	}
	if host == "" {
		return netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(port)), nil
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		known, ok := n.hosts[host]
		if !ok {
			return netip.AddrPort{}, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
		addr = known
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(port)), nil
}

// freePortLocked gives the next automatic port.
func (n *Network) freePortLocked(taken func(port uint16) bool) (uint16, error) {
	for range 1<<16 - firstPort {
		port := n.nextPort
		n.nextPort++
		if n.nextPort == 0 {
			n.nextPort = firstPort
		}
		if !taken(port) {
			return port, nil
		}
	}
	return 0, syscall.EADDRINUSE
}

// isBroadcast reports whether an address stands for all hosts of a network:
// 255.255.255.255 or one that ends in .255.
func isBroadcast(addr netip.Addr) bool {
	return addr.Is4() && addr.As4()[3] == 255
}

// opError wraps err as package net does.
func opError(op, network string, source, addr net.Addr, err error) error {
	if err == nil {
		return nil
	}
	return &net.OpError{Op: op, Net: network, Source: source, Addr: addr, Err: err}
}

func refused(call string) error { return os.NewSyscallError(call, syscall.ECONNREFUSED) }
