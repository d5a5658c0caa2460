package feature_test

import (
	"encoding/json"
	"testing"
	"time"
	"unsafe"

	"wattle"
	"wattle/feature"
	"wattle/method"
)

// ranged is an answer with the range of a feature in it.
type ranged struct {
	Level int      `json:"level"`
	Top   float64  `json:"top"`
	Modes []string `json:"modes"`
}

// TestSharedMeta: devices that narrow a feature in the same way share its Meta,
// others do not, and no narrowing reaches the row.
func TestSharedMeta(t *testing.T) {
	m := method.Method[method.None, ranged]{Name: "get_ranged"}
	row := feature.From(wattle.SMART, m, method.EveryPoll, feature.Row[ranged, int]{
		Meta:    feature.Meta{ID: "level", Name: "Level", Min: 1, Max: 1000},
		Get:     func(r *ranged) (int, bool) { return r.Level, true },
		Limits:  func(r *ranged) (lo, hi float64, ok bool) { return 0, r.Top, r.Top > 0 },
		Options: func(r *ranged) []string { return r.Modes },
		Set:     func(_ *feature.View, n int) (method.Call, error) { return method.Call{Method: "set_ranged"}, nil },
	})
	read := func(top int, modes ...string) feature.Reading {
		raw, _ := json.Marshal(ranged{7, float64(top), modes})
		a := method.Answer{Call: m.Call(), Raw: raw, Time: time.Unix(1e9, 0)}
		a.Value, a.Err = m.Decode(raw)
		s := method.NewSnapshot(time.Unix(1e9, 0), method.Local, map[string]method.Answer{m.Key(): a})
		return row.Read(&feature.View{Family: wattle.SMART, Snapshot: s})
	}
	a, b := read(50, "slow", "fast"), read(50, "slow", "fast")
	if a.Meta != b.Meta || a.Max != 50 || len(a.Choices) != 2 {
		t.Errorf("two devices that say the same have %p %+v and %p", a.Meta, a.Meta, b.Meta)
	}
	if c := read(50, "slow"); c.Meta == a.Meta || len(c.Choices) != 1 {
		t.Errorf("another device has %+v", c.Meta)
	}
	if c := read(0); c.Meta != &row.Meta || c.Max != 1000 {
		t.Errorf("a device that says nothing has %+v", c.Meta)
	}
	for i := range 200 { // what devices can make us keep is bounded; all stay right
		if c := read(51 + i); int(c.Max) != 51+i {
			t.Errorf("top %d gives %v", 51+i, c.Max)
		}
	}
	if again := read(50, "slow", "fast"); again.Meta != a.Meta {
		t.Error("it is kept no longer")
	}
	// Of no feature there is no Meta, which is written down all the same.
	if text, err := json.Marshal(feature.Reading{}); err != nil {
		t.Errorf("%s, %v", text, err)
	}
}

// TestReadingSize: a hub with 10,000 devices keeps 300,000 readings.
func TestReadingSize(t *testing.T) {
	if size := unsafe.Sizeof(feature.Reading{}); size > 112 {
		t.Errorf("a reading has %d bytes", size)
	}
}
