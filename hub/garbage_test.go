package hub_test

import (
	"runtime/debug"
	"testing"

	"wattle/hub"
)

// TestSaveMemory: who runs the program has the last word.
func TestSaveMemory(t *testing.T) {
	percent := func() int {
		p := debug.SetGCPercent(100)
		debug.SetGCPercent(p)
		return p
	}
	before := percent()
	for _, env := range []struct {
		name, value string
		want        int
	}{{"GOGC", "", hub.GCPercent}, {"GOGC", "70", before}, {"GOMEMLIMIT", "1GiB", before}} {
		t.Run(env.name+env.value, func(t *testing.T) {
			t.Setenv("GOGC", "")
			t.Setenv("GOMEMLIMIT", "")
			t.Setenv(env.name, env.value)
			undo := hub.SaveMemory()
			if got := percent(); got != env.want {
				t.Errorf("GC percent %d, want %d", got, env.want)
			}
			undo()
			if got := percent(); got != before {
				t.Errorf("GC percent %d afterwards, want %d", got, before)
			}
		})
	}
}
