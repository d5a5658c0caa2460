package cli

import "testing"

// What is built of the command tree at each start of a short command.
func BenchmarkTree(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		newRoot(&app{}, "on")
	}
}
