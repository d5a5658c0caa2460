package discover_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/discover"
	"wattle/internal/wire/discovery"
	"wattle/simulator/endpoint"
)

const (
	strip = `{"system":{"get_sysinfo":{"err_code":0,"model":"HS300(US)","deviceId":"8006000000000000000000000000000000000002","alias":"Strip","mic_type":"IOT.SMARTPLUGSWITCH","mac":"02:06:C3:00:00:02","child_num":6}}}`
	// The same device on 20002.
	stripTDP = `{"device_id":"8f69","owner":"","device_type":"IOT.SMARTPLUGSWITCH","device_model":"HS300(US)","mac":"02-06-C3-00-00-02","factory_default":true,"mgt_encrypt_schm":{"is_support_https":false,"encrypt_type":"KLAP","http_port":80,"lv":2,"new_klap":1}}`
	camera   = `{"device_id":"8f6a","device_name":"Garden","device_type":"SMART.IPCAMERA","device_model":"C425","mac":"02-42-A1-00-00-07","factory_default":false,"mgt_encrypt_schm":{"is_support_https":true},"encrypt_type":["3"]}`
	deco     = `{"device_id":"8f6b","device_model":"X20","device_type":"HOMEWIFISYSTEM","mac":"02:2F:D0:00:00:0E","owner":"` + owner + `"}`
	unset    = `{"device_id":"8f6c","owner":"00000000000000000000000000000000","device_type":"SMART.TAPOBULB","device_model":"L530","mac":"02-2F-D0-00-00-0F","obd_src":"matter","factory_default":true,"mgt_encrypt_schm":{"encrypt_type":"KLAP"}}`
	nomac    = `{"device_id":"8f6d","device_type":"SMART.TAPOBULB","device_model":"L510","mgt_encrypt_schm":{"encrypt_type":"ROT13"}}`
)

func TestSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLAN(t)
		l.kasa("192.0.2.11", strip)
		l.tapo("192.0.2.11", stripTDP)
		l.tdp(&l.battery, "192.0.2.12", 20004, camera, `{"device_id":"8021000000000000000000000000000000000003","owner":"`+owner+`"}`, nil)
		l.tapo("192.0.2.13", deco)
		l.tapo("192.0.2.14", unset)
		l.tapo("192.0.2.15", nomac)
		l.tapo("192.0.2.16", klapPlug(1))
		l.echo("192.0.2.17", 20002) // no device: sends back what it gets
		l.echo("192.0.2.17", 9999)

		var found map[string]discover.Found
		var errs []error
		if d := took(func() { found, errs = l.sweep(l.options()) }); d != discover.DefaultTimeout || errs != nil {
			t.Errorf("the sweep took %v with errors %v", d, errs)
		}
		route := func(family wattle.Family, tr wattle.Transport, host string, port, version int) wattle.Route {
			return wattle.Route{Family: family, Transport: tr, Host: host, Port: port, Version: version, TLS: tr == wattle.SSLAES}
		}
		want := map[string]discover.Found{
			"HS300(US)": {
				Alias: "Strip", Family: "iot", Type: "IOT.SMARTPLUGSWITCH", ID: "8006000000000000000000000000000000000002", FactoryDefault: true, Via: []uint16{9999, 20002},
				Routes: []wattle.Route{route("iot", "xor", "192.0.2.11", 9999, 0), route("iot", "klap", "192.0.2.11", 80, 2)},
			},
			"C425": {
				Alias: "Garden", Family: "smartcam", Type: "SMART.IPCAMERA", ID: "8021000000000000000000000000000000000003", Owner: owner, Via: []uint16{20004}, Reason: "it wants sslaes, which this version of wattle cannot speak yet",
				Routes: []wattle.Route{route("smartcam", "sslaes", "192.0.2.12", 443, 0)},
			},
			"X20":    {Type: "HOMEWIFISYSTEM", Owner: owner, Reason: "HOMEWIFISYSTEM is not a Kasa or Tapo device", Via: []uint16{20002}},
			"L530":   {Family: "smart", Type: "SMART.TAPOBULB", OnboardedBy: "matter", FactoryDefault: true, Reason: "not set up yet: add it to an account in the Tapo or Kasa app first", Via: []uint16{20002}, Routes: []wattle.Route{route("smart", "klap", "192.0.2.14", 80, 2)}},
			"L510":   {Type: "SMART.TAPOBULB", Reason: "no way is known to talk ROT13 over http to SMART.TAPOBULB", Via: []uint16{20002}},
			"P1(EU)": {Family: "smart", Type: "SMART.TAPOPLUG", Owner: owner, Via: []uint16{20002}, Routes: []wattle.Route{route("smart", "klap", "192.0.2.16", 80, 2)}},
		}
		for model, w := range want {
			got, ok := found[model]
			if !ok {
				t.Errorf("%s not found", model)
				continue
			}
			if got.MAC.IsZero() != (model == "L510") || got.Addr.String()[:8] != "192.0.2." {
				t.Errorf("%s: MAC %s at %s", model, got.MAC, got.Addr)
			}
			if (len(got.Sysinfo) > 0) != (model == "HS300(US)") || len(got.Answer) == 0 || (len(got.Private) > 0) != (model == "C425") {
				t.Errorf("%s: raw answers missing: %s %s %s", model, got.Sysinfo, got.Answer, got.Private)
			}
			w.Model, w.MAC, w.Addr = got.Model, got.MAC, got.Addr
			got.Sysinfo, got.Answer, got.Private = nil, nil, nil
			if !reflect.DeepEqual(got, w) {
				t.Errorf("%s:\n got %+v\nwant %+v", model, got, w)
			}
		}
		if len(found) != len(want) {
			t.Errorf("%d devices, want %d", len(found), len(want))
		}
	})
}

// A device is given at once, and again when it answers in the other protocol.
func TestSweepStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLAN(t)
		l.net.SetDelay(10*time.Millisecond, 10*time.Millisecond)
		l.kasa("192.0.2.11", strip)
		l.tapo("192.0.2.11", stripTDP)
		begin := time.Now()
		times := 0
		for f, err := range discover.Sweep(t.Context(), l.options()) {
			if err != nil {
				t.Fatal(err)
			}
			times++
			if late := time.Since(begin); late > time.Second {
				t.Errorf("%v given after %v", f.Via, late)
			}
		}
		if times != 2 {
			t.Errorf("given %d times, want 2: once for each protocol", times)
		}
	})
}

// 500 devices that answer at the same moment are all found, in one round.
func TestSweep500(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLAN(t)
		for i := range 500 {
			l.tdp(&l.main, fmt.Sprintf("192.0.%d.%d", 3+i/250, 1+i%250), 20002, klapPlug(i), "", &endpoint.DiscoveryOptions{Jitter: -1})
		}
		o := l.options()
		seen := make(map[wattle.MAC]bool)
		begin := time.Now()
		for f, err := range discover.Sweep(t.Context(), o) {
			if err != nil {
				t.Fatal(err)
			}
			seen[f.MAC] = true
			if len(seen) == 500 {
				break
			}
		}
		if d := time.Since(begin); len(seen) != 500 || d != 0 {
			t.Errorf("%d devices of 500 found, after %v on the fake clock; want all in the first burst", len(seen), d)
		}
	})
}

// The same over the kernel's sockets, with answers spread over 300 ms as those
// of real devices are: the system may not give the 4 MiB that a burst needs.
func TestSweep500OnLoopback(t *testing.T) {
	const devices, port = 500, 29302
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error)
	var group endpoint.Broadcasts
	shared, err := endpoint.ListenBroadcast(ctx, fmt.Sprintf("127.255.255.255:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	go func() { served <- group.Serve(ctx, shared) }()
	for i := range devices {
		pc, err := new(net.ListenConfig).ListenPacket(ctx, "udp4", fmt.Sprintf("127.0.%d.%d:%d", 193+i/250, 1+i%250, port))
		if err != nil {
			t.Fatal(err)
		}
		member := group.Join(pc)
		answer := func(p *discovery.Probe) []byte {
			b, err := endpoint.DiscoveryAnswer(p, []byte(klapPlug(i)), nil, nil)
			if err != nil {
				t.Error(err)
			}
			return b
		}
		go func() {
			served <- endpoint.ServeDiscovery(ctx, member, answer, nil)
		}()
	}
	seen := make(map[wattle.MAC]bool)
	begin := time.Now()
	o := &discover.Options{LoopbackOnly: true, Ports: discover.Ports{XOR: -1, Main: port, Battery: -1}, Timeout: 3 * time.Second}
	var last time.Duration
	for f, err := range discover.Sweep(ctx, o) {
		if err != nil {
			t.Fatal(err)
		}
		if !seen[f.MAC] {
			last = time.Since(begin)
		}
		seen[f.MAC] = true
	}
	if len(seen) != devices {
		t.Errorf("%d devices of %d found", len(seen), devices)
	}
	t.Logf("%d devices found, the last after %v", len(seen), last)
	cancel()
	for range devices + 1 {
		if err := <-served; err != nil {
			t.Error(err)
		}
	}
}

func TestSweepRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLAN(t)
		// One ear on every port, at the limited broadcast address.
		type heard struct {
			port int
			at   time.Duration
		}
		var log []heard
		begin := time.Now()
		ears := make(chan heard, 100)
		for _, port := range []int{9999, 20002, 20004} {
			pc := l.listen("192.0.2.127", port)
			context.AfterFunc(l.ctx, func() { _ = pc.Close() })
			l.running.Go(func() {
				for buffer := make([]byte, 1024); ; {
					if _, _, err := pc.ReadFrom(buffer); err != nil {
						return
					}
					ears <- heard{port, time.Since(begin)}
				}
			})
		}
		o := l.options()
		o.OnlyTargets, o.Targets, o.Timeout = true, []string{"192.0.2.127"}, 3*time.Second
		_, _ = l.sweep(o)
		synctest.Wait()
		close(ears)
		for h := range ears {
			log = append(log, h)
		}
		slices.SortFunc(log, func(a, b heard) int { return int(a.at-b.at)*100000 + a.port - b.port })
		var want []heard
		for _, at := range []time.Duration{0, time.Second, 2 * time.Second} {
			want = append(want, heard{9999, at}, heard{20002, at}, heard{20004, at})
		}
		if !slices.Equal(log, want) {
			t.Errorf("asked %v\nwant %v", log, want)
		}
	})
}

func TestSweepLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLAN(t)
		for i := range 100 {
			l.tapo(fmt.Sprintf("192.0.2.%d", 100+i), klapPlug(i))
		}
		l.net.SetLoss(0.2)
		found, _ := l.sweep(l.options())
		if len(found) < 90 {
			t.Errorf("%d of 100 devices found in three rounds, with every fifth datagram lost", len(found))
		}
	})
}

func TestSweepRange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLAN(t)
		l.tapo("198.51.100.1", klapPlug(1))
		l.tapo("198.51.100.254", klapPlug(2))
		l.tapo("198.51.101.20", klapPlug(3))
		var reports []discover.Progress
		o := l.options()
		o.OnlyTargets, o.Targets = true, []string{"198.51.100.0/24", " 198.51.101.20/31", "192.0.2.10"}
		o.Progress = func(p discover.Progress) { reports = append(reports, p) }
		announced, err := discover.Estimate(o)
		if err != nil {
			t.Fatal(err)
		}
		var found map[string]discover.Found
		d := took(func() { found, _ = l.sweep(o) })
		if d != announced || len(found) != 3 {
			t.Errorf("%d devices found in %v, announced were 3 in %v", len(found), d, announced)
		}
		first, last := reports[0], reports[len(reports)-1]
		if first.Total != announced || first.Addresses != 257 || first.Rounds != 3 || first.Round != 1 || first.Elapsed != 0 {
			t.Errorf("first report %+v", first)
		}
		if last.Round != 3 || last.Asked != 257 || last.Found != 3 || last.Elapsed != announced {
			t.Errorf("last report %+v", last)
		}
		t.Logf("a /24 takes %v at %d addresses a second, %d reports", announced, discover.DefaultRate, len(reports))

		// At a tenth of the rate the rounds follow one another without a pause.
		o.Rate = 25
		announced, _ = discover.Estimate(o)
		if want := 3*257*40*time.Millisecond + discover.DefaultTimeout/3; announced != want {
			t.Errorf("announced %v, want %v", announced, want)
		}
		if d := took(func() { found, _ = l.sweep(o) }); d != announced || len(found) != 3 {
			t.Errorf("%d devices found in %v, announced were 3 in %v", len(found), d, announced)
		}
	})
}

func TestSweepHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLAN(t)
		l.tapo("192.0.2.10", klapPlug(1))
		l.tapo("192.0.2.11", klapPlug(2))
		o := l.options()
		o.OnlyTargets, o.Targets = true, []string{"plug.example", "nowhere.example", "192.0.2.11"}
		var found map[string]discover.Found
		var errs []error
		d := took(func() { found, errs = l.sweep(o) })
		if len(found) != 2 || d > time.Second {
			t.Errorf("%d devices of 2 found, in %v", len(found), d)
		}
		if len(errs) != 1 || !errors.Is(errs[0], wattle.ErrUnreachable) || !strings.Contains(errs[0].Error(), `host "nowhere.example"`) {
			t.Errorf("errors %v, want one about nowhere.example", errs)
		}
		o.Targets = []string{broadcastAddr}
		if found, _ := l.sweep(o); len(found) != 2 {
			t.Errorf("by broadcast address %d devices of 2 found", len(found))
		}
		o.OnlyTargets, o.Targets = false, []string{"192.0.2.11"}
		if found, _ := l.sweep(o); len(found) != 2 {
			t.Errorf("besides the networks %d devices of 2 found", len(found))
		}
	})
}

func TestSweepEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLAN(t)
		l.tapo("192.0.2.10", klapPlug(1))
		o := l.options()
		o.Targets = []string{"10.0.0.0/16"}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		var last error
		found := 0
		d := took(func() {
			for _, err := range discover.Sweep(ctx, o) {
				if last = err; err == nil {
					found++
				}
			}
		})
		if d != time.Second || !errors.Is(last, context.Canceled) || found != 1 {
			t.Errorf("cancelled: %d found, %v after %v", found, last, d)
		}
		for _, err := range discover.Sweep(ctx, o) { // ended before it began
			last = err
		}
		if !errors.Is(last, context.Canceled) {
			t.Errorf("cancelled before: %v", last)
		}
		d = took(func() {
			for range discover.Sweep(t.Context(), l.options()) {
				break
			}
		})
		if d > endpoint.DefaultJitter {
			t.Errorf("break took %v", d)
		}
		// The bubble fails the test if a goroutine is left.
	})
}

func TestSweepTrouble(t *testing.T) {
	broken := func(context.Context, string, string) (net.PacketConn, error) {
		return nil, os.NewSyscallError("bind", syscall.EADDRNOTAVAIL)
	}
	tests := []struct {
		name  string
		set   func(l *lan, o *discover.Options)
		class error
		text  string
	}{
		{"range without a number", func(_ *lan, o *discover.Options) { o.Targets = []string{"10.0.0.0/xx"} }, wattle.ErrParam, `target "10.0.0.0/xx" is not an IPv4 range`},
		{"range too wide", func(_ *lan, o *discover.Options) { o.Targets = []string{"10.0.0.0/8"} }, wattle.ErrParam, "the widest range is /16"},
		{"range of IPv6", func(_ *lan, o *discover.Options) { o.Targets = []string{"fe80::/64"} }, wattle.ErrParam, "not an IPv4 range"},
		{"IPv6", func(_ *lan, o *discover.Options) { o.Targets = []string{"fe80::1"} }, wattle.ErrParam, "over IPv4 only"},
		{"nonsense", func(_ *lan, o *discover.Options) { o.Targets = []string{"a b"} }, wattle.ErrParam, "neither a host name"},
		{"empty", func(_ *lan, o *discover.Options) { o.Targets = []string{""} }, wattle.ErrParam, "neither a host name"},
		{"unknown interface", func(_ *lan, o *discover.Options) { o.Interfaces = []string{"wlan7"} }, nil, `no IPv4 interface "wlan7" is up; there are eth0`},
		{"no interface", func(_ *lan, o *discover.Options) {
			o.ListInterfaces = func() ([]discover.Interface, error) { return nil, nil }
		}, wattle.ErrUnreachable, "no network interface with IPv4 is up"},
		{"no list", func(_ *lan, o *discover.Options) {
			o.ListInterfaces = func() ([]discover.Interface, error) { return nil, errors.New("netlink is broken") }
		}, nil, "netlink is broken"},
		{"no sockets", func(_ *lan, o *discover.Options) { o.ListenPacket = broken }, wattle.ErrUnreachable, "interface eth0"},
		{"no sockets for targets", func(_ *lan, o *discover.Options) {
			o.ListenPacket, o.OnlyTargets, o.Targets = broken, true, []string{"192.0.2.10"}
		}, syscall.EADDRNOTAVAIL, "targets cannot be asked"},
		{"no route", func(l *lan, o *discover.Options) {
			o.ListenPacket = func(_ context.Context, network, address string) (net.PacketConn, error) {
				pc, err := l.net.ListenPacket(network, address)
				return noRoute{pc}, err
			}
		}, wattle.ErrUnreachable, "no probe could be sent on any interface; is the network up?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLAN(t)
				o := l.options()
				tt.set(l, o)
				found, errs := l.sweep(o)
				if len(found) != 0 || len(errs) != 1 || !strings.Contains(errs[0].Error(), tt.text) || (tt.class != nil && !errors.Is(errs[0], tt.class)) {
					t.Errorf("%v, errors %v; want one with %q", found, errs, tt.text)
				}
			})
		})
	}
}

// noRoute refuses to send.
type noRoute struct{ net.PacketConn }

func (noRoute) WriteTo([]byte, net.Addr) (int, error) {
	return 0, os.NewSyscallError("sendto", syscall.ENETUNREACH)
}

// One interface that fails does not hide the others.
func TestSweepHalfBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLAN(t)
		l.tapo("192.0.2.10", klapPlug(1))
		o := l.options()
		networks, _ := o.ListInterfaces()
		o.ListInterfaces = func() ([]discover.Interface, error) {
			return append([]discover.Interface{
				{Name: "tun0", Addr: netip.MustParseAddr("10.8.0.2"), Virtual: true},
				{Name: "gone0", Addr: netip.MustParseAddr("10.9.0.2"), Broadcast: netip.MustParseAddr("10.9.0.255")},
			}, networks...), nil
		}
		listen := o.ListenPacket
		o.ListenPacket = func(ctx context.Context, network, address string) (net.PacketConn, error) {
			if strings.HasPrefix(address, "10.9.") {
				return nil, syscall.EADDRNOTAVAIL
			}
			return listen(ctx, network, address)
		}
		found, errs := l.sweep(o)
		if len(found) != 1 || len(errs) != 1 || !strings.Contains(errs[0].Error(), "interface gone0") {
			t.Errorf("%d found, errors %v", len(found), errs)
		}
		o.Interfaces = []string{"eth0"}
		if found, errs := l.sweep(o); len(found) != 1 || errs != nil {
			t.Errorf("one interface chosen: %d found, errors %v", len(found), errs)
		}
		o.Interfaces, o.SkipVirtual = []string{"tun0"}, true
		if _, errs := l.sweep(o); len(errs) != 1 {
			t.Errorf("nothing left to ask: %v", errs)
		}
	})
}

func TestInterfaces(t *testing.T) {
	all, err := discover.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	loopback := 0
	for _, i := range all {
		if i.Loopback {
			loopback++
			if i.Broadcast.String() != "127.255.255.255" {
				t.Errorf("loopback is %+v", i)
			}
		}
		if !i.Addr.Is4() || i.Name == "" {
			t.Errorf("interface %+v", i)
		}
	}
	if loopback != 1 {
		t.Errorf("%d loopback networks in %v", loopback, all)
	}
}
