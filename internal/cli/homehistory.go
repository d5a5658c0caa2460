package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wattle"
	"wattle/energy"
	"wattle/feature"
	"wattle/hub"
	"wattle/internal/hubapi"
	"wattle/internal/hubclient"
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
	from = begin(since, now)
	if f.until != "" {
		m, err := parseMoment("until", f.until)
		if err != nil {
			return from, until, err
		}
		if until = end(m, now); !from.Before(until) {
			return from, until, usagef("", "--since %q is not before --until %q", f.since, f.until)
		}
	} else if !from.Before(now) {
		return from, until, usagef("", "--since %q is yet to come", f.since)
	}
	return from, until, nil
}

// query is the span for the API; steps are what --by may be.
func (f *pastFlags) query(steps ...string) (url.Values, error) {
	if f.by != "" && !contains(steps, f.by) {
		return nil, usagef(meant(f.by, steps), "--by %q: want %s", f.by, list(steps))
	}
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
			err := a.past(cmd, args[0], func(ctx context.Context, c *hubclient.Client, id string, t target) error {
				if len(args) == 1 {
					return a.printSeriesList(ctx, c, id)
				}
				return a.printSeries(ctx, c, id, t, args[1], &f)
			})
			if isNotFound(err) { // maybe a command was mistyped
				var names []string
				for _, sub := range cmd.Commands() {
					names = append(names, sub.Name())
				}
				if near := suggest(args[0], names); len(near) > 0 {
					return &fault{err: err, hint: fmt.Sprintf(`did you mean "%s %s"?`, cmd.CommandPath(), near[0])}
				}
			}
			return err
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
	q, err := f.query("raw", "minute", "hour", "day")
	if err != nil {
		return err
	}
	if f.points < 1 || f.points > 10_000 {
		return usagef("", "--points %d: want 1 to 10000", f.points)
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
		return a.noSeries(ctx, c, id, err, wanted)
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

// noSeries says, where one of some features has no history, which ones have, those that
// are most like it first. Texts have no mean. Any other error stays as it is.
func (a *app) noSeries(ctx context.Context, c *hubclient.Client, id string, err error, wanted ...string) error {
	if errors.Is(err, wattle.ErrParam) && strings.Contains(err.Error(), "which have no mean") {
		return usagef("add --by raw", "%s has texts, which have no mean: ask for its single samples", wanted[0])
	}
	if !isNotFound(err) || id == "" || len(wanted) == 0 {
		return err
	}
	have, lerr := hubclient.List[string](ctx, c, "/devices/"+id+"/series")
	switch {
	case lerr != nil:
		return err
	case len(have) == 0:
		return &fault{err: errors.New(nothingYet), code: CodeNotFound, hint: `"wattle hub devices" shows which devices answer`}
	}
	i := max(0, slices.IndexFunc(wanted, func(name string) bool { return !slices.Contains(have, name) }))
	return &fault{err: fmt.Errorf("no feature %q in its history", wanted[i]), code: CodeNotFound, hint: "there are " + strings.Join(byLikeness(wanted[i], have), ", ")}
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
