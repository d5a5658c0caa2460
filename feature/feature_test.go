package feature_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"wattle"
	"wattle/feature"
	"wattle/method"
)

// lamp is an answer of an invented device.
type lamp struct {
	On    method.Opt[bool]   `json:"on,omitzero"`
	Level method.Opt[int]    `json:"level,omitzero"`
	Mode  method.Opt[string] `json:"mode,omitzero"`
	Max   method.Opt[int]    `json:"max,omitzero"`
}

var (
	getLamp = method.Method[method.None, lamp]{Name: "get_lamp"}
	setLamp = method.Method[lamp, method.None]{Name: "set_lamp", Effect: method.Absolute}

	level = feature.From(wattle.SMART, getLamp, method.EveryPoll, feature.Row[lamp, int]{
		Meta: feature.Meta{ID: "level", Name: "Level", Unit: feature.Percent, Min: 1, Max: 100},
		When: func(v *feature.View) bool { return v.Has("level") },
		Has:  func(l *lamp) bool { return l.Level.Known() },
		Get:  func(l *lamp) (int, bool) { return l.Level.Get() },
		Set: func(_ *feature.View, n int) (method.Call, error) {
			return setLamp.With(lamp{Level: method.Some(n)})
		},
		Limits: func(l *lamp) (lo, hi float64, ok bool) {
			hi2, ok := l.Max.Get()
			return 1, float64(hi2), ok
		},
	})
	mode = feature.From(wattle.SMART, getLamp, method.EveryPoll, feature.Row[lamp, string]{
		Meta: feature.Meta{ID: "mode", Name: "Mode", Choices: []string{"Warm white", "Warm yellow", "Cold"}},
		Get:  func(l *lamp) (string, bool) { return l.Mode.Get() },
		Update: func(l lamp, m string) (method.Call, error) {
			l.Mode = method.Some(m)
			return setLamp.With(l)
		},
	})
	on = feature.From(wattle.SMART, getLamp, method.EveryPoll, feature.Row[lamp, bool]{
		Meta: feature.Meta{ID: "on", Name: "On"},
		Get:  func(l *lamp) (bool, bool) { return l.On.Get() },
	})
)

func view(t *testing.T, answer string) *feature.View {
	t.Helper()
	answers := map[string]method.Answer{}
	if answer != "" {
		r, err := getLamp.Decode(json.RawMessage(answer))
		if err != nil {
			t.Fatal(err)
		}
		answers["get_lamp"] = method.Answer{Raw: json.RawMessage(answer), Value: r, Time: time.Unix(1e9, 0)}
	}
	return &feature.View{
		Family: wattle.SMART, Components: map[string]int{"level": 1},
		Snapshot: method.NewSnapshot(time.Unix(1e9, 0), method.Local, answers),
	}
}

func TestKinds(t *testing.T) {
	if level.Kind != feature.Number || mode.Kind != feature.Choice || on.Kind != feature.BinarySensor {
		t.Errorf("kinds %s, %s, %s", level.Kind, mode.Kind, on.Kind)
	}
	if !mode.Whole || level.Whole {
		t.Error("Whole does not follow Update")
	}
}

func TestExists(t *testing.T) {
	v := view(t, `{"on":true,"level":40}`)
	if !level.Applies(v) || !level.Exists(v) || level.Get(v) != feature.ValueOf(40) {
		t.Errorf("level: %t, %t, %v", level.Applies(v), level.Exists(v), level.Get(v))
	}
	if v := view(t, `{"on":true}`); level.Exists(v) || !level.Applies(v) {
		t.Error("level exists without being said")
	}
	if v := view(t, ""); on.Exists(v) || on.Get(v).Known() {
		t.Error("on exists without an answer")
	}
	v.Components = nil
	if level.Applies(v) {
		t.Error("level applies without the component")
	}
	v.Family = wattle.IOT
	if on.Applies(v) {
		t.Error("on applies to another family")
	}
}

func TestFeatureSet(t *testing.T) {
	v := view(t, `{"on":true,"level":40,"max":80,"mode":"Cold"}`)
	for _, tt := range []struct {
		f    *feature.Feature
		text string
		want string
		err  error
	}{
		{&level, "50", `{"level":50}`, nil},
		{&level, " 50 % ", `{"level":50}`, nil},
		{&level, "80", `{"level":80}`, nil},
		{&level, "81", "", wattle.ErrParam},
		{&level, "0", "", wattle.ErrParam},
		{&level, "x", "", wattle.ErrParam},
		{&mode, "warm y", `{"on":true,"level":40,"mode":"Warm yellow","max":80}`, nil},
		{&mode, "COLD", `{"on":true,"level":40,"mode":"Cold","max":80}`, nil},
		{&mode, "warm", "", wattle.ErrParam},
		{&mode, "", "", wattle.ErrParam},
		{&on, "on", "", feature.ErrReadOnly},
	} {
		val, err := tt.f.Parse(v, tt.text)
		var calls []method.Call
		if err == nil {
			calls, err = tt.f.Set(v, val)
		}
		got := ""
		if len(calls) == 1 {
			got = string(calls[0].Params)
		}
		if !errors.Is(err, tt.err) || got != tt.want {
			t.Errorf("%s = %q sends %s (%v), want %s (%v)", tt.f.ID, tt.text, got, err, tt.want, tt.err)
		}
	}
	if _, err := mode.Set(view(t, ""), feature.ValueOf("Cold")); !errors.Is(err, feature.ErrNotPolled) {
		t.Errorf("a whole object without its present: %v", err)
	}
	_, err := level.Set(v, feature.ValueOf(200))
	if err == nil || !strings.Contains(err.Error(), "1 to 80 %") {
		t.Errorf("the error does not say what is allowed: %v", err)
	}
}

func TestRead(t *testing.T) {
	r := level.Read(view(t, `{"level":40,"max":80}`))
	if r.Max != 80 || !r.Settable || r.Source != method.Local || r.Age(time.Unix(1e9+60, 0)) != time.Minute {
		t.Errorf("reading %+v", r)
	}
	b, err := json.Marshal(r)
	want := `{"id":"level","name":"Level","kind":"number","category":"","unit":"%",` +
		`"settable":true,"value":40,"time":"2001-09-09T01:46:40Z","source":"local","minimum":1,"maximum":80}`
	if err != nil || strings.Replace(string(b), r.Time.Format(time.RFC3339), "2001-09-09T01:46:40Z", 1) != want {
		t.Errorf("%s (%v)\nwant %s", b, err, want)
	}
}
