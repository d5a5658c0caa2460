package connect_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"wattle"
	"wattle/connect"
	"wattle/discover"
	"wattle/internal/memnet"
	"wattle/internal/secrettest"
	"wattle/internal/wire/discovery"
	"wattle/method"
	"wattle/session"
	"wattle/simulator/endpoint"
)

const (
	email    = "user@example.com"
	password = "correct horse"
	owner    = "B58996C504C5638798EB6B511E6F49AF" // MD5 of the e-mail
)

func account() wattle.Credentials {
	return wattle.Credentials{Username: email, Password: wattle.NewSecret(password)}
}

// house is a network in memory with devices in it, for one test in a bubble.
type house struct {
	*testing.T
	net     *memnet.Network
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
	main    endpoint.Broadcasts // 20002
	xor     endpoint.Broadcasts // 9999
	log     *slog.Logger        // fails the test when a secret is logged

	mu    sync.Mutex
	dials []string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{T: t, net: memnet.New(), log: secrettest.Logger(t, account().Password)}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	for port, group := range map[int]*endpoint.Broadcasts{9999: &h.xor, 20002: &h.main} {
		pc := h.packet("192.0.2.255", port)
		h.running.Go(func() { h.check(group.Serve(h.ctx, pc)) })
	}
	t.Cleanup(func() {
		h.cancel()
		h.running.Wait()
	})
	return h
}

func (h *house) check(err error) {
	if err != nil {
		h.Error(err)
	}
}

func (h *house) packet(host string, port int) net.PacketConn {
	h.Helper()
	pc, err := h.net.ListenPacket("udp4", fmt.Sprintf("%s:%d", host, port))
	if err != nil {
		h.Fatal(err)
	}
	return pc
}

// options are those of a caller in this house.
func (h *house) options() *connect.Options {
	return &connect.Options{
		Account:     account(),
		DialContext: h.dial,
		Logger:      h.log,
		Session:     &session.Options{Logger: h.log},
		Discover: &discover.Options{
			Logger: h.log,
			ListenPacket: func(_ context.Context, network, address string) (net.PacketConn, error) {
				return h.net.ListenPacket(network, address)
			},
			ListInterfaces: func() ([]discover.Interface, error) {
				return []discover.Interface{{Name: "eth0", Addr: netip.MustParseAddr("192.0.2.1"), Broadcast: netip.MustParseAddr("192.0.2.255")}}, nil
			},
		},
	}
}

// dial notes who was called.
func (h *house) dial(ctx context.Context, network, address string) (net.Conn, error) {
	h.mu.Lock()
	h.dials = append(h.dials, address)
	h.mu.Unlock()
	return h.net.DialContext(ctx, network, address)
}

// gadget is a simulated device.
type gadget struct {
	h    *house
	host string
	mac  wattle.MAC
	iot  bool
	stop context.CancelFunc
	ctx  context.Context

	mu   sync.Mutex
	seen []string // the methods that were asked
}

// add makes a device that listens nowhere yet. number makes its MAC.
func (h *house) add(host string, number byte, iot bool) *gadget {
	g := &gadget{h: h, host: host, mac: wattle.MAC{2, 0, 0, 0, 0, number}, iot: iot}
	g.ctx, g.stop = h.context()
	return g
}

// context is for what a device serves.
func (h *house) context() (context.Context, context.CancelFunc) { return context.WithCancel(h.ctx) }

// Handle answers in the language of the device, and in that only.
func (g *gadget) Handle(_ context.Context, request []byte) ([]byte, error) {
	var r map[string]json.RawMessage
	if err := json.Unmarshal(request, &r); err != nil {
		return nil, err
	}
	var name string
	if _, smart := r["method"]; smart {
		_ = json.Unmarshal(r["method"], &name)
	} else {
		name = "get_sysinfo"
		if strings.Contains(string(request), "set_relay_state") {
			name = "set_relay_state"
		}
	}
	g.mu.Lock()
	g.seen = append(g.seen, name)
	g.mu.Unlock()
	switch {
	case g.iot && r["method"] != nil:
		return []byte(`{"method":{"err_code":-1,"err_msg":"module not support"}}`), nil
	case g.iot && name == "set_relay_state":
		return []byte(`{"system":{"set_relay_state":{"err_code":0}}}`), nil
	case g.iot:
		return []byte(g.sysinfo()), nil
	case name == "get_device_info":
		return fmt.Appendf(nil, `{"error_code":0,"result":{"mac":%q,"model":"P110","device_on":true}}`, g.mac), nil
	case name == "set_device_info":
		return []byte(`{"error_code":0}`), nil
	}
	return []byte(`{"error_code":-1002}`), nil
}

func (g *gadget) sysinfo() string {
	return fmt.Sprintf(`{"system":{"get_sysinfo":{"err_code":0,"mic_type":"IOT.SMARTPLUGSWITCH","model":"HS110(EU)","alias":"Desk","mac":%q,"deviceId":"8006"}}}`, g.mac)
}

// asked gives the methods that were asked since the last call.
func (g *gadget) asked() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	names := strings.Join(g.seen, " ")
	g.seen = nil
	return names
}

// serve listens on TCP and answers in a transport.
func (g *gadget) serve(t wattle.Transport, port int, o *endpoint.Options) *gadget {
	g.h.Helper()
	if o == nil {
		o = &endpoint.Options{Account: account()}
	}
	o.IOT = g.iot
	if o.Logger == nil {
		o.Logger = g.h.log
	}
	ln, err := g.h.net.Listen("tcp", fmt.Sprintf("%s:%d", g.host, port))
	if err != nil {
		g.h.Fatal(err)
	}
	half := map[wattle.Transport]func(context.Context, net.Listener, endpoint.Device, *endpoint.Options) error{
		wattle.XOR: endpoint.ServeXOR, wattle.KLAP: endpoint.ServeKLAP, wattle.AES: endpoint.ServeAES,
		wattle.Token: endpoint.ServeToken, wattle.Linkie: endpoint.ServeLinkie, wattle.TPAP: endpoint.ServeTPAP,
	}[t]
	g.h.running.Go(func() { g.h.check(half(g.ctx, ln, g, o)) })
	return g
}

// selfSigned is the certificate of all devices here: making one takes a while.
var selfSigned = sync.OnceValues(endpoint.SelfSigned)

func (h *house) tls() *tls.Config {
	h.Helper()
	c, err := selfSigned()
	if err != nil {
		h.Fatal(err)
	}
	return c
}

// announce answers on 20002 with a scheme such as `"encrypt_type":"KLAP"`.
func (g *gadget) announce(deviceType, scheme, more string) *gadget {
	g.h.Helper()
	result := fmt.Sprintf(`{"device_type":%q,"device_model":"X1(EU)","mac":%q,"owner":%q,"factory_default":false,"mgt_encrypt_schm":{%s}%s}`,
		deviceType, strings.ReplaceAll(g.mac.String(), ":", "-"), owner, scheme, more)
	pc := g.h.main.Join(g.h.packet(g.host, 20002))
	answer := func(p *discovery.Probe) []byte {
		b, err := endpoint.DiscoveryAnswer(p, json.RawMessage(result), nil, nil)
		g.h.check(err)
		return b
	}
	g.h.running.Go(func() { g.h.check(endpoint.ServeDiscovery(g.ctx, pc, answer, nil)) })
	return g
}

// announceXOR answers on UDP 9999.
func (g *gadget) announceXOR() *gadget {
	g.h.Helper()
	pc := g.h.xor.Join(g.h.packet(g.host, 9999))
	// Discovery must not count as a call.
	device := endpoint.DeviceFunc(func(context.Context, []byte) ([]byte, error) { return []byte(g.sysinfo()), nil })
	g.h.running.Go(func() { g.h.check(endpoint.ServeXORPacket(g.ctx, pc, device, nil)) })
	return g
}

// target is the device with the route that worked last time.
func (g *gadget) target(t wattle.Transport, port int) connect.Target {
	family := wattle.SMART
	if g.iot {
		family = wattle.IOT
	}
	return connect.Target{
		Name: "desk", Host: g.host, MAC: g.mac,
		Routes: []wattle.Route{{Family: family, Transport: t, Host: g.host, Port: port}},
	}
}

// switchOn is a write in either language.
func switchOn(family wattle.Family) method.Call {
	if family == wattle.IOT {
		return method.Call{Module: "system", Method: "set_relay_state", Params: json.RawMessage(`{"state":1}`), Effect: method.Absolute}
	}
	return method.Call{Method: "set_device_info", Params: json.RawMessage(`{"device_on":true}`), Effect: method.Absolute}
}

// use opens a target and switches it on.
func (h *house) use(target connect.Target, o *connect.Options) (*connect.Result, error) {
	h.Helper()
	r, err := connect.Open(h.Context(), target, o)
	if err != nil {
		return nil, err
	}
	h.Cleanup(func() { h.check(r.Session.Close()) })
	return r, write(h.Context(), r)
}

func write(ctx context.Context, r *connect.Result) error {
	results, err := r.Session.Do(ctx, switchOn(r.Session.Family()))
	if err != nil {
		return err
	}
	return results[0].Err
}

// took measures on the fake clock.
func took(f func()) time.Duration {
	begin := time.Now()
	f()
	return time.Since(begin)
}
