// Package recorded finds what real devices have answered, for tests. The
// recordings are other people's and not part of the project: they lie in
// $WATTLE_CAPTURES, or in ../shared/captures beside the repository. Only tests
// import it; see CONTRIBUTING.md.
package recorded

import (
	"os"
	"path/filepath"
	"testing"
)

// Folder is where the recordings are. It skips the test where there are none.
func Folder(tb testing.TB) string {
	tb.Helper()
	dir := os.Getenv("WATTLE_CAPTURES")
	if dir == "" {
		dir = filepath.Join(root(tb), "..", "shared", "captures")
	}
	if _, err := os.Stat(filepath.Join(dir, "expected")); err != nil {
		tb.Skipf("no captures: set WATTLE_CAPTURES or put them at ../shared/captures beside the repository (%v)", err)
	}
	return dir
}

// Files are the recordings in some of its folders, such as "smart/child", by
// path. It skips the test where there are no recordings at all; a folder of
// them that is empty is an error.
func Files(tb testing.TB, folders ...string) []string {
	tb.Helper()
	dir := Folder(tb)
	var all []string
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(folder), "*.json"))
		if err != nil || len(files) == 0 {
			tb.Fatalf("no captures in %s (%v)", filepath.Join(dir, folder), err)
		}
		all = append(all, files...)
	}
	return all
}

// root is the folder of go.mod.
func root(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			tb.Fatal("no go.mod above the test")
		}
		dir = parent
	}
}
