package metrics_test

import (
	"strings"
	"testing"
	"time"

	"wattle/catalog"
	"wattle/feature"
	"wattle/internal/surface/metrics"
)

// TestNamesAreUnique: no two ids of the catalog share a metric, whatever their
// unit, and one id has one help.
func TestNamesAreUnique(t *testing.T) {
	ids, helps := map[string]string{}, map[string]string{}
	for _, f := range catalog.All() {
		if f.Kind == feature.Action || f.Secret {
			continue
		}
		v := feature.ValueOf(1.5)
		switch {
		case f.Kind == feature.Switch || f.Kind == feature.BinarySensor:
			v = feature.ValueOf(true)
		case f.Unit == feature.NoUnit && strings.HasSuffix(f.ID, "_timestamp"):
			v = feature.ValueOf(time.Unix(1e9, 0))
		}
		r := feature.Reading{Meta: &f.Meta, Value: v}
		name, _, _ := metrics.Sample(&r)
		if other := ids[name]; other != "" && other != f.ID {
			t.Errorf("%s is both %s and %s", name, other, f.ID)
		}
		ids[name] = f.ID
		if help := metrics.Help(&r); helps[name] != "" && helps[name] != help {
			t.Errorf("%s: help %q and %q", name, helps[name], help)
		}
		helps[name] = metrics.Help(&r)
	}
}

func TestUnits(t *testing.T) {
	for _, tt := range []struct {
		id    string
		unit  feature.Unit
		total bool
		value feature.Value
		name  string
		want  float64
	}{
		{"current_consumption", feature.Watt, false, feature.ValueOf(12.5), "wattle_power_watts", 12.5},
		{"consumption_today", feature.KilowattHour, true, feature.ValueOf(0.5), "wattle_energy_today_joules_total", 1.8e6},
		{"humidity", feature.Percent, false, feature.ValueOf(50), "wattle_humidity_ratio", 0.5},
		{"temperature", feature.Celsius, false, feature.ValueOf(-4.5), "wattle_temperature_celsius", -4.5},
		{"temperature", feature.Fahrenheit, false, feature.ValueOf(212.0), "wattle_temperature_celsius", 100},
		{"runtime_today", feature.Minute, true, feature.ValueOf(3), "wattle_runtime_today_seconds_total", 180},
		{"dimmer_fade_on_time", feature.Millisecond, false, feature.ValueOf(500), "wattle_dimmer_fade_on_seconds", 0.5},
		{"clean_time", feature.Second, false, feature.ValueOf(90 * time.Second), "wattle_clean_seconds", 90},
		{"on_since", feature.NoUnit, false, feature.ValueOf(time.Unix(1e9, 5e8)), "wattle_on_since_timestamp_seconds", 1e9 + 0.5},
		{"last_clean_timestamp", feature.NoUnit, false, feature.ValueOf(time.Unix(1e9, 0)), "wattle_last_clean_timestamp_seconds", 1e9},
		{"clean_count", feature.NoUnit, false, feature.ValueOf(2), "wattle_clean_times", 2},
		{"state", feature.NoUnit, false, feature.ValueOf(false), "wattle_state", 0},
		{"clean_area", feature.Ping, false, feature.ValueOf(121), "wattle_clean_area_square_metres", 400},
	} {
		r := feature.Reading{Meta: &feature.Meta{ID: tt.id, Unit: tt.unit, Total: tt.total}, Value: tt.value}
		name, value, ok := metrics.Sample(&r)
		if !ok || name != tt.name || value-tt.want > 1e-9 || tt.want-value > 1e-9 {
			t.Errorf("%s %v: %s %v, want %s %v", tt.id, tt.value, name, value, tt.name, tt.want)
		}
	}
	for _, v := range []feature.Value{{}, feature.ValueOf("text"), feature.ValueOf(time.Time{})} {
		if got := metrics.Names(&feature.Reading{Meta: &feature.Meta{ID: "x"}, Value: v}); got != nil {
			t.Errorf("%v has the metrics %v", v, got)
		}
	}
}
