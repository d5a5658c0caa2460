package deploy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Where the hub and Prometheus listen in TestPrometheus.
const (
	hubMetrics = "127.0.24.254:9420"
	prometheus = "127.0.24.254:9090"
)

// start runs a program until the end of the test, which shows what it wrote if it
// has failed.
func start(t *testing.T, env []string, name string, args ...string) {
	t.Helper()
	var said strings.Builder
	c := exec.CommandContext(context.WithoutCancel(t.Context()), name, args...)
	c.Env = append(os.Environ(), env...)
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		_ = c.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", filepath.Base(name), said.String())
		}
	})
}

// ask is an answer of Prometheus' API.
func ask(t *testing.T, path string, into any) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+prometheus+"/api/v1/"+path, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	answer := struct {
		Status, Error string
		Data          any
	}{Data: into}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return err
	}
	if answer.Status != "success" {
		return fmt.Errorf("%s: %s", answer.Status, answer.Error)
	}
	return nil
}

type vector struct {
	Result []struct {
		Value [2]any
	}
}

// TestPrometheus lets a Prometheus with our configuration read a hub over the
// simulated home: each query of the dashboards is understood and gives data, each
// rule is evaluated. ./check prometheus sets the variables.
func TestPrometheus(t *testing.T) {
	server, program := os.Getenv("WATTLE_PROMETHEUS"), os.Getenv("WATTLE_PROGRAM")
	if server == "" || program == "" {
		t.Skip("./check prometheus runs this: it wants Debian's prometheus")
	}
	dir := t.TempDir()
	env := []string{
		"HOME=" + dir, "XDG_RUNTIME_DIR=" + dir, "XDG_CONFIG_HOME=" + dir, "XDG_STATE_HOME=" + dir, "XDG_DATA_HOME=" + dir,
		"WATTLE_USERNAME=demo@example.com", "WATTLE_PASSWORD=demo", "WATTLE_HUB__ADOPT=true", "WATTLE_HUB__INTERVAL=1s",
		"WATTLE_DISCOVERY__ONLY_TARGETS=true", "WATTLE_DISCOVERY__TARGETS=127.0.24.128/27", "WATTLE_METRICS__LISTEN=" + hubMetrics,
	}
	config := read(t, "prometheus/prometheus.yml")
	rules, err := filepath.Abs("prometheus/wattle.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range [][2]string{{"wattle:9420", hubMetrics}, {"interval: 15s", "interval: 1s"}, {"/etc/prometheus/wattle.rules.yml", rules}} {
		if !strings.Contains(config, r[0]) {
			t.Fatalf("prometheus.yml has no %s", r[0])
		}
		config = strings.ReplaceAll(config, r[0], r[1])
	}
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, env, program, "sim", "--range", "127.0.24.128/27")
	start(t, env, program, "serve")
	start(t, nil, server, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "tsdb"), "--web.listen-address="+prometheus)

	// Ready is who has seen the whole home for some scrapes.
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(2 * time.Minute); ; {
		var v vector
		err := ask(t, "query?query="+url.QueryEscape(`min_over_time(wattle_hub_devices_online{role="root"}[8s]) >= 20 and count_over_time(wattle_hub_devices_online{role="root"}[8s]) >= 5`), &v)
		if err == nil && len(v.Result) > 0 {
			break
		}
		select {
		case <-limit:
			t.Fatalf("not ready: %v, %v", err, v)
		case <-tick.C:
		}
	}

	queries := 0
	variables := strings.NewReplacer("$__range", "1m", "$__rate_interval", "1m", "$__interval", "5s", "$device", ".+")
	for _, path := range under(t, ".json") {
		var doc any
		if err := json.Unmarshal([]byte(read(t, path)), &doc); err != nil {
			t.Fatal(err)
		}
		for _, e := range expressions(doc, "expr") {
			queries++
			var v vector
			if err := ask(t, "query?query="+url.QueryEscape(variables.Replace(e)), &v); err != nil {
				t.Errorf("%s: %s: %v", path, e, err)
			} else if len(v.Result) == 0 {
				t.Errorf("%s: no data: %s", path, e)
			}
		}
	}
	if queries < 20 {
		t.Errorf("only %d queries", queries)
	}
	var answer struct {
		Groups []struct {
			Rules []struct{ Name, Type, Health, LastError, State string }
		}
	}
	if err := ask(t, "rules", &answer); err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, g := range answer.Groups {
		for _, r := range g.Rules {
			found++
			if r.Health != "ok" || r.State == "firing" {
				t.Errorf("rule %s: %s, %s %s", r.Name, r.Health, r.State, r.LastError)
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d rules", found)
	}
	var v vector
	if err := ask(t, "query?query=wattle:power_watts:leaf", &v); err != nil || len(v.Result) < 5 {
		t.Errorf("the recorded series: %v, %v", v, err)
	}
	t.Logf("%d queries, %d rules", queries, found)
}
