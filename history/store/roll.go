package store

import (
	"context"
	"database/sql"
	"time"

	"wattle/history"
)

var rollups = map[history.Resolution]table{
	history.Minute: rollupTable("minutes"),
	history.Hour:   rollupTable("hours"),
	history.Day:    rollupTable("days"),
}

func rollupTable(name string) table {
	return newTable(name, 2, "series", "at", "low", "high", "mean", "last", "samples", "known", "lasts")
}

// slice is how many hours of series are rolled up in one transaction, so that
// writes do not wait for long.
const slice = 100

// Maintain computes the roll-ups of what was written since the last time, and
// deletes what is older than the [history.Retention]. Call it every minute or
// so; nothing is lost if it is not called, and queries are right before it was,
// only slower. It works in short transactions between which writes go on.
func (s *Store) Maintain(ctx context.Context) error {
	for {
		n := 0
		err := s.run(ctx, func(ctx context.Context, w *writer) (err error) {
			n, err = w.roll(ctx, slice)
			return err
		})
		if err != nil {
			return err
		}
		if n < slice {
			break
		}
	}
	return s.expire(ctx)
}

// roll computes the roll-ups of some marked hours, oldest first, and says of how
// many.
func (w *writer) roll(ctx context.Context, most int) (int, error) {
	var marks []mark
	var lows []int64
	err := each(ctx, w, func(rows *sql.Rows) error {
		var m mark
		var low int64
		if err := rows.Scan(&m.series, &m.hour, &low); err != nil {
			return err
		}
		marks, lows = append(marks, m), append(lows, low)
		return nil
	}, w.bind("SELECT series, hour, low FROM dirty ORDER BY series, hour LIMIT ?"), most)
	if err != nil {
		return 0, err
	}
	for i, m := range marks {
		var behind int64
		if i < len(marks)-1 && marks[i+1].series == m.series {
			behind = marks[i+1].hour
		}
		if err := w.rollHour(ctx, m, lows[i], behind, 0); err != nil {
			return 0, err
		}
		// The series goes on behind: its days are computed when it is through.
		if i == len(marks)-1 || marks[i+1].series != m.series || !w.sameDay(marks[i+1].hour, m.hour) {
			if err := w.rollDay(ctx, m); err != nil {
				return 0, err
			}
		}
		if err := w.exec(ctx, "DELETE FROM dirty WHERE series = ? AND hour = ?", m.series, m.hour); err != nil {
			return 0, err
		}
		delete(w.dirty, m)
	}
	return len(marks), nil
}

func (w *writer) sameDay(a, b int64) bool {
	return history.Day.Floor(w.moment(a), w.Zone).Equal(history.Day.Floor(w.moment(b), w.Zone))
}

// rollHour computes the minutes of an hour from a moment on, and the hour. only
// is the end of the one minute to be computed, 0 for all. What comes late may
// also change what was carried into the next minute that has samples, if that
// lies behind the hour, and is not the one that is computed anyway.
func (w *writer) rollHour(ctx context.Context, m mark, low, behind, only int64) error {
	r := roller{store: w.Store, q: w}
	end := millis(history.Hour.Next(w.moment(m.hour), w.Zone))
	if only != 0 {
		end = only
	}
	minutes, last, err := r.minutes(ctx, m.series, low, end)
	if err != nil {
		return err
	}
	if err := w.store(ctx, history.Minute, m.series, minutes); err != nil {
		return err
	}
	hour, ok, err := r.sum(ctx, history.Hour, history.Minute, m.series, m.hour, nil)
	if err != nil {
		return err
	}
	if ok {
		if err := w.store(ctx, history.Hour, m.series, []history.Bucket{hour}); err != nil {
			return err
		}
	}
	if only != 0 || last.Until.IsZero() {
		return nil
	}
	var next sql.NullInt64
	err = w.QueryRowContext(ctx, w.bind("SELECT MIN(at) FROM samples WHERE series = ? AND at >= ?"), m.series, end).Scan(&next)
	if err != nil || !next.Valid || next.Int64 >= millis(last.Until) {
		return err
	}
	minute := millis(history.Minute.Floor(w.moment(next.Int64), w.Zone))
	after := mark{m.series, millis(history.Hour.Floor(w.moment(next.Int64), w.Zone))}
	if after.hour == behind && minute == behind {
		return nil
	}
	if err := w.rollHour(ctx, after, minute, 0, minute+time.Minute.Milliseconds()); err != nil {
		return err
	}
	return w.rollDay(ctx, after)
}

func (w *writer) rollDay(ctx context.Context, m mark) error {
	r := roller{store: w.Store, q: w}
	start := millis(history.Day.Floor(w.moment(m.hour), w.Zone))
	b, ok, err := r.sum(ctx, history.Day, history.Hour, m.series, start, nil)
	if err != nil || !ok {
		return err
	}
	return w.store(ctx, history.Day, m.series, []history.Bucket{b})
}

// store puts buckets into the table of their resolution.
func (w *writer) store(ctx context.Context, by history.Resolution, series int64, buckets []history.Bucket) error {
	t := rollups[by]
	return w.insert(ctx, &t, len(buckets), func(i int, into []any) {
		b := &buckets[i]
		into[0], into[1], into[2], into[3] = series, millis(b.Start), w.pack(b.Min), w.pack(b.Max)
		into[4], into[5], into[6] = w.pack(b.Mean), w.pack(b.Last), int64(b.Count)
		into[7], into[8] = milliseconds(b.Known), until(b)
	})
}

// roller computes roll-ups from what one state of the database says. It writes
// nothing, so that queries can use it too.
type roller struct {
	store *Store
	q     querier
}

// minutes computes those that have samples between two moments, the first from
// its beginning. last is the last sample in the span, if any.
func (r *roller) minutes(ctx context.Context, series, low, end int64) (out []history.Bucket, last history.Bucket, err error) {
	s := r.store
	start := millis(history.Minute.Floor(s.moment(low), s.Zone))
	points, err := r.points(ctx, series, start, end)
	if err != nil {
		return nil, last, err
	}
	first := 0 // of the minute
	if len(points) > 0 && millis(points[0].Start) < start {
		first = 1
	}
	for first < len(points) {
		floor := history.Minute.Floor(points[first].Start, s.Zone)
		next := floor.Add(time.Minute)
		behind := first
		for behind < len(points) && points[behind].Start.Before(next) {
			behind++
		}
		from := max(0, first-1)
		out = append(out, history.Fold([]time.Time{floor, next}, next, points[from:behind])[0])
		last = points[behind-1]
		first = behind
	}
	return out, last, nil
}

// points are the samples of a span, with the one ahead of it.
func (r *roller) points(ctx context.Context, series, start, end int64) (out []history.Bucket, err error) {
	s := r.store
	var hold int64
	if err := r.q.QueryRowContext(ctx, s.bind("SELECT hold FROM series WHERE id = ?"), series).Scan(&hold); err != nil {
		return nil, err
	}
	add := func(rows *sql.Rows) error {
		var at, flags int64
		var n number
		if err := rows.Scan(&at, &flags, &n); err != nil {
			return err
		}
		out = append(out, history.Instant(s.moment(at), n.value, n.known, time.Duration(hold)*time.Millisecond))
		return nil
	}
	err = each(ctx, r.q, add, s.bind("SELECT at, flags, number FROM samples WHERE series = ? AND at < ? ORDER BY at DESC LIMIT 1"), series, start)
	if err != nil {
		return nil, err
	}
	err = each(ctx, r.q, add, s.bind("SELECT at, flags, number FROM samples WHERE series = ? AND at >= ? AND at < ? ORDER BY at"), series, start, end)
	return out, err
}

// sum computes one longer bucket from shorter ones; some of these may be newer
// than what is stored. ok is false where there are none.
func (r *roller) sum(ctx context.Context, by, from history.Resolution, series, start int64, newer []history.Bucket) (b history.Bucket, ok bool, err error) {
	s := r.store
	edges := []time.Time{s.moment(start), by.Next(s.moment(start), s.Zone)}
	rows, err := r.rows(ctx, from, series, start, millis(edges[1]))
	if err != nil {
		return b, false, err
	}
	rows = overlay(rows, newer)
	if len(rows) == 0 || rows[len(rows)-1].Start.Before(edges[0]) {
		return b, false, nil
	}
	return history.Fold(edges, edges[1], rows)[0], true, nil
}

// rows are the stored buckets that begin in a span, with the one ahead of it.
func (r *roller) rows(ctx context.Context, by history.Resolution, series, start, end int64) (out []history.Bucket, err error) {
	s := r.store
	const columns = "SELECT at, low, high, mean, last, samples, known, lasts FROM "
	add := func(rows *sql.Rows) error {
		var at, known, lasts int64
		var low, high, mean, last number
		var b history.Bucket
		if err := rows.Scan(&at, &low, &high, &mean, &last, &b.Count, &known, &lasts); err != nil {
			return err
		}
		b.Min, b.Max, b.Mean, b.Last = low.value, high.value, mean.value, last.value
		s.frame(&b, by, at, known, lasts)
		out = append(out, b)
		return nil
	}
	name := rollups[by].name
	err = each(ctx, r.q, add, s.bind(columns+name+" WHERE series = ? AND at < ? ORDER BY at DESC LIMIT 1"), series, start)
	if err != nil {
		return nil, err
	}
	err = each(ctx, r.q, add, s.bind(columns+name+" WHERE series = ? AND at >= ? AND at < ? ORDER BY at"), series, start, end)
	return out, err
}

// frame fills in the times of a stored bucket.
func (s *Store) frame(b *history.Bucket, by history.Resolution, at, known, lasts int64) {
	b.Start = s.moment(at)
	switch by {
	case history.Minute:
		b.End = b.Start.Add(time.Minute)
	case history.Hour: // an hour is shorter only where a zone moves by half of one
		b.End = b.Start.Add(time.Hour)
	default:
		b.End = by.Next(b.Start, s.Zone)
	}
	b.Known = time.Duration(known) * time.Millisecond
	if lasts > 0 {
		b.Until = b.Start.Add(time.Duration(lasts) * time.Millisecond)
	}
}

// overlay replaces rows by newer ones of the same start, and puts in what was
// not there. Both are in order.
func overlay(rows, newer []history.Bucket) []history.Bucket {
	if len(newer) == 0 {
		return rows
	}
	out := make([]history.Bucket, 0, len(rows)+len(newer))
	for len(rows) > 0 || len(newer) > 0 {
		switch {
		case len(newer) == 0:
			return append(out, rows...)
		case len(rows) == 0:
			return append(out, newer...)
		case rows[0].Start.Before(newer[0].Start):
			out, rows = append(out, rows[0]), rows[1:]
		default:
			if rows[0].Start.Equal(newer[0].Start) {
				rows = rows[1:]
			}
			out, newer = append(out, newer[0]), newer[1:]
		}
	}
	return out
}
