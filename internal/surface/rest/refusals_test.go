package rest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"wattle/automation"
	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/internal/hubapi"
	"wattle/internal/surface/rest"
)

// A parameter without a value is not a missing one, where "" is no value of it.
func TestParametersWithoutValue(t *testing.T) {
	remembering(t, func(h *house) {
		id := hub.Slug(hubtest.View(t, h.hub, "Heater").ID)
		for path, name := range map[string]string{
			"/devices?limit=":                                    "limit",
			"/devices?online=":                                   "online",
			"/devices?cursor=":                                   "cursor",
			"/devices/" + id + "/books?to=":                      "to",
			"/devices/" + id + "/history?feature=voltage&by=":    "by",
			"/devices/" + id + "/history?feature=":               "feature",
			"/events?until=":                                     "until",
			"/export?from=":                                      "from",
			"/export?from=2026-11-02T09:00:00Z&from=&format=csv": "from",
			"/health?details=":                                   "details",
		} {
			p := refused(h, h.do("GET", api(path), ""), 422, "param")
			if len(p.Errors) != 1 || p.Errors[0].Location != "query."+name {
				t.Errorf("%s: %+v", path, p)
			}
		}
		get[[]hubapi.Event](h, "/events?kind=&device=") // any text is a value of these
	})
}

// A cursor of the right form is followed, whoever made it up; others are not.
func TestCursors(t *testing.T) {
	in(t, nil, []string{"P110", "KP303", "KL130"}, func(h *house) {
		all := get[[]hubapi.Device](h, "/devices")
		if rest := get[[]hubapi.Device](h, "/devices?cursor=2-0123456789abcdef"); len(rest) != len(all)-2 || rest[0].ID != all[2].ID {
			t.Errorf("%d of %d devices", len(rest), len(all))
		}
		if none := get[[]hubapi.Device](h, "/devices?cursor=999999999-0123456789abcdef"); len(none) != 0 {
			t.Errorf("%d devices after the last", len(none))
		}
		for _, wrong := range []string{"x", "MSB4", "2", "-1-0123456789abcdef", "2-0123456789abcde", "1234567890-0123456789abcdef", "2-0123456789ABCDEF"} {
			refused(h, h.do("GET", api("/devices?cursor="+wrong), ""), 422, "param")
		}
	})
	automated(t, &rest.Options{}, func(h *house) {
		long := strings.Repeat("ü", 60) // a key longer than a cursor may be
		for _, name := range []string{long + "1", long + "2", long + "3"} {
			want[automation.Group](h, h.do("PUT", api("/groups/"+escaped(name)), `{"name":"`+name+`","devices":["Heater"]}`), 200)
		}
		var seen []string
		for path := api("/groups?limit=1"); path != ""; {
			answer := h.do(http.MethodGet, path, "")
			for _, g := range want[[]automation.Group](h, answer, 200) {
				seen = append(seen, g.Name)
			}
			if len(seen) == 1 { // what was before the page goes
				want[struct{}](h, h.do("DELETE", api("/groups/"+escaped(seen[0])), ""), 204)
				path = api("/groups?limit=1")
				continue
			}
			path, _, _ = strings.Cut(strings.TrimPrefix(answer.Header.Get("Link"), "<"), ">")
		}
		if len(seen) != 3 {
			t.Errorf("seen %q", seen)
		}
	})
}

func TestConditions(t *testing.T) {
	automated(t, &rest.Options{}, func(h *house) {
		path, body := api("/groups/desk"), `{"name":"desk","devices":["Heater"]}`
		refused(h, h.do("PUT", path, body, header("If-None-Match", `"3"`)), 422, "param")
		refused(h, h.do("PUT", path, body, header("If-None-Match", "*"), header("If-Match", "*")), 412, "changed")
		want[automation.Group](h, h.do("PUT", path, body, header("If-None-Match", "*")), 200)
		refused(h, h.do("DELETE", path, "", header("If-Match", `"77"`)), 412, "changed")
		refused(h, h.do("DELETE", path, "", header("If-Match", "desk")), 412, "changed")
		want[struct{}](h, h.do("DELETE", path, "", header("If-Match", "*")), 204)
		// The path is name enough.
		if g := want[automation.Group](h, h.do("PUT", path, `{"name":"","devices":["Heater"]}`), 200); g.Name != "desk" {
			t.Errorf("got %+v", g)
		}
	})
}

// What is not there is called by what it is: "no such device" is for devices.
func TestMissingThings(t *testing.T) {
	automated(t, &rest.Options{}, func(h *house) {
		id := get[[]hubapi.Device](h, "/devices")[0].ID
		for _, c := range []struct{ method, path, body, what string }{
			{"GET", "/hook/desk/xyz", "", "link"},
			{"GET", api("/devices/nothing"), "", "device"},
			{"GET", api("/devices/" + id + "/features/wings"), "", "feature"},
			{"PUT", api("/devices/" + id + "/features/wings"), `{"value":1}`, "feature"},
			{"POST", api("/devices/" + id + "/actions/fly"), "", "feature"},
			{"GET", api("/groups/none"), "", "group"},
			{"DELETE", api("/groups/none"), "", "group"},
			{"POST", api("/groups/none/set"), `{"state":true}`, "group"},
			{"POST", api("/groups/none/toggle"), "", "group"},
			{"GET", api("/scenes/none"), "", "scene"},
			{"POST", api("/scenes/none/apply"), "", "scene"},
			{"GET", api("/rules/none"), "", "rule"},
			{"PATCH", api("/rules/none"), `{"disabled":true}`, "rule"},
			{"POST", api("/rules/none/run"), "", "rule"},
			{"DELETE", api("/hooks/none"), "", "link"},
			{"POST", api("/hooks"), `{"name":"x","command":{"scene":"none"}}`, "scene"},
			{"DELETE", api("/tokens/none"), "", "token"},
		} {
			p := refused(h, h.do(c.method, c.path, c.body), 404, "not_found")
			if p.Title != "no such "+c.what || c.what != "device" && strings.Contains(p.Detail, "device") {
				t.Errorf("%s %s: %q, %q", c.method, c.path, p.Title, p.Detail)
			}
		}
	})
}

// The document tells what routes see to: who may be null, what goes together, how
// it is refused.
func TestDocumentTellsTheRoutes(t *testing.T) {
	automated(t, &rest.Options{}, func(h *house) {
		doc, _ := document(h)
		data, err := json.Marshal(doc["components"])
		if err != nil {
			t.Fatal(err)
		}
		var components struct {
			Schemas map[string]struct {
				AnyOf      []any `json:"anyOf"`
				Properties map[string]struct {
					Type  any   `json:"type"`
					Enum  []any `json:"enum"`
					AnyOf []any `json:"anyOf"`
				} `json:"properties"`
			} `json:"schemas"`
		}
		if err := json.Unmarshal(data, &components); err != nil {
			t.Fatal(err)
		}
		of := components.Schemas
		if len(of["AddRequest"].AnyOf) != 2 || len(of["HookCommand"].AnyOf) != 4 || len(of["ValueRequest"].Properties["value"].AnyOf) != 4 {
			t.Errorf("choices %+v", of["HookCommand"])
		}
		if kind, _ := of["TokenRequest"].Properties["expires"].Type.([]any); len(kind) != 2 || kind[1] != "null" {
			t.Errorf("expires is %v", kind)
		}
		if kind := of["TokenRequest"].Properties["name"].Type; kind != "string" {
			t.Errorf("name is %v", kind)
		}
		if effects := of["Call"].Properties["effect"].Enum; len(effects) != 4 || effects[3] != nil {
			t.Errorf("effects %v", effects)
		}
		if got := want[hubapi.NewToken](h, h.do("POST", api("/tokens"), `{"name":"x","scope":"read","expires":null}`), 201); got.Expires != nil {
			t.Errorf("got %+v", got)
		}
		for _, op := range operations(doc) {
			path := placeholder.ReplaceAllString(op.path, "x")
			r := h.do(op.method, path, "", noToken)
			if len(op.Security) == 0 { // a link is all that it wants
				refused(h, r, 404, "not_found")
				if op.Responses["401"] != nil {
					t.Errorf("%s %s: %v", op.method, op.path, op.Responses["401"])
				}
				continue
			}
			refused(h, r, 401, "token")
			if op.Responses["401"] == nil || r.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s %s: %s", op.method, op.path, r.Status)
			}
		}
	})
}

// What the choices of the document forbid is refused with words of the route.
func TestChoices(t *testing.T) {
	in(t, nil, []string{"KL130"}, func(h *house) {
		for _, body := range []string{`{}`, `{"mac":"02:57:A7:00:00:09","address":"127.0.22.9"}`, `{"mac":"","address":""}`, `{"mac":null}`, `{"mac":"02:57"}`} {
			if p := refused(h, h.do("POST", api("/devices"), body), 422, "param"); strings.Contains(p.Detail, "schema") {
				t.Errorf("%s: %s", body, p.Detail)
			}
		}
		for _, command := range []string{
			`{}`, `{"device":"Corner lamp","set":{}}`, `{"device":"Corner lamp","toggle":false}`, `{"device":"","toggle":true}`,
			`{"device":"Corner lamp","toggle":true,"scene":"x"}`, `{"device":"Corner lamp","toggle":true,"action":"reboot"}`, `{"scene":""}`,
		} {
			if p := refused(h, h.do("POST", api("/hooks"), `{"name":"x","command":`+command+`}`), 422, "param"); strings.Contains(p.Detail, "schema") {
				t.Errorf("%s: %s", command, p.Detail)
			}
		}
		want[hubapi.NewHook](h, h.do("POST", api("/hooks"), `{"name":"x","command":{"device":"Corner lamp","toggle":true,"set":{},"action":"","scene":null}}`), 201)
		refused(h, h.do("PATCH", api("/devices/"+get[[]hubapi.Device](h, "/devices")[0].ID), `{"alias":null}`), 422, "param")
	})
	automated(t, &rest.Options{}, func(h *house) {
		for _, body := range []string{`{}`, `{"state":null}`, `{"state":[true]}`, `{"hsv":{"hue":1,"wings":2}}`, `{"hsv":{"hue":1,"saturation":2}}`,
			`{"hsv":{"hue":0,"saturation":0,"value":null}}`} {
			refused(h, h.do("POST", api("/groups/all/set"), body), 422, "param")
		}
		did := want[[]automation.Outcome](h, h.do("POST", api("/groups/all/set"), `{"hsv":{"hue":120,"saturation":80,"value":50}}`), 200)
		if len(did) != 1 {
			t.Errorf("did %+v", did)
		}
	})
}
