package mqtt_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/internal/surface/mqtt"
)

// TestFields holds everything that Home Assistant is told of all devices against
// what it takes, field by field, and the states too.
func TestFields(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := hubtest.Models()
		home := hubtest.Start(t, files)
		h := home.Hub(nil)
		hubtest.Online(t, h, len(files))
		b := start(t, h, home, &mqtt.Options{Version: "1.2.3", Support: "https://example.com/", URL: "http://127.0.0.1:8080/", Install: true})
		settle(20 * time.Second)
		f := readFields(t)
		checked, platforms := 0, map[string]int{}
		for _, v := range h.Views() {
			topic := "homeassistant/device/wattle_" + hub.Slug(v.ID) + "/config"
			text, ok := b.get(topic)
			if !ok {
				t.Errorf("%s was not announced", v.Name)
				continue
			}
			for _, problem := range f.check(topic, text, b.get) {
				t.Errorf("%s %s: %s", v.Identity().Model, v.Name, problem)
			}
			c := config(t, b, v.ID)
			for key := range c["components"].(map[string]any) {
				checked++
				platforms[component(c, key)["platform"].(string)]++
			}
			if via := c["device"].(map[string]any)["via_device"]; (via != nil) != !v.Root() {
				t.Errorf("%s is behind %v", v.Name, via)
			}
		}
		for platform := range f.Platforms {
			if platforms[platform] == 0 {
				t.Errorf("no %s in the home", platform)
			}
		}
		t.Logf("%d components: %v", checked, platforms)
	})
}

// TestGolden holds what Home Assistant is told of some devices, and their states.
func TestGolden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := hubtest.Models()
		home := hubtest.Start(t, files)
		h := home.Hub(nil)
		hubtest.Online(t, h, len(files))
		var outlet hub.ID
		for _, v := range h.Views() {
			if v.Identity().Model.Name == "KP303" && strings.HasSuffix(v.ID.Child, "00") {
				outlet = v.ID
			}
		}
		if err := h.SetRoom(t.Context(), hub.Room{Name: "Living room"}, outlet, named(t, h, "T110").ID); err != nil {
			t.Fatal(err)
		}
		b := start(t, h, home, nil)
		settle(20 * time.Second)
		for _, model := range []string{"P110", "KP303", "KL130", "H100", "T310", "T110", "S200B", "KE100", "RV30 Max", "KS240"} {
			for _, v := range h.Views() {
				if v.Identity().Model.Name != model || !v.Root() && model == "KP303" && !strings.HasSuffix(v.ID.Child, "00") {
					continue
				}
				text, ok := b.get("homeassistant/device/wattle_" + hub.Slug(v.ID) + "/config")
				if !ok {
					t.Errorf("%s %s was not announced", model, hub.Slug(v.ID))
					continue
				}
				var out bytes.Buffer
				if err := json.Indent(&out, []byte(text), "", "  "); err != nil {
					t.Fatal(err)
				}
				name := model
				if !v.Root() && (model == "KP303" || model == "KS240") {
					name += " " + string(v.Identity().Type)
				}
				golden(t, "discovery/"+name+".json", out.String()+"\n")
			}
		}
		if online, _ := b.get("wattle/bridge/state"); online != "online" {
			t.Errorf("the bridge is %q", online)
		}
		for _, topic := range b.topics("wattle/") {
			if text, _ := b.get(topic); strings.Contains(text, "[secret]") || strings.HasSuffix(topic, "setup_code") || strings.HasSuffix(topic, "setup_payload") {
				t.Errorf("%s is published: %s", topic, text)
			}
		}
	})
}
