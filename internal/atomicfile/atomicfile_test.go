package atomicfile_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"wattle/internal/atomicfile"
)

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "folder", "file.json")
	for i, text := range []string{"one", "two, longer", ""} {
		if err := atomicfile.Write(path, []byte(text), 0o600, i == 0); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("%q, %v; want %q", got, err, text)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// TestWriteAtOnce: readers never see a part while writers race.
func TestWriteAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	long := make([]byte, 1<<16)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 20 {
				if err := atomicfile.Write(path, long, 0o600, false); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 100 {
		if got, err := os.ReadFile(path); err == nil && len(got) != len(long) {
			t.Errorf("read %d bytes", len(got))
		}
	}
	group.Wait()
}

func TestWriteFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "folder")
	if err := os.MkdirAll(filepath.Join(path, "inside"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.Write(path, []byte("x"), 0o600, false); err == nil {
		t.Error("a folder was replaced by a file")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}
