package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wattle"
	"wattle/feature"
	"wattle/history"
	"wattle/history/store"
)

// TestMigrations: both databases have the same steps, and we know the last.
func TestMigrations(t *testing.T) {
	var names [2][]string
	for i, folder := range []string{"migrations/sqlite", "migrations/postgres"} {
		entries, err := fs.ReadDir(store.Migrations, folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names[i] = append(names[i], e.Name())
		}
	}
	if strings.Join(names[0], " ") != strings.Join(names[1], " ") || len(names[0]) != store.Version {
		t.Errorf("%v, %v, and we know %d", names[0], names[1], store.Version)
	}
}

func TestNewer(t *testing.T) {
	onBoth(t, func(p place) {
		t, o := p.T, p.Options
		s := open(t, o)
		write(t, s, watts(noon, 1))
		if err := s.Exec(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (?, ?)", 99, true); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, o.ReadOnly = range []bool{false, true} {
			if _, err := store.Open(t.Context(), o); !errors.Is(err, history.ErrNewer) || !strings.Contains(err.Error(), "schema 99") {
				t.Errorf("read-only %t: %v", o.ReadOnly, err)
			}
		}
	})
}

// TestInUse: two processes do not write to one history, but others may read.
func TestInUse(t *testing.T) {
	onBoth(t, func(p place) {
		t, o := p.T, p.Options
		s := open(t, o)
		write(t, s, watts(noon, 1))
		if _, err := store.Open(t.Context(), o); !errors.Is(err, history.ErrInUse) {
			t.Errorf("a second one: %v", err)
		}
		o.ReadOnly = true
		reader := open(t, o)
		write(t, s, watts(noon.Add(time.Minute), 2))
		if got, err := reader.Latest(t.Context(), plug); err != nil || len(got) != 1 || got[0].Value != feature.ValueOf(2.0) {
			t.Errorf("beside it: %v, %v", got, err)
		}
		if _, err := reader.Submit(history.Batch{Samples: []history.Sample{watts(noon, 1)}}); !errors.Is(err, history.ErrReadOnly) {
			t.Errorf("writing there: %v", err)
		}
		if err := reader.Maintain(t.Context()); !errors.Is(err, history.ErrReadOnly) {
			t.Errorf("maintaining there: %v", err)
		}
	})
}

// TestNotOurs: other files are left alone, and what is wrong is said.
func TestNotOurs(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	text := file("text", []byte("this is the diary of somebody else, and long enough"))
	short := file("short", []byte("x"))
	other := filepath.Join(dir, "other.db")
	db, err := sql.Open("sqlite", other)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("CREATE TABLE samples (mine TEXT)"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	s := open(t, store.Options{Address: filepath.Join(dir, "deep", "er", "damaged.db")})
	var batch history.Batch
	for i := range 5000 {
		batch.Samples = append(batch.Samples, watts(noon.Add(time.Duration(i)*time.Second), float64(i)))
	}
	if _, err := s.Write(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(s.Address)
	if err != nil {
		t.Fatal(err)
	}
	damaged := file("damaged.db", append(content[:len(content)/2:len(content)/2], append(bytes.Repeat([]byte{0xff}, 20_000), content[len(content)/2+20_000:]...)...))
	cut := file("cut.db", content[:len(content)/3])
	for path, want := range map[string]error{text: history.ErrForeign, short: history.ErrForeign, other: history.ErrForeign, damaged: history.ErrDamaged, cut: history.ErrDamaged} {
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = store.Open(t.Context(), store.Options{Address: path})
		if !errors.Is(err, want) || !strings.Contains(err.Error(), "move it away") && !strings.Contains(err.Error(), "another path") {
			t.Errorf("%s: %v", filepath.Base(path), err)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
			t.Errorf("%s was changed", filepath.Base(path))
		}
	}
	for _, o := range []store.Options{{}, {Address: filepath.Join(dir, "x.db"), Retention: history.Retention{Raw: 1}}} {
		if _, err := store.Open(t.Context(), o); !errors.Is(err, wattle.ErrParam) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	for _, path := range []string{filepath.Join(dir, "none.db"), file("empty.db", nil)} {
		if _, err := store.Open(t.Context(), store.Options{Address: path, ReadOnly: true}); !errors.Is(err, history.ErrNotFound) {
			t.Errorf("reading what is not there: %v", err)
		}
	}
	if _, err := store.Open(t.Context(), store.Options{Address: filepath.Join(text, "below.db")}); err == nil {
		t.Error("a folder that is a file")
	}
	if _, err := store.Open(t.Context(), store.Options{Address: "postgres://me:hunter2@127.48.0.9:1/x?connect_timeout=1"}); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("no server: %v", err)
	}
	if _, err := store.Open(t.Context(), store.Options{Address: "postgres://me:hunter2@[bad"}); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("no address: %v", err)
	}
	if info, err := os.Stat(s.Address); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v, %v", info.Mode(), err)
	}
}

// TestDiskFull: the write that does not fit fails as a whole and says why, what
// was there stays, and when there is room it goes on.
func TestDiskFull(t *testing.T) {
	s := open(t, store.Options{Address: filepath.Join(t.TempDir(), "history.db")})
	write(t, s, watts(noon, 1))
	if err := s.Exec(t.Context(), "PRAGMA max_page_count = 40"); err != nil {
		t.Fatal(err)
	}
	var batch history.Batch
	for i := range 20_000 {
		batch.Samples = append(batch.Samples, watts(noon.Add(time.Duration(i+1)*time.Second), float64(i)))
	}
	batch.Meters = []history.Reading{{Device: plug, Time: noon, Total: feature.ValueOf(1.0)}}
	for range 2 {
		if _, err := s.Write(t.Context(), batch); !errors.Is(err, history.ErrDiskFull) || !strings.Contains(err.Error(), "make room") {
			t.Fatal(err)
		}
	}
	if got, err := s.Samples(t.Context(), power, history.From(noon), noon.AddDate(0, 0, 1), 10); err != nil || len(got) != 1 {
		t.Errorf("%d samples, %v", len(got), err)
	}
	if _, err := s.Meter(t.Context(), plug); !errors.Is(err, history.ErrNotFound) {
		t.Errorf("a meter of half a batch: %v", err)
	}
	if err := s.Exec(t.Context(), "PRAGMA max_page_count = 1000000"); err != nil {
		t.Fatal(err)
	}
	if w, err := s.Write(t.Context(), batch); err != nil || w.Samples != 20_000 {
		t.Errorf("with room again: %+v, %v", w, err)
	}
	if err := s.Exec(t.Context(), "PRAGMA query_only = 1"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write(t.Context(), batch); !errors.Is(err, history.ErrReadOnly) {
		t.Errorf("a database that cannot be written to: %v", err)
	}
}

// TestBackup: a copy of one moment, made while others write.
func TestBackup(t *testing.T) {
	dir := t.TempDir()
	s := open(t, store.Options{Address: filepath.Join(dir, "history.db")})
	write(t, s, watts(noon, 1))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan int)
	started := make(chan struct{})
	go func() {
		n := 1
		for ; ctx.Err() == nil; n++ {
			write(t, s, watts(noon.Add(time.Duration(n)*time.Second), 1), watts(noon.Add(-time.Duration(n)*time.Second), 1))
			if n == 3 {
				close(started)
			}
		}
		done <- n
	}()
	<-started
	path := filepath.Join(dir, "copy.db")
	err := s.Backup(t.Context(), path)
	stop()
	n := <-done
	if err != nil {
		t.Fatal(err)
	}
	copied := open(t, store.Options{Address: path})
	got, err := copied.Samples(t.Context(), power, history.From(noon.AddDate(0, 0, -1)), noon.AddDate(0, 0, 1), 100_000)
	if err != nil || len(got)%2 != 1 || len(got) < 7 || len(got) > 2*n {
		t.Errorf("%d samples in the copy, up to %d written, %v", len(got), 2*n, err)
	}
	write(t, copied, watts(noon, 2))
	if err := s.Backup(t.Context(), path); err == nil || !strings.Contains(err.Error(), "there already") {
		t.Errorf("over another file: %v", err)
	}
	if err := s.Backup(t.Context(), filepath.Join(dir, "nowhere", "x.db")); err == nil {
		t.Error("into no folder")
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.part*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestBackupOfPostgres(t *testing.T) {
	s := open(t, store.Options{Address: schema(t)})
	if err := s.Backup(t.Context(), filepath.Join(t.TempDir(), "x")); err == nil || !strings.Contains(err.Error(), "pg_dump") {
		t.Error(err)
	}
}
