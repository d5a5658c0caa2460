package session_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/internal/memnet"
	"wattle/internal/secrettest"
	"wattle/method"
	"wattle/session"
	"wattle/simulator/endpoint"
	"wattle/transport"
)

// The session over the real transports, against the real device halves, on a
// network in memory with a fake clock.

const (
	wireEmail    = "owner@example.com"
	wirePassword = "a-very-secret-password"
)

func wireAccount() wattle.Credentials {
	return wattle.Credentials{Username: wireEmail, Password: wattle.NewSecret(wirePassword)}
}

// pair is a transport with its device half.
type pair struct {
	name    string
	route   wattle.Route
	options endpoint.Options
}

func pairs() []pair {
	return []pair{
		{"xor", wattle.Route{Family: wattle.IOT, Transport: wattle.XOR}, endpoint.Options{IOT: true}},
		{"xor-udp", wattle.Route{Family: wattle.IOT, Transport: wattle.XORUDP}, endpoint.Options{IOT: true}},
		{"klap v1 iot", wattle.Route{Family: wattle.IOT, Transport: wattle.KLAP}, endpoint.Options{IOT: true, Version: 1}},
		{"klap v2 iot", wattle.Route{Family: wattle.IOT, Transport: wattle.KLAP}, endpoint.Options{IOT: true, Version: 2}},
		{"klap v2", wattle.Route{Family: wattle.SMART, Transport: wattle.KLAP}, endpoint.Options{Version: 2}},
		{"aes v1", wattle.Route{Family: wattle.SMART, Transport: wattle.AES, Version: 1}, endpoint.Options{Version: 1}},
		{"aes v2", wattle.Route{Family: wattle.SMART, Transport: wattle.AES, Version: 2}, endpoint.Options{Version: 2}},
	}
}

func (p pair) sessions() bool {
	return p.route.Transport != wattle.XOR && p.route.Transport != wattle.XORUDP
}

// rig is a device on a network.
type rig struct {
	t       *testing.T
	pair    pair
	network *memnet.Network
	route   wattle.Route
	faults  *endpoint.Faults

	mu      sync.Mutex
	handled []string // messages that were carried out
}

func newRig(t *testing.T, p pair, change func(*endpoint.Options)) *rig {
	t.Helper()
	r := &rig{t: t, pair: p, network: memnet.New(), route: p.route, faults: new(endpoint.Faults)}
	o := p.options
	o.Account, o.Faults = wireAccount(), r.faults
	if change != nil {
		change(&o)
	}
	r.route.Host = "127.0.5.1"
	answer := smartDevice(map[string]string{
		"get_device_info": `{"device_id":"8022AAAABBBBCCCCDDDDEEEEFFFF00001111222A","mac":"50-C7-BF-0A-0B-0C","nickname":"VGhlIHNlY3JldCBkZW4=","device_on":true}`,
		"get_device_time": `{"region":"Europe/Berlin"}`, "set_device_info": "0", "play_alarm": "0", "get_child_device_list": `{"child_device_list":[{"device_id":"8022AAAABBBBCCCCDDDDEEEEFFFF000011112233"}]}`,
	})
	if o.IOT {
		answer = iotDevice(map[string]string{
			"system.get_sysinfo":     `{"alias":"The secret den","deviceId":"8006AAAABBBBCCCCDDDDEEEEFFFF00001111222A","mac":"50:C7:BF:0A:0B:0C","latitude_i":509413,"err_code":0}`,
			"system.set_relay_state": `{"err_code":0}`, "time.get_time": `{"hour":1,"err_code":0}`, "count_down.add_rule": `{"id":"1","err_code":0}`,
		})
	}
	device := endpoint.DeviceFunc(func(_ context.Context, request []byte) ([]byte, error) {
		r.mu.Lock()
		n := len(r.handled)
		r.handled = append(r.handled, string(request))
		r.mu.Unlock()
		text, err := answer(n, string(request))
		return []byte(text), err
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	if p.route.Transport == wattle.XORUDP {
		pc, err := r.network.ListenPacket("udp4", r.route.Address())
		if err != nil {
			t.Fatal(err)
		}
		go func() { done <- endpoint.ServeXORPacket(ctx, pc, device, &o) }()
	} else {
		ln, err := r.network.Listen("tcp4", r.route.Address())
		if err != nil {
			t.Fatal(err)
		}
		serve := map[wattle.Transport]func(context.Context, net.Listener, endpoint.Device, *endpoint.Options) error{
			wattle.XOR: endpoint.ServeXOR, wattle.KLAP: endpoint.ServeKLAP, wattle.AES: endpoint.ServeAES,
		}[p.route.Transport]
		go func() { done <- serve(ctx, ln, device, &o) }()
	}
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the device ended with %v", err)
		}
	})
	return r
}

// open makes a session with the device; change may alter what the user gave.
func (r *rig) open(account wattle.Credentials, o *session.Options) *session.Session {
	r.t.Helper()
	conn, err := transport.Open(r.route, &transport.Options{
		Account: account, DialContext: r.network.DialContext, Timeout: session.MaxTimeout,
		Logger: loggerOf(r.t, o),
	})
	if err != nil {
		r.t.Fatal(err)
	}
	s := session.New(conn, r.route.Family, o)
	r.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			r.t.Error(err)
		}
	})
	return s
}

func (r *rig) set(spec string) {
	r.t.Helper()
	if err := r.faults.Set(spec); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.handled)
}

// poll, absolute and once are calls of the family of the rig.
func (r *rig) poll() []method.Call {
	if r.route.Family == wattle.IOT {
		return reads("system.get_sysinfo", "time.get_time")
	}
	return reads("get_device_info", "get_device_time")
}

func (r *rig) absolute() method.Call {
	if r.route.Family == wattle.IOT {
		return call("system.set_relay_state", method.Absolute)
	}
	return call("set_device_info", method.Absolute)
}

func (r *rig) once() method.Call {
	if r.route.Family == wattle.IOT {
		return call("count_down.add_rule", method.Once)
	}
	return call("play_alarm", method.Once)
}

func mustDo(t *testing.T, c method.Caller, calls ...method.Call) {
	t.Helper()
	results, err := c.Do(t.Context(), calls...)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if r.Err != nil {
			t.Errorf("%s: %v", calls[i].Key(), r.Err)
		}
	}
}

// scene is a test of one pair.
type scene struct {
	t    *testing.T
	pair pair
}

// overWire runs a test for each pair.
func overWire(t *testing.T, f func(at scene)) {
	t.Helper()
	for _, p := range pairs() {
		t.Run(p.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(scene{t, p}) })
		})
	}
}

func TestWirePoll(t *testing.T) {
	overWire(t, func(at scene) {
		t, p := at.t, at.pair
		r := newRig(t, p, nil)
		s := r.open(wireAccount(), nil)
		for range 3 {
			mustDo(t, s, r.poll()...)
			mustDo(t, s, r.absolute())
			mustDo(t, s, r.once())
		}
		h := s.Health()
		if h.Retries != 0 || h.Failures != 0 || p.sessions() && h.Handshakes != 1 || h.LastAnswer.IsZero() {
			t.Errorf("health %+v", h)
		}
	})
}

// TestWireFaults: what a device does wrong now and then does not reach the caller.
func TestWireFaults(t *testing.T) {
	for _, fault := range []string{"session-loss=1", "session-loss=3", "drop=3", "close", "busy=1", "chop", "slow=2s", "flaky=2", "cookie=two", "timeout=240", "drop-after=3", "flaky-first=2"} {
		t.Run(fault, func(t *testing.T) {
			overWire(t, func(at scene) {
				t, p := at.t, at.pair
				if p.route.Transport == wattle.XORUDP && fault == "chop" {
					t.Log("datagrams are not chopped")
				}
				r := newRig(t, p, nil)
				r.set(fault)
				s := r.open(wireAccount(), nil)
				for range 6 {
					mustDo(t, s, r.poll()...)
					mustDo(t, s, r.absolute())
				}
			})
		})
	}
}

// TestWireTheft: two programs on one device, where each login ends the other's
// session: both go on.
func TestWireTheft(t *testing.T) {
	overWire(t, func(at scene) {
		t, p := at.t, at.pair
		if !p.sessions() {
			t.Log("no sessions to steal")
			return
		}
		r := newRig(t, p, func(o *endpoint.Options) { o.SingleSession = true })
		one, two := r.open(wireAccount(), nil), r.open(wireAccount(), nil)
		for range 4 {
			mustDo(t, one, r.once())
			mustDo(t, two, r.once())
		}
		if h := one.Health(); h.Handshakes != 4 || h.Retries != 3 {
			t.Errorf("health %+v", h)
		}
		if n := r.count(); n != 8 {
			t.Errorf("%d calls were carried out, want 8", n)
		}
	})
}

// TestWireOnce: whatever goes wrong, a call of effect Once is carried out at
// most once, and its error says which.
func TestWireOnce(t *testing.T) {
	for _, tt := range []struct {
		fault     string
		uncertain bool
	}{
		{"drop-after=1", true},
		{"drop=1", true}, // the client cannot know
		{"garble", true},
		{"slow=1m", true},
	} {
		t.Run(tt.fault, func(t *testing.T) {
			overWire(t, func(at scene) {
				t, p := at.t, at.pair
				r := newRig(t, p, nil)
				s := r.open(wireAccount(), nil)
				mustDo(t, s, r.poll()...)
				before := r.count()
				r.set(tt.fault)
				results, err := s.Do(t.Context(), r.once())
				if results != nil {
					err = results[0].Err
				}
				if err == nil {
					t.Fatal("no error")
				}
				if n := r.count() - before; n > 1 {
					t.Errorf("carried out %d times", n)
				}
				if errors.Is(err, session.ErrUncertain) != tt.uncertain && tt.fault != "garble" {
					t.Errorf("error %v, uncertain wanted: %t", err, tt.uncertain)
				}
				r.faults.Clear("")
				mustDo(t, s, r.poll()...)
			})
		})
	}
}

// TestWireWrongPassword: one attempt on the device, and none by later calls.
func TestWireWrongPassword(t *testing.T) {
	overWire(t, func(at scene) {
		t, p := at.t, at.pair
		if !p.sessions() {
			t.Log("no credentials")
			return
		}
		r := newRig(t, p, nil)
		var dialled int
		var mu sync.Mutex
		conn, err := transport.Open(r.route, &transport.Options{
			Account: wattle.Credentials{Username: wireEmail, Password: wattle.NewSecret("not it")},
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				mu.Lock()
				dialled++
				mu.Unlock()
				return r.network.DialContext(ctx, network, address)
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		s := session.New(conn, r.route.Family, nil)
		defer s.Close()
		for range 3 {
			if _, err := s.Do(t.Context(), r.poll()...); !errors.Is(err, wattle.ErrAuth) {
				t.Errorf("error %v", err)
			}
		}
		if h := s.Health(); h.Requests != 1 {
			t.Errorf("%d attempts with a refused password", h.Requests)
		}
		t.Logf("%d connections", dialled)
	})
}

func TestWireRefusals(t *testing.T) {
	for _, tt := range []struct {
		fault string
		klap  error
		aes   error
	}{
		{"tpc-off", wattle.ErrAccess, wattle.ErrTransport},
		{"html", wattle.ErrTransport, wattle.ErrTransport},
		{"http=404", wattle.ErrTransport, wattle.ErrTransport},
	} {
		t.Run(tt.fault, func(t *testing.T) {
			overWire(t, func(at scene) {
				t, p := at.t, at.pair
				if !p.sessions() {
					t.Log("no HTTP")
					return
				}
				r := newRig(t, p, nil)
				r.set(tt.fault)
				s := r.open(wireAccount(), nil)
				want := tt.klap
				if p.route.Transport == wattle.AES {
					want = tt.aes
				}
				if _, err := s.Do(t.Context(), r.poll()...); !errors.Is(err, want) {
					t.Errorf("error %v, want %v", err, want)
				}
				if h := s.Health(); h.Requests != 1 {
					t.Errorf("%d attempts", h.Requests)
				}
				r.faults.Clear("")
				mustDo(t, s, r.poll()...) // the switch in the app helps without a new session
			})
		})
	}
}

// TestWireLockout: a device that wants no login is left alone.
func TestWireLockout(t *testing.T) {
	overWire(t, func(at scene) {
		t, p := at.t, at.pair
		if !p.sessions() {
			t.Log("no login")
			return
		}
		r := newRig(t, p, nil)
		r.set("lockout")
		s := r.open(wireAccount(), nil)
		for range 3 {
			_, err := s.Do(t.Context(), r.poll()...)
			t.Log(err)
			if err == nil {
				t.Fatal("no error")
			}
			for _, class := range []error{wattle.ErrAuth, wattle.ErrLockout} {
				if errors.Is(err, class) && s.Health().Requests != 1 {
					t.Errorf("%d attempts", s.Health().Requests)
				}
			}
		}
	})
}

// TestWireOffline: a device without power: how long until the caller knows.
func TestWireOffline(t *testing.T) {
	overWire(t, func(at scene) {
		t, p := at.t, at.pair
		r := newRig(t, p, nil)
		r.route.Host = "127.0.5.99"
		s := r.open(wireAccount(), nil)
		start := time.Now()
		_, err := s.Do(t.Context(), r.poll()...)
		if !errors.Is(err, wattle.ErrUnreachable) {
			t.Errorf("error %v", err)
		}
		t.Logf("%v after %v and %d attempts", err, time.Since(start), s.Health().Requests)
	})
}

// TestWireCancel: a caller who gives up in the middle, over and over, does no
// harm to the next.
func TestWireCancel(t *testing.T) {
	overWire(t, func(at scene) {
		t, p := at.t, at.pair
		r := newRig(t, p, nil)
		s := r.open(wireAccount(), nil)
		for i := range 5 {
			r.set("slow=3s")
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*time.Second+500*time.Millisecond)
			if _, err := s.Do(ctx, r.poll()...); !errors.Is(err, context.DeadlineExceeded) && err != nil {
				t.Errorf("error %v", err)
			}
			cancel()
			r.faults.Clear("")
			mustDo(t, s, r.poll()...)
		}
	})
}

// TestNoSecretInLogs runs all that is logged, with good and bad luck, and
// searches it.
func TestNoSecretInLogs(t *testing.T) {
	var text bytes.Buffer
	var mu sync.Mutex
	locked := writerFunc(func(b []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return text.Write(b)
	})
	logger := slog.New(slog.NewTextHandler(locked, &slog.HandlerOptions{Level: slog.LevelDebug}))
	traces := 0
	o := &session.Options{
		Logger: logger,
		Trace: func(tr session.Trace) {
			traces++
			fmt.Fprintf(locked, "%+v\n", tr)
		},
	}
	overWire(t, func(at scene) {
		t, p := at.t, at.pair
		for _, fault := range []string{"", "drop=2", "garble", "session-loss=1", "lockout", "busy=1", "html", "credentials"} {
			r := newRig(t, p, nil)
			if fault != "" {
				r.set(fault)
			}
			s := r.open(wireAccount(), o)
			var caller method.Caller = s
			for range 2 {
				secret := r.absolute()
				secret.Params = []byte(`{"password":"wifi-passphrase","ssid":"c2VjcmV0LXNzaWQ=","alias":"The secret den","device_on":true}`)
				results, err := caller.Do(t.Context(), append(r.poll(), secret)...)
				logger.Info("done", "results", describe(results[:0]), "err", err, "health", s.Health())
				for _, res := range results {
					logger.Info("result", "err", res.Err)
				}
				caller = s.Child("8022AAAABBBBCCCCDDDDEEEEFFFF000011112233")
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	for _, secret := range []string{
		wirePassword, wireEmail, "wifi-passphrase", "c2VjcmV0LXNzaWQ", "The secret den", "VGhlIHNlY3JldCBkZW4", "Berlin", "509413",
		"8022AAAABBBBCCCCDDDD", "8006AAAABBBBCCCCDDDD", "50-C7-BF-0A-0B-0C", "50:C7:BF:0A:0B:0C",
	} {
		if i := strings.Index(text.String(), secret); i >= 0 {
			t.Errorf("%q is logged: %s", secret, text.String()[max(0, i-200):min(text.Len(), i+80)])
		}
	}
	for _, shown := range []string{"get_device_info", "set_relay_state", "device_on", "err_code"} {
		if !strings.Contains(text.String(), shown) {
			t.Errorf("%q is not logged", shown)
		}
	}
	t.Logf("%d bytes of log and %d traces searched", text.Len(), traces)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func loggerOf(t *testing.T, o *session.Options) *slog.Logger {
	t.Helper()
	if o == nil || o.Logger == nil {
		return secrettest.Logger(t, wireAccount().Password)
	}
	return o.Logger
}
