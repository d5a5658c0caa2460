package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// backupTime names the folder of a backup.
const backupTime = "2006-01-02T150405"

// mostAtOnce is how many backups one second may have.
const mostAtOnce = 100

// newBackupFolder makes a folder for a backup below root, which nobody else has:
// a second one of the same second gets "-2" behind its time.
func newBackupFolder(root string, at time.Time) (string, error) {
	if err := ensureFolder(root); err != nil {
		return "", err
	}
	dir := filepath.Join(root, at.Format(backupTime))
	for n := 2; ; n++ {
		err := os.Mkdir(dir, 0o700)
		if err == nil || !errors.Is(err, fs.ErrExist) || n > mostAtOnce {
			return dir, err
		}
		dir = filepath.Join(root, fmt.Sprintf("%s-%d", at.Format(backupTime), n))
	}
}
