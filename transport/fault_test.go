package transport_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/simulator/endpoint"
	"wattle/transport"
)

// named gives a kind by name.
func named(t *testing.T, name string) kind {
	t.Helper()
	for _, k := range kinds() {
		if k.name == name {
			return k
		}
	}
	t.Fatalf("no kind %q", name)
	return kind{}
}

// TestFaults injects each fault and wants the client's defence.
func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		kind    string
		faults  string
		want    error          // of the first exchange, nil where nothing is to be noticed
		carried bool           // the request may have been carried out
		sent    map[string]int // what the device was sent how often, none to not look
	}{
		{"klap v2 smart", "tpc-off", wattle.ErrAccess, false, map[string]int{"/app/handshake1": 1, "/app/handshake2": 0}},
		{"klap v2 smart", "credentials=wrong", wattle.ErrAuth, false, map[string]int{"/app/handshake1": 1, "/app/handshake2": 0}},
		{"klap v2 smart", "lockout", wattle.ErrAuth, false, map[string]int{"/app/handshake1": 3, "/app/handshake2": 3}},
		{"klap v2 smart", "flaky=1", nil, false, map[string]int{"/app/handshake1": 2, "/app/request": 1}},
		{"klap v2 smart", "flaky=2", nil, false, map[string]int{"/app/handshake1": 3, "/app/request": 1}},
		{"klap v2 smart", "flaky=3", wattle.ErrAuth, false, map[string]int{"/app/handshake1": 3, "/app/request": 0}},
		{"klap v2 smart", "flaky-first=2", nil, false, map[string]int{"/app/handshake1": 3, "/app/request": 3}},
		{"klap v2 smart", "flaky-first=3", wattle.ErrSession, false, map[string]int{"/app/handshake1": 3, "/app/request": 3}},
		{"klap v2 smart", "flaky=1 flaky-first=1", nil, false, map[string]int{"/app/handshake1": 3}},
		{"klap v2 smart", "http=500", wattle.ErrTransport, false, map[string]int{"/app/handshake1": 1}},
		{"klap v2 smart", "http=404", wattle.ErrTransport, false, nil},
		{"klap v2 smart", "http=400", wattle.ErrProtocol, false, nil},
		{"klap v2 smart", "http=301", wattle.ErrTransport, false, map[string]int{"POST": 1, "GET": 0}},
		{"klap v2 smart", "html", wattle.ErrTransport, false, map[string]int{"/app/handshake1": 1}},
		{"klap v2 smart", "garble", wattle.ErrProtocol, true, map[string]int{"/app/request": 1}},
		{"klap v2 smart", "signature", nil, false, nil},
		{"klap v2 smart", "cookie=none", nil, false, map[string]int{"Cookie:": 0}},
		{"klap v2 smart", "cookie=two", nil, false, map[string]int{"Cookie: TP_SESSIONID=": 2, "TIMEOUT": 0}},
		{"klap v2 smart", "cookie=old", nil, false, map[string]int{"Cookie: TP_SESSIONID=": 2, "TIMEOUT": 0}},
		{"klap v2 smart", "timeout=1440", nil, false, map[string]int{"Cookie: TP_SESSIONID=": 2, "TIMEOUT": 0}},
		{"klap v2 smart", "drop", wattle.ErrUnreachable, true, map[string]int{"/app/request": 1}},
		{"klap v2 smart", "drop-after", wattle.ErrUnreachable, true, map[string]int{"/app/request": 1}},
		{"klap v1 iot", "credentials=setup-kasa", nil, false, nil},

		{"aes login v2", "tpc-off", wattle.ErrTransport, false, map[string]int{"handshake": 1}},
		{"aes login v2", "credentials=wrong", wattle.ErrAuth, false, map[string]int{`"handshake"`: 2, "securePassthrough": 2}},
		{"aes login v1 unknown", "credentials=wrong", wattle.ErrAuth, false, map[string]int{`"handshake"`: 3, "securePassthrough": 3}},
		{"aes login v2 unknown", "credentials=wrong", wattle.ErrAuth, false, map[string]int{`"handshake"`: 3, "securePassthrough": 3}},
		{"aes login v2", "credentials=setup-tapo", nil, false, map[string]int{`"handshake"`: 2, "securePassthrough": 3}},
		{"aes login v2", "lockout", wattle.ErrLockout, false, map[string]int{"securePassthrough": 1}},
		{"aes login v2", "http=500", wattle.ErrTransport, false, nil},
		{"aes login v2", "html", wattle.ErrTransport, false, nil},
		{"aes login v2", "plain", nil, false, nil},
		{"aes login v2", "busy=1", wattle.ErrBusy, true, map[string]int{"securePassthrough": 2}},
		{"aes login v2", "code=-1005", wattle.ErrSession, false, nil},
		{"aes login v2", "code=9999", wattle.ErrSession, false, nil},
		{"aes login v2", "code=-1501", wattle.ErrAuth, false, nil},
		{"aes login v2", "cookie=none", nil, false, map[string]int{"Cookie:": 0}},
		{"aes login v2", "cookie=two", nil, false, map[string]int{"Cookie: TP_SESSIONID=": 2, "TIMEOUT": 0}},
		{"aes login v2", "cookie=old", nil, false, map[string]int{"Cookie: TP_SESSIONID=": 2, "Cookie: SESSIONID": 0}},

		{"token", "tpc-off", wattle.ErrTransport, false, nil},
		{"token", "credentials=wrong", wattle.ErrAuth, false, nil},
		{"token", "credentials=setup-tapo", nil, false, nil},
		{"token", "lockout", wattle.ErrLockout, false, nil},
		{"token", "http=500", wattle.ErrTransport, false, nil},
		{"token", "html", wattle.ErrTransport, false, nil},
		{"token", "garble", nil, false, nil}, // what JSON should be, others find out
		{"token", "code=9999", wattle.ErrSession, false, nil},
		{"token", "close", nil, false, nil},
		{"token", "drop", wattle.ErrUnreachable, true, nil},
		{"token", "drop-after", wattle.ErrUnreachable, true, nil},

		{"linkie", "http=500", wattle.ErrProtocol, true, nil},
		{"linkie", "http=404", wattle.ErrTransport, false, nil},
		{"linkie", "http=401", wattle.ErrTransport, false, nil},
		{"linkie", "html", wattle.ErrTransport, false, nil},
		{"linkie", "garble", wattle.ErrProtocol, true, nil},
		{"linkie", "plain", wattle.ErrUnsupported, true, nil},
		{"linkie", "close", nil, false, nil},
		{"linkie", "drop", wattle.ErrUnreachable, true, nil},

		{"xor tcp", "xor-off", wattle.ErrUnreachable, true, nil},
		{"xor tcp", "drop", wattle.ErrUnreachable, true, nil},
		{"xor tcp", "chop", nil, false, nil},
		{"xor udp", "xor-off", wattle.ErrUnreachable, true, nil},
	} {
		t.Run(tt.kind+"/"+tt.faults, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := start(t, named(t, tt.kind), memory("127.0.2.50"), nil)
				f.set(t, strings.Fields(tt.faults)...)
				conn, spy := f.spied(t, nil)
				_, err := conn.Exchange(t.Context(), message(1, 10))
				if tt.faults == "close" && errors.Is(err, wattle.ErrUnreachable) {
					// It hangs up after the login. That the request was written just
					// before this was noticed is chance; a session sends it again.
					_, err = conn.Exchange(t.Context(), message(2, 10))
				}
				if !errors.Is(err, tt.want) {
					t.Errorf("Exchange: %v, want %v", err, tt.want)
				}
				if err != nil && transport.NotCarriedOut(err) == tt.carried {
					t.Errorf("NotCarriedOut(%v) = %t, want %t", err, !tt.carried, !tt.carried)
				}
				for text, want := range tt.sent {
					if got := spy.count(text); got != want {
						t.Errorf("%q was sent %d times, want %d", text, got, want)
					}
				}
				// Whatever it was, it leaves nothing behind.
				f.faults.Clear("")
				if strings.Contains(tt.faults, "cookie=none") {
					conn.Reset() // a device that wants cookies again wants one of its own
				}
				exchange(t, conn, 2)
			})
		})
	}
}

// TestInnerSessionLoss: a device may say inside the session that it is lost.
func TestInnerSessionLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, named(t, "aes login v2"), memory("127.0.2.50"), nil)
		conn := f.open(t, nil)
		f.answers(func(context.Context, []byte) ([]byte, error) { return []byte(`{"error_code":9999}`), nil })
		if _, err := conn.Exchange(t.Context(), message(1, 1)); !errors.Is(err, wattle.ErrSession) {
			t.Errorf("inner 9999: %v, want %v", err, wattle.ErrSession)
		}
		f.answers(func(context.Context, []byte) ([]byte, error) { return []byte(`{"error_code":-1301}`), nil })
		if answer, err := conn.Exchange(t.Context(), message(1, 1)); err != nil || string(answer) != `{"error_code":-1301}` {
			t.Errorf("inner -1301: %q, %v, want the answer", answer, err)
		}
		if n := conn.Info().Handshakes; n != 2 {
			t.Errorf("%d handshakes, want 2", n)
		}
	})
}

// TestWhoseAccount: the offline comparison finds each spelling, in both
// versions, whatever the route announces.
func TestWhoseAccount(t *testing.T) {
	typed := wattle.Credentials{Username: "uSer@Example.com", Password: wattle.NewSecret("secret")}
	for _, candidate := range transport.Candidates(typed) {
		for _, version := range []int{1, 2} {
			for _, announced := range []int{0, 1, 2} {
				synctest.Test(t, func(t *testing.T) {
					k := named(t, "klap v2 smart")
					k.route.Version = announced
					f := start(t, k, memory("127.0.2.50"), func(o *endpoint.Options) {
						o.Version, o.Account = version, candidate.Credentials
					})
					conn, spy := f.spied(t, func(o *transport.Options) { o.Account = typed })
					exchange(t, conn, 1)
					if info := conn.Info(); info.Credential != candidate.Label || info.Route.Version != version {
						t.Errorf("Info = %+v, want %s in version %d", info, candidate.Label, version)
					}
					if n := spy.count("POST"); n != 3 {
						t.Errorf("%d requests, want 3", n)
					}
				})
			}
		}
	}
}

// TestSetupFirst: where the set-up account worked last time, it is the first
// to be tried.
func TestSetupFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, named(t, "aes login v2"), memory("127.0.2.50"), func(o *endpoint.Options) { o.Account = wattle.SetupTapo() })
		conn, spy := f.spied(t, func(o *transport.Options) { o.Prefer = transport.LabelSetupTapo })
		exchange(t, conn, 1)
		if got := conn.Info().Credential; got != transport.LabelSetupTapo || spy.count(`"handshake"`) != 1 {
			t.Errorf("%s after %d handshakes, want %s after 1", got, spy.count(`"handshake"`), transport.LabelSetupTapo)
		}
	})
}

// TestExpiry: a session is left before the device drops it.
func TestExpiry(t *testing.T) {
	for _, name := range []string{"klap v2 smart", "aes login v2"} {
		for _, tt := range []struct {
			lifetime, lives time.Duration
		}{
			{24 * time.Hour, 24*time.Hour - 20*time.Minute},
			{1440 * time.Second, 720 * time.Second},
			{600 * time.Second, 300 * time.Second},
		} {
			t.Run(name+"/"+tt.lifetime.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := start(t, named(t, name), memory("127.0.2.50"), func(o *endpoint.Options) { o.SessionLife = tt.lifetime })
					conn := f.open(t, nil)
					exchange(t, conn, 1)
					time.Sleep(tt.lives - time.Second)
					exchange(t, conn, 2)
					if n := conn.Info().Handshakes; n != 1 {
						t.Errorf("%d handshakes before the end of the session, want 1", n)
					}
					time.Sleep(2 * time.Second)
					if got := conn.(transport.Resumer).Export(); got != nil {
						t.Error("a session at its end is exported")
					}
					exchange(t, conn, 3)
					if n := conn.Info().Handshakes; n != 2 {
						t.Errorf("%d handshakes after it, want 2", n)
					}
					// On the device's side it ends too.
					conn.Reset()
					exchange(t, conn, 4)
				})
			})
		}
	}
}

// TestConnections: one is kept for the next exchange, and for no longer than
// is polite.
func TestConnections(t *testing.T) {
	for _, name := range []string{"xor tcp", "klap v2 smart", "klap v2 smart tls", "aes login v2"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := start(t, named(t, name), memory("127.0.2.50"), nil)
				conn, spy := f.spied(t, nil)
				for n := range 5 {
					exchange(t, conn, n)
					time.Sleep(8 * time.Second)
				}
				if n := spy.connections(); n != 1 {
					t.Errorf("%d connections for 5 exchanges 8 s apart, want 1", n)
				}
				time.Sleep(3 * time.Second)
				exchange(t, conn, 6)
				if n := spy.connections(); n != 2 {
					t.Errorf("%d connections after 11 s without use, want 2", n)
				}
			})
		})
	}
}

// TestStaleConnection: a kept connection that the device closed costs a new
// one and no error, on real sockets as in memory.
func TestStaleConnection(t *testing.T) {
	inWorlds(t, named(t, "xor tcp"), "127.0.2.51", func(s scene) {
		t, w := s.t, s.world
		ln, err := w.listen("tcp4", w.host+":0")
		if err != nil {
			t.Fatal(err)
		}
		first := make(chan net.Conn, 1)
		keeper := &keepFirst{Listener: ln, first: first}
		f := &fixture{kind: s.kind, world: w, answer: echo}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- endpoint.ServeXOR(ctx, keeper, f, nil) }()
		f.route = wattle.Route{Family: wattle.IOT, Transport: wattle.XOR, Host: w.host, Port: portOf(t, ln.Addr())}
		dials := 0 // and no spy, which would hide the socket
		conn := f.open(t, func(o *transport.Options) {
			o.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
				dials++
				return w.dial(ctx, network, address)
			}
		})
		exchange(t, conn, 1)
		if err := (<-first).Close(); err != nil { // the device reboots
			t.Fatal(err)
		}
		exchange(t, conn, 2)
		if dials != 2 {
			t.Errorf("%d connections, want 2", dials)
		}
		if n := f.handled.Load(); n != 2 {
			t.Errorf("the device saw %d requests, want 2", n)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// keepFirst hands out the first connection that comes in.
type keepFirst struct {
	net.Listener
	first chan net.Conn
}

func (l *keepFirst) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		select {
		case l.first <- conn:
		default:
		}
	}
	return conn, err
}

// TestFragileDevice: after a connection that was closed without an answer,
// requests keep a distance for a while.
func TestFragileDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, named(t, "klap v2 smart"), memory("127.0.2.50"), nil)
		conn := f.open(t, nil)
		exchange(t, conn, 1)
		f.set(t, "drop")
		if _, err := conn.Exchange(t.Context(), message(2, 1)); !errors.Is(err, wattle.ErrUnreachable) {
			t.Fatal(err)
		}
		f.faults.Clear("")
		begin := time.Now()
		exchange(t, conn, 3) // two handshakes and a request
		if took := time.Since(begin); took != 750*time.Millisecond {
			t.Errorf("three requests after a dropped one took %v, want 750ms", took)
		}
		for n := range 20 {
			exchange(t, conn, n)
		}
		begin = time.Now()
		exchange(t, conn, 4)
		if took := time.Since(begin); took != 0 {
			t.Errorf("a request after 20 good ones waited %v", took)
		}
	})
}

// TestPin: another certificate than the one remembered is another device.
func TestPin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, named(t, "klap v2 smart tls"), memory("127.0.2.50"), nil)
		first := f.open(t, nil)
		exchange(t, first, 1)
		pin := first.Info().Certificate
		for _, spelling := range []string{pin, strings.ToUpper(pin)} {
			exchange(t, f.open(t, func(o *transport.Options) { o.Pin = spelling }), 2)
		}
		wrong := f.open(t, func(o *transport.Options) { o.Pin = strings.Repeat("0", 64) })
		if _, err := wrong.Exchange(t.Context(), message(3, 1)); !errors.Is(err, wattle.ErrIdentity) || !transport.NotCarriedOut(err) {
			t.Errorf("another certificate: %v, want %v", err, wattle.ErrIdentity)
		}
	})
}

// TestCallerDeadline: the earlier of the caller's deadline and the timeout
// counts, and the caller's own is told from it by nothing but its time.
func TestCallerDeadline(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := start(t, k, memory("127.0.2.50"), nil)
				conn := f.open(t, nil)
				exchange(t, conn, 1)
				f.set(t, "slow=1m")
				for _, tt := range []struct{ deadline, want time.Duration }{{2 * time.Second, 2 * time.Second}, {time.Minute, 5 * time.Second}} {
					ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
					begin := time.Now()
					_, err := conn.Exchange(ctx, message(2, 1))
					cancel()
					if took := time.Since(begin); !errors.Is(err, wattle.ErrUnreachable) || took != tt.want {
						t.Errorf("%v after %v, want %v after %v", err, took, wattle.ErrUnreachable, tt.want)
					}
				}
			})
		})
	}
}
