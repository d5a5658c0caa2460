package discover

import (
	"context"
	"crypto/rsa"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"wattle"
	"wattle/internal/wire/discovery"
)

// Probe asks one host, by name or IPv4 address, in both protocols: two rounds
// within the timeout. It returns as soon as the answer settles how to reach
// the device. The error wraps [wattle.ErrUnreachable] when nothing answers,
// which happens to devices in other networks behind a firewall: they may well
// take connections. See docs/protocol/discovery.md section 3.
func Probe(ctx context.Context, host string, o *Options) (Found, error) {
	s := o.withDefaults()
	if o == nil || o.Timeout <= 0 {
		s.Timeout = DefaultProbeTimeout
	}
	addr, err := lookup(ctx, s, host)
	if err != nil {
		return Found{}, err
	}
	pc, err := s.listen(ctx, netip.IPv4Unspecified())
	if err != nil {
		return Found{}, fmt.Errorf("ask %s: %w: %w", host, err, wattle.ErrUnreachable)
	}
	q := newQueue()
	var reading sync.WaitGroup
	reading.Go(func() { q.read(pc) })
	defer func() {
		_ = pc.Close()
		reading.Wait()
	}()

	m := newMerger(s.xorPort)
	end := time.NewTimer(s.Timeout)
	defer end.Stop()
	key := readyKey.Load()
	again := time.NewTimer(secondRound(s.Timeout, key != nil))
	defer again.Stop()
	var made <-chan struct{}
	if err := s.ask(ctx, pc, addr, key); err != nil {
		return Found{}, err
	}
	var best *Found
	for {
		select {
		case <-ctx.Done():
			return Found{}, ctx.Err()
		case <-again.C:
			if best == nil {
				made = startKey()
			}
		case <-made:
			made = nil
			if err := s.ask(ctx, pc, addr, readyKey.Load()); err != nil {
				return Found{}, err
			}
		case <-end.C:
			if best == nil {
				return Found{}, fmt.Errorf("%s does not answer discovery: %w", host, wattle.ErrUnreachable)
			}
			return *best, nil
		case <-q.ready:
			for _, p := range q.take() {
				found, news, err := m.add(p)
				if err != nil || !news || (!s.MAC.IsZero() && found.MAC != s.MAC) {
					continue
				}
				if best != nil && best.MAC != found.MAC {
					continue // several devices at one address: the first
				}
				if settled(&found) {
					return found, nil
				}
				if best == nil {
					end.Reset(linger)
				}
				best = &found
			}
		}
	}
}

// secondRound is when to ask again. Without a key the first round was empty
// probes, which most devices answer; then the second begins earlier, because
// the key has to be made for it.
func secondRound(timeout time.Duration, haveKey bool) time.Duration {
	if haveKey {
		return timeout / probeRounds
	}
	return timeout / (2 * probeRounds)
}

// ask sends one round of probes, empty ones without a key.
func (s *settings) ask(ctx context.Context, pc net.PacketConn, addr netip.Addr, key *rsa.PrivateKey) error {
	tdp, err := tdpProbe(key)
	if err != nil {
		return err
	}
	for _, port := range s.ports {
		datagram := tdp
		if port == s.xorPort {
			datagram = discovery.SysinfoProbe()
		}
		if _, err := pc.WriteTo(datagram, net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, port))); err != nil {
			s.log.DebugContext(ctx, "probe not sent", "address", addr, "port", port, "err", err)
		}
	}
	return nil
}

// settled reports whether another answer could change nothing: only devices
// of the IOT kind may answer on 9999 besides.
func settled(f *Found) bool {
	return f.Sysinfo != nil || !strings.HasPrefix(f.Type, "IOT.")
}
