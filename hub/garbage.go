package hub

import (
	"os"
	"runtime/debug"
)

// GCPercent is what a program that lives for a hub sets as its GOGC: a hub's heap
// is nearly all views and sessions that stay, so that little garbage between two
// runs of the collector saves much memory. docs/performance.md has figures.
const GCPercent = 50

// SaveMemory sets [GCPercent] for the whole program, unless its environment says
// GOGC or GOMEMLIMIT: then whoever runs it has chosen. It is for main programs;
// what it gives undoes it.
func SaveMemory() (undo func()) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return func() {}
	}
	before := debug.SetGCPercent(GCPercent)
	return func() { debug.SetGCPercent(before) }
}
