package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"wattle/energy"
	"wattle/history"
)

// Meter gives the lifetime counter of a device and what it rests on. Errors
// wrap [history.ErrNotFound].
func (s *Store) Meter(ctx context.Context, d history.Device) (*history.Meter, error) {
	m := &meter{}
	if err := loadMeter(ctx, s.readers, &s.dialect, d, m); err != nil {
		return nil, s.explain("meter", err)
	}
	return &m.Meter, nil
}

// Meters lists the devices that have a lifetime counter.
func (s *Store) Meters(ctx context.Context) (out []history.Device, err error) {
	err = each(ctx, s.readers, func(rows *sql.Rows) error {
		var device string
		if err := rows.Scan(&device); err != nil {
			return err
		}
		d, err := history.ParseDevice(device)
		out = append(out, d)
		return err
	}, "SELECT device FROM meters ORDER BY device")
	return out, s.explain("meters", err)
}

// Books gives the hours of a meter's books that begin in [from, to), and the
// spans of which not everything is known, in the order of time: what was
// counted, estimated and filled, and what the device itself says of them. The
// spans are what [Store.Reconcile] wants to know more of.
func (s *Store) Books(ctx context.Context, d history.Device, from, to time.Time) (entries []history.Entry, spans []history.Span, err error) {
	err = s.snapshot(ctx, func(conn *sql.Conn) error {
		m := &meter{}
		if err := loadMeter(ctx, conn, &s.dialect, d, m); err != nil {
			return err
		}
		entries, err = s.entries(ctx, conn, m.id, millis(from), millis(to))
		if err != nil {
			return err
		}
		spans, err = s.spans(ctx, conn, m.id, millis(from), millis(to))
		return err
	})
	return entries, spans, s.explain("books", err)
}

func (s *Store) entries(ctx context.Context, q querier, id, from, to int64) (out []history.Entry, err error) {
	err = each(ctx, q, func(rows *sql.Rows) error {
		var e history.Entry
		var hour int64
		var said sql.NullInt64
		if err := rows.Scan(&hour, &e.Counted, &e.Spread, &e.Estimated, &e.Filled, &e.Replaced, &said); err != nil {
			return err
		}
		e.Hour = s.moment(hour)
		if said.Valid {
			device := history.Energy(said.Int64)
			e.Device = &device
		}
		out = append(out, e)
		return nil
	}, s.bind("SELECT hour, counted, spread, estimated, filled, replaced, said FROM ledger WHERE meter = ? AND hour >= ? AND hour < ? ORDER BY hour"), id, from, to)
	return out, err
}

// spans are those that touch a time.
func (s *Store) spans(ctx context.Context, q querier, id, from, to int64) (out []history.Span, err error) {
	err = each(ctx, q, func(rows *sql.Rows) error {
		var one history.Span
		var begins, ends int64
		if err := rows.Scan(&one.Kind, &begins, &ends, &one.Energy); err != nil {
			return err
		}
		one.From, one.To = s.moment(begins), s.moment(ends)
		out = append(out, one)
		return nil
	}, s.bind("SELECT kind, begins, ends, energy FROM spans WHERE meter = ? AND ends > ? AND begins < ? ORDER BY begins, kind"), id, from, to)
	return out, err
}

// Energy gives what a device used by hour, day or month, in buckets that cover
// [from, to). Errors wrap [history.ErrNotFound] or [wattle.ErrParam].
func (s *Store) Energy(ctx context.Context, d history.Device, by energy.Step, from, to time.Time) ([]history.Usage, error) {
	grid, err := history.Usages(by, s.Zone, from, to, s.Now(), nil, nil)
	if err != nil {
		return nil, err
	}
	start, end := grid[0].Start, grid[len(grid)-1].End
	entries, spans, err := s.Books(ctx, d, start, end)
	if err != nil {
		return nil, err
	}
	return history.Usages(by, s.Zone, from, to, s.Now(), entries, spans)
}

// Cost says what the energy of a device cost in whole hours from one moment up
// to another, or up to now, see [history.Tariffs.Bills]. Errors as for
// [Store.Energy].
func (s *Store) Cost(ctx context.Context, d history.Device, t *history.Tariffs, from, to time.Time) ([]history.Bill, error) {
	if now := s.Now(); to.After(now) {
		to = now
	}
	usages, err := s.Energy(ctx, d, energy.Hour, from, to)
	if err != nil {
		return nil, err
	}
	return t.Bills(usages), nil
}

// Reconcile fills what the books of a device do not know from the device's own
// history, by hour or by day, see [history.Reconcile]. The lifetime counter is
// never lowered by it. Doing it again changes nothing. Errors wrap
// [history.ErrNotFound].
func (s *Store) Reconcile(ctx context.Context, d history.Device, own *energy.Series) error {
	return s.run(ctx, func(ctx context.Context, w *writer) error {
		m := &meter{}
		if err := loadMeter(ctx, w, &w.dialect, d, m); err != nil {
			return err
		}
		if len(own.Points) == 0 {
			return nil
		}
		// Spans reach beyond the series, and entries beyond spans.
		spans, err := s.spans(ctx, w, m.id, millis(own.From()), millis(own.To()))
		if err != nil {
			return err
		}
		from, to := own.From(), own.To()
		for _, span := range spans {
			if span.From.Before(from) {
				from = span.From
			}
			if span.To.After(to) {
				to = span.To
			}
		}
		entries, err := s.entries(ctx, w, m.id, millis(history.Day.Floor(from, s.Zone)), millis(history.Day.Next(to, s.Zone)))
		if err != nil {
			return err
		}
		settled := history.Reconcile(entries, spans, own, s.Zone)
		m.Settle(&settled)
		w.meters[d] = m
		return errors.Join(w.settle(ctx, m, spans, &settled), w.keep(ctx, m))
	})
}

func (w *writer) settle(ctx context.Context, m *meter, old []history.Span, settled *history.Settlement) error {
	for _, span := range old {
		err := w.exec(ctx, "DELETE FROM spans WHERE meter = ? AND kind = ? AND begins = ?", m.id, string(span.Kind), millis(span.From))
		if err != nil {
			return err
		}
	}
	if err := w.span(ctx, m, settled.Spans); err != nil {
		return err
	}
	if err := w.post(ctx, m, settled.Postings); err != nil {
		return err
	}
	for hour, said := range settled.Device { // only of hours that are in the books
		if err := w.exec(ctx, "UPDATE ledger SET said = ? WHERE meter = ? AND hour = ?", int64(said), m.id, hour*1000); err != nil {
			return err
		}
	}
	return nil
}
