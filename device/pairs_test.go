package device_test

import (
	"slices"
	"testing"

	"wattle/device"
	"wattle/feature"
	"wattle/internal/recorded"
)

// TestSetTogether: two features that are set at once both have their new values,
// as if they had been set one after the other.
func TestSetTogether(t *testing.T) {
	dir := recorded.Folder(t)
	var done tally
	t.Cleanup(func() { t.Logf("%v", &done) })
	for _, name := range names(t, folders...) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, library := load(t, dir, name)
			d, _ := open(t, f, library, nil)
			for i, target := range append([]*device.Device{d}, d.Children()...) {
				for _, pair := range pairs(target.Features()) {
					setBoth(t, target, i, pair, &done)
				}
			}
		})
	}
}

// related are features of which one changes another.
var related = []map[string]bool{
	{"state": true, "brightness": true, "hsv": true, "color_temperature": true, "light_effect": true, "light_preset": true},
	{"state": true, "fan_speed_level": true},
	{"state": true, "frost_protection": true, "target_temperature": true},
	{"led": true, "led_rule": true},
	{"pir_range": true, "pir_threshold": true},
	{"dustbin_autocollection_enabled": true, "dustbin_mode": true},
}

// pairs are the features that can be set, each with each, in either order.
func pairs(readings []feature.Reading) (out [][2]string) {
	for i, a := range readings {
		for j, b := range readings[i+1:] {
			a := a
			if j%2 == 1 {
				a, b = b, a
			}
			tied := slices.ContainsFunc(related, func(ids map[string]bool) bool { return ids[a.ID] && ids[b.ID] })
			if a.Settable && b.Settable && !tied {
				out = append(out, [2]string{a.ID, b.ID})
			}
		}
	}
	return out
}

func setBoth(t *testing.T, d *device.Device, child int, pair [2]string, done *tally) {
	t.Helper()
	var settings [2]device.Setting
	for i, id := range pair {
		r, ok := d.State().Reading(id)
		values := slices.DeleteFunc(allowed(r), func(v feature.Value) bool {
			n, isNumber := v.Number()
			return v.String() == unset || id == "brightness" && isNumber && n == 0
		})
		if !ok || len(values) < 2 {
			return
		}
		settings[i] = device.Setting{ID: id, Value: values[0]}
	}
	if err := d.SetMany(t.Context(), settings[:]...); err != nil {
		t.Errorf("child %d: %v: %v", child, settings, err)
		return
	}
	if _, err := d.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, s := range settings {
		if got, err := d.Get(s.ID); err != nil || !same(got, s.Value.(feature.Value)) {
			t.Errorf("child %d: %v: %s is %v (%v)", child, settings, s.ID, got, err)
		}
	}
	done.add("pairs", 1)
}

// TestSetApart: what a method takes one by one is not joined, and what it takes
// together is.
func TestSetApart(t *testing.T) {
	dir := recorded.Folder(t)
	for _, tt := range []struct {
		capture string
		set     []device.Setting
		want    []string
	}{
		{"smart/KS225(US)_1.0_1.1.0.json", []device.Setting{{ID: "smooth_transition_on", Value: 1}, {ID: "smooth_transition_off", Value: 2}}, []string{
			`set_on_off_gradually_info {"on_state":{"duration":1,"enable":true}}`,
			`set_on_off_gradually_info {"off_state":{"duration":2,"enable":true}}`,
		}},
		{"iot/ES20M(US)_1.0_1.0.8.json", []device.Setting{{ID: "pir_threshold", Value: 20}, {ID: "pir_range", Value: "Far"}}, []string{
			`smartlife.iot.PIR.set_trigger_sens {"index":3,"value":20}`,
			`smartlife.iot.PIR.set_trigger_sens {"index":0}`,
		}},
		{"smart/L530E(EU)_3.0_1.0.6.json", []device.Setting{{ID: "brightness", Value: 20}, {ID: "color_temperature", Value: 3000}}, []string{
			`set_device_info {"brightness":20,"color_temp":3000}`,
		}},
	} {
		f, library := load(t, dir, tt.capture)
		d, conn := open(t, f, library, nil)
		var sent []string
		conn.sent = func(raw []byte) {
			for _, r := range messageCalls(t, raw, "") {
				if !r.reads() {
					sent = append(sent, r.String())
				}
			}
		}
		if err := d.SetMany(t.Context(), tt.set...); err != nil || !slices.Equal(sent, tt.want) {
			t.Errorf("%s: %v: sent %q (%v), want %q", tt.capture, tt.set, sent, err, tt.want)
		}
	}
}
