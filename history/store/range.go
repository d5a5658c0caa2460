package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"time"

	"wattle"
	"wattle/feature"
	"wattle/history"
)

// Range gives a series by minute, hour or day: every bucket that covers a part
// of [from, to), those of which nothing is known too. What was written is in it,
// rolled up or not. Errors wrap [history.ErrNotFound] or [wattle.ErrParam]: a
// series of texts, single samples (ask for [Store.Samples]), too many buckets.
func (s *Store) Range(ctx context.Context, k history.Key, by history.Resolution, from, to time.Time) (*history.Series, error) {
	edges, err := history.Edges(by, s.Zone, from, to)
	if err != nil {
		return nil, err
	}
	return s.buckets(ctx, k, edges, []history.Piece{{By: by, From: edges[0], To: edges[len(edges)-1]}})
}

// Downsample gives a series in at most n buckets, with minimum, maximum and mean
// of each, see [history.Plan]. Errors as for [Store.Range].
func (s *Store) Downsample(ctx context.Context, k history.Key, from, to time.Time, n int) (*history.Series, error) {
	edges, pieces, err := history.Plan(*s.keeps.Load(), s.Zone, from, to, s.Now(), n)
	if err != nil {
		return nil, err
	}
	return s.buckets(ctx, k, edges, pieces)
}

func (s *Store) buckets(ctx context.Context, k history.Key, edges []time.Time, pieces []history.Piece) (*history.Series, error) {
	out := &history.Series{Key: k}
	err := s.snapshot(ctx, func(conn *sql.Conn) error {
		one, err := s.lookup(ctx, conn, k)
		if err != nil {
			return err
		}
		if one.class == classState {
			return fmt.Errorf("%w: %s has texts, which have no mean: ask for its samples", wattle.ErrParam, k)
		}
		out.Unit = feature.Unit(one.unit)
		b := bulk{roller: roller{store: s, q: conn}, conn: conn, series: &one}
		var rows []history.Bucket
		for _, p := range pieces {
			more, err := b.piece(ctx, p)
			if err != nil {
				return err
			}
			// The row ahead is there already, unless this is the first piece.
			for len(rows) > 0 && len(more) > 0 && !more[0].Start.After(rows[len(rows)-1].Start) {
				more = more[1:]
			}
			rows = append(rows, more...)
		}
		now := s.Now()
		out.Buckets = history.Fold(edges, now, rows)
		for i := range out.Buckets {
			if b := &out.Buckets[i]; b.Running {
				b.Known = min(b.Known, now.Sub(b.Start)) // the last value is taken to hold
			}
		}
		return nil
	})
	if err != nil {
		return nil, s.explain("range", err)
	}
	return out, nil
}

// bulk reads many rows.
type bulk struct {
	roller
	conn   *sql.Conn
	series *series
}

// piece reads the rows of a part of a span, with the one ahead of it, and with
// what is not rolled up yet.
func (b *bulk) piece(ctx context.Context, p history.Piece) ([]history.Bucket, error) {
	if p.By == history.Raw {
		return b.points(ctx, b.series.id, millis(p.From), millis(p.To))
	}
	rows, err := b.stored(ctx, p)
	if err != nil {
		return nil, err
	}
	newer, err := b.pending(ctx, p)
	return overlay(rows, newer), err
}

// stored is [roller.rows] for many of them.
func (b *bulk) stored(ctx context.Context, p history.Piece) ([]history.Bucket, error) {
	s := b.store
	name := rollups[p.By].name
	from, to := millis(p.From), millis(p.To)
	var rows []history.Bucket
	query := "SELECT at, low, high, mean, last, samples, known, lasts FROM " + name + " WHERE series = ? AND at < ? AND at >= " +
		"COALESCE((SELECT MAX(at) FROM " + name + " WHERE series = ? AND at < ?), ?) ORDER BY at"
	args := []any{b.series.id, to, b.series.id, from, from}
	err := scanFast(ctx, b.conn, s.bind(query), args, func(v []driver.Value) error {
		row := history.Bucket{Min: float(v[1]), Max: float(v[2]), Mean: float(v[3]), Last: float(v[4]), Count: int(integer(v[5]))}
		s.frame(&row, p.By, integer(v[0]), integer(v[6]), integer(v[7]))
		rows = append(rows, row)
		return nil
	})
	return rows, err
}

// pending computes the buckets of a piece that are marked and not yet stored as
// they should be.
func (b *bulk) pending(ctx context.Context, p history.Piece) ([]history.Bucket, error) {
	s := b.store
	var marks [][2]int64
	err := each(ctx, b.q, func(rows *sql.Rows) error {
		var m [2]int64
		err := rows.Scan(&m[0], &m[1])
		marks = append(marks, m)
		return err
	}, s.bind("SELECT hour, low FROM dirty WHERE series = ? AND hour < ? AND hour >= ? ORDER BY hour"),
		b.series.id, millis(p.To), millis(history.Day.Floor(p.From, s.Zone))-2*time.Hour.Milliseconds())
	if err != nil {
		return nil, err
	}
	var minutes, hours, days []history.Bucket
	for i, m := range marks {
		end := millis(history.Hour.Next(s.moment(m[0]), s.Zone))
		more, _, err := b.minutes(ctx, b.series.id, m[1], end)
		if err != nil {
			return nil, err
		}
		minutes = append(minutes, more...)
		if p.By == history.Minute {
			continue
		}
		hour, ok, err := b.sum(ctx, history.Hour, history.Minute, b.series.id, m[0], within(minutes, m[0], end))
		if err != nil {
			return nil, err
		}
		if ok {
			hours = append(hours, hour)
		}
		day := history.Day.Floor(s.moment(m[0]), s.Zone)
		if p.By == history.Hour || i < len(marks)-1 && history.Day.Floor(s.moment(marks[i+1][0]), s.Zone).Equal(day) {
			continue
		}
		next := history.Day.Next(day, s.Zone)
		b, ok, err := b.sum(ctx, history.Day, history.Hour, b.series.id, millis(day), within(hours, millis(day), millis(next)))
		if err != nil {
			return nil, err
		}
		if ok {
			days = append(days, b)
		}
	}
	switch p.By {
	case history.Minute:
		return within(minutes, millis(p.From), millis(p.To)), nil
	case history.Hour:
		return within(hours, millis(p.From), millis(p.To)), nil
	}
	return within(days, millis(p.From), millis(p.To)), nil
}

// within are the buckets that begin in a span.
func within(rows []history.Bucket, from, to int64) (out []history.Bucket) {
	for i := range rows {
		if at := millis(rows[i].Start); at >= from && at < to {
			out = append(out, rows[i])
		}
	}
	return out
}
