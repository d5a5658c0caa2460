package mqtt_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wattle/device"
	"wattle/history"
	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/internal/surface/mqtt"
)

// order publishes a command as another program does.
func (b *broker) order(topic, payload string) { b.publish(message{topic, payload, false}) }

// errors are the messages about failures.
func (b *broker) errors() (out []string) {
	for _, m := range b.since(0) {
		if strings.HasSuffix(m.topic, "/error") {
			out = append(out, m.payload)
		}
	}
	return out
}

// TestCommands: what is ordered happens at the device and is shown within a second.
func TestCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := hubtest.Models()
		home := hubtest.Start(t, files)
		h := home.Hub(nil)
		hubtest.Online(t, h, len(files))
		b := start(t, h, home, nil)
		settle(20 * time.Second)
		for _, tt := range []struct{ model, end, payload, shows, want string }{
			{"P110", "state", "OFF", "state", "OFF"},
			{"P110", "state", "ON", "state", "ON"},
			{"P110", "led_rule", "never", "led_rule", "never"},
			{"P110", "auto_off_minutes", "25", "auto_off_minutes", "25"},
			{"KL130", "light", `{"state":"ON","brightness":40,"color":{"h":120,"s":80}}`, "light", `{"brightness":40,"color":{"h":120,"s":80},"color_mode":"hs","state":"ON"}`},
			{"KL130", "light", `{"state":"ON","color_temp":3000,"transition":1}`, "light", `{"brightness":40,"color_mode":"color_temp","color_temp":3000,"state":"ON"}`},
			{"L530", "light", `{"state":"OFF"}`, "state", "OFF"},
			{"KE100", "climate_mode", "off", "climate_mode", "off"},
			{"KE100", "climate_mode", "heat", "climate_mode", "heat"},
			{"KE100", "target_temperature", "21.5", "target_temperature", "21.5"},
			{"RV30 Max", "vacuum", "start", "vacuum_status", "Cleaning"},
			{"RV30 Max", "vacuum_fan_speed", "Turbo", "vacuum_fan_speed", "Turbo"},
			{"RV30 Max", "vacuum", "pause", "vacuum_status", "Paused"},
			{"H100", "siren", `{"state":"ON","tone":"Alarm 1","duration":30,"volume_level":0.3}`, "alarm", "ON"},
			{"H100", "siren", `{"state":"OFF"}`, "alarm", "OFF"},
		} {
			base := "wattle/" + hub.Slug(named(t, h, tt.model).ID) + "/"
			b.order(base+tt.end+"/set", tt.payload)
			settle(2 * time.Second)
			if got, _ := b.get(base + tt.shows); got != tt.want {
				t.Errorf("%s %s %s shows %s, want %s", tt.model, tt.end, tt.payload, got, tt.want)
			}
		}
		for _, v := range h.Views() {
			if v.Value("fan_speed_level").Known() {
				base := "wattle/" + hub.Slug(v.ID) + "/"
				for _, tt := range [][3]string{{"fan", "OFF", "0"}, {"fan_speed_level", "3", "3"}} {
					b.order(base+tt[0]+"/set", tt[1])
					settle(2 * time.Second)
					if got, _ := b.get(base + "fan_speed_level"); got != tt[2] {
						t.Errorf("fan %s: level %s", tt[1], got)
					}
				}
			}
		}
		if errs := b.errors(); errs != nil {
			t.Errorf("errors: %v", errs)
		}
	})
}

// TestBadCommands: each is refused with a reason, nothing changes, and the true
// state is told again.
func TestBadCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110", "KL130", "RV30", "H100"))
		h := home.Hub(nil)
		hubtest.Online(t, h, 4)
		b := start(t, h, home, nil)
		settle(20 * time.Second)
		for _, tt := range []struct{ model, end, payload, says string }{
			{"P110", "state", "on", "write ON or OFF"},
			{"P110", "state", "", "write ON or OFF"},
			{"P110", "state", strings.Repeat("x", 5000), "no command"},
			{"P110", "auto_off_minutes", "NaN", "no number"},
			{"P110", "auto_off_minutes", "0x10", "no number"},
			{"P110", "auto_off_minutes", "1e9", "65536"},
			{"P110", "auto_off_minutes", "1e300", "value refused"},
			{"P110", "led_rule", "Never", "one of"},
			{"P110", "reboot", "ON", "write PRESS"},
			{"P110", "rssi", "1", "takes no commands"},
			{"P110", "nothing", "1", "takes no commands"},
			{"KL130", "light", "ON", "JSON"},
			{"KL130", "light", "null", "JSON"},
			{"KL130", "light", "{}", "nothing to do"},
			{"KL130", "light", `{"brightness":101}`, "0 to 100"},
			{"KL130", "light", `{"color":{"h":1}}`, "h and s"},
			{"KL130", "light", `{"transition":-1,"state":"ON"}`, "transition"},
			{"KL130", "light", `{"effect":"Disco"}`, ""},
			{"RV30 Max", "vacuum", "fly", "return_to_base"},
			{"RV30 Max", "vacuum_rooms", "1", "list of rooms"},
			{"RV30 Max", "vacuum_rooms", `["kitchen"]`, "no id"},
			{"H100", "siren", `{"state":"ON","duration":9999}`, "1 to 600"},
			{"H100", "siren", `{"state":"ON","volume_level":2}`, "0 to 1"},
			{"H100", "siren", `{"state":"ON","tone":"Opera"}`, "Opera"},
		} {
			base := "wattle/" + hub.Slug(named(t, h, tt.model).ID) + "/"
			before, _ := b.get(base + tt.end)
			n := b.count()
			b.order(base+tt.end+"/set", tt.payload)
			settle(time.Second)
			told, repeated := "", false
			for _, m := range b.since(n + 1) {
				if m.topic == base+"error" && !m.retain {
					told = m.payload
				}
				repeated = repeated || m.topic == base+tt.end && m.payload == before
			}
			var e struct{ Time, Topic, Error string }
			if json.Unmarshal([]byte(told), &e) != nil || e.Topic != tt.end+"/set" || !strings.Contains(e.Error, tt.says) || e.Error == "" {
				t.Errorf("%s %s %.30q: told %q, want %q", tt.model, tt.end, tt.payload, told, tt.says)
			}
			if stated := before != "" && tt.says != "takes no commands"; stated && !repeated {
				t.Errorf("%s %s %.30q: the true state was not told again", tt.model, tt.end, tt.payload)
			}
		}
		plug := "wattle/" + hub.Slug(named(t, h, "P110").ID) + "/"
		n := len(b.errors())
		b.publish(message{"wattle/ffffffffffff/state/set", "ON", false}) // of nobody here
		b.publish(message{"wattle/bridge/state/set", "ON", false})
		settle(time.Second)
		if len(b.errors()) != n {
			t.Errorf("errors of foreign topics: %v", b.errors()[n:])
		}
		state, _ := b.get(plug + "state")
		b.set(3, false)
		b.drop()
		settle(100 * time.Millisecond)
		b.publish(message{plug + "state/set", "OFF", true}) // the next connection finds it
		b.set(0, false)
		settle(10 * time.Second)
		if now, _ := b.get(plug + "state"); now != state {
			t.Error("a retained command was done with the new connection")
		}
		if errs := b.errors(); !strings.Contains(errs[len(errs)-1], "retained") {
			t.Errorf("last error %s", errs[len(errs)-1])
		}
	})
}

// TestBrokerGone: while the broker is away or does not answer, commands and polls of
// the hub take what they always take; when it is back it gets the newest state.
func TestBrokerGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110", "KP303"))
		h := home.Hub(nil)
		hubtest.Online(t, h, 2)
		b := start(t, h, home, nil)
		settle(20 * time.Second)
		plug := named(t, h, "P110").ID
		topic := "wattle/" + hub.Slug(plug) + "/state"
		for _, how := range []string{"cut", "silent", "refuses"} {
			switch how {
			case "cut":
				b.set(3, false)
				b.drop()
			case "silent":
				b.set(0, true)
			case "refuses":
				b.set(5, false)
				b.drop()
			}
			health, _ := h.Health(plug)
			on := false
			for i := range 60 {
				on = i%2 == 1
				begun := time.Now()
				if err := h.Set(t.Context(), plug, device.Setting{ID: "state", Value: on}); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(begun); took > 200*time.Millisecond {
					t.Errorf("%s: a command took %v", how, took)
				}
				time.Sleep(time.Second)
			}
			after, _ := h.Health(plug)
			if after.Polls < health.Polls+60 || after.Failures != health.Failures {
				t.Errorf("%s: polls %d, then %d; failures %d", how, health.Polls, after.Polls, after.Failures)
			}
			b.set(0, false)
			settle(2 * time.Minute)
			if got, _ := b.get(topic); got != "ON" || !on {
				t.Errorf("%s: the broker has %s", how, got)
			}
			if got, _ := b.get("wattle/bridge/state"); got != "online" {
				t.Errorf("%s: the bridge is %s", how, got)
			}
		}
	})
}

// TestWill: a connection that breaks leaves the bridge offline, and so does a
// surface that ends.
func TestWill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110"))
		h := home.Hub(nil)
		hubtest.Online(t, h, 1)
		b := start(t, h, home, nil)
		settle(10 * time.Second)
		b.set(3, false)
		b.drop()
		settle(100 * time.Millisecond)
		if got, _ := b.get("wattle/bridge/state"); got != "offline" {
			t.Errorf("after a cut the bridge is %s", got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110"))
		h := home.Hub(nil)
		hubtest.Online(t, h, 1)
		ln, err := home.Net.Listen("tcp", brokerAddress)
		if err != nil {
			t.Fatal(err)
		}
		b := newBroker(t, ln)
		stop := run(t, h, home, nil)
		settle(10 * time.Second)
		stop()
		if got, _ := b.get("wattle/bridge/state"); got != "offline" {
			t.Errorf("in the end the bridge is %s", got)
		}
	})
}

// TestAvailability follows a device that goes and comes back.
func TestAvailability(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110", "KP303"))
		h := home.Hub(nil)
		hubtest.Online(t, h, 2)
		b := start(t, h, home, nil)
		settle(10 * time.Second)
		strip := named(t, h, "KP303")
		topics := b.topics("wattle/" + hub.Slug(strip.ID))
		topics = slices.DeleteFunc(topics, func(s string) bool { return !strings.HasSuffix(s, "/availability") })
		all := func() map[string]bool {
			out := map[string]bool{}
			for _, topic := range topics {
				text, _ := b.get(topic)
				out[text] = true
			}
			return out
		}
		if len(topics) != 4 || !maps.Equal(all(), map[string]bool{"online": true}) {
			t.Fatalf("%v: %v", topics, all())
		}
		if err := home.Sim.SetFault(strip.Name, "drop"); err != nil {
			t.Fatal(err)
		}
		settle(2 * time.Minute)
		if !maps.Equal(all(), map[string]bool{"offline": true}) {
			t.Errorf("gone: %v", all())
		}
		if err := home.Sim.ClearFault(strip.Name, ""); err != nil {
			t.Fatal(err)
		}
		settle(2 * time.Minute)
		if !maps.Equal(all(), map[string]bool{"online": true}) {
			t.Errorf("back: %v", all())
		}
	})
}

// keep is a hub.Keep for several runs.
type keep struct {
	mu   sync.Mutex
	data map[string][]byte
}

func (k *keep) Load(_ context.Context, name string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.data[name], nil
}

func (k *keep) Save(_ context.Context, name string, data []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.data[name] = data
	return nil
}

// TestRemoval: a device that leaves the hub leaves the broker, during a run or
// between two, and a component that has gone is taken back as Home Assistant wants.
func TestRemoval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110", "KP303", "KL130"))
		h := home.Hub(nil)
		hubtest.Online(t, h, 3)
		ln, err := home.Net.Listen("tcp", brokerAddress)
		if err != nil {
			t.Fatal(err)
		}
		b := newBroker(t, ln)
		k := &keep{data: map[string][]byte{}}
		stop := run(t, h, home, &mqtt.Options{Keep: k})
		settle(10 * time.Second)
		left := func(id hub.ID) []string {
			return append(b.topics("wattle/"+hub.Slug(id)), b.topics("homeassistant/device/wattle_"+hub.Slug(id))...)
		}
		strip, lamp, plug := named(t, h, "KP303").ID, named(t, h, "KL130").ID, named(t, h, "P110").ID
		if len(left(strip)) < 20 || len(left(lamp)) < 10 {
			t.Fatalf("announced: %v, %v", left(strip), left(lamp))
		}
		if err := h.Remove(strip); err != nil {
			t.Fatal(err)
		}
		settle(time.Second)
		if l := left(strip); len(l) > 0 {
			t.Errorf("of the strip there is left %v", l)
		}
		stop()
		if err := h.Remove(lamp); err != nil {
			t.Fatal(err)
		}
		var said map[string]map[string]string
		if err := json.Unmarshal(k.data["mqtt/announced"], &said); err != nil {
			t.Fatal(err)
		}
		said[hub.Slug(plug)]["old_switch"] = "switch" // of an older version
		k.data["mqtt/announced"], _ = json.Marshal(said)
		n := b.count()
		run(t, h, home, &mqtt.Options{Keep: k})
		settle(10 * time.Second)
		if l := left(lamp); len(l) > 0 {
			t.Errorf("of the lamp there is left %v", l)
		}
		var configs []string
		for _, m := range b.since(n) {
			if m.topic == "homeassistant/device/wattle_"+hub.Slug(plug)+"/config" {
				configs = append(configs, m.payload)
			}
		}
		if len(configs) != 2 || !strings.Contains(configs[0], `"old_switch":{"platform":"switch"}`) || strings.Contains(configs[1], "old_switch") {
			t.Errorf("the component is not taken back: %d configs", len(configs))
		}
	})
}

// TestRoom: the area is announced anew when a device is in another room, before its
// next poll, and passes the check of fields; its children are where they are.
func TestRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110", "KP303"))
		h := home.Hub(nil)
		hubtest.Online(t, h, 2)
		b := start(t, h, home, nil)
		settle(20 * time.Second)
		strip := named(t, h, "KP303").ID
		area := func(id hub.ID) any { return config(t, b, id)["device"].(map[string]any)["suggested_area"] }
		if got := area(strip); got != nil {
			t.Errorf("without a room the area is %v", got)
		}
		for _, room := range []string{"Kitchen", "Küche & Bad", ""} {
			seen := len(b.since(0))
			if err := h.SetRoom(t.Context(), hub.Room{Name: room}, strip); err != nil {
				t.Fatal(err)
			}
			settle(100 * time.Millisecond)
			if got, _ := area(strip).(string); got != room {
				t.Errorf("the area is %q, want %q", got, room)
			}
			topic := "homeassistant/device/wattle_" + hub.Slug(strip) + "/config"
			news := 0
			for _, m := range b.since(seen) {
				if strings.HasSuffix(m.topic, "/config") {
					news++
				}
				if strings.HasSuffix(m.topic, "/config") && m.topic != topic {
					t.Errorf("%s was announced too", m.topic)
				}
			}
			if news != 1 {
				t.Errorf("announced %d times", news)
			}
			text, _ := b.get(topic)
			for _, problem := range readFields(t).check(topic, text, b.get) {
				t.Error(problem)
			}
		}
		for _, v := range h.Views() {
			if v.ID.MAC == strip.MAC && !v.Root() && area(v.ID) != nil {
				t.Errorf("%s is in %v", v.Name, area(v.ID))
			}
		}
	})
}

// TestRenamed: a new name is announced under the same ids.
func TestRenamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110"))
		h := home.Hub(nil)
		hubtest.Online(t, h, 1)
		b := start(t, h, home, nil)
		settle(10 * time.Second)
		plug := named(t, h, "P110")
		before := config(t, b, plug.ID)
		d, err := h.Device(t.Context(), plug.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.SetAlias(t.Context(), "Samovar"); err != nil {
			t.Fatal(err)
		}
		settle(10 * time.Second)
		after := config(t, b, plug.ID)
		if name := after["device"].(map[string]any)["name"]; name != "Samovar" {
			t.Errorf("it is called %v", name)
		}
		for key := range before["components"].(map[string]any) {
			if component(before, key)["unique_id"] != component(after, key)["unique_id"] {
				t.Errorf("%s has another unique_id", key)
			}
		}
	})
}

// TestReannounce: Home Assistant comes up and gets everything again, within
// seconds, once.
func TestReannounce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110", "KP303"))
		h := home.Hub(nil)
		hubtest.Online(t, h, 2)
		b := start(t, h, home, nil)
		settle(20 * time.Second)
		for _, tt := range []struct {
			payload string
			again   bool
		}{{"online", true}, {"offline", false}} {
			n := b.count()
			b.order("homeassistant/status", tt.payload)
			settle(10 * time.Second)
			configs, states := 0, 0
			for _, m := range b.since(n) {
				if strings.HasSuffix(m.topic, "/config") {
					configs++
				}
				if strings.HasSuffix(m.topic, "/state") {
					states++
				}
			}
			if want := 5; tt.again && (configs != want || states < want) || !tt.again && configs > 0 {
				t.Errorf("%s: %d configs, %d states", tt.payload, configs, states)
			}
		}
	})
}

// TestLittleTalk: without changes nothing is published but running times, once a minute.
func TestLittleTalk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("HS100(EU)", "S505D", "P100"))
		h := home.Hub(nil)
		hubtest.Online(t, h, 3)
		b := start(t, h, home, nil)
		settle(5 * time.Minute)
		n := b.count()
		settle(5 * time.Minute)
		if more := b.since(n); len(more) > 60 {
			t.Errorf("%d messages in 5 minutes in which nothing happened: %v", len(more), more[:10])
		}
	})
}

// TestLifetime: the counter of the history is the one that grows, from when it is
// known.
func TestLifetime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110", "HS110"))
		h := home.Hub(nil)
		hubtest.Online(t, h, 2)
		plug, old := named(t, h, "P110").ID, named(t, h, "HS110").ID
		var mu sync.Mutex
		energy := map[hub.ID]history.Energy{}
		b := start(t, h, home, &mqtt.Options{Lifetimes: func(context.Context) (map[hub.ID]history.Energy, error) {
			mu.Lock()
			defer mu.Unlock()
			return maps.Clone(energy), nil
		}})
		settle(10 * time.Second)
		if c := component(config(t, b, old), "consumption_total"); c["state_class"] != "total_increasing" || component(config(t, b, plug), "energy") != nil {
			t.Errorf("before the history knows: %v", c)
		}
		mu.Lock()
		energy[plug], energy[old] = history.FromKWh(12.5), history.FromKWh(3)
		mu.Unlock()
		settle(2 * time.Minute)
		for _, id := range []hub.ID{plug, old} {
			growing := 0
			for key := range config(t, b, id)["components"].(map[string]any) {
				if c := component(config(t, b, id), key); c["device_class"] == "energy" && c["state_class"] == "total_increasing" {
					growing++
				}
			}
			if growing != 1 {
				t.Errorf("%d counters for the dashboard", growing)
			}
		}
		if got, _ := b.get("wattle/" + hub.Slug(plug) + "/energy"); got != "12.500" {
			t.Errorf("energy %s", got)
		}
		if got, _ := b.get("wattle/" + hub.Slug(plug) + "/consumption_today"); !strings.Contains(got, `"last_reset":"2000-01-01T00:00:00Z"`) {
			t.Errorf("today %s", got)
		}
	})
}

// TestEvents: a click is told once, not retained.
func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("H100"))
		h := home.Hub(nil)
		hubtest.Online(t, h, 1)
		b := start(t, h, home, nil)
		settle(20 * time.Second)
		button := named(t, h, "S200B")
		n := b.count()
		if err := home.Sim.Fire(button.Name, "press", ""); err != nil {
			t.Fatal(err)
		}
		settle(20 * time.Second)
		var got []message
		for _, m := range b.since(n) {
			if strings.HasSuffix(m.topic, "/event") {
				got = append(got, m)
			}
		}
		if len(got) != 1 || got[0].retain || got[0].topic != "wattle/"+hub.Slug(button.ID)+"/event" || !strings.Contains(got[0].payload, `"event_type":"click"`) {
			t.Errorf("events %v", got)
		}
	})
}
