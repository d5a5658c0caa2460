package rulefile_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wattle"
	"wattle/internal/rulefile"
	"wattle/method"
	"wattle/rule"
)

var (
	lamp = rule.Schedule{Enabled: true, Days: rule.Daily, At: rule.At{From: rule.Sunset, Offset: -40}, Action: rule.Action{
		Do: rule.On, Brightness: method.Some(40), ColorTemp: method.Some(2700), Transition: method.Some(5000),
	}}
	samples = []rule.Schedule{
		lamp,
		{Name: "x # y", Once: true, Date: rule.Date{Year: 2026, Month: 12, Day: 24}, Action: rule.Action{Do: rule.Off}},
		{Once: true, Days: rule.Weekend, Enabled: true, At: rule.At{From: rule.Never}, End: &rule.End{At: rule.ClockTime(23, 0), Action: rule.Action{Do: rule.Off}}},
		{
			Enabled: true, Days: rule.Workdays, At: rule.ClockTime(8, 35), Action: rule.Action{Do: rule.Other}, Family: wattle.SMART,
			Extra: method.Extra{"clean_attr": json.RawMessage(`{"cistern":2,"suction":[1,null,"x"]}`), "start_remind": json.RawMessage("true"), "f": json.RawMessage("1.5e3")},
		},
		{Enabled: true, Days: 1, Action: rule.Action{Do: rule.On, Extra: method.Extra{"mode": json.RawMessage(`"circadian"`)}}, Family: wattle.IOT},
	}
)

func TestRoundTrip(t *testing.T) {
	text := rulefile.Write("all", samples)
	list, err := rulefile.Read("f", text)
	if err != nil || len(list) != len(samples) {
		t.Fatalf("%v\n%s", err, text)
	}
	for i := range list {
		if !rule.Same(&samples[i], &list[i]) || list[i].Name != samples[i].Name || list[i].Family != samples[i].Family {
			t.Errorf("%s became %s\n%s", &samples[i], &list[i], text)
		}
	}
}

func TestText(t *testing.T) {
	want := `# KL130
schedules:
  - at: sunset-40m
    days: daily
    do: "on"
    brightness: 40
    color_temperature: 2700
    transition: 5s
`
	if got := string(rulefile.Write("KL130", []rule.Schedule{lamp})); got != want {
		t.Errorf("%s", got)
	}
	list, err := rulefile.Read("f", []byte("schedules:\n- {at: \"6:30pm\", days: weekdays, do: on}\n- at: 7:00\n  once: 2026-12-24\n  do: off\n  enabled: no\n"))
	if err != nil || len(list) != 2 || list[0].String() != "mon-fri 18:30 on" || list[1].String() != "2026-12-24 07:00 off (disabled)" {
		t.Errorf("%v (%v)", list, err)
	}
	if list, err := rulefile.Read("f", rulefile.Write("", nil)); err != nil || len(list) != 0 {
		t.Errorf("%v (%v)", list, err)
	}
}

func TestAnyRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rule.Schedule{
			Name: rapid.String().Draw(t, "name"), Enabled: rapid.Bool().Draw(t, "enabled"), Days: rule.Weekdays(rapid.IntRange(1, 127).Draw(t, "days")),
			At:     rule.At{From: rule.Sunrise, Offset: rapid.IntRange(-1439, 1439).Draw(t, "offset")},
			Action: rule.Action{Do: rule.On, Brightness: method.Some(rapid.IntRange(1, 100).Draw(t, "brightness")), Transition: method.Some(rapid.IntRange(0, 86_400_000).Draw(t, "ms"))},
		}
		text := rulefile.Write("a\nb", []rule.Schedule{s})
		back, err := rulefile.Read("x", text)
		if err != nil || len(back) != 1 || !rule.Same(&s, &back[0]) || s.Name != back[0].Name {
			t.Fatalf("%v: %+v\n%s", err, back, text)
		}
	})
}

func TestErrors(t *testing.T) {
	const good = "schedules:\n  - at: sunset\n    days: daily\n    do: \"on\"\n"
	for text, want := range map[string]string{
		"":                              "f.yaml: value refused: the file is empty: want schedules",
		"x: 1\n":                        `f.yaml:1:1: value refused: unknown key "x": want schedules`,
		"schedules: 3\n":                "f.yaml:1:12: value refused: want a list of rules",
		good + "    colour: 1\n":        `f.yaml:5:5: value refused: unknown key "colour"`,
		good + "    brightness: much\n": `f.yaml:5:17: value refused: "much" is no whole number`,
		good + "    brightness: 101\n":  `f.yaml:2:`,
		good + "    at: noon\n":         `f.yaml:5:5: value refused: mapping key "at" already defined`,
		"schedules:\n  - at: 25:00\n":   `f.yaml:2:9: value refused: "25:00" is no time`,
		"schedules:\n  - at: sunset\n    do: on\n":           `f.yaml:2:`,
		"schedules:\n  - days: daily\n    do: on\n":          `f.yaml:2:`,
		"schedules:\n  - at: sunset\n    days: [mon, tue]\n": `f.yaml:3:11: value refused: days: want a single value`,
		"schedules:\n  - at: sunset\n    days:\n":            `f.yaml:3:5: value refused: days has no value`,
		"schedules:\n  - at: sunset\n  days: x\n":            `f.yaml:3`,
		"schedules:\n\t- x\n":                                `f.yaml:`,
		good + "    until: 23:00\n":                          `f.yaml:2:`,
		good + "    transition: -5s\n":                       `f.yaml:5:17:`,
		good + "    extra: 3\n":                              `f.yaml:5:12: value refused: want keys and values here`,
		strings.Repeat("[", 1000):                            "f.yaml: value refused: it is nested too deeply",
		"a: &a x\nschedules: *a\n":                           `f.yaml:1:1`,
		good + "---\n" + good:                                `f.yaml:`,
	} {
		_, err := rulefile.Read("f.yaml", []byte(text))
		var where *rulefile.FileError
		if !errors.Is(err, wattle.ErrParam) || !errors.As(err, &where) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(rulefile.Write("all", samples))
	f.Add([]byte("schedules:\n- {at: \"6:30pm\", days: weekdays, do: on, extra: {a: [1, null, x, {b: 1.5}]}, family: iot}\n"))
	f.Add([]byte("schedules: &a\n- *a\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := rulefile.Read("f", text)
		if err != nil {
			if !errors.Is(err, wattle.ErrParam) {
				t.Errorf("%v", err)
			}
			return
		}
		again, err := rulefile.Read("f", rulefile.Write("", list))
		if err != nil || len(again) != len(list) {
			t.Fatalf("%v: %v\n%s", list, err, rulefile.Write("", list))
		}
		for i := range list {
			if !rule.Same(&list[i], &again[i]) {
				t.Errorf("%s became %s", &list[i], &again[i])
			}
		}
	})
}
