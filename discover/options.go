package discover

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"wattle"
	"wattle/internal/wire/discovery"
)

// Defaults of [Options].
const (
	DefaultTimeout      = 5 * time.Second
	DefaultProbeTimeout = 1500 * time.Millisecond
	DefaultRate         = 250 // hosts a second
)

const (
	rounds      = 3 // of a sweep
	probeRounds = 2
	// readBuffer is what 500 answers at once fit in; the system may give less.
	readBuffer = 4 << 20
	// linger is how long a second protocol's answer is waited for once all
	// single hosts have answered in one: devices take up to 300 ms.
	linger = 350 * time.Millisecond
)

// Ports are the UDP ports that are asked. 0 is the usual port, below 0 none.
type Ports struct {
	XOR     int // 9999
	Main    int // 20002
	Battery int // 20004
}

// Options say where and how to look; nil and the zero value work.
type Options struct {
	// Targets are asked besides the networks of this computer: host names,
	// addresses, broadcast addresses ("192.168.50.255") and ranges
	// ("192.168.50.0/24").
	Targets []string
	// OnlyTargets leaves the networks of this computer out.
	OnlyTargets bool
	// LoopbackOnly asks no network but 127.255.255.255: simulated homes.
	LoopbackOnly bool
	// Interfaces names the network interfaces to use; none means all.
	Interfaces []string
	// SkipVirtual leaves out point-to-point links and the bridges of containers.
	SkipVirtual bool
	// Timeout is how long the sweep (0: 5 s) or the probe (0: 1.5 s) takes.
	// Ranges that cannot be asked in that time take longer, see [Estimate].
	Timeout time.Duration
	// Rate bounds how many single addresses are asked a second; 0 means 250.
	Rate int
	// Ports are the UDP ports.
	Ports Ports
	// MAC is the device that a [Probe] is about, where several may share an
	// address; zero is the first that answers.
	MAC wattle.MAC

	// ListenPacket opens sockets, nil means the system's. Network is "udp4".
	ListenPacket func(ctx context.Context, network, address string) (net.PacketConn, error)
	// ListInterfaces lists the networks of this computer, nil means the system's.
	ListInterfaces func() ([]Interface, error)
	// LookupHost finds the IPv4 addresses of a name, nil means the system's resolver.
	LookupHost func(ctx context.Context, host string) ([]netip.Addr, error)
	// Progress is called at the start and about five times a second, from
	// the goroutine that ranges over the sweep; nil means never.
	Progress func(Progress)
	// Logger gets debug lines; nil means none.
	Logger *slog.Logger
}

// Progress tells how far a sweep is.
type Progress struct {
	Asked, Addresses int           // of the addresses in the targets, in this round
	Round, Rounds    int           // from 1
	Elapsed, Total   time.Duration // Total is the announced time of the sweep
	Found            int           // devices so far
}

// settings are options with every blank filled in.
type settings struct {
	Options
	ports    []uint16 // in the order in which they are asked
	xorPort  uint16
	interval time.Duration // between two single addresses
	log      *slog.Logger
}

func (o *Options) withDefaults() *settings {
	s := &settings{}
	if o != nil {
		s.Options = *o
	}
	if s.Timeout <= 0 {
		s.Timeout = DefaultTimeout
	}
	if s.Rate <= 0 {
		s.Rate = DefaultRate
	}
	s.interval = time.Second / time.Duration(s.Rate)
	if s.ListenPacket == nil {
		s.ListenPacket = new(net.ListenConfig).ListenPacket
	}
	if s.ListInterfaces == nil {
		s.ListInterfaces = Interfaces
	}
	if s.LookupHost == nil {
		s.LookupHost = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip4", host)
		}
	}
	s.log = s.Logger
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	for _, p := range []struct{ given, usual int }{
		{s.Ports.XOR, discovery.PortXOR}, {s.Ports.Main, discovery.PortMain}, {s.Ports.Battery, discovery.PortBattery},
	} {
		port := p.given
		if port == 0 {
			port = p.usual
		}
		if port < 0 || port > 1<<16-1 {
			continue
		}
		s.ports = append(s.ports, uint16(port))
		if p.usual == discovery.PortXOR {
			s.xorPort = uint16(port)
		}
	}
	return s
}
