package device_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"wattle/capture"
	"wattle/device"
	"wattle/feature"
	"wattle/simulator/homes"
)

// TestSetReadsLittle: a part of an object is changed by reading that object and
// nothing else, on a hub whose children cost a second each; also by a process that
// only remembers the device, and again when the object is out of date.
func TestSetReadsLittle(t *testing.T) {
	demo := homes.Demo()
	i := slices.IndexFunc(demo, func(f *capture.File) bool { return strings.HasPrefix(f.Name, "H100") })
	synctest.Test(t, func(t *testing.T) {
		first, conn := open(t, demo[i], homes.Library(), nil)
		memory := first.Memory()
		s, conn2 := simulate(t, demo[i], homes.Library())
		fresh, err := device.New(t.Context(), s, demo[i].Family, &device.Options{Memory: &memory, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			name string
			d    *device.Device
			conn *direct
		}{{"polled", first, conn}, {"remembered", fresh, conn2}} {
			for round := range 2 { // the second finds the object out of date
				for id, methods := range map[string][]string{
					"alarm_volume": {"get_alarm_configure", "set_alarm_configure"},
					"led":          {"get_led_info", "set_led_info"},
				} {
					var sent []string
					tt.conn.sent = func(raw []byte) {
						for _, r := range messageCalls(t, raw, "") {
							sent = append(sent, strings.TrimSpace(r.child+" "+r.method))
						}
					}
					err := tt.d.Set(t.Context(), id, other(t, first, id, round))
					tt.conn.sent = nil
					if tt.d == first && round == 0 {
						methods = methods[1:] // it is known already
					}
					if err != nil || !slices.Equal(sent, methods) {
						t.Errorf("%s, round %d, %s: %v, sent %q, want %q", tt.name, round, id, err, sent, methods)
					}
				}
			}
			if _, err := tt.d.Poll(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, id := range []string{"alarm_volume", "led"} {
				got, err := tt.d.Get(id)
				if err != nil || got.Any() != other(t, first, id, 1) {
					t.Errorf("%s: %s is %v, %v", tt.name, id, got, err)
				}
			}
		}
	})
}

// other is a value for a setting, another one in each round.
func other(t *testing.T, d *device.Device, id string, round int) any {
	t.Helper()
	r, ok := d.State().Reading(id)
	switch {
	case !ok:
		t.Fatalf("no %s", id)
	case r.Kind == feature.Switch:
		return round == 1
	}
	return r.Choices[len(r.Choices)-1-round]
}
