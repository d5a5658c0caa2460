package catalog_test

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"

	"wattle/catalog"
)

var initTrace = regexp.MustCompile(`init wattle/catalog @\S+ ms, (\S+) ms clock, (\d+) bytes, (\d+) allocs`)

// BenchmarkTable is what the table costs at the start of a program: each round
// is a fresh process, whose runtime tells how long the package took to set up.
func BenchmarkTable(b *testing.B) {
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	var clock, allocs, least float64
	for b.Loop() {
		cmd := exec.CommandContext(b.Context(), self, "-test.run=^$")
		cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
		out, err := cmd.CombinedOutput()
		found := initTrace.FindSubmatch(out)
		if err != nil || found == nil {
			b.Fatalf("%v: %s", err, out)
		}
		ms, _ := strconv.ParseFloat(string(found[1]), 64)
		allocs, _ = strconv.ParseFloat(string(found[3]), 64)
		clock += ms
		if least == 0 || ms < least {
			least = ms
		}
	}
	b.ReportMetric(0, "ns/op") // that of starting a process
	b.ReportMetric(clock/float64(b.N), "init-ms")
	b.ReportMetric(least, "least-init-ms")
	b.ReportMetric(allocs, "init-allocs")
	b.ReportMetric(float64(len(catalog.All())), "rows")
}
