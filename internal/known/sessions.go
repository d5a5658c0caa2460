package known

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"wattle"
	"wattle/internal/atomicfile"
)

const (
	sessionSuffix = ".session"
	// sessionAge is when a stored session is of no use any more: devices keep
	// them for a day. See docs/protocol/transports.md section 0.
	sessionAge = 24 * time.Hour
	// sessionSize bounds what is read.
	sessionSize = 64 << 10
)

// Sessions are the stored sessions of devices: one file of mode 0600 each, in a
// folder of mode 0700, since they hold keys. Devices keep one session for each
// host, and a session counts its messages, so that only one process may use it
// at a time: whoever holds the [Lease].
type Sessions struct{ dir string }

// OpenSessions gives the store of sessions in the folder "sessions" below dir.
// It does no I/O.
func OpenSessions(dir string) *Sessions { return &Sessions{filepath.Join(dir, "sessions")} }

// Lease is the right to use the session of one device until Release. It is for
// one goroutine.
type Lease struct {
	path   string
	data   []byte
	away   bool // data was taken out of its file
	unlock func()
	once   sync.Once
}

// Take waits until no other process uses the session of a device, and takes it.
// When ctx ends first, the error wraps [wattle.ErrBusy] and the cause: then make
// a session of one's own and store nothing. A process that runs for long must
// not keep a lease, or others wait for ever: Release it when the session was made.
func (s *Sessions) Take(ctx context.Context, mac wattle.MAC) (*Lease, error) {
	if mac.IsZero() {
		return nil, fmt.Errorf("a session of a device without MAC: %w", wattle.ErrParam)
	}
	if err := s.makeFolder(); err != nil {
		return nil, err
	}
	unlock, err := takeLock(ctx, filepath.Join(s.dir, mac.Key()+".lock"))
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("the session of %s is used by another process: %w: %w", mac, wattle.ErrBusy, context.Cause(ctx))
		}
		return nil, err
	}
	l := &Lease{path: filepath.Join(s.dir, mac.Key()+sessionSuffix), unlock: unlock}
	if l.data = readSession(l.path); l.data != nil {
		// Whoever dies while it uses the session leaves none behind: the number
		// of its last message is not in the file, and a number must never seal two
		// different messages. See docs/protocol/tpap.md section 10.1.
		l.away = os.Remove(l.path) == nil
	}
	return l, nil
}

// makeFolder makes the folder, or closes it to others.
func (s *Sessions) makeFolder() error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("sessions: %w", err)
	}
	info, err := os.Stat(s.dir)
	if err != nil {
		return fmt.Errorf("sessions: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(s.dir, 0o700); err != nil {
			return fmt.Errorf("sessions: the folder is open to others: %w", err)
		}
	}
	return nil
}

// readSession gives a stored session, nil when there is none that is fit for
// use: too old, too large, or readable by others and so perhaps not ours alone.
func readSession(path string) []byte {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > sessionSize || time.Since(info.ModTime()) > sessionAge {
		return nil
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	return data
}

// Data is the session as it was stored, nil when there is none.
func (l *Lease) Data() []byte { return l.data }

// Save stores the session in place of the old one; nil forgets it.
func (l *Lease) Save(data []byte) error {
	if l.unlock == nil {
		return fmt.Errorf("a lease that was released: %w", wattle.ErrClosed)
	}
	l.data, l.away = data, false
	if len(data) == 0 {
		if err := os.Remove(l.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("session: %w", err)
		}
		return nil
	}
	// Not durable: a session that is lost costs a handshake, a sync costs more.
	if err := atomicfile.Write(l.path, data, 0o600, false); err != nil {
		return fmt.Errorf("session: %w", err)
	}
	return nil
}

// Release lets others use the session, the one that was taken if Save was not
// called. More than one call does nothing.
func (l *Lease) Release() {
	l.once.Do(func() {
		if l.away {
			_ = l.Save(l.data) // or it is lost, which costs a handshake
		}
		l.unlock()
		l.unlock = nil
		l.data = nil
	})
}

// Forget removes the stored session of a device, waiting for whoever uses it.
func (s *Sessions) Forget(ctx context.Context, mac wattle.MAC) error {
	lease, err := s.Take(ctx, mac)
	if err != nil {
		return err
	}
	defer lease.Release()
	return lease.Save(nil)
}

// Prune removes sessions that are too old for use, and gives how many. Those in
// use stay. It is cheap: call it where time does not matter, as after a search.
func (s *Sessions) Prune(ctx context.Context) (int, error) {
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("sessions: %w", err)
	}
	removed := 0
	for _, entry := range entries {
		if ctx.Err() != nil {
			return removed, context.Cause(ctx)
		}
		name := entry.Name()
		info, err := entry.Info()
		if err != nil || time.Since(info.ModTime()) <= sessionAge {
			continue
		}
		if strings.HasSuffix(name, ".tmp") { // of a process that died while writing
			_ = os.Remove(filepath.Join(s.dir, name))
			continue
		}
		mac, err := wattle.ParseMAC(strings.TrimSuffix(name, sessionSuffix))
		if err != nil || !strings.HasSuffix(name, sessionSuffix) {
			continue
		}
		if s.pruneOne(mac) {
			removed++
		}
	}
	return removed, nil
}

// pruneOne removes a session that is too old and not in use.
func (s *Sessions) pruneOne(mac wattle.MAC) bool {
	lock := flock.New(filepath.Join(s.dir, mac.Key()+".lock"))
	if locked, err := lock.TryLock(); err != nil || !locked {
		return false
	}
	defer func() { _ = lock.Close() }()
	path := filepath.Join(s.dir, mac.Key()+sessionSuffix)
	info, err := os.Lstat(path)
	if err != nil || time.Since(info.ModTime()) <= sessionAge {
		return false
	}
	return os.Remove(path) == nil
}
