// Package connect goes from what is known of a device to an open session: it
// tries what worked before, asks the device what it speaks when that fails,
// goes through the fall-backs of firmware that announces one thing and does
// another, looks for a device whose address has changed, and makes sure that
// it is the device that was meant before anybody can write to it. When nothing
// helps, the [Error] names cause and remedy in one sentence.
//
//	r, err := connect.Open(ctx, connect.Target{Host: "192.0.2.17"}, &connect.Options{
//		Account: wattle.Credentials{Username: "me@example.com", Password: secret},
//	})
//	if err != nil {
//		return err // *connect.Error; errors.Is finds its class
//	}
//	defer r.Close()
//
// What [Result] holds is worth being remembered by whoever opens the same device
// again: with the route, the MAC and the label of the credential it costs one
// connection. The package itself remembers nothing. Several devices may be opened
// side by side; of one device nobody should open two sessions at once.
// See docs/protocol/README.md, "Connecting by address without discovery".
package connect

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"sync"
	"time"

	"wattle"
	"wattle/cloud"
	"wattle/discover"
	"wattle/method"
	"wattle/session"
	"wattle/transport"
)

// Target is what is known of a device.
type Target struct {
	// Name is what the user calls the device, for messages; "" means Host.
	Name string
	Host string // IPv4 address or host name
	// Routes were remembered or discovered; they are tried first, in order.
	Routes []wattle.Route
	// Only takes the Routes and nothing else: no discovery, no fall-back.
	Only bool
	// MAC is the device that is meant; zero takes whoever is there.
	MAC wattle.MAC
	// Owner is what discovery told, see [discover.Found.Owner]; "" if unknown.
	Owner string
	// Type is the device_type that discovery or the device told before, such as
	// "SMART.TAPOHUB"; "" if unknown. It decides which secret TPAP takes.
	Type string
	// Prefer is the label of the credential that worked last time.
	Prefer string
	// Policy says whether the device is reached locally or through the cloud; ""
	// is [PreferLocal].
	Policy Policy
	// Refused is what [Error.Refused] was when the device refused credentials
	// before, "" if it did not. The same ones are not sent again: only what
	// compares them offline is tried.
	Refused string
	// Resume is a session for the first of Routes that an earlier process
	// exported. The device proves itself by having its keys, so that Open does
	// no I/O at all; when the session turns out to be over, the first call
	// makes up for it.
	Resume []byte
}

// Options say how to connect; nil and the zero value work.
type Options struct {
	Account wattle.Credentials
	// DialContext opens TCP connections, nil means net.Dialer.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// Discover is how to look for the device when it does not answer where it
	// was; nil means the defaults of package discover.
	Discover *discover.Options
	// TPAP is for devices with that transport: certificates that they may descend
	// from, and whether they have to prove that they are genuine. An empty
	// DeviceType is what discovery tells, or else Type of the target.
	TPAP transport.TPAPOptions
	// Session is for the session that comes out.
	Session *session.Options
	// Cloud is the account through which devices are reached that are not at
	// home; nil: all are reached locally.
	Cloud *cloud.Client
	// NoSearch asks a device by discovery at its address only, wherever else it may
	// be: for who sweeps for many devices at once and calls [Keeper.Found].
	NoSearch bool
	// OneLogin spends one login at most on a device that counts refused ones: a
	// test, and no search for what might fit.
	OneLogin bool
	// Timeout is for the first answer of a device on each route; 0 means 5 s.
	Timeout time.Duration
	// Ports are the TCP ports that are tried when discovery gets no answer.
	Ports Ports
	// Logger gets one debug line for each attempt; nil means none.
	Logger *slog.Logger
}

// Ports are TCP ports. 0 is the usual port, below 0 none.
type Ports struct {
	XOR    int // 9999
	HTTP   int // 80: KLAP and AES
	HTTPS  int // 4433: KLAP over TLS, vacuums
	Camera int // 443
	Linkie int // 10443
}

// Result is an open device. Close ends all of it.
type Result struct {
	// Caller is what to call the device with: the session, or by the policy the
	// way through the cloud, or both.
	Caller method.Caller
	// Session is the local session; the one through the cloud where Way is set.
	Session *session.Session
	// Way is set for a device that was opened through the cloud.
	Way *cloud.Way
	// MAC is the device's own; zero when it does not tell, and before the first
	// answer of a resumed session if the target had none.
	MAC wattle.MAC
	// Alias is what its owner calls the device, where that was told on the way.
	Alias string
	// Route is how it is reached, worth being remembered. Session.Conn().Info()
	// has it up to date later on.
	Route      wattle.Route
	Credential string // label of the credential that fits, see transport.Candidates
	// Found is what discovery told, nil if it was not asked.
	Found *discover.Found

	calls sync.WaitGroup // of a Keeper, that are under way
}

const (
	defaultTimeout = 5 * time.Second
	searchTimeout  = 5 * time.Second // for a sweep: a device that is back on the Wi-Fi is found
	dialTimeout    = 3 * time.Second // for one connection: a host that is up answers within one
)

// Open opens the device. It performs a first exchange on each route that it
// tries, which tells the language, the MAC and whether the credentials fit;
// the session that it returns has answered once (or was resumed). The error of the
// local ways is an [*Error], unless ctx ended; with the policy prefer-local and a
// cloud that failed too it holds both and errors.As finds the local one, with the
// policy cloud it is the cloud's own.
func Open(ctx context.Context, t Target, o *Options) (*Result, error) {
	return newOpener(t, o).choose(ctx)
}

// choose opens the device by the ways that there are.
func (p *opener) choose(ctx context.Context) (*Result, error) {
	if p.options.Cloud != nil || p.target.Policy == CloudOnly {
		return p.byPolicy(ctx)
	}
	return p.local(ctx)
}

// local opens the device on the network.
func (p *opener) local(ctx context.Context) (*Result, error) {
	if r, ok := p.resume(); ok {
		return r, nil
	}
	c, err := p.open(ctx)
	if err != nil {
		return nil, err
	}
	return p.result(c), nil
}

func newOpener(t Target, o *Options) *opener {
	p := &opener{target: t}
	if o != nil {
		p.options = *o
	}
	if p.target.Host == "" && len(t.Routes) > 0 {
		p.target.Host = t.Routes[0].Host
	}
	if p.target.Name == "" {
		p.target.Name = cmp.Or(p.target.Host, p.target.MAC.String())
	}
	if p.options.Timeout <= 0 {
		p.options.Timeout = defaultTimeout
	}
	p.dial = p.options.DialContext
	if p.dial == nil {
		p.dial = new(net.Dialer).DialContext
	}
	p.log = p.options.Logger
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	p.log = p.log.With("device", p.target.Name)
	return p
}

// resume takes up the session of an earlier process.
func (p *opener) resume() (*Result, bool) {
	if len(p.target.Resume) == 0 || len(p.target.Routes) == 0 || p.target.Routes[0].Family == "" {
		return nil, false
	}
	route := p.target.Routes[0]
	conn, err := p.connection(route, p.target.Resume)
	if err != nil {
		return nil, false
	}
	if !conn.Info().Resumed { // not the same account, or over
		_ = conn.Close()
		return nil, false
	}
	return p.result(&contact{conn: conn, family: route.Family, mac: p.target.MAC, resumed: true}), true
}

// result makes the session.
func (p *opener) result(c *contact) *Result {
	info := c.conn.Info()
	route := info.Route
	route.Family = c.family
	s := session.New(p.guard(c), c.family, p.options.Session)
	return &Result{
		Caller:     s,
		Session:    s,
		MAC:        c.mac,
		Alias:      c.alias,
		Route:      route,
		Credential: info.Credential,
		Found:      p.found,
	}
}

// connection makes a Conn; it does no I/O.
func (p *opener) connection(route wattle.Route, resume []byte) (transport.Conn, error) {
	tpap := p.options.TPAP
	if tpap.DeviceType == "" {
		tpap.DeviceType = p.target.Type
		if p.found != nil && p.found.Type != "" {
			tpap.DeviceType = p.found.Type
		}
	}
	return transport.Open(route, &transport.Options{
		Account: p.options.Account,
		TPAP:    tpap,
		Prefer:  p.target.Prefer, OneLogin: p.options.OneLogin,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, dialTimeout)
			defer cancel()
			return p.dial(ctx, network, address)
		},
		Timeout: session.MaxTimeout,
		Resume:  resume,
		Logger:  p.options.Logger,
	})
}
