package method_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"wattle"
	"wattle/method"
)

type lamp struct {
	Level method.Opt[int]     `json:"level,omitzero"`
	On    method.Opt[bool]    `json:"on,omitzero"`
	Power method.Opt[float64] `json:"power,omitzero"`
	Name  string              `json:"name"`
	List  []int               `json:"list"`
}

var getLamp = method.Method[method.None, lamp]{Module: "light", Name: "get_lamp"}

func TestDecode(t *testing.T) {
	for _, tt := range []struct {
		raw  string
		want string // of level, on, power and name
		err  bool
		none bool
	}{
		{`{"level":3,"on":1,"power":1.5,"name":"a"}`, `{"level":3,"on":true,"power":1.5,"name":"a","list":null}`, false, false},
		{`{"level":3.0,"on":false,"power":2}`, `{"level":3,"on":false,"power":2,"name":"","list":null}`, false, false},
		{`{}`, `{"name":"","list":null}`, false, false},
		{`{"level":null,"on":null}`, `{"name":"","list":null}`, false, false},
		{`{"level":"x","on":2,"power":[],"name":"a"}`, `{"name":"a","list":null}`, false, false},
		{`{"level":1.5}`, `{"name":"","list":null}`, false, false},
		{`{"level":1e300}`, `{"name":"","list":null}`, false, false},
		{`{"name":7,"level":2,"list":"x"}`, `{"level":2,"name":"","list":null}`, true, false},
		{`null`, `{"name":"","list":null}`, false, false},
		{``, `{"name":"","list":null}`, false, false},
		{`[]`, "", true, true},
		{`{"level":`, "", true, true},
	} {
		r, err := getLamp.Decode(json.RawMessage(tt.raw))
		if (err != nil) != tt.err || (r == nil) != tt.none {
			t.Errorf("Decode(%s) = %v, %v", tt.raw, r, err)
			continue
		}
		if err != nil && !errors.Is(err, wattle.ErrProtocol) {
			t.Errorf("Decode(%s): %v has no class", tt.raw, err)
		}
		if r == nil {
			continue
		}
		if b, err := json.Marshal(r); err != nil || string(b) != tt.want {
			t.Errorf("Decode(%s) is %s (%v), want %s", tt.raw, b, err, tt.want)
		}
	}
}

func TestWith(t *testing.T) {
	c, err := getLamp.With(method.None{})
	if err != nil || c.Params != nil || c.Key() != "light.get_lamp" {
		t.Errorf("With(None) = %+v, %v", c, err)
	}
	set := method.Method[lamp, method.None]{Name: "set", Effect: method.Once}
	c, err = set.With(lamp{Level: method.Some(0)})
	if err != nil || string(c.Params) != `{"level":0,"name":"","list":null}` || c.Effect != method.Once {
		t.Errorf("With(lamp) = %s, %v: a 0 that was given must be sent", c.Params, err)
	}
}

func TestQueryAt(t *testing.T) {
	type year struct {
		Year int `json:"year"`
	}
	m := method.Method[year, lamp]{Name: "get_stat"}
	q := m.QueryAt(method.EveryMinute, func(t time.Time) year { return year{t.Year()} })
	if got := q.At(time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)); string(got.Params) != `{"year":2031}` {
		t.Errorf("params %s", got.Params)
	}
}

func TestSnapshot(t *testing.T) {
	var none *method.Snapshot
	if none.Raw("x") != nil || !none.Time().IsZero() || getLamp.Result(none) != nil {
		t.Error("the nil snapshot is not empty")
	}
	first := method.NewSnapshot(time.Unix(1, 0), method.Cloud, map[string]method.Answer{
		"light.get_lamp": {Raw: json.RawMessage(`{"new":1}`), Value: &lamp{Name: "a"}},
	})
	second := first.With(time.Unix(2, 0), map[string]method.Answer{"light.get_lamp": {Err: wattle.ErrBusy}})
	if getLamp.Result(first).Name != "a" || string(first.Raw("light.get_lamp")) != `{"new":1}` {
		t.Error("a newer snapshot changed the older")
	}
	if getLamp.Result(second) != nil || second.Time() != time.Unix(2, 0) || second.Source() != method.Cloud {
		t.Error("the newer snapshot is not newer")
	}
	for key, a := range second.All() {
		if key != "light.get_lamp" || !errors.Is(a.Err, wattle.ErrBusy) {
			t.Errorf("%s: %v", key, a.Err)
		}
	}
}

func TestPace(t *testing.T) {
	for pace := range method.OnRequest {
		if pace.Interval() >= (pace + 1).Interval() {
			t.Errorf("pace %d is not faster than the next", pace)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(`{"level":3,"on":1,"power":1.5,"name":"a"}`)
	f.Add(`{"level":"x"}`)
	f.Add(`[1`)
	f.Fuzz(func(t *testing.T, raw string) {
		r, err := getLamp.Decode(json.RawMessage(raw))
		if r == nil && err == nil {
			t.Error("neither an answer nor an error")
		}
	})
}
