package discover

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"strings"
	"time"

	"wattle"
)

// widest is the shortest prefix that is swept: 65,534 hosts.
const widest = 16

// plan is what is asked besides the broadcasts.
type plan struct {
	hosts  []netip.Addr
	ranges []netip.Prefix
	names  []string // still to be resolved to hosts
}

// parseTargets reads the targets without looking names up.
func parseTargets(targets []string) (*plan, error) {
	p := &plan{}
	for _, target := range targets {
		target = strings.TrimSpace(target)
		if strings.Contains(target, "/") {
			prefix, err := netip.ParsePrefix(target)
			switch {
			case err != nil || !prefix.Addr().Is4():
				return nil, fmt.Errorf("target %q is not an IPv4 range such as 192.168.1.0/24: %w", target, wattle.ErrParam)
			case prefix.Bits() < widest:
				return nil, fmt.Errorf("target %q has too many addresses; the widest range is /%d: %w", target, widest, wattle.ErrParam)
			}
			p.ranges = append(p.ranges, prefix.Masked())
			continue
		}
		if addr, err := netip.ParseAddr(target); err == nil {
			if addr = addr.Unmap(); !addr.Is4() {
				return nil, fmt.Errorf("target %q is IPv6, devices are found over IPv4 only: %w", target, wattle.ErrParam)
			}
			p.hosts = append(p.hosts, addr)
			continue
		}
		if target == "" || strings.ContainsAny(target, " :@") {
			return nil, fmt.Errorf("target %q is neither a host name, an IPv4 address nor a range: %w", target, wattle.ErrParam)
		}
		p.names = append(p.names, target)
	}
	return p, nil
}

// resolve turns names into hosts; what cannot be found is in the errors, the
// rest goes on.
func (p *plan) resolve(ctx context.Context, s *settings) []error {
	var failed []error
	for _, name := range p.names {
		addr, err := lookup(ctx, s, name)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		p.hosts = append(p.hosts, addr)
	}
	p.names = nil
	return failed
}

// lookup gives the first IPv4 address of a host.
func lookup(ctx context.Context, s *settings, host string) (netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		if addr = addr.Unmap(); addr.Is4() {
			return addr, nil
		}
		return netip.Addr{}, fmt.Errorf("%q is IPv6, devices are found over IPv4 only: %w", host, wattle.ErrParam)
	}
	addrs, err := s.LookupHost(ctx, host)
	for _, addr := range addrs {
		if addr = addr.Unmap(); addr.Is4() {
			return addr, nil
		}
	}
	if err == nil {
		err = errors.New("it has no IPv4 address")
	}
	return netip.Addr{}, fmt.Errorf("host %q: %w: %w", host, err, wattle.ErrUnreachable)
}

// size is how many addresses are asked one by one.
func (p *plan) size() int {
	n := len(p.hosts) + len(p.names)
	for _, r := range p.ranges {
		n += 1 << (32 - r.Bits())
		if r.Bits() < 31 {
			n -= 2
		}
	}
	return n
}

// addresses goes through all of them, without network and broadcast address
// of the ranges.
func (p *plan) addresses() iter.Seq[netip.Addr] {
	return func(yield func(netip.Addr) bool) {
		for _, addr := range p.hosts {
			if !yield(addr) {
				return
			}
		}
		for _, r := range p.ranges {
			last := lastAddr(r)
			for addr := r.Addr(); r.Contains(addr); addr = addr.Next() {
				if last.IsValid() && (addr == r.Addr() || addr == last) {
					continue
				}
				if !yield(addr) {
					return
				}
			}
		}
	}
}

// schedule tells when the rounds start and when all is over. A round of a
// large range takes longer than its share of the timeout and moves the
// following; what the last round asks still has a third of the timeout to
// answer.
func (s *settings) schedule(addresses int) (starts [rounds]time.Duration, total time.Duration) {
	share := s.Timeout / rounds
	length := max(share, time.Duration(addresses)*s.interval)
	for i := range starts {
		starts[i] = time.Duration(i) * length
	}
	last := time.Duration(addresses) * s.interval
	return starts, max(s.Timeout, starts[rounds-1]+last+share)
}

// Estimate is the time that a sweep with these options takes: the timeout, or
// more where ranges cannot be asked in that time at the bounded rate.
func Estimate(o *Options) (time.Duration, error) {
	s := o.withDefaults()
	p, err := parseTargets(s.Targets)
	if err != nil {
		return 0, err
	}
	_, total := s.schedule(p.size())
	return total, nil
}
