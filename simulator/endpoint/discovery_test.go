package endpoint_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"wattle/internal/memnet"
	"wattle/internal/wire/discovery"
	"wattle/simulator/endpoint"
)

const result = `{"device_type":"SMART.TAPOPLUG","mac":"02-00-00-00-00-01"}`

func plainAnswer(p *discovery.Probe) []byte {
	b, err := endpoint.DiscoveryAnswer(p, json.RawMessage(result), nil, nil)
	if err != nil {
		panic(err)
	}
	return b
}

// home is a network with devices on one port, and a client.
type home struct {
	*testing.T
	net    *memnet.Network
	client net.PacketConn
	group  *endpoint.Broadcasts
}

// start serves devices at the addresses, and the broadcast address, until
// the test ends.
func start(t *testing.T, o *endpoint.DiscoveryOptions, addresses ...string) *home {
	t.Helper()
	h := &home{T: t, net: memnet.New(), group: &endpoint.Broadcasts{}}
	h.client = h.listen("127.0.0.1:0")
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error)
	everyone := h.listen("127.255.255.255:20002")
	go func() { served <- h.group.Serve(ctx, everyone) }()
	for _, address := range addresses {
		pc := h.group.Join(h.listen(address))
		go func() { served <- endpoint.ServeDiscovery(ctx, pc, plainAnswer, o) }()
	}
	t.Cleanup(func() {
		cancel()
		for range 1 + len(addresses) {
			if err := <-served; err != nil {
				t.Error(err)
			}
		}
	})
	return h
}

func (h *home) listen(address string) net.PacketConn {
	h.Helper()
	pc, err := h.net.ListenPacket("udp4", address)
	if err != nil {
		h.Fatal(err)
	}
	return pc
}

func (h *home) send(datagram []byte, to string) {
	h.Helper()
	if _, err := h.client.WriteTo(datagram, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to))); err != nil {
		h.Fatal(err)
	}
}

// answers reads until nothing comes for a minute, and gives how many came
// from each address.
func (h *home) answers() map[string]int {
	h.Helper()
	got := make(map[string]int)
	buffer := make([]byte, 4096)
	for {
		_ = h.client.SetReadDeadline(time.Now().Add(time.Minute))
		n, from, err := h.client.ReadFrom(buffer)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return got
		}
		if err != nil {
			h.Fatal(err)
		}
		a, err := discovery.ParseAnswer(buffer[:n])
		if err != nil || a.DeviceType != "SMART.TAPOPLUG" {
			h.Errorf("answer %q: %v", buffer[:n], err)
		}
		got[from.String()]++
	}
}

func TestServeDiscovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const one, two = "127.0.3.1:20002", "127.0.3.2:20002"
		h := start(t, nil, one, two)
		probe, err := discovery.MarshalProbe(0, nil)
		if err != nil {
			t.Fatal(err)
		}

		h.send(probe, one)
		if got := h.answers(); len(got) != 1 || got[one] != 1 {
			t.Errorf("to a unicast probe answered %v", got)
		}
		h.send(probe, "127.255.255.255:20002")
		if got := h.answers(); len(got) != 2 || got[one] != 1 || got[two] != 1 {
			t.Errorf("to a broadcast answered %v", got)
		}
		for range 5 { // the sockets still hear unicast after broadcasts
			h.send(probe, "255.255.255.255:20002")
			h.send(probe, two)
		}
		if got := h.answers(); got[one] != 5 || got[two] != 10 {
			t.Errorf("to five of each answered %v", got)
		}
		broken := bytes.Clone(probe)
		broken[15] ^= 1
		h.send(broken, one)
		h.send([]byte("hello"), one)
		h.send(nil, one)
		if got := h.answers(); len(got) != 0 {
			t.Errorf("to nonsense answered %v", got)
		}
	})
}

func TestDiscoveryManners(t *testing.T) {
	probe, err := discovery.MarshalProbe(0, nil)
	if err != nil {
		t.Fatal(err)
	}
	count := func(t *testing.T, o *endpoint.DiscoveryOptions) (n int, took time.Duration) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			const one = "127.0.3.1:20002"
			h := start(t, o, one)
			begin := time.Now()
			for range 50 {
				h.send(probe, one)
			}
			n = h.answers()[one]
			took = time.Since(begin) - time.Minute
		})
		return n, took
	}
	if n, took := count(t, nil); n != 50 || took < endpoint.DefaultJitter/2 || took > endpoint.DefaultJitter {
		t.Errorf("%d answers, the last after %v; want 50 spread over 300ms", n, took)
	}
	if n, took := count(t, &endpoint.DiscoveryOptions{Jitter: -1}); n != 50 || took != 0 {
		t.Errorf("no jitter: %d answers, the last after %v", n, took)
	}
	if n, _ := count(t, &endpoint.DiscoveryOptions{Duplicate: 1}); n != 100 {
		t.Errorf("duplicates: %d answers, want 100", n)
	}
	if n, _ := count(t, &endpoint.DiscoveryOptions{Loss: 1}); n != 0 {
		t.Errorf("loss: %d answers, want 0", n)
	}
	if n, _ := count(t, &endpoint.DiscoveryOptions{Loss: 0.5}); n < 10 || n > 40 {
		t.Errorf("half lost: %d of 50 answers", n)
	}
}

// A member's own read deadline holds, whatever wakes it for broadcasts.
func TestMemberDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, nil)
		pc := h.group.Join(h.listen("127.0.3.1:20002"))
		h.send([]byte("one"), "127.255.255.255:20002")
		synctest.Wait()
		_ = pc.SetReadDeadline(time.Now().Add(time.Second))
		begin := time.Now()
		buffer := make([]byte, 10)
		if n, _, err := pc.ReadFrom(buffer); string(buffer[:n]) != "one" {
			t.Errorf("read %q, %v", buffer[:n], err)
		}
		if _, _, err := pc.ReadFrom(buffer); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begin) != time.Second {
			t.Errorf("read %v after %v, want a deadline after 1s", err, time.Since(begin))
		}
		if err := pc.Close(); err != nil {
			t.Error(err)
		}
		if _, _, err := pc.ReadFrom(buffer); !errors.Is(err, net.ErrClosed) {
			t.Errorf("read after close: %v", err)
		}
	})
}

func TestDiscoveryAnswer(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	const captured = `{"mac":"x","encrypt_info":{"sym_schm":"AES","key":"old","data":"old"}}`
	private := json.RawMessage(`{"device_id":"8021"}`)
	keyed, empty := &discovery.Probe{Key: &key.PublicKey}, &discovery.Probe{}
	tests := []struct {
		name            string
		probe           *discovery.Probe
		result, private string
		opens           string
	}{
		{"plain device", keyed, `{"mac":"x"}`, "", ""},
		{"empty probe", empty, captured, string(private), ""},
		{"nothing private", keyed, captured, "", ""},
		{"sealed", keyed, captured, string(private), string(private)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var private json.RawMessage
			if tt.private != "" {
				private = json.RawMessage(tt.private)
			}
			payload, err := endpoint.DiscoveryAnswer(tt.probe, json.RawMessage(tt.result), private, nil)
			if err != nil {
				t.Fatal(err)
			}
			datagram, err := discovery.MarshalAnswer(1, payload)
			if err != nil {
				t.Fatal(err)
			}
			a, err := discovery.ParseAnswer(datagram)
			if err != nil || a.MAC != "x" {
				t.Fatalf("answer %s: %v", payload, err)
			}
			if tt.opens == "" {
				if a.EncryptInfo != nil {
					t.Errorf("encrypt_info in %s", payload)
				}
				return
			}
			if plain, err := a.EncryptInfo.Open(key); err != nil || string(plain) != tt.opens {
				t.Errorf("opened as %s, %v", plain, err)
			}
		})
	}
	if _, err := endpoint.DiscoveryAnswer(empty, json.RawMessage("nonsense"), nil, nil); err == nil {
		t.Error("a result that is no object was taken")
	}
}

// TestBroadcastOnLoopback is the same on real sockets, with two simulators
// that share the broadcast address.
func TestBroadcastOnLoopback(t *testing.T) {
	const everyone = "127.255.255.255:29372"
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error)
	for _, address := range []string{"127.0.3.11:29372", "127.0.3.12:29372"} {
		shared, err := endpoint.ListenBroadcast(ctx, everyone)
		if err != nil {
			t.Fatal(err)
		}
		pc, err := new(net.ListenConfig).ListenPacket(ctx, "udp4", address)
		if err != nil {
			t.Fatal(err)
		}
		group := new(endpoint.Broadcasts)
		member := group.Join(pc)
		go func() { served <- group.Serve(ctx, shared) }()
		go func() {
			served <- endpoint.ServeDiscovery(ctx, member, plainAnswer, &endpoint.DiscoveryOptions{Jitter: -1})
		}()
	}
	client, err := new(net.ListenConfig).ListenPacket(ctx, "udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	probe, _ := discovery.MarshalProbe(0, nil)
	if _, err := client.WriteTo(probe, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(everyone))); err != nil {
		t.Fatal(err)
	}
	_ = client.SetReadDeadline(time.Now().Add(10 * time.Second))
	got := make(map[string]bool)
	for buffer := make([]byte, 4096); len(got) < 2; {
		_, from, err := client.ReadFrom(buffer)
		if err != nil {
			t.Fatal(err)
		}
		got[from.String()] = true
	}
	if !got["127.0.3.11:29372"] || !got["127.0.3.12:29372"] {
		t.Errorf("answers came from %v", got)
	}
	cancel()
	for range 4 {
		if err := <-served; err != nil {
			t.Error(err)
		}
	}
}
