package simulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/capture"
	"wattle/discover"
	"wattle/internal/memnet"
	"wattle/internal/secrettest"
	"wattle/simulator"
	"wattle/simulator/homes"
	"wattle/transport"
)

// home runs the given captures until the test ends, and gives where they are.
type home struct {
	*simulator.Home
	mu    sync.Mutex
	ready []simulator.Ready
	some  chan simulator.Ready
}

func demoDevices(tb testing.TB, files []*capture.File) []*simulator.Device {
	tb.Helper()
	devices := make([]*simulator.Device, len(files))
	for i, f := range files {
		d, err := simulator.New(f, &simulator.DeviceOptions{Index: i, Library: homes.Library(), Freeze: true})
		if err != nil {
			tb.Fatal(err)
		}
		devices[i] = d
	}
	return devices
}

func runHome(tb testing.TB, o simulator.HomeOptions, devices []*simulator.Device) *home {
	tb.Helper()
	h := &home{some: make(chan simulator.Ready, len(devices)+16)}
	o.Ready = func(r simulator.Ready) {
		h.mu.Lock()
		h.ready = append(h.ready, r)
		h.mu.Unlock()
		h.some <- r
	}
	if o.Logger == nil {
		o.Logger = secrettest.Logger(tb, o.Account.Password)
	}
	h.Home = simulator.NewHome(&o)
	for _, d := range devices {
		if err := h.Add(d, nil); err != nil {
			tb.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			tb.Errorf("Run: %v", err)
		}
	})
	for i := range devices {
		select {
		case <-h.some:
		case err := <-done:
			done <- nil
			tb.Fatalf("Run ended with %d devices ready: %v", i, err)
		}
	}
	return h
}

func route(r simulator.Ready) wattle.Route {
	return wattle.Route{Family: r.Family, Transport: r.Transport, Host: r.Address, Port: r.Port, TLS: r.TLS, Version: r.Version}
}

// ask sends one request over the wire, as a client does.
func ask(tb testing.TB, r simulator.Ready, dial func(context.Context, string, string) (net.Conn, error), request string) (json.RawMessage, error) {
	tb.Helper()
	conn, err := transport.Open(route(r), &transport.Options{Account: simulator.DemoAccount(), DialContext: dial})
	if err != nil {
		tb.Fatal(err)
	}
	defer conn.Close()
	return conn.Exchange(tb.Context(), []byte(request))
}

func identityRequest(r simulator.Ready) string {
	if r.Family == wattle.IOT {
		return `{"system":{"get_sysinfo":{}}}`
	}
	return `{"method":"get_device_info"}`
}

func memoryHome(network *memnet.Network) simulator.HomeOptions {
	return simulator.HomeOptions{
		Account:      simulator.DemoAccount(),
		Listen:       func(_ context.Context, n, a string) (net.Listener, error) { return network.Listen(n, a) },
		ListenPacket: func(_ context.Context, n, a string) (net.PacketConn, error) { return network.ListenPacket(n, a) },
	}
}

// TestHomeInMemory: every invented device is found by a broadcast with the
// transport that it is served with, and answers over it.
func TestHomeInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New()
		h := runHome(t, memoryHome(network), demoDevices(t, homes.Demo()))
		found := map[wattle.MAC]discover.Found{}
		for f, err := range discover.Sweep(t.Context(), &discover.Options{
			Targets: []string{"127.255.255.255"}, Timeout: 2 * time.Second,
			ListenPacket: func(_ context.Context, n, a string) (net.PacketConn, error) { return network.ListenPacket(n, a) },
		}) {
			if err != nil {
				t.Fatal(err)
			}
			found[f.MAC] = f
		}
		for _, r := range h.ready {
			f, ok := found[r.MAC]
			if !ok || f.Addr.String() != r.Address {
				t.Errorf("%s (%s) at %s was found at %s", r.Name, r.Alias, r.Address, f.Addr)
				continue
			}
			want := route(r)
			if len(f.Routes) == 0 || f.Routes[0].Transport != want.Transport || f.Routes[0].Address() != want.Address() || f.Routes[0].TLS != want.TLS {
				t.Errorf("%s announces %v, is served over %v", r.Name, f.Routes, want)
			}
			if r.Transport != wattle.XOR && f.Owner != simulator.Owner("demo@example.com") {
				t.Errorf("%s has the owner %q", r.Name, f.Owner)
			}
			answer, err := ask(t, r, network.DialContext, identityRequest(r))
			if err != nil || !strings.Contains(string(answer), r.DeviceID) {
				t.Errorf("%s: %s, %v", r.Name, answer, err)
			}
		}
		t.Logf("%d devices found and read", len(found))
	})
}

// TestTransports: one capture of each family over each transport that the
// family allows, on real sockets.
func TestTransports(t *testing.T) {
	demo := homes.Demo()
	var iot, smart *capture.File
	for _, f := range demo {
		switch {
		case f.Family == wattle.IOT && f.Discovery == nil && iot == nil:
			iot = f
		case f.Family == wattle.SMART && smart == nil:
			smart = f
		}
	}
	var devices []*simulator.Device
	for _, f := range []*capture.File{iot, smart} {
		for _, name := range simulator.Transports() {
			d, err := simulator.New(f, &simulator.DeviceOptions{Transport: name, Index: len(devices)})
			if errors.Is(err, wattle.ErrUnsupported) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			devices = append(devices, d)
		}
	}
	h := runHome(t, simulator.HomeOptions{Range: netip.MustParsePrefix("127.0.4.0/26"), Account: simulator.DemoAccount()}, devices)
	for _, r := range h.ready {
		answer, err := ask(t, r, nil, identityRequest(r))
		if err != nil || !strings.Contains(string(answer), r.DeviceID) {
			t.Errorf("%s: %s, %v", route(r), answer, err)
		}
		if r.Transport == wattle.XOR {
			continue
		}
		f, err := discover.Probe(t.Context(), r.Address, &discover.Options{Timeout: 2 * time.Second})
		if err != nil || len(f.Routes) == 0 || f.Routes[0].Transport != r.Transport {
			t.Errorf("%s announces %+v, %v", route(r), f.Routes, err)
			continue
		}
		if v := f.Routes[0].Version; v != r.Version && v != 0 {
			t.Errorf("%s announces version %d", route(r), v)
		}
	}
	n := len(devices)
	if n < 7 {
		t.Errorf("%d transports, want 7", n)
	}
	t.Logf("%d transports", n)
}

// TestSharedAddress: without addresses of their own, devices are found at one
// address and on different ports.
func TestSharedAddress(t *testing.T) {
	h := runHome(t, simulator.HomeOptions{Shared: netip.MustParseAddr("127.0.4.100"), PortBase: 24_100, Account: simulator.DemoAccount()}, demoDevices(t, homes.Demo()))
	want := map[wattle.MAC]int{}
	ports := map[int]bool{}
	for _, r := range h.ready {
		if ports[r.Port] {
			t.Errorf("port %d twice", r.Port)
		}
		ports[r.Port] = true
		if r.Transport != wattle.XOR {
			want[r.MAC] = r.Port
		}
		if _, err := ask(t, r, nil, identityRequest(r)); err != nil {
			t.Errorf("%s: %v", r.Name, err)
		}
	}
	// No broadcasts: other tests on this machine simulate devices with the same
	// MACs. And a range, since hosts are left as soon as one device answered there.
	for f, err := range discover.Sweep(t.Context(), &discover.Options{OnlyTargets: true, Targets: []string{"127.0.4.100/32"}, Timeout: 2 * time.Second}) {
		if err != nil {
			t.Fatal(err)
		}
		if len(f.Routes) > 0 && f.Routes[0].Port == want[f.MAC] {
			delete(want, f.MAC)
		}
	}
	if len(want) > 0 {
		t.Errorf("not found: %v", want)
	}
}

// TestFaults: a device restarts, moves, and refuses, while others do not.
func TestFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New()
		h := runHome(t, memoryHome(network), demoDevices(t, homes.Demo()[:2]))
		first := h.ready[0]
		if err := h.SetFault(first.Alias, "reboot=3s"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if _, err := ask(t, first, network.DialContext, identityRequest(first)); !errors.Is(err, wattle.ErrUnreachable) {
			t.Errorf("while it restarts: %v", err)
		}
		start := time.Now()
		again := <-h.some
		if away := time.Since(start); away != 3*time.Second || again.Address != first.Address || again.MAC != first.MAC {
			t.Errorf("after %s back at %s", away, again.Address)
		}
		if _, err := ask(t, again, network.DialContext, identityRequest(again)); err != nil {
			t.Error(err)
		}
		if err := h.SetFault(strings.ToLower(first.Alias), "ip-change=1s"); err != nil {
			t.Fatal(err)
		}
		if moved := <-h.some; moved.Address == first.Address || moved.MAC != first.MAC {
			t.Errorf("moved from %s to %s", first.Address, moved.Address)
		} else if _, err := ask(t, moved, network.DialContext, identityRequest(moved)); err != nil {
			t.Error(err)
		}
		if err := h.SetFault(first.MAC.String(), "drop"); err != nil {
			t.Fatal(err)
		}
		if list := h.List(); len(list[0].Faults) != 1 || len(list[1].Faults) != 0 {
			t.Errorf("faults %v and %v", list[0].Faults, list[1].Faults)
		}
		if err := h.ClearFault(first.Name, ""); err != nil || len(h.List()[0].Faults) != 0 {
			t.Errorf("still %v, %v", h.List()[0].Faults, err)
		}
		if err := h.SetFault(first.Name, "clock-unset"); err != nil || fmt.Sprint(h.List()[0].Faults) != "[clock-unset]" {
			t.Errorf("faults %v, %v", h.List()[0].Faults, err)
		}
		moved := h.List()[0].Ready
		answer, err := ask(t, moved, network.DialContext, `{"time":{"get_time":{}}}`)
		if year := at(t, answer, "time/get_time/year"); err != nil || year != 2000.0 {
			t.Errorf("an unset clock shows %s, %v", answer, err)
		}
		if err := h.ClearFault(first.Name, ""); err != nil {
			t.Error(err)
		}
		for spec, class := range map[string]error{"single-session=1s": wattle.ErrParam, "nonsense": wattle.ErrParam, "reboot=soon": wattle.ErrParam} {
			if err := h.SetFault(first.Name, spec); !errors.Is(err, class) {
				t.Errorf("fault %s: %v", spec, err)
			}
		}
		if err := h.SetFault("nobody", "slow"); !errors.Is(err, wattle.ErrNotFound) {
			t.Errorf("unknown device: %v", err)
		}
	})
}

// TestLazy: a lazy device refuses connections after each start until it is
// probed, or a while has passed.
func TestLazy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New()
		h := runHome(t, memoryHome(network), []*simulator.Device{device(t, "P110(EU)", simulator.DeviceOptions{Freeze: true})})
		r := h.ready[0]
		if err := h.SetFault(r.Name, "lazy-api=1m"); err != nil {
			t.Fatal(err)
		}
		request := identityRequest(r)
		asleep := func(when string) {
			t.Helper()
			synctest.Wait()
			if _, err := ask(t, r, network.DialContext, request); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("%s: %v, want a refused connection", when, err)
			}
		}
		asleep("before a probe")
		if _, err := discover.Probe(t.Context(), r.Address, &discover.Options{
			ListenPacket: func(_ context.Context, n, a string) (net.PacketConn, error) { return network.ListenPacket(n, a) },
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := ask(t, r, network.DialContext, request); err != nil {
			t.Errorf("after a probe: %v", err)
		}
		if err := h.SetFault(r.Name, "reboot=3s"); err != nil {
			t.Fatal(err)
		}
		<-h.some
		asleep("after a restart")
		<-time.After(59 * time.Second)
		asleep("before it wakes by itself")
		<-time.After(time.Second)
		synctest.Wait()
		if _, err := ask(t, r, network.DialContext, request); err != nil {
			t.Errorf("after a minute: %v", err)
		}
		if err := h.SetFault(r.Name, "lazy-api"); err != nil {
			t.Fatal(err)
		}
		asleep("when it is set again")
		if err := h.ClearFault(r.Name, "lazy-api"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if _, err := ask(t, r, network.DialContext, request); err != nil {
			t.Errorf("without the fault: %v", err)
		}
	})
}

// TestUpdate: a device that runs gets another firmware and then speaks another
// transport, until the fault is cleared.
func TestUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New()
		h := runHome(t, memoryHome(network), []*simulator.Device{
			device(t, "P100(EU)", simulator.DeviceOptions{Freeze: true}), device(t, "HS110(EU)", simulator.DeviceOptions{Freeze: true, Index: 1}),
		})
		for i, version := range []string{"1.4.6 Build 260101 Rel.1", "1.6.0 Build 260101 Rel.2"} {
			before := h.ready[i]
			if err := h.SetFault(before.Name, "firmware="+version); err != nil {
				t.Fatal(err)
			}
			r := <-h.some
			if answer, err := ask(t, r, network.DialContext, identityRequest(r)); err != nil || !strings.Contains(string(answer), version) {
				t.Errorf("%s after the update: %s, %v", r.Name, answer, err)
			}
			if err := h.SetFault(r.Name, "transport=klap-v2"); err != nil {
				t.Fatal(err)
			}
			moved := <-h.some
			if moved.Transport != wattle.KLAP || moved.Version != 2 || moved.Address != r.Address {
				t.Errorf("%s speaks %+v", r.Name, moved)
			}
			if _, err := ask(t, moved, network.DialContext, identityRequest(r)); err != nil {
				t.Errorf("%s over klap: %v", r.Name, err)
			}
			if faults := h.List()[i].Faults; fmt.Sprint(faults) != "[transport=klap-v2]" {
				t.Errorf("faults %v", faults)
			}
			if err := h.ClearFault(r.Name, ""); err != nil {
				t.Fatal(err)
			}
			if back := <-h.some; back.Transport != before.Transport {
				t.Errorf("%s speaks %+v again", r.Name, back)
			}
		}
		// TPAP alone, or first with KLAP beside it; the later one counts.
		plug := h.ready[0]
		for _, tt := range []struct {
			fault string
			klap  error
		}{{"tpap-only", wattle.ErrAccess}, {"tpap-preferred", nil}} {
			if err := h.SetFault(plug.Name, tt.fault); err != nil {
				t.Fatal(err)
			}
			r := <-h.some
			if faults := h.List()[0].Faults; r.Transport != wattle.TPAP || fmt.Sprint(faults) != "["+tt.fault+"]" {
				t.Errorf("%s: served as %+v with %v", tt.fault, r, faults)
			}
			if _, err := ask(t, r, network.DialContext, identityRequest(r)); err != nil {
				t.Errorf("%s: over tpap: %v", tt.fault, err)
			}
			r.Transport, r.Version = wattle.KLAP, 2
			if _, err := ask(t, r, network.DialContext, identityRequest(r)); !errors.Is(err, tt.klap) {
				t.Errorf("%s: over klap: %v, want %v", tt.fault, err, tt.klap)
			}
		}
		if err := h.ClearFault(plug.Name, ""); err != nil {
			t.Fatal(err)
		}
		if back := <-h.some; back.Transport != plug.Transport {
			t.Errorf("%s speaks %+v again", plug.Name, back)
		}
		for spec, class := range map[string]error{
			"tpap-only=1": wattle.ErrParam, "firmware": wattle.ErrParam, "firmware=": wattle.ErrParam, "transport": wattle.ErrParam,
			"transport=smoke": wattle.ErrParam, "transport=xor": wattle.ErrUnsupported,
		} {
			if err := h.SetFault(h.ready[0].Name, spec); !errors.Is(err, class) {
				t.Errorf("fault %s: %v, want %v", spec, err, class)
			}
		}
	})
}

// TestSingleSession: a second login ends the first session.
func TestSingleSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New()
		h := runHome(t, memoryHome(network), []*simulator.Device{device(t, "P110(EU)", simulator.DeviceOptions{Freeze: true})})
		if err := h.SetFault("Heater", "single-session"); err != nil {
			t.Fatal(err)
		}
		r := <-h.some
		var conns [2]transport.Conn
		for i := range conns {
			conn, err := transport.Open(route(r), &transport.Options{Account: simulator.DemoAccount(), DialContext: network.DialContext})
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := conn.Exchange(t.Context(), []byte(identityRequest(r))); err != nil {
				t.Fatal(err)
			}
			conns[i] = conn
		}
		if _, err := conns[0].Exchange(t.Context(), []byte(identityRequest(r))); !errors.Is(err, wattle.ErrSession) {
			t.Errorf("the first session: %v", err)
		}
		if _, err := conns[1].Exchange(t.Context(), []byte(identityRequest(r))); err != nil {
			t.Errorf("the second session: %v", err)
		}
	})
}

// TestClientReboots: the reboot that a client asks for takes the device away.
func TestClientReboots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New()
		o := memoryHome(network)
		o.Reboot = 4 * time.Second
		h := runHome(t, o, demoDevices(t, homes.Demo()[:1]))
		start := time.Now()
		if _, err := ask(t, h.ready[0], network.DialContext, `{"system":{"reboot":{"delay":1}}}`); err != nil {
			t.Fatal(err)
		}
		<-h.some
		if d := time.Since(start); d != 5*time.Second {
			t.Errorf("back after %s, want 5s", d)
		}
	})
}

func TestHomeRefuses(t *testing.T) {
	f := homes.Demo()[0]
	dev := func() *simulator.Device {
		d, err := simulator.New(f, nil)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	h := simulator.NewHome(&simulator.HomeOptions{Range: netip.MustParsePrefix("192.0.2.0/24")})
	if err := h.Run(t.Context()); !errors.Is(err, wattle.ErrParam) {
		t.Errorf("beyond loopback: %v", err)
	}
	h = simulator.NewHome(nil)
	if err := h.Add(dev(), nil); err != nil {
		t.Fatal(err)
	}
	if err := h.Add(dev(), nil); err == nil || !strings.Contains(err.Error(), "same MAC") {
		t.Errorf("the same MAC twice: %v", err)
	}
	if _, err := simulator.New(f, &simulator.DeviceOptions{Transport: "pigeon"}); !errors.Is(err, wattle.ErrParam) {
		t.Errorf("unknown transport: %v", err)
	}
}

func TestControl(t *testing.T) {
	network := memnet.New()
	h := runHome(t, memoryHome(network), demoDevices(t, homes.Demo()[:3]))
	path := filepath.Join(t.TempDir(), "ctl")
	ln, err := simulator.ListenControl(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- simulator.ServeControl(ctx, ln, h.Home) }()
	c := &simulator.Control{Path: path}
	if _, err := simulator.ListenControl(t.Context(), path); err == nil {
		t.Error("two simulators at one socket")
	}
	name := h.ready[0].Alias
	list, err := c.List(t.Context())
	if err != nil || len(list) != 3 || list[0].MAC != h.ready[0].MAC {
		t.Errorf("list: %v, %v", list, err)
	}
	if err := c.SetFault(t.Context(), name, "slow=1ms"); err != nil {
		t.Error(err)
	}
	if list, err = c.List(t.Context()); err != nil || fmt.Sprint(list[0].Faults) != "[slow=1ms]" {
		t.Errorf("faults %v, %v", list[0].Faults, err)
	}
	if err := c.ClearFault(t.Context(), name, "slow"); err != nil {
		t.Error(err)
	}
	if err := c.SetFault(t.Context(), name, "nonsense"); !errors.Is(err, wattle.ErrParam) {
		t.Errorf("unknown fault: %v", err)
	}
	if err := c.SetFault(t.Context(), "nobody", "slow"); !errors.Is(err, wattle.ErrNotFound) {
		t.Errorf("unknown device: %v", err)
	}
	if err := c.Poke(t.Context(), name, "rssi", "-77"); err != nil {
		t.Error(err)
	}
	if answer, err := ask(t, h.ready[0], network.DialContext, identityRequest(h.ready[0])); err != nil || !strings.Contains(string(answer), "-77") {
		t.Errorf("%s, %v", answer, err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
	if _, err := c.List(t.Context()); !errors.Is(err, wattle.ErrNotFound) {
		t.Errorf("without a simulator: %v", err)
	}
}

// TestAddressThatIsLeft: an address where somebody still has one of the ports of
// discovery is passed over: he may be about to leave.
func TestAddressThatIsLeft(t *testing.T) {
	for model, port := range map[string]string{"HS110": "9999", "P110": "20002"} {
		synctest.Test(t, func(t *testing.T) {
			o := memoryHome(memnet.New())
			listen, passed := o.ListenPacket, ""
			o.ListenPacket = func(ctx context.Context, kind, address string) (net.PacketConn, error) {
				host, p, _ := net.SplitHostPort(address)
				if p == port && (passed == "" || host == passed) && netip.MustParseAddr(host).IsLoopback() && host != "127.255.255.255" {
					passed = host
					return nil, &net.OpError{Op: "listen", Net: kind, Err: os.NewSyscallError("bind", syscall.EADDRINUSE)}
				}
				return listen(ctx, kind, address)
			}
			var files []*capture.File
			for _, f := range homes.Demo() {
				if strings.HasPrefix(f.Name, model) {
					files = append(files, f)
				}
			}
			h := runHome(t, o, demoDevices(t, files[:1]))
			if len(h.ready) != 1 || passed == "" || h.ready[0].Address == passed {
				t.Errorf("%s was passed over, and it is at %+v", passed, h.ready)
			}
		})
	}
}
