package hub

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// TestScheduleProperties compares the schedule with a table of times.
func TestScheduleProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newSchedule()
		zero := time.Now().Add(-time.Hour) // all is due
		at := func(n int) time.Time { return zero.Add(time.Duration(n) * time.Second) }
		entries := make([]*entry, 6)
		for i := range entries {
			entries[i] = &entry{place: place{index: -1}}
		}
		waiting, polling, sooner, removed := map[*entry]time.Time{}, map[*entry]bool{}, map[*entry]time.Time{}, map[*entry]bool{}
		earlier := func(m map[*entry]time.Time, e *entry, when time.Time) {
			if old, ok := m[e]; !ok || when.Before(old) {
				m[e] = when
			}
		}
		draw := func(t *rapid.T) (*entry, time.Time) {
			return entries[rapid.IntRange(0, 5).Draw(t, "entry")], at(rapid.IntRange(0, 3000).Draw(t, "at"))
		}
		rt.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				e, when := draw(t)
				s.put(e, when)
				switch {
				case removed[e]:
				case polling[e]:
					earlier(sooner, e, when)
				default:
					earlier(waiting, e, when)
				}
			},
			"take": func(t *rapid.T) {
				if len(waiting) == 0 {
					t.Skip("nothing waits")
				}
				e, late := s.take(context.Background())
				for other, when := range waiting {
					if when.Before(waiting[e]) {
						t.Fatalf("%v was due before %v", when, waiting[e])
					}
					_ = other
				}
				if d := late - time.Since(waiting[e]); d > time.Second || d < -time.Second {
					t.Fatalf("late by %v, was due %v ago", late, time.Since(waiting[e]))
				}
				delete(waiting, e)
				polling[e] = true
			},
			"polled": func(t *rapid.T) {
				e, when := draw(t)
				if !polling[e] {
					t.Skip("it is not polled")
				}
				s.polled(e, when)
				delete(polling, e)
				if soon, ok := sooner[e]; ok && soon.Before(when) {
					when = soon
				}
				delete(sooner, e)
				if !removed[e] {
					waiting[e] = when
				}
			},
			"remove": func(t *rapid.T) {
				e, _ := draw(t)
				s.remove(e)
				removed[e] = true
				delete(waiting, e)
			},
			"": func(t *rapid.T) {
				if len(s.due) != len(waiting) {
					t.Fatalf("%d wait, want %d", len(s.due), len(waiting))
				}
				for i, e := range s.due {
					if e.place.index != i || !e.place.next.Equal(waiting[e]) {
						t.Fatalf("entry at %d has index %d and is due at %v, want %v", i, e.place.index, e.place.next, waiting[e])
					}
				}
			},
		})
	})
}

// TestTakeWakes: who waits for something that is due later learns of what is due
// earlier.
func TestTakeWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSchedule()
		later, sooner := &entry{place: place{index: -1}}, &entry{place: place{index: -1}}
		begun := time.Now()
		s.put(later, begun.Add(time.Hour))
		time.AfterFunc(time.Minute, func() { s.put(sooner, begun.Add(2*time.Minute)) })
		if e, late := s.take(t.Context()); e != sooner || late != 0 || time.Since(begun) != 2*time.Minute {
			t.Errorf("took the wrong one, %v late, after %v", late, time.Since(begun))
		}
		if e, _ := s.take(t.Context()); e != later || time.Since(begun) != time.Hour {
			t.Errorf("took the wrong one after %v", time.Since(begun))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if e, _ := s.take(ctx); e != nil {
			t.Error("it took something where nothing is")
		}
	})
}

// TestInStep: a step is not after the moment, less than all turns before it, that of
// its turn since the beginning, and goes by the monotonic clock.
func TestInStep(t *testing.T) {
	epoch := time.Now()
	rapid.Check(t, func(rt *rapid.T) {
		after := time.Duration(rapid.Int64Range(0, int64(1000*time.Hour)).Draw(rt, "after"))
		turns, turn := rapid.IntRange(1, 60).Draw(rt, "turns"), rapid.IntRange(0, 1000).Draw(rt, "turn")
		got := inStep(epoch, epoch.Add(after), turns, turn)
		period := time.Duration(turns) * step
		since := (got.Sub(epoch) + period) % period
		if back := epoch.Add(after).Sub(got); back < 0 || back >= period || since != time.Duration(turn%turns)*step {
			rt.Errorf("%v after the beginning: %v after it", after, got.Sub(epoch))
		}
		if !strings.Contains(got.String(), " m=") {
			rt.Errorf("%v has lost the monotonic clock", got)
		}
	})
}
