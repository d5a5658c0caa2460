package simulator_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"wattle"
	"wattle/capture"
	"wattle/simulator"
	"wattle/simulator/homes"
)

// device makes one of the invented home.
func device(tb testing.TB, name string, o simulator.DeviceOptions) *simulator.Device {
	tb.Helper()
	o.Library = homes.Library()
	d, err := simulator.New(invented(tb, name), &o)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// invented finds a capture of the invented home by the start of its name.
func invented(tb testing.TB, name string) *capture.File {
	tb.Helper()
	for _, f := range append(homes.Demo(), homes.Children()...) {
		if strings.HasPrefix(f.Name, name) {
			return f
		}
	}
	tb.Fatalf("no invented device is called %s", name)
	return nil
}

// at follows a path such as "system.get_sysinfo.children.0.state".
func at(tb testing.TB, answer json.RawMessage, path string) any {
	tb.Helper()
	var v any
	if err := json.Unmarshal(answer, &v); err != nil {
		tb.Fatalf("%s: %v", answer, err)
	}
	for key := range strings.SplitSeq(path, "/") {
		switch in := v.(type) {
		case map[string]any:
			v = in[key]
		case []any:
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// TestSetAndGet: what a setter changed is what getters answer.
func TestSetAndGet(t *testing.T) {
	const sysinfo = `{"system":{"get_sysinfo":{}}}`
	const info = `{"method":"get_device_info"}`
	get := func(method string) string { return `{"method":"` + method + `"}` }
	set := func(method, params string) string { return `{"method":"` + method + `","params":` + params + `}` }
	child := func(id, request string) string {
		return `{"method":"control_child","params":{"device_id":"` + id + `","requestData":` + request + `}}`
	}
	ids := func(name string, n int) string {
		return device(t, name, simulator.DeviceOptions{}).Info().Children[n].DeviceID
	}
	const lamp, strip = "smartlife.iot.smartbulb.lightingservice", "smartlife.iot.lightStrip"
	tests := []struct{ device, set, get, path, want string }{
		{"HS100(EU)", `{"system":{"set_relay_state":{"state":0}}}`, sysinfo, "system/get_sysinfo/relay_state", `0`},
		{"HS100(EU)", `{"system":{"set_relay_state":{"state":0}}}`, sysinfo, "system/get_sysinfo/on_time", `0`},
		{"HS100(EU)", `{"system":{"set_dev_alias":{"alias":"Lampe <ü>"}}}`, sysinfo, "system/get_sysinfo/alias", `"Lampe \u003cü\u003e"`},
		{"HS100(EU)", `{"system":{"set_led_off":{"off":1}}}`, sysinfo, "system/get_sysinfo/led_off", `1`},
		{"HS100(EU)", `{"system":{"set_dev_location":{"latitude_i":509413,"longitude_i":69583}}}`, sysinfo, "system/get_sysinfo/latitude_i", `509413`},
		{"HS110(EU)", `{"system":{"set_relay_state":{"state":0}}}`, `{"emeter":{"get_realtime":{}}}`, "emeter/get_realtime/power", `0`},
		{"HS110(EU)", `{"emeter":{"erase_emeter_stat":{}}}`, `{"emeter":{"get_realtime":{}}}`, "emeter/get_realtime/total", `0`},
		{"HS110(EU)", `{"emeter":{"erase_emeter_stat":{}}}`, `{"emeter":{"get_monthstat":{"year":2026}}}`, "emeter/get_monthstat/month_list", `[]`},
		{"HS110(EU)", `{"emeter":{"set_vgain_igain":{"vgain":1,"igain":2}}}`, `{"emeter":{"get_vgain_igain":{}}}`, "emeter/get_vgain_igain/igain", `2`},
		{"KP115(EU)", `{"system":{"set_relay_state":{"state":0}}}`, `{"emeter":{"get_realtime":{}}}`, "emeter/get_realtime/current_ma", `0`},
		{"KP115(EU)", `{"schedule":{"delete_all_rules":{}}}`, `{"schedule":{"get_rules":{}}}`, "schedule/get_rules/rule_list", `[]`},
		{"KP115(EU)", `{"schedule":{"set_overall_enable":{"enable":0}}}`, `{"schedule":{"get_rules":{}}}`, "schedule/get_rules/enable", `0`},
		{"KP115(EU)", `{"cnCloud":{"unbind":{}}}`, `{"cnCloud":{"get_info":{}}}`, "cnCloud/get_info/binded", `0`},
		{"KP115(EU)", `{"cnCloud":{"set_server_url":{"server":"x.example"}}}`, `{"cnCloud":{"get_info":{}}}`, "cnCloud/get_info/server", `"x.example"`},
		{"HS100(EU)", `{"time":{"set_timezone":{"year":2026,"month":7,"mday":1,"hour":10,"min":0,"sec":0,"index":41}}}`, `{"time":{"get_timezone":{}}}`, "time/get_timezone/index", `41`},
		{"HS100(EU)", `{"time":{"set_timezone":{"year":2026,"month":7,"mday":1,"hour":10,"min":0,"sec":0,"index":41}}}`, `{"time":{"get_time":{}}}`, "time/get_time/hour", `10`},
		{"HS100(EU)", `{"time":{"set_time":{"year":2025,"month":2,"mday":3,"hour":4,"min":5,"sec":6}}}`, `{"time":{"get_time":{}}}`, "time/get_time/year", `2025`},
		{"HS220(US)", `{"smartlife.iot.dimmer":{"set_brightness":{"brightness":7}}}`, sysinfo, "system/get_sysinfo/brightness", `7`},
		{"HS220(US)", `{"smartlife.iot.dimmer":{"set_dimmer_transition":{"brightness":0,"duration":1}}}`, sysinfo, "system/get_sysinfo/relay_state", `0`},
		{"HS220(US)", `{"smartlife.iot.dimmer":{"set_switch_state":{"state":0}}}`, sysinfo, "system/get_sysinfo/relay_state", `0`},
		{"HS220(US)", `{"smartlife.iot.dimmer":{"calibrate_brightness":{"minThreshold":20}}}`, `{"smartlife.iot.dimmer":{"get_dimmer_parameters":{}}}`, "smartlife.iot.dimmer/get_dimmer_parameters/minThreshold", `20`},
		{"HS220(US)", `{"smartlife.iot.dimmer":{"set_long_press_action":{"mode":"customize_preset","index":2}}}`, `{"smartlife.iot.dimmer":{"get_default_behavior":{}}}`, "smartlife.iot.dimmer/get_default_behavior/long_press", `{"index":2,"mode":"customize_preset"}`},
		{"KS200M", `{"smartlife.iot.LAS":{"set_enable":{"enable":0}}}`, `{"smartlife.iot.LAS":{"get_config":{}}}`, "smartlife.iot.LAS/get_config/devs/0/enable", `0`},
		{"KS200M", `{"smartlife.iot.LAS":{"set_brt_level":{"index":5,"value":33}}}`, `{"smartlife.iot.LAS":{"get_config":{}}}`, "smartlife.iot.LAS/get_config/devs/0/level_array/5/value", `33`},
		{"KS200M", `{"smartlife.iot.LAS":{"set_dark_index":{"dark_index":3}}}`, `{"smartlife.iot.LAS":{"get_config":{}}}`, "smartlife.iot.LAS/get_config/devs/0/dark_index", `3`},
		{"KS200M", `{"smartlife.iot.PIR":{"set_trigger_sens":{"index":3,"value":42}}}`, `{"smartlife.iot.PIR":{"get_config":{}}}`, "smartlife.iot.PIR/get_config/array/3", `42`},
		{"KS200M", `{"smartlife.iot.PIR":{"set_trigger_sens":{"index":2}}}`, `{"smartlife.iot.PIR":{"get_config":{}}}`, "smartlife.iot.PIR/get_config/trigger_index", `2`},
		{"KS200M", `{"smartlife.iot.PIR":{"set_cold_time":{"cold_time":1000}}}`, `{"smartlife.iot.PIR":{"get_config":{}}}`, "smartlife.iot.PIR/get_config/cold_time", `1000`},
		{"KL110(EU)", `{"` + lamp + `":{"transition_light_state":{"on_off":1,"ignore_default":0}}}`, sysinfo, "system/get_sysinfo/light_state/brightness", `45`},
		{"KL110(EU)", `{"smartlife.iot.common.system":{"set_dev_alias":{"alias":"B"}}}`, sysinfo, "system/get_sysinfo/alias", `"B"`},
		{"KL130(EU)", `{"` + lamp + `":{"transition_light_state":{"on_off":0}}}`, `{"` + lamp + `":{"get_light_state":{}}}`, lamp + "/get_light_state/dft_on_state/hue", `265`},
		{"KL130(EU)", `{"` + lamp + `":{"transition_light_state":{"color_temp":4000}}}`, sysinfo, "system/get_sysinfo/light_state/color_temp", `4000`},
		{"KL130(EU)", `{"` + lamp + `":{"transition_light_state":{"on_off":0}}}`, `{"smartlife.iot.common.emeter":{"get_realtime":{}}}`, "smartlife.iot.common.emeter/get_realtime/power_mw", `0`},
		{"KL130(EU)", `{"` + lamp + `":{"set_preferred_state":{"index":1,"hue":5,"saturation":6,"color_temp":0,"brightness":7}}}`, sysinfo, "system/get_sysinfo/preferred_state/1/hue", `5`},
		{"KL430(EU)", `{"` + strip + `":{"set_light_state":{"hue":120,"saturation":50,"color_temp":0,"brightness":30}}}`, `{"` + strip + `":{"get_light_state":{}}}`, strip + "/get_light_state/groups/0", `[0,15,120,50,30,0]`},
		{"KL430(EU)", `{"smartlife.iot.lighting_effect":{"set_lighting_effect":{"name":"Aurora","id":"x","custom":0,"enable":1,"brightness":40}}}`, sysinfo, "system/get_sysinfo/lighting_effect_state/name", `"Aurora"`},
		{"KP303(EU)", `{"context":{"child_ids":["01"]},"system":{"set_relay_state":{"state":1}}}`, sysinfo, "system/get_sysinfo/children/1/state", `1`},
		{"KP303(EU)", `{"context":{"child_ids":["01"]},"system":{"set_relay_state":{"state":1}}}`, `{"context":{"child_ids":["01"]},"emeter":{"get_realtime":{}}}`, "emeter/get_realtime/power_mw", `31870`},
		{"KP303(EU)", `{"context":{"child_ids":["01"]},"system":{"set_dev_alias":{"alias":"C"}}}`, sysinfo, "system/get_sysinfo/children/1/alias", `"C"`},
		{"KP303(EU)", `{"system":{"set_relay_state":{"state":0}}}`, sysinfo, "system/get_sysinfo/children/2/on_time", `0`},
		{"KP303(EU)", `{"system":{"set_dev_alias":{"alias":"S"}}}`, sysinfo, "system/get_sysinfo/alias", `"S"`},

		{"P100(EU)", set("set_device_info", `{"device_on":false}`), info, "result/device_on", `false`},
		{"P100(EU)", set("set_device_info", `{"nickname":"TGFtcGU="}`), info, "result/nickname", `"TGFtcGU="`},
		{"P100(EU)", set("set_led_info", `{"led_rule":"never"}`), get("get_led_info"), "result/led_status", `false`},
		{"P100(EU)", set("set_auto_update_info", `{"enable":false,"random_range":60,"time":100}`), get("get_auto_update_info"), "result/time", `100`},
		{"P100(EU)", set("set_device_time", `{"timestamp":1800000000,"time_diff":60,"region":"Europe/Berlin"}`), get("get_device_time"), "result", `{"region":"Europe/Berlin","time_diff":60,"timestamp":1800000000}`},
		{"P100(EU)", set("set_device_time", `{"timestamp":1800000000,"time_diff":60,"region":"Europe/Berlin"}`), info, "result/region", `"Europe/Berlin"`},
		{"P110(EU)", set("set_device_info", `{"device_on":false}`), get("get_emeter_data"), "result/power_mw", `0`},
		{"P110(EU)", set("set_device_info", `{"device_on":false}`), get("get_energy_usage"), "result/current_power", `0`},
		{"P110(EU)", set("set_device_info", `{"device_on":false}`), get("get_current_power"), "result/current_power", `0`},
		{"P110(EU)", set("set_auto_off_config", `{"enable":true,"delay_min":5}`), info, "result/auto_off_remain_time", `300`},
		{"P110(EU)", set("set_protection_power", `{"enabled":true,"protection_power":1000}`), get("get_protection_power"), "result/protection_power", `1000`},
		{"P110(EU)", `{"method":"clear_energy_data"}`, get("get_emeter_data"), "result/energy_wh", `0`},
		{"P110(EU)", set("set_electricity_price_config", `{"type":"constant","constant_price":3000}`), get("get_electricity_price_config"), "result/constant_price", `3000`},
		{"P110(EU)", set("add_countdown_rule", `{"enable":true,"delay":300,"desired_states":{"on":false}}`), get("get_countdown_rules"), "result/rule_list/0/remain", `300`},
		{"P110(EU)", set("add_schedule_rule", `{"enable":true,"mode":"repeat","week_day":127,"s_min":60,"desired_states":{"on":true}}`), get("get_schedule_rules"), "result/sum", `1`},
		{"P110(EU)", set("add_antitheft_rule", `{"enable":true,"frequency":5,"mode":"repeat","week_day":127,"start_min":1080,"end_min":1380}`), get("get_antitheft_rules"), "result/rule_list/0/id", `"A1"`},
		{"P110(EU)", set("set_schedule_all_enable", `{"enable":true}`), get("get_schedule_rules"), "result/enable", `true`},
		{"L530(EU)", set("set_device_info", `{"hue":5,"saturation":6}`), info, "result/color_temp", `0`},
		{"L530(EU)", set("set_device_info", `{"color_temp":6500}`), info, "result/color_temp", `6500`},
		{"L530(EU)", set("set_dynamic_light_effect_rule_enable", `{"enable":true,"id":"L2"}`), info, "result/dynamic_light_effect_id", `"L2"`},
		{"L530(EU)", set("set_dynamic_light_effect_rule_enable", `{"enable":true,"id":"L2"}`), get("get_dynamic_light_effect_rules"), "result/current_rule_id", `"L2"`},
		{"L530(EU)", set("edit_dynamic_light_effect_rule", `{"id":"L1","scene_name":"eA=="}`), get("get_dynamic_light_effect_rules"), "result/rule_list/0/scene_name", `"eA=="`},
		{"L530(EU)", set("edit_preset_rules", `{"index":2,"state":{"brightness":1}}`), get("get_preset_rules"), "result/states/2/brightness", `1`},
		{"L530(EU)", set("set_on_off_gradually_info", `{"enable":false}`), get("get_on_off_gradually_info"), "result/enable", `false`},
		{"L530(EU)", set("set_auto_light_info", `{"enable":true}`), get("get_auto_light_info"), "result", `{"enable":true,"mode":"light_track"}`},
		{"L920(EU)", set("set_lighting_effect", `{"id":"x","name":"Ocean","enable":1,"custom":0,"brightness":30}`), info, "result/lighting_effect/name", `"Ocean"`},
		{"L920(EU)", set("set_lighting_effect", `{"brightness":12,"bAdjusted":true}`), info, "result/lighting_effect/brightness", `12`},
		{"S505D(US)", set("set_preset_rules", `{"brightness":[90,60,30]}`), get("get_preset_rules"), "result/brightness", `[90,60,30]`},
		{"S505D(US)", set("set_on_off_gradually_info", `{"on_state":{"enable":true,"duration":30}}`), get("get_on_off_gradually_info"), "result/on_state", `{"duration":30,"enable":true,"max_duration":60}`},
		{"P300(EU)", child(ids("P300", 2), set("set_device_info", `{"device_on":true}`)), get("get_child_device_list"), "result/child_device_list/2/device_on", `true`},
		{"P300(EU)", child(ids("P300", 1), set("set_auto_off_config", `{"enable":true,"delay_min":1}`)), get("get_child_device_list"), "result/child_device_list/1/auto_off_status", `"on"`},
		{"KS240(US)", child(ids("KS240", 0), set("set_device_info", `{"fan_speed_level":4,"fan_sleep_mode_on":true}`)), get("get_child_device_list"), "result/child_device_list/0/fan_speed_level", `4`},
		{"KS240(US)", child(ids("KS240", 1), set("set_device_info", `{"device_on":true}`)), get("get_child_device_list"), "result/child_device_list/1/on_off", `1`},
		{"KS240(US)", child(ids("KS240", 1), set("set_on_off_gradually_info", `{"on_state":{"enable":false,"duration":9}}`)), get("get_child_device_list"), "result/child_device_list/1/fade_on_time", `9`},
		{"KS240(US)", child(ids("KS240", 1), set("set_preset_rules", `{"brightness":[50,10]}`)), get("get_child_device_list"), "result/child_device_list/1/preset_state", `[{"brightness":50},{"brightness":10}]`},
		{"H100(EU)", set("set_alarm_configure", `{"type":"Alarm 1","volume":"high","duration":9}`), get("get_alarm_configure"), "result/duration", `9`},
		{"H100(EU)", set("play_alarm", `{"alarm_type":"Alarm 1"}`), info, "result/in_alarm", `true`},
		{"H100(EU)", child(ids("H100", 4), set("set_device_info", `{"target_temp":18.5,"frost_protection_on":false}`)), get("get_child_device_list"), "result/child_device_list/4/target_temp", `18.5`},
		{"H100(EU)", child(ids("H100", 4), set("set_child_protection", `{"enable":true}`)), get("get_child_device_list"), "result/child_device_list/4/child_protection", `true`},
		{"H100(EU)", child(ids("H100", 2), set("set_temperature_unit", `{"temp_unit":"fahrenheit"}`)), get("get_child_device_list"), "result/child_device_list/2/temp_unit", `"fahrenheit"`},
		{"H100(EU)", child(ids("H100", 3), set("set_double_click_info", `{"enable":false}`)), child(ids("H100", 3), get("get_double_click_info")), "result/responseData/result/enable", `false`},
		{"H100(EU)", set("remove_child_device_list", `{"child_device_list":[{"device_id":"`+ids("H100", 0)+`"}]}`), get("get_child_device_list"), "result/sum", `4`},
		{"RV30", set("setSwitchClean", `{"clean_mode":0,"clean_on":true,"clean_order":true,"force_clean":false}`), get("getVacStatus"), "result/status", `1`},
		{"RV30", set("setDustCollectionInfo", `{"auto_dust_collection":false}`), get("getAutoDustCollection"), "result/auto_dust_collection", `0`},
		{"RV30", set("setDoNotDisturb", `{"s_min":0}`), get("getDoNotDisturb"), "result", `{"do_not_disturb":true,"e_min":450,"s_min":0}`},
		{"RV30", set("setCleanAttr", `{"suction":4,"type":"global"}`), get("getCleanAttr"), "result", `{"cistern":2,"clean_number":1,"suction":4}`},
		{"RV30", set("setVolume", `{"volume":11}`), get("getVolume"), "result/volume", `11`},
		{"RV30", set("setChildLockInfo", `{"child_lock_status":true}`), get("getChildLockInfo"), "result/child_lock_status", `true`},
		{"RV30", set("resetConsumablesTime", `{"reset_list":["filter"]}`), get("getConsumablesInfo"), "result/filter_time", `0`},
		{"T310(EU)", child(ids("T310", 0), set("set_temperature_unit", `{"temp_unit":"fahrenheit"}`)), get("get_child_device_list"), "result/child_device_list/0/temp_unit", `"fahrenheit"`},
	}
	for _, tt := range tests {
		t.Run(tt.device+" "+tt.path, func(t *testing.T) {
			d := device(t, tt.device, simulator.DeviceOptions{Freeze: true})
			answer := handle(t, d, tt.set)
			if codes := codesOf(t, answer); len(codes) > 0 {
				t.Fatalf("%s answered %s", tt.set, answer)
			}
			if got := show(at(t, handle(t, d, tt.get), tt.path)); got != tt.want {
				t.Errorf("after %s: %s is %s, want %s", tt.set, tt.path, got, tt.want)
			}
		})
	}
	t.Logf("%d setters", len(tests))
}

// TestRefusals: wrong values change nothing, and are refused as the kind of
// device refuses.
func TestRefusals(t *testing.T) {
	const lamp = "smartlife.iot.smartbulb.lightingservice"
	set := func(params string) string { return `{"method":"set_device_info","params":` + params + `}` }
	tests := []struct{ device, request, want string }{
		{"HS100(EU)", `{"system":{"set_relay_state":{"state":2}}}`, `{"system":{"set_relay_state":{"err_code":-3,"err_msg":"invalid argument"}}}`},
		{"HS100(EU)", `{"system":{"set_relay_state":null}}`, `{"system":{"set_relay_state":{"err_code":-3,"err_msg":"invalid argument"}}}`},
		{"HS100(EU)", `{"system":{"nonsense":{}}}`, `{"system":{"nonsense":{"err_code":-2,"err_msg":"member not support"}}}`},
		{"HS100(EU)", `{"nonsense":{"x":{}},"emeter":{"get_realtime":{}}}`, `{"nonsense":{"err_code":-1,"err_msg":"module not support"},"emeter":{"err_code":-1,"err_msg":"module not support"}}`},
		{"HS100(EU)", `{}`, `{}`},
		{"HS100(EU)", `{"context":{"child_ids":["x"]},"context":{"a":{}}}`, `{"context":{"err_code":-1,"err_msg":"module not support"}}`},
		{"HS110(EU)", `{"emeter":{"get_daystat":{"year":2026}}}`, `{"emeter":{"get_daystat":{"err_code":-3,"err_msg":"invalid argument"}}}`},
		{"HS220(US)", `{"smartlife.iot.dimmer":{"set_brightness":{"brightness":0}}}`, `{"smartlife.iot.dimmer":{"set_brightness":{"err_code":-3,"err_msg":"invalid argument"}}}`},
		{"KL110(EU)", `{"` + lamp + `":{"transition_light_state":{"color_temp":5000}}}`, `{"` + lamp + `":{"transition_light_state":{"err_code":-10000,"err_msg":"Invalid input argument"}}}`},
		{"KL110(EU)", `{"emeter":{"get_realtime":{}}}`, `{"emeter":{"err_code":-2001,"err_msg":"Module not support"}}`},
		{"KL110(EU)", `{"system":{"set_relay_state":{"state":1}}}`, `{"system":{"set_relay_state":{"err_code":-2000,"err_msg":"Method not support"}}}`},
		{"KL430(EU)", `{"emeter":{"get_realtime":{}}}`, `{"emeter":{"err_code":-1,"err_msg":"module not support"}}`},
		{"KP303(EU)", `{"context":{"child_ids":["00","77"]},"system":{"set_relay_state":{"state":0}}}`, `{"system":{"set_relay_state":{"err_code":-14,"err_msg":"entry not exist"}}}`},
		{"KP303(EU)", `{"context":{"child_ids":"00"},"system":{"set_relay_state":{"state":0}}}`, `{"system":{"set_relay_state":{"err_code":-3,"err_msg":"invalid argument"}}}`},
		{"KP303(EU)", `{"context":{"child_ids":[7]},"system":{"set_led_off":{"off":0}}}`, `{"system":{"set_led_off":{"err_code":0}}}`},
		{"KP303(EU)", `{"context":{"child_ids":[]},"system":{"set_relay_state":{"state":0}}}`, `{"system":{"set_relay_state":{"err_code":0}}}`},
		{"P100(EU)", set(`{"device_on":1}`), `{"error_code":-1008}`},
		{"P100(EU)", set(`{"brightness":50}`), `{"error_code":-1008}`},
		{"P100(EU)", set(`{"rssi":-1}`), `{"error_code":-1008}`},
		{"P100(EU)", set(`{"nickname":"no base64!"}`), `{"error_code":-1008}`},
		{"P100(EU)", `{"method":"get_nonsense"}`, `{"error_code":-1008}`},
		{"P100(EU)", `{"method":"nonsense"}`, `{"error_code":-1002}`},
		{"P100(EU)", `{"method":"get_energy_usage"}`, `{"error_code":-1008}`},
		{"P100(EU)", `{"method":"set_led_info","params":{"led_rule":"sometimes"}}`, `{"error_code":-1008}`},
		{"P100(EU)", `{"method":"set_device_info","params":[]}`, `{"error_code":-1008}`},
		{"P100(EU)", `{"params":{}}`, `{"error_code":-1002}`},
		{"P100(EU)", `nonsense`, `{"error_code":-1003}`},
		{"P110(EU)", `{"method":"set_protection_power","params":{"protection_power":9999}}`, `{"error_code":-1008}`},
		{"L530(EU)", set(`{"brightness":0}`), `{"error_code":-1008}`},
		{"L530(EU)", set(`{"brightness":101,"hue":1}`), `{"error_code":-1008}`},
		{"L530(EU)", set(`{"color_temp":2000}`), `{"error_code":-1008}`},
		{"L530(EU)", set(`{"hue":361}`), `{"error_code":-1008}`},
		{"L530(EU)", `{"method":"set_dynamic_light_effect_rule_enable","params":{"enable":true,"id":"L9"}}`, `{"error_code":-1008}`},
		{"H100(EU)", set(`{"device_on":true}`), `{"error_code":-1008}`},
		{"H100(EU)", `{"method":"control_child","params":{"device_id":"none","requestData":{"method":"get_device_info"}}}`, `{"error_code":-1008}`},
		{"P100(EU)", `{"method":"control_child","params":{}}`, `{"error_code":-1002}`},
	}
	for _, tt := range tests {
		d := device(t, tt.device, simulator.DeviceOptions{Freeze: true})
		question := `{"method":"get_device_info"}`
		if strings.HasPrefix(tt.want, `{"system"`) || strings.Contains(tt.want, "err_code") {
			question = `{"system":{"get_sysinfo":{}}}`
		}
		before := handle(t, d, question)
		if got := handle(t, d, tt.request); !sameJSON(t, got, json.RawMessage(tt.want)) {
			t.Errorf("%s: %s answered %s, want %s", tt.device, tt.request, got, tt.want)
		}
		if after := handle(t, d, question); !sameJSON(t, after, before) {
			t.Errorf("%s: %s changed %s to %s", tt.device, tt.request, before, after)
		}
	}
	t.Logf("%d refusals", len(tests))
}

// TestBatch: a batch stops at the first failure; limits and bad habits.
func TestBatch(t *testing.T) {
	batch := func(methods ...string) string {
		var list []string
		for _, m := range methods {
			list = append(list, `{"method":"`+m+`"}`)
		}
		return `{"method":"multipleRequest","params":{"requests":[` + strings.Join(list, ",") + `]}}`
	}
	d := device(t, "P100(EU)", simulator.DeviceOptions{Freeze: true})
	answer := handle(t, d, batch("get_connect_cloud_state", "get_nonsense", "get_device_info"))
	if want := `{"error_code":0,"result":{"responses":[{"error_code":0,"method":"get_connect_cloud_state","result":{"status":0}},{"error_code":-1008,"method":"get_nonsense"}]}}`; !sameJSON(t, answer, json.RawMessage(want)) {
		t.Errorf("got %s, want %s", answer, want)
	}
	if got := at(t, handle(t, d, batch("multipleRequest")), "result/responses/0/error_code"); got != -1008.0 {
		t.Errorf("a batch in a batch: %v", got)
	}
	hub := device(t, "H100(EU)", simulator.DeviceOptions{Freeze: true})
	inner := `{"method":"control_child","params":{"device_id":"` + hub.Info().Children[0].DeviceID + `","requestData":` + batch("get_device_info", "get_trigger_logs") + `}}`
	if got := at(t, handle(t, hub, inner), "result/responseData/result/responses/1/result/sum"); got != 2.0 {
		t.Errorf("a batch for a child: %v", got)
	}
	quirks := []struct {
		quirk simulator.Quirks
		first string
		next  string
	}{
		{simulator.Quirks{NoBatch: true}, `{"error_code":-1003}`, `{"error_code":-1003}`},
		{simulator.Quirks{MaxBatch: 1}, `{"error_code":-1006}`, `{"error_code":-1006}`},
		{simulator.Quirks{MaxRequest: 20}, ``, ``},
		{simulator.Quirks{MaxAnswer: 100}, ``, ``},
	}
	for _, tt := range quirks {
		d := device(t, "P100(EU)", simulator.DeviceOptions{Quirks: tt.quirk})
		for _, want := range []string{tt.first, tt.next} {
			if got := handle(t, d, batch("get_device_info", "get_device_time")); string(got) != want {
				t.Errorf("%+v: got %s, want %s", tt.quirk, got, want)
			}
		}
	}
	silent := device(t, "P100(EU)", simulator.DeviceOptions{Quirks: simulator.Quirks{SilentBatch: true}})
	if handle(t, silent, batch("get_device_info")) == nil || handle(t, silent, batch("get_device_info")) != nil {
		t.Error("SilentBatch: the first batch is answered, the second is not")
	}
}

// TestTimes: what runs by itself, with a clock that the test moves.
func TestTimes(t *testing.T) {
	now := time.Date(2026, 3, 30, 22, 0, 0, 0, time.UTC)
	o := simulator.DeviceOptions{Now: func() time.Time { return now }}
	plug := device(t, "HS110(EU)", o)
	read := func(d *simulator.Device, request, path string) float64 {
		t.Helper()
		v, ok := at(t, handle(t, d, request), path).(float64)
		if !ok {
			t.Fatalf("%s of %s is no number", path, handle(t, d, request))
		}
		return v
	}
	const sysinfo, realtime = `{"system":{"get_sysinfo":{}}}`, `{"emeter":{"get_realtime":{}}}`
	day := func(year, month, day int) float64 {
		answer := handle(t, plug, fmt.Sprintf(`{"emeter":{"get_daystat":{"year":%d,"month":%d}}}`, year, month))
		list, _ := at(t, answer, "emeter/get_daystat/day_list").([]any)
		for _, entry := range list {
			e, _ := entry.(map[string]any)
			if e["day"] == float64(day) {
				kwh, _ := e["energy"].(float64)
				return kwh
			}
		}
		return 0
	}
	onTime, total, today := read(plug, sysinfo, "system/get_sysinfo/on_time"), read(plug, realtime, "emeter/get_realtime/total"), day(2026, 3, 30)
	if today <= 0 || day(2026, 3, 29) <= 0 || day(2026, 3, 31) != 0 || day(2025, 3, 1) != 0 {
		t.Errorf("days: today %v, yesterday %v, tomorrow %v, a year ago %v", today, day(2026, 3, 29), day(2026, 3, 31), day(2025, 3, 1))
	}
	now = now.Add(time.Hour)
	near := func(what string, got, want, within float64) {
		t.Helper()
		if got < want-within || got > want+within {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	power := read(plug, realtime, "emeter/get_realtime/power")
	near("on_time", read(plug, sysinfo, "system/get_sysinfo/on_time"), onTime+3600, 0)
	near("total", read(plug, realtime, "emeter/get_realtime/total"), total+power/1000, 1e-5)
	near("today", day(2026, 3, 30), today+power/1000, 1e-3)
	now = now.Add(26 * time.Hour) // over midnight, and into the next month
	near("yesterday", day(2026, 3, 31), 24*power/1000, 1e-3)
	near("today", day(2026, 4, 1), power/1000, 1e-3)
	near("this month", read(plug, `{"emeter":{"get_monthstat":{"year":2026}}}`, "emeter/get_monthstat/month_list/3/energy"), power/1000, 1e-3)
	handle(t, plug, `{"system":{"set_relay_state":{"state":0}}}`)
	total = read(plug, realtime, "emeter/get_realtime/total")
	now = now.Add(10 * time.Hour)
	near("total while off", read(plug, realtime, "emeter/get_realtime/total"), total, 0)
	handle(t, plug, `{"count_down":{"add_rule":{"name":"","enable":1,"delay":60,"act":1}}}`)
	if mode := at(t, handle(t, plug, sysinfo), "system/get_sysinfo/active_mode"); mode != "count_down" {
		t.Errorf("active_mode %v", mode)
	}
	now = now.Add(59 * time.Second)
	near("remain", read(plug, `{"count_down":{"get_rules":{}}}`, "count_down/get_rules/rule_list/0/remain"), 1, 0)
	near("before the timer", read(plug, sysinfo, "system/get_sysinfo/relay_state"), 0, 0)
	now = now.Add(11 * time.Second)
	near("after the timer", read(plug, sysinfo, "system/get_sysinfo/relay_state"), 1, 0)

	strip := device(t, "KP303(EU)", o) // the second outlet is off; the recorded reading is that of the first
	outlet := func(child int) float64 {
		return read(strip, fmt.Sprintf(`{"context":{"child_ids":["0%d"]},"emeter":{"get_realtime":{}}}`, child), "emeter/get_realtime/power_mw")
	}
	near("outlet that is on", outlet(0), 31870, 0)
	near("outlet that is off", outlet(1), 0, 0)
	handle(t, strip, `{"context":{"child_ids":["01"]},"system":{"set_relay_state":{"state":1}}}`)
	if got := outlet(1); got == 0 || got == 31870 {
		t.Errorf("outlet that was turned on: %v mW, want a load of its own", got)
	}

	tapo := device(t, "P110(EU)", o)
	usage := func(key string) float64 { return read(tapo, `{"method":"get_energy_usage"}`, "result/"+key) }
	todayWh, month, runtime := usage("today_energy"), usage("month_energy"), usage("today_runtime")
	now = now.Add(2 * time.Hour)
	watts := usage("current_power") / 1000
	near("today_energy", usage("today_energy"), todayWh+2*watts, 1)
	near("month_energy", usage("month_energy"), month+2*watts, 1)
	near("today_runtime", usage("today_runtime"), runtime+120, 1)
	near("timestamp", read(tapo, `{"method":"get_device_time"}`, "result/timestamp"), float64(now.Unix()), 0)
	handle(t, tapo, `{"method":"set_auto_off_config","params":{"enable":true,"delay_min":10}}`)
	now = now.Add(9 * time.Minute)
	near("auto_off_remain_time", read(tapo, `{"method":"get_device_info"}`, "result/auto_off_remain_time"), 60, 0)
	now = now.Add(2 * time.Minute)
	if on := at(t, handle(t, tapo, `{"method":"get_device_info"}`), "result/device_on"); on != false {
		t.Errorf("auto off did not switch it off")
	}
	series := func(interval int, start, end time.Time) []any {
		list, _ := at(t, handle(t, tapo, fmt.Sprintf(`{"method":"get_energy_data","params":{"interval":%d,"start_timestamp":%d,"end_timestamp":%d}}`,
			interval, start.Unix(), end.Unix())), "result/data").([]any)
		return list
	}
	if n := len(series(60, now, now)); n != 24 {
		t.Errorf("%d hours", n)
	}
	if n := len(series(1440, now, now)); n != 91 {
		t.Errorf("%d days in the second quarter", n)
	}
	if n := len(series(43200, now, now)); n != 12 {
		t.Errorf("%d months", n)
	}
}

// TestIdentities: devices of one capture have ids, MACs and children of their own.
func TestIdentities(t *testing.T) {
	seen := map[string]bool{}
	n := 0
	for _, f := range homes.Demo() {
		for index := range 50 {
			d, err := simulator.New(f, &simulator.DeviceOptions{Index: n, Library: homes.Library(), Alias: fmt.Sprintf("Device %d", index)})
			if err != nil {
				t.Fatal(err)
			}
			n++
			i := d.Info()
			ids := []string{i.DeviceID, i.MAC.String()}
			for _, c := range i.Children {
				ids = append(ids, c.DeviceID)
			}
			for _, id := range ids {
				if id == "" || seen[id] {
					t.Fatalf("%s has %q again", i.Name, id)
				}
				seen[id] = true
			}
			if i.Alias != fmt.Sprintf("Device %d", index) {
				t.Errorf("alias %q", i.Alias)
			}
		}
	}
	t.Logf("%d devices, %d ids", n, len(seen))
}

// TestPages: a long list comes in pages of ten.
func TestPages(t *testing.T) {
	d := device(t, "P110(EU)", simulator.DeviceOptions{Freeze: true})
	for i := range 25 {
		handle(t, d, fmt.Sprintf(`{"method":"add_schedule_rule","params":{"enable":true,"mode":"repeat","week_day":127,"desired_states":{"on":true},"s_min":%d}}`, i))
	}
	total := 0
	for start, want := range map[int]int{0: 10, 10: 10, 20: 5, 25: 0, 99: 0} {
		answer := handle(t, d, fmt.Sprintf(`{"method":"get_schedule_rules","params":{"start_index":%d}}`, start))
		list, _ := at(t, answer, "result/rule_list").([]any)
		if len(list) != want || at(t, answer, "result/sum") != 25.0 || at(t, answer, "result/start_index") != float64(start) {
			t.Errorf("from %d: %d entries, want %d, of %v", start, len(list), want, at(t, answer, "result/sum"))
		}
		total += len(list)
	}
	if total != 25 {
		t.Errorf("%d entries, want 25", total)
	}
	if got := handle(t, d, `{"method":"get_schedule_rules","params":{"start_index":-1}}`); string(got) != `{"error_code":-1008}` {
		t.Errorf("a negative start: %s", got)
	}
	for range 8 {
		handle(t, d, `{"method":"add_schedule_rule","params":{"enable":true,"mode":"repeat","week_day":1,"desired_states":{"on":false},"s_min":0}}`)
	}
	if got := handle(t, d, `{"method":"add_schedule_rule","params":{"enable":true,"mode":"repeat","week_day":1,"desired_states":{"on":false},"s_min":0}}`); string(got) != `{"error_code":-1802}` {
		t.Errorf("a full table: %s", got)
	}
}

func TestPoke(t *testing.T) {
	hub := device(t, "H100(EU)", simulator.DeviceOptions{})
	if err := hub.Poke("Back door", "open", "true"); err != nil {
		t.Error(err)
	}
	if err := hub.Poke(hub.Info().Children[2].DeviceID, "current_temp", "17.5"); err != nil {
		t.Error(err)
	}
	list := handle(t, hub, `{"method":"get_child_device_list"}`)
	if at(t, list, "result/child_device_list/0/open") != true || at(t, list, "result/child_device_list/2/current_temp") != 17.5 {
		t.Errorf("%s", list)
	}
	plug := device(t, "KP115(EU)", simulator.DeviceOptions{})
	if err := plug.Poke("", "power_w", "60"); err != nil {
		t.Error(err)
	}
	if mw := at(t, handle(t, plug, `{"emeter":{"get_realtime":{}}}`), "emeter/get_realtime/power_mw"); mw != 60_000.0 {
		t.Errorf("power %v", mw)
	}
	for _, bad := range [][3]string{{"", "nothing", "1"}, {"", "rssi", "loud"}, {"", "power_w", "-1"}, {"Nobody", "rssi", "1"}} {
		if err := plug.Poke(bad[0], bad[1], bad[2]); err == nil {
			t.Errorf("Poke(%q) did not fail", bad)
		}
	}
}

// changed is a capture with one answer replaced; text that is no JSON leaves
// it as it is.
func changed(f *capture.File, key, value string) *capture.File {
	data := maps.Clone(f.Data)
	var compact bytes.Buffer
	if json.Compact(&compact, []byte(value)) == nil && compact.Len() > 0 {
		if f.Family != wattle.IOT || compact.Bytes()[0] == '{' {
			data[key] = compact.Bytes()
		}
	}
	return &capture.File{Name: f.Name, Kind: f.Kind, Family: f.Family, Data: data, Discovery: f.Discovery}
}
