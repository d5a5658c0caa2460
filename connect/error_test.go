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

// TestErrors goes through the ways that end badly: the class, the sentence,
// and that nothing was written to anybody.
func TestErrors(t *testing.T) {
	wrong := wattle.Credentials{Username: email, Password: wattle.NewSecret("not it")}
	stranger := wattle.Credentials{Username: "else@example.com", Password: wattle.NewSecret("x")}
	faulty := func(h *house, specs ...string) *endpoint.Options {
		faults := new(endpoint.Faults)
		for _, spec := range specs {
			h.check(faults.Set(spec))
		}
		return &endpoint.Options{Account: account(), Faults: faults}
	}
	tests := []struct {
		name  string
		start func(h *house, o *connect.Options) (connect.Target, *gadget)
		class error
		text  string
		owner connect.Owner
		limit time.Duration // 0: 6 s
	}{
		{
			name: "wrong password, the owner proves the e-mail",
			start: func(h *house, o *connect.Options) (connect.Target, *gadget) {
				o.Account = wrong
				g := h.add("192.0.2.10", 1, false).serve("klap", 80, nil).announce(plug, `"encrypt_type":"KLAP","lv":2`, "")
				return g.target("klap", 80), g
			},
			class: wattle.ErrAuth, owner: connect.OwnerMatches,
			text: "wrong password for desk: the e-mail matches the owner, so it is the password",
		},
		{
			name: "wrong password, the owner was remembered",
			start: func(h *house, o *connect.Options) (connect.Target, *gadget) {
				o.Account = wrong
				g := h.add("192.0.2.10", 1, false).serve("klap", 80, nil)
				target := g.target("klap", 80)
				target.Owner = strings.ToLower(owner)
				return target, g
			},
			class: wattle.ErrAuth, owner: connect.OwnerMatches,
			text: "wrong password for desk: the e-mail matches the owner, so it is the password", limit: 10 * time.Second,
		},
		{
			name: "AES: wrong password",
			start: func(h *house, o *connect.Options) (connect.Target, *gadget) {
				o.Account = wrong
				g := h.add("192.0.2.10", 1, false).serve("aes", 80, nil).announce(plug, `"encrypt_type":"AES","lv":2`, "")
				return connect.Target{Name: "desk", Host: g.host}, g
			},
			class: wattle.ErrAuth, owner: connect.OwnerMatches,
			text: "wrong password for desk: the e-mail matches the owner, so it is the password",
		},
		{
			name: "KLAP: the account is right, and logins are refused",
			start: func(h *house, _ *connect.Options) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, false).serve("klap", 80, faulty(h, "lockout")).announce(plug, `"encrypt_type":"KLAP","lv":2`, "")
				return g.target("klap", 80), g
			},
			class: wattle.ErrAuth, owner: connect.OwnerMatches,
			text: "desk holds this account and takes no login now: another program may use it, or it is locked after too many wrong ones; " +
				"close what else uses it, wait half an hour and try again",
		},
		{
			name: "nothing proves the e-mail",
			start: func(h *house, o *connect.Options) (connect.Target, *gadget) {
				o.Account = stranger
				g := h.add("192.0.2.10", 1, false).serve("klap", 80, nil).announce(plug, `"encrypt_type":"KLAP","lv":2`, "")
				return g.target("klap", 80), g
			},
			class: wattle.ErrAuth, owner: connect.OwnerDiffers,
			text: "e-mail or password does not fit desk (the e-mail's case counts)",
		},
		{
			name: "the owner spells the e-mail otherwise",
			start: func(h *house, o *connect.Options) (connect.Target, *gadget) {
				o.Account = wattle.Credentials{Username: "USER@example.com", Password: wattle.NewSecret("not it")}
				g := h.add("192.0.2.10", 1, false).serve("aes", 80, nil).announce(plug, `"encrypt_type":"AES","lv":2`, "")
				return connect.Target{Name: "desk", Host: g.host}, g
			},
			class: wattle.ErrAuth, owner: connect.OwnerDiffers,
			text: "e-mail or password does not fit desk: its owner spells the e-mail user@example.com, and the case counts",
		},
		{
			name: "no account given",
			start: func(h *house, o *connect.Options) (connect.Target, *gadget) {
				o.Account = wattle.Credentials{}
				g := h.add("192.0.2.10", 1, false).serve("klap", 80, nil)
				return connect.Target{Name: "desk", Host: g.host}, g
			},
			class: wattle.ErrAuth,
			text:  "desk needs the e-mail and password of the TP-Link account that set it up, and none are given",
		},
		{
			name: "set up over Matter",
			start: func(h *house, o *connect.Options) (connect.Target, *gadget) {
				o.Account = stranger
				g := h.add("192.0.2.10", 1, false).serve("klap", 80, nil).announce(plug, `"encrypt_type":"KLAP","lv":2`, `,"owner":"","obd_src":"matter"`)
				return connect.Target{Name: "desk", Host: g.host}, g
			},
			class: wattle.ErrAuth, owner: connect.OwnerNone,
			text: "e-mail or password does not fit desk: it was set up over matter and belongs to no TP-Link account; add it in the Tapo app, then it takes yours",
		},
		{
			name: "locked out",
			start: func(h *house, _ *connect.Options) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, false).serve("aes", 80, faulty(h, "lockout"))
				return g.target("aes", 80), g
			},
			class: wattle.ErrLockout,
			text:  "desk takes no login for a while, after too many wrong ones: wait half an hour and check the password before you try again",
		},
		{
			name: "local access off",
			start: func(h *house, _ *connect.Options) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, false).serve("klap", 80, faulty(h, "tpc-off")).announce(plug, `"encrypt_type":"KLAP","lv":2`, "")
				return g.target("klap", 80), g
			},
			class: wattle.ErrAccess,
			text: "desk refuses third-party programs: in the Tapo or Kasa app open Me > Third-Party Services, switch Third-Party Compatibility off and on again, " +
				"with the phone in the same network as the device, and retry",
		},
		{
			name: "local access off, TPAP offered",
			start: func(h *house, _ *connect.Options) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, false).serve("klap", 80, faulty(h, "tpc-off")).announce(plug, `"encrypt_type":"TPAP","lv":2`, "")
				return g.target("klap", 80), g
			},
			class: wattle.ErrAccess,
			text: "desk refuses third-party programs: in the Tapo or Kasa app open Me > Third-Party Services, switch Third-Party Compatibility off and on again, " +
				"with the phone in the same network as the device, and retry",
		},
		{
			name: "1003 and nothing else",
			start: func(h *house, _ *connect.Options) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, false).serve("aes", 80, faulty(h, "tpc-off")).announce(plug, `"encrypt_type":"AES","lv":2`, "")
				return connect.Target{Name: "desk", Host: g.host}, g
			},
			class: wattle.ErrAccess,
			text: "desk refuses third-party programs: in the Tapo or Kasa app open Me > Third-Party Services, switch Third-Party Compatibility off and on again, " +
				"with the phone in the same network as the device, and retry",
		},
		{
			name: "TPAP only",
			start: func(h *house, _ *connect.Options) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, false).announce("SMART.IPCAMERA", `"is_support_https":true`, `,"encrypt_type":["4"]`)
				return connect.Target{Name: "door", Host: g.host}, g
			},
			class: wattle.ErrUnreachable, text: "door does not answer at 192.0.2.10: ",
		},
		{
			name: "camera with a transport of its own",
			start: func(h *house, _ *connect.Options) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, false).announce("SMART.IPCAMERA", `"is_support_https":true,"encrypt_type":"AES"`, `,"encrypt_type":["3"]`)
				return connect.Target{Name: "door", Host: g.host}, g
			},
			class: wattle.ErrUnsupported, text: "door wants sslaes, which this version of wattle cannot speak yet",
		},
		{
			name: "not one of ours",
			start: func(h *house, _ *connect.Options) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, false).announce("HOMEWIFISYSTEM", "", "")
				return connect.Target{Name: "router", Host: g.host}, g
			},
			class: wattle.ErrUnsupported, text: "router cannot be controlled: HOMEWIFISYSTEM is not a Kasa or Tapo device",
		},
		{
			name: "a page of HTML on every port",
			start: func(h *house, _ *connect.Options) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, false).serve("klap", 80, faulty(h, "html"))
				return g.target("klap", 80), g
			},
			class: wattle.ErrTransport, text: "desk answers in no way that is known: ",
		},
		{
			name: "only a camera's port is open",
			start: func(h *house, _ *connect.Options) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, false).serve("klap", 443, nil)
				return connect.Target{Name: "door", Host: g.host}, g
			},
			class: wattle.ErrTransport, text: "door answers in no way that is known: ",
		},
		{
			name: "another device at the address, ours nowhere",
			start: func(h *house, _ *connect.Options) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 2, false).serve("klap", 80, nil).announce(plug, `"encrypt_type":"KLAP","lv":2`, "")
				target := g.target("klap", 80)
				target.MAC[5] = 1
				return target, g
			},
			class: wattle.ErrIdentity,
			text:  "at 192.0.2.10 there is another device now (P110, MAC 02:00:00:00:00:02), and desk (MAC 02:00:00:00:00:01) was not found on this network: is it plugged in?",
		},
		{
			name: "unplugged",
			start: func(h *house, _ *connect.Options) (connect.Target, *gadget) {
				h.net.SetDown(netip.MustParseAddr("192.0.2.10"), true)
				g := h.add("192.0.2.10", 1, false)
				return g.target("klap", 80), g
			},
			class: wattle.ErrUnreachable, limit: 9 * time.Second,
			text: "desk does not answer at 192.0.2.10 and was not found on this network: is it plugged in and on the same network as this computer?",
		},
		{
			name: "nothing there, MAC unknown",
			start: func(h *house, _ *connect.Options) (connect.Target, *gadget) {
				return connect.Target{Host: "192.0.2.10"}, h.add("192.0.2.10", 1, false)
			},
			class: wattle.ErrUnreachable, text: "192.0.2.10 does not answer: is it plugged in, and is the address right?",
		},
		{
			name: "answers discovery, refuses connections",
			start: func(h *house, _ *connect.Options) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, false).announce(plug, `"encrypt_type":"KLAP","lv":2`, "")
				return connect.Target{Name: "desk", Host: g.host}, g
			},
			class: wattle.ErrUnreachable,
			text:  "desk does not answer at 192.0.2.10: it is on the network and refuses connections; firmware of 2025 and later starts them up to nine minutes after it got power, so try again then",
		},
		{
			name: "only the given route",
			start: func(h *house, _ *connect.Options) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, true).serve("xor", 9999, nil).announceXOR()
				target := g.target("klap", 80)
				target.Only = true
				return target, g
			},
			class: wattle.ErrUnreachable, text: "desk does not answer at 192.0.2.10: is it plugged in, and is the address right?",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHouse(t)
				o := h.options()
				target, g := tt.start(h, o)
				var err error
				d := took(func() { _, err = h.use(target, o) })
				var e *connect.Error
				if !errors.As(err, &e) {
					t.Fatalf("error %v is no *connect.Error", err)
				}
				if !strings.HasPrefix(e.Error(), tt.text) || (len(e.Error()) > len(tt.text) && !strings.HasSuffix(tt.text, ": ")) {
					t.Errorf("got  %q\nwant %q", e, tt.text)
				}
				for _, class := range []error{wattle.ErrAuth, wattle.ErrAccess, wattle.ErrLockout, wattle.ErrUnreachable, wattle.ErrTransport, wattle.ErrIdentity, wattle.ErrUnsupported} {
					if errors.Is(err, class) != errors.Is(tt.class, class) {
						t.Errorf("errors.Is(%v) = %v", class, !errors.Is(err, class))
					}
				}
				if e.Owner != tt.owner {
					t.Errorf("owner %d, want %d", e.Owner, tt.owner)
				}
				if tt.limit == 0 {
					tt.limit = 6 * time.Second
				}
				if d > tt.limit {
					t.Errorf("it took %v", d)
				}
				if asked := g.asked(); strings.Contains(asked, "set_") {
					t.Errorf("the device was asked %q", asked)
				}
				for _, secret := range []string{password, "not it"} {
					if strings.Contains(err.Error(), secret) {
						t.Errorf("the password is in %q", err)
					}
				}
			})
		})
	}
}

// TestRefusedOnce counts logins: a refused account is not tried twice,
// whatever else is tried.
func TestRefusedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		o := h.options()
		o.Account.Password = wattle.NewSecret("not it")
		// Remembered as AES, and announced as AES: two occasions to try.
		g := h.add("192.0.2.10", 1, false).serve("aes", 80, nil).announce(plug, `"encrypt_type":"AES","lv":2`, "")
		target := g.target("aes", 80)
		target.Routes[0].Version = 2
		_, err := h.use(target, o)
		var e *connect.Error
		var auth *transport.AuthError
		if !errors.As(err, &e) || !errors.As(err, &auth) {
			t.Fatalf("error %v", err)
		}
		logins := 0
		for _, a := range e.Attempts {
			if a.Route.Transport == wattle.AES {
				logins++
			}
		}
		if logins != 1 {
			t.Errorf("logged in %d times: %v", logins, e.Attempts)
		}
		if len(auth.Tried) != 2 {
			t.Errorf("tried %v, want the account and the set-up credentials", auth.Tried)
		}
	})
}
