package session_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/method"
	"wattle/session"
)

func answerAll(int, string) (string, error) { return `{"error_code":0,"result":{}}`, nil }

// TestConcurrentCallers: many callers, never two requests at once (the fake
// panics), each gets its own answer.
func TestConcurrentCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := newFake(wattle.KLAP, func(_ int, request string) (string, error) {
			return fmt.Sprintf(`{"error_code":0,"result":{"asked":%q}}`, smartMethods(request)), nil
		})
		conn.delay = 10 * time.Millisecond
		s := open(t, conn, wattle.SMART, nil)
		var group sync.WaitGroup
		for i := range 50 {
			group.Go(func() {
				name := fmt.Sprintf("get_%d", i)
				results, err := s.Do(t.Context(), read(name))
				if want := fmt.Sprintf(`{"asked":%q}`, name); err != nil || string(results[0].Raw) != want {
					t.Errorf("%v %v, want %s", describe(results), err, want)
				}
			})
		}
		group.Wait()
		if len(conn.requests) != 50 {
			t.Errorf("%d requests", len(conn.requests))
		}
	})
}

// TestCommandsGoFirst: a switch does not wait behind polls, not even inside of
// one that needs several messages.
func TestCommandsGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := newFake(wattle.KLAP, answerAll)
		conn.delay = 100 * time.Millisecond
		s := open(t, conn, wattle.SMART, &session.Options{Batch: 1})
		var group sync.WaitGroup
		group.Go(func() { _, _ = s.Do(t.Context(), reads("a1", "a2", "a3")...) })
		synctest.Wait() // a1 is under way
		for i := range 3 {
			group.Go(func() { _, _ = s.Do(t.Context(), read(fmt.Sprint("b", i))) })
		}
		synctest.Wait()
		group.Go(func() { _, _ = s.Do(t.Context(), call("set", method.Absolute)) })
		group.Wait()
		got := make([]string, 0, 7)
		for _, request := range conn.asked() {
			got = append(got, smartMethods(request))
		}
		if want := []string{"a1", "set", "a2", "a3"}; !slices.Equal(got[:4], want) {
			t.Errorf("order %v, want %v first", got, want)
		}
	})
}

// TestCancelWhileQueued: a caller who gives up while waiting is never sent.
func TestCancelWhileQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := newFake(wattle.KLAP, answerAll)
		conn.delay = time.Second
		s := open(t, conn, wattle.SMART, nil)
		var group sync.WaitGroup
		group.Go(func() { _, _ = s.Do(t.Context(), read("first")) })
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		group.Go(func() {
			start := time.Now()
			if _, err := s.Do(ctx, read("second")); !errors.Is(err, context.Canceled) || time.Since(start) != 100*time.Millisecond {
				t.Errorf("%v after %v", err, time.Since(start))
			}
		})
		time.Sleep(100 * time.Millisecond) // the bubble's clock
		cancel()
		group.Wait()
		if len(conn.requests) != 1 {
			t.Errorf("asked %v", conn.requests)
		}
	})
}

// TestCancelInTheMiddle: the caller returns at once, and the next one is served.
func TestCancelInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := newFake(wattle.KLAP, func(n int, _ string) (string, error) {
			if n == 0 {
				return "", errHang
			}
			return `{"error_code":0}`, nil
		})
		s := open(t, conn, wattle.SMART, nil)
		why := errors.New("device removed")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(why) })
		if _, err := s.Do(ctx, read("a")); !errors.Is(err, why) {
			t.Errorf("error %v, want the cause", err)
		}
		if _, err := s.Do(t.Context(), read("b")); err != nil {
			t.Error(err)
		}
		if len(conn.requests) != 2 {
			t.Errorf("asked %v", conn.requests)
		}
	})
}

// TestClose: it ends what is under way and what waits, waits for the owner and
// closes the connection once.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := newFake(wattle.KLAP, func(int, string) (string, error) { return "", errHang })
		s := session.New(conn, wattle.SMART, nil)
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				if _, err := s.Do(context.Background(), read("a")); !errors.Is(err, wattle.ErrClosed) {
					t.Errorf("error %v, want ErrClosed", err)
				}
			})
		}
		synctest.Wait()
		for range 2 {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		group.Wait()
		if _, err := s.Do(t.Context(), read("a")); !errors.Is(err, wattle.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
		if conn.closed != 1 || len(conn.requests) != 1 {
			t.Errorf("closed %d times after %d requests", conn.closed, len(conn.requests))
		}
	})
}

func TestNothingToDo(t *testing.T) {
	conn := newFake(wattle.KLAP, answerAll)
	s := open(t, conn, wattle.SMART, nil)
	if results, err := s.Do(t.Context()); results != nil || err != nil || len(conn.requests) != 0 {
		t.Errorf("%v, %v, asked %v", results, err, conn.requests)
	}
	if _, err := s.Child("").Do(t.Context(), read("a")); !errors.Is(err, wattle.ErrParam) {
		t.Errorf("child without id: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Do(ctx, read("a")); !errors.Is(err, context.Canceled) || len(conn.requests) != 0 {
		t.Errorf("ended context: %v", err)
	}
}

func TestFamilyWithoutSession(t *testing.T) {
	s := open(t, newFake(wattle.SSLAES, answerAll), wattle.SMARTCAM, nil)
	if _, err := s.Do(t.Context(), read("getDeviceInfo")); !errors.Is(err, wattle.ErrUnsupported) {
		t.Errorf("error %v", err)
	}
}
