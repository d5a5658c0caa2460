package discover_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"wattle/discover"
	"wattle/internal/memnet"
	"wattle/internal/wire/discovery"
	"wattle/internal/wire/xor"
	"wattle/simulator/endpoint"
)

// lan is a network in memory with devices in it, for one test in a bubble.
type lan struct {
	*testing.T
	net     *memnet.Network
	ctx     context.Context
	running sync.WaitGroup
	main    endpoint.Broadcasts // 20002
	battery endpoint.Broadcasts // 20004
	xor     endpoint.Broadcasts // 9999
}

const broadcastAddr = "192.0.2.255"

// newLAN makes the network 192.0.2.0/24; it ends with the test.
func newLAN(t *testing.T) *lan {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l := &lan{T: t, net: memnet.New(), ctx: ctx}
	for port, group := range map[int]*endpoint.Broadcasts{9999: &l.xor, 20002: &l.main, 20004: &l.battery} {
		pc := l.listen(broadcastAddr, port)
		l.running.Go(func() { l.check(group.Serve(ctx, pc)) })
	}
	t.Cleanup(func() {
		cancel()
		l.running.Wait()
	})
	return l
}

func (l *lan) check(err error) {
	if err != nil {
		l.Error(err)
	}
}

func (l *lan) listen(host string, port int) net.PacketConn {
	l.Helper()
	pc, err := l.net.ListenPacket("udp4", netip.AddrPortFrom(netip.MustParseAddr(host), uint16(port)).String())
	if err != nil {
		l.Fatal(err)
	}
	return pc
}

// tdp puts a device at an address of port 20002 or 20004.
func (l *lan) tdp(group *endpoint.Broadcasts, host string, port int, result, private string, o *endpoint.DiscoveryOptions) {
	l.Helper()
	pc := group.Join(l.listen(host, port))
	var secret json.RawMessage
	if private != "" {
		secret = json.RawMessage(private)
	}
	answer := func(p *discovery.Probe) []byte {
		b, err := endpoint.DiscoveryAnswer(p, json.RawMessage(result), secret, nil)
		l.check(err)
		return b
	}
	l.running.Go(func() { l.check(endpoint.ServeDiscovery(l.ctx, pc, answer, o)) })
}

func (l *lan) tapo(host, result string) {
	l.Helper()
	l.tdp(&l.main, host, 20002, result, "", nil)
}

// kasa puts a device on port 9999.
func (l *lan) kasa(host, sysinfo string) {
	l.Helper()
	pc := l.xor.Join(l.listen(host, 9999))
	context.AfterFunc(l.ctx, func() { _ = pc.Close() })
	l.running.Go(func() {
		buffer := make([]byte, 1024)
		for {
			n, from, err := pc.ReadFrom(buffer)
			if err != nil {
				return
			}
			if string(xor.AppendDecrypted(nil, buffer[:n])) == discovery.SysinfoRequest {
				_, err = pc.WriteTo(xor.AppendEncrypted(nil, []byte(sysinfo)), from)
				l.check(err)
			}
		}
	})
}

// echo answers every broadcast and datagram with itself.
func (l *lan) echo(host string, port int) {
	l.Helper()
	group := &l.main
	if port == 9999 {
		group = &l.xor
	}
	pc := group.Join(l.listen(host, port))
	context.AfterFunc(l.ctx, func() { _ = pc.Close() })
	l.running.Go(func() {
		for buffer := make([]byte, 1024); ; {
			n, from, err := pc.ReadFrom(buffer)
			if err != nil {
				return
			}
			_, err = pc.WriteTo(buffer[:n], from)
			l.check(err)
		}
	})
}

// options are for sweeps of this network.
func (l *lan) options() *discover.Options {
	return &discover.Options{
		ListenPacket: func(_ context.Context, network, address string) (net.PacketConn, error) {
			return l.net.ListenPacket(network, address)
		},
		ListInterfaces: func() ([]discover.Interface, error) {
			return []discover.Interface{{Name: "eth0", Addr: netip.MustParseAddr("192.0.2.1"), Broadcast: netip.MustParseAddr(broadcastAddr)}}, nil
		},
		LookupHost: func(_ context.Context, host string) ([]netip.Addr, error) {
			if host == "plug.example" {
				return []netip.Addr{netip.MustParseAddr("192.0.2.10")}, nil
			}
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		},
	}
}

// sweep collects what is found, the last word on each device, by model.
func (l *lan) sweep(o *discover.Options) (found map[string]discover.Found, errs []error) {
	l.Helper()
	found = make(map[string]discover.Found)
	for f, err := range discover.Sweep(l.Context(), o) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		found[f.Model.String()] = f
	}
	return found, errs
}

// took measures on the fake clock.
func took(f func()) time.Duration {
	begin := time.Now()
	f()
	return time.Since(begin)
}

const owner = "B58996C504C5638798EB6B511E6F49AF" // MD5 of user@example.com

func klapPlug(i int) string {
	return fmt.Sprintf(`{"device_type":"SMART.TAPOPLUG","device_model":"P%d(EU)","mac":"02-00-00-00-%02X-%02X","owner":%q,"factory_default":false,`+
		`"mgt_encrypt_schm":{"is_support_https":false,"encrypt_type":"KLAP","http_port":80,"lv":2}}`, i, i>>8, i&255, owner)
}
