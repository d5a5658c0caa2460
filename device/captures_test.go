package device_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wattle/catalog"
	"wattle/device"
)

// captures is the folder of captured answers of real devices. They are other
// people's and not part of the project; see CONTRIBUTING.md.
func captures(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("WATTLE_CAPTURES")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "captures")
	}
	if _, err := os.Stat(filepath.Join(dir, "expected")); err != nil {
		t.Skipf("no captures: set WATTLE_CAPTURES or put them at ../shared/captures beside the repository (%v)", err)
	}
	return dir
}

// names are the captures of some folders, as FOLDER/NAME.json.
func names(t testing.TB, dir string, folders ...string) []string {
	t.Helper()
	var out []string
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(dir, folder, "*.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no captures in %s (%v)", folder, err)
		}
		for _, f := range files {
			out = append(out, filepath.ToSlash(filepath.Join(folder, filepath.Base(f))))
		}
	}
	return out
}

// moment is the clock under which the expected values were made.
var moment = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

func TestCaptures(t *testing.T) {
	dir := captures(t)
	out := t.TempDir()
	if keep := os.Getenv("WATTLE_INSPECT_OUT"); keep != "" {
		out = keep
	}
	for _, name := range names(t, dir, "iot", "iotcam", "smart") {
		r, err := loadReplay(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		d, err := device.New(t.Context(), r, r.family, &device.Options{Now: func() time.Time { return moment }})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		s, err := d.Poll(t.Context())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		b, err := json.MarshalIndent(device.Inspect(s), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(out, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	score(t, dir, out, names(t, dir, "iot", "iotcam", "smart"))
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
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	for _, line := range lines {
		if !strings.HasPrefix(line, "100.00%") && !strings.HasPrefix(line, "           extra") {
			t.Log(line)
		}
	}
	if err != nil {
		t.Errorf("compare.py: %v", err)
	}
}
