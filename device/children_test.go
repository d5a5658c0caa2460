package device_test

import (
	"errors"
	"testing"
	"time"

	"wattle"
	"wattle/device"
)

// hub is a hub with two sensors.
func hub() *fake {
	kid := func() *fake { return &fake{answers: map[string]any{"get_connect_cloud_state": `{"status":0}`}} }
	return &fake{
		answers: map[string]any{
			"component_nego":  `{"component_list":[{"id":"device","ver_code":2},{"id":"child_device","ver_code":1}]}`,
			"get_device_info": `{"device_id":"80","type":"SMART.TAPOHUB","model":"H100","mac":"02-00-00-00-00-02","nickname":"SHVi"}`,
			"get_child_device_component_list": `{"child_component_list":[
				{"device_id":"a","component_list":[{"id":"cloud_connect","ver_code":1},{"id":"future","ver_code":-1}]},
				{"device_id":"b","component_list":[{"id":"cloud_connect","ver_code":1}]}],"start_index":0,"sum":2}`,
			"get_child_device_list": `{"child_device_list":[
				{"device_id":"a","category":"subg.trigger.contact-sensor","model":"T110","open":true},
				{"device_id":"b","category":"subg.trigger.some-new-sensor","model":"T999"},
				{"device_id":"a","model":"twice"},{"no":"id"},7],"start_index":0,"sum":2}`,
		},
		kids: map[string]*fake{"a": kid(), "b": kid()},
	}
}

func TestChildren(t *testing.T) {
	f := hub()
	f.kids["a"].down = wattle.ErrUnreachable // asleep
	d, c := openFake(t, f, nil)
	first := d.Children()
	if len(first) != 2 || first[0].Identity().Type != wattle.Sensor || first[1].Identity().Type != wattle.Sensor {
		t.Fatalf("children %v", first)
	}
	if id := first[0].Identity(); id.Parent != "80" || id.DeviceID != "a" || first[0].Parent() != d {
		t.Errorf("identity of a child %+v", id)
	}
	s := poll(t, d)
	if got := s.Children()[0].Value("is_open").String(); got != "on" {
		t.Errorf("a sleeping child's state is %s, but the hub knows it", got)
	}
	if f.kids["b"].times("get_connect_cloud_state") != 0 {
		t.Error("one poll waited for more than one child after the first did not answer")
	}
	c.sleep(time.Second)
	poll(t, d)
	if f.kids["b"].times("get_connect_cloud_state") != 1 {
		t.Error("the other child was not asked in the next poll")
	}
	c.sleep(time.Hour)
	f.kids["a"].down = nil
	s = poll(t, d)
	if got := s.Children()[0].Value("cloud_connection").String(); got != "on" {
		t.Errorf("after it woke: %s", got)
	}

	f.set("get_child_device_list", `{"child_device_list":[{"device_id":"b","category":"subg.trigger.button"},
		{"device_id":"a","category":"subg.trigger.contact-sensor","open":false}]}`)
	poll(t, d)
	if again := d.Children(); len(again) != 2 || again[0] != first[1] || again[1] != first[0] {
		t.Error("a child in another place is another device")
	}
	f.set("get_child_device_list", &wattle.DeviceError{Family: wattle.SMART, Method: "get_child_device_list", Code: -1001})
	poll(t, d)
	if len(d.Children()) != 2 {
		t.Error("a failed list made the children vanish")
	}
	f.set("get_child_device_list", `{"child_device_list":[]}`)
	poll(t, d)
	if len(d.Children()) != 0 {
		t.Error("a child that was removed is still there")
	}
	if _, err := first[0].Poll(t.Context()); err != nil {
		t.Errorf("polling a removed child: %v", err)
	}
	if err := first[0].Set(t.Context(), "is_open", true); !errors.Is(err, wattle.ErrUnsupported) {
		t.Errorf("setting a reading: %v", err)
	}
}

// TestSetManyLight: off wins over what would turn a Kasa bulb on.
func TestSetManyLight(t *testing.T) {
	f := &fake{answers: map[string]any{"system.get_sysinfo": `{"mic_type":"IOT.SMARTBULB","model":"KL130(EU)","mic_mac":"020000000003",
		"deviceId":"80","is_dimmable":1,"is_color":1,"is_variable_color_temp":1,
		"light_state":{"on_off":1,"brightness":50,"hue":0,"saturation":0,"color_temp":2700}}`}}
	d, err := device.New(t.Context(), f, wattle.IOT, &device.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	const light = "smartlife.iot.smartbulb.lightingservice.transition_light_state "
	for _, tt := range []struct {
		settings []device.Setting
		want     string
	}{
		{[]device.Setting{{ID: "state", Value: false}, {ID: "brightness", Value: 20}}, `{"brightness":20,"ignore_default":1,"on_off":0}`},
		{[]device.Setting{{ID: "brightness", Value: 20}, {ID: "state", Value: true}}, `{"brightness":20,"ignore_default":1,"on_off":1}`},
		{[]device.Setting{{ID: "state", Value: true}}, `{"ignore_default":0,"on_off":1}`},
		{[]device.Setting{{ID: "brightness", Value: 0}}, `{"ignore_default":1,"on_off":0}`},
		{
			[]device.Setting{{ID: "hsv", Value: "240,100,80"}, {ID: "brightness", Value: 50}},
			`{"brightness":50,"color_temp":0,"hue":240,"ignore_default":1,"on_off":1,"saturation":100}`,
		},
	} {
		f.sent = nil
		if err := d.SetMany(t.Context(), tt.settings...); err != nil || len(f.sent) != 1 || f.last() != light+tt.want {
			t.Errorf("%v sent %d calls, %s (%v), want %s", tt.settings, len(f.sent), f.last(), err, tt.want)
		}
	}
}
