package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"wattle/simulator/endpoint"
)

// journeys are the scripts that run a second time with a hub between the program
// and the devices: nothing in them may come out otherwise.
var journeys = []string{"switch", "get-set", "state", "energy", "schedule", "hub", "light", "vacuum", "raw", "alias-reboot", "timer"}

// TestScriptsThroughHub runs them. The hub has taken in the devices by itself, and
// is the only one who logs in to them: its session has to last.
func TestScriptsThroughHub(t *testing.T) {
	alone(t)
	shown := newShown(t)
	homes, err := filepath.Abs(filepath.Join("..", "..", "simulator", "homes", "data"))
	if err != nil {
		t.Fatal(err)
	}
	p := scriptParams(t, shown, homes, "")
	for _, name := range journeys {
		p.Files = append(p.Files, filepath.Join("testdata", "script", name+".txtar"))
	}
	p.UpdateScripts = false
	setup := p.Setup
	p.Setup = func(env *testscript.Env) error {
		env.Setenv("THROUGH_HUB", "1")
		return setup(env)
	}
	testscript.Run(t, p)
}

var hubRanges atomic.Int32

func hubRange() string { return fmt.Sprintf("127.0.24.%d/29", 64+8*(hubRanges.Add(1)-1)) }

var served sync.Map // *testscript.TestScript -> *servedHub

type servedHub struct {
	cmd *exec.Cmd
	log bytes.Buffer // read after the end only
	// restarts are how often it was started again: devices see a login more each time.
	restarts int
}

// startHub starts "wattle serve" and waits until it has n devices.
func startHub(ts *testscript.TestScript, n int) {
	h := &servedHub{cmd: exec.Command("wattle", "serve", "--log", "json")}
	h.cmd.Dir, h.cmd.Stderr = ts.MkAbs("."), &h.log
	// It is told what the scripts tell the program later.
	h.cmd.Env = []string{"WATTLE_HUB__ADOPT=true", "WATTLE_USERNAME=demo@example.com", "WATTLE_PASSWORD=" + simPassword}
	for _, key := range []string{
		"PATH", "HOME", "XDG_CONFIG_HOME", "WATTLE_STATE_DIR", "WATTLE_DISCOVERY__TARGETS", "WATTLE_DISCOVERY__ONLY_TARGETS", "WATTLE_LOG_FILE", "GORACE",
	} {
		h.cmd.Env = append(h.cmd.Env, key+"="+ts.Getenv(key))
	}
	ts.Check(h.cmd.Start())
	served.Store(ts, h)
	for begun := time.Now(); ; {
		out, _ := hubCommand(ts, "hub", "status", "--json")
		var s struct{ Online int }
		if json.Unmarshal(out, &s) == nil && s.Online == n {
			return
		}
		if time.Since(begun) > 30*time.Second {
			stopHub(ts)
			ts.Fatalf("%d of %d devices in the hub", s.Online, n)
		}
		<-time.After(50 * time.Millisecond)
	}
}

// rehub restarts the hub of a script: another run, on the same socket.
func rehub(ts *testscript.TestScript, neg bool, args []string) {
	v, ok := served.Load(ts)
	if neg || len(args) != 0 || !ok {
		ts.Fatalf("usage: rehub, with a hub")
	}
	h := v.(*servedHub)
	ts.Check(h.cmd.Process.Signal(syscall.SIGTERM))
	if err := h.cmd.Wait(); err != nil {
		ts.Logf("hub: %v", err)
	}
	again := exec.Command(h.cmd.Args[0], h.cmd.Args[1:]...)
	again.Dir, again.Env, again.Stderr = h.cmd.Dir, h.cmd.Env, &h.log
	ts.Check(again.Start())
	h.cmd, h.restarts = again, h.restarts+1
}

func hubCommand(ts *testscript.TestScript, args ...string) ([]byte, error) {
	cmd := exec.Command("wattle", args...)
	cmd.Dir = ts.MkAbs(".")
	for _, key := range []string{"PATH", "HOME", "XDG_CONFIG_HOME", "WATTLE_STATE_DIR", "GORACE"} {
		cmd.Env = append(cmd.Env, key+"="+ts.Getenv(key))
	}
	return cmd.Output()
}

// complaints are what was found wrong when a hub was ended: too late for a script
// to fail in order, and its simulator has to be ended too.
var complaints struct {
	sync.Mutex
	list []string
}

func complain(format string, args ...any) {
	complaints.Lock()
	defer complaints.Unlock()
	complaints.list = append(complaints.list, fmt.Sprintf(format, args...))
}

// reportComplaints fails the test that has some.
func reportComplaints(t *testing.T) {
	t.Helper()
	complaints.Lock()
	defer complaints.Unlock()
	for _, c := range complaints.list {
		t.Error(c)
	}
	complaints.list = nil
}

// stopHub ends the hub of a script, and looks at what its devices have seen.
func stopHub(ts *testscript.TestScript) {
	v, ok := served.LoadAndDelete(ts)
	if !ok {
		return
	}
	h := v.(*servedHub)
	out, _ := hubCommand(ts, "sim", "ctl", "list", "--json")
	var devices []struct{ Name, Transport string }
	if err := json.Unmarshal(out, &devices); err != nil {
		ts.Logf("devices: %v", err)
	}
	for _, d := range devices {
		out, err := hubCommand(ts, "sim", "ctl", d.Name, "logins")
		var logins []endpoint.Login
		if err == nil {
			err = json.Unmarshal(out, &logins)
		}
		if err != nil {
			ts.Logf("%s: logins: %v", d.Name, err)
		}
		ts.Logf("%s over %s: %d logins", d.Name, d.Transport, len(logins))
		if len(logins) > 1+h.restarts && ts.Name() != "alias-reboot" { // a session ends with a reboot
			complain("%s: %s saw %d logins: somebody beside the hub", ts.Name(), d.Name, len(logins))
		}
	}
	begun := time.Now()
	_ = h.cmd.Process.Signal(syscall.SIGTERM)
	if err := h.cmd.Wait(); err != nil {
		ts.Logf("hub: %v", err)
	}
	ts.Logf("the hub ended after %v:\n%s", time.Since(begun), &h.log)
	if found, _ := filepath.Glob(filepath.Join(ts.Getenv("WATTLE_STATE_DIR"), "sessions", "*")); len(found) > 0 {
		for _, path := range found {
			if info, err := os.Stat(path); err == nil && filepath.Ext(path) != ".lock" && info.Size() > 0 {
				complain("%s: %s: a command has made a session of its own", ts.Name(), path)
			}
		}
	}
}
