package session_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/method"
	"wattle/session"
	"wattle/transport"
)

// TestRetryRules is docs/protocol/transports.md section 0.3 as a table: what
// happens when a device fails in one way for ever.
func TestRetryRules(t *testing.T) {
	code := func(family wattle.Family, n int) error {
		return &wattle.DeviceError{Family: family, Code: n}
	}
	seconds := func(list ...float64) []time.Duration {
		out := make([]time.Duration, len(list))
		for i, s := range list {
			out[i] = time.Duration(s * float64(time.Second))
		}
		return out
	}
	for _, tt := range []struct {
		name   string
		family wattle.Family
		tr     wattle.Transport
		err    error
		want   []time.Duration // when each attempt was made
		class  error
	}{
		{"timeout", wattle.SMART, wattle.KLAP, errHang, seconds(0, 6, 12, 18), wattle.ErrUnreachable},
		{"timeout of IOT", wattle.IOT, wattle.XOR, errHang, seconds(0, 6, 12, 18), wattle.ErrUnreachable},
		{"reset", wattle.SMART, wattle.KLAP, errReset, seconds(0, .25, .5, .75), wattle.ErrUnreachable},
		{"reset over XOR", wattle.IOT, wattle.XOR, errReset, seconds(0, 0, 0, 0), wattle.ErrUnreachable},
		{"refused", wattle.SMART, wattle.KLAP, errRefused, seconds(0, 0, 0, 0), wattle.ErrUnreachable},
		{"refused over XOR", wattle.IOT, wattle.XOR, errRefused, seconds(0), wattle.ErrUnreachable},
		{"no route", wattle.SMART, wattle.KLAP, errNoRoute, seconds(0), wattle.ErrUnreachable},
		{"session lost", wattle.SMART, wattle.KLAP, errSession, seconds(0, 0, 1, 2), wattle.ErrSession},
		{"session lost, IOT", wattle.IOT, wattle.KLAP, errSession, seconds(0, 0, 0, 0), wattle.ErrSession},
		{"busy", wattle.SMART, wattle.AES, errBusy, seconds(0, 1, 2, 3), wattle.ErrBusy},
		{"busy, IOT", wattle.IOT, wattle.KLAP, errBusy, seconds(0, 0, 0, 0), wattle.ErrBusy},
		{"cannot decrypt", wattle.SMART, wattle.KLAP, errGarbage, seconds(0, 0), wattle.ErrProtocol},
		{"credentials", wattle.SMART, wattle.KLAP, errAuth, seconds(0), wattle.ErrAuth},
		{"locked out", wattle.SMART, wattle.AES, errLockout, seconds(0), wattle.ErrLockout},
		{"access", wattle.SMART, wattle.KLAP, errAccess, seconds(0), wattle.ErrAccess},
		{"other transport", wattle.SMART, wattle.AES, errDialect, seconds(0), wattle.ErrTransport},
		{"9999", wattle.SMART, wattle.AES, code(wattle.SMART, 9999), seconds(0, 0, 1, 2), wattle.ErrSession},
		{"1002", wattle.SMART, wattle.AES, code(wattle.SMART, 1002), seconds(0, 1, 2, 3), wattle.ErrBusy},
		{"1112", wattle.SMART, wattle.AES, code(wattle.SMART, 1112), seconds(0, 1, 2, 3), wattle.ErrBusy},
		{"1001", wattle.SMART, wattle.AES, code(wattle.SMART, 1001), seconds(0, 1), wattle.ErrBusy},
		{"-1005", wattle.SMART, wattle.AES, code(wattle.SMART, -1005), seconds(0, 0), wattle.ErrSession},
		{"-1301", wattle.SMART, wattle.AES, code(wattle.SMART, -1301), seconds(0, 1, 2, 3), wattle.ErrBusy},
		{"-1501", wattle.SMART, wattle.AES, code(wattle.SMART, -1501), seconds(0), wattle.ErrAuth},
		{"1003", wattle.SMART, wattle.AES, code(wattle.SMART, 1003), seconds(0), wattle.ErrTransport},
		{"unknown code", wattle.SMART, wattle.AES, code(wattle.SMART, 4711), seconds(0), wattle.ErrRefused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn := newFake(tt.tr, func(int, string) (string, error) { return "", tt.err })
				s := open(t, conn, tt.family, nil)
				results, err := s.Do(t.Context(), read("system.get_sysinfo"))
				var refusal *wattle.DeviceError
				if errors.As(tt.err, &refusal) && results != nil {
					err = results[0].Err
				}
				if !errors.Is(err, tt.class) {
					t.Errorf("error %v, want class %v", err, tt.class)
				}
				if !slices.Equal(conn.times, tt.want) {
					t.Errorf("attempts at %v, want %v", conn.times, tt.want)
				}
				h := s.Health()
				if h.Requests != len(tt.want) || h.Failures != h.Requests || h.Retries != h.Requests-1 || h.LastError == nil {
					t.Errorf("health %+v after %d attempts", h, len(tt.want))
				}
			})
		})
	}
}

// TestRetryCures: a repeat that is answered is a good answer, over a new session.
func TestRetryCures(t *testing.T) {
	for _, failure := range []error{errReset, errHang, errSession, errBusy, errGarbage, &wattle.DeviceError{Family: wattle.SMART, Code: 9999}} {
		for _, effect := range []method.Effect{method.Read, method.Absolute} {
			t.Run(fmt.Sprintf("%v/%d", failure, effect), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					conn := newFake(wattle.KLAP, func(n int, _ string) (string, error) {
						if n == 1 {
							return "", failure
						}
						return `{"error_code":0,"result":{"n":1}}`, nil
					})
					s := open(t, conn, wattle.SMART, nil)
					for range 2 {
						results, err := s.Do(t.Context(), call("a", effect))
						if err != nil || results[0].Err != nil || string(results[0].Raw) != `{"n":1}` {
							t.Fatalf("%v, %v", results, err)
						}
					}
					if want := []int{1, 1, 2}; !slices.Equal(conn.sessionIDs, want) {
						t.Errorf("sessions %v, want %v", conn.sessionIDs, want)
					}
				})
			})
		}
	}
}

// TestOnceIsNotRepeated: what may have been carried out is never sent twice.
func TestOnceIsNotRepeated(t *testing.T) {
	for _, tt := range []struct {
		err       error
		attempts  int
		uncertain bool
	}{
		{errHang, 1, true},
		{errReset, 1, true},
		{errGarbage, 1, true},
		{errBusy, 1, true},
		{&wattle.DeviceError{Family: wattle.SMART, Code: -1301}, 1, false}, // it said no
		{&wattle.DeviceError{Family: wattle.SMART, Code: -1001}, 1, false},
		{&wattle.DeviceError{Family: wattle.SMART, Code: 9999}, 4, false}, // turned away unseen
		{errSession, 4, false},
		{errRefused, 4, false}, // never connected
		{transport.Unsent(errReset), 4, false},
		{errAuth, 1, false},
	} {
		t.Run(tt.err.Error(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn := newFake(wattle.KLAP, func(int, string) (string, error) { return "", tt.err })
				s := open(t, conn, wattle.SMART, nil)
				results, err := s.Do(t.Context(), call("device_reboot", method.Once))
				if results != nil {
					err = results[0].Err
				}
				if err == nil || errors.Is(err, session.ErrUncertain) != tt.uncertain {
					t.Errorf("error %v, uncertain wanted: %t", err, tt.uncertain)
				}
				if len(conn.requests) != tt.attempts {
					t.Errorf("%d attempts, want %d", len(conn.requests), tt.attempts)
				}
			})
		})
	}
}

// TestOnceCancelled: who gives up in the middle, or closes the session, learns
// whether the call may have been carried out.
func TestOnceCancelled(t *testing.T) {
	for _, tt := range []struct {
		name      string
		err       error // what the connection says when it is interrupted
		uncertain bool
	}{
		{"sent", wattle.ErrUnreachable, true},
		{"in the handshake", transport.Unsent(wattle.ErrUnreachable), false},
	} {
		for _, how := range []string{"cancel", "close"} {
			t.Run(tt.name+"/"+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithCancel(t.Context())
					conn := newFake(wattle.KLAP, answerAll)
					s := open(t, conn, wattle.SMART, nil)
					want := context.Canceled
					conn.interrupted = tt.err
					if how == "close" {
						want = wattle.ErrClosed
						time.AfterFunc(time.Second, func() { _ = s.Close() })
					} else {
						time.AfterFunc(time.Second, cancel)
					}
					_, err := s.Do(ctx, call("play_alarm", method.Once))
					cancel()
					if !errors.Is(err, want) || errors.Is(err, session.ErrUncertain) != tt.uncertain {
						t.Errorf("error %v", err)
					}
				})
			})
		}
	}
}

// TestOnceStandsAlone: it shares its message with no other call.
func TestOnceStandsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := newFake(wattle.KLAP, smartDevice(map[string]string{"a": "{}", "b": "{}", "play_alarm": "0"}))
		s := open(t, conn, wattle.SMART, nil)
		if _, err := s.Do(t.Context(), read("a"), call("play_alarm", method.Once), read("b")); err != nil {
			t.Fatal(err)
		}
		want := []string{"a", "play_alarm", "b"}
		for i, request := range conn.asked() {
			if got := smartMethods(request); got != want[i] {
				t.Errorf("message %d is %s, want %s", i, got, want[i])
			}
		}
	})
}

// TestCircuitBreaker: after refused credentials nothing is sent any more.
func TestCircuitBreaker(t *testing.T) {
	for _, failure := range []error{errAuth, errLockout, &wattle.DeviceError{Family: wattle.SMART, Code: -1501}} {
		t.Run(failure.Error(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn := newFake(wattle.KLAP, func(int, string) (string, error) { return "", failure })
				s := open(t, conn, wattle.SMART, nil)
				for range 3 {
					_, err := s.Do(t.Context(), reads("a", "b")...)
					_, childErr := s.Child("01").Do(t.Context(), read("a"))
					for _, err := range []error{err, childErr} {
						if !errors.Is(err, wattle.ErrAuth) && !errors.Is(err, wattle.ErrLockout) {
							t.Errorf("error %v", err)
						}
					}
				}
				if len(conn.requests) != 1 {
					t.Errorf("%d attempts with refused credentials", len(conn.requests))
				}
			})
		})
	}
}

// TestLockWait: a device that takes no login is asked again after a while, and
// not before.
func TestLockWait(t *testing.T) {
	proven := &transport.AuthError{Route: wattle.Route{Transport: wattle.KLAP}, Code: 403}
	for _, failure := range []error{errLockout, proven} {
		synctest.Test(t, func(t *testing.T) {
			locked := true
			conn := newFake(wattle.KLAP, func(int, string) (string, error) {
				if locked {
					return "", failure
				}
				return `{"error_code":0,"result":{"responses":[]}}`, nil
			})
			s := open(t, conn, wattle.SMART, nil)
			try := func() error {
				_, err := s.Do(t.Context(), read("a"))
				return err
			}
			first := try()
			time.Sleep(session.LockWait - time.Second)
			if again := try(); again == nil || len(conn.asked()) != 1 {
				t.Errorf("%v, then %v with %d attempts", first, again, len(conn.asked()))
			}
			time.Sleep(time.Second)
			if err := try(); err == nil || len(conn.asked()) != 2 {
				t.Errorf("when the wait is over: %v with %d attempts", err, len(conn.asked()))
			}
			time.Sleep(session.LockWait)
			locked = false
			if err := try(); err != nil || len(conn.asked()) != 3 {
				t.Errorf("unlocked: %v with %d attempts", err, len(conn.asked()))
			}
		})
	}
}

// TestDistance: once a device closed a connection, requests keep apart.
func TestDistance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := newFake(wattle.KLAP, func(n int, _ string) (string, error) {
			if n == 1 {
				return "", errReset
			}
			return `{"error_code":0}`, nil
		})
		s := open(t, conn, wattle.SMART, nil)
		for range 4 {
			if _, err := s.Do(t.Context(), read("a")); err != nil {
				t.Fatal(err)
			}
		}
		ms := time.Millisecond
		if want := []time.Duration{0, 0, 250 * ms, 500 * ms, 750 * ms}; !slices.Equal(conn.times, want) {
			t.Errorf("requests at %v, want %v", conn.times, want)
		}
	})
}

// TestDeadlineOfCaller: the caller's deadline ends the attempts.
func TestDeadlineOfCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := newFake(wattle.KLAP, func(int, string) (string, error) { return "", errHang })
		s := open(t, conn, wattle.SMART, nil)
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		start := time.Now()
		_, err := s.Do(ctx, read("a"))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 7*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if len(conn.requests) != 2 {
			t.Errorf("%d attempts, want 2", len(conn.requests))
		}
	})
}
