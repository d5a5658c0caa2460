package rule_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wattle"
	"wattle/internal/recorded"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
	"wattle/rule"
)

var (
	kasaPlug   = rule.Target{Family: wattle.IOT}
	kasaDimmer = rule.Target{Family: wattle.IOT, Dimmable: true}
	kasaWhite  = rule.Target{Family: wattle.IOT, Lamp: true, Dimmable: true}
	kasaColor  = rule.Target{Family: wattle.IOT, Lamp: true, Dimmable: true, Color: true, Temperature: true}
	tapoPlug   = rule.Target{Family: wattle.SMART}
	vacuum     = rule.Target{Family: wattle.SMART, Cleans: true}
	tapoOld    = rule.Target{Family: wattle.SMART, ActionWord: true}
	tapoColor  = rule.Target{Family: wattle.SMART, Dimmable: true, Color: true, Temperature: true}
	today      = rule.Date{Year: 2026, Month: 3, Day: 30}
)

// Rules as devices list them; the values are invented.
var samples = []struct {
	name   string
	target rule.Target
	raw    string
	text   string
}{
	{
		"plug", kasaPlug,
		`{"id":"A1","name":"Evening","enable":1,"wday":[0,1,1,1,1,1,0],"repeat":1,"stime_opt":0,"smin":1110,"soffset":0,"sact":1,"etime_opt":-1,"emin":0,"eoffset":0,"eact":-1,"year":0,"month":0,"day":0,"force":0}`,
		"mon-fri 18:30 on",
	},
	{
		"interval", kasaPlug,
		`{"id":"A2","name":"x","enable":0,"wday":[1,0,0,0,0,0,1],"repeat":1,"stime_opt":1,"smin":400,"soffset":15,"sact":1,"etime_opt":2,"emin":1200,"eoffset":-60,"eact":0,"new":{"a":1}}`,
		"sat,sun sunrise+15m on until sunset-1h off (disabled)",
	},
	{
		"once", kasaPlug,
		`{"id":"A3","name":"x","enable":1,"wday":[0,0,0,0,1,0,0],"repeat":0,"stime_opt":0,"smin":0,"soffset":0,"sact":0,"etime_opt":-1,"emin":0,"eoffset":0,"eact":-1,"year":2026,"month":12,"day":24}`,
		"2026-12-24 00:00 off",
	},
	{
		"bulb", kasaColor,
		`{"id":"B1","name":"Schedule Rule","enable":1,"wday":[1,1,1,1,1,1,1],"repeat":1,"stime_opt":2,"smin":1131,"soffset":-40,"sact":2,"s_light":{"on_off":1,"mode":"customize_preset","hue":0,"saturation":0,"color_temp":2700,"brightness":40,"transition_period":5000},"etime_opt":-1,"emin":0,"eoffset":0,"eact":-1}`,
		"daily sunset-40m on, 40 %, 2700 K over 5s",
	},
	{
		"bulb off", kasaWhite,
		`{"id":"B2","name":"Schedule Rule","enable":1,"wday":[1,1,1,1,1,1,1],"repeat":1,"stime_opt":0,"smin":1380,"soffset":0,"sact":2,"s_light":{"on_off":0,"mode":"last_status","hue":0,"saturation":0,"color_temp":0,"brightness":0,"transition_period":30000},"etime_opt":-1,"emin":0,"eoffset":0,"eact":-1}`,
		"daily 23:00 off over 30s",
	},
	{
		"circadian", kasaColor,
		`{"id":"B3","name":"Schedule Rule","enable":1,"wday":[1,1,1,1,1,1,1],"repeat":1,"stime_opt":0,"smin":60,"soffset":0,"sact":2,"s_light":{"on_off":1,"mode":"circadian","brightness":40,"transition_period":0},"etime_opt":-1,"emin":0,"eoffset":0,"eact":-1}`,
		"daily 01:00 on, 40 %",
	},
	{
		"unknown act", kasaPlug,
		`{"id":"A9","name":"x","enable":1,"wday":[1,1,1,1,1,1,1],"repeat":1,"stime_opt":0,"smin":60,"soffset":0,"sact":7,"etime_opt":-1,"emin":0,"eoffset":0,"eact":-1}`,
		"daily 01:00 other",
	},
	{
		"dimmer", kasaDimmer,
		`{"id":"D1","name":"x","enable":1,"wday":[1,1,1,1,1,1,1],"repeat":1,"stime_opt":0,"smin":60,"soffset":0,"sact":3,"s_dimmer":{"on_off":1,"mode":"customize_preset","brightness":50},"etime_opt":-1,"emin":0,"eoffset":0,"eact":-1}`,
		"daily 01:00 on, 50 %",
	},
	{
		"tapo plug", tapoPlug,
		`{"id":"S1","enable":true,"mode":"repeat","week_day":62,"year":2026,"month":1,"day":12,"s_type":"normal","s_min":1110,"time_offset":0,"e_type":"normal","e_min":0,"e_action":"none","desired_states":{"on":true}}`,
		"mon-fri 18:30 on",
	},
	{
		"tapo old", tapoOld,
		`{"id":"S2","enable":false,"mode":"once","week_day":0,"year":2026,"month":12,"day":24,"s_type":"normal","s_min":1,"time_offset":0,"e_type":"normal","e_min":0,"e_action":"none","s_action":"off","desired_states":{"on":false}}`,
		"2026-12-24 00:01 off (disabled)",
	},
	{
		"tapo lamp", tapoColor,
		`{"id":"S4","enable":true,"mode":"repeat","week_day":127,"year":2026,"month":1,"day":12,"s_type":"sunset","s_min":1010,"time_offset":-30,"e_type":"normal","e_min":0,"e_action":"none","desired_states":{"on":true,"auto":false,"brightness":70,"color_temp":3000,"hue":0,"saturation":0,"transition_period":1200000}}`,
		"daily sunset-30m on, 70 %, 3000 K over 20m",
	},
	{
		"tapo end", tapoPlug,
		`{"id":"S5","enable":true,"mode":"repeat","week_day":1,"year":2026,"month":1,"day":12,"s_type":"normal","s_min":0,"time_offset":0,"e_type":"normal","e_min":70,"e_action":"off","desired_states":{"on":true,"x":[1]}}`,
		"sun 00:00 on",
	},
	{
		"vacuum", vacuum,
		`{"id":"S1","enable":true,"mode":"repeat","week_day":62,"s_min":515,"year":2025,"month":1,"day":21,"alarm_min":0,"cancel":false,"invalid":0,"start_remind":true,"clean_attr":{"cistern":2,"suction":2}}`,
		"mon-fri 08:35 other",
	},
}

// members reads an object.
func members(tb testing.TB, raw []byte) map[string]any {
	tb.Helper()
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		tb.Fatalf("%s: %v", raw, err)
	}
	return m
}

// through reads a rule of a device and writes it again.
func through(tb testing.TB, target *rule.Target, raw []byte) (rule.Schedule, []byte) {
	tb.Helper()
	var s rule.Schedule
	var out any
	if target.Family == wattle.IOT {
		var r iot.ScheduleRule
		if err := json.Unmarshal(raw, &r); err != nil {
			tb.Fatal(err)
		}
		s = rule.FromIOT(&r)
		out = s.ToIOT(target)
	} else {
		var r smart.ScheduleRule
		if err := json.Unmarshal(raw, &r); err != nil {
			tb.Fatal(err)
		}
		s = rule.FromSMART(&r)
		out = s.ToSMART(target, today)
	}
	b, err := json.Marshal(out)
	if err != nil {
		tb.Fatal(err)
	}
	return s, b
}

// computed are members that the device fills in for rules by the sun.
func computed(m map[string]any) {
	if opt, _ := m["stime_opt"].(float64); opt > 0 {
		m["smin"] = 0.0
	}
	if opt, _ := m["etime_opt"].(float64); opt > 0 {
		m["emin"] = 0.0
	}
	if kind, _ := m["s_type"].(string); kind == "sunrise" || kind == "sunset" {
		m["s_min"] = 0.0
	}
}

func check(t *testing.T, name string, target *rule.Target, raw []byte) rule.Schedule {
	t.Helper()
	s, b := through(t, target, raw)
	before, after := members(t, raw), members(t, b)
	computed(before)
	for key, want := range before {
		if !reflect.DeepEqual(after[key], want) {
			t.Errorf("%s: %s was %v and came back as %v", name, key, want, after[key])
		}
	}
	again, _ := through(t, target, b)
	if !rule.Same(&s, &again) {
		t.Errorf("%s: %s came back as %s", name, &s, &again)
	}
	return s
}

// TestThereAndBack: what a device lists is what it gets back, with all that we
// do not know.
func TestThereAndBack(t *testing.T) {
	for _, tt := range samples {
		s := check(t, tt.name, &tt.target, []byte(tt.raw))
		if s.String() != tt.text {
			t.Errorf("%s: %s, want %s", tt.name, &s, tt.text)
		}
		if fitted, losses, ok := rule.Fit(s, &tt.target); !ok || len(losses) > 0 || !rule.Same(&fitted, &s) {
			t.Errorf("%s does not fit the device that it is on: %v", tt.name, losses)
		}
	}
	t.Logf("%d rules", len(samples))
}

// TestThereAndBackCaptures does the same over all rules of real devices.
func TestThereAndBackCaptures(t *testing.T) {
	rules := 0
	for family, pattern := range map[wattle.Family]string{wattle.IOT: "iot", wattle.SMART: "smart"} {
		for _, file := range recorded.Files(t, pattern) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, raw := range rulesOf(t, family, b) {
				rules++
				target := kasaPlug
				if family == wattle.SMART {
					target = tapoColor
				} else if members(t, raw)["s_light"] != nil {
					target = kasaWhite
				}
				check(t, filepath.Base(file), &target, raw)
			}
		}
	}
	t.Logf("%d rules", rules)
}

func rulesOf(t *testing.T, family wattle.Family, b []byte) []json.RawMessage {
	t.Helper()
	type table struct {
		List []json.RawMessage `json:"rule_list"`
	}
	if family == wattle.SMART {
		var f struct {
			Table table `json:"get_schedule_rules"`
		}
		_ = json.Unmarshal(b, &f) // a refusal is a number
		return f.Table.List
	}
	var f map[string]json.RawMessage
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	var out []json.RawMessage
	for _, module := range []string{iot.ModuleSchedule, iot.ModuleBulbSchedule} {
		var m struct {
			Table table `json:"get_rules"`
		}
		_ = json.Unmarshal(f[module], &m)
		out = append(out, m.Table.List...)
	}
	return out
}

// schedules draws rules that are right, and that fit a target.
func schedules(target *rule.Target) *rapid.Generator[rule.Schedule] {
	return rapid.Custom(func(t *rapid.T) rule.Schedule {
		s := rule.Schedule{Enabled: rapid.Bool().Draw(t, "enabled"), At: at(t), Action: action(t, target)}
		if target.Family == wattle.IOT {
			s.Name = rapid.SampledFrom([]string{"", "Evening", "ü: \"x\" # y\n- z", "true", "null", "1"}).Draw(t, "name")
			if rapid.Bool().Draw(t, "interval") {
				s.End = &rule.End{At: at(t), Action: action(t, target)}
			}
		}
		if rapid.Bool().Draw(t, "once") {
			s.Once, s.Date = true, rule.Date{Year: rapid.IntRange(1970, 9999).Draw(t, "year"), Month: 2, Day: rapid.IntRange(1, 28).Draw(t, "day")}
		} else {
			s.Days = rule.Weekdays(rapid.IntRange(1, 127).Draw(t, "days"))
		}
		return s
	})
}

func at(t *rapid.T) rule.At {
	from := rapid.SampledFrom([]rule.Reference{rule.Clock, rule.Sunrise, rule.Sunset}).Draw(t, "from")
	if from == rule.Clock {
		return rule.At{Minute: rapid.IntRange(0, 1439).Draw(t, "minute")}
	}
	return rule.At{From: from, Offset: rapid.IntRange(-1439, 1439).Draw(t, "offset")}
}

func action(t *rapid.T, target *rule.Target) rule.Action {
	a := rule.Action{Do: rapid.SampledFrom([]rule.Verb{rule.On, rule.Off}).Draw(t, "do")}
	n := func(name string, low, high int) method.Opt[int] {
		return method.Some(rapid.IntRange(low, high).Draw(t, name))
	}
	if a.Do == rule.On && target.Dimmable && rapid.Bool().Draw(t, "state") {
		a.Brightness = n("brightness", 1, 100)
		switch colour := rapid.IntRange(0, 2).Draw(t, "colour"); {
		case colour == 1 && target.Color:
			a.Hue, a.Saturation = n("hue", 0, 360), n("saturation", 1, 100)
		case colour == 2 && target.Temperature:
			a.ColorTemp = n("kelvin", 1000, 20_000)
		}
	}
	if (target.Lamp || target.Family == wattle.SMART && target.Dimmable) && rapid.Bool().Draw(t, "fade") {
		a.Transition = n("transition", 1, 86_400_000)
	}
	return a
}

var targets = []rule.Target{kasaPlug, kasaDimmer, kasaWhite, kasaColor, tapoPlug, tapoOld, tapoColor}

// TestAnyRuleThereAndBack: a rule that fits a device is the same after it.
func TestAnyRuleThereAndBack(t *testing.T) {
	for _, target := range targets {
		rapid.Check(t, func(t *rapid.T) {
			s := schedules(&target).Draw(t, "rule")
			if err := s.Check(); err != nil {
				t.Fatal(err)
			}
			if _, losses, ok := rule.Fit(s, &target); !ok || len(losses) > 0 {
				t.Fatalf("%v", losses)
			}
			var back rule.Schedule
			if target.Family == wattle.IOT {
				r := s.ToIOT(&target)
				back = rule.FromIOT(&r)
			} else {
				r := s.ToSMART(&target, today)
				back = rule.FromSMART(&r)
			}
			if !rule.Same(&s, &back) {
				t.Fatalf("%s came back as %s", &s, &back)
			}
		})
	}
}

// TestCarryOver: what is not lost on another family is the same there, and
// what is lost is told.
func TestCarryOver(t *testing.T) {
	for _, from := range targets {
		for _, to := range targets {
			rapid.Check(t, func(t *rapid.T) {
				s := schedules(&from).Draw(t, "rule")
				s.Family = from.Family
				fitted, losses, ok := rule.Fit(s, &to)
				if !ok {
					t.Fatalf("%s: %v", &s, losses)
				}
				fitted.Family = ""
				// A name alone does not make another rule.
				nameOnly := len(losses) == 1 && losses[0].Field == "name"
				if !nameOnly && len(losses) == 0 != rule.Same(&s, &fitted) {
					t.Fatalf("%s became %s with losses %v", &s, &fitted, losses)
				}
				if again, more, ok := rule.Fit(fitted, &to); !ok || len(more) > 0 || !rule.Same(&again, &fitted) {
					t.Fatalf("%s does not fit at once: %v", &fitted, more)
				}
			})
		}
	}
}

func TestLosses(t *testing.T) {
	for _, tt := range []struct {
		sample string
		to     rule.Target
		ok     bool
		fields []string
	}{
		{"plug", tapoPlug, true, []string{"name"}},
		{"interval", tapoPlug, true, []string{"end", "name", "new"}},
		{"bulb", tapoColor, true, nil},
		{"bulb", tapoPlug, true, []string{"brightness", "color_temperature", "transition"}},
		{"bulb", kasaDimmer, true, []string{"color_temperature", "transition"}},
		{"circadian", tapoColor, true, []string{"mode"}},
		{"tapo lamp", kasaColor, true, nil},
		{"tapo lamp", kasaPlug, true, []string{"brightness", "color_temperature", "transition"}},
		{"tapo end", kasaPlug, true, []string{"e_action", "e_min", "e_type", "x"}},
		{"vacuum", kasaPlug, false, nil},
		{"vacuum", tapoPlug, false, nil},
		{"tapo plug", vacuum, false, nil},
		{"unknown act", tapoPlug, false, nil},
	} {
		for _, sample := range samples {
			if sample.name != tt.sample {
				continue
			}
			s, _ := through(t, &sample.target, []byte(sample.raw))
			_, losses, ok := rule.Fit(s, &tt.to)
			var fields []string
			for _, l := range losses {
				fields = append(fields, l.Field)
			}
			if ok != tt.ok || ok && !reflect.DeepEqual(fields, tt.fields) {
				t.Errorf("%s on %+v: %t, lost %v; want %t, %v", tt.sample, tt.to, ok, fields, tt.ok, tt.fields)
			}
		}
	}
}

func TestTimersAndAway(t *testing.T) {
	var kasa iot.TimerRule
	if err := json.Unmarshal([]byte(`{"id":"X","name":"add timer","enable":1,"delay":1800,"act":1,"remain":1796}`), &kasa); err != nil {
		t.Fatal(err)
	}
	if m := rule.TimerFromIOT(&kasa); !m.Running() || m.Action.Do != rule.On || m.Remain.Seconds() != 1796 {
		t.Errorf("%+v", m)
	}
	var tapo smart.TimerRule
	if err := json.Unmarshal([]byte(`{"id":"C1","enable":false,"delay":120,"desired_states":{"on":false},"remain":0}`), &tapo); err != nil {
		t.Fatal(err)
	}
	m := rule.TimerFromSMART(&tapo)
	if m.Running() || m.Action.Do != rule.Off || m.Delay.Minutes() != 2 {
		t.Errorf("%+v", m)
	}
	for want, v := range map[string]any{
		`{"name":"add timer","enable":1,"delay":120,"act":0}`:                    m.ToIOT(),
		`{"enable":true,"delay":120,"remain":120,"desired_states":{"on":false}}`: m.ToSMART(&tapoPlug),
	} {
		if b, err := json.Marshal(v); err != nil || string(b) != want {
			t.Errorf("%s (%v), want %s", b, err, want)
		}
	}
	var away smart.AwayRule
	raw := `{"id":"A1","enable":false,"mode":"once","week_day":0,"start_time_type":"normal","start_min":1170,"start_time_offset":0,"end_time_type":"normal","end_min":360,"end_time_offset":0,"frequency":5}`
	if err := json.Unmarshal([]byte(raw), &away); err != nil {
		t.Fatal(err)
	}
	a := rule.AwayFromSMART(&away)
	if got := a.When(); got != "once 19:30 to 06:00" {
		t.Error(got)
	}
	b, err := json.Marshal(a.ToSMART(today))
	if err != nil {
		t.Fatal(err)
	}
	after := members(t, b)
	for key, want := range members(t, []byte(raw)) {
		if !reflect.DeepEqual(after[key], want) {
			t.Errorf("%s was %v and came back as %v", key, want, after[key])
		}
	}
	r := a.ToIOT()
	if back := rule.AwayFromIOT(&r); back.Start != a.Start || back.End != a.End || !back.Once || back.Enabled {
		t.Errorf("%+v", back)
	}
}

func wireTwice(t *testing.T, target *rule.Target, raw string) {
	t.Helper()
	if target.Family == wattle.IOT {
		var r iot.ScheduleRule
		if json.Unmarshal([]byte(raw), &r) != nil {
			return
		}
		s := rule.FromIOT(&r)
		fitted, _, _ := rule.Fit(s, target)
		r = fitted.ToIOT(target)
		again := rule.FromIOT(&r)
		r = again.ToIOT(target)
		if last := rule.FromIOT(&r); !rule.Same(&again, &last) {
			t.Errorf("%s became %s", &again, &last)
		}
		return
	}
	var r smart.ScheduleRule
	if json.Unmarshal([]byte(raw), &r) != nil {
		return
	}
	s := rule.FromSMART(&r)
	fitted, _, _ := rule.Fit(s, target)
	r = fitted.ToSMART(target, today)
	again := rule.FromSMART(&r)
	r = again.ToSMART(target, today)
	if last := rule.FromSMART(&r); !rule.Same(&again, &last) {
		t.Errorf("%s became %s", &again, &last)
	}
}

// FuzzWire: whatever a device lists, reading and writing it does not fail, and
// doing it again changes nothing.
func FuzzWire(f *testing.F) {
	for _, tt := range samples {
		f.Add(tt.raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		for _, target := range targets {
			wireTwice(t, &target, raw)
		}
	})
}

func TestDiff(t *testing.T) {
	list := func(lines ...string) []rule.Schedule {
		var out []rule.Schedule
		for _, line := range lines {
			f := strings.Fields(line)
			s := rule.Schedule{ID: line, Enabled: true, Action: rule.Action{Do: rule.Verb(f[2])}}
			s.Days, _ = rule.ParseDays(f[0])
			s.At, _ = rule.ParseAt(f[1])
			out = append(out, s)
		}
		return out
	}
	before := list("daily 18:00 on", "daily 23:00 off", "sun 07:00 on", "daily 18:00 on")
	after := list("daily 23:00 off", "daily 18:00 on", "sun 07:00 off", "mon 01:00 on")
	d := rule.Diff(before, after)
	if len(d.Added) != 1 || len(d.Removed) != 1 || len(d.Changed) != 1 || d.Changed[0].New.Action.Do != rule.Off {
		t.Errorf("%+v", d)
	}
	if back := rule.Diff(before, before); !back.Empty() {
		t.Errorf("%+v", back)
	}
}
