package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What the daemon may take when nothing happens in a home of 20 devices.
const (
	restingMemory = 40 << 20 // bytes that are resident, those of the program's file too
	restingCPU    = 0.005    // of one core
)

// TestResting: the program as it is released, with history, REST and metrics, over
// the simulated home of 21 devices and 13 children in another process, polled every 5 s.
func TestResting(t *testing.T) {
	text := os.Getenv("WATTLE_REST")
	if text == "" {
		t.Skip("it takes minutes: WATTLE_REST=5m, or ./check rest")
	}
	settle, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("WATTLE_REST is how long the daemon runs before it is measured, such as 5m: %v", err)
	}
	const addresses, devices = "127.0.22.192/27", 21
	dir := t.TempDir()
	program := filepath.Join(dir, "wattle")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "../../cmd/wattle")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	home := filepath.Join(dir, "home")
	env := []string{
		"HOME=" + home, "XDG_CONFIG_HOME=" + home, "XDG_RUNTIME_DIR=" + dir, "WATTLE_STATE_DIR=" + filepath.Join(dir, "state"), "WATTLE_USERNAME=demo@example.com", "WATTLE_PASSWORD=demo",
		"WATTLE_HUB__ADOPT=true", "WATTLE_DISCOVERY__ONLY_TARGETS=true", "WATTLE_DISCOVERY__TARGETS=" + addresses,
		"WATTLE_LISTEN__HTTP=127.0.22.190:18420", "WATTLE_METRICS__LISTEN=127.0.22.190:19420",
	}
	for _, name := range []string{"GOGC", "GOMEMLIMIT", "GOMAXPROCS", "GODEBUG"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	runApart(t, env, devices, program, "sim", "--json", "--range", addresses)
	pid := runApart(t, env, 0, program, "serve", "--log", "json")
	for begun, online := time.Now(), 0; online != devices; <-time.After(time.Second) {
		status := exec.CommandContext(t.Context(), program, "hub", "status", "--json")
		status.Env = env
		var s struct{ Online int }
		if out, err := status.Output(); err == nil && json.Unmarshal(out, &s) == nil {
			online = s.Online
		}
		if time.Since(begun) > time.Minute {
			t.Fatalf("%d of %d devices online", online, devices)
		}
	}
	<-time.After(settle)
	const window = 2 * time.Minute
	before := takenBy(t, pid)
	<-time.After(window)
	after := takenBy(t, pid)
	cpu := (after.cpu - before.cpu).Seconds() / window.Seconds()
	t.Logf("%.2f %% of a core, %.0f switches/s; resident %.1f MiB: %.1f of its own, %.1f of files; %d threads",
		100*cpu, float64(after.switches-before.switches)/window.Seconds(), mib(after.resident), mib(after.own), mib(after.files), after.threads)
	if after.resident > restingMemory {
		t.Errorf("%.1f MiB are resident, want at most %.0f", mib(after.resident), mib(restingMemory))
	}
	if cpu > restingCPU {
		t.Errorf("%.2f %% of a core, want at most %.1f", 100*cpu, 100*restingCPU)
	}
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// runApart starts a process that ends with the test, and waits until it has
// printed some lines.
func runApart(t *testing.T, env []string, lines int, name string, args ...string) (pid int) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = env
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v: %s", name, err, log.Bytes())
		}
	})
	scan := bufio.NewScanner(out)
	for range lines {
		if !scan.Scan() {
			t.Fatalf("%s has ended: %v", name, scan.Err())
		}
	}
	go func() {
		for scan.Scan() { // so that it does not wait for us
		}
	}()
	return cmd.Process.Pid
}

// taken is what a process takes.
type taken struct {
	resident, own, files int64 // bytes
	cpu                  time.Duration
	switches             int64
	threads              int
}

// takenBy reads /proc, see proc(5).
func takenBy(t *testing.T, pid int) (u taken) {
	t.Helper()
	root := fmt.Sprintf("/proc/%d", pid)
	stat := readFile(t, root+"/stat")
	_, stat, _ = strings.Cut(stat, ") ")
	fields := strings.Fields(stat) // the first is the third of the table
	const perSecond = 100          // USER_HZ of Linux everywhere
	u.cpu = time.Duration(ticks(t, fields[11])+ticks(t, fields[12])) * time.Second / perSecond
	status := statusOf(t, root)
	u.resident, u.own, u.files = status["VmRSS"]<<10, status["RssAnon"]<<10, status["RssFile"]<<10
	tasks, err := filepath.Glob(root + "/task/*")
	if err != nil {
		t.Fatal(err)
	}
	u.threads = len(tasks)
	for _, task := range tasks {
		s := statusOf(t, task)
		u.switches += s["voluntary_ctxt_switches"] + s["nonvoluntary_ctxt_switches"]
	}
	return u
}

func statusOf(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	out := map[string]int64{}
	for line := range strings.Lines(readFile(t, dir+"/status")) {
		key, value, _ := strings.Cut(line, ":")
		if f := strings.Fields(value); len(f) > 0 {
			if n, err := strconv.ParseInt(f[0], 10, 64); err == nil {
				out[key] = n
			}
		}
	}
	return out
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := fs.ReadFile(os.DirFS("/"), strings.TrimPrefix(path, "/"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func ticks(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
