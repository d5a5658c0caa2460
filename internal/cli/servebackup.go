package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"wattle/internal/atomicfile"
)

// restoreText lies in each backup.
const restoreText = `A backup of a wattle hub. To go back to it:

1. End the hub: systemctl stop wattle, or Ctrl-C.
2. Find its folders: wattle config path
3. Copy devices.json and the folder hub from here into the state folder,
   history.db into the data folder (remove history.db-wal and history.db-shm there first),
   and config.yaml to where the configuration is.
4. Start the hub again.

It holds no password: the account is in the key store (wattle auth login). Sessions
with devices are made anew. Tokens of the API are kept as hashes, and stay valid.
A history in PostgreSQL is not in it: pg_dump and pg_restore are for that.
`

// copyBackup fills a folder.
func (d *daemon) copyBackup(ctx context.Context, dir string) error {
	if h := d.archive.Load(); h != nil && !strings.Contains(h.address, "://") {
		if err := h.store.Backup(ctx, filepath.Join(dir, "history.db")); err != nil {
			return err
		}
	}
	book, err := d.app().book()
	if err != nil {
		return err
	}
	file, err := d.app().configFile()
	if err != nil {
		return err
	}
	for from, to := range map[string]string{book.store.Path(): "devices.json", file: "config.yaml"} {
		if err := copyFile(from, filepath.Join(dir, to)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	err = filepath.WalkDir(d.keep.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		inside, err := filepath.Rel(d.keep.dir, path)
		if err != nil {
			return err
		}
		return copyFile(path, filepath.Join(dir, "hub", inside))
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return atomicfile.Write(filepath.Join(dir, "RESTORE.txt"), []byte(restoreText), 0o600, true)
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return atomicfile.Write(to, data, 0o600, true)
}
