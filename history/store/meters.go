package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"wattle/history"
)

// meter is a meter with its place in the database.
type meter struct {
	id int64
	history.Meter
}

const ledgerChange = "DO UPDATE SET counted = ledger.counted + excluded.counted, spread = ledger.spread + excluded.spread," +
	" estimated = ledger.estimated + excluded.estimated, filled = ledger.filled + excluded.filled, replaced = ledger.replaced + excluded.replaced"

var (
	ledgerTable = table{"ledger", []string{"meter", "hour", "counted", "spread", "estimated", "filled", "replaced"}, 2, ledgerChange}
	spansTable  = table{
		"spans",
		[]string{"meter", "kind", "begins", "ends", "energy"}, 3,
		"DO UPDATE SET ends = excluded.ends, energy = spans.energy + excluded.energy",
	}
)

// read takes readings of meters, in the order given.
func (w *writer) read(ctx context.Context, readings []history.Reading) error {
	changes := map[*meter]*history.Change{}
	var order []*meter
	for i := range readings {
		r := &readings[i]
		m, err := w.meter(ctx, r.Device)
		if err != nil {
			return err
		}
		c := changes[m]
		if c == nil {
			c = &history.Change{}
			changes[m], order = c, append(order, m)
		}
		ch := m.Read(r, w.Zone)
		c.Postings = append(c.Postings, ch.Postings...)
		c.Spans = append(c.Spans, ch.Spans...)
	}
	for _, m := range order {
		if err := w.post(ctx, m, changes[m].Postings); err != nil {
			return err
		}
		if err := w.span(ctx, m, changes[m].Spans); err != nil {
			return err
		}
		if err := w.keep(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// meter gives the meter of a device, a new one where there is none.
func (w *writer) meter(ctx context.Context, d history.Device) (*meter, error) {
	if m := w.meters[d]; m != nil {
		return m, nil
	}
	m := &meter{}
	err := loadMeter(ctx, w, &w.dialect, d, m)
	if errors.Is(err, history.ErrNotFound) {
		err = w.QueryRowContext(ctx, w.bind("INSERT INTO meters (device, state) VALUES (?, '{}') RETURNING id"), d.String()).Scan(&m.id)
	}
	if err != nil {
		return nil, err
	}
	w.meters[d] = m
	return m, nil
}

func loadMeter(ctx context.Context, q querier, d *dialect, device history.Device, m *meter) error {
	var state string
	err := q.QueryRowContext(ctx, d.bind("SELECT id, state FROM meters WHERE device = ?"), device.String()).Scan(&m.id, &state)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%w: no meter %s", history.ErrNotFound, device)
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(state), &m.Meter); err != nil {
		return fmt.Errorf("%w: state of meter %s: %w", history.ErrDamaged, device, err)
	}
	return nil
}

// keep stores the state of a meter.
func (w *writer) keep(ctx context.Context, m *meter) error {
	state, err := json.Marshal(&m.Meter)
	if err != nil {
		return err
	}
	return w.exec(ctx, "UPDATE meters SET state = ? WHERE id = ?", string(state), m.id)
}

// post adds postings to the books.
func (w *writer) post(ctx context.Context, m *meter, postings []history.Posting) error {
	var hours []int64
	sums := map[int64]*history.Posting{}
	for i := range postings {
		p := &postings[i]
		hour := millis(p.Hour)
		sum := sums[hour]
		if sum == nil {
			sum = &history.Posting{}
			sums[hour], hours = sum, append(hours, hour)
		}
		sum.Counted += p.Counted
		sum.Spread += p.Spread
		sum.Estimated += p.Estimated
		sum.Filled += p.Filled
		sum.Replaced += p.Replaced
	}
	return w.insert(ctx, &ledgerTable, len(hours), func(i int, into []any) {
		p := sums[hours[i]]
		into[0], into[1] = m.id, hours[i]
		into[2], into[3], into[4] = int64(p.Counted), int64(p.Spread), int64(p.Estimated)
		into[5], into[6] = int64(p.Filled), int64(p.Replaced)
	})
}

func (w *writer) span(ctx context.Context, m *meter, spans []history.Span) error {
	for _, s := range spans { // one by one: two may begin at one moment
		err := w.insert(ctx, &spansTable, 1, func(_ int, into []any) {
			into[0], into[1], into[2], into[3], into[4] = m.id, string(s.Kind), millis(s.From), millis(s.To), int64(s.Energy)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
