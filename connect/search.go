package connect

import (
	"context"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"wattle"
	"wattle/discover"
)

// rediscover asks the device by UDP what it speaks: at its address, and
// everywhere at once where its MAC is known.
func (p *opener) rediscover(ctx context.Context) bool {
	p.probed = true
	switch {
	case p.target.MAC.IsZero():
	case !p.options.NoSearch:
		return p.search(ctx)
	case p.stranger != nil:
		return false // it is known who is there
	}
	found, err := discover.Probe(ctx, p.target.Host, p.probeOptions())
	p.log.LogAttrs(ctx, slog.LevelDebug, "asked by discovery", slog.String("host", p.target.Host), slog.Any("err", err))
	if err == nil {
		p.take(&found)
	}
	return err == nil
}

// search sweeps for the MAC. The old address is asked too: it may be in a
// network that broadcasts do not reach.
func (p *opener) search(ctx context.Context) bool {
	o := p.discoverOptions()
	if o.Timeout <= 0 {
		o.Timeout = searchTimeout
	}
	if p.target.Host != "" && p.stranger == nil {
		o.Targets = append(slices.Clone(o.Targets), p.target.Host)
	}
	for found, err := range discover.Sweep(ctx, o) {
		if err != nil {
			p.log.LogAttrs(ctx, slog.LevelDebug, "sweep", slog.Any("err", err))
			continue
		}
		if found.MAC == p.target.MAC {
			p.log.LogAttrs(ctx, slog.LevelDebug, "found again", slog.String("address", found.Addr.String()))
			p.take(&found)
			return true
		}
	}
	return false
}

// take goes on with what was found, at its address.
func (p *opener) take(f *discover.Found) {
	p.found = f
	p.stranger = nil
	p.silent = false
	p.target.Host = f.Addr.String()
}

func (p *opener) discoverOptions() *discover.Options {
	o := &discover.Options{}
	if p.options.Discover != nil {
		*o = *p.options.Discover
	}
	o.Progress = nil
	return o
}

// probeOptions are for one host, which needs less time than a sweep.
func (p *opener) probeOptions() *discover.Options {
	o := p.discoverOptions()
	o.MAC = p.target.MAC
	o.Timeout = discover.DefaultProbeTimeout
	return o
}

// owner asks discovery for the owner, once it matters.
func (p *opener) owner(ctx context.Context) string {
	if p.found == nil && !p.probed && p.target.Owner == "" && !p.target.Only {
		if found, err := discover.Probe(ctx, p.target.Host, p.probeOptions()); err == nil {
			p.found = &found
		}
	}
	if p.found != nil && p.found.Owner != "" {
		return p.found.Owner
	}
	return p.target.Owner
}

// scanTimeout is for the TCP probes, which run all at once.
const scanTimeout = 1500 * time.Millisecond

// scan finds out which ports are open and gives the routes to try for them, in
// the order of docs/protocol/README.md. The first exchange on a route tells
// what the steps there want to know: KLAP's handshake1 and AES's handshake cost
// no login attempt when the device speaks something else.
func (p *opener) scan(ctx context.Context) []wattle.Route {
	route := func(family wattle.Family, t wattle.Transport, port int, tls bool) wattle.Route {
		return wattle.Route{Family: family, Transport: t, Host: p.target.Host, Port: port, TLS: tls}
	}
	ports := p.options.Ports
	candidates := []struct {
		port   int
		routes func(port int) []wattle.Route
	}{
		{usual(ports.XOR, 9999), func(port int) []wattle.Route {
			return []wattle.Route{route(wattle.IOT, wattle.XOR, port, false)}
		}},
		{usual(ports.HTTP, 80), func(port int) []wattle.Route {
			return []wattle.Route{
				route("", wattle.KLAP, port, false),
				route(wattle.SMART, wattle.AES, port, false),
				route(wattle.SMART, wattle.TPAP, port, false),
			}
		}},
		{usual(ports.HTTPS, 4433), func(port int) []wattle.Route {
			return []wattle.Route{
				route("", wattle.KLAP, port, true),
				route(wattle.SMART, wattle.Token, port, true),
				route(wattle.SMART, wattle.TPAP, port, true),
			}
		}},
		{usual(ports.Camera, 443), func(port int) []wattle.Route {
			return []wattle.Route{route(wattle.SMARTCAM, wattle.SSLAES, port, true), route(wattle.SMARTCAM, wattle.TPAP, port, true)}
		}},
		{usual(ports.Linkie, 10443), func(port int) []wattle.Route {
			return []wattle.Route{route(wattle.IOT, wattle.Linkie, port, true)}
		}},
	}
	ctx, cancel := context.WithTimeout(ctx, scanTimeout)
	defer cancel()
	open := make([]bool, len(candidates))
	var probes sync.WaitGroup
	for i, c := range candidates {
		if c.port > 0 {
			probes.Go(func() { open[i] = p.listens(ctx, c.port) })
		}
	}
	probes.Wait()
	var routes []wattle.Route
	for i, c := range candidates {
		if open[i] {
			routes = append(routes, c.routes(c.port)...)
		}
	}
	p.log.LogAttrs(ctx, slog.LevelDebug, "ports probed", slog.Int("routes", len(routes)))
	return routes
}

// listens reports whether a port takes connections.
func (p *opener) listens(ctx context.Context, port int) bool {
	conn, err := p.dial(ctx, "tcp", net.JoinHostPort(p.target.Host, strconv.Itoa(port)))
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

func usual(port, otherwise int) int {
	if port == 0 {
		return otherwise
	}
	return port
}
