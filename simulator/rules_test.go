package simulator_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"wattle/simulator"
)

// night is a device with a clock that the test moves, at 17:00 of a Monday.
func night(t *testing.T, name string) (*simulator.Device, *time.Time) {
	t.Helper()
	now := time.Date(2026, 3, 30, 17, 0, 0, 0, time.UTC)
	d := device(t, name, simulator.DeviceOptions{Now: func() time.Time { return now }})
	return d, &now
}

func told(t *testing.T, d *simulator.Device, request, path string) string {
	t.Helper()
	return show(at(t, handle(t, d, request), path))
}

const (
	sysinfoRequest = `{"system":{"get_sysinfo":{}}}`
	infoRequest    = `{"method":"get_device_info"}`
)

// scheduleIOT is a rule in the words of IOT devices.
func scheduleIOT(module, members string) string {
	return `{"` + module + `":{"add_rule":{"name":"x","enable":1,"wday":[1,1,1,1,1,1,1],"repeat":1,"soffset":0,"etime_opt":-1,"emin":0,"eoffset":0,"eact":-1,"year":0,"month":0,"day":0,` + members + `}}}`
}

func TestScheduleIOT(t *testing.T) {
	d, now := night(t, "HS100(EU)")
	handle(t, d, `{"system":{"set_relay_state":{"state":0}}}`)
	handle(t, d, scheduleIOT("schedule", `"stime_opt":0,"smin":1110,"sact":1,"etime_opt":0,"emin":1380,"eact":0`))
	want := func(what, request, path, want string) {
		t.Helper()
		if got := told(t, d, request, path); got != want {
			t.Errorf("%s at %s: %s, want %s", what, now.Format(time.TimeOnly), got, want)
		}
	}
	want("mode", sysinfoRequest, "system/get_sysinfo/active_mode", `"schedule"`)
	want("next", `{"schedule":{"get_next_action":{}}}`, "schedule/get_next_action/schd_time", "66600")
	*now = now.Add(89 * time.Minute)
	want("before", sysinfoRequest, "system/get_sysinfo/relay_state", "0")
	*now = now.Add(121 * time.Minute) // 20:30
	want("while", sysinfoRequest, "system/get_sysinfo/relay_state", "1")
	want("on_time", sysinfoRequest, "system/get_sysinfo/on_time", "7200")
	want("next", sysinfoRequest, "system/get_sysinfo/next_action/schd_sec", "82800")
	want("next", sysinfoRequest, "system/get_sysinfo/next_action/action", "0")
	*now = now.Add(3 * time.Hour)
	want("after", sysinfoRequest, "system/get_sysinfo/relay_state", "0")
	handle(t, d, `{"schedule":{"set_overall_enable":{"enable":0}}}`)
	want("switched off", sysinfoRequest, "system/get_sysinfo/active_mode", `"none"`)
	want("switched off", `{"schedule":{"get_next_action":{}}}`, "schedule/get_next_action/type", "-1")
	*now = now.Add(20 * time.Hour)
	want("switched off", sysinfoRequest, "system/get_sysinfo/relay_state", "0")
}

// TestSchedulesCatchUp: a silence of three days is three days of switching.
func TestSchedulesCatchUp(t *testing.T) {
	d, now := night(t, "HS110(EU)")
	handle(t, d, `{"system":{"set_relay_state":{"state":0}}}`)
	handle(t, d, `{"schedule":{"erase_runtime_stat":{}}}`)
	handle(t, d, scheduleIOT("schedule", `"stime_opt":0,"smin":1110,"sact":1`))
	handle(t, d, scheduleIOT("schedule", `"stime_opt":0,"smin":1170,"sact":0`))
	*now = now.AddDate(0, 0, 3)
	if got := told(t, d, `{"schedule":{"get_daystat":{"year":2026,"month":3}}}`, "schedule/get_daystat/day_list"); got != `[{"day":30,"month":3,"time":60,"year":2026},{"day":31,"month":3,"time":60,"year":2026}]` {
		t.Errorf("runtime %s", got)
	}
	*now = now.AddDate(20, 0, 0) // no matter how long
	handle(t, d, sysinfoRequest)
}

func TestSunAndOnce(t *testing.T) {
	d, now := night(t, "HS100(EU)")
	handle(t, d, `{"system":{"set_relay_state":{"state":0},"set_dev_location":{"latitude_i":509413,"longitude_i":69583}}}`)
	handle(t, d, scheduleIOT("schedule", `"stime_opt":2,"smin":0,"soffset":-30,"sact":1`))
	// Cologne, 30 March: sunset 18:02 UTC.
	if got := told(t, d, `{"schedule":{"get_rules":{}}}`, "schedule/get_rules/rule_list/0/smin"); got < "1050" || got > "1054" {
		t.Errorf("computed minute %s, want about 1052", got)
	}
	*now = now.Add(45 * time.Minute)
	if got := told(t, d, sysinfoRequest, "system/get_sysinfo/relay_state"); got != "1" {
		t.Errorf("half an hour before sunset it is %s", got)
	}
	handle(t, d, `{"schedule":{"delete_all_rules":{}}}`)
	once := strings.Replace(scheduleIOT("schedule", `"stime_opt":0,"smin":1200,"sact":0`), `"repeat":1`, `"repeat":0`, 1)
	once = strings.Replace(once, `"year":0,"month":0,"day":0`, `"year":2026,"month":3,"day":31`, 1)
	handle(t, d, once)
	for _, want := range []string{"1", "0"} { // 30 and 31 March, 21:00
		*now = time.Date(2026, 3, now.Day(), 21, 0, 0, 0, time.UTC)
		if got := told(t, d, sysinfoRequest, "system/get_sysinfo/relay_state"); got != want {
			t.Errorf("on %s it is %s, want %s", now.Format(time.DateOnly), got, want)
		}
		*now = now.AddDate(0, 0, 1)
	}
	if got := told(t, d, `{"schedule":{"get_rules":{}}}`, "schedule/get_rules/rule_list/0/enable"); got != "0" {
		t.Errorf("a rule that acted once has enable %s", got)
	}
}

func TestLightRules(t *testing.T) {
	bulb, now := night(t, "KL130(EU)")
	const module = "smartlife.iot.common.schedule"
	handle(t, bulb, scheduleIOT(module, `"stime_opt":0,"smin":1080,"sact":2,"s_light":{"on_off":1,"mode":"customize_preset","hue":120,"saturation":80,"color_temp":0,"brightness":33,"transition_period":1000}`))
	if got := told(t, bulb, `{"`+module+`":{"get_next_action":{}}}`, module+"/get_next_action/light/hue"); got != "120" {
		t.Errorf("next action has hue %s", got)
	}
	*now = now.Add(time.Hour)
	for path, want := range map[string]string{"on_off": "1", "hue": "120", "saturation": "80", "color_temp": "0", "brightness": "33"} {
		if got := told(t, bulb, sysinfoRequest, "system/get_sysinfo/light_state/"+path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	handle(t, bulb, scheduleIOT(module, `"stime_opt":0,"smin":1140,"sact":2,"s_light":{"on_off":0,"mode":"last_status","hue":0,"saturation":0,"color_temp":0,"brightness":0}`))
	*now = now.Add(time.Hour)
	if got := told(t, bulb, sysinfoRequest, "system/get_sysinfo/light_state/dft_on_state/brightness"); got != "33" {
		t.Errorf("turned off it keeps brightness %s", got)
	}
	dimmer, now := night(t, "HS220(US)")
	handle(t, dimmer, scheduleIOT("schedule", `"stime_opt":0,"smin":1080,"sact":3,"s_dimmer":{"on_off":1,"mode":"customize_preset","brightness":21}`))
	*now = now.Add(time.Hour)
	if got := told(t, dimmer, sysinfoRequest, "system/get_sysinfo/brightness"); got != "21" {
		t.Errorf("the dimmer is at %s", got)
	}

	tapo, now := night(t, "L530(EU)")
	handle(t, tapo, `{"method":"add_schedule_rule","params":{"enable":true,"mode":"repeat","week_day":127,"s_min":1080,"s_type":"normal","desired_states":{"on":true,"auto":false,"brightness":12,"color_temp":2700,"hue":0,"saturation":0,"transition_period":1000}}}`)
	if got := told(t, tapo, `{"method":"get_next_event"}`, "result/s_time"); got == "null" {
		t.Error("no next event")
	}
	*now = now.Add(26 * time.Hour)
	for path, want := range map[string]string{"device_on": "true", "brightness": "12", "color_temp": "2700"} {
		if got := told(t, tapo, infoRequest, "result/"+path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

func TestTimers(t *testing.T) {
	strip, now := night(t, "KP303(EU)")
	id := strip.Info().Children[1].DeviceID
	of := func(request string) string { return `{"context":{"child_ids":["` + id + `"]},` + request[1:] }
	handle(t, strip, of(`{"count_down":{"add_rule":{"name":"","enable":1,"delay":60,"act":1}}}`))
	if got := told(t, strip, of(`{"count_down":{"add_rule":{"name":"","enable":1,"delay":60,"act":1}}}`), "count_down/add_rule/err_code"); got != "-10" {
		t.Errorf("a second timer: %s", got)
	}
	if got := told(t, strip, sysinfoRequest, "system/get_sysinfo/children/1/next_action/type"); got != "2" {
		t.Errorf("next_action of the outlet: type %s", got)
	}
	*now = now.Add(100 * time.Second)
	if got := told(t, strip, sysinfoRequest, "system/get_sysinfo/children/1/on_time"); got != "40" {
		t.Errorf("the outlet is on for %s s, want 40", got)
	}
	list := handle(t, strip, of(`{"count_down":{"get_rules":{}}}`))
	if got := show(at(t, list, "count_down/get_rules/rule_list/0/enable")) + show(at(t, list, "count_down/get_rules/rule_list/0/remain")); got != "00" {
		t.Errorf("the timer that is over: %s", list)
	}
	if got := told(t, strip, `{"count_down":{"get_rules":{}}}`, "count_down/get_rules/rule_list"); got != "[]" {
		t.Errorf("the first outlet has %s", got)
	}

	plug, now := night(t, "P110(EU)")
	handle(t, plug, `{"method":"set_device_info","params":{"device_on":true}}`)
	add := `{"method":"add_countdown_rule","params":{"enable":true,"delay":300,"remain":300,"desired_states":{"on":false}}}`
	handle(t, plug, add)
	if got := string(handle(t, plug, add)); got != `{"error_code":-1902}` {
		t.Errorf("a second timer: %s", got)
	}
	*now = now.Add(200 * time.Second)
	if got := told(t, plug, `{"method":"get_countdown_rules"}`, "result/rule_list/0/remain"); got != "100" {
		t.Errorf("remain %s, want 100", got)
	}
	*now = now.Add(200 * time.Second)
	if got := told(t, plug, infoRequest, "result/device_on"); got != "false" {
		t.Errorf("device_on %s", got)
	}
}

func TestAway(t *testing.T) {
	for _, tt := range []struct{ name, add, off, state, on string }{
		{
			"HS100(EU)", `{"anti_theft":{"add_rule":{"name":"","enable":1,"wday":[1,1,1,1,1,1,1],"repeat":1,"stime_opt":0,"smin":1080,"soffset":0,"etime_opt":0,"emin":1380,"eoffset":0,"frequency":5,"duration":2,"lastfor":1,"year":0,"month":0,"day":0,"force":0}}}`,
			`{"system":{"set_relay_state":{"state":0}}}`, sysinfoRequest, "system/get_sysinfo/relay_state",
		},
		{
			"P100(EU)", `{"method":"add_antitheft_rule","params":{"enable":true,"mode":"repeat","week_day":127,"start_time_type":"normal","start_min":1080,"end_time_type":"normal","end_min":1380,"frequency":5}}`,
			`{"method":"set_device_info","params":{"device_on":false}}`, infoRequest, "result/device_on",
		},
	} {
		var runs [2]string
		for run := range runs {
			d, now := night(t, tt.name)
			handle(t, d, tt.off)
			handle(t, d, tt.add)
			for now.Hour() < 23 {
				*now = now.Add(time.Minute)
				runs[run] += told(t, d, tt.state, tt.on)[:1]
			}
			*now = now.Add(time.Minute)
			if got := told(t, d, tt.state, tt.on); got != "0" && got != "false" {
				t.Errorf("%s: after the window it is %s", tt.name, got)
			}
		}
		series := strings.NewReplacer("f", "0", "t", "1").Replace(runs[0])
		if runs[0] != runs[1] {
			t.Errorf("%s: two runs differ", tt.name)
		}
		if strings.Count(series, "01") < 3 || !strings.HasSuffix(series, "0") {
			t.Errorf("%s: it switched so: %s", tt.name, series)
		}
	}
}

// TestRuleRefusals: wrong arguments are refused, and tables have an end.
func TestRuleRefusals(t *testing.T) {
	plug, _ := night(t, "HS100(EU)")
	for _, members := range []string{
		`"stime_opt":3,"smin":1,"sact":1`, `"smin":1,"sact":1`, `"stime_opt":0,"smin":1441,"sact":1`, `"stime_opt":0,"smin":1,"sact":4`,
		`"stime_opt":0,"smin":1`, `"stime_opt":0,"smin":1,"sact":2,"s_light":{}`, `"stime_opt":0,"smin":1,"sact":3`, `"stime_opt":0,"smin":"1","sact":1`,
	} {
		if got := told(t, plug, scheduleIOT("schedule", members), "schedule/add_rule/err_code"); got != "-3" {
			t.Errorf("%s: %s", members, got)
		}
	}
	for i := range 32 {
		got := told(t, plug, scheduleIOT("schedule", fmt.Sprintf(`"stime_opt":0,"smin":%d,"sact":1`, i)), "schedule/add_rule/err_code")
		if want := map[bool]string{true: "0", false: "-10"}[i < 31]; got != want {
			t.Errorf("rule %d: %s, want %s", i+1, got, want)
		}
	}
	if got := told(t, plug, `{"schedule":{"delete_rule":{"id":"none"}}}`, "schedule/delete_rule/err_code"); got != "-14" {
		t.Errorf("deleting an unknown rule: %s", got)
	}
	tapo, _ := night(t, "P110(EU)")
	for _, params := range []string{
		`{}`, `{"enable":true}`, `{"enable":true,"mode":"daily","week_day":1,"s_min":1,"desired_states":{}}`,
		`{"enable":true,"mode":"repeat","week_day":128,"s_min":1,"desired_states":{}}`, `{"enable":true,"mode":"repeat","week_day":1,"s_min":1440,"desired_states":{}}`,
		`{"enable":true,"mode":"repeat","week_day":1,"s_min":1}`, `{"enable":true,"mode":"repeat","week_day":1,"s_min":1,"s_type":"noon","desired_states":{}}`,
	} {
		if got := string(handle(t, tapo, `{"method":"add_schedule_rule","params":`+params+`}`)); got != `{"error_code":-1008}` {
			t.Errorf("%s: %s", params, got)
		}
	}
}

// TestRulesAsRecorded: until something changes, a running device answers what
// is stored.
func TestRulesAsRecorded(t *testing.T) {
	files, library := captureFiles(t)
	n := 0
	for _, f := range files {
		now := time.Date(2026, 3, 30, 17, 0, 0, 0, time.UTC)
		d, err := simulator.New(f, &simulator.DeviceOptions{Library: library, KeepIDs: true, Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Minute)
		for _, module := range []string{"schedule", "smartlife.iot.common.schedule"} {
			for method, want := range f.Methods(module) {
				if method != "get_rules" && method != "get_next_action" {
					continue
				}
				n++
				got := handle(t, d, `{"`+module+`":{"`+method+`":{}}}`)
				if whole := json.RawMessage(`{"` + module + `":{"` + method + `":` + string(want) + `}}`); !sameJSON(t, got, whole) {
					t.Errorf("%s %s.%s: %s, want %s", f.Name, module, method, got, whole)
				}
			}
		}
		for _, method := range []string{"get_schedule_rules", "get_countdown_rules", "get_antitheft_rules", "get_next_event"} {
			if want, ok := f.Data[method]; ok && !f.Child && want[0] == '{' {
				n++
				checkMethod(t, d, f, method, want)
			}
		}
	}
	t.Logf("%d answers", n)
}

// FuzzRules: whatever rule a client sends, time passes and the device answers.
func FuzzRules(f *testing.F) {
	f.Add(`{"enable":1,"wday":[1,1,1,1,1,1,1],"repeat":0,"stime_opt":2,"smin":0,"soffset":-30,"sact":2,"s_light":{"on_off":1,"hue":400,"brightness":7},"etime_opt":1,"emin":3,"eact":0}`,
		`{"enable":true,"mode":"once","week_day":0,"year":2026,"month":3,"day":30,"s_type":"sunset","s_min":0,"time_offset":5,"desired_states":{"on":true,"brightness":5}}`)
	f.Add(`{"enable":1,"wday":[1,1,1,1,1,1,1],"stime_opt":0,"smin":1080,"etime_opt":0,"emin":1380}`,
		`{"enable":true,"mode":"repeat","week_day":127,"start_min":1080,"end_min":60,"rule_list":[{}],"desired_states":{},"s_min":1439}`)
	f.Add(`{"enable":1,"delay":0,"act":1}`, `{"enable":true,"delay":1,"desired_states":{"on":1}}`)
	f.Fuzz(func(t *testing.T, iot, smart string) {
		now := time.Date(2026, 3, 30, 17, 0, 0, 0, time.UTC)
		o := simulator.DeviceOptions{Now: func() time.Time { return now }}
		bulb, plug, lamp := device(t, "KL130(EU)", o), device(t, "HS100(EU)", o), device(t, "L530(EU)", o)
		for _, module := range []string{"schedule", "count_down", "anti_theft"} {
			for prefix, d := range map[string]*simulator.Device{"": plug, "smartlife.iot.common.": bulb} {
				if _, err := d.Handle(t.Context(), []byte(`{"`+prefix+module+`":{"add_rule":`+iot+`}}`)); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, method := range []string{"add_schedule_rule", "add_antitheft_rule", "add_countdown_rule", "set_schedule_rules", "set_antitheft_rules"} {
			if _, err := lamp.Handle(t.Context(), []byte(`{"method":"`+method+`","params":`+smart+`}`)); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			now = now.Add(25 * time.Hour)
			for _, request := range []string{sysinfoRequest, `{"schedule":{"get_rules":{},"get_next_action":{}}}`, `{"smartlife.iot.common.schedule":{"get_rules":{},"get_next_action":{}}}`} {
				at(t, handle(t, bulb, request), "")
				at(t, handle(t, plug, request), "")
			}
			for _, method := range []string{"get_device_info", "get_schedule_rules", "get_next_event", "get_antitheft_rules"} {
				at(t, handle(t, lamp, `{"method":"`+method+`"}`), "")
			}
		}
	})
}
