package cli

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"wattle"
	"wattle/feature"
)

func TestFanKeepsOrderAndBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, most atomic.Int32
		var order []int
		errs := fan(t.Context(), 10, 3, func(_ context.Context, i int) error {
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			time.Sleep(time.Duration(10-i) * time.Second) // fake time: later ones are faster
			if i%4 == 1 {
				return fmt.Errorf("no %d", i)
			}
			return nil
		}, func(i int, _ error) error {
			order = append(order, i)
			return nil
		})
		if diff := cmp.Diff([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, order); diff != "" {
			t.Error(diff)
		}
		if most.Load() != 3 {
			t.Errorf("%d at once, want 3", most.Load())
		}
		for i, err := range errs {
			if (err != nil) != (i%4 == 1) {
				t.Errorf("errs[%d] = %v", i, err)
			}
		}
	})
}

func TestFanEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		errs := fan(ctx, 5, 2, func(ctx context.Context, _ int) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}, nil)
		for i, err := range errs {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("errs[%d] = %v", i, err)
			}
		}
	})
}

func TestExitCodes(t *testing.T) {
	auth := fmt.Errorf("x: %w", wattle.ErrAuth)
	gone := fmt.Errorf("x: %w", wattle.ErrUnreachable)
	for _, tt := range []struct {
		name string
		err  error
		want Code
	}{
		{"none", nil, CodeOK},
		{"other", errors.New("x"), CodeGeneral},
		{"auth", auth, CodeAuth},
		{"locked out", wattle.ErrLockout, CodeAuth},
		{"access", wattle.ErrAccess, CodePolicy},
		{"unreachable by a timeout of its own", fmt.Errorf("%w: %w", wattle.ErrUnreachable, context.DeadlineExceeded), CodeUnreachable},
		{"out of time", context.DeadlineExceeded, CodeTimeout},
		{"interrupted", fmt.Errorf("%w: %w", wattle.ErrUnreachable, context.Canceled), CodeInterrupted},
		{"device code", &wattle.DeviceError{Family: wattle.SMART, Code: -1008}, CodeUsage},
		{"one of one", join([]error{auth}), CodeAuth},
		{"one of two", join([]error{nil, auth}), CodePartial},
		{"two of two", join([]error{auth, auth}), CodeAuth},
		{"two of two, unlike", join([]error{auth, gone}), CodeGeneral},
		{"named", of("Desk lamp", gone), CodeUnreachable},
		{"usage", usagef("", "x"), CodeUsage},
	} {
		if got := exitCode(tt.err); got != tt.want {
			t.Errorf("%s: exit code %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestSuggest(t *testing.T) {
	words := []string{"discover", "list", "state", "toggle", "watch"}
	for typed, want := range map[string][]string{
		"lsit": {"list"}, "discovr": {"discover"}, "stat": {"state"}, "xyzzy": nil, "tog": {"toggle"}, "": nil,
	} {
		if diff := cmp.Diff(want, suggest(typed, words)); diff != "" {
			t.Errorf("%q: %s", typed, diff)
		}
	}
}

func TestTable(t *testing.T) {
	for _, tt := range []struct {
		width  int
		narrow bool
		want   []string
	}{
		{0, false, []string{"NAME            NOW", "居間のランプ    84.7 W", "Desk�[31m lamp"}},
		{20, false, []string{"NAME          NOW", "居間のランプ  84.7 W", "Desk�[31m l…"}},
		{12, false, []string{"NAME        NOW", "居間のラ…   84.7 W", "Desk�[31m…"}},
		{12, true, []string{"NAME   NOW", "居間…  84.7…", "Desk…"}},
	} {
		tb := &table{head: []string{"name", "now"}, narrow: tt.narrow}
		tb.add(plain("居間のランプ"), plain("84.7 W"))
		tb.add(plain("Desk\x1b[31m lamp\n"), plain(""))
		if diff := cmp.Diff(tt.want, tb.lines(false, tt.width)); diff != "" {
			t.Errorf("width %d: %s", tt.width, diff)
		}
	}
}

func TestChanged(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	reading := func(v feature.Value, after time.Duration) feature.Reading {
		return feature.Reading{Meta: &feature.Meta{Precision: 1}, Value: v, Time: at.Add(after)}
	}
	for _, tt := range []struct {
		name     string
		old, now feature.Reading
		want     bool
	}{
		{"same", reading(feature.ValueOf(true), 0), reading(feature.ValueOf(true), time.Second), false},
		{"switched", reading(feature.ValueOf(true), 0), reading(feature.ValueOf(false), time.Second), true},
		{"lost", reading(feature.ValueOf(true), 0), reading(feature.Value{}, time.Second), true},
		{"noise", reading(feature.ValueOf(84.71), 0), reading(feature.ValueOf(84.74), time.Second), false},
		{"less power", reading(feature.ValueOf(84.7), 0), reading(feature.ValueOf(80.1), time.Second), true},
		{"a clock that runs", reading(feature.ValueOf(at), 0), reading(feature.ValueOf(at.Add(time.Minute)), time.Minute), false},
		{"a clock that was set", reading(feature.ValueOf(at), 0), reading(feature.ValueOf(at.Add(time.Hour)), time.Minute), true},
		{"a moment that wavers", reading(feature.ValueOf(at), 0), reading(feature.ValueOf(at.Add(time.Second)), time.Minute), false},
	} {
		if got := changed(tt.old, tt.now); got != tt.want {
			t.Errorf("%s: changed is %t", tt.name, got)
		}
	}
}
