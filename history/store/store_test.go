package store_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"wattle"
	"wattle/feature"
	"wattle/history"
	"wattle/history/store"
)

// TestKinds: every kind of value comes back as it was, from either source, and
// unknown as unknown.
func TestKinds(t *testing.T) {
	onBoth(t, func(p place) {
		t, o := p.T, p.Options
		s := open(t, o)
		values := []feature.Value{
			feature.ValueOf(21.5), feature.ValueOf(-7), feature.ValueOf(true), feature.ValueOf(false), feature.ValueOf("auto 'é\n"), {},
			feature.ValueOf(noon.Add(123456789)), feature.ValueOf(90 * time.Second), feature.ValueOf(feature.HSV{Hue: 200, Saturation: 50, Value: 70}),
			feature.ValueOf(0.0), feature.ValueOf(0.1), feature.ValueOf(-123.456), feature.ValueOf(1e300), feature.ValueOf(1e-9),
			feature.ValueOf(1.0 / 3), feature.ValueOf(5e12), feature.ValueOf(1<<30 + 1), feature.ValueOf(""),
		}
		k := history.Key{Device: history.Device{MAC: plug.MAC, Child: "A1"}, Feature: "anything"}
		var samples []history.Sample
		for i, v := range values {
			source := []history.Source{history.Local, history.Cloud}[i%2]
			samples = append(samples, history.Sample{Key: k, Time: noon.Add(time.Duration(i) * time.Second), Value: v, Source: source, Unit: "Sqm", Hold: time.Hour})
		}
		write(t, s, samples...)
		s = reopen(t, s)
		got, err := s.Samples(t.Context(), k, history.From(noon), noon.Add(time.Hour), 100)
		if err != nil || len(got) != len(values) {
			t.Fatalf("%d samples, %v", len(got), err)
		}
		for i, g := range got {
			w := samples[i]
			if !g.Value.Equal(w.Value) || g.Source != w.Source || !g.Time.Equal(w.Time) || g.Key != w.Key || g.Unit != w.Unit || g.Hold != w.Hold {
				t.Errorf("got %+v, want %+v", g, w)
			}
		}
		latest, err := s.Latest(t.Context(), k.Device)
		if err != nil || len(latest) != 1 || !latest[0].Value.Equal(values[len(values)-1]) {
			t.Errorf("latest %+v, %v", latest, err)
		}
		if none, err := s.Latest(t.Context(), plug); err != nil || len(none) != 0 {
			t.Errorf("the parent has %v, %v", none, err)
		}
	})
}

// TestDuplicates: what is written twice is there once, and the last of two
// values of one moment counts.
func TestDuplicates(t *testing.T) {
	onBoth(t, func(p place) {
		t, o := p.T, p.Options
		s := open(t, o)
		write(t, s, watts(noon, 1), watts(noon, 2), watts(noon.Add(time.Second), 5))
		write(t, s, watts(noon.Add(time.Second), 5), watts(noon, 3))
		got, err := s.Samples(t.Context(), power, history.From(noon), noon.Add(time.Hour), 10)
		if err != nil || len(got) != 2 || got[0].Value != feature.ValueOf(3.0) {
			t.Errorf("%v, %v", got, err)
		}
		click := history.Sample{Key: history.Key{Device: plug, Feature: "last_event"}, Time: noon, Event: "17", Value: feature.ValueOf(`{"event":"click"}`)}
		other := click
		other.Event = "18" // at the same second
		write(t, s, click, other)
		write(t, s, click)
		events, err := s.Samples(t.Context(), click.Key, history.From(noon), noon.Add(time.Hour), 10)
		if err != nil || len(events) != 2 || events[0].Event != "17" || events[1].Value != click.Value {
			t.Errorf("%v, %v", events, err)
		}
	})
}

// TestRollups: by minute, hour and day, before and after they are computed, and
// computed twice.
func TestRollups(t *testing.T) {
	onBoth(t, func(p place) {
		t, o := p.T, p.Options
		o.Now = at(noon.Add(48 * time.Hour))
		s := open(t, o)
		write(t, s, watts(noon, 100), watts(noon.Add(30*time.Second), 200), watts(noon.Add(90*time.Second), 0), watts(noon.Add(20*time.Minute), -1))
		check := func(when string) {
			t.Helper()
			minutes := buckets(t, s, history.Minute, noon, noon.Add(5*time.Minute))
			for i, want := range []history.Bucket{
				{Min: 100, Max: 200, Mean: 150, Last: 200, Count: 2, Known: time.Minute},
				{Min: 0, Max: 200, Mean: 100, Last: 0, Count: 1, Known: time.Minute},
				{Known: time.Minute}, {Known: time.Minute}, {Known: time.Minute},
			} {
				same(t, when, &minutes[i], &want)
			}
			hours := buckets(t, s, history.Hour, noon.Add(-time.Hour), noon.Add(2*time.Hour))
			same(t, when, &hours[0], &history.Bucket{})
			same(t, when, &hours[1], &history.Bucket{Max: 200, Mean: (30*100 + 60*200) / 1200.0, Count: 3, Known: 20 * time.Minute})
			same(t, when, &hours[2], &history.Bucket{})
			days := buckets(t, s, history.Day, noon, noon.Add(time.Hour))
			same(t, when, &days[0], &history.Bucket{Max: 200, Mean: (30*100 + 60*200) / 1200.0, Count: 3, Known: 20 * time.Minute})
		}
		check("not rolled up")
		maintain(t, s)
		check("rolled up")
		write(t, s, watts(noon, 100))
		check("written again")
		maintain(t, s)
		check("rolled up again")
	})
}

func buckets(tb testing.TB, s *store.Store, by history.Resolution, from, to time.Time) []history.Bucket {
	tb.Helper()
	series, err := s.Range(tb.Context(), power, by, from, to)
	if err != nil {
		tb.Fatal(err)
	}
	return series.Buckets
}

func same(tb testing.TB, when string, got, want *history.Bucket) {
	tb.Helper()
	if got.Min != want.Min || got.Max != want.Max || math.Abs(got.Mean-want.Mean) > 1e-9 || got.Last != want.Last || got.Count != want.Count || got.Known != want.Known {
		tb.Errorf("%s: got %+v, want %+v", when, *got, *want)
	}
}

// TestLate: what comes late changes the roll-ups of its time and those that it
// is carried into, and nothing else is left of it.
func TestLate(t *testing.T) {
	onBoth(t, func(p place) {
		t, o := p.T, p.Options
		o.Now = at(noon.Add(48 * time.Hour))
		s := open(t, o)
		var all []history.Sample
		for i := range 40 {
			all = append(all, watts(noon.Add(time.Duration(i)*13*time.Minute+7*time.Second), float64(i*i%17)))
		}
		for i := 0; i < len(all); i += 2 {
			write(t, s, all[i])
		}
		maintain(t, s)
		for i := len(all) - 1; i > 0; i -= 2 { // backwards
			write(t, s, all[i])
			if i%3 == 0 {
				maintain(t, s)
			}
		}
		maintain(t, s)
		other := o
		other.Address = p.another()
		whole := open(t, other)
		write(t, whole, all...)
		maintain(t, whole)
		for _, by := range []history.Resolution{history.Minute, history.Hour, history.Day} {
			got, want := buckets(t, s, by, noon, noon.Add(10*time.Hour)), buckets(t, whole, by, noon, noon.Add(10*time.Hour))
			for i := range want {
				same(t, string(by), &got[i], &want[i])
			}
		}
	})
}

// TestPages: a cursor goes over states and events without loss or repetition.
func TestPages(t *testing.T) {
	onBoth(t, func(p place) {
		t, o := p.T, p.Options
		s := open(t, o)
		var want []string
		k := history.Key{Device: plug, Feature: "doorbell"}
		for i := range 50 {
			one := history.Sample{Key: k, Time: noon.Add(time.Duration(i/4) * time.Second), Value: feature.ValueOf(i)}
			if i%4 != 0 {
				one.Event = fmt.Sprintf("%03d", i)
			}
			write(t, s, one)
			want = append(want, one.Value.String())
		}
		for _, limit := range []int{1, 3, 7, 50, 100} {
			var got []string
			for cursor := history.From(noon); ; {
				page, err := s.Samples(t.Context(), k, cursor, noon.Add(time.Hour), limit)
				if err != nil {
					t.Fatal(err)
				}
				if len(page) == 0 {
					break
				}
				for _, one := range page {
					got = append(got, one.Value.String())
				}
				cursor = history.After(&page[len(page)-1])
			}
			if !slices.Equal(got, want) {
				t.Errorf("in pages of %d: %v", limit, got)
			}
		}
	})
}

// TestTooOld: what comes from before the time of which samples are kept is
// told, and roll-ups of that time stay.
func TestTooOld(t *testing.T) {
	onBoth(t, func(p place) {
		t, o := p.T, p.Options
		o.Now = at(noon.AddDate(0, 0, 30))
		s := open(t, o)
		write(t, s, watts(noon, 100), watts(noon.Add(time.Minute), -1), watts(noon.AddDate(0, 0, 25), 7))
		door := history.Sample{Key: history.Key{Device: plug, Feature: "state"}, Time: noon, Value: feature.ValueOf(true)}
		write(t, s, door)
		maintain(t, s)
		if got, err := s.Samples(t.Context(), power, history.From(noon), noon.AddDate(0, 0, 40), 10); err != nil || len(got) != 1 {
			t.Errorf("%d samples are left, %v", len(got), err)
		}
		if got, err := s.Samples(t.Context(), door.Key, history.From(noon), noon.Add(time.Hour), 10); err != nil || len(got) != 1 {
			t.Errorf("%d switchings are left, %v", len(got), err)
		}
		for range 2 {
			w := write(t, s, watts(noon.Add(time.Second), 1), watts(noon.AddDate(0, 0, 26), 8))
			if w.TooOld != 1 || w.Samples != 1 {
				t.Errorf("%+v", w)
			}
			same(t, "hour", &buckets(t, s, history.Hour, noon, noon.Add(time.Hour))[0],
				&history.Bucket{Min: 100, Max: 100, Mean: 100, Last: 100, Count: 1, Known: time.Minute})
			maintain(t, s)
			s = reopen(t, s)
		}
	})
}

func TestRefused(t *testing.T) {
	onBoth(t, func(p place) {
		t, o := p.T, p.Options
		s := open(t, o)
		for _, bad := range []history.Sample{
			{Time: noon}, {Key: power}, {Key: history.Key{Device: plug, Feature: "a\x00b"}, Time: noon},
			{Key: power, Time: noon, Value: feature.ValueOf("\xff")}, {Key: power, Time: noon, Source: "ether"},
			{Key: power, Time: noon, Hold: -1}, {Key: power, Time: time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)},
		} {
			if _, err := s.Write(t.Context(), history.Batch{Samples: []history.Sample{watts(noon, 1), bad}}); !errors.Is(err, wattle.ErrParam) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		if _, err := s.Range(t.Context(), power, history.Hour, noon, noon.Add(1)); !errors.Is(err, history.ErrNotFound) {
			t.Errorf("something of it was kept: %v", err)
		}
		if err := s.Forget(t.Context(), plug); !errors.Is(err, history.ErrNotFound) {
			t.Error(err)
		}
		if _, err := s.Meter(t.Context(), plug); !errors.Is(err, history.ErrNotFound) {
			t.Error(err)
		}
		if _, err := s.Samples(t.Context(), power, history.From(noon), noon, 1); !errors.Is(err, history.ErrNotFound) {
			t.Error(err)
		}
	})
}

func TestForget(t *testing.T) {
	onBoth(t, func(p place) {
		t, o := p.T, p.Options
		s := open(t, o)
		other := watts(noon, 5)
		other.Device.Child = "2"
		write(t, s, watts(noon, 1), other)
		maintain(t, s)
		if err := s.Forget(t.Context(), plug); err != nil {
			t.Fatal(err)
		}
		if keys, err := s.Series(t.Context(), history.Device{}); err != nil || len(keys) != 1 || keys[0] != other.Key {
			t.Errorf("%v, %v", keys, err)
		}
		write(t, s, watts(noon.Add(time.Minute), 1))
		if got, err := s.Samples(t.Context(), power, history.From(noon), noon.Add(time.Hour), 9); err != nil || len(got) != 1 {
			t.Errorf("%v, %v", got, err)
		}
	})
}

// TestSetRetention: what is kept for less long goes with the next upkeep, and no
// retention that makes no sense is taken.
func TestSetRetention(t *testing.T) {
	onBoth(t, func(p place) {
		p.Now = at(noon)
		s := open(p.T, p.Options)
		old := watts(noon.AddDate(0, 0, -3), 5)
		if _, err := s.Write(p.Context(), history.Batch{Samples: []history.Sample{old, watts(noon, 6)}}); err != nil {
			p.Fatal(err)
		}
		maintain(p.T, s)
		left := func() int {
			samples, err := s.Samples(p.Context(), power, history.Cursor{Time: noon.AddDate(0, 0, -7)}, noon.Add(time.Hour), 10)
			if err != nil {
				p.Fatal(err)
			}
			return len(samples)
		}
		if n := left(); n != 2 {
			p.Fatalf("%d samples", n)
		}
		short := history.DefaultRetention
		short.Raw = 48 * time.Hour
		if err := s.SetRetention(short); err != nil {
			p.Fatal(err)
		}
		maintain(p.T, s)
		if n := left(); n != 1 || s.Keeps() != short {
			p.Errorf("%d samples are left of %+v", n, s.Keeps())
		}
		if err := s.SetRetention(history.Retention{Raw: 1}); err == nil || s.Keeps() != short {
			p.Errorf("%+v, %v", s.Keeps(), err)
		}
	})
}
