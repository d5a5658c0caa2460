package connect_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/connect"
	"wattle/simulator/endpoint"
	"wattle/transport"
)

// exported makes a session, writes once and gives its export, as one run of
// the command line leaves it for the next.
func (h *house) exported(target connect.Target) (resume []byte) {
	h.Helper()
	r, err := connect.Open(h.Context(), target, h.options())
	if err != nil {
		h.Fatal(err)
	}
	h.check(write(h.Context(), r))
	resume = r.Session.Conn().(transport.Resumer).Export()
	h.check(r.Session.Close())
	if len(resume) == 0 {
		h.Fatal("no session was exported")
	}
	return resume
}

func TestResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		g := h.add("192.0.2.10", 1, false).serve("klap", 80, nil)
		target := g.target("klap", 80)
		target.Resume = h.exported(target)
		g.asked()
		h.dials = nil

		r, err := connect.Open(t.Context(), target, h.options())
		if err != nil {
			t.Fatal(err)
		}
		if len(h.dials) != 0 {
			t.Errorf("Open connected to %v", h.dials)
		}
		if err := write(t.Context(), r); err != nil {
			t.Error(err)
		}
		info := r.Session.Conn().Info()
		if asked := g.asked(); asked != "set_device_info" || len(h.dials) != 1 || info.Handshakes != 0 || !info.Resumed {
			t.Errorf("asked %q over %v with %d handshakes, want one request", asked, h.dials, info.Handshakes)
		}
		if r.MAC != g.mac || info.Credential != "account" || info.Route.Family != wattle.SMART {
			t.Errorf("result %+v, info %+v", r, info)
		}
		again := r.Session.Conn().(transport.Resumer).Export()
		if len(again) == 0 || string(again) == string(target.Resume) {
			t.Error("the session was not exported with its new counter")
		}
		if err := r.Session.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestResumeOver: the stored session is no good any more.
func TestResumeOver(t *testing.T) {
	tests := []struct {
		name   string
		change func(h *house, g *gadget, target *connect.Target, o *connect.Options) (now *gadget)
		asked  string
		class  error
	}{
		{
			name: "device has forgotten it",
			change: func(_ *house, g *gadget, _ *connect.Target, _ *connect.Options) *gadget {
				g.restart()
				return g.serve("klap", 80, nil)
			},
			asked: "get_device_info set_device_info",
		},
		{
			name: "another account is given",
			change: func(_ *house, g *gadget, _ *connect.Target, o *connect.Options) *gadget {
				o.Account.Password = wattle.NewSecret("not it")
				return g
			},
			class: wattle.ErrAuth,
		},
		{
			name: "nonsense",
			change: func(_ *house, g *gadget, target *connect.Target, _ *connect.Options) *gadget {
				target.Resume = []byte("{")
				return g
			},
			asked: "get_device_info set_device_info",
		},
		{
			name: "the device has moved",
			change: func(h *house, g *gadget, _ *connect.Target, _ *connect.Options) *gadget {
				g.restart()
				h.net.SetDown(netip.MustParseAddr(g.host), true)
				return h.add("192.0.2.20", 1, false).serve("klap", 80, nil).announce(plug, `"encrypt_type":"KLAP","lv":2`, "")
			},
			asked: "get_device_info set_device_info",
		},
		{
			name: "the device has moved and another has its address",
			change: func(h *house, g *gadget, _ *connect.Target, _ *connect.Options) *gadget {
				g.restart()
				h.add(g.host, 2, false).serve("klap", 80, nil).announce(plug, `"encrypt_type":"KLAP","lv":2`, "")
				return h.add("192.0.2.20", 1, false).serve("klap", 80, nil).announce(plug, `"encrypt_type":"KLAP","lv":2`, "")
			},
			asked: "get_device_info set_device_info",
		},
		{
			name: "another device has the address and ours is gone",
			change: func(h *house, g *gadget, _ *connect.Target, _ *connect.Options) *gadget {
				g.restart()
				return h.add(g.host, 2, false).serve("klap", 80, nil).announce(plug, `"encrypt_type":"KLAP","lv":2`, "")
			},
			class: wattle.ErrIdentity,
		},
		{
			name: "the firmware speaks AES now",
			change: func(_ *house, g *gadget, _ *connect.Target, _ *connect.Options) *gadget {
				g.restart()
				return g.serve("aes", 80, nil).announce(plug, `"encrypt_type":"AES","lv":2`, "")
			},
			asked: "get_device_info set_device_info",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHouse(t)
				g := h.add("192.0.2.10", 1, false).serve("klap", 80, nil)
				target := g.target("klap", 80)
				target.Resume = h.exported(target)
				g.asked()
				o := h.options()
				now := tt.change(h, g, &target, o)
				_, err := h.use(target, o)
				if tt.class != nil {
					if !errors.Is(err, tt.class) {
						t.Errorf("error %v, want %v", err, tt.class)
					}
				} else if err != nil {
					t.Fatal(err)
				}
				asked := now.asked()
				if tt.class == nil && asked != tt.asked {
					t.Errorf("the device was asked %q, want %q", asked, tt.asked)
				}
				if tt.class != nil && strings.Contains(asked, "set_") {
					t.Errorf("a write went through: %q", asked)
				}
			})
		})
	}
}

// restart ends all that the device serves; it may serve again.
func (g *gadget) restart() {
	g.stop()
	synctest.Wait()
	g.ctx, g.stop = g.h.context()
}

// TestGuardXOR: XOR has no session that would tell a stranger, so that the MAC
// is asked for again after a pause.
func TestGuardXOR(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		g := h.add("192.0.2.10", 1, true).serve("xor", 9999, nil)
		r, err := h.use(g.target("xor", 9999), h.options())
		if err != nil {
			t.Fatal(err)
		}
		g.asked()
		time.Sleep(time.Minute)
		h.check(write(t.Context(), r))
		if asked := g.asked(); asked != "set_relay_state" {
			t.Errorf("after a minute asked %q", asked)
		}
		time.Sleep(10 * time.Minute)
		h.check(write(t.Context(), r))
		if asked := g.asked(); asked != "get_sysinfo set_relay_state" {
			t.Errorf("after ten minutes asked %q", asked)
		}

		g.restart()
		stranger := h.add(g.host, 2, true).serve("xor", 9999, nil)
		time.Sleep(10 * time.Minute)
		if err := write(t.Context(), r); !errors.Is(err, wattle.ErrIdentity) {
			t.Errorf("write to a stranger: %v", err)
		}
		if asked := stranger.asked(); strings.Contains(asked, "set_") {
			t.Errorf("the stranger was asked %q", asked)
		}
	})
}

// TestGuardMoves: the device gets another address while a session is open.
func TestGuardMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		g := h.add("192.0.2.10", 1, false).serve("klap", 80, nil)
		r, err := h.use(g.target("klap", 80), h.options())
		if err != nil {
			t.Fatal(err)
		}
		g.restart()
		h.net.SetDown(netip.MustParseAddr(g.host), true)
		time.Sleep(time.Minute)
		if err := write(t.Context(), r); !errors.Is(err, wattle.ErrUnreachable) {
			t.Errorf("unplugged: %v", err)
		}
		moved := h.add("192.0.2.20", 1, false).serve("klap", 80, nil).announce(plug, `"encrypt_type":"KLAP","lv":2`, "")
		time.Sleep(2 * time.Minute)
		if err := write(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if asked := moved.asked(); asked != "get_device_info set_device_info" {
			t.Errorf("asked %q", asked)
		}
		if host := r.Session.Conn().Info().Route.Host; host != "192.0.2.20" {
			t.Errorf("the route leads to %s", host)
		}
	})
}

// TestGuardClose: a search that is under way ends with the session.
func TestGuardClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		g := h.add("192.0.2.10", 1, false).serve("klap", 80, nil)
		r, err := connect.Open(t.Context(), g.target("klap", 80), h.options())
		if err != nil {
			t.Fatal(err)
		}
		g.restart()
		h.net.SetDown(netip.MustParseAddr(g.host), true)
		time.Sleep(time.Minute)
		done := make(chan error)
		go func() { done <- write(t.Context(), r) }()
		time.Sleep(4 * time.Second) // it is looking by now
		d := took(func() { err = r.Session.Close() })
		if err != nil || d != 0 {
			t.Errorf("Close: %v after %v", err, d)
		}
		if err := <-done; !errors.Is(err, wattle.ErrClosed) {
			t.Errorf("write: %v", err)
		}
	})
}

// Devices that drop the session after every request must not be asked for
// their MAC each time: it would use the session up.
func TestGuardSessionLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		faults := new(endpoint.Faults)
		h.check(faults.Set("session-loss=1"))
		g := h.add("192.0.2.10", 1, true).serve("klap", 80, &endpoint.Options{Account: account(), Faults: faults})
		r, err := h.use(g.target("klap", 80), h.options())
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			h.check(write(t.Context(), r))
			time.Sleep(time.Minute)
		}
		if asked := g.asked(); strings.Count(asked, "set_relay_state") != 4 {
			t.Errorf("asked %q, want four writes", asked)
		}
	})
}
