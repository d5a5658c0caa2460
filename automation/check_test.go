package automation_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/automation"
	"wattle/hub/hubtest"
)

const good = `rules:
  - name: evening
    on:
      - at: sunset-20m
        days: mon-fri
      - {devices: [Socket], feature: state, becomes: true, for: 5m}
    if: |
      device("Socket").on == false
      && between("18:00", "sunrise") && group("all").count > 0
    do:
      - set: {state: true}
        devices: [Socket]
      - delay: 90s
      - {toggle: true, devices: ["@lamps"]}
      - scene: night
    mode: restart
    catch_up: 1h
groups:
  - name: lamps
    devices: [Socket]
scenes:
  - name: night
    devices:
      - {device: "@lamps", set: {state: false}}
`

// TestMistakes: what is wrong in a file is told with its place, and then nothing of
// it is stored.
func TestMistakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC), "P100")
		name := h.hub.Views()[0].Name
		for change, want := range map[string][2]string{
			"an unknown key":        {"    mode: restart\n", "    mood: restart\n"},
			"twice":                 {"    mode: restart\n", "    mode: restart\n    mode: single\n"},
			"mode":                  {"mode: restart", "mode: often"},
			"a number for a text":   {"- name: evening", "- name: [evening]"},
			"at":                    {"at: sunset-20m", "at: 25:10"},
			"days":                  {"days: mon-fri", "days: someday"},
			"two kinds":             {"at: sunset-20m", "at: sunset-20m\n        cron: '* * * * *'"},
			"for":                   {"for: 5m", "for: soon"},
			"feature":               {"feature: state,", "feature: brightnes,"},
			"device":                {"devices: [Socket], feature", "devices: [Sofa], feature"},
			"group":                 {`"@lamps"]`, `"@lampions"]`},
			"scene":                 {"scene: night", "scene: nigth"},
			"setting":               {"set: {state: true}", "set: {brightness: 40}"},
			"value":                 {"set: {state: true}", "set: {state: 40}"},
			"delay":                 {"delay: 90s", "delay: 90h"},
			"expression":            {`.on == false`, `.on === false`},
			"device in expression":  {`device("Socket").on`, `device("Sofa").on`},
			"group in expression":   {`group("all")`, `group("al")`},
			"no bool":               {`group("all").count > 0`, `group("all").count`},
			"unknown in expression": {`group("all").count`, `members("all").count`},
			"a circle":              {"devices: [Socket]\nscenes", "devices: ['@lamps']\nscenes"},
			"name":                  {"- name: lamps", "- name: a/b"},
			"anchor":                {"- name: lamps", "- name: &x lamps"},
			"two documents":         {"scenes:\n", "---\nscenes:\n"},
			"tab":                   {"    mode", "\tmode"},
		} {
			text := strings.ReplaceAll(strings.Replace(good, want[0], want[1], 1), "Socket", name)
			if strings.ReplaceAll(good, "Socket", name) == text {
				t.Fatalf("%s changes nothing", change)
			}
			line := 1 + strings.Count(good[:strings.Index(good, want[0])], "\n")
			_, err := h.Import(t.Context(), "f.yaml", []byte(text), nil)
			var file *automation.FileError
			if !errors.As(err, &file) || !errors.Is(err, wattle.ErrParam) {
				t.Errorf("%s: %v", change, err)
				continue
			}
			if file.Line < line-2 || file.Line > line+3 {
				t.Errorf("%s: %v is not about line %d", change, err, line)
			}
		}
		if n := len(h.Rules().List()) + len(h.Groups().List()) + len(h.Scenes().List()); n != 0 {
			t.Errorf("%d items of wrong files were stored", n)
		}
		text := []byte(strings.ReplaceAll(good, "Socket", name))
		if out, err := h.Import(t.Context(), "f.yaml", text, &automation.ImportOptions{Try: true}); err != nil || out.Rules != 1 || len(h.Rules().List()) != 0 {
			t.Error("tried:", out, err)
		}
		if _, err := h.Import(t.Context(), "f.yaml", text, nil); err != nil {
			t.Fatal(err)
		}
		r, err := h.Rules().Get("evening")
		if err != nil || len(r.On) != 2 || len(r.Do) != 4 || r.On[1].Becomes != true || r.Do[1].Delay != automation.Duration(90*time.Second) {
			t.Errorf("%+v, %v", r, err)
		}
		p, err := h.Preview(r, time.Date(2026, 11, 3, 19, 0, 0, 0, berlin(t)), 0)
		if err != nil || len(p.Steps) != 4 || len(p.Steps[0].Outcomes) != 1 || len(p.Next) == 0 {
			t.Errorf("%+v, %v", p, err)
		}
	})
}

// TestImportAllOrNothing: where one kind of things cannot be kept, none is stored,
// also for the next run.
func TestImportAllOrNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC), "P100")
		name := h.hub.Views()[0].Name
		if _, err := h.Groups().Put(t.Context(), automation.Group{Name: "lamps", Devices: []string{name}}, automation.Any); err != nil {
			t.Fatal(err)
		}
		before, err := h.Groups().Get("lamps")
		if err != nil {
			t.Fatal(err)
		}
		h.keep.mu.Lock()
		h.keep.full = "automation/rules"
		h.keep.mu.Unlock()
		text := []byte(strings.ReplaceAll(good, "Socket", name))
		if _, err := h.Import(t.Context(), "f", text, &automation.ImportOptions{Replace: true}); err == nil || !strings.Contains(err.Error(), "disk is full") {
			t.Fatal(err)
		}
		now, err := h.Groups().Get("lamps")
		if err != nil || !slices.Equal(now.Devices, before.Devices) || len(h.Scenes().List()) != 0 || len(h.Rules().List()) != 0 {
			t.Errorf("%+v, %d scenes, %d rules are stored, %v", now, len(h.Scenes().List()), len(h.Rules().List()), err)
		}
		h.keep.mu.Lock()
		kept := string(h.keep.data["automation/groups"]) + string(h.keep.data["automation/scenes"])
		h.keep.full = ""
		h.keep.mu.Unlock()
		if strings.Contains(kept, "night") || strings.Count(kept, `"name"`) != 1 {
			t.Errorf("kept: %s", kept)
		}
		if _, err := h.Import(t.Context(), "f", text, nil); err != nil {
			t.Fatal(err)
		}
		if again, err := h.Groups().Get("lamps"); err != nil || again.Rev <= before.Rev+1 {
			t.Errorf("revision %d after %d, %v", again.Rev, before.Rev, err)
		}
	})
}

func TestYAML(t *testing.T) {
	number := 21.0
	d := automation.Document{
		Rules:  []automation.Rule{{Name: "r", On: []automation.Trigger{{Feature: "x", Becomes: false}, {Feature: "x", Above: &number, Becomes: 2.0}}}},
		Scenes: []automation.Scene{{Name: "s", Parts: []automation.ScenePart{{Device: "d", Set: map[string]any{"a": 40.0, "b": 0.5}}}}},
	}
	text, err := d.YAML()
	if err != nil || !strings.Contains(string(text), "becomes: false") || !strings.Contains(string(text), "a: 40\n") || !strings.Contains(string(text), "b: 0.5\n") {
		t.Errorf("%v\n%s", err, text)
	}
}

// TestHostile: expressions that would take for ever are broken off, and hold nobody
// else up.
func TestHostile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC), "P100")
		h.put(automation.Rule{
			Name: "hostile", On: []automation.Trigger{{Cron: "* * * * *"}},
			If: "len(map(1..9999, {map(1..9999, {map(1..9999, {#})})})) > hour", Do: []automation.Action{{Delay: automation.Duration(time.Second)}},
		})
		h.put(automation.Rule{Name: "other", On: []automation.Trigger{{Cron: "* * * * *"}}, Do: []automation.Action{{Devices: []string{"@all"}, Toggle: true}}})
		time.Sleep(2*time.Minute + time.Second)
		if h.results("hostile") != "skipped skipped" || h.results("other") != "done done" {
			t.Errorf("hostile: %+v, other: %s", h.Log("hostile", 1), h.results("other"))
		}
		if _, err := h.Rules().Put(t.Context(), automation.Rule{Name: "x", If: strings.Repeat("(", 1500), On: []automation.Trigger{{At: "10:00"}}, Do: []automation.Action{{Delay: 1}}}, automation.Any); !errors.Is(err, wattle.ErrParam) {
			t.Error(err)
		}
	})
}

// TestUnknown: a condition over a value that is not known does not hold, and says
// why.
func TestUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC), "P100")
		name := h.hub.Views()[0].Name
		for condition, want := range map[string]string{
			`device("` + name + `").brightness < 10`:         "cannot be told",
			`device("` + name + `").online`:                  "",
			`device("` + name + `").nothing == nil`:          "",
			`sun.up && hour == 10 && weekday == "mon"`:       "",
			`day == "2026-11-02" && now.Year() == 2026`:      "",
			`between("sunset", "06:00")`:                     "does not hold",
			`between("late", "06:00")`:                       "cannot be told",
			`group("all").all_on || group("all").on == 0`:    "",
			`trigger.kind == "manual" && !sun.rise.IsZero()`: "",
		} {
			h.put(automation.Rule{Name: "r", If: condition, On: []automation.Trigger{{At: "23:00"}}, Do: []automation.Action{{Delay: automation.Duration(time.Second)}}})
			if err := h.Start("r"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(6 * time.Second)
			run := h.Log("r", 1)[0]
			if (want == "") != (run.Result == automation.Done) || !strings.Contains(run.Reason, want) {
				t.Errorf("%s: %+v", condition, run)
			}
		}
	})
}

// FuzzRead: any file is read, or refused with a reason.
func FuzzRead(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("rules: [{name: a, on: [{cron: '@every 5m'}], do: [{action: reboot, devices: [a]}]}]"))
	f.Add([]byte("groups: [{name: a, devices: ['@b']}]\n# x\n"))
	f.Add([]byte("scenes:\n- name: \"a\\u0000\"\n  devices: [{device: b, set: {hsv: '1,2,3', x: null, y: [1, {a: 2}]}}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := automation.Read("f", text)
		if err != nil {
			if !errors.Is(err, wattle.ErrParam) {
				t.Error(err)
			}
			return
		}
		again, err := d.YAML()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := automation.Read("f", again); err != nil {
			t.Errorf("%v in\n%s", err, again)
		}
	})
}

// FuzzRule: any expression, cron line and time is refused or can be tried.
func FuzzRule(f *testing.F) {
	for _, s := range [][3]string{
		{`device("a").on && between("22:00", "sunrise")`, "*/5 8-18 * * 1-5", "sunset-20m"},
		{`map(1..9, {# * 2})[3] > 2 ? sun.up : false`, "@every 90m", "7am"},
		{`trigger.value ?? 0 in [1, 2] || "x" matches "^[a-z]+$"`, "TZ=0", "never"},
		{`let x = group("all"); x.any_on`, "0 0 31 2 *", "sunrise+1h15m"},
	} {
		f.Add(s[0], s[1], s[2])
	}
	home := hubtest.Start(f, hubtest.Models("P100"))
	h := home.Hub(nil)
	hubtest.Online(f, h, 1)
	engine, err := automation.New(&automation.Options{Hub: h, Zone: time.UTC})
	if err != nil {
		f.Fatal(err)
	}
	now := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, condition, cron, at string) {
		for _, trigger := range []automation.Trigger{{Cron: cron}, {At: at}} {
			r := automation.Rule{Name: "r", If: condition, On: []automation.Trigger{trigger}, Do: []automation.Action{{Devices: []string{"@all"}, Toggle: true}}}
			p, err := engine.Preview(r, now, 0)
			if err != nil {
				if !errors.Is(err, wattle.ErrParam) {
					t.Error(err)
				}
				continue
			}
			last := now
			for _, next := range p.Next {
				if !next.After(last) {
					t.Errorf("%q %q: %s after %s", cron, at, next, last)
				}
				last = next
			}
		}
	})
}
