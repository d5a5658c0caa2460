package rest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/internal/hubapi"
	"wattle/internal/surface/rest"
)

// polls counts the polls of the whole hub that succeeded, and fails where one
// did not.
func (h *house) polls() (n uint64) {
	h.t.Helper()
	for _, v := range h.hub.Views() {
		if !v.Root() {
			continue
		}
		health, err := h.hub.Health(v.ID)
		if err != nil || health.Failures > 0 {
			h.t.Errorf("%s: %+v, %v", v.Name, health, err)
		}
		n += health.Polls
	}
	return n
}

// goesOn fails where the hub does not poll as often as ever.
func (h *house) goesOn(what string, during func()) {
	h.t.Helper()
	before, begun := h.polls(), time.Now()
	during()
	time.Sleep(time.Minute)
	devices := 0
	for _, v := range h.hub.Views() {
		if v.Root() {
			devices++
		}
	}
	due := float64(devices) * time.Since(begun).Seconds() / 5
	if done := float64(h.polls() - before); done < 0.85*due {
		h.t.Errorf("%s: %.0f polls, and %.0f were due", what, done, due)
	}
}

func TestTokens(t *testing.T) {
	kept := &keep{}
	in(t, &rest.Options{Keep: kept}, []string{"P110"}, func(h *house) {
		as := func(token string) func(*http.Request) { return header("Authorization", "Bearer "+token) }
		no := h.do("GET", api("/devices"), "", noToken)
		refused(h, no, 401, "token")
		if no.Header.Get("WWW-Authenticate") == "" {
			t.Error("no challenge")
		}
		refused(h, h.do("GET", api("/devices"), "", as("wtl_wrong")), 401, "token")
		refused(h, h.do("GET", api("/nothing"), "", noToken), 401, "token")

		tokens := map[hubapi.Scope]hubapi.NewToken{}
		for _, scope := range []hubapi.Scope{hubapi.ScopeRead, hubapi.ScopeControl} {
			made := want[hubapi.NewToken](h, h.do("POST", api("/tokens"), fmt.Sprintf(`{"name":"for %s","scope":%q}`, scope, scope)), 201)
			if strings.Contains(string(kept.of["api/tokens"]), made.Secret) || strings.Contains(string(kept.of["api/tokens"]), h.token) {
				t.Error("a secret is kept")
			}
			tokens[scope] = made
		}
		id := get[[]hubapi.Device](h, "/devices")[0].ID
		for _, tt := range []struct {
			scope        hubapi.Scope
			method, path string
			body         string
			allowed      bool
		}{
			{hubapi.ScopeRead, "GET", "/devices/" + id, "", true},
			{hubapi.ScopeRead, "POST", "/devices/" + id + "/toggle", "", false},
			{hubapi.ScopeRead, "PATCH", "/devices/" + id + "/features", `{"state":true}`, false},
			{hubapi.ScopeRead, "GET", "/tokens", "", false},
			{hubapi.ScopeControl, "POST", "/devices/" + id + "/toggle", "", true},
			{hubapi.ScopeControl, "POST", "/devices/" + id + "/actions/check_latest_firmware", "", true},
			{hubapi.ScopeControl, "POST", "/devices/" + id + "/actions/reboot", "", false}, // dangerous
			{hubapi.ScopeControl, "POST", "/devices/" + id + "/calls", `{"calls":[{"method":"get_device_info"}]}`, false},
			{hubapi.ScopeControl, "DELETE", "/devices/" + id, "", false},
			{hubapi.ScopeControl, "POST", "/tokens", `{"name":"x","scope":"admin"}`, false},
			{hubapi.ScopeControl, "POST", "/hooks", `{"name":"x","command":{"device":"Heater","toggle":true}}`, false},
		} {
			r := h.do(tt.method, api(tt.path), tt.body, as(tokens[tt.scope].Secret))
			if tt.allowed && r.StatusCode > 299 {
				t.Errorf("%s: %s %s: %s", tt.scope, tt.method, tt.path, r.body)
			} else if !tt.allowed {
				refused(h, r, 403, "scope")
			}
		}

		// The WebSocket obeys the scope too.
		h.token, tokens["admin"] = tokens[hubapi.ScopeRead].Secret, hubapi.NewToken{Secret: h.token}
		c := h.socket()
		defer c.CloseNow()
		write(h.t, c, hubapi.Command{Do: "toggle", Device: id})
		if m := read(h.t, c, hubapi.Answer); m.Error == nil || m.Error.Class != "scope" {
			t.Errorf("got %+v", m.Error)
		}
		h.token = tokens["admin"].Secret

		list := get[[]hubapi.Token](h, "/tokens")
		if len(list) != 3 || list[0].LastUsed == nil || strings.Contains(fmt.Sprint(list), "wtl_") {
			t.Errorf("tokens %+v", list)
		}
		refused(h, h.do("POST", api("/tokens"), `{"name":"for read","scope":"read"}`), 409, "conflict")
		refused(h, h.do("POST", api("/tokens"), `{"name":"x","scope":"root"}`), 422, "param")
		refused(h, h.do("POST", api("/tokens"), `{"name":"x","scope":"read","expires":"2000-01-01T00:00:00Z"}`), 422, "param")
		want[struct{}](h, h.do("DELETE", api("/tokens/"+tokens[hubapi.ScopeRead].ID), ""), 204)
		refused(h, h.do("GET", api("/devices"), "", as(tokens[hubapi.ScopeRead].Secret)), 401, "token")
		write(h.t, c, hubapi.Command{Do: "filter"})
		if m := read(h.t, c, hubapi.Answer); m.Error == nil || m.Error.Class != "token" {
			t.Errorf("got %+v", m.Error)
		}
		time.Sleep(20 * time.Second) // its follower ends with the next heartbeat
		for err := error(nil); err == nil; {
			_, _, err = c.Read(h.t.Context())
		}

		until := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
		short := want[hubapi.NewToken](h, h.do("POST", api("/tokens"), `{"name":"short","scope":"read","expires":"`+until+`"}`), 201)
		want[[]hubapi.Device](h, h.do("GET", api("/devices"), "", as(short.Secret)), 200)
		time.Sleep(time.Hour)
		refused(h, h.do("GET", api("/devices"), "", as(short.Secret)), 401, "token")

		// What cannot be kept is not made.
		kept.mu.Lock()
		kept.err = errors.New("the disk is full")
		kept.mu.Unlock()
		if r := h.do("POST", api("/tokens"), `{"name":"y","scope":"read"}`); r.StatusCode != 500 || len(get[[]hubapi.Token](h, "/tokens")) != 3 {
			t.Errorf("%s: %s", r.Status, r.body)
		}
		kept.mu.Lock()
		kept.err = nil
		kept.mu.Unlock()

		// A socket that only its owner can open wants no token.
		r, _ := http.NewRequestWithContext(h.t.Context(), "GET", "http://anything"+api("/tokens"), nil)
		local := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return h.home.Net.DialContext(ctx, "tcp", trusted)
		}}}
		answer, err := local.Do(r)
		if err != nil || answer.StatusCode != 200 {
			t.Fatal(answer, err)
		}
		_ = answer.Body.Close()
	})
}

func TestTokensSurvive(t *testing.T) {
	kept := &keep{}
	var token string
	in(t, &rest.Options{Keep: kept}, []string{"P110"}, func(h *house) { token = h.token })
	again := &rest.Options{Keep: kept, FirstToken: func(wattle.Secret) error { return errors.New("there is one already") }}
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110"))
		h := &house{t: t, home: home, hub: home.Hub(nil)}
		open, _ := home.Net.Listen("tcp", address)
		again.Listeners = []rest.Listener{{Listener: open}}
		s, err := rest.New(h.hub, again)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		defer func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		}()
		h.token = token
		get[[]hubapi.Device](h, "/devices")
	})
}

// A first token that cannot be told is void, and the API does not run without.
func TestFirstTokenThatCannotBeTold(t *testing.T) {
	kept, home := &keep{}, hubtest.Start(t, hubtest.Models("P110"))
	l, err := home.Net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	failed := errors.New("the file is there already")
	s, err := rest.New(home.Hub(nil), &rest.Options{Keep: kept, Listeners: []rest.Listener{{Listener: l}}, FirstToken: func(wattle.Secret) error { return failed }})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context()); !errors.Is(err, failed) || string(kept.of["api/tokens"]) != "[]" {
		t.Errorf("%v, kept %s", err, kept.of["api/tokens"])
	}
	if _, err := l.Accept(); err == nil {
		t.Error("the listener is open")
	}
}

func TestNoTokensOnlyOnThisComputer(t *testing.T) {
	home := hubtest.Start(t, hubtest.Models("P110"))
	h := home.Hub(nil)
	for at, fine := range map[string]bool{"127.0.22.3:1": true, "0.0.0.0:1": false, "192.0.2.1:1": false, "[::]:1": false, "[::1]:1": true} {
		_, err := rest.New(h, &rest.Options{NoTokens: true, Listeners: []rest.Listener{{Listener: pretend(at)}}})
		if fine != (err == nil) || err != nil && !errors.Is(err, hubapi.ErrPolicy) {
			t.Errorf("%s: %v", at, err)
		}
	}
}

// pretend is a listener that says that it is somewhere.
type pretend string

func (p pretend) Addr() net.Addr            { return p }
func (p pretend) Network() string           { return "tcp" }
func (p pretend) String() string            { return string(p) }
func (p pretend) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (p pretend) Close() error              { return nil }

func TestForeignersAreRefused(t *testing.T) {
	o := &rest.Options{Hosts: []string{"Hub.Example"}, Origins: []string{"https://panel.example"}}
	in(t, o, []string{"P110"}, func(h *house) {
		host := func(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }
		for name, fine := range map[string]bool{
			address: true, "localhost": true, "localhost:9": true, "127.0.0.1": true, "[::1]:80": true, "hub.example": true, "HUB.example.:1": true,
			"evil.example": false, "127.0.0.1.evil.example": false, "10.1.2.3": false, "localhost.evil.example": false,
		} {
			r := h.do("GET", api("/version"), "", host(name))
			if fine {
				want[hubapi.Version](h, r, 200)
			} else {
				refused(h, r, 403, "policy")
			}
		}
		for origin, fine := range map[string]bool{
			"http://" + address: true, "https://panel.example": true,
			"https://evil.example": false, "null": false, "http://panel.example": false, "://": false,
		} {
			r := h.do("GET", api("/version"), "", header("Origin", origin))
			if fine {
				want[hubapi.Version](h, r, 200)
			} else {
				refused(h, r, 403, "policy")
				if r.Header.Get("Access-Control-Allow-Origin") != "" {
					t.Errorf("%s may read it", origin)
				}
			}
		}
		id := get[[]hubapi.Device](h, "/devices")[0].ID
		toggle := api("/devices/" + id + "/toggle")
		was := hubtest.View(t, h.hub, "Heater").Value("state")
		refused(h, h.do("POST", toggle, "", header("Sec-Fetch-Site", "cross-site")), 403, "policy")
		refused(h, h.do("POST", toggle, "", header("Sec-Fetch-Site", "same-site")), 403, "policy")
		refused(h, h.do("POST", toggle, "a=b", header("Content-Type", "application/x-www-form-urlencoded")), 415, "media_type")
		refused(h, h.do("POST", toggle, "{}", header("Content-Type", "text/plain")), 415, "media_type")
		refused(h, h.do("POST", toggle, "{}", header("Content-Type", "multipart/form-data; boundary=x")), 415, "media_type")
		if now := hubtest.View(t, h.hub, "Heater").Value("state"); !now.Equal(was) {
			t.Error("it was switched")
		}
		want[hubapi.ToggleAnswer](h, h.do("POST", toggle, "", header("Sec-Fetch-Site", "same-origin")), 200)

		// A browser asks before: only for pages that may.
		ask := func(origin string) reply {
			return h.do("OPTIONS", toggle, "", noToken, header("Origin", origin), header("Access-Control-Request-Method", "POST"))
		}
		if r := ask("https://panel.example"); r.StatusCode != 204 || r.Header.Get("Access-Control-Allow-Origin") != "https://panel.example" {
			t.Errorf("%s, %v", r.Status, r.Header)
		}
		refused(h, ask("https://evil.example"), 403, "policy")

		// A WebSocket of a foreign page.
		r := h.do("GET", api("/ws"), "", header("Origin", "https://evil.example"), header("Connection", "Upgrade"), header("Upgrade", "websocket"),
			header("Sec-WebSocket-Version", "13"), header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="))
		refused(h, r, 403, "policy")
	})
}

// raw sends bytes as they are and gives the status of the answer.
func (h *house) raw(text string) (status string) {
	h.t.Helper()
	c, err := h.home.Net.DialContext(h.t.Context(), "tcp", address)
	if err != nil {
		h.t.Fatal(err)
	}
	defer c.Close()
	go func() { _, _ = io.WriteString(c, text) }()
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return "broken off"
	}
	defer answer.Body.Close()
	return answer.Status
}

func TestPathTricks(t *testing.T) {
	in(t, nil, []string{"P110"}, func(h *house) {
		for _, path := range []string{
			"/api/v1/../v1/devices", "//api/v1/devices", "/api//v1/devices", "/api/v1/devices/..%2f..%2ftokens", "/api/v1/devices/%2e%2e/tokens",
			"/api/v1/devices/a%00b", "/api/v1/devices/a%5cb", "/api/v1/./devices", "/hook/..%2fapi%2fv1%2fdevices", "/api/v1/devices/%0a", "/api/v1/devices/%ff%fe",
			"/docs/../openapi.json", "/%2e%2e/etc/passwd", "/api/v1/devices/x/", "/static/x", "/api/v1", "*",
			"http://evil.example/api/v1/devices", "/api/v1/devices/%252e%252e%252f",
		} {
			got := h.raw("GET " + path + " HTTP/1.1\r\nHost: " + address + "\r\nAuthorization: Bearer " + h.token + "\r\nConnection: close\r\n\r\n")
			if !strings.HasPrefix(got, "40") {
				t.Errorf("%s: %s", path, got)
			}
		}
		for _, text := range []string{
			"GET / HTTP/9.9\r\n\r\n", "\r\n\r\n", "GET /api/v1/devices HTTP/1.1\r\n\r\n", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
			"POST /api/v1/sweep HTTP/1.1\r\nHost: " + address + "\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n",
			"GET /api/v1/devices HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
			"GET /" + strings.Repeat("a", 100<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("a", 100<<10) + "\r\n\r\n",
		} {
			if got := h.raw(text); !strings.HasPrefix(got, "4") && !strings.HasPrefix(got, "505") && got != "broken off" {
				t.Errorf("%.60q: %s", text, got)
			}
		}
		refused(h, h.do("DELETE", api("/devices"), ""), 405, "method")
		if r := h.do("DELETE", api("/version"), ""); r.Header.Get("Allow") != "GET" {
			t.Errorf("allow %q", r.Header.Get("Allow"))
		}
		refused(h, h.do("GET", api("/nothing"), ""), 404, "")
		refused(h, h.do("BREW", api("/devices"), ""), 405, "method")
	})
}

func TestLargeBodies(t *testing.T) {
	in(t, nil, []string{"P110"}, func(h *house) {
		id := get[[]hubapi.Device](h, "/devices")[0].ID
		path := api("/devices/" + id + "/features")
		large := `{"state":"` + strings.Repeat("a", 10<<20) + `"}`
		h.goesOn("10 MB bodies", func() {
			for range 5 {
				head := "PATCH " + path + " HTTP/1.1\r\nHost: " + address + "\r\nAuthorization: Bearer " + h.token + "\r\nContent-Type: application/json\r\n"
				if got := h.raw(fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(large), large)); !strings.HasPrefix(got, "413") {
					t.Error(got)
				}
				// Without saying how much it is.
				if got := h.raw(fmt.Sprintf("%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", head, len(large), large)); !strings.HasPrefix(got, "413") {
					t.Error(got)
				}
			}
		})
		refused(h, h.do("PATCH", path, strings.Repeat("[", 200_000)), 400, "request")
		refused(h, h.do("PATCH", path, strings.Repeat(`{"a":`, 9_000)+"1"+strings.Repeat("}", 9_000)), 422, "param")
	})
}

func TestTooManyRequests(t *testing.T) {
	o := &rest.Options{Limits: rest.Limits{Rate: 10, Burst: 20}}
	in(t, o, []string{"P110"}, func(h *house) {
		h.goesOn("a flood", func() {
			counts := map[int]int{}
			for range 200 {
				r := h.do("GET", api("/version"), "")
				counts[r.StatusCode]++
				if r.StatusCode == 429 && r.Header.Get("Retry-After") == "" {
					t.Error("no Retry-After")
				}
			}
			if counts[200] < 15 || counts[200] > 60 || counts[429] < 140 {
				t.Errorf("answers %v", counts)
			}
		})
		// Wrong tokens have to wait much longer, right ones do not have to wait for them.
		counts := map[int]int{}
		for range 60 {
			counts[h.do("GET", api("/version"), "", header("Authorization", "Bearer wrong")).StatusCode]++
			time.Sleep(200 * time.Millisecond)
		}
		if counts[401] > 15 || counts[429] < 45 || counts[401]+counts[429] != 60 {
			t.Errorf("answers %v", counts)
		}
		get[hubapi.Version](h, "/version")
	})
}

// Clients that send slowly, or nothing, are cut off in time.
func TestSlowClients(t *testing.T) {
	in(t, nil, []string{"P110"}, func(h *house) {
		h.goesOn("slow clients", func() {
			var conns []net.Conn
			for i := range 40 {
				c, err := h.home.Net.DialContext(h.t.Context(), "tcp", address)
				if err != nil {
					t.Fatal(err)
				}
				conns = append(conns, c)
				switch i % 3 {
				case 0:
					_, _ = io.WriteString(c, "GET /api/v1/version HT")
				case 1:
					_, _ = io.WriteString(c, "PATCH /api/v1/devices/x/features HTTP/1.1\r\nHost: "+address+"\r\nAuthorization: Bearer "+h.token+
						"\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
				}
			}
			time.Sleep(time.Minute)
			for i, c := range conns {
				_ = c.SetReadDeadline(time.Now().Add(time.Second))
				if data, err := io.ReadAll(c); err != nil {
					t.Errorf("%d is still open: %v: %s", i, err, data)
				}
				_ = c.Close()
			}
		})
		get[hubapi.Version](h, "/version")
	})
}

// Whoever opens thousands of connections gets some of them; others still get in.
func TestThousandsOfConnections(t *testing.T) {
	in(t, nil, []string{"P110"}, func(h *house) {
		h.goesOn("10,000 connections", func() {
			var conns []net.Conn
			for range 10_000 {
				c, err := h.home.Net.DialContext(h.t.Context(), "tcp", address)
				if err != nil {
					continue // refused
				}
				conns = append(conns, c)
			}
			synctest.Wait()
			open := 0
			for _, c := range conns {
				_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
				if _, err := c.Read(make([]byte, 1)); err != nil && errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) {
					continue
				}
				open++
			}
			if open == 0 || open > 128 {
				t.Errorf("%d of them are open", open)
			}
			// The trusted socket, and another address, are free.
			for _, from := range []string{trusted} {
				c, err := h.home.Net.DialContext(h.t.Context(), "tcp", from)
				if err != nil {
					t.Fatal(err)
				}
				_, _ = io.WriteString(c, "GET /api/v1/version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
				if answer, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || answer.StatusCode != 200 {
					t.Errorf("%s: %v, %v", from, answer, err)
				} else {
					_ = answer.Body.Close()
				}
				_ = c.Close()
			}
			for _, c := range conns {
				_ = c.Close()
			}
		})
		get[hubapi.Version](h, "/version")
		if v := hubtest.View(t, h.hub, "Heater"); !v.Online || hub.Slug(v.ID) == "" {
			t.Errorf("got %+v", v)
		}
	})
}

func TestWithoutTokens(t *testing.T) {
	in(t, &rest.Options{NoTokens: true}, []string{"P110"}, func(h *house) {
		want[[]hubapi.Device](h, h.do("GET", api("/devices"), "", noToken), 200)
		want[[]hubapi.Token](h, h.do("GET", api("/tokens"), "", noToken), 200)
		// What keeps web pages out stays.
		refused(h, h.do("GET", api("/devices"), "", noToken, func(r *http.Request) { r.Host = "evil.example" }), 403, "policy")
		refused(h, h.do("POST", api("/sweep"), "", noToken, header("Sec-Fetch-Site", "cross-site")), 403, "policy")
		refused(h, h.do("POST", api("/sweep"), "{}", noToken, header("Content-Type", "text/plain")), 415, "media_type")
		refused(h, h.do("GET", api("/devices"), "", noToken, header("Origin", "http://evil.example")), 403, "policy")
	})
}
