package transport_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"wattle"
	"wattle/internal/memnet"
	"wattle/internal/secrettest"
	"wattle/simulator/endpoint"
	"wattle/transport"
)

// account is what simulated devices hold unless a test says otherwise. It is
// that of the vectors, so that their seeds give their sequence numbers.
var account = wattle.Credentials{Username: "user@example.com", Password: wattle.NewSecret("Passw0rd!")}

// kind is a transport under test: one row of the conformance suite.
type kind struct {
	name      string
	route     wattle.Route // without host and port
	device    endpoint.Options
	serve     func(ctx context.Context, ln net.Listener, dev endpoint.Device, o *endpoint.Options) error
	packet    bool // datagrams: serve is nil
	tls       bool
	maxAnswer int // bytes, 0 is none
	accounts  bool
	sessions  bool
	sequence  bool
	tried     int    // accounts that a wrong one costs, 0 is at least two
	label     string // of what fits, "" is LabelAccount
}

// world is a network to try a transport in.
type world struct {
	name         string
	listen       func(network, address string) (net.Listener, error)
	listenPacket func(network, address string) (net.PacketConn, error)
	dial         func(ctx context.Context, network, address string) (net.Conn, error)
	host         string
}

// scene is a test of one transport in one network.
type scene struct {
	t     *testing.T
	kind  kind
	world world
}

// inWorlds runs a test in memory, with a fake clock, and on loopback sockets.
func inWorlds(t *testing.T, k kind, host string, f func(s scene)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { f(scene{t, k, memory(host)}) })
	})
	t.Run("loopback", func(t *testing.T) {
		f(scene{t, k, world{
			name: "loopback",
			listen: func(network, address string) (net.Listener, error) {
				return new(net.ListenConfig).Listen(t.Context(), network, address)
			},
			listenPacket: func(network, address string) (net.PacketConn, error) {
				return new(net.ListenConfig).ListenPacket(t.Context(), network, address)
			},
			dial: new(net.Dialer).DialContext,
			host: host,
		}})
	})
}

// memory is a network of its own, to be made inside of a bubble.
func memory(host string) world {
	n := memnet.New()
	return world{"memory", n.Listen, n.ListenPacket, n.DialContext, host}
}

// fixture is a device that serves one transport, and what is needed to reach it.
type fixture struct {
	kind   kind
	world  world
	route  wattle.Route
	faults *endpoint.Faults

	handled  atomic.Int32 // messages that reached the device
	inside   atomic.Int32
	together atomic.Int32 // the most that were inside at once
	mu       sync.Mutex
	answer   func(ctx context.Context, message []byte) ([]byte, error)
}

// start serves a device until the test ends. change may alter its options.
func start(t *testing.T, k kind, w world, change func(*endpoint.Options)) *fixture {
	t.Helper()
	f := &fixture{kind: k, world: w, faults: new(endpoint.Faults), answer: echo}
	o := k.device
	o.Faults = f.faults
	if o.Account.IsZero() {
		o.Account = account
	}
	if k.tls {
		o.TLS = deviceTLS(t)
	}
	if change != nil {
		change(&o)
	}
	if o.Logger == nil {
		o.Logger = secrettest.Logger(t, account.Password, o.Account.Password)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	var port int
	if k.packet {
		pc, err := w.listenPacket("udp4", w.host+":0")
		if err != nil {
			t.Fatal(err)
		}
		port = portOf(t, pc.LocalAddr())
		go func() { done <- endpoint.ServeXORPacket(ctx, pc, f, &o) }()
	} else {
		ln, err := w.listen("tcp4", w.host+":0")
		if err != nil {
			t.Fatal(err)
		}
		port = portOf(t, ln.Addr())
		go func() { done <- k.serve(ctx, ln, f, &o) }()
	}
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the endpoint ended with %v", err)
		}
	})
	f.route = k.route
	f.route.Host, f.route.Port, f.route.TLS = w.host, port, k.tls
	return f
}

func portOf(t *testing.T, addr net.Addr) int {
	t.Helper()
	_, text, err := net.SplitHostPort(addr.String())
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// open makes a Conn to the device, closed when the test ends.
func (f *fixture) open(t *testing.T, change func(*transport.Options)) transport.Conn {
	t.Helper()
	o := transport.Options{Account: account, DialContext: f.world.dial}
	if change != nil {
		change(&o)
	}
	if o.Logger == nil {
		o.Logger = secrettest.Logger(t, account.Password, o.Account.Password)
	}
	conn, err := transport.Open(f.route, &o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	return conn
}

// set switches faults on.
func (f *fixture) set(t *testing.T, specs ...string) {
	t.Helper()
	for _, spec := range specs {
		if err := f.faults.Set(spec); err != nil {
			t.Fatal(err)
		}
	}
}

// Handle makes the fixture the device behind the endpoint.
func (f *fixture) Handle(ctx context.Context, message []byte) ([]byte, error) {
	f.handled.Add(1)
	now := f.inside.Add(1)
	defer f.inside.Add(-1)
	for {
		most := f.together.Load()
		if now <= most || f.together.CompareAndSwap(most, now) {
			break
		}
	}
	f.mu.Lock()
	answer := f.answer
	f.mu.Unlock()
	return answer(ctx, message)
}

// answers changes what the device answers.
func (f *fixture) answers(answer func(ctx context.Context, message []byte) ([]byte, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = answer
}

// echo answers with what was asked.
func echo(_ context.Context, message []byte) ([]byte, error) { return bytes.Clone(message), nil }

// message is a request of about size bytes that differs by n.
func message(n, size int) []byte {
	b, err := json.Marshal(map[string]any{"method": fmt.Sprintf("get_%d", n), "params": string(bytes.Repeat([]byte("x"), size))})
	if err != nil {
		panic(err)
	}
	return b
}

// exchange sends message n and wants it back.
func exchange(t *testing.T, conn transport.Conn, n int) {
	t.Helper()
	request := message(n, 50)
	answer, err := conn.Exchange(t.Context(), request)
	if err != nil {
		t.Fatalf("exchange %d: %v", n, err)
	}
	if !bytes.Equal(answer, request) {
		t.Fatalf("exchange %d: %q, want %q", n, answer, request)
	}
}

// selfSigned is the certificate of all devices here: making one takes a while.
var selfSigned = sync.OnceValues(endpoint.SelfSigned)

func deviceTLS(t *testing.T) *tls.Config {
	t.Helper()
	c, err := selfSigned()
	if err != nil {
		t.Fatal(err)
	}
	return endpoint.StaticRSA(c)
}

// kinds are all transports: a new one is a row here.
func kinds() []kind {
	klap := func(name string, family wattle.Family, version int, tls bool) kind {
		return kind{
			name: name, route: wattle.Route{Family: family, Transport: wattle.KLAP},
			device: endpoint.Options{Version: version, IOT: family == wattle.IOT}, serve: endpoint.ServeKLAP,
			tls: tls, accounts: true, sessions: true, sequence: true,
		}
	}
	aes := func(name string, version, known int) kind {
		return kind{
			name: name, route: wattle.Route{Family: wattle.SMART, Transport: wattle.AES, Version: known},
			device: endpoint.Options{Version: version}, serve: endpoint.ServeAES,
			accounts: true, sessions: true,
		}
	}
	tpap := func(name string, family wattle.Family, tls bool, o endpoint.TPAPOptions) kind {
		return kind{
			name: name, route: wattle.Route{Family: family, Transport: wattle.TPAP},
			device: endpoint.Options{TPAP: o}, serve: endpoint.ServeTPAP,
			tls: tls, accounts: true, sessions: true, sequence: true, tried: 1,
			label: map[bool]string{true: transport.LabelMD5}[family == wattle.SMARTCAM],
		}
	}
	return []kind{
		{
			name: "xor tcp", route: wattle.Route{Family: wattle.IOT, Transport: wattle.XOR},
			device: endpoint.Options{IOT: true}, serve: endpoint.ServeXOR,
		},
		{
			name: "xor udp", route: wattle.Route{Family: wattle.IOT, Transport: wattle.XORUDP},
			device: endpoint.Options{IOT: true}, packet: true, maxAnswer: 8 << 10,
		},
		klap("klap v1 iot", wattle.IOT, 1, false),
		klap("klap v2 iot", wattle.IOT, 2, false),
		klap("klap v2 smart", wattle.SMART, 2, false),
		klap("klap v1 iot tls", wattle.IOT, 1, true),
		klap("klap v2 iot tls", wattle.IOT, 2, true),
		klap("klap v2 smart tls", wattle.SMART, 2, true),
		aes("aes login v1", 1, 1),
		aes("aes login v2", 2, 2),
		aes("aes login v1 unknown", 1, 0),
		aes("aes login v2 unknown", 2, 0),
		{
			name: "token", route: wattle.Route{Family: wattle.SMART, Transport: wattle.Token},
			serve: endpoint.ServeToken, tls: true, accounts: true, sessions: true,
		},
		{
			name: "linkie", route: wattle.Route{Family: wattle.IOT, Transport: wattle.Linkie},
			device: endpoint.Options{IOT: true}, serve: endpoint.ServeLinkie, tls: true,
		},
		tpap("tpap", wattle.SMART, false, endpoint.TPAPOptions{}),
		tpap("tpap tls", wattle.SMART, true, endpoint.TPAPOptions{}),
		tpap("tpap suite 2 chacha20", wattle.SMART, false, endpoint.TPAPOptions{Suite: 2, Cipher: "chacha20_poly1305"}),
		tpap("tpap suite 3 aes 256", wattle.SMART, false, endpoint.TPAPOptions{Suite: 3, Cipher: "aes_256_ccm", W0: "both"}),
		tpap("tpap suite 8 compressed", wattle.SMART, false, endpoint.TPAPOptions{Suite: 8, Compressed: true}),
		tpap("tpap camera tls", wattle.SMARTCAM, true, endpoint.TPAPOptions{DeviceType: "SMART.IPCAMERA"}),
	}
}
