package simulator

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"wattle"
	"wattle/simulator/endpoint"
)

// DefaultRange is where a home puts its devices: each has a loopback address
// of its own, so that all of them can use the ports that real devices use.
var DefaultRange = netip.MustParsePrefix("127.0.64.0/20")

// DefaultReboot is how long devices are away when they restart.
const DefaultReboot = 5 * time.Second

const (
	defaultPortBase = 10_080
	// startJitter spreads the answers of many devices to one broadcast.
	startJitter = endpoint.DefaultJitter
)

// DemoAccount is the account of simulated devices unless another is given. It
// is no secret.
func DemoAccount() wattle.Credentials {
	return wattle.Credentials{Username: "demo@example.com", Password: wattle.NewSecret("demo")}
}

// HomeOptions say where a home lives; nil and the zero value work.
type HomeOptions struct {
	// Range is where devices get their addresses; the zero value is
	// DefaultRange. Where the system has no such addresses (only Linux has all
	// of 127.0.0.0/8) and the range is the default, the devices share 127.0.0.1.
	Range netip.Prefix
	// Shared puts all devices on this one address, on different ports. Devices
	// that speak XOR are then not found by discovery.
	Shared netip.Addr
	// PortBase is the port that a device gets whose real port cannot be had,
	// and the first one of those that share an address; 0 is 10080.
	PortBase int
	// Public allows addresses beyond loopback.
	Public bool
	// Account is what the devices are bound to; the zero value is none, and
	// then they accept blank credentials. See [DemoAccount].
	Account wattle.Credentials
	// Listen and ListenPacket open sockets; nil means the real network.
	Listen       func(ctx context.Context, network, address string) (net.Listener, error)
	ListenPacket func(ctx context.Context, network, address string) (net.PacketConn, error)
	// Discovery are the manners of the devices when they are looked for.
	Discovery endpoint.DiscoveryOptions
	// Reboot is how long a device is away when it restarts; 0 is 5 s.
	Reboot time.Duration
	// Ready is called for each device that can be reached now, in the order in
	// which they were added, and again when one is back from a restart or has
	// moved. It must not call the home.
	Ready func(Ready)
	// Logger gets what happens; nil means none.
	Logger *slog.Logger
}

// Ready tells where a device is served.
type Ready struct {
	Name      string           `json:"name"`
	Alias     string           `json:"alias"`
	Model     string           `json:"model"`
	Family    wattle.Family    `json:"family"`
	Transport wattle.Transport `json:"transport"`
	Version   int              `json:"version,omitempty"`
	TLS       bool             `json:"tls,omitempty"`
	Address   string           `json:"address"`
	Port      int              `json:"port"`
	DeviceID  string           `json:"device_id"`
	MAC       wattle.MAC       `json:"mac"`
	Children  []ChildInfo      `json:"children,omitempty"`
	// URL and CAFile are where an [Annex] is served and which certificates to
	// trust there.
	URL    string `json:"url,omitempty"`
	CAFile string `json:"ca_file,omitempty"`
}

// Home puts simulated devices on a network. Add them, then Run. Its methods may
// be called from several goroutines.
type Home struct {
	o   HomeOptions
	log *slog.Logger

	// What arrives at broadcast addresses, by port.
	xor, tdp, battery endpoint.Broadcasts
	certs             func() (*tls.Config, error)

	mu      sync.Mutex
	running bool
	shared  netip.Addr     // valid: all devices are at it
	udp     net.PacketConn // of discovery at the shared address
	// udpBattery is that of port 20004, where a device with a battery is.
	udpBattery net.PacketConn
	nextIP     netip.Addr
	nextTCP    int
	places     []*place
	names      map[string]bool
	macs       map[wattle.MAC]*place
	annexes    []Annex
}

// place is one device in a home. What can change is guarded by the home.
type place struct {
	dev      *Device
	name     string
	account  wattle.Credentials
	wants    netip.Addr // where it should be, invalid for anywhere
	faults   *endpoint.Faults
	own      ownFaults
	journal  endpoint.Journal
	served   atomic.Bool // it was on the network
	commands chan command

	addr netip.Addr
	port int
}

// command interrupts a device.
type command struct {
	after time.Duration
	away  time.Duration
	move  bool
}

// PlaceOptions are about one device of a home; nil and the zero value work.
type PlaceOptions struct {
	// Account is what this device is bound to, in place of the home's.
	Account *wattle.Credentials
	// Address is where it is put; the zero value is the next free one.
	Address netip.Addr
	// Faults are switched on from the start, see [Home.SetFault].
	Faults []string
}

// NewHome makes an empty home.
func NewHome(o *HomeOptions) *Home {
	h := &Home{names: map[string]bool{}, macs: map[wattle.MAC]*place{}}
	if o != nil {
		h.o = *o
	}
	if !h.o.Range.IsValid() {
		h.o.Range = DefaultRange
	}
	h.o.Range = h.o.Range.Masked()
	if h.o.PortBase == 0 {
		h.o.PortBase = defaultPortBase
	}
	if h.o.Reboot == 0 {
		h.o.Reboot = DefaultReboot
	}
	h.log = h.o.Logger
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	h.xor.Jitter = startJitter
	if h.o.Discovery.Jitter != 0 {
		h.xor.Jitter = max(h.o.Discovery.Jitter, 0)
	}
	h.shared = h.o.Shared
	h.nextIP = h.o.Range.Addr()
	h.nextTCP = h.o.PortBase
	h.certs = sync.OnceValues(endpoint.SelfSigned)
	return h
}

// Add puts a device into the home, before Run. A device whose transport cannot
// be served is a wattle.ErrUnsupported; one with the MAC of another device is
// refused, since clients could not tell them apart, unless both keep stored ids.
func (h *Home) Add(dev *Device, o *PlaceOptions) error {
	if o == nil {
		o = &PlaceOptions{}
	}
	info := dev.Info()
	switch info.Route.Transport {
	case wattle.XOR, wattle.KLAP, wattle.AES, wattle.Token, wattle.Linkie, wattle.TPAP:
	default:
		return fmt.Errorf("%s speaks %s, which cannot be simulated yet; give it another transport: %w",
			info.Name, info.Route.Transport, wattle.ErrUnsupported)
	}
	p := &place{dev: dev, account: h.o.Account, wants: o.Address, faults: &endpoint.Faults{}, commands: make(chan command, 1)}
	if o.Account != nil {
		p.account = *o.Account
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running {
		return errors.New("simulator: a device was added to a home that runs")
	}
	if other := h.macs[info.MAC]; other != nil && !info.MAC.IsZero() && (!dev.ids.keep || !other.dev.ids.keep) {
		return fmt.Errorf("%s and %s have the same MAC %s: give them different indexes", other.name, info.Name, info.MAC)
	}
	p.name = info.Name
	for n := 2; h.names[p.name]; n++ {
		p.name = fmt.Sprintf("%s#%d", info.Name, n)
	}
	dev.OnReboot(func(delay time.Duration) { p.interrupt(command{after: delay, away: h.o.Reboot}) })
	for _, spec := range o.Faults {
		if err := h.setFault(p, spec); err != nil {
			return err
		}
	}
	h.names[p.name], h.macs[info.MAC] = true, p
	h.places = append(h.places, p)
	return nil
}

// interrupt asks for a restart; one that is on its way is enough.
func (p *place) interrupt(c command) {
	select {
	case p.commands <- c:
	default:
	}
}

// Run serves the devices until ctx ends, and waits for everything that it
// started. The error names the device that could not be put on the network.
func (h *Home) Run(ctx context.Context) error {
	h.mu.Lock()
	if h.running {
		h.mu.Unlock()
		return errors.New("simulator: the home runs already")
	}
	h.running = true
	h.mu.Unlock()
	if err := h.settle(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	run := func(what string, f func(context.Context) error) {
		all.Go(func() {
			if err := f(ctx); err != nil && ctx.Err() == nil {
				cancel(fmt.Errorf("%s: %w", what, err))
			}
		})
	}
	h.serveBroadcasts(ctx, run)
	for _, p := range h.places {
		s, err := h.bind(ctx, p)
		if err != nil {
			cancel(fmt.Errorf("%s: %w", p.name, err))
			break
		}
		p.served.Store(true)
		run(p.name, func(ctx context.Context) error { return h.live(ctx, p, s) })
		h.ready(p)
	}
	all.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// live serves a device and carries out what interrupts it.
func (h *Home) live(ctx context.Context, p *place, s *sockets) error {
	for {
		serving, stop := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- h.serve(serving, p, s) }()
		var c command
		select {
		case err := <-done:
			stop()
			return err
		case c = <-p.commands:
		}
		sleep(ctx, c.after)
		stop()
		if err := <-done; err != nil || ctx.Err() != nil {
			return err
		}
		p.dev.Restart()
		h.log.InfoContext(ctx, "device is away", "device", p.name, "for", c.away)
		if !sleep(ctx, c.away) {
			return nil
		}
		p.own.restarted()
		h.mu.Lock()
		if c.move && !h.shared.IsValid() {
			p.addr, p.wants = netip.Addr{}, netip.Addr{}
		} else {
			p.wants = p.addr
		}
		h.mu.Unlock()
		var err error
		if s, err = h.bind(ctx, p); err != nil {
			return err
		}
		h.ready(p)
	}
}

func (h *Home) ready(p *place) {
	event := h.describe(p)
	h.log.Info("device is ready", "device", event.Name, "address", event.Address, "port", event.Port, "transport", event.Transport)
	if h.o.Ready != nil {
		h.o.Ready(event)
	}
}

func (h *Home) describe(p *place) Ready {
	i := p.dev.Info()
	h.mu.Lock()
	defer h.mu.Unlock()
	return Ready{
		Name: p.name, Alias: i.Alias, Model: i.Model.String(), Family: i.Family,
		Transport: i.Route.Transport, Version: i.Route.Version, TLS: i.Route.TLS,
		Address: p.addr.String(), Port: p.port, DeviceID: i.DeviceID, MAC: i.MAC, Children: i.Children,
	}
}

// sleep waits; it reports false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
