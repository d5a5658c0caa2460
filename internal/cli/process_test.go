package cli

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// BenchmarkOnOverBare runs "wattle on" for a known KLAP device and a bare Go
// program that sends as many requests, by turns, each as a process of its own,
// and reports how much longer it takes and how much more CPU. The promise is 3.
func BenchmarkOnOverBare(b *testing.B) {
	dir := b.TempDir()
	for name, source := range map[string]string{"wattle": "../../cmd/wattle", "bare": "./testdata/bare"} {
		build := exec.CommandContext(b.Context(), "go", "build", "-o", filepath.Join(dir, name), source)
		if out, err := build.CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
	}
	var count wireCount
	host := startHome(b, "127.0.6.208/29", &count, "P110(EU)_1.0_1.4.2")[0]
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = w.Write(make([]byte, 200))
	}))
	defer web.Close()

	state := filepath.Join(dir, "state")
	env := append(os.Environ(), "WATTLE_STATE_DIR="+state, "XDG_CONFIG_HOME="+state,
		"WATTLE_USERNAME=demo@example.com", "WATTLE_PASSWORD=demo")
	run := func(name string, args ...string) (wall, cpu time.Duration) {
		cmd := exec.CommandContext(b.Context(), filepath.Join(dir, name), args...)
		cmd.Env = env
		start := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%s %v: %v: %s", name, args, err, out)
		}
		return time.Since(start), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	for range 2 { // the first makes the device known, the second stores a session
		run("wattle", "on", host)
	}

	for _, tt := range []struct {
		name     string
		requests int
		forget   bool
	}{{"stored session", 1, false}, {"handshake", 4, true}} {
		b.Run(tt.name, func(b *testing.B) {
			var wall, cpu [2]time.Duration
			for b.Loop() {
				if tt.forget {
					if err := os.RemoveAll(filepath.Join(state, "sessions")); err != nil {
						b.Fatal(err)
					}
				}
				count.take()
				w, c := run("wattle", "on", host)
				wall[0], cpu[0] = wall[0]+w, cpu[0]+c
				if conns, requests := count.take(); conns != 1 || int(requests) > tt.requests {
					b.Fatalf("%d connections and %d requests, want 1 and at most %d", conns, requests, tt.requests)
				}
				w, c = run("bare", web.URL, strconv.Itoa(tt.requests))
				wall[1], cpu[1] = wall[1]+w, cpu[1]+c
			}
			b.ReportMetric(float64(wall[0].Microseconds())/1000/float64(b.N), "wattle-ms")
			b.ReportMetric(float64(wall[1].Microseconds())/1000/float64(b.N), "bare-ms")
			b.ReportMetric(wall[0].Seconds()/wall[1].Seconds(), "ratio")
			b.ReportMetric(cpu[0].Seconds()/cpu[1].Seconds(), "cpu-ratio")
		})
	}
}
