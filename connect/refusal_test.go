package connect_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"wattle"
	"wattle/connect"
	"wattle/simulator/endpoint"
)

// someoneElse is an account that is not the caller's.
func someoneElse() wattle.Credentials {
	return wattle.Credentials{Username: "other@example.com", Password: wattle.NewSecret("other")}
}

// TestRefusedElsewhere: what a device refused over one transport is not sent to it
// over another one, now or later, unless that costs no attempt.
func TestRefusedElsewhere(t *testing.T) {
	route := func(g *gadget, transport wattle.Transport, port int) wattle.Route {
		return wattle.Route{Family: wattle.SMART, Transport: transport, Host: g.host, Port: port, TLS: transport == wattle.Token}
	}
	tests := []struct {
		name   string
		start  func(h *house, g *gadget, j *endpoint.Journal, target *connect.Target)
		class  error
		over   wattle.Transport // that works
		logins string           // that the device saw
		text   string
	}{
		{
			name: "what compares offline may follow",
			start: func(_ *house, g *gadget, j *endpoint.Journal, target *connect.Target) {
				g.serve(wattle.AES, 80, &endpoint.Options{Account: someoneElse(), Journal: j})
				g.serve(wattle.KLAP, 8080, &endpoint.Options{Account: account(), Journal: j})
				target.Routes = []wattle.Route{route(g, wattle.AES, 80), route(g, wattle.KLAP, 8080)}
			},
			over: wattle.KLAP, logins: "aes aes aes klap+", // both forms of the account, set-up
		},
		{
			name: "what counts may not",
			start: func(h *house, g *gadget, j *endpoint.Journal, target *connect.Target) {
				g.serve(wattle.AES, 80, &endpoint.Options{Account: someoneElse(), Journal: j})
				g.serve(wattle.Token, 4433, &endpoint.Options{Account: account(), Journal: j, TLS: h.tls()})
				target.Routes = []wattle.Route{route(g, wattle.AES, 80), route(g, wattle.Token, 4433)}
			},
			class: wattle.ErrAuth, logins: "aes aes aes", text: "e-mail or password does not fit",
		},
		{
			name: "a remembered refusal",
			start: func(_ *house, g *gadget, j *endpoint.Journal, target *connect.Target) {
				g.serve(wattle.AES, 80, &endpoint.Options{Account: account(), Journal: j})
				target.Routes = []wattle.Route{route(g, wattle.AES, 80)}
				target.Refused = connect.Refusal(account(), g.mac)
			},
			class: wattle.ErrAuth, text: "has refused this e-mail and password before",
		},
		{
			name: "a remembered refusal of another password",
			start: func(_ *house, g *gadget, j *endpoint.Journal, target *connect.Target) {
				g.serve(wattle.AES, 80, &endpoint.Options{Account: account(), Journal: j})
				target.Routes = []wattle.Route{route(g, wattle.AES, 80)}
				target.Refused = connect.Refusal(someoneElse(), g.mac)
			},
			over: wattle.AES, logins: "aes+",
		},
		{
			name: "a remembered refusal, and KLAP since",
			start: func(_ *house, g *gadget, j *endpoint.Journal, target *connect.Target) {
				g.serve(wattle.KLAP, 80, &endpoint.Options{Account: account(), Journal: j}).announce(plug, `"encrypt_type":"KLAP","lv":2`, "")
				target.Routes = []wattle.Route{route(g, wattle.AES, 80)}
				target.Refused = connect.Refusal(account(), g.mac)
				target.Only = false
			},
			over: wattle.KLAP, logins: "klap+",
		},
		{
			name: "an older vacuum",
			start: func(h *house, g *gadget, j *endpoint.Journal, target *connect.Target) {
				g.serve(wattle.Token, 4433, &endpoint.Options{Account: account(), Journal: j, TLS: h.tls()})
				g.announce("SMART.TAPOROBOVAC", `"is_support_https":true,"encrypt_type":"AES","http_port":4433`, "")
				target.Only = false
			},
			over: wattle.Token, logins: "token+",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHouse(t)
				g := h.add("192.0.2.10", 1, false)
				journal := new(endpoint.Journal)
				target := connect.Target{Name: "desk", Host: g.host, MAC: g.mac, Only: true}
				tt.start(h, g, journal, &target)
				r, err := h.use(target, h.options())
				if !errors.Is(err, tt.class) {
					t.Fatalf("%v, want %v", err, tt.class)
				}
				if err == nil && r.Route.Transport != tt.over {
					t.Errorf("over %v, want %v", r.Route.Transport, tt.over)
				}
				var seen []string
				for _, login := range journal.Logins() {
					word := string(login.Transport)
					if login.Accepted {
						word += "+"
					}
					seen = append(seen, word)
				}
				if got := strings.Join(seen, " "); got != tt.logins {
					t.Errorf("logins %q, want %q", got, tt.logins)
				}
				if e, ok := errors.AsType[*connect.Error](err); ok {
					if e.Refused != connect.Refusal(account(), g.mac) {
						t.Errorf("Refused = %q", e.Refused)
					}
					if !strings.Contains(e.Error(), tt.text) {
						t.Errorf("%v, want %q in it", e, tt.text)
					}
				}
			})
		})
	}
}

// TestRefusal: the same credentials give the same text, others another, and
// none has them in it.
func TestRefusal(t *testing.T) {
	mac := wattle.MAC{2, 0, 0, 0, 0, 1}
	one := connect.Refusal(account(), mac)
	if one != connect.Refusal(account(), mac) || strings.Contains(one, email) {
		t.Errorf("%q", one)
	}
	for _, other := range []string{connect.Refusal(someoneElse(), mac), connect.Refusal(account(), wattle.MAC{2})} {
		if other == one {
			t.Errorf("%q twice", other)
		}
	}
}
