package endpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"os"
	"sync"
	"time"
)

// ListenBroadcast opens a packet socket at a broadcast address, such as
// "127.255.255.255:20002", that other simulators may share. Where the system
// has no such address (only Linux has the whole of 127.0.0.0/8) it fails, and
// the devices can then be found by their own addresses only.
func ListenBroadcast(ctx context.Context, address string) (net.PacketConn, error) {
	config := net.ListenConfig{Control: shareAddress}
	return config.ListenPacket(ctx, "udp4", address)
}

// Broadcasts hands each datagram that arrives at a broadcast address to every
// device of a home, for one port. A socket at a host address, which a device
// needs to answer from, never gets broadcasts itself. The zero value works;
// it is safe for concurrent use. See docs/protocol/discovery.md section 4.
type Broadcasts struct {
	// Jitter is the longest wait before a device gets the datagram; 0 is
	// none. Set it for devices that answer at once, as those on UDP 9999 do.
	Jitter time.Duration

	mu      sync.Mutex
	members map[*member]struct{}
}

// Join gives a packet socket that reads what arrives at pc and at the
// broadcast address, and writes through pc. Closing it closes pc and leaves.
func (b *Broadcasts) Join(pc net.PacketConn) net.PacketConn {
	m := &member{PacketConn: pc, group: b}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.members == nil {
		b.members = make(map[*member]struct{})
	}
	b.members[m] = struct{}{}
	return m
}

// Serve reads pc, a socket at a broadcast address, until ctx ends; then it
// closes pc, waits for what it started and returns nil.
func (b *Broadcasts) Serve(ctx context.Context, pc net.PacketConn) error {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(ctx, func() { _ = pc.Close() })
	var pending sync.WaitGroup
	defer func() {
		cancel()
		pending.Wait()
		if stop() {
			_ = pc.Close()
		}
	}()
	buffer := make([]byte, 8192)
	for {
		n, from, err := pc.ReadFrom(buffer)
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			return fmt.Errorf("read broadcasts: %w", err)
		}
		d := datagram{payload: bytes.Clone(buffer[:n]), from: from}
		for _, m := range b.all() {
			if b.Jitter <= 0 {
				m.deliver(d)
				continue
			}
			pending.Go(func() {
				if pause(ctx, b.Jitter) {
					m.deliver(d)
				}
			})
		}
	}
}

func (b *Broadcasts) all() []*member {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]*member, 0, len(b.members))
	for m := range b.members {
		all = append(all, m)
	}
	mathrand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

type datagram struct {
	payload []byte
	from    net.Addr
}

// maxInbox bounds the broadcasts that wait for a device that does not read.
const maxInbox = 64

// member is a device's socket with the broadcasts mixed in. It needs no
// goroutine: to wake a reader, the read deadline of the socket is moved into
// the past for a moment.
type member struct {
	net.PacketConn
	group *Broadcasts

	mu       sync.Mutex
	inbox    []datagram
	deadline time.Time // what the owner of the socket asked for
}

// past is a read deadline that wakes a reader.
var past = time.Unix(1, 0)

func (m *member) deliver(d datagram) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.inbox) < maxInbox {
		m.inbox = append(m.inbox, d)
	}
	_ = m.PacketConn.SetReadDeadline(past) // fails on a closed socket only
}

// take gives the next broadcast, and sets the owner's deadline again after
// the last.
func (m *member) take() (datagram, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.inbox) == 0 {
		return datagram{}, false
	}
	d := m.inbox[0]
	m.inbox = m.inbox[1:]
	if len(m.inbox) == 0 {
		m.inbox = nil
		_ = m.PacketConn.SetReadDeadline(m.deadline)
	}
	return d, true
}

// ReadFrom reads the next datagram, whichever way it came.
func (m *member) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		if d, ok := m.take(); ok {
			return copy(b, d.payload), d.from, nil
		}
		n, from, err := m.PacketConn.ReadFrom(b)
		if errors.Is(err, os.ErrDeadlineExceeded) && m.awakened() {
			continue
		}
		return n, from, err
	}
}

// awakened reports whether a deadline that passed was not the owner's.
func (m *member) awakened() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.inbox) > 0 || m.deadline.IsZero() || time.Now().Before(m.deadline)
}

func (m *member) SetReadDeadline(t time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.deadline = t
	if len(m.inbox) > 0 {
		return nil // take sets it
	}
	return m.PacketConn.SetReadDeadline(t)
}

func (m *member) SetDeadline(t time.Time) error {
	if err := m.SetWriteDeadline(t); err != nil {
		return err
	}
	return m.SetReadDeadline(t)
}

func (m *member) Close() error {
	m.group.mu.Lock()
	delete(m.group.members, m)
	m.group.mu.Unlock()
	return m.PacketConn.Close()
}
