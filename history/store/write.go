package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"wattle/history"
)

// series is what is known of one.
type series struct {
	id    int64
	unit  string
	hold  int64 // ms
	class int64
}

// mark is an hour whose roll-ups have to be computed.
type mark struct{ series, hour int64 }

var (
	samplesTable = newTable("samples", 2, "series", "at", "flags", "number", "text")
	eventsTable  = table{"events", []string{"series", "event", "at", "flags", "number", "text"}, 2, "DO NOTHING"}
)

// row is a sample on its way to the disk.
type row struct {
	series, at, flags int64
	number, text      any
	event             string
}

// write puts a batch into the transaction.
func (w *writer) write(ctx context.Context, b *history.Batch) (history.Written, error) {
	var out history.Written
	states, events := make([]row, 0, len(b.Samples)), []row(nil)
	for i := range b.Samples {
		s := &b.Samples[i]
		r := row{at: millis(s.Time), event: s.Event}
		r.flags, r.number, r.text = w.encode(s)
		series, err := w.find(ctx, s, classOf(r.flags))
		if err != nil {
			return out, err
		}
		r.series = series.id
		switch {
		case s.Event != "":
			events = append(events, r)
		case r.at < w.limit(series.class):
			out.TooOld++
		default:
			states = append(states, r)
		}
	}
	out.Samples = len(states) + len(events)
	states = sorted(states)
	err := w.insert(ctx, &samplesTable, len(states), func(i int, into []any) {
		r := &states[i]
		into[0], into[1], into[2], into[3], into[4] = r.series, r.at, r.flags, r.number, r.text
	})
	if err != nil {
		return out, err
	}
	err = w.insert(ctx, &eventsTable, len(events), func(i int, into []any) {
		r := &events[i]
		into[0], into[1], into[2], into[3], into[4], into[5] = r.series, r.event, r.at, r.flags, r.number, r.text
	})
	if err != nil {
		return out, err
	}
	if err := w.mark(ctx, states); err != nil {
		return out, err
	}
	out.Readings = len(b.Meters)
	return out, w.read(ctx, b.Meters)
}

// limit is the time before which samples of a class are gone.
func (w *writer) limit(class int64) int64 {
	if class == classNumber {
		return w.horizon.raw.Load()
	}
	return w.horizon.states.Load()
}

// sorted brings rows in the order of the disk, the last of those with one time.
func sorted(rows []row) []row {
	slices.SortStableFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.series, b.series), cmp.Compare(a.at, b.at))
	})
	out := rows[:0]
	for i := range rows {
		if n := len(out); n > 0 && out[n-1].series == rows[i].series && out[n-1].at == rows[i].at {
			out[n-1] = rows[i]
			continue
		}
		out = append(out, rows[i])
	}
	return out
}

// find gives the series of a sample, and notes what the sample says of it.
func (w *writer) find(ctx context.Context, s *history.Sample, class int64) (*series, error) {
	known := w.series[s.Key]
	if known == nil {
		known = &series{}
		err := w.QueryRowContext(ctx, w.bind("SELECT id, unit, hold, class FROM series WHERE device = ? AND feature = ?"),
			s.Device.String(), s.Feature).Scan(&known.id, &known.unit, &known.hold, &known.class)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, err
		}
	}
	now := *known
	if s.Unit != "" {
		now.unit = string(s.Unit)
	}
	if s.Hold != 0 {
		now.hold = max(1, s.Hold.Milliseconds())
	} else if now.hold == 0 {
		now.hold = history.DefaultHold.Milliseconds()
	}
	if class != classUnknown {
		now.class = class
	}
	if now != *known {
		err := w.QueryRowContext(ctx, w.bind("INSERT INTO series (device, feature, unit, hold, class) VALUES (?, ?, ?, ?, ?)"+
			" ON CONFLICT (device, feature) DO UPDATE SET unit = excluded.unit, hold = excluded.hold, class = excluded.class RETURNING id"),
			s.Device.String(), s.Feature, now.unit, now.hold, now.class).Scan(&now.id)
		if err != nil {
			return nil, err
		}
	}
	w.series[s.Key] = &now
	return &now, nil
}

// mark notes the hours whose roll-ups change. rows are sorted.
func (w *writer) mark(ctx context.Context, rows []row) error {
	type note struct {
		mark
		low int64
	}
	var notes []note
	var hour, next int64
	for i := range rows {
		r := &rows[i]
		if k := classOf(r.flags); k == classState {
			continue
		}
		if r.at < hour || r.at >= next {
			at := w.moment(r.at)
			hour, next = millis(history.Hour.Floor(at, w.Zone)), millis(history.Hour.Next(at, w.Zone))
		}
		m := mark{r.series, hour}
		if low, marked := w.dirty[m]; marked && low <= r.at {
			continue
		}
		w.dirty[m] = r.at
		if n := len(notes); n == 0 || notes[n-1].mark != m { // the first is the lowest
			notes = append(notes, note{m, r.at})
		}
	}
	t := table{"dirty", []string{"series", "hour", "low"}, 2, "DO UPDATE SET low = " + w.least + "(dirty.low, excluded.low)"}
	return w.insert(ctx, &t, len(notes), func(i int, into []any) {
		into[0], into[1], into[2] = notes[i].series, notes[i].hour, notes[i].low
	})
}

// until is how a moment up to which a value holds is stored: from the start of
// its bucket, 0 where it was lost.
func until(b *history.Bucket) int64 {
	if b.Until.IsZero() {
		return 0
	}
	return b.Until.Sub(b.Start).Milliseconds()
}

func milliseconds(d time.Duration) int64 { return d.Milliseconds() }
