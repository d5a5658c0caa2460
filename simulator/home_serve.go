package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"net"

	"wattle"
	wire "wattle/internal/wire/discovery"
	"wattle/simulator/endpoint"
)

// serve runs the endpoints of a device until ctx ends, or until one fails.
func (h *Home) serve(ctx context.Context, p *place, s *sockets) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	route := p.dev.Info().Route
	h.mu.Lock()
	addr, port := p.addr, p.port
	h.mu.Unlock()
	o := &endpoint.Options{
		Holds: func() wattle.Credentials { return p.dev.Holds(p.account) }, Version: route.Version, IOT: route.Family == wattle.IOT,
		Faults: p.faults, Journal: &p.journal, Logger: h.log, SingleSession: p.own.has(faultSingle),
	}
	if route.Transport == wattle.TPAP {
		o.TPAP = p.dev.tpap()
	}
	if route.Transport != wattle.XOR { // firmware that old is never lazy
		s.tcp = newLazyListener(s.tcp, &p.own, func() (net.Listener, error) { return h.listen(ctx, addr, port) })
	}
	if route.TLS {
		config, err := h.certs()
		if err != nil {
			s.close()
			return err
		}
		o.TLS = config
	}
	parts := []func() error{func() error { return serveTCP(ctx, route.Transport, s, p.dev, o) }}
	if s.xor != nil {
		pc := s.xor
		if p.port == portXOR || route.Transport == wattle.Linkie {
			pc = h.xor.Join(pc)
		}
		parts = append(parts, func() error { return endpoint.ServeXORPacket(ctx, pc, datagrams(p.dev), o) })
	}
	var looked net.PacketConn // where it is looked for
	switch {
	case s.battery != nil:
		looked = h.battery.Join(s.battery)
	case s.tdp != nil && route.Transport != wattle.XOR:
		looked = h.tdp.Join(s.tdp)
	}
	if looked != nil {
		discovery := h.o.Discovery
		parts = append(parts, func() error { return endpoint.ServeDiscovery(ctx, looked, h.answer(p), &discovery) })
	}
	if s.tdp != nil && (s.battery != nil || looked == nil) {
		defer s.tdp.Close() // held to keep the address, never read
	}
	done := make(chan error, len(parts))
	for _, part := range parts {
		go func() { done <- part() }()
	}
	var first error
	for range parts {
		if err := <-done; err != nil && first == nil {
			first = err
		}
		cancel() // the device is gone if one part of it is
	}
	return first
}

// datagrams is what a device answers on UDP 9999: everything, or who it is and
// no more where it is controlled another way. See docs/protocol/discovery.md
// section 1.
func datagrams(dev *Device) endpoint.Device {
	if dev.Info().Route.Transport == wattle.XOR {
		return dev
	}
	return endpoint.DeviceFunc(func(_ context.Context, request []byte) ([]byte, error) {
		var asked struct {
			System struct {
				Sysinfo *struct{} `json:"get_sysinfo"`
			} `json:"system"`
		}
		if err := json.Unmarshal(request, &asked); err != nil {
			return nil, err
		}
		if asked.System.Sysinfo == nil {
			return nil, nil
		}
		return dev.Discovery(Announcement{}).Sysinfo, nil
	})
}

func serveTCP(ctx context.Context, t wattle.Transport, s *sockets, dev *Device, o *endpoint.Options) error {
	switch t {
	case wattle.XOR:
		return endpoint.ServeXOR(ctx, s.tcp, dev, o)
	case wattle.KLAP:
		return endpoint.ServeKLAP(ctx, s.tcp, dev, o)
	case wattle.AES:
		return endpoint.ServeAES(ctx, s.tcp, dev, o)
	case wattle.Token:
		return endpoint.ServeToken(ctx, s.tcp, dev, o)
	case wattle.Linkie:
		return endpoint.ServeLinkie(ctx, s.tcp, dev, o)
	case wattle.TPAP:
		return endpoint.ServeTPAP(ctx, s.tcp, dev, o)
	}
	s.close()
	return fmt.Errorf("serve %s: %w", t, wattle.ErrUnsupported)
}

// answer makes the answers to probes on port 20002 or 20004.
func (h *Home) answer(p *place) func(*wire.Probe) []byte {
	return func(probe *wire.Probe) []byte {
		p.own.probed()
		h.mu.Lock()
		a := Announcement{Address: p.addr, Port: p.port, Account: p.account.Username}
		h.mu.Unlock()
		result := p.dev.Discovery(a).Result
		if result == nil {
			return nil
		}
		answer, err := endpoint.DiscoveryAnswer(probe, result, nil, nil)
		if err != nil {
			h.log.Warn("no answer to discovery", "device", p.name, "error", err)
			return nil
		}
		return answer
	}
}
