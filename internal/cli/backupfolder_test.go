package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Backups of the same second stand beside each other: one that finds its folder
// taken must not clear away what is in there.
func TestBackupsOfTheSameSecond(t *testing.T) {
	root := filepath.Join(t.TempDir(), "backups")
	at := time.Date(2026, 11, 22, 11, 36, 26, 0, time.UTC)
	var got sync.Map
	var making sync.WaitGroup
	for range 20 {
		making.Go(func() {
			dir, err := newBackupFolder(root, at)
			if err != nil {
				t.Error(err)
			}
			if _, taken := got.LoadOrStore(dir, true); taken {
				t.Errorf("%s twice", dir)
			}
		})
	}
	making.Wait()
	for _, name := range []string{"2026-11-22T113626", "2026-11-22T113626-2", "2026-11-22T113626-20"} {
		if _, ok := got.Load(filepath.Join(root, name)); !ok {
			t.Errorf("no %s", name)
		}
		info, err := fs.Stat(os.DirFS(root), name)
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
