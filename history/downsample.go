package history

import (
	"fmt"
	"slices"
	"time"

	"wattle"
)

// MaxPoints is the largest number of points that can be asked for.
const MaxPoints = 10_000

// Piece is a part of a span, and the resolution to read it from.
type Piece struct {
	By       Resolution
	From, To time.Time
}

// Plan says how a span becomes at most n buckets: their edges, and what to read
// in which part. It takes the coarsest resolution that is not longer than a
// bucket; where that is not kept any more, the finest that still is.
//
// Down-sampling keeps minimum, maximum and mean of each bucket. These add up
// exactly from one resolution to the next, no peak is lost and a gap stays one.
// LTTB, the usual other choice, picks single points: it cannot be computed from
// roll-ups, draws lines over gaps and may leave the highest peak out.
//
// Edges lie where the buckets begin that are read, so the first and the last may be longer.
// Errors wrap [wattle.ErrParam].
func Plan(r Retention, zone *time.Location, from, to, now time.Time, n int) (edges []time.Time, pieces []Piece, err error) {
	if err := checkSpan(from, to); err != nil {
		return nil, nil, err
	}
	if n < 1 || n > MaxPoints {
		return nil, nil, fmt.Errorf("%w: %d points: want 1 to %d", wattle.ErrParam, n, MaxPoints)
	}
	width := to.Sub(from) / time.Duration(n)
	by := Raw
	for _, coarser := range []Resolution{Minute, Hour, Day} {
		longest := coarser.length()
		if coarser == Day {
			longest = 25 * time.Hour
		}
		if longest <= width {
			by = coarser
		}
	}
	pieces = r.pieces(by, zone, from, to, now)
	edges = make([]time.Time, 1, n+1)
	edges[0] = pieces[0].From
	at := 0
	for i := 1; i <= n; i++ {
		edge := from.Add(time.Duration(float64(to.Sub(from)) / float64(n) * float64(i)))
		for at < len(pieces)-1 && !edge.Before(pieces[at].To) {
			at++
		}
		if i == n || edge.After(to) {
			edge = to
		}
		if floor := pieces[at].By.Floor(edge, zone); floor.Equal(edge) || i < n {
			edge = floor
		} else {
			edge = pieces[at].By.Next(edge, zone)
		}
		if edge.After(edges[len(edges)-1]) {
			edges = append(edges, edge)
		}
	}
	pieces[len(pieces)-1].To = edges[len(edges)-1]
	return edges, pieces, nil
}

// pieces cuts a span where resolutions end to be kept, oldest first. A cut lies
// where a bucket of the coarser one begins.
func (r Retention) pieces(by Resolution, zone *time.Location, from, to, now time.Time) []Piece {
	all := []Resolution{Raw, Minute, Hour, Day}
	var out []Piece
	end := to
	for i := slices.Index(all, by); i < len(all) && from.Before(end); i++ {
		start := from
		if keeps := r.Keeps(all[i]); keeps != 0 && all[i] != Day {
			if kept := all[i+1].Next(now.Add(-keeps), zone); kept.After(from) {
				start = kept
			}
		}
		if start.Before(end) {
			out = append(out, Piece{By: all[i], From: start, To: end})
			end = start
		}
	}
	slices.Reverse(out)
	out[0].From = out[0].By.Floor(out[0].From, zone)
	return out
}
