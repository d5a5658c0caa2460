package known

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"wattle"
	"wattle/internal/atomicfile"
	"wattle/internal/wire/rawjson"
)

const (
	devicesFile = "devices.json"
	lockFile    = "devices.lock"
	version     = 1
	lockRetry   = 5 * time.Millisecond
)

// ErrVersion is for a file that was written by a later version of wattle. It is neither
// read nor changed.
var ErrVersion = errors.New("written by a newer version of wattle")

// CorruptError is a warning: the file could not be read and was moved aside, so
// that nothing is lost and work goes on with an empty list.
type CorruptError struct {
	Path  string // the file that was to be read
	Moved string // where it is now
	Err   error  // what is wrong with it
}

// Error says where the file went and how to get it back.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("%s cannot be read (%v); it was moved to %s, and the list of devices starts empty: mend the file and move it back, or run a new search",
		e.Path, e.Err, e.Moved)
}

// Unwrap gives what is wrong with the file.
func (e *CorruptError) Unwrap() error { return e.Err }

// Store is the file of known devices in a folder. It may be used by several
// goroutines and processes.
type Store struct{ dir string }

// Open gives the store of a folder. It does no I/O; the folder is made with the
// first write.
func Open(dir string) *Store { return &Store{dir} }

// Path is the file of devices.
func (s *Store) Path() string { return filepath.Join(s.dir, devicesFile) }

// List is the known devices, sorted by MAC.
type List struct {
	Devices []Device
	Rooms   []Room // sorted by MAC and child; see [List.Settle]

	extra extra
}

// Load reads the devices. A missing file is an empty list. With a
// [*CorruptError] the list is empty and can be used; with other errors, such as
// [ErrVersion], there is no list.
func (s *Store) Load(ctx context.Context) (*List, error) {
	list, err := s.read()
	if _, ok := errors.AsType[*CorruptError](err); !ok {
		return list, err
	}
	// Look again with the lock, so that no writer's new file is moved.
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return s.readOrMove()
}

// readOrMove reads the file and moves it aside if it is broken. It needs the lock.
func (s *Store) readOrMove() (*List, error) {
	list, err := s.read()
	var broken *CorruptError
	if !errors.As(err, &broken) {
		return list, err
	}
	broken.Moved = fmt.Sprintf("%s.broken-%s", broken.Path, time.Now().UTC().Format("20060102T150405.000"))
	if err := os.Rename(broken.Path, broken.Moved); err != nil {
		return nil, fmt.Errorf("%s cannot be read (%w) nor moved aside: %w", broken.Path, broken.Err, err)
	}
	return &List{}, broken
}

// read reads the file; the error is a *CorruptError when its content is at fault.
func (s *Store) read() (*List, error) {
	data, err := os.ReadFile(s.Path())
	if errors.Is(err, fs.ErrNotExist) {
		return &List{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("known devices: %w", err)
	}
	list, err := parse(data)
	switch {
	case errors.Is(err, ErrVersion):
		return nil, fmt.Errorf("%s: %w: use that version, or name another state folder", s.Path(), err)
	case err != nil:
		return nil, &CorruptError{Path: s.Path(), Err: err}
	}
	return list, nil
}

func parse(data []byte) (*List, error) {
	if !json.Valid(data) {
		var anything any // for the place of the mistake
		if err := json.Unmarshal(data, &anything); err != nil {
			return nil, err
		}
		return nil, errors.New("not JSON")
	}
	list := &List{}
	var written int
	var devices, rooms []byte
	err := rawjson.Members(data, func(key, value []byte) error {
		switch string(key) {
		case "version":
			return readInt(value, &written)
		case "devices":
			devices = value
		case "rooms":
			rooms = value
		default:
			list.extra.keep(key, value)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case written > version:
		return nil, ErrVersion
	case written < 1:
		return nil, errors.New("no version in it")
	}
	if rooms != nil && string(rooms) != "null" {
		if err := rawjson.Items(rooms, func(item []byte) error {
			var r Room
			err := r.UnmarshalJSON(item)
			list.Settle(r)
			return err
		}); err != nil {
			return nil, err
		}
	}
	if devices == nil || string(devices) == "null" {
		return list, nil
	}
	return list, rawjson.Items(devices, func(item []byte) error {
		var d Device
		if err := d.UnmarshalJSON(item); err != nil {
			return err
		}
		if d.MAC.IsZero() {
			return fmt.Errorf("a device without MAC (alias %q)", d.Alias)
		}
		list.put(d)
		return nil
	})
}

// marshal writes one device a line.
func (l *List) marshal() ([]byte, error) {
	head, err := l.extra.with(fmt.Appendf(nil, `{"version":%d}`, version))
	if err != nil {
		return nil, err
	}
	out := head[:len(head)-1]
	if len(l.Rooms) > 0 {
		rooms, err := json.Marshal(l.Rooms)
		if err != nil {
			return nil, err
		}
		out = append(append(out, ",\"rooms\":"...), rooms...)
	}
	out = append(out, `,"devices":[`...)
	for i, d := range l.Devices {
		record, err := json.Marshal(d)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(out, '\n'), record...)
	}
	return append(out, "\n]}\n"...), nil
}

// Update changes the devices: it reads them, calls change, and writes them if
// anything is different. Others who update wait meanwhile. An error of change
// leaves the file as it was. A [*CorruptError] comes back as a warning after the
// update was made.
func (s *Store) Update(ctx context.Context, change func(*List) error) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	list, err := s.readOrMove()
	var warning *CorruptError
	if err != nil && !errors.As(err, &warning) {
		return err
	}
	before, err := list.marshal()
	if err != nil {
		return err
	}
	if err := change(list); err != nil {
		return err
	}
	after, err := list.marshal()
	if err != nil {
		return err
	}
	if !bytes.Equal(before, after) {
		if err := atomicfile.Write(s.Path(), after, 0o600, true); err != nil {
			return fmt.Errorf("known devices: %w", err)
		}
	}
	if warning != nil {
		return warning
	}
	return nil
}

// lock takes the lock of writers.
func (s *Store) lock(ctx context.Context) (unlock func(), err error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, fmt.Errorf("known devices: %w", err)
	}
	return takeLock(ctx, filepath.Join(s.dir, lockFile))
}

func takeLock(ctx context.Context, path string) (unlock func(), err error) {
	lock := flock.New(path) // mode 0600
	locked, err := lock.TryLockContext(ctx, lockRetry)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if !locked {
		return nil, fmt.Errorf("lock %s: not available", path)
	}
	return func() { _ = lock.Close() }, nil
}

// Put adds a device or brings one up to date: fields that are zero in d stay as
// they were, and so does a LastSeen that is less than an hour older. A device
// without MAC cannot be kept: the error wraps [wattle.ErrParam].
func (l *List) Put(d Device) error {
	if d.MAC.IsZero() {
		return fmt.Errorf("a device without MAC cannot be remembered: %w", wattle.ErrParam)
	}
	l.put(d)
	return nil
}

func (l *List) put(d Device) {
	i, found := l.search(d.MAC)
	if !found {
		l.Devices = slices.Insert(l.Devices, i, d)
		return
	}
	l.Devices[i].merge(d)
}

// Get gives the device with a MAC, or nil. It points into the list.
func (l *List) Get(mac wattle.MAC) *Device {
	if i, found := l.search(mac); found {
		return &l.Devices[i]
	}
	return nil
}

// Remove forgets a device and reports whether it was there.
func (l *List) Remove(mac wattle.MAC) bool {
	i, found := l.search(mac)
	if found {
		l.Devices = slices.Delete(l.Devices, i, i+1)
	}
	return found
}

func (l *List) search(mac wattle.MAC) (int, bool) {
	return slices.BinarySearchFunc(l.Devices, mac, func(d Device, mac wattle.MAC) int {
		return bytes.Compare(d.MAC[:], mac[:])
	})
}
