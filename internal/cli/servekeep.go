package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"wattle"
	"wattle/internal/atomicfile"
)

// folderKeep stores the small things of a hub as files: how far logs were
// followed, groups, rules, tokens as hashes. It is a hub.Keep.
type folderKeep struct{ dir string }

func (k folderKeep) path(name string) (string, error) {
	inside := filepath.FromSlash(name)
	letters := strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/") == ""
	if name == "" || !letters || !filepath.IsLocal(inside) || filepath.Clean(inside) != inside {
		return "", fmt.Errorf("%w: %q names nothing that is kept", wattle.ErrParam, name)
	}
	return filepath.Join(k.dir, inside+".json"), nil
}

// Load gives nil where there is nothing.
func (k folderKeep) Load(_ context.Context, name string) ([]byte, error) {
	path, err := k.path(name)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// Save returns when the data is on the disk.
func (k folderKeep) Save(_ context.Context, name string, data []byte) error {
	path, err := k.path(name)
	if err != nil {
		return err
	}
	if err := ensureFolder(filepath.Dir(path)); err != nil {
		return err
	}
	return atomicfile.Write(path, data, 0o600, true)
}
