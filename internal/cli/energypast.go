package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"wattle"
	"wattle/energy"
)

// spanFlags ask for a history.
type spanFlags struct {
	since, until, by string
	csv, power       bool
	price            float64
}

func (f *spanFlags) wanted() bool {
	return f.since != "" || f.until != "" || f.by != "" || f.power || f.price != 0
}

// pastEnergy is the series of one device or outlet.
type pastEnergy struct {
	Device string `json:"device"`
	MAC    string `json:"mac,omitempty"`
	*energy.Series
	Total   *float64 `json:"total,omitempty"`
	Missing int      `json:"missing,omitempty"` // buckets of the past without data
	Price   float64  `json:"price,omitempty"`
	Cost    *float64 `json:"cost,omitempty"`
}

// histories shows what devices remember of a span.
func (a *app) histories(ctx context.Context, f *spanFlags, args []string) error {
	ask, err := f.parse()
	if err != nil {
		return err
	}
	if len(args) == 0 {
		args = []string{everything}
	}
	targets, err := a.resolve(ctx, args)
	if err != nil {
		return err
	}
	ctx, cancel := a.limit(ctx)
	defer cancel()
	series, errs := visit(ctx, a, targets, func(ctx context.Context, d *opened) (*energy.Series, error) {
		return d.history(ctx, ask)
	})
	rows := []pastEnergy{}
	for i, s := range series {
		switch t := targets[i]; {
		case errs[i] == nil:
			h := pastEnergy{Device: t.name(), MAC: t.mac(), Series: s, Price: f.price}
			h.add()
			rows = append(rows, h)
		case t.every && errors.Is(errs[i], wattle.ErrUnsupported):
			errs[i] = nil
		}
	}
	failed := join(errs)
	if len(rows) == 0 && a.format() == formatTable {
		if failed == nil {
			a.say("no device here measures energy")
		}
		return failed
	}
	return errors.Join(a.printHistories(rows), failed)
}

// add sums up.
func (h *pastEnergy) add() {
	if h.Unit != energy.KilowattHour {
		return
	}
	total, known, missing := h.Series.Total()
	h.Missing = missing
	if known == 0 {
		return
	}
	h.Total = &total
	if h.Price > 0 {
		cost := total * h.Price
		h.Cost = &cost
	}
}

// question is what is asked of every device.
type question struct {
	since, until *moment
	by           energy.Step // "": as suits the span
	power        bool
}

func (f *spanFlags) parse() (q question, err error) {
	q.power = f.power
	for _, each := range []struct {
		name, text string
		to         **moment
	}{{"since", f.since, &q.since}, {"until", f.until, &q.until}} {
		if each.text == "" {
			continue
		}
		m, err := parseMoment(each.name, each.text)
		if err != nil {
			return q, err
		}
		*each.to = &m
	}
	if f.by != "" {
		if q.by, err = energy.ParseStep(f.by); err != nil {
			return q, usagef("for example --by day", "--by %q: want 5min (power only), hour, day or month", f.by)
		}
	}
	if f.price < 0 {
		return q, usagef("for example --price 0.31", "--price %g: want what a kWh costs", f.price)
	}
	return q, nil
}

// history asks a device.
func (d *opened) history(ctx context.Context, q question) (*energy.Series, error) {
	now, err := d.dev.DeviceTime(ctx)
	if err != nil {
		return nil, err
	}
	to := now.Add(time.Second)
	if q.until != nil {
		to = q.until.until(now)
	}
	var from time.Time
	switch {
	case q.since != nil:
		if from = q.since.from(now); q.power && q.since.unit == 0 {
			from = q.since.ago(now) // power is kept by minutes
		}
	case q.by == energy.Month:
		from = energy.Month.Floor(to.AddDate(0, -11, 0))
	case q.power, q.by == energy.Hour, q.by == energy.FiveMinutes:
		from = energy.Day.Floor(to.Add(-time.Second))
	default:
		from = energy.Day.Floor(to.AddDate(0, 0, -6))
	}
	by := q.by
	if by == "" {
		by = stepFor(from, to, q.power)
	}
	if q.power {
		return d.dev.PowerSeries(ctx, from, to, by)
	}
	s, err := d.dev.EnergySeries(ctx, from, to, by)
	if q.by == "" && by == energy.Hour && errors.Is(err, wattle.ErrUnsupported) {
		return d.dev.EnergySeries(ctx, from, to, energy.Day) // nobody asked for hours
	}
	return s, err
}

func (a *app) printHistories(rows []pastEnergy) error {
	if a.format() == formatTable && a.outTTY {
		return a.plotHistories(rows)
	}
	t := &table{head: []string{"device", "start", "end", "value", "unit"}}
	for i := range rows {
		addPoints(t, rows[i].Device, rows[i].Series, a.format() == formatCSV)
	}
	if err := a.print(rows, t); err != nil || a.format() != formatTable {
		return err
	}
	for i := range rows {
		a.say("%s: %s", rows[i].Device, rows[i].summary())
	}
	return nil
}

// addPoints adds a series and those of the outlets. The future is left out.
func addPoints(t *table, name string, s *energy.Series, csv bool) {
	for _, p := range s.Points {
		if p.Start.After(s.Now) {
			break
		}
		value := plain("")
		switch {
		case p.Known && csv:
			value = plain(strconv.FormatFloat(p.Value, 'f', -1, 64))
		case p.Known:
			value = plain(amount(p, s.Unit))
		case !csv:
			value = dimmed("-")
		}
		t.add(plain(name), plain(p.Start.Format(time.RFC3339)), plain(p.End.Format(time.RFC3339)), value, plain(string(s.Unit)))
	}
	if csv {
		for i := range s.Parts {
			addPoints(t, name+"/"+s.Parts[i].Name, &s.Parts[i].Series, csv)
		}
	}
}

// plotHistories draws for a person.
func (a *app) plotHistories(rows []pastEnergy) error {
	columns, _ := size(a.out)
	for i := range rows {
		h := &rows[i]
		if i > 0 {
			fmt.Fprintln(a.out)
		}
		fmt.Fprintln(a.out, a.outStyle.bold(printable(h.Device)))
		for _, l := range plot(h.Series, columns, a.outStyle) {
			if _, err := fmt.Fprintln(a.out, l); err != nil {
				return err
			}
		}
		if text := h.summary(); text != "" {
			fmt.Fprintln(a.out, text)
		}
		for j := range h.Parts {
			p := &h.Parts[j]
			part := pastEnergy{Device: p.Name, Series: &p.Series, Price: h.Price}
			part.add()
			fmt.Fprintf(a.out, "  %s: %s\n", printable(p.Name), part.summary())
		}
	}
	return nil
}

// summary is the total, and what it costs.
func (h *pastEnergy) summary() string {
	past := 0
	for _, p := range h.Points {
		if !p.Start.After(h.Now) {
			past++
		}
	}
	switch {
	case h.Unit == energy.Watt:
		return many(past, h.Step)
	case h.Total == nil:
		return "no data in " + many(past, h.Step)
	}
	text := fmt.Sprintf("%.3f kWh in %s", *h.Total, many(past, h.Step))
	if h.Missing > 0 {
		text += fmt.Sprintf(", %d of them without data", h.Missing)
	}
	if h.Cost != nil {
		text += fmt.Sprintf("; %.2f at %g per kWh", *h.Cost, h.Price)
	}
	return text
}
