package effect_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"wattle"
	"wattle/effect"
	"wattle/feature"
)

func TestListIsTheDocumentedOne(t *testing.T) {
	ours, err := os.ReadFile("effects.json")
	if err != nil {
		t.Fatal(err)
	}
	documented, err := os.ReadFile(filepath.Join("..", "docs", "protocol", "effects.json"))
	if err != nil {
		t.Fatal(err)
	}
	if string(ours) != string(documented) {
		t.Error("effects.json differs from docs/protocol/effects.json: copy it")
	}
}

// TestBuiltIn: all are valid, and sent as they are documented.
func TestBuiltIn(t *testing.T) {
	text, err := os.ReadFile("effects.json")
	if err != nil {
		t.Fatal(err)
	}
	var lists map[effect.Kind][]map[string]any
	if err := json.Unmarshal(text, &lists); err != nil {
		t.Fatal(err)
	}
	for kind, n := range map[effect.Kind]int{effect.IOT: 14, effect.SMART: 17, effect.Segment: 55} {
		list := effect.BuiltIn(kind)
		if len(list) != n || len(effect.Names(kind)) != n {
			t.Fatalf("%s has %d effects instead of %d", kind, len(list), n)
		}
		ids := map[string]bool{}
		for i, e := range list {
			if err := e.Validate(kind); err != nil {
				t.Errorf("%s: %v", e.Name, err)
			}
			if ids[e.ID] {
				t.Errorf("%s: id %s is taken", e.Name, e.ID)
			}
			ids[e.ID] = true
			if len(e.Colors()) == 0 {
				t.Errorf("%s shows no colours", e.Name)
			}
			b, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			var got map[string]any
			if err := json.Unmarshal(b, &got); err != nil {
				t.Fatal(err)
			}
			want := lists[kind][i]
			if kind == effect.Segment {
				want["enable"], want["custom"] = 1.0, 0.0
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s:\n got %v\nwant %v", e.Name, got, want)
			}
		}
	}
}

func TestExtraSurvives(t *testing.T) {
	const text = `{"id":"x","name":"y","custom":1,"enable":true,"brightness":3,"display_colors":[[1,2,3,4]],"newKey":{"a":1}}`
	var e effect.Effect
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(e.Switched(false))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"brightness":3,"custom":1,"display_colors":[[1,2,3,4]],"enable":0,"id":"x","name":"y","newKey":{"a":1}}`
	if string(b) != want {
		t.Errorf("got %s, want %s", b, want)
	}
}

func TestFind(t *testing.T) {
	for _, c := range []struct {
		kind       effect.Kind
		name, want string
	}{
		{effect.IOT, "Aurora", "Aurora"},
		{effect.IOT, "candy cane", "Candy Cane"},
		{effect.SMART, "grandmas-christmas", "Grandma's Christmas Lights"},
		{effect.SMART, "bub", "Bubbling Cauldron"},
		{effect.Segment, "New Year", "new_year"},
		{effect.Segment, "snow", "snow"},
		{effect.IOT, "Grandma's Christmas Lights", ""},
		{effect.SMART, "Sun", ""}, // Sunrise, Sunset
		{effect.SMART, "", ""},
		{effect.SMART, "!", ""},
		{effect.SMART, "Arora", ""},
	} {
		e, err := effect.Find(c.kind, c.name)
		if e.Name != c.want || (c.want == "") != errors.Is(err, wattle.ErrParam) {
			t.Errorf("%s %q: %q, %v", c.kind, c.name, e.Name, err)
		}
	}
}

func TestBuild(t *testing.T) {
	two := []feature.HSV{{Hue: 0, Saturation: 100, Value: 100}, {Hue: 240, Saturation: 50, Value: 80}}
	for _, c := range []struct {
		kind effect.Kind
		spec effect.Spec
		want string // part of the object, or of the error after "!"
	}{
		{effect.SMART, effect.Spec{Colors: two}, `"type":"sequence","segments":[0],"display_colors":[[0,100,100],[240,50,80]]`},
		{effect.SMART, effect.Spec{Colors: two, Transition: 2 * time.Second, Direction: 4}, `"transition":2000,"sequence":[[0,100,100],[240,50,80]],"direction":4`},
		{effect.IOT, effect.Spec{Colors: two, Type: effect.Random, Name: "Mine"}, `"hue_range":[0,240],"saturation_range":[50,100],"brightness_range":[80,100],"init_states":[[0,100,100]]`},
		{effect.SMART, effect.Spec{Colors: two, Type: effect.Pulse}, `"run_time":0,"trans_sequence":[]`},
		{effect.Segment, effect.Spec{Colors: two, Segments: 4, Type: "chasing"}, `"segments":[0,1,2,3],"deviceType":"strip","states":[[0,100,100,0],[0,100,100,0],[240,50,80,0],[240,50,80,0]]`},
		{effect.IOT, effect.Spec{}, "!at least one colour"},
		{effect.IOT, effect.Spec{Colors: two, Type: "chasing"}, "!not a type of effects"},
		{effect.Segment, effect.Spec{Colors: two, Type: "pulse"}, "!not a type of segment effects"},
		{effect.IOT, effect.Spec{Colors: []feature.HSV{{Hue: 361}}}, "!hue 361 is not in 0 to 360"},
		{effect.IOT, effect.Spec{Colors: make([]feature.HSV, 17)}, "!at most 16"},
		{effect.IOT, effect.Spec{Colors: two, Direction: 5}, "!direction 5 is not in 1 to 4"},
		{effect.IOT, effect.Spec{Colors: two, Brightness: 101}, "!brightness 101"},
		{effect.IOT, effect.Spec{Colors: two, Transition: -time.Second}, "!transition"},
		{effect.IOT, effect.Spec{Colors: two, Spread: 1000}, "!spread"},
		{effect.IOT, effect.Spec{Colors: two, Repeat: -1}, "!repeat_times"},
		{effect.IOT, effect.Spec{Colors: two, Name: strings.Repeat("x", 65)}, "!name"},
	} {
		e, err := effect.Build(c.kind, c.spec)
		if part, fails := strings.CutPrefix(c.want, "!"); fails {
			if !errors.Is(err, wattle.ErrParam) || !strings.Contains(err.Error(), part) {
				t.Errorf("%+v: %v, want %q", c.spec, err, part)
			}
			continue
		}
		if err != nil {
			t.Errorf("%+v: %v", c.spec, err)
			continue
		}
		b, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(b), c.want) || !bool(e.Custom && e.Enable) {
			t.Errorf("%s\n lacks %s", b, c.want)
		}
		again, _ := effect.Build(c.kind, c.spec)
		if want := map[effect.Kind]int{effect.IOT: 32}[c.kind]; again.ID != e.ID || want > 0 && len(e.ID) != want {
			t.Errorf("id %q, again %q", e.ID, again.ID)
		}
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"sequence red blue":                              `"sequence":[[0,100,100],[240,100,100]]`,
		"random #ff0000 rgb(0,0,255) brightness=40%":     `"brightness":40`,
		"pulse 30,100,80 transition=300ms repeat=2":      `"transition":300`,
		`{"type":"sequence","name":"J","brightness":50}`: "!needs colours",
		`{"type":"sequence","newKey":1}`:                 "!newKey",
		`{"type":"sequence","direction":"left"}`:         "!direction",
		`{"sequence":[[1,2]]}`:                           "!3 or 4 numbers",
		`{"hue_range":[1]}`:                              "!2 numbers",
		`{"enable":7,"custom":1}`:                        "!neither 0 nor 1",
		`{`:                                              "!not readable",
		"":                                               "!begins with its type",
		"red blue":                                       "!begins with its type",
		"sequence":                                       "!at least one colour",
		"sequence rde":                                   "!not a colour",
		"sequence red speed=3":                           "!no setting",
		"sequence red spread=x":                          "!whole number",
		"sequence red transition=4":                      "!duration such as",
		"sequence red transition=4000h":                  "!duration such as",
		"chasing red":                                    "!begins with its type",
		`{"type":"sequence","segments":[0],"expansion_strategy":2,"duration":0,"transition":5,"sequence":[[1,2,3]],"direction":1,"spread":1,"repeat_times":0}`: `"name":"Custom"`,
	} {
		e, err := effect.Parse(effect.IOT, text, 0)
		if part, fails := strings.CutPrefix(want, "!"); fails {
			if !errors.Is(err, wattle.ErrParam) || !strings.Contains(err.Error(), part) {
				t.Errorf("%q: %v, want %q", text, err, part)
			}
			continue
		}
		b, _ := json.Marshal(e)
		if err != nil || !strings.Contains(string(b), want) {
			t.Errorf("%q: %s (%v) lacks %s", text, b, err, want)
		}
	}
	e, err := effect.Parse(effect.Segment, "bloom gold navy", 50)
	if err != nil || len(e.States) != 50 || e.States[49].Hue != 240 {
		t.Errorf("%+v, %v", e, err)
	}
	for text, want := range map[string]bool{"sequence red": true, "chasing red": true, "{}": true, "Aurora": false, "": false} {
		if effect.IsSpec(text) != want {
			t.Errorf("IsSpec(%q) is not %t", text, want)
		}
	}
}

// FuzzParse: what is read is valid, and stays the same when it is sent and read.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"sequence red blue", "random #ff0000 brightness=40", "chasing red 1,2,3 name=x", `{"type":"pulse","sequence":[[1,2,3,4]]}`, "pulse red transition=1h"} {
		f.Add(s)
	}
	b, _ := json.Marshal(effect.BuiltIn(effect.SMART)[3])
	f.Add(string(b))
	f.Fuzz(func(t *testing.T, text string) {
		for _, k := range []effect.Kind{effect.IOT, effect.SMART, effect.Segment} {
			e, err := effect.Parse(k, text, 10)
			if err != nil {
				if !errors.Is(err, wattle.ErrParam) {
					t.Fatalf("%q: %v", text, err)
				}
				continue
			}
			if err := e.Validate(k); err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			b, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			var again effect.Effect
			if err := json.Unmarshal(b, &again); err != nil {
				t.Fatalf("%s: %v", b, err)
			}
			// A name that is not UTF-8 is written as \ufffd, and that one later as itself.
			before := strings.ReplaceAll(string(b), `\ufffd`, "\ufffd")
			if c, _ := json.Marshal(again); string(c) != before {
				t.Fatalf("%s became %s", b, c)
			}
		}
	})
}
