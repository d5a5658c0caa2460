package history_test

import (
	"errors"
	"math"
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"

	"wattle"
	"wattle/history"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func zone(tb rapid.TB, name string) *time.Location {
	tb.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		tb.Fatal(err)
	}
	return z
}

// second is what a series was in one second, by the rule that a value holds
// until the next sample or for as long as it may.
func brute(points []history.Bucket, from, to time.Time) (b history.Bucket) {
	b.Min, b.Max = math.Inf(1), math.Inf(-1)
	sum := 0.0
	for at := from; at.Before(to); at = at.Add(time.Second) {
		var last *history.Bucket
		for i := range points {
			if !points[i].Start.After(at) {
				last = &points[i]
			}
			if points[i].Start.Equal(at) && points[i].Count > 0 {
				b.Count++
			}
		}
		if last == nil || !at.Before(last.Until) {
			continue
		}
		b.Known += time.Second
		b.Last = last.Last
		sum += last.Last
		b.Min, b.Max = min(b.Min, last.Last), max(b.Max, last.Last)
	}
	b.Mean = sum / b.Known.Seconds()
	return b
}

func differ(a, b *history.Bucket) bool {
	if a.Known != b.Known || a.Count != b.Count {
		return true
	}
	return a.Known > 0 && (a.Min != b.Min || a.Max != b.Max || math.Abs(a.Mean-b.Mean) > 1e-6 || a.Last != b.Last)
}

// TestFold: samples, minutes and hours add up to what counting single seconds
// gives; rolled up in steps or at once.
func TestFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hold := time.Duration(rapid.IntRange(1, 2000).Draw(t, "hold")) * time.Second
		var points []history.Bucket
		at := noon.Add(-time.Duration(rapid.IntRange(0, 4000).Draw(t, "before")) * time.Second)
		for range rapid.IntRange(0, 30).Draw(t, "points") {
			known := rapid.IntRange(0, 4).Draw(t, "known") > 0
			points = append(points, history.Instant(at, float64(rapid.IntRange(-5, 5).Draw(t, "value")), known, hold))
			at = at.Add(time.Duration(rapid.IntRange(1, 700).Draw(t, "step")) * time.Second)
		}
		end := noon.Add(time.Hour)
		minutes, err := history.Edges(history.Minute, time.UTC, noon.Add(-2*time.Hour), end)
		if err != nil {
			t.Fatal(err)
		}
		var rows []history.Bucket // only those that have samples, as they are stored
		for _, b := range history.Fold(minutes, end, points) {
			for i := range points {
				if s := points[i].Start; !s.Before(b.Start) && s.Before(b.End) {
					rows = append(rows, b)
					break
				}
			}
		}
		edges := []time.Time{noon, noon.Add(10 * time.Minute), noon.Add(11 * time.Minute), end}
		direct, steps := history.Fold(edges, end, points), history.Fold(edges, end, rows)
		for i := range direct {
			want := brute(points, edges[i], edges[i+1])
			if differ(&direct[i], &want) {
				t.Fatalf("from samples %+v, by seconds %+v", direct[i], want)
			}
			if differ(&steps[i], &want) {
				t.Fatalf("from minutes %+v, by seconds %+v", steps[i], want)
			}
		}
	})
}

// TestNow: nothing is known of the future.
func TestNow(t *testing.T) {
	now := noon.Add(90 * time.Second)
	edges := []time.Time{noon, noon.Add(time.Minute), noon.Add(2 * time.Minute), noon.Add(3 * time.Minute)}
	got := history.Fold(edges, now, []history.Bucket{history.Instant(noon, 5, true, time.Hour)})
	if got[1].Known != 30*time.Second || !got[1].Running || !got[2].Empty() || got[0].Running || got[2].Running {
		t.Errorf("%+v", got)
	}
}

// TestEdges: days with a change of the clocks have 23 and 25 hours, and hours
// tile them everywhere.
func TestEdges(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	for day, want := range map[string]int{"2026-03-29": 23, "2026-10-25": 25, "2026-11-01": 24} {
		at, err := time.ParseInLocation(time.DateOnly, day, berlin)
		if err != nil {
			t.Fatal(err)
		}
		edges, err := history.Edges(history.Hour, berlin, at, history.Day.Next(at, berlin))
		if err != nil || len(edges) != want+1 {
			t.Errorf("%s has %d hours (%v), want %d", day, len(edges)-1, err, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		z := zone(t, rapid.SampledFrom([]string{"Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana", "Pacific/Apia"}).Draw(t, "zone"))
		from := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "from"), 0)
		for _, by := range []history.Resolution{history.Minute, history.Hour, history.Day} {
			edges, err := history.Edges(by, z, from, from.Add(100*time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			for i, edge := range edges[:len(edges)-1] {
				if !by.Floor(edge, z).Equal(edge) || !by.Next(edge, z).Equal(edges[i+1]) {
					t.Fatalf("%s by %s: %s, then %s", z, by, edge, edges[i+1])
				}
				if by == history.Day && !history.Hour.Floor(edge, z).Equal(edge) {
					t.Fatalf("%s: no hour begins with the day at %s", z, edge)
				}
			}
		}
	})
	for _, bad := range []struct {
		by       history.Resolution
		from, to time.Time
	}{
		{history.Raw, noon, noon.Add(time.Hour)},
		{history.Hour, noon, noon},
		{history.Minute, noon, noon.AddDate(3, 0, 0)},
		{history.Day, time.Time{}, noon},
	} {
		if _, err := history.Edges(bad.by, time.UTC, bad.from, bad.to); !errors.Is(err, wattle.ErrParam) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// TestPlan: edges and pieces cover the span, in order, from what is kept.
func TestPlan(t *testing.T) {
	r := history.DefaultRetention
	rapid.Check(t, func(t *rapid.T) {
		z := zone(t, rapid.SampledFrom([]string{"Europe/Berlin", "Asia/Kathmandu", "UTC"}).Draw(t, "zone"))
		from := noon.Add(-time.Duration(rapid.Int64Range(1, 6*365*24*3600).Draw(t, "ago")) * time.Second)
		to := from.Add(time.Duration(rapid.Int64Range(1, 7*365*24*3600).Draw(t, "length")) * time.Second)
		n := rapid.IntRange(1, 800).Draw(t, "n")
		edges, pieces, err := history.Plan(r, z, from, to, noon, n)
		if err != nil {
			t.Fatal(err)
		}
		if len(edges) < 2 || len(edges) > n+1 || edges[0].After(from) || edges[len(edges)-1].Before(to) {
			t.Fatalf("%d edges from %s to %s for %s to %s", len(edges), edges[0], edges[len(edges)-1], from, to)
		}
		if !pieces[0].From.Equal(edges[0]) || !pieces[len(pieces)-1].To.Equal(edges[len(edges)-1]) {
			t.Fatalf("%+v does not cover %s to %s", pieces, edges[0], edges[len(edges)-1])
		}
		for i, p := range pieces {
			if !p.From.Before(p.To) || i > 0 && !pieces[i-1].To.Equal(p.From) {
				t.Fatalf("%+v", pieces)
			}
			if keeps := r.Keeps(p.By); keeps != 0 && p.From.Before(noon.Add(-keeps-25*time.Hour)) && p.To.After(noon.Add(-keeps)) {
				t.Fatalf("%+v is not kept so long", p)
			}
		}
		at := 0
		for i, edge := range edges[1:] {
			if !edge.After(edges[i]) {
				t.Fatalf("edge %s after %s", edge, edges[i])
			}
			for at < len(pieces)-1 && !edge.Before(pieces[at].To) {
				at++
			}
			if by := pieces[at].By; !by.Floor(edge, z).Equal(edge) && i < len(edges)-2 {
				t.Fatalf("edge %s is not where a %s begins", edge, by)
			}
		}
	})
	if _, pieces, err := history.Plan(r, time.UTC, noon.AddDate(-1, 0, 0), noon, noon, 500); err != nil || len(pieces) != 1 || pieces[0].By != history.Hour {
		t.Errorf("a year in 500 points: %+v, %v", pieces, err)
	}
	for _, n := range []int{0, -1, history.MaxPoints + 1} {
		if _, _, err := history.Plan(r, time.UTC, noon, noon.Add(time.Hour), noon, n); !errors.Is(err, wattle.ErrParam) {
			t.Errorf("%d points: %v", n, err)
		}
	}
}

func TestRetention(t *testing.T) {
	if err := history.DefaultRetention.Check(); err != nil {
		t.Error(err)
	}
	for _, bad := range []history.Retention{
		{Raw: time.Hour}, {Minute: 10 * 24 * time.Hour}, {Raw: 96 * time.Hour, Minute: 72 * time.Hour},
		{Raw: 48 * time.Hour, Minute: 72 * time.Hour, Hour: 71 * time.Hour}, {Events: -1}, {Day: 300 * time.Hour},
	} {
		if err := bad.Check(); !errors.Is(err, wattle.ErrParam) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
