package device_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"wattle/catalog"
	"wattle/device"
	"wattle/internal/recorded"
)

// folders of captures whose transports exist.
var folders = []string{"iot", "iotcam", "smart", "smart/child"}

// TestCaptures holds every feature of every captured device against what
// another client reads from it.
func TestCaptures(t *testing.T) {
	dir := recorded.Folder(t)
	out := t.TempDir()
	if keep := os.Getenv("WATTLE_INSPECT_OUT"); keep != "" {
		out = keep
	}
	all := names(t, folders...)
	for _, name := range all {
		t.Run(name, func(t *testing.T) {
			f, library := load(t, dir, name)
			d, _ := open(t, f, library, nil)
			b, err := json.MarshalIndent(device.Inspect(d.State()).Reveal(), "", " ")
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(out, name)
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, b, 0o600); err != nil {
				t.Fatal(err)
			}
		})
	}
	score(t, dir, out, all)
}

// score runs the comparison that comes with the captures.
func score(t *testing.T, dir, out string, done []string) {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Log("no python3: not compared")
		return
	}
	write := func(name string, lines []string) string {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	var ids []string
	for _, f := range catalog.All() {
		ids = append(ids, f.ID)
	}
	cmd := exec.CommandContext(t.Context(), python, filepath.Join(dir, "compare.py"), "--minimum", "100", "--meta", "-v",
		"--list", write("list", done), "--features", write("features", ids), filepath.Join(dir, "expected"), out)
	b, err := cmd.CombinedOutput()
	for line := range strings.SplitSeq(strings.TrimSpace(string(b)), "\n") {
		if !strings.HasPrefix(line, "100.00%") && !strings.HasPrefix(line, "           extra") {
			t.Log(line)
		}
	}
	if err != nil {
		t.Errorf("compare.py: %v", err)
	}
}
