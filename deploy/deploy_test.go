package deploy_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"wattle/catalog"
	"wattle/feature"
	"wattle/internal/cli"
)

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// under are the files below a folder that end so.
func under(t *testing.T, ends ...string) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && slices.Contains(ends, filepath.Ext(path)) {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// metricNames are all that the demo home shows (package metrics keeps the file
// true), and what is on or off of other devices.
func metricNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for line := range strings.Lines(read(t, "../internal/surface/metrics/testdata/names.txt")) {
		f := strings.Fields(line)
		names[f[0]] = true
		if f[1] == "histogram" {
			names[f[0]+"_bucket"], names[f[0]+"_sum"], names[f[0]+"_count"] = true, true, true
		}
	}
	for _, f := range catalog.All() {
		if f.Kind == feature.Switch || f.Kind == feature.BinarySensor {
			names["wattle_"+f.ID] = true
		}
	}
	return names
}

var metric = regexp.MustCompile(`\bwattle_[a-z0-9_]+`)

// expressions are all texts of a key in a document.
func expressions(doc any, key string) (out []string) {
	switch x := doc.(type) {
	case map[string]any:
		for k, v := range x {
			if text, ok := v.(string); ok && k == key {
				out = append(out, text)
			}
			out = append(out, expressions(v, key)...)
		}
	case []any:
		for _, v := range x {
			out = append(out, expressions(v, key)...)
		}
	}
	return out
}

// TestMetricsExist: what dashboards and alerts ask for is there, labels too.
func TestMetricsExist(t *testing.T) {
	names := metricNames(t)
	used := 0
	check := func(where, text string) {
		for _, name := range metric.FindAllString(text, -1) {
			used++
			if !names[name] {
				t.Errorf("%s: there is no %s", where, name)
			}
		}
	}
	for _, path := range under(t, ".json") {
		var doc map[string]any
		if err := json.Unmarshal([]byte(read(t, path)), &doc); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		exprs := expressions(doc, "expr")
		if len(exprs) < 8 {
			t.Errorf("%s has %d queries", path, len(exprs))
		}
		for _, e := range append(exprs, expressions(doc, "definition")...) {
			check(path, e)
		}
		for _, uid := range expressions(doc["panels"], "uid") {
			if uid != "${DS_PROMETHEUS}" {
				t.Errorf("%s asks %s", path, uid)
			}
		}
		if doc["uid"] == "" || doc["schemaVersion"] == nil || doc["__inputs"] == nil {
			t.Errorf("%s: uid %v, schema %v", path, doc["uid"], doc["schemaVersion"])
		}
	}
	var rules any
	if err := yaml.Unmarshal([]byte(read(t, "prometheus/wattle.rules.yml")), &rules); err != nil {
		t.Fatal(err)
	}
	for _, e := range expressions(rules, "expr") {
		check("rules", e)
	}
	if used < 50 {
		t.Errorf("only %d names were found", used)
	}
}

// TestYAML: every file can be read.
func TestYAML(t *testing.T) {
	for _, path := range under(t, ".yaml", ".yml") {
		var doc map[string]any
		text := strings.ReplaceAll(read(t, path), "!reset ", "") // a tag of Compose
		if err := yaml.UnmarshalWithOptions([]byte(text), &doc, yaml.Strict()); err != nil || len(doc) == 0 {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// settings are the keys of the configuration.
func settings(t *testing.T) (keys []string) {
	t.Helper()
	var schema map[string]any
	if err := json.Unmarshal(cli.ConfigSchema(), &schema); err != nil {
		t.Fatal(err)
	}
	var walk func(prefix string, node map[string]any)
	walk = func(prefix string, node map[string]any) {
		properties, _ := node["properties"].(map[string]any)
		for name, child := range properties {
			child, _ := child.(map[string]any)
			if child["properties"] == nil {
				keys = append(keys, prefix+name)
			}
			walk(prefix+name+".", child)
		}
	}
	walk("", schema)
	return keys
}

var variable = regexp.MustCompile(`\bWATTLE_[A-Z_]+`)

// TestSettingsExist: the keys of the configuration and the variables of the
// environment are those of the program.
func TestSettingsExist(t *testing.T) {
	keys := settings(t)
	var config map[string]map[string]any
	if err := yaml.Unmarshal([]byte(read(t, "config.yaml")), &config); err != nil {
		t.Fatal(err)
	}
	for section, values := range config {
		for key := range values {
			if !slices.Contains(keys, section+"."+key) {
				t.Errorf("config.yaml: there is no setting %s.%s", section, key)
			}
		}
	}
	manual := read(t, "../docs/manual/wattle-environment.md")
	ours := []string{"WATTLE_TARGETS"} // of compose.yaml itself
	for _, path := range []string{"compose.yaml", "compose.host.yaml", "Dockerfile", "systemd/wattle.service", "README.md"} {
		for _, name := range variable.FindAllString(read(t, path), -1) {
			key := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, "WATTLE_"), "__", "."))
			if !slices.Contains(keys, key) && !slices.Contains(ours, name) && !strings.Contains(manual, name) {
				t.Errorf("%s: there is no %s", path, name)
			}
		}
	}
}

var command = regexp.MustCompile("(?:^|[ /\"'`])wattle[\", ]+((?:[a-z-]+[\", ]*)+)((?: *--[a-z-]+)*)")

// TestCommandsExist: what the files run is in the manual, with its flags.
func TestCommandsExist(t *testing.T) {
	global := read(t, "../docs/manual/README.md")
	found := 0
	check := func(path string, words, flags []string) {
		for n := len(words); n > 0; n-- {
			page, err := os.ReadFile("../docs/manual/wattle-" + strings.Join(words[:n], "-") + ".md")
			if err != nil {
				continue
			}
			found++
			for _, flag := range flags {
				if !strings.Contains(string(page), "`"+flag) && !strings.Contains(string(page)+global, flag) {
					t.Errorf("%s: wattle %s has no %s", path, strings.Join(words[:n], " "), flag)
				}
			}
			return
		}
		t.Errorf("%s: there is no wattle %s", path, strings.Join(words, " "))
	}
	for path, line := range map[string]string{"systemd/wattle.service": "ExecStart=", "Dockerfile": "HEALTHCHECK", "Dockerfile ": "\nCMD"} {
		_, rest, ok := strings.Cut(read(t, strings.TrimSpace(path)), line)
		if !ok {
			t.Errorf("%s has no %s", path, line)
			continue
		}
		rest, _, _ = strings.Cut(strings.TrimSpace(rest), "\n")
		var words, flags []string
		for _, w := range strings.FieldsFunc(rest, func(r rune) bool { return strings.ContainsRune(` ",[]`, r) }) {
			switch {
			case strings.HasPrefix(w, "--") && len(words) > 0:
				flags = append(flags, w)
			case regexp.MustCompile(`^[a-z]+$`).MatchString(w) && !strings.HasPrefix(w, "/"):
				words = append(words, w)
			}
		}
		check(path, words, flags)
	}
	for _, m := range command.FindAllStringSubmatch(read(t, "README.md"), -1) {
		words := strings.Fields(m[1])
		if _, err := os.Stat("../docs/manual/wattle-" + words[0] + ".md"); err == nil {
			check("README.md", words, strings.Fields(m[2]))
		}
	}
	if found < 5 {
		t.Errorf("only %d commands were found", found)
	}
}

// TestPorts: who asks and who answers name the same ports.
func TestPorts(t *testing.T) {
	for path, texts := range map[string][]string{
		"compose.yaml":              {"0.0.0.0:8420", "0.0.0.0:9420", "mqtt://mosquitto:1883", `"127.0.0.1:8420:8420"`},
		"compose.host.yaml":         {"127.0.0.1:8420", "127.0.0.1:9420", "mqtt://127.0.0.1:1883"},
		"config.yaml":               {"127.0.0.1:8420", "127.0.0.1:9420"},
		"Dockerfile":                {"EXPOSE 8420 9420"},
		"prometheus/prometheus.yml": {"wattle:9420"},
		"mosquitto/mosquitto.conf":  {"listener 1883", "allow_anonymous false"},
	} {
		for _, text := range texts {
			if !strings.Contains(read(t, path), text) {
				t.Errorf("%s has no %s", path, text)
			}
		}
	}
	for _, line := range regexp.MustCompile(`ports: \[.*\]`).FindAllString(read(t, "compose.yaml"), -1) {
		if !strings.Contains(line, `["127.0.0.1:`) {
			t.Errorf("open to the network: %s", line)
		}
	}
}

// TestUnit lets systemd check the unit, where there is one.
func TestUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd-analyze here")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "wattle")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(dir, "wattle.service")
	if err := os.WriteFile(unit, []byte(strings.ReplaceAll(read(t, "systemd/wattle.service"), "/usr/local/bin/wattle", program)), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), analyze, "verify", unit).CombinedOutput(); err != nil || strings.Contains(string(out), "wattle.service") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestPromtoolRules asks Prometheus about the rules; ./check promtool sets the
// variable.
func TestPromtoolRules(t *testing.T) {
	promtool := os.Getenv("WATTLE_PROMTOOL")
	if promtool == "" {
		t.Skip("./check promtool runs this: it wants Debian's prometheus")
	}
	for _, args := range [][]string{{"check", "rules", "wattle.rules.yml"}, {"test", "rules", "wattle.test.yml"}} {
		c := exec.CommandContext(t.Context(), promtool, args...)
		c.Dir = "prometheus"
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
}
