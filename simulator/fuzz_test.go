package simulator_test

import (
	"encoding/json"
	"testing"

	"wattle/simulator"
	"wattle/simulator/homes"
)

// FuzzHandle: whatever a client sends, a device answers with JSON or not at
// all, and goes on to work.
func FuzzHandle(f *testing.F) {
	for _, seed := range []string{
		`{"system":{"get_sysinfo":{}}}`,
		`{"context":{"child_ids":["00"]},"system":{"set_relay_state":{"state":1},"set_dev_alias":{"alias":"x"}},"emeter":{"get_realtime":null}}`,
		`{"smartlife.iot.smartbulb.lightingservice":{"transition_light_state":{"on_off":1,"hue":3,"color_temp":0}}}`,
		`{"smartlife.iot.lightStrip":{"set_light_state":{"brightness":3}},"smartlife.iot.lighting_effect":{"set_lighting_effect":{"enable":1,"name":"x"}}}`,
		`{"schedule":{"add_rule":{"enable":1,"wday":[1,1,1,1,1,1,1]},"get_daystat":{"year":2026,"month":1}}}`,
		`{"count_down":{"add_rule":{"enable":1,"delay":1,"act":1},"delete_rule":{"id":"x"}},"time":{"set_timezone":{"index":9}}}`,
		`{"smartlife.iot.LAS":{"set_brt_level":{"index":1,"value":2}},"smartlife.iot.PIR":{"set_trigger_sens":{"index":3,"value":2}}}`,
		`{"smartlife.iot.dimmer":{"set_dimmer_transition":{"brightness":3,"duration":1}}}`,
		`{"method":"get_device_info"}`,
		`{"method":"set_device_info","params":{"device_on":false,"brightness":3,"default_states":{"type":"custom"}}}`,
		`{"method":"multipleRequest","params":{"requests":[{"method":"get_device_time"},{"method":"get_energy_usage"}]}}`,
		`{"method":"control_child","params":{"device_id":"8022","requestData":{"method":"multipleRequest","params":{"requests":[]}}}}`,
		`{"method":"get_energy_data","params":{"interval":60,"start_timestamp":1,"end_timestamp":9}}`,
		`{"method":"get_power_data","params":{"interval":5,"start_timestamp":1,"end_timestamp":9}}`,
		`{"method":"set_device_time","params":{"timestamp":1,"time_diff":-60,"region":"x"}}`,
		`{"method":"set_on_off_gradually_info","params":{"on_state":{"enable":true,"duration":3}}}`,
		`{"method":"edit_preset_rules","params":{"index":1,"state":{}}}`,
		`{"method":"setSwitchClean","params":{"clean_on":true}}`,
		`{"method":"remove_countdown_rules","params":{"remove_all":true}}`,
		`[1,2`, `null`, ``, `{"method":null}`, `{"system":null}`, `{"context":""}`,
	} {
		for which := range homes.Demo() {
			f.Add(seed, uint8(which))
		}
	}
	demo, library := homes.Demo(), homes.Library()
	f.Fuzz(func(t *testing.T, request string, which uint8) {
		d, err := simulator.New(demo[int(which)%len(demo)], &simulator.DeviceOptions{Library: library})
		if err != nil {
			t.Fatal(err)
		}
		first := d.Info()
		for range 2 {
			if answer := handle(t, d, request); answer != nil && !json.Valid(answer) {
				t.Fatalf("%s answered %q", first.Name, answer)
			}
		}
		if i := d.Info(); i.DeviceID != first.DeviceID || i.MAC != first.MAC {
			t.Fatalf("%s became %s", first.DeviceID, i.DeviceID)
		}
		d.Discovery(simulator.Announcement{})
	})
}

// FuzzCapture: whatever answers a capture holds, a device is made of it or
// refused, and answers.
func FuzzCapture(f *testing.F) {
	f.Add("get_device_info", `{"device_id":"1","mac":"02-00-00-00-00-01","device_on":true,"brightness":5}`, `{"method":"set_device_info","params":{"brightness":6}}`, uint8(13))
	f.Add("get_child_device_list", `{"child_device_list":[{"device_id":"1"}],"start_index":0,"sum":1}`, `{"method":"get_child_device_list"}`, uint8(14))
	f.Add("system", `{"get_sysinfo":{"children":[{"id":"00"}],"light_state":{}}}`, `{"system":{"get_sysinfo":{}}}`, uint8(6))
	f.Add("emeter", `{"get_realtime":{"power":1e308,"total":-1}}`, `{"emeter":{"get_realtime":{},"get_monthstat":{"year":2026}}}`, uint8(1))
	f.Add("get_device_time", `{"region":"../x","time_diff":1e9,"timestamp":1e30}`, `{"method":"get_device_time"}`, uint8(13))
	f.Fuzz(func(t *testing.T, key, value, request string, which uint8) {
		c := homes.Demo()[int(which)%len(homes.Demo())]
		d, err := simulator.New(changed(c, key, value), nil)
		if err != nil {
			return
		}
		for _, r := range []string{request, `{"system":{"get_sysinfo":{}}}`, `{"method":"get_device_info"}`} {
			if answer := handle(t, d, r); answer != nil && !json.Valid(answer) {
				t.Fatalf("%s answered %q", c.Name, answer)
			}
		}
		d.Discovery(simulator.Announcement{})
	})
}
