package rest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wattle/automation"
	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/internal/hubapi"
	"wattle/internal/surface/rest"
)

// automated is a house with groups, scenes and rules.
func automated(t *testing.T, o *rest.Options, test func(*house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110", "KL130"))
		h := &house{t: t, home: home, hub: home.Hub(nil)}
		hubtest.Online(t, h.hub, 2)
		auto, err := automation.New(&automation.Options{Hub: h.hub, Zone: time.UTC})
		if err != nil {
			t.Fatal(err)
		}
		if err := auto.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- auto.Run(ctx) }()
		t.Cleanup(func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
		o.Automation = auto
		h.serve(o)
		test(h)
	})
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func TestGroupsAndScenes(t *testing.T) {
	automated(t, &rest.Options{}, func(h *house) {
		made := h.do("PUT", api("/groups/evening"), `{"name":"evening","devices":["Heater","Corner lamp"]}`, header("If-None-Match", "*"))
		group := want[automation.Group](h, made, 200)
		if len(group.Devices) != 2 || made.Header.Get("ETag") == "" {
			t.Errorf("got %+v", group)
		}
		refused(h, h.do("PUT", api("/groups/evening"), `{"name":"evening","devices":["Heater"]}`, header("If-None-Match", "*")), 412, "changed")
		refused(h, h.do("PUT", api("/groups/evening"), `{"name":"evening","devices":["Heater"]}`, header("If-Match", `"77"`)), 412, "changed")
		again := h.do("PUT", api("/groups/evening"), `{"name":"evening","devices":["Corner lamp"]}`, header("If-Match", made.Header.Get("ETag")))
		want[automation.Group](h, again, 200)
		if r := h.do("GET", api("/groups/evening"), "", header("If-None-Match", again.Header.Get("ETag"))); r.StatusCode != 304 {
			t.Errorf("%s", r.Status)
		}
		if all := get[[]automation.Group](h, "/groups"); len(all) != 1 {
			t.Errorf("groups %+v", all)
		}
		if did := want[[]automation.Outcome](h, h.do("POST", api("/groups/evening/set"), `{"state":true,"brightness":33}`), 200); len(did) != 1 || did[0].Error != "" {
			t.Errorf("did %+v", did)
		}
		if in := get[[]hubapi.Device](h, "/devices?group=EVENING"); len(in) != 1 || in[0].Name != "Corner lamp" {
			t.Errorf("in the group are %+v", in)
		}
		refused(h, h.do("GET", api("/devices?group=morning"), ""), 404, "not_found")
		if did := want[[]automation.Outcome](h, h.do("POST", api("/groups/all/toggle"), ""), 200); len(did) != 2 {
			t.Errorf("did %+v", did)
		}
		heater := hubtest.View(h.t, h.hub, "Heater").ID
		if err := h.hub.SetRoom(h.t.Context(), hub.Room{Name: "Hall"}, heater); err != nil {
			h.t.Fatal(err)
		}
		if did := want[[]automation.Outcome](h, h.do("POST", api("/groups/room:hall/set"), `{"state":false}`), 200); len(did) != 1 || did[0].Error != "" {
			h.t.Errorf("did %+v", did)
		}
		if did := want[[]automation.Outcome](h, h.do("POST", api("/groups/room:HALL/toggle"), ""), 200); len(did) != 1 {
			h.t.Errorf("did %+v", did)
		}
		refused(h, h.do("POST", api("/groups/room:cellar/toggle"), ""), 404, "not_found")
		p := refused(h, h.do("PUT", api("/groups/x"), `{"name":"x","devices":["Heater","nothing"]}`), 422, "param")
		if len(p.Errors) != 1 || p.Errors[0].Location != "body.devices[1]" {
			t.Errorf("got %+v", p.Errors)
		}
		refused(h, h.do("PUT", api("/groups/x"), `{"name":"y","devices":["Heater"]}`), 422, "param")

		scene := want[automation.Scene](h, h.do("POST", api("/scenes/now/capture"), `{"devices":["Heater","Corner lamp"]}`), 200)
		if len(scene.Parts) != 2 {
			t.Errorf("scene %+v", scene)
		}
		want[[]automation.Outcome](h, h.do("POST", api("/scenes/now/apply"), ""), 200)
		refused(h, h.do("POST", api("/scenes/other/apply"), ""), 404, "not_found")
		want[struct{}](h, h.do("DELETE", api("/scenes/now"), ""), 204)
		refused(h, h.do("GET", api("/scenes/now"), ""), 404, "not_found")
	})
}

func TestHomeAsFile(t *testing.T) {
	automated(t, &rest.Options{}, func(h *house) {
		file := func(text string) string {
			body, err := json.Marshal(hubapi.ImportRequest{Name: "home.yaml", Text: text})
			if err != nil {
				t.Fatal(err)
			}
			return string(body)
		}
		text := "groups:\n  - {name: evening, devices: [Corner lamp]}\nscenes:\n  - name: reading\n    devices: [{device: '@evening', set: {brightness: 40}}]\n" +
			"rules:\n  - {name: desk, on: [{at: '18:30'}], do: [{scene: reading}], catch_up: 30m}\n"
		stored := func() int {
			return len(get[[]automation.Group](h, "/groups")) + len(get[[]automation.Scene](h, "/scenes")) + len(get[[]automation.Rule](h, "/rules"))
		}
		if did := want[automation.Imported](h, h.do("POST", api("/home?dry_run=true"), file(text)), 200); did != (automation.Imported{Groups: 1, Scenes: 1, Rules: 1}) || stored() != 0 {
			t.Errorf("tried: %+v, and %d are stored", did, stored())
		}
		p := refused(h, h.do("POST", api("/home"), file(strings.Replace(text, "18:30", "25:30", 1))), 422, "param")
		if len(p.Errors) != 1 || p.Errors[0].Location != "home.yaml:7:28" || stored() != 0 {
			t.Errorf("%d are stored, %+v", stored(), p)
		}
		want[automation.Imported](h, h.do("POST", api("/home"), file(text)), 200)

		// What is given out goes in again, and a file can say what there is to be.
		all := h.do("GET", api("/home"), "")
		if d := want[automation.Document](h, all, 200); len(d.Groups) != 1 || d.Groups[0].Devices[0] != "Corner lamp" || time.Duration(d.Rules[0].CatchUp) != 30*time.Minute {
			t.Errorf("got %+v", d)
		}
		want[automation.Group](h, h.do("PUT", api("/groups/other"), `{"name":"other","devices":["Heater"]}`), 200)
		want[automation.Imported](h, h.do("POST", api("/home?replace=true"), file(string(all.body))), 200)
		if again := h.do("GET", api("/home"), ""); string(again.body) != string(all.body) {
			t.Errorf("%s\nbecame\n%s", all.body, again.body)
		}
		refused(h, h.do("POST", api("/home"), `{"text":""}`), 422, "param")
		refused(h, h.do("POST", api("/home"), file("[")), 422, "param")
	})
	in(t, nil, []string{"P110"}, func(h *house) {
		refused(h, h.do("POST", api("/home"), `{"text":"rules: []"}`), 501, "absent")
	})
}

func TestRules(t *testing.T) {
	automated(t, &rest.Options{}, func(h *house) {
		body := `{"name":"desk","on":[{"at":"18:30"}],"if":"true","do":[{"devices":["Corner lamp"],"set":{"state":true}}],"catch_up":"30m"}`
		r := want[automation.Rule](h, h.do("PUT", api("/rules/desk"), body), 200)
		if r.Name != "desk" || r.Rev == 0 || time.Duration(r.CatchUp) != 30*time.Minute {
			t.Errorf("got %+v", r)
		}
		if off := want[automation.Rule](h, h.do("PATCH", api("/rules/desk"), `{"disabled":true}`), 200); !off.Disabled {
			t.Errorf("got %+v", off)
		}
		if p := want[automation.Preview](h, h.do("POST", api("/preview"), body), 200); !p.Holds || len(p.Steps) != 1 || len(p.Next) == 0 {
			t.Errorf("got %+v", p)
		}
		want[struct{}](h, h.do("POST", api("/rules/desk/run"), ""), 202)
		time.Sleep(time.Second)
		if runs := get[[]automation.Run](h, "/runs?rule=desk"); len(runs) != 1 || runs[0].Result != automation.Done {
			t.Errorf("runs %+v", runs)
		}
		p := refused(h, h.do("PUT", api("/rules/desk"), `{"name":"desk","on":[{"at":"25:99"}],"do":[{"devices":["Corner lamp"],"toggle":true}]}`), 422, "param")
		if len(p.Errors) != 1 || p.Errors[0].Location == "" {
			t.Errorf("got %+v", p)
		}
		refused(h, h.do("POST", api("/rules/none/run"), ""), 404, "not_found")
		refused(h, h.do("POST", api("/preview?trigger=5"), body), 422, "param")
	})
	in(t, nil, []string{"P110"}, func(h *house) {
		refused(h, h.do("GET", api("/rules"), ""), 501, "absent")
	})
}
