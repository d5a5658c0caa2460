package cli

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wattle/energy"
	"wattle/feature"
)

// TestAxis: scales of what devices measure.
func TestAxis(t *testing.T) {
	gap := math.NaN()
	for _, tt := range []struct {
		name    string
		values  []float64
		counted bool
		labels  string // from above
	}{
		{"temperature", []float64{19.4, gap, 23.1}, false, "23.5 23.0 22.5 22.0 21.5 21.0 20.5 20.0 19.5 19.0"},
		{"below zero", []float64{-7.2, 3.1}, false, "4 3 2 1 0 -1 -2 -3 -4 -5 -6 -7 -8"},
		{"signal", []float64{-61, -48}, false, "-48 -50 -52 -54 -56 -58 -60 -62"},
		{"battery that stays", []float64{97, 97}, false, "97.5 97.4 97.3 97.2 97.1 97.0 96.9 96.8 96.7 96.6 96.5"},
		{"power", []float64{0.3, 1180}, true, "1200 1100 1000 900 800 700 600 500 400 300 200 100 0"},
		{"brightness", []float64{60, 80}, true, "80 70 60 50 40 30 20 10 0"},
		{"off", []float64{0, 0}, true, "1.0 0.9 0.8 0.7 0.6 0.5 0.4 0.3 0.2 0.1 0.0"},
		{"unknown", []float64{gap, gap}, false, "1.0 0.9 0.8 0.7 0.6 0.5 0.4 0.3 0.2 0.1 0.0"},
	} {
		x := axisOf(tt.values, tt.counted)
		var labels []string
		for i := x.rows; i >= 0; i-- {
			labels = append(labels, x.label(x.low+float64(i)*x.step))
		}
		if got := strings.Join(labels, " "); got != tt.labels {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.labels)
		}
		points := make([]energy.Point, len(tt.values))
		for i, v := range tt.values {
			points[i] = energy.Point{Start: time.Unix(int64(i)*3600, 0), Value: v, Known: !math.IsNaN(v)}
		}
		lines := curve(points, &energy.Series{Points: points, Step: energy.Hour}, tt.counted, 80, false)
		if len(lines) != len(labels)+1 {
			t.Fatalf("%s: %d lines for %d rows:\n%s", tt.name, len(lines), len(labels), strings.Join(lines, "\n"))
		}
		for i, l := range labels {
			if f := strings.Fields(lines[i]); f[0] != l {
				t.Errorf("%s: row %d is %q, want %s", tt.name, i, lines[i], l)
			}
		}
	}
}

// TestAxisHolds: all values are within, the rows fit, and no two have the same label.
func TestAxisHolds(t *testing.T) {
	if x := axisOf([]float64{1, -110000.5}, false); x.rows > lineRows || x.step != 20000 {
		t.Errorf("%+v", x)
	}
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 1, 20).Draw(t, "values")
		scale := rapid.SampledFrom([]float64{1, 1e-3, 1e-6}).Draw(t, "scale")
		for i := range values {
			values[i] *= scale
		}
		counted := rapid.Bool().Draw(t, "counted")
		x := axisOf(values, counted)
		if x.rows < 1 || x.rows > lineRows {
			t.Fatalf("%d rows", x.rows)
		}
		for _, v := range values {
			if v < x.low-x.step*1e-6 || v > x.high()+x.step*1e-6 {
				t.Errorf("%g is not within %g to %g", v, x.low, x.high())
			}
		}
		if counted && (x.low > 0 || x.high() < 0) {
			t.Errorf("0 is not within %g to %g", x.low, x.high())
		}
		last := math.Inf(-1)
		for i := range x.rows + 1 {
			n, err := strconv.ParseFloat(x.label(x.low+float64(i)*x.step), 64)
			if err != nil || n <= last {
				t.Errorf("%g after %g, %v", n, last, err)
			}
			last = n
		}
	})
}

func TestCounted(t *testing.T) {
	for _, tt := range []struct {
		unit feature.Unit
		kind feature.Kind
		want bool
	}{
		{feature.Watt, feature.Sensor, true}, {feature.KilowattHour, feature.Sensor, true}, {feature.Percent, feature.Number, true},
		{feature.NoUnit, feature.Switch, true}, {feature.Second, feature.Sensor, true},
		{feature.Percent, feature.Sensor, false}, {feature.Celsius, feature.Sensor, false}, {feature.Fahrenheit, feature.Number, false},
		{feature.DecibelMilliwatt, feature.Sensor, false}, {feature.Kelvin, feature.Number, false}, {feature.Volt, feature.Sensor, false},
	} {
		if isCounted(tt.unit, tt.kind) != tt.want {
			t.Errorf("%s %q: %t", tt.kind, tt.unit, !tt.want)
		}
	}
}
