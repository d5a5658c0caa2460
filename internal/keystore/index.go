package keystore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"wattle/internal/atomicfile"
)

const (
	indexFile    = "credentials.json"
	indexLock    = "credentials.lock"
	indexVersion = 1
)

// index says where the credentials of each profile are. There is no secret in it.
type index struct {
	Version  int              `json:"version"`
	Profiles map[string]entry `json:"profiles"`
}

type entry struct {
	Backend Backend `json:"backend"`
}

func (k *Keystore) readIndex() (index, error) {
	empty := index{indexVersion, map[string]entry{}}
	if k.opt.Dir == "" {
		return empty, nil
	}
	path := filepath.Join(k.opt.Dir, indexFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return empty, nil
	}
	if err != nil {
		return empty, fmt.Errorf("credentials: %w", err)
	}
	var x index
	if err := json.Unmarshal(data, &x); err != nil {
		return empty, fmt.Errorf("%s: %w (%w): remove the file and store the credentials again", path, ErrDamaged, err)
	}
	if x.Version > indexVersion {
		return empty, fmt.Errorf("%s was written by a newer version of wattle: use that one", path)
	}
	if x.Profiles == nil {
		x.Profiles = map[string]entry{}
	}
	return x, nil
}

func (k *Keystore) lookup(profile string) (entry, error) {
	x, err := k.readIndex()
	return x.Profiles[profile], err
}

// record notes where a profile is; an entry without backend removes it. It needs
// the lock.
func (k *Keystore) record(profile string, e entry) error {
	x, err := k.readIndex()
	if err != nil {
		return err
	}
	x.Version = indexVersion
	if e.Backend == "" {
		delete(x.Profiles, profile)
	} else {
		x.Profiles[profile] = e
	}
	data, err := json.MarshalIndent(x, "", "  ")
	if err != nil {
		return err
	}
	if err := atomicfile.Write(filepath.Join(k.opt.Dir, indexFile), append(data, '\n'), 0o600, true); err != nil {
		return fmt.Errorf("credentials: %w", err)
	}
	return nil
}

// lock takes the lock of writers.
func (k *Keystore) lock(ctx context.Context) (unlock func(), err error) {
	if err := os.MkdirAll(k.opt.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("credentials: %w", err)
	}
	l := flock.New(filepath.Join(k.opt.Dir, indexLock))
	if locked, err := l.TryLockContext(ctx, 5*time.Millisecond); err != nil || !locked {
		return nil, fmt.Errorf("credentials are in use by another process: %w", err)
	}
	return func() { _ = l.Close() }, nil
}
