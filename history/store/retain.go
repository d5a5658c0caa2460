package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"wattle/history"
)

// bite is how many rows are deleted in one transaction.
const bite = 5000

// Names in the table of facts.
const (
	factZone   = "zone"
	factRaw    = "raw_from"
	factStates = "states_from"
)

func fact(ctx context.Context, q querier, d *dialect, name string) (value string, err error) {
	err = q.QueryRowContext(ctx, d.bind("SELECT value FROM facts WHERE name = ?"), name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, err
}

func (w *writer) setFact(ctx context.Context, name, value string) error {
	return w.exec(ctx, "INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
}

func (s *Store) loadHorizons(ctx context.Context) error {
	for name, into := range map[string]interface{ Store(int64) }{factRaw: &s.horizon.raw, factStates: &s.horizon.states} {
		text, err := fact(ctx, s.readers, &s.dialect, name)
		if err != nil {
			return err
		}
		n, _ := strconv.ParseInt(text, 10, 64)
		into.Store(n)
	}
	return nil
}

// expire deletes what is older than the retention says, to the hour. The newest
// sample of a series stays whatever its age: it is the latest value.
func (s *Store) expire(ctx context.Context) error {
	now := s.Now()
	cutoff := func(keep time.Duration) int64 {
		if keep == 0 {
			return 0
		}
		return millis(history.Hour.Floor(now.Add(-keep), s.Zone))
	}
	keeps := s.keeps.Load()
	raw, states := cutoff(keeps.Raw), cutoff(keeps.States)
	if raw <= s.horizon.raw.Load() && states <= s.horizon.states.Load() {
		return nil // not again within the hour
	}
	err := s.run(ctx, func(ctx context.Context, w *writer) error {
		// From here on nothing older comes in, and what came in is rolled up.
		for n := slice; n == slice; {
			var err error
			if n, err = w.roll(ctx, slice); err != nil {
				return err
			}
		}
		s.horizon.raw.Store(max(raw, s.horizon.raw.Load()))
		s.horizon.states.Store(max(states, s.horizon.states.Load()))
		if err := w.setFact(ctx, factRaw, strconv.FormatInt(s.horizon.raw.Load(), 10)); err != nil {
			return err
		}
		return w.setFact(ctx, factStates, strconv.FormatInt(s.horizon.states.Load(), 10))
	})
	if err != nil {
		return err
	}
	all, err := s.ids(ctx)
	if err != nil {
		return s.explain("expire", err)
	}
	for _, one := range all {
		limit := states
		if one.class == classNumber {
			limit = raw
		}
		newest := "(SELECT MAX(at) FROM samples WHERE series = ?)"
		if err := s.drop(ctx, "samples", "at", limit, one.id, newest); err != nil {
			return err
		}
		if err := s.drop(ctx, "events", "event", cutoff(keeps.Events), one.id, ""); err != nil {
			return err
		}
		for by, t := range rollups {
			if err := s.drop(ctx, t.name, "at", cutoff(keeps.Keeps(by)), one.id, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// drop deletes the rows of a series from before a time, in bites.
func (s *Store) drop(ctx context.Context, table, key string, before, series int64, newest string) error {
	if before <= 0 {
		return nil
	}
	query := "SELECT " + key + " FROM " + table + " WHERE series = ? AND at < ?"
	args := []any{series, series, before}
	if newest != "" {
		query += " AND at < " + newest
		args = append(args, series)
	}
	query = "DELETE FROM " + table + " WHERE series = ? AND " + key + " IN (" + query + " ORDER BY at LIMIT " + strconv.Itoa(bite) + ")"
	for {
		var n int64
		var there bool
		probe := "SELECT EXISTS (SELECT 1 FROM " + table + " WHERE series = ? AND at < ?)"
		if err := s.readers.QueryRowContext(ctx, s.bind(probe), series, before).Scan(&there); err != nil || !there {
			return s.explain("expire", err)
		}
		err := s.run(ctx, func(ctx context.Context, w *writer) error {
			result, err := w.conn.ExecContext(ctx, w.bind(query), args...)
			if err != nil {
				return err
			}
			n, err = result.RowsAffected()
			return err
		})
		if err != nil || n < bite {
			return err
		}
	}
}

// ids lists all series.
func (s *Store) ids(ctx context.Context) (out []series, err error) {
	err = each(ctx, s.readers, func(rows *sql.Rows) error {
		var one series
		err := rows.Scan(&one.id, &one.class)
		out = append(out, one)
		return err
	}, "SELECT id, class FROM series ORDER BY id")
	return out, err
}

// rezone computes days anew, where the history had another zone until now.
func (s *Store) rezone(ctx context.Context) error {
	before, err := fact(ctx, s.readers, &s.dialect, factZone)
	if err != nil || before == s.Zone.String() {
		return err
	}
	all, err := s.ids(ctx)
	if err != nil {
		return err
	}
	for _, one := range all {
		err := s.run(ctx, func(ctx context.Context, w *writer) error {
			r := roller{store: s, q: w}
			hours, err := r.rows(ctx, history.Hour, one.id, 0, 1<<62)
			if err != nil || len(hours) == 0 {
				return err
			}
			first := history.Day.Next(hours[0].Start, s.Zone) // whole ones only
			if err := w.exec(ctx, "DELETE FROM days WHERE series = ? AND at >= ?", one.id, millis(first)); err != nil {
				return err
			}
			edges := []time.Time{first}
			for last := hours[len(hours)-1].Start; !edges[len(edges)-1].After(last); {
				edges = append(edges, history.Day.Next(edges[len(edges)-1], s.Zone))
			}
			var days []history.Bucket
			for _, b := range history.Fold(edges, edges[len(edges)-1], hours) {
				if !b.Empty() {
					days = append(days, b)
				}
			}
			return w.store(ctx, history.Day, one.id, days)
		})
		if err != nil {
			return err
		}
	}
	return s.run(ctx, func(ctx context.Context, w *writer) error { return w.setFact(ctx, factZone, s.Zone.String()) })
}

// Forget deletes all that is known of a device, its energy too. Errors wrap
// [history.ErrNotFound] where there is nothing.
func (s *Store) Forget(ctx context.Context, d history.Device) error {
	return s.run(ctx, func(ctx context.Context, w *writer) error {
		found := false
		sub := "(SELECT id FROM series WHERE device = ?)"
		for _, query := range []string{
			"DELETE FROM samples WHERE series IN " + sub, "DELETE FROM events WHERE series IN " + sub,
			"DELETE FROM minutes WHERE series IN " + sub, "DELETE FROM hours WHERE series IN " + sub,
			"DELETE FROM days WHERE series IN " + sub, "DELETE FROM dirty WHERE series IN " + sub,
			"DELETE FROM series WHERE device = ?",
			"DELETE FROM ledger WHERE meter IN (SELECT id FROM meters WHERE device = ?)",
			"DELETE FROM spans WHERE meter IN (SELECT id FROM meters WHERE device = ?)",
			"DELETE FROM meters WHERE device = ?",
		} {
			result, err := w.conn.ExecContext(ctx, w.bind(query), d.String())
			if err != nil {
				return err
			}
			n, err := result.RowsAffected()
			if err != nil {
				return err
			}
			found = found || n > 0
		}
		w.forget()
		if !found {
			return history.ErrNotFound
		}
		return nil
	})
}
