package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"wattle/history"
)

// applicationID marks our files: "wttl".
const applicationID = 0x7774746c

// openLite opens or makes an SQLite file. Besides SQLite's own locks, which let
// two processes write in turns, one file beside it is held for as long as the
// store is open: what a writer remembers must not change behind it.
func (s *Store) openLite(ctx context.Context) error {
	s.place, s.dialect, s.backup = s.Address, liteSQL, s.backupLite
	fresh, err := s.prepareFile()
	if err != nil {
		return s.explain("open", err)
	}
	if s.readers, err = sql.Open("sqlite", s.dsn(true)); err != nil {
		return s.explain("open", err)
	}
	s.readers.SetMaxOpenConns(4)
	if !s.ReadOnly {
		if s.writers, err = sql.Open("sqlite", s.dsn(false)); err != nil {
			return s.explain("open", err)
		}
		s.writers.SetMaxOpenConns(1)
	}
	if !fresh {
		if err := s.identify(ctx); err != nil {
			return err
		}
	}
	if s.ReadOnly {
		return nil
	}
	return s.patiently(ctx, func() error {
		// Readers cannot make a database into one with a write-ahead log.
		if _, err := s.writers.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
			return err
		}
		return migrate(ctx, s.writers, goose.DialectSQLite3, "sqlite")
	})
}

// prepareFile makes the folder and the file, for the owner only, and takes the
// lock. fresh tells that there was nothing.
func (s *Store) prepareFile() (fresh bool, err error) {
	flags := os.O_RDWR | os.O_CREATE
	if s.ReadOnly {
		flags = os.O_RDONLY
	} else {
		if err := os.MkdirAll(filepath.Dir(s.Address), 0o700); err != nil {
			return false, err
		}
		lock := flock.New(s.Address+".lock", flock.SetPermissions(0o600))
		got, err := lock.TryLock()
		if err != nil {
			return false, err
		}
		if !got {
			return false, fmt.Errorf("%w: %s: is a hub running? Ask it, or stop it first", history.ErrInUse, s.Address)
		}
		s.unlock = lock.Close
	}
	f, err := os.OpenFile(s.Address, flags, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("%w: %s: %w", history.ErrNotFound, s.Address, err)
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	head := make([]byte, 16)
	switch n, err := io.ReadFull(f, head); {
	case n == 0 && errors.Is(err, io.EOF) && s.ReadOnly:
		return false, fmt.Errorf("%w: %s is empty", history.ErrNotFound, s.Address)
	case n == 0 && errors.Is(err, io.EOF):
		return true, nil
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return false, err
	case string(head) != "SQLite format 3\x00":
		return false, fmt.Errorf("%w: %s is no database: choose another path, or move it away", history.ErrForeign, s.Address)
	}
	return false, nil
}

// dsn is the address with what each connection is set to. synchronous=full is
// what makes an acknowledged write survive a power cut.
func (s *Store) dsn(reading bool) string {
	q := url.Values{"_pragma": {"busy_timeout(250)", "temp_store(memory)", "cache_size(-4000)"}}
	switch {
	case s.ReadOnly:
		q.Set("mode", "ro")
	case reading:
		q.Add("_pragma", "query_only(1)")
	default:
		q.Add("_pragma", "journal_mode(wal)")
		q.Add("_pragma", "synchronous(full)")
		q.Add("_pragma", "journal_size_limit(16777216)")
	}
	return "file:" + (&url.URL{Path: s.Address}).EscapedPath() + "?" + q.Encode()
}

// identify tells a history of ours from other databases, from those of newer
// programs, and from damaged ones.
func (s *Store) identify(ctx context.Context) error {
	var id, tables int
	var damage string
	err := s.patiently(ctx, func() error {
		if err := s.readers.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil {
			return err
		}
		if err := s.readers.QueryRowContext(ctx, "SELECT COUNT(*) FROM sqlite_master").Scan(&tables); err != nil || s.SkipCheck || tables == 0 {
			return err
		}
		return s.readers.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&damage)
	})
	switch {
	case err != nil:
		return err
	case id != applicationID && (tables > 0 || id != 0):
		return fmt.Errorf("%w: %s is a database of another program: choose another path", history.ErrForeign, s.Address)
	case damage != "" && damage != "ok":
		return fmt.Errorf("%w: %s: move it away and put the last backup in its place", history.ErrDamaged, damage)
	}
	return s.checkVersion(ctx)
}

// patiently tries again while another program has the database locked.
func (s *Store) patiently(ctx context.Context, fn func() error) error {
	for {
		err := fn()
		if err == nil || problemOf(err) != again {
			return s.explain("open", err)
		}
		timer := time.NewTimer(50 * time.Millisecond)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return s.explain("open", errors.Join(ctx.Err(), err))
		}
	}
}

// backupLite lets SQLite write a copy. That reads in one snapshot and does not
// hold the writer up.
func (s *Store) backupLite(ctx context.Context, path string) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("history: backup: %s is there already: choose another name, or remove it", path)
	}
	part := path + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s.explain("backup", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(part)
		}
	}()
	if f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); err != nil {
		return s.explain("backup", err)
	} else if err := f.Close(); err != nil {
		return s.explain("backup", err)
	}
	if err := s.vacuumInto(ctx, part); err != nil {
		return s.explain("backup to "+path, err)
	}
	copied, err := Open(ctx, Options{Address: part, ReadOnly: true})
	if err != nil {
		return fmt.Errorf("history: the backup is not good: %w", err)
	}
	if err := copied.Close(ctx); err != nil {
		return err
	}
	if err := syncFile(part); err != nil {
		return s.explain("backup", err)
	}
	return os.Rename(part, path)
}

func (s *Store) vacuumInto(ctx context.Context, path string) error {
	// A connection of its own: those of the readers may not write, not even this.
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: s.Address}).EscapedPath()+"?_pragma=busy_timeout(5000)")
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", path)
	return err
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
