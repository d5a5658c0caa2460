package history

import (
	"fmt"
	"time"

	"wattle"
)

// Fold adds shorter buckets, or single samples ([Instant]), up to those between
// the edges, which are one more than the buckets that come out, in order of
// time. Rows are in order too and do not overlap; buckets without samples may be
// missing among them: there the value of the row before held, as far as its
// Until says, but not beyond now. The row ahead of the first edge may come first,
// for what it carries in. A row
// counts in the bucket in which it begins, so that edges belong where rows
// begin. What is not known in between stays empty.
func Fold(edges []time.Time, now time.Time, rows []Bucket) []Bucket {
	if len(edges) < 2 {
		return nil
	}
	f := folding{edges: edges, tallies: make([]tally, len(edges)-1)}
	for i := range f.tallies {
		f.tallies[i].start, f.tallies[i].end = edges[i], edges[i+1]
	}
	end := earliest(now, edges[len(edges)-1])
	for i := range rows {
		r := &rows[i]
		if i > 0 {
			f.hold(&rows[i-1], earliest(r.Start, now))
		}
		if t := f.seek(r.Start); t != nil {
			t.add(r)
		}
	}
	if len(rows) > 0 {
		f.hold(&rows[len(rows)-1], end)
	}
	out := make([]Bucket, len(f.tallies))
	for i := range f.tallies {
		out[i] = f.tallies[i].bucket()
		out[i].Running = out[i].End.After(now) && !out[i].Start.After(now)
	}
	return out
}

type folding struct {
	edges   []time.Time
	tallies []tally
	at      int // the tally that is filled
}

// seek is the tally that a moment falls into, nil outside the edges. Moments
// only go on.
func (f *folding) seek(t time.Time) *tally {
	for f.at < len(f.tallies) && !t.Before(f.edges[f.at+1]) {
		f.at++
	}
	if f.at == len(f.tallies) || t.Before(f.edges[f.at]) {
		return nil
	}
	return &f.tallies[f.at]
}

// hold carries the last value of a row on from its end.
func (f *folding) hold(r *Bucket, to time.Time) {
	to = earliest(to, r.Until)
	from := r.End
	if from.Before(f.edges[0]) {
		from = f.edges[0]
	}
	for from.Before(to) {
		t := f.seek(from)
		if t == nil {
			return
		}
		end := earliest(to, t.end)
		t.held(r.Last, from, end)
		t.until = r.Until
		from = end
	}
}

// MaxBuckets is how many buckets one question may ask for.
const MaxBuckets = 200_000

// Edges are those of the buckets of a resolution that cover a span. Errors wrap
// [wattle.ErrParam]: an empty span, or one of more than [MaxBuckets].
func Edges(by Resolution, zone *time.Location, from, to time.Time) ([]time.Time, error) {
	if err := checkSpan(from, to); err != nil {
		return nil, err
	}
	if by == Raw {
		return nil, fmt.Errorf("%w: single samples have no buckets: ask by minute, hour or day, or for a number of points", wattle.ErrParam)
	}
	if to.Sub(from)/by.length() > MaxBuckets {
		return nil, fmt.Errorf("%w: from %s to %s are more than %d values by %s: ask for a number of points, a shorter span or a longer step",
			wattle.ErrParam, from.Format(time.DateOnly), to.Format(time.DateOnly), MaxBuckets, by)
	}
	edges := []time.Time{by.Floor(from, zone)}
	for at := edges[0]; at.Before(to); {
		at = by.Next(at, zone)
		edges = append(edges, at)
	}
	return edges, nil
}

func checkSpan(from, to time.Time) error {
	if !from.Before(to) {
		return fmt.Errorf("%w: the span ends (%s) before it begins (%s)", wattle.ErrParam, to.Format(time.RFC3339), from.Format(time.RFC3339))
	}
	if from.Year() < 1970 || to.Year() > 9999 {
		return fmt.Errorf("%w: a span from %d to %d: want years from 1970 to 9999", wattle.ErrParam, from.Year(), to.Year())
	}
	return nil
}
