package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"wattle/feature"
	"wattle/history"
)

// Latest gives the newest state of every feature of a device, or of all devices
// for the zero Device, in the order of their names. Whether a value is still
// believed shows its age against Hold.
func (s *Store) Latest(ctx context.Context, d history.Device) (out []history.Sample, err error) {
	query := "SELECT s.device, s.feature, s.unit, s.hold, x.at, x.flags, x.number, x.text FROM series s" +
		" JOIN samples x ON x.series = s.id AND x.at = (SELECT MAX(at) FROM samples WHERE series = s.id)"
	var args []any
	if d != (history.Device{}) {
		query += " WHERE s.device = ?"
		args = append(args, d.String())
	}
	err = each(ctx, s.readers, func(rows *sql.Rows) error {
		var one history.Sample
		var device, unit string
		var hold, at, flags int64
		var n number
		var text sql.NullString
		if err := rows.Scan(&device, &one.Feature, &unit, &hold, &at, &flags, &n, &text); err != nil {
			return err
		}
		var err error
		if one.Device, err = history.ParseDevice(device); err != nil {
			return err
		}
		one.Unit, one.Hold, one.Time = feature.Unit(unit), time.Duration(hold)*time.Millisecond, s.moment(at)
		decode(flags, n, text, &one)
		out = append(out, one)
		return nil
	}, s.bind(query+" ORDER BY s.device, s.feature"), args...)
	return out, s.explain("latest", err)
}

// Series lists the series there are, of one device or, for the zero Device, of
// all.
func (s *Store) Series(ctx context.Context, d history.Device) (out []history.Key, err error) {
	query, args := "SELECT device, feature FROM series", []any(nil)
	if d != (history.Device{}) {
		query, args = query+" WHERE device = ?", []any{d.String()}
	}
	err = each(ctx, s.readers, func(rows *sql.Rows) error {
		var device string
		var k history.Key
		if err := rows.Scan(&device, &k.Feature); err != nil {
			return err
		}
		if err := k.Device.UnmarshalText([]byte(device)); err != nil {
			return err
		}
		out = append(out, k)
		return nil
	}, s.bind(query+" ORDER BY device, feature"), args...)
	return out, s.explain("series", err)
}

// lookup finds a series.
func (s *Store) lookup(ctx context.Context, q querier, k history.Key) (series, error) {
	var one series
	err := q.QueryRowContext(ctx, s.bind("SELECT id, unit, hold, class FROM series WHERE device = ? AND feature = ?"),
		k.Device.String(), k.Feature).Scan(&one.id, &one.unit, &one.hold, &one.class)
	if errors.Is(err, sql.ErrNoRows) {
		return one, fmt.Errorf("%w: no series %s", history.ErrNotFound, k)
	}
	return one, err
}

// Samples gives the states and events of a series within [from, to), in the
// order of time, at most limit of them; states come before events of the same
// time. For more, go on behind the last one with [history.Cursor]. Errors wrap
// [history.ErrNotFound].
func (s *Store) Samples(ctx context.Context, k history.Key, from history.Cursor, to time.Time, limit int) ([]history.Sample, error) {
	one, err := s.lookup(ctx, s.readers, k)
	if err != nil {
		return nil, s.explain("samples", err)
	}
	limit = min(max(limit, 1), 100_000)
	start, end := millis(from.Time), millis(to)
	states := start
	if !from.Fresh {
		states++ // a state comes before events of its time
	}
	out, err := s.page(ctx, k, one, "SELECT at, '', flags, number, text FROM samples WHERE series = ? AND at >= ? AND at < ? ORDER BY at LIMIT ?",
		one.id, states, end, limit)
	if err != nil {
		return nil, s.explain("samples", err)
	}
	query, args := "SELECT at, event, flags, number, text FROM events WHERE series = ? AND at >= ? AND at < ?", []any{one.id, start, end}
	if !from.Fresh {
		query, args = query+" AND (at > ? OR event > ?)", append(args, start, from.Event)
	}
	events, err := s.page(ctx, k, one, query+" ORDER BY at, event LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, s.explain("samples", err)
	}
	if len(events) > 0 {
		out = append(out, events...)
		slices.SortStableFunc(out, func(a, b history.Sample) int { return a.Time.Compare(b.Time) })
	}
	return out[:min(len(out), limit)], nil
}

// page runs one of the two queries of [Store.Samples].
func (s *Store) page(ctx context.Context, k history.Key, one series, query string, args ...any) (out []history.Sample, err error) {
	err = each(ctx, s.readers, func(rows *sql.Rows) error {
		v := history.Sample{Key: k, Unit: feature.Unit(one.unit), Hold: time.Duration(one.hold) * time.Millisecond}
		var at, flags int64
		var n number
		var text sql.NullString
		if err := rows.Scan(&at, &v.Event, &flags, &n, &text); err != nil {
			return err
		}
		v.Time = s.moment(at)
		decode(flags, n, text, &v)
		out = append(out, v)
		return nil
	}, s.bind(query), args...)
	return out, err
}
