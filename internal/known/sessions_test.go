package known_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"wattle"
	"wattle/internal/known"
)

func take(t *testing.T, s *known.Sessions, n int) *known.Lease {
	t.Helper()
	lease, err := s.Take(t.Context(), mac(n))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(lease.Release)
	return lease
}

func TestSessions(t *testing.T) {
	dir := t.TempDir()
	s := known.OpenSessions(dir)
	lease := take(t, s, 1)
	if lease.Data() != nil {
		t.Errorf("a new session holds %q", lease.Data())
	}
	if err := lease.Save([]byte("keys")); err != nil {
		t.Fatal(err)
	}
	lease.Release()
	lease.Release()
	if err := lease.Save([]byte("late")); !errors.Is(err, wattle.ErrClosed) {
		t.Errorf("save after release: %v", err)
	}
	for path, want := range map[string]os.FileMode{"sessions": 0o700, "sessions/50C7BF000001.session": 0o600} {
		if info, err := os.Stat(filepath.Join(dir, path)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	lease = take(t, s, 1)
	file := filepath.Join(dir, "sessions", "50C7BF000001.session")
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("while it is used: %v, want no file, for whoever dies now", err)
	}
	lease.Release()
	if _, err := os.Stat(file); err != nil {
		t.Errorf("not used, and not put back: %v", err)
	}
	lease = take(t, s, 1)
	if string(lease.Data()) != "keys" {
		t.Errorf("data %q", lease.Data())
	}
	if other := take(t, s, 2); other.Data() != nil {
		t.Errorf("another device holds %q", other.Data())
	}
	if err := lease.Save(nil); err != nil {
		t.Fatal(err)
	}
	lease.Release()
	if lease = take(t, s, 1); lease.Data() != nil {
		t.Errorf("forgotten session holds %q", lease.Data())
	}
	if _, err := s.Take(t.Context(), wattle.MAC{}); !errors.Is(err, wattle.ErrParam) {
		t.Errorf("without MAC: %v", err)
	}
}

// TestSessionInUse: the second taker waits, and no longer than its context lasts.
func TestSessionInUse(t *testing.T) {
	s := known.OpenSessions(t.TempDir())
	lease := take(t, s, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := s.Take(ctx, mac(1)); !errors.Is(err, wattle.ErrBusy) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("second taker: %v", err)
	}
	got := make(chan string)
	go func() {
		second, err := s.Take(t.Context(), mac(1))
		if err != nil {
			got <- err.Error()
			return
		}
		defer second.Release()
		got <- string(second.Data())
	}()
	if err := lease.Save([]byte("mine")); err != nil {
		t.Fatal(err)
	}
	lease.Release()
	if text := <-got; text != "mine" {
		t.Errorf("second taker got %q", text)
	}
}

// TestSessionOneAtATime: a counter in the session is never read twice.
func TestSessionOneAtATime(t *testing.T) {
	s := known.OpenSessions(t.TempDir())
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 5 {
				lease, err := s.Take(t.Context(), mac(1))
				if err != nil {
					t.Error(err)
					return
				}
				if err := lease.Save(append(lease.Data(), 'x')); err != nil {
					t.Error(err)
				}
				lease.Release()
			}
		})
	}
	group.Wait()
	if n := len(take(t, s, 1).Data()); n != 40 {
		t.Errorf("counted %d, want 40", n)
	}
}

// TestSessionOfAnotherProcess: the lock holds between processes and goes with
// the process that held it.
func TestSessionOfAnotherProcess(t *testing.T) {
	dir := t.TempDir()
	if os.Getenv("WATTLE_TEST_HOLD") != "" {
		lease, err := known.OpenSessions(os.Getenv("WATTLE_TEST_HOLD")).Take(t.Context(), mac(1))
		if err != nil {
			t.Fatal(err)
		}
		if err := lease.Save([]byte("theirs")); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(os.Stdout, "held")
		<-t.Context().Done() // until it is killed
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSessionOfAnotherProcess$", "-test.v")
	child.Env = append(os.Environ(), "WATTLE_TEST_HOLD="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "held" {
	}
	s := known.OpenSessions(dir)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := s.Take(ctx, mac(1)); !errors.Is(err, wattle.ErrBusy) {
		t.Errorf("while the other process holds it: %v", err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // killed
	if data := take(t, s, 1).Data(); string(data) != "theirs" {
		t.Errorf("afterwards: %q", data)
	}
}

func TestSessionNotFit(t *testing.T) {
	old := time.Now().Add(-25 * time.Hour)
	for name, spoil := range map[string]func(path string) error{
		"old":       func(path string) error { return os.Chtimes(path, old, old) },
		"readable":  func(path string) error { return os.Chmod(path, 0o644) },
		"too large": func(path string) error { return os.Truncate(path, 1<<20) },
		"a link": func(path string) error {
			if err := os.Rename(path, path+".x"); err != nil {
				return err
			}
			return os.Symlink(path+".x", path)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := known.OpenSessions(dir)
			lease := take(t, s, 1)
			if err := lease.Save([]byte("keys")); err != nil {
				t.Fatal(err)
			}
			lease.Release()
			if err := spoil(filepath.Join(dir, "sessions", mac(1).Key()+".session")); err != nil {
				t.Fatal(err)
			}
			lease = take(t, s, 1)
			if lease.Data() != nil {
				t.Errorf("data of %d bytes", len(lease.Data()))
			}
			if err := lease.Save([]byte("new")); err != nil {
				t.Fatal(err)
			}
			lease.Release()
			if data := take(t, s, 1).Data(); string(data) != "new" {
				t.Errorf("afterwards %q", data)
			}
		})
	}
}

func TestPrune(t *testing.T) {
	dir := t.TempDir()
	s := known.OpenSessions(dir)
	if n, err := s.Prune(t.Context()); n != 0 || err != nil {
		t.Errorf("before the first session: %d, %v", n, err)
	}
	for n := range 3 {
		lease := take(t, s, n)
		if err := lease.Save([]byte("keys")); err != nil {
			t.Fatal(err)
		}
		lease.Release()
	}
	old := time.Now().Add(-25 * time.Hour)
	for _, n := range []int{0, 1} {
		if err := os.Chtimes(filepath.Join(dir, "sessions", mac(n).Key()+".session"), old, old); err != nil {
			t.Fatal(err)
		}
	}
	inUse := take(t, s, 1)
	if n, err := s.Prune(t.Context()); n != 1 || err != nil {
		t.Errorf("pruned %d, %v; want the one that is old and not in use", n, err)
	}
	inUse.Release()
	fresh := take(t, s, 2)
	if string(fresh.Data()) != "keys" {
		t.Errorf("a fresh session holds %q", fresh.Data())
	}
	fresh.Release()
	if err := s.Forget(t.Context(), mac(2)); err != nil {
		t.Error(err)
	}
	if data := take(t, s, 2).Data(); data != nil {
		t.Errorf("a forgotten session holds %q", data)
	}
}

// TestSessionsFolder: a folder that others may read is closed.
func TestSessionsFolder(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "sessions")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	take(t, known.OpenSessions(dir), 1)
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func BenchmarkTake(b *testing.B) {
	s := known.OpenSessions(b.TempDir())
	for b.Loop() {
		lease, err := s.Take(b.Context(), mac(1))
		if err != nil {
			b.Fatal(err)
		}
		if err := lease.Save([]byte("a session of some three hundred bytes")); err != nil {
			b.Fatal(err)
		}
		lease.Release()
	}
}
