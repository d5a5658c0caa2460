package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/rogpeppe/go-internal/testscript"
)

// The test binary is the program as well: scripts call "wattle".
func TestMain(m *testing.M) {
	serviceSocket = "" // nor does a hub of this computer serve tests
	testscript.Main(m, map[string]func(){
		"wattle": func() { os.Exit(Main()) },
	})
}

// alone waits for the tests of other checkouts on this machine: their simulated
// devices have the same addresses. It is for the test that has them and not for
// TestMain, which runs in each worker of the fuzzer too; and it waits with a limit.
func alone(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	lock := flock.New(filepath.Join(os.TempDir(), "wattle-cli-test.lock"))
	if _, err := lock.TryLockContext(ctx, 100*time.Millisecond); err != nil {
		t.Logf("not alone (%v): devices of another checkout may answer", err)
	}
	t.Cleanup(func() { _ = lock.Unlock() })
}

// TestScripts runs the scenarios of testdata/script, each against simulated
// devices of its own in 127.0.6.0/24 and 127.0.11.0/24. Commands of ours in scripts:
//
//	sim N [flags] FILE...         start "wattle sim" and wait until N devices are ready;
//	                              the account's password is $SIM_PASSWORD
//	simstop                       end it
//	interrupt CODE N args... [-- args...]...
//	                              run wattle, press Ctrl-C after N lines of output;
//	                              before that run each of the further commands, and
//	                              wait for one more line after each
//	rehub                         restart the hub of the script
func TestScripts(t *testing.T) {
	alone(t)
	shown := newShown(t)
	homes, err := filepath.Abs(filepath.Join("..", "..", "simulator", "homes", "data"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, scriptParams(t, shown, homes, "testdata/script"))
}

func scriptParams(t *testing.T, shown *shown, homes, dir string) testscript.Params {
	t.Helper()
	t.Cleanup(func() { reportComplaints(t) })
	return testscript.Params{
		Dir:                 dir,
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("WATTLE_STATE_DIR", env.WorkDir+"/state")
			env.Setenv("XDG_CONFIG_HOME", env.WorkDir+"/config")
			env.Setenv("HOMES", homes)
			env.Setenv("NO_KEYRING", "1")
			env.Setenv("GORACE", os.Getenv("GORACE"))
			env.Setenv("SIM_PASSWORD", simPassword)
			env.Setenv("WATTLE_LOG_FILE", shown.log)
			env.Defer(func() { shown.lookThrough(t, env.WorkDir) })
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"sim": startSim, "simstop": stopSim, "interrupt": interrupt, "rehub": rehub,
		},
	}
}

// ranges gives each script addresses of its own.
var ranges struct {
	sync.Mutex
	next int
}

func nextRange() string {
	ranges.Lock()
	defer ranges.Unlock()
	first := 8 * ranges.next
	ranges.next++
	third := 6
	if first > 176 { // the rest is for inspect, the demo and tests in this process
		third, first = 11, first-184
	}
	if first > 248 {
		panic("no addresses are left: use larger ranges")
	}
	return fmt.Sprintf("127.0.%d.%d/29", third, first)
}

var sims sync.Map // *testscript.TestScript -> *exec.Cmd

// startSim starts a simulator and points discovery at it, and at nothing else:
// other tests may simulate devices on this machine as well.
func startSim(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: sim N [flags] FILE...")
	}
	stopSim(ts, false, nil) // one at a time: the other would be forgotten and live on
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	addresses := ts.Getenv("RANGE")
	if addresses == "" {
		addresses = "127.0.0.0/29" // not used where the cloud alone is played
		switch {
		case ts.Getenv("THROUGH_HUB") != "":
			addresses = hubRange()
		case !slices.Contains(args, "--cloud-only"):
			addresses = nextRange()
		}
		ts.Setenv("RANGE", addresses)
		ts.Setenv("WATTLE_DISCOVERY__ONLY_TARGETS", "true")
		ts.Setenv("WATTLE_DISCOVERY__TIMEOUT", "10s")
		ts.Setenv("FIRST", netip.MustParsePrefix(addresses).Addr().Next().String())
	}
	flags := []string{"sim", "--json", "--keep-ids", "--range", addresses}
	if !slices.Contains(args, "--password") {
		flags = append(flags, "--password", simPassword)
	}
	cmd := exec.Command("wattle", append(flags, args[1:]...)...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = []string{"PATH=" + ts.Getenv("PATH"), "WATTLE_STATE_DIR=" + ts.Getenv("WATTLE_STATE_DIR"), "HOME=" + ts.Getenv("HOME"), "WATTLE_LOG_FILE=" + ts.Getenv("WATTLE_LOG_FILE"), "GORACE=" + ts.Getenv("GORACE")}
	var stderr bytes.Buffer // read after the end only
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	sims.Store(ts, cmd)
	ts.Defer(func() { stopSim(ts, false, nil) })
	lines := bufio.NewScanner(out)
	var hosts []string // asked one by one, a sweep ends when all have answered
	for range n {
		if !lines.Scan() {
			_ = cmd.Wait()
			ts.Fatalf("the simulator ended early:\n%s", &stderr)
		}
		ts.Logf("%s", lines.Text())
		var ready struct {
			Address string
			URL     string
			CAFile  string `json:"ca_file"`
		}
		ts.Check(json.Unmarshal(lines.Bytes(), &ready))
		if ready.URL != "" { // the cloud
			ts.Setenv("WATTLE_CLOUD__URL", ready.URL)
			ts.Setenv("WATTLE_CLOUD__CA_FILE", ts.MkAbs(ready.CAFile))
			continue
		}
		hosts = append(hosts, ready.Address)
	}
	ts.Setenv("WATTLE_DISCOVERY__TARGETS", strings.Join(hosts, ","))
	if ts.Getenv("THROUGH_HUB") != "" {
		startHub(ts, len(hosts))
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
}

func stopSim(ts *testscript.TestScript, _ bool, _ []string) {
	stopHub(ts)
	if cmd, ok := sims.LoadAndDelete(ts); ok {
		cmd := cmd.(*exec.Cmd)
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			ts.Logf("sim: %v", err)
		}
	}
}

// interrupt runs wattle, sends SIGINT after some lines of output, and leaves
// what it printed in the files "out" and "err".
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: interrupt CODE LINES args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	var runs [][]string
	for rest := args[2:]; ; {
		i := slices.Index(rest, "--")
		if i < 0 {
			runs = append(runs, rest)
			break
		}
		runs, rest = append(runs, rest[:i]), rest[i+1:]
	}
	cmd := exec.Command("wattle", runs[0]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = []string{"PATH=" + ts.Getenv("PATH")}
	for _, key := range []string{"HOME", "RANGE", "XDG_CONFIG_HOME", "WATTLE_STATE_DIR", "WATTLE_USERNAME", "WATTLE_PASSWORD", "WATTLE_DISCOVERY__TARGETS", "WATTLE_DISCOVERY__ONLY_TARGETS", "WATTLE_LOG_FILE", "GORACE"} {
		cmd.Env = append(cmd.Env, key+"="+ts.Getenv(key))
	}
	var stdout, stderr bytes.Buffer
	cmd.Stderr = &stderr
	pipe, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	lines := bufio.NewReader(io.TeeReader(pipe, &stdout))
	read := func() {
		if _, err := lines.ReadString('\n'); err != nil {
			_ = cmd.Wait()
			ts.Fatalf("ended early: %v\n%s%s", err, &stdout, &stderr)
		}
	}
	for range n {
		read()
	}
	for _, run := range runs[1:] {
		also := exec.Command("wattle", run...)
		also.Dir, also.Env = cmd.Dir, cmd.Env
		if out, err := also.CombinedOutput(); err != nil {
			ts.Fatalf("%v: %v\n%s", run, err, out)
		}
		read()
	}
	begin := time.Now()
	ts.Check(cmd.Process.Signal(syscall.SIGINT))
	_, _ = io.Copy(io.Discard, lines)
	err = cmd.Wait()
	took := time.Since(begin)
	ts.Logf("ended %v after the signal: %v\n[stdout]\n%s[stderr]\n%s", took, err, &stdout, &stderr)
	if took > 2*time.Second {
		ts.Fatalf("it took %v to end", took)
	}
	if code := cmd.ProcessState.ExitCode(); code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
	ts.Check(os.WriteFile(ts.MkAbs("out"), stdout.Bytes(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("err"), stderr.Bytes(), 0o600))
}
