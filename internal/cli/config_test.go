package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestConfigErrors(t *testing.T) {
	for _, tt := range []struct{ name, text, want, hint string }{
		{"unknown key", "output: json\ndiscovry:\n  timeout: 1s\n", `c.yaml:2:1: unknown key "discovry"`, ""},
		{"near key", "discovery:\n  timeuot: 1s\n", `c.yaml:2:3: unknown key "discovery.timeuot"`, `did you mean "discovery.timeout"?`},
		{"wrong choice", "output: jsn\n", `c.yaml:1:9: output: "jsn" is not table, json, yaml or csv`, `did you mean "json"?`},
		{"wrong duration", "timeout: 5\n", `c.yaml:1:10: timeout: "5" is not a duration`, `write a number and a unit, such as "1500ms" or "5s"`},
		{"wrong bool", "profiles: {x: {loopback_only: maybe}}\n", `c.yaml:1:31: profiles.x.loopback_only: "maybe" is not true or false`, ""},
		{"list for a text", "output: [json, csv]\n", `c.yaml:1:9: output: want one value (text), not a list`, ""},
		{"keys for a text", "output: {a: 1}\n", `c.yaml:1:9: want a value, not keys below it`, ""},
		{"text for keys", "discovery: 3\n", `c.yaml:1:12: discovery: want keys and values here, not integer`, ""},
		{"out of range", "hub:\n  latitude: 91\n", `c.yaml:2:13: hub.latitude: "91": want a number from -90 to 90`, ""},
		{"no number", "hub: {longitude: east}\n", `c.yaml:1:18: hub.longitude: "east": want a number from -180 to 180`, ""},
		{"no whole number", "listen:\n  limits:\n    burst: 1.5\n", `c.yaml:3:12: listen.limits.burst: "1.5": want a whole number from 1 to 100000`, ""},
		{"too low", "listen: {limits: {rate: 0}}\n", `c.yaml:1:25: listen.limits.rate: "0": want a number from 0.1 to 100000`, ""},
		{"not YAML", "a: [1,\n b: }\n", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := parseConfig("c.yaml", []byte(tt.text), &settings{byKey: map[string]value{}})
			if err == nil {
				t.Fatal("no error")
			}
			if tt.want != "" && err.Error() != tt.want {
				t.Errorf("got  %s\nwant %s", err, tt.want)
			}
			if !strings.HasPrefix(err.Error(), "c.yaml:1:") && tt.want == "" {
				t.Errorf("%v does not name file and line", err)
			}
			if got := hintOf(err); got != tt.hint {
				t.Errorf("hint %q, want %q", got, tt.hint)
			}
			if exitCode(err) != CodeUsage {
				t.Errorf("exit code %d", exitCode(err))
			}
		})
	}
}

func TestConfigEdit(t *testing.T) {
	for _, tt := range []struct {
		name, old, key string
		values         []string
		want           string
	}{
		{"new file", "", "output", []string{"json"}, "output: json\n"},
		{"comment only", "# mine", "output", []string{"json"}, "# mine\noutput: json\n"},
		{
			"beside", "discovery:\n  timeout: 1s\n", "discovery.targets",
			[]string{"10.0.0.0/24", "10.0.1.255"},
			"discovery:\n  timeout: 1s\n  targets:\n    - 10.0.0.0/24\n    - 10.0.1.255\n",
		},
		{"replace", "# a\noutput: csv # b\n", "output", []string{"json"}, ""},
		{"deep", "output: csv\n", "profiles.x.username", []string{"a@example.com"}, "output: csv\nprofiles:\n  x:\n    username: a@example.com\n"},
		{"empty section", "account:\n", "account.username", []string{"x: y"}, ""},
		{"number", "hub:\n  interval: 5s\n", "hub.latitude", []string{"-33.87"}, "hub:\n  interval: 5s\n  latitude: -33.87\n"},
		{"whole number", "", "listen.limits.rate", []string{"20"}, "listen:\n  limits:\n    rate: 20\n"},
		{"number-like text", "", "account.username", []string{"12"}, "account:\n  username: \"12\"\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			row, ok := findSetting(tt.key)
			if !ok {
				t.Fatal("unknown key")
			}
			got, err := edit("c.yaml", []byte(tt.old), row, tt.values)
			if err != nil {
				t.Fatal(err)
			}
			if tt.want != "" && string(got) != tt.want {
				t.Error(cmp.Diff(tt.want, string(got)))
			}
			if strings.Contains(tt.old, "# a") && !strings.Contains(string(got), "# a") {
				t.Errorf("a comment is lost:\n%s", got)
			}
			back := &settings{byKey: map[string]value{}}
			if err := parseConfig("c.yaml", got, back); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.values, back.list(tt.key)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestConfigPrecedence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte("output: csv\ntimeout: 1s\ndiscovery:\n  timeout: 9s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"WATTLE_CONFIG": file, "WATTLE_OUTPUT": "yaml", "WATTLE_DISCOVERY__TARGETS": "10.0.0.1, 10.0.0.2"}
	a := &app{getenv: func(k string) string { return env[k] }}
	a.flags.output = "json"
	set, err := a.settings()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ key, want, origin string }{
		{"output", "json", "flag --output"},
		{"timeout", "1s", file + ":2"},
		{"discovery.timeout", "9s", file + ":4"},
		{"discovery.targets", "10.0.0.1,10.0.0.2", "env WATTLE_DISCOVERY__TARGETS"},
		{"color", "auto", "default"},
	} {
		if got := set.get(tt.key); set.text(tt.key) != tt.want || got.origin != tt.origin {
			t.Errorf("%s = %q from %s, want %q from %s", tt.key, set.text(tt.key), got.origin, tt.want, tt.origin)
		}
	}
}

// Half a place is none.
func TestConfigPlace(t *testing.T) {
	for text, want := range map[string]string{
		"hub:\n  latitude: 52.52\n  longitude: 13.4\n": "",
		"hub:\n  latitude: 52.52\n":                    "c.yaml:2: hub.latitude without hub.longitude",
		"hub:\n\n  longitude: 0\n":                     "c.yaml:3: hub.longitude without hub.latitude",
		"hub:\n  interval: 5s\n":                       "",
	} {
		set := &settings{byKey: map[string]value{}}
		if err := parseConfig("c.yaml", []byte(text), set); err != nil {
			t.Fatal(err)
		}
		if err := set.checkPlace(); want == "" && err != nil || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// Whatever is in the file, reading it ends with settings or an error.
func FuzzParseConfig(f *testing.F) {
	f.Add("output: json\ndiscovery:\n  targets: [10.0.0.0/24]\n")
	f.Add("profiles:\n  x:\n    username: |\n      a\n")
	f.Add("&a output: *a\n")
	f.Add("? {a: b}\n: c\n")
	f.Add("---\noutput: csv\n---\n- x\n")
	f.Fuzz(func(t *testing.T, text string) {
		set := &settings{byKey: map[string]value{}}
		if err := parseConfig("c.yaml", []byte(text), set); err != nil {
			return
		}
		for key, v := range set.byKey {
			row, ok := findSetting(key)
			if !ok {
				t.Fatalf("unknown key %q got through", key)
			}
			if err := row.check(v.values); err != nil {
				t.Fatal(err)
			}
		}
	})
}
