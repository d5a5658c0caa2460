package rest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"wattle/hub/hubtest"
	"wattle/internal/hubapi"
	"wattle/internal/surface/rest"
)

// noToken takes the token of the house away from a request.
func noToken(r *http.Request) { r.Header.Del("Authorization") }

func TestHooks(t *testing.T) {
	kept := &keep{}
	in(t, &rest.Options{Keep: kept}, []string{"P110", "KL130"}, func(h *house) {
		made := want[hubapi.NewHook](h, h.do("POST", api("/hooks"), `{"name":"desk","command":{"device":"Corner lamp","toggle":true}}`), 201)
		if !strings.HasSuffix(made.Path, made.Secret) || len(made.Secret) < 40 {
			t.Fatalf("got %+v", made)
		}
		if strings.Contains(string(kept.of["api/hooks"]), made.Secret) {
			t.Error("the secret is kept")
		}
		on := func() bool {
			got, _ := hubtest.View(t, h.hub, "Corner lamp").Value("state").Bool()
			return got
		}
		was := on()
		for i, r := range []reply{
			h.do("GET", made.Path, "", noToken),
			h.do("POST", made.Path, "", noToken),
			h.do("GET", "/hook/desk?token="+made.Secret, "", noToken, header("Accept", "text/html,*/*")),
			h.do("POST", made.Path, "a form=1", noToken, header("Content-Type", "application/x-www-form-urlencoded")),
		} {
			if r.StatusCode != 200 || !strings.Contains(string(r.body), "Corner lamp is o") {
				t.Errorf("%d: %s: %s", i, r.Status, r.body)
			}
			time.Sleep(2 * time.Second)
		}
		if on() != was {
			t.Error("four times is not as before")
		}
		if list := get[[]hubapi.Hook](h, "/hooks"); len(list) != 1 || list[0].Uses != 4 || list[0].LastUsed == nil {
			t.Errorf("hooks %+v", list)
		}

		// What does not do it.
		was = on()
		for _, r := range []reply{
			h.do("GET", "/hook/desk/"+made.Secret[1:]+"A", "", noToken),
			h.do("GET", "/hook/other/"+made.Secret, "", noToken),
			h.do("GET", "/hook/desk", ""),
		} {
			refused(h, r, 404, "not_found")
		}
		refused(h, h.do("GET", made.Path, "", noToken, header("Sec-Purpose", "prefetch;prerender")), 403, "policy")
		refused(h, h.do("PUT", made.Path, "", noToken), 405, "method")
		if r := h.do("HEAD", made.Path, "", noToken); r.StatusCode != 405 {
			t.Error(r.Status)
		}
		refused(h, h.do("GET", made.Path, "", noToken, header("Host", "evil.example"), func(r *http.Request) { r.Host = "evil.example" }), 403, "policy")
		if on() != was {
			t.Error("it was switched")
		}
		for range 20 { // a burst, then no more
			h.do("GET", made.Path, "", noToken)
		}
		if p := h.do("GET", made.Path, "", noToken); p.StatusCode != 429 || p.Header.Get("Retry-After") == "" {
			t.Errorf("%s", p.Status)
		}
		refused(h, h.do("POST", api("/hooks"), `{"name":"desk","command":{"device":"Corner lamp","toggle":true}}`), 409, "conflict")
		want[struct{}](h, h.do("DELETE", api("/hooks/desk"), ""), 204)
		refused(h, h.do("GET", made.Path, "", noToken), 404, "not_found")
	})
}

func TestHooksThatEnd(t *testing.T) {
	in(t, nil, []string{"KL130"}, func(h *house) {
		once := want[hubapi.NewHook](h, h.do("POST", api("/hooks"), `{"name":"once","once":true,"command":{"device":"Corner lamp","set":{"brightness":12}}}`), 201)
		if r := h.do("GET", once.Path, "", noToken); r.StatusCode != 200 {
			t.Fatalf("%s: %s", r.Status, r.body)
		}
		refused(h, h.do("GET", once.Path, "", noToken), 404, "not_found")

		until := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
		short := want[hubapi.NewHook](h, h.do("POST", api("/hooks"), `{"name":"short","expires":"`+until+`","command":{"device":"Corner lamp","toggle":true}}`), 201)
		if r := h.do("GET", short.Path, "", noToken); r.StatusCode != 200 {
			t.Errorf("%s: %s", r.Status, r.body)
		}
		time.Sleep(time.Hour)
		refused(h, h.do("GET", short.Path, "", noToken), 404, "not_found")

		for body, class := range map[string]string{
			`{"name":"x","command":{}}`:                                                                      "param",
			`{"name":"x","command":{"device":"Corner lamp"}}`:                                                "param",
			`{"name":"x","command":{"device":"Corner lamp","toggle":true,"action":"reboot"}}`:                "param",
			`{"name":"x","command":{"device":"Corner lamp","toggle":true,"scene":"y"}}`:                      "param",
			`{"name":"X y","command":{"device":"Corner lamp","toggle":true}}`:                                "param",
			`{"name":"x","command":{"device":"nothing","toggle":true}}`:                                      "not_found",
			`{"name":"x","command":{"device":"Corner lamp","set":{"wings":1}}}`:                              "not_found",
			`{"name":"x","command":{"device":"Corner lamp","action":"reboot"}}`:                              "policy",
			`{"name":"x","command":{"scene":"y"}}`:                                                           "absent",
			`{"name":"x","expires":"2000-01-01T00:00:00Z","command":{"device":"Corner lamp","toggle":true}}`: "param",
		} {
			r := h.do("POST", api("/hooks"), body)
			if p := want[hubapi.Problem](h, r, r.StatusCode); p.Class != class {
				t.Errorf("%s: %+v", body, p)
			}
		}
	})
}
