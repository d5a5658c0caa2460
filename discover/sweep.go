package discover

import (
	"context"
	"fmt"
	"iter"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"wattle"
	"wattle/internal/wire/discovery"
)

// Sweep looks for devices and gives each as soon as it answers, and again
// when more is learned of it (same MAC): an answer in the other protocol, or
// its encrypted part. It asks three times, spread over the timeout, on all
// ports at once.
//
// An error comes with a zero Found. A target or interface that cannot be
// asked does not stop the rest; when ctx ends, its error comes last, at once.
// Nothing keeps running after the loop, whichever way it ends.
func Sweep(ctx context.Context, o *Options) iter.Seq2[Found, error] {
	return func(yield func(Found, error) bool) {
		s := o.withDefaults()
		p, err := parseTargets(s.Targets)
		if err != nil {
			yield(Found{}, err)
			return
		}
		for _, err := range p.resolve(ctx, s) {
			if ctx.Err() == nil && !yield(Found{}, err) {
				return
			}
		}
		w := &sweep{settings: s, plan: p, queue: newQueue()}
		w.run(ctx, yield)
	}
}

// sweep is one sweep while it runs.
type sweep struct {
	*settings
	plan    *plan
	queue   *queue
	sockets []socket
	tdp     []byte // the probe for all ports but that of XOR; the sender's alone

	round atomic.Int32 // from 1
	asked atomic.Int32 // addresses in this round
	sent  atomic.Int64 // datagrams that the system took
}

// socket sends to the broadcast addresses of one network, or, without any, to
// single addresses.
type socket struct {
	net.PacketConn
	name       string
	broadcasts []netip.Addr
}

var limitedBroadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// run listens and sends until the announced time is over or all is known.
func (w *sweep) run(ctx context.Context, yield func(Found, error) bool) {
	parent := ctx
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer func() {
		cancel()
		for _, s := range w.sockets {
			_ = s.Close()
		}
		running.Wait()
	}()
	failures := w.open(ctx)
	for _, err := range failures {
		if ctx.Err() == nil && !yield(Found{}, err) {
			return
		}
	}
	if len(w.sockets) == 0 {
		if parent.Err() != nil {
			yield(Found{}, parent.Err())
		} else if len(failures) == 0 {
			yield(Found{}, fmt.Errorf("no network interface with IPv4 is up: %w", wattle.ErrUnreachable))
		}
		return
	}
	for _, s := range w.sockets {
		running.Go(func() { w.queue.read(s) })
	}
	begin := time.Now()
	starts, total := w.schedule(w.plan.size())
	running.Go(func() { w.send(ctx, begin, starts) })

	c := &collector{sweep: w, merger: newMerger(w.xorPort), begin: begin, total: total, yield: yield}
	if c.collect(ctx) && parent.Err() != nil {
		yield(Found{}, parent.Err())
	}
}

// open opens one socket for each network, bound to the computer's address
// there, and one for single addresses.
func (w *sweep) open(ctx context.Context) (failures []error) {
	if !w.OnlyTargets {
		networks, err := w.choose()
		if err != nil {
			failures = append(failures, err)
		}
		for _, n := range networks {
			pc, err := w.listen(ctx, n.Addr)
			if err != nil {
				w.log.DebugContext(ctx, "interface not usable", "interface", n.Name, "address", n.Addr, "err", err)
				failures = append(failures, fmt.Errorf("interface %s: %w: %w", n.Name, err, wattle.ErrUnreachable))
				continue
			}
			s := socket{PacketConn: pc, name: n.Name}
			if n.Broadcast.IsValid() {
				s.broadcasts = append(s.broadcasts, n.Broadcast)
			}
			if !n.Loopback {
				s.broadcasts = append(s.broadcasts, limitedBroadcast)
			}
			w.sockets = append(w.sockets, s)
		}
	}
	if w.plan.size() > 0 {
		pc, err := w.listen(ctx, netip.IPv4Unspecified())
		if err != nil {
			return append(failures, fmt.Errorf("targets cannot be asked: %w: %w", err, wattle.ErrUnreachable))
		}
		w.sockets = append(w.sockets, socket{PacketConn: pc, name: "targets"})
	}
	return failures
}

// listen opens a socket that may broadcast (Go allows that on every socket)
// and has room for many answers at once.
func (s *settings) listen(ctx context.Context, addr netip.Addr) (net.PacketConn, error) {
	pc, err := s.ListenPacket(ctx, "udp4", netip.AddrPortFrom(addr, 0).String())
	if err != nil {
		return nil, err
	}
	if sized, ok := pc.(interface{ SetReadBuffer(bytes int) error }); ok {
		if err := sized.SetReadBuffer(readBuffer); err != nil {
			s.log.DebugContext(ctx, "receive buffer not enlarged", "err", err)
		}
	}
	return pc, nil
}

// send asks in three rounds. It ends after the last, or with ctx.
func (w *sweep) send(ctx context.Context, begin time.Time, starts [rounds]time.Duration) {
	for i, start := range starts {
		if !sleepUntil(ctx, begin.Add(start)) {
			return
		}
		w.asked.Store(0)
		w.round.Store(int32(i + 1))
		// XOR first: the other probe has to wait for its key.
		w.broadcast(ctx, func(port uint16) bool { return port == w.xorPort })
		if !w.prepare(ctx) {
			return
		}
		w.broadcast(ctx, func(port uint16) bool { return port != w.xorPort })
		if !w.askTargets(ctx) {
			return
		}
	}
}

// broadcast asks on all networks.
func (w *sweep) broadcast(ctx context.Context, on func(port uint16) bool) {
	for _, s := range w.sockets {
		for _, addr := range s.broadcasts {
			w.ask(ctx, s, addr, on)
		}
	}
}

// prepare makes the probe with the key, if one is needed. Without a key the
// encrypted part of answers is missed and nothing else.
func (w *sweep) prepare(ctx context.Context) bool {
	if w.tdp != nil || !slices.ContainsFunc(w.ports, func(port uint16) bool { return port != w.xorPort }) {
		return true
	}
	select {
	case <-startKey():
	case <-ctx.Done():
		return false
	}
	var err error
	if w.tdp, err = tdpProbe(readyKey.Load()); err != nil {
		w.log.DebugContext(ctx, "no probe", "err", err)
	}
	return err == nil
}

// batch is how many addresses are asked between two pauses: timers of a few
// milliseconds are not exact, the rate over a second has to be.
const batch = 5

// askTargets asks every single address at the bounded rate; false when ctx
// ended.
func (w *sweep) askTargets(ctx context.Context) bool {
	begin := time.Now()
	n := 0
	for addr := range w.plan.addresses() {
		if n%batch == 0 && !sleepUntil(ctx, begin.Add(time.Duration(n)*w.interval)) {
			return false
		}
		w.ask(ctx, w.sockets[len(w.sockets)-1], addr, nil)
		n++
		w.asked.Store(int32(n))
	}
	return ctx.Err() == nil
}

// ask sends the probes for all ports, or those chosen, to one address. What
// the system refuses to send (no route, network down) is not an error: other
// ways may work.
func (w *sweep) ask(ctx context.Context, s socket, addr netip.Addr, on func(port uint16) bool) {
	for _, port := range w.ports {
		if on != nil && !on(port) {
			continue
		}
		datagram := w.tdp
		if port == w.xorPort {
			datagram = discovery.SysinfoProbe()
		}
		_, err := s.WriteTo(datagram, net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, port)))
		if err == nil {
			w.sent.Add(1)
		} else if ctx.Err() == nil {
			w.log.DebugContext(ctx, "probe not sent", "interface", s.name, "address", addr, "port", port, "err", err)
		}
	}
}

// sleepUntil waits; false means that ctx ended first.
func sleepUntil(ctx context.Context, t time.Time) bool {
	wait := time.Until(t)
	if wait <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
