package history_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"wattle/feature"
	"wattle/history"
)

func TestFilter(t *testing.T) {
	var f history.Filter
	rule := history.RuleFor(&feature.Meta{Kind: feature.Sensor, Unit: feature.Watt})
	for i, tt := range []struct {
		after time.Duration
		value feature.Value
		want  bool
	}{
		{0, feature.ValueOf(100.0), true},
		{5 * time.Second, feature.ValueOf(101.9), false},
		{10 * time.Second, feature.ValueOf(102.1), true},
		{15 * time.Second, feature.ValueOf(100.2), false}, // from the kept one
		{20 * time.Second, feature.Value{}, true},
		{25 * time.Second, feature.Value{}, false},
		{time.Hour, feature.Value{}, false}, // no heartbeat of nothing
		{time.Hour + 1, feature.ValueOf(100.2), true},
		{time.Hour + 2, feature.ValueOf(0.0), true},
		{time.Hour + 9*time.Minute, feature.ValueOf(0.3), false},
		{time.Hour + 11*time.Minute, feature.ValueOf(0.3), true}, // heartbeat
		{time.Hour, feature.ValueOf(0.3), true},                  // late
	} {
		s := history.Sample{Key: history.Key{Device: plug, Feature: "p"}, Time: noon.Add(tt.after), Value: tt.value}
		if got := f.Take(&s, rule); got != tt.want || s.Hold != 25*time.Minute {
			t.Errorf("%d: %v after %s: %t, held for %s", i, tt.value, tt.after, got, s.Hold)
		}
	}
	f.Forget(plug)
	s := history.Sample{Key: history.Key{Device: plug, Feature: "p"}, Time: noon.Add(2 * time.Hour), Value: feature.ValueOf(0.3)}
	if !f.Take(&s, rule) {
		t.Error("forgotten, and not kept")
	}
	on := history.RuleFor(&feature.Meta{Kind: feature.Switch})
	mode := history.Sample{Key: history.Key{Device: plug, Feature: "mode"}, Time: noon, Value: feature.ValueOf("a")}
	first, second := f.Take(&mode, on), f.Take(&mode, on)
	mode.Value = feature.ValueOf("b")
	if third := f.Take(&mode, on); !first || second || !third {
		t.Error(first, second, third)
	}
	click := history.Sample{Key: mode.Key, Time: noon, Event: "1"}
	for range 2 {
		if !f.Take(&click, on) {
			t.Error("an event was held back")
		}
	}
}

// TestFilterIsFaithful: what was kept differs from what was measured by no more
// than the dead-band, at any moment, and is never older than a heartbeat.
func TestFilterIsFaithful(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rule := history.Rule{Absolute: 2, Relative: 0.1, Heartbeat: time.Minute}
		var f history.Filter
		var kept history.Sample
		at := noon
		for range rapid.IntRange(1, 100).Draw(t, "n") {
			at = at.Add(time.Duration(rapid.IntRange(1, 20).Draw(t, "step")) * time.Second)
			s := history.Sample{Key: history.Key{Device: plug, Feature: "p"}, Time: at}
			if v := rapid.IntRange(-1, 60).Draw(t, "v"); v >= 0 {
				s.Value = feature.ValueOf(float64(v))
			}
			if f.Take(&s, rule) {
				kept = s
			}
			a, ok := kept.Value.Number()
			b, too := s.Value.Number()
			if ok != too || ok && (b-a > max(2, a/10) || a-b > max(2, a/10)) || ok && at.Sub(kept.Time) >= time.Minute+time.Second {
				t.Fatalf("%v was measured at %s, %v is kept from %s", s.Value, at, kept.Value, kept.Time)
			}
		}
	})
}
