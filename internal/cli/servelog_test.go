package cli

import (
	"bytes"
	"strings"
	"testing"

	"wattle/feature"
)

// TestQuietHubKeepsItsLog: what is not to be seen on stderr is there for "wattle
// hub logs", in the demo above all.
func TestQuietHubKeepsItsLog(t *testing.T) {
	var shown bytes.Buffer
	a, kept := &app{err: &shown, getenv: func(string) string { return "" }}, newRing()
	a.flags.quiet = true
	log := a.hubLogger("text", kept)
	log.Info("hub started")
	log.Warn("slow")
	log.Debug("too much")
	lines, _, _ := kept.Tail(0, -1)
	if len(lines) != 2 || !strings.Contains(string(lines[0]), `"hub started"`) {
		t.Errorf("kept: %s", lines)
	}
	if got := shown.String(); strings.Contains(got, "started") || !strings.Contains(got, "slow") {
		t.Errorf("shown: %s", got)
	}
}

// TestHistoryDigits: a table shows as many digits as its unit asks for.
func TestHistoryDigits(t *testing.T) {
	for _, tt := range []struct {
		n    float64
		unit feature.Unit
		want string
	}{
		{1843.2666, feature.Watt, "1843.3"},
		{0.000123, feature.KilowattHour, "0.000"},
		{21.349, feature.Celsius, "21.3"},
		{-0.01, feature.Celsius, "0.0"},
		{-0.06, feature.Celsius, "-0.1"},
		{-54.6, feature.DecibelMilliwatt, "-55"},
		{3.14159265, feature.NoUnit, "3.14159"},
	} {
		a := &app{}
		a.flags.output = formatTable
		if got := a.numberCell(&tt.n, tt.unit); got.text != tt.want {
			t.Errorf("%v %s: %q, want %q", tt.n, tt.unit, got.text, tt.want)
		}
	}
}
