package device_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"testing"
	"testing/synctest"

	"wattle/capture"
	"wattle/device"
	"wattle/simulator/homes"
)

// TestAlike: devices that say the same of what they can do share it, also from
// memory; one that says something else has its own.
func TestAlike(t *testing.T) {
	var plug *capture.File
	for _, f := range homes.Demo() {
		if f.Data["component_nego"] != nil && f.Data["get_child_device_list"] == nil {
			plug = f
			break
		}
	}
	synctest.Test(t, func(t *testing.T) {
		a, _ := open(t, plug, homes.Library(), nil)
		b, _ := open(t, plug, homes.Library(), nil)
		memory := a.Memory()
		s, _ := simulate(t, plug, homes.Library())
		c, err := device.New(t.Context(), s, plug.Family, &device.Options{Memory: &memory, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		other := &capture.File{Name: plug.Name, Kind: plug.Kind, Family: plug.Family, Data: maps.Clone(plug.Data), Discovery: plug.Discovery}
		var list struct {
			List []json.RawMessage `json:"component_list"`
		}
		if err := json.Unmarshal(plug.Data["component_nego"], &list); err != nil {
			t.Fatal(err)
		}
		list.List = append(list.List, json.RawMessage(`{"id":"brand_new","ver_code":7}`))
		if other.Data["component_nego"], err = json.Marshal(list); err != nil {
			t.Fatal(err)
		}
		d, _ := open(t, other, homes.Library(), nil)
		where := func(d *device.Device) (components, words uintptr) {
			return reflect.ValueOf(d.Identity().Components).Pointer(),
				reflect.ValueOf(d.State().Snapshot().Raw("component_nego")).Pointer()
		}
		one, words := where(a)
		if two, same := where(b); one != two || words != same {
			t.Error("two devices that say the same do not share it")
		}
		if _, err := c.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
		if three, same := where(c); one != three || words != same {
			t.Error("a remembered device does not share it")
		}
		if four, _ := where(d); one == four || d.Identity().Components["brand_new"] != 7 || a.Identity().Components["brand_new"] != 0 {
			t.Errorf("another device has %v", d.Identity().Components)
		}
	})
}
