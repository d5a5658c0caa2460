package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wattle/energy"
	"wattle/feature"
	"wattle/hub"
	"wattle/internal/hubapi"
	"wattle/internal/hubclient"
	"wattle/recorder"
)

// pastFlags say which part of the history is meant.
type pastFlags struct {
	since, until, by string
	points           int
	csv, influx      bool
}

func (f *pastFlags) add(cmd *cobra.Command, since string) {
	cmd.Flags().StringVar(&f.since, "since", since, "from `when`: "+momentWords)
	cmd.Flags().StringVar(&f.until, "until", "", "up to `when`, which still belongs to it (default now)")
}

// span is where what is asked for begins and ends; until is zero for now. Where hours,
// days or months are asked for it begins and ends with one.
func (f *pastFlags) span(now time.Time) (from, until time.Time, err error) {
	begin, end := moment.ago, moment.agoUntil
	switch energy.Step(f.by) {
	case energy.Hour, energy.Day, energy.Month:
		begin, end = moment.from, moment.until
	}
	since, err := parseMoment("since", f.since)
	if err != nil {
		return from, until, err
	}
	if f.until != "" {
		m, err := parseMoment("until", f.until)
		if err != nil {
			return from, until, err
		}
		until = end(m, now)
	}
	return begin(since, now), until, nil
}

// query is the span for the API.
func (f *pastFlags) query() (url.Values, error) {
	from, until, err := f.span(time.Now())
	if err != nil {
		return nil, err
	}
	q := url.Values{"from": {from.Format(time.RFC3339)}}
	if !until.IsZero() {
		q.Set("to", until.Format(time.RFC3339))
	}
	return q, nil
}

func newHistory(a *app) *cobra.Command {
	var f pastFlags
	cmd := &cobra.Command{
		Use:   "history DEVICE [FEATURE]",
		Short: "What the running hub remembers: features over time, energy, cost",
		Example: `wattle history Heater                                # which features there are
wattle history Heater current_consumption --since 7d # a plot on a terminal
wattle history Heater state --by raw --json
wattle history energy Heater --since 30d             # with cost, by the tariffs
wattle history export Heater --since 7d --influx >heater.lp`,
		Long: `The hub keeps what it polls; "wattle energy --since" asks the device itself. In at most
--points buckets, or --by minute, hour, day or raw for single samples.`,
		GroupID:           groupHub,
		Args:              between(1, 2, "the name of a device"),
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			a.csv = f.csv
			return a.past(cmd, args[0], func(ctx context.Context, c *hubclient.Client, id string, t target) error {
				if len(args) == 1 {
					return a.printSeriesList(ctx, c, id)
				}
				return a.printSeries(ctx, c, id, t, args[1], &f)
			})
		},
	}
	f.add(cmd, "24h")
	cmd.Flags().StringVar(&f.by, "by", "", "`step`: raw, minute, hour or day, in place of --points")
	cmd.Flags().IntVar(&f.points, "points", 100, "how many buckets at most")
	cmd.Flags().BoolVar(&f.csv, "csv", false, "the same as --output csv")
	cmd.AddCommand(newHistoryEnergy(a), newHistoryBooks(a), newHistoryExport(a), newHistoryEvents(a), newHistoryTariffs(a))
	return cmd
}

// past asks the history of the running hub about one device.
func (a *app) past(cmd *cobra.Command, ref string, ask func(ctx context.Context, c *hubclient.Client, id string, t target) error) error {
	return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
		id, t, err := a.pastDevice(ctx, ref)
		if err != nil {
			return err
		}
		return of(t.name(), hubFault(ask(ctx, c, id, t)))
	})
}

// pastDevice is a device of the history, which may have left the hub.
func (a *app) pastDevice(ctx context.Context, ref string) (id string, t target, err error) {
	targets, err := a.resolve(ctx, []string{ref})
	if err != nil {
		return "", target{}, err
	}
	if len(targets) != 1 {
		return "", target{}, usagef("name one device", "%q is more than one device", ref)
	}
	t = targets[0]
	return hub.Slug(hub.ID{MAC: t.known.MAC, Child: t.child}), t, nil
}

func (a *app) printSeriesList(ctx context.Context, c *hubclient.Client, id string) error {
	list, err := hubclient.List[string](ctx, c, "/devices/"+id+"/series")
	if err != nil {
		return err
	}
	t := &table{head: []string{"feature"}}
	for _, name := range list {
		t.add(plain(name))
	}
	return a.printRows(list, t, nothingYet)
}

func (a *app) printSeries(ctx context.Context, c *hubclient.Client, id string, t target, wanted string, f *pastFlags) error {
	q, err := f.query()
	if err != nil {
		return err
	}
	q.Set("feature", wanted)
	if f.by != "" {
		q.Set("by", f.by)
	} else {
		q.Set("points", strconv.Itoa(f.points))
	}
	if f.by == "raw" {
		q.Set("limit", "10000")
	}
	var s hubapi.Series
	if err := c.Do(ctx, http.MethodGet, "/devices/"+id+"/history?"+q.Encode(), nil, &s); err != nil {
		return a.noSeries(ctx, c, id, wanted, err)
	}
	if a.outTTY && a.format() == formatTable && f.by != "raw" && len(s.Buckets) > 1 {
		return a.plotSeries(t, &s)
	}
	rows := &table{head: []string{"time", "value"}}
	if f.by != "raw" {
		rows.head = []string{"start", "min", "mean", "max", "last"}
	}
	for _, x := range s.Samples {
		value := plain("-")
		if x.Value != nil {
			value = plain(strings.TrimSpace(fmt.Sprintf("%v %s", x.Value, s.Unit)))
		}
		rows.add(plain(x.Time.Local().Format("2006-01-02 15:04:05.000")), value)
	}
	for _, b := range s.Buckets {
		rows.add(plain(b.Start.Local().Format(time.DateTime)), a.numberCell(b.Min, s.Unit), a.numberCell(b.Mean, s.Unit), a.numberCell(b.Max, s.Unit), a.numberCell(b.Last, s.Unit))
	}
	return a.printRows(s, rows, nothingThen)
}

// Why there is nothing to show.
const (
	nothingYet  = "the hub remembers nothing of it yet; what is polled is there some seconds later"
	nothingThen = "nothing is known of that time; --since and --until choose another"
)

// noSeries says, where a feature has no history, which ones have, those that are most
// like it first. Any other error stays as it is.
func (a *app) noSeries(ctx context.Context, c *hubclient.Client, id, wanted string, err error) error {
	if !isNotFound(err) {
		return err
	}
	have, lerr := hubclient.List[string](ctx, c, "/devices/"+id+"/series")
	switch {
	case lerr != nil:
		return err
	case len(have) == 0:
		return &fault{err: errors.New(nothingYet), code: CodeNotFound, hint: `"wattle hub devices" shows which devices answer`}
	}
	return &fault{err: fmt.Errorf("no feature %q in its history", wanted), code: CodeNotFound, hint: "there are " + strings.Join(byLikeness(wanted, have), ", ")}
}

// plotSeries draws the means of a series.
func (a *app) plotSeries(t target, s *hubapi.Series) error {
	points := make([]energy.Point, len(s.Buckets))
	for i, b := range s.Buckets {
		points[i] = energy.Point{Start: b.Start.Local(), End: b.End.Local(), Known: b.Mean != nil, Running: b.Running}
		if b.Mean != nil {
			points[i].Value = *b.Mean
		}
	}
	columns, _ := size(a.out)
	unit := energy.Unit(unitText(s.Unit))
	step := energy.Hour
	if points[0].End.Sub(points[0].Start) >= 24*time.Hour {
		step = energy.Day
	}
	fmt.Fprintln(a.out, a.outStyle.bold(oneLine(t.name()+" "+s.Feature)))
	lines := curve(points, &energy.Series{Unit: unit, Step: step, Points: points}, isCounted(s.Unit, a.kindOf(t, s.Feature)), columns, a.outStyle)
	lines[len(lines)-1] = a.outStyle.dim(fmt.Sprintf("%s to %s, %s", points[0].Start.Format("2006-01-02 15:04"), points[len(points)-1].End.Format("2006-01-02 15:04"), unit))
	for _, l := range lines {
		fmt.Fprintln(a.out, l)
	}
	return nil
}

// kindOf is what the hub says of a feature; a sensor, where the device is gone.
func (a *app) kindOf(t target, id string) feature.Kind {
	if a.memory != nil {
		if d := a.memory.housed[hub.ID{MAC: t.known.MAC, Child: t.child}]; d != nil {
			for i := range d.Features {
				if d.Features[i].ID == id {
					return d.Features[i].Kind
				}
			}
		}
	}
	return feature.Sensor
}

func newHistoryEnergy(a *app) *cobra.Command {
	var f pastFlags
	cmd := &cobra.Command{
		Use:   "energy DEVICE",
		Short: "What a device used by hour, day or month, and what that cost",
		Example: `wattle history energy Heater --since 7d
wattle history energy Heater --since 12mo --by month --json`,
		Long: `Out of books that survive restarts of device and hub: "estimated" was integrated from
power, "filled" the device told later, and "*" is where something is known to be missing.
The lifetime counter never goes down. Cost is by the tariffs of the configuration.`,
		Args:              exactly(1, "the name of a device"),
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			a.csv = f.csv
			return a.past(cmd, args[0], func(ctx context.Context, c *hubclient.Client, id string, _ target) error {
				return a.printPastEnergy(ctx, c, id, &f)
			})
		},
	}
	f.add(cmd, "7d")
	cmd.Flags().StringVar(&f.by, "by", "day", "`step`: hour, day or month")
	cmd.Flags().BoolVar(&f.csv, "csv", false, "the same as --output csv")
	return cmd
}

func (a *app) printPastEnergy(ctx context.Context, c *hubclient.Client, id string, f *pastFlags) error {
	q, err := f.query()
	if err != nil {
		return err
	}
	q.Set("by", f.by)
	var e hubapi.Energy
	if err := c.Do(ctx, http.MethodGet, "/devices/"+id+"/energy?"+q.Encode(), nil, &e); err != nil {
		return err
	}
	t := &table{head: []string{"start", "kwh", "estimated", "filled", "cost", "note"}, spare: []string{"estimated", "filled"}}
	var kwh float64
	money := map[string]float64{}
	for _, u := range e.Spans {
		used, cost, note := dimmed("-"), "", ""
		if u.Energy != nil {
			used = plain(strconv.FormatFloat(*u.Energy, 'f', 3, 64))
			kwh += *u.Energy
		}
		for _, b := range u.Bills {
			cost = strings.TrimSpace(fmt.Sprintf("%s  %.2f %s", cost, b.Total, b.Currency))
			money[b.Currency] += b.Total
		}
		switch {
		case u.Running:
			note = "running"
		case u.Incomplete:
			note = "*"
		}
		part := func(n float64) cell {
			if n == 0 {
				return plain("")
			}
			return plain(strconv.FormatFloat(n, 'f', 3, 64))
		}
		t.add(plain(u.Start.Local().Format(time.DateTime)), used, part(u.Estimated), part(u.Filled), plain(cost), dimmed(note))
	}
	if err := a.printRows(e, t, nothingThen); err != nil || a.format() != formatTable || len(t.rows) == 0 {
		return err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "total %.3f kWh", kwh)
	for currency, sum := range money {
		fmt.Fprintf(&text, ", %.2f %s", sum, currency)
	}
	if e.Lifetime != nil {
		fmt.Fprintf(&text, "; lifetime %.3f kWh", *e.Lifetime)
	}
	a.say("%s", text.String())
	return nil
}

func newHistoryExport(a *app) *cobra.Command {
	var f pastFlags
	var features []string
	cmd := &cobra.Command{
		Use:   "export [DEVICE]",
		Short: "Write the history as CSV, JSON or Influx line protocol",
		Example: `wattle history export --since 1y --by hour >home.csv
wattle history export Heater --feature current_consumption --influx`,
		Args:              between(0, 1, ""),
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
				q, err := f.query()
				if err != nil {
					return err
				}
				q.Set("by", cmp.Or(f.by, "raw"))
				format := "csv"
				switch {
				case f.influx:
					format = "influx"
				case a.jsonWanted():
					format = "json"
				}
				q.Set("format", format)
				q["feature"] = features
				if len(args) == 1 {
					id, _, err := a.pastDevice(ctx, args[0])
					if err != nil {
						return err
					}
					q.Set("device", id)
				}
				body, err := c.Stream(ctx, http.MethodGet, "/export?"+q.Encode(), "*/*")
				if err != nil {
					return err
				}
				defer func() { _ = body.Close() }()
				_, err = io.Copy(a.out, body)
				return err
			})
		},
	}
	f.add(cmd, "24h")
	cmd.Flags().StringVar(&f.by, "by", "", "`step`: raw, minute, hour or day (default raw)")
	cmd.Flags().StringArrayVar(&features, "feature", nil, "only this `feature`; repeatable")
	cmd.Flags().BoolVar(&f.csv, "csv", true, "as CSV, which is the default")
	cmd.Flags().BoolVar(&f.influx, "influx", false, "as Influx line protocol")
	return cmd
}

func newHistoryEvents(a *app) *cobra.Command {
	var f pastFlags
	cmd := &cobra.Command{
		Use:               "events [DEVICE]",
		Short:             "What happened: devices that came and went, buttons, sensors",
		Example:           "wattle history events --since 7d\nwattle history events \"Bed button\" --json",
		Args:              between(0, 1, ""),
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
				q, err := f.query()
				if err != nil {
					return err
				}
				q.Set("since", q.Get("from"))
				if q.Has("to") {
					q.Set("until", q.Get("to"))
				}
				q.Del("from")
				q.Del("to")
				if len(args) == 1 {
					id, _, err := a.pastDevice(ctx, args[0])
					if err != nil {
						return err
					}
					q.Set("device", id)
				}
				list, err := hubclient.List[hubapi.Event](ctx, c, "/events?"+q.Encode())
				if err != nil {
					return err
				}
				t := &table{head: []string{"time", "device", "event", "text"}}
				for _, e := range list {
					t.add(plain(e.Time.Local().Format(time.DateTime)), plain(e.Name), plain(e.Kind), plain(e.Text))
				}
				return a.printRows(list, t, "nothing has happened in that time; --since 30d looks further back")
			})
		},
	}
	f.add(cmd, "24h")
	return cmd
}

func newHistoryTariffs(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "tariffs",
		Short:   "What energy costs, as the configuration of the hub has it",
		Example: "wattle history tariffs",
		Long:    `The list "tariffs" of the configuration file; "wattle hub reload" takes changes.`,
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
				list, err := hubclient.List[recorder.Tariff](ctx, c, "/tariffs")
				if err != nil {
					return err
				}
				t := &table{head: []string{"from", "rate", "days", "time", "price", "per day"}}
				for _, x := range list {
					price := func(n float64) cell { return plain(strconv.FormatFloat(n, 'f', -1, 64) + " " + x.Currency) }
					t.add(plain(cmp.Or(x.From, "ever")), plain(""), plain(""), plain(""), price(x.Price), price(x.Standing))
					for _, r := range x.Rates {
						t.add(plain(""), plain(r.Name), plain(r.Days), plain(r.Begin+"-"+r.End), price(r.Price), plain(""))
					}
				}
				return a.printRows(list, t, `there are none; docs/config.example.yaml shows how they are written`)
			})
		},
	}
}
