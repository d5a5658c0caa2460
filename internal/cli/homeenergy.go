package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wattle/internal/hubapi"
	"wattle/internal/hubclient"
	"wattle/recorder"
)

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

// noMeter says it where the history has no energy of a device. Any other error stays
// as it is.
func noMeter(err error) error {
	if !isNotFound(err) {
		return err
	}
	return &fault{err: errors.New("the hub has counted no energy of it"), code: CodeNotFound, hint: "\"wattle energy\" shows which devices measure it; what they count is there some seconds after the hub began"}
}

func (a *app) printPastEnergy(ctx context.Context, c *hubclient.Client, id string, f *pastFlags) error {
	q, err := f.query("hour", "day", "month")
	if err != nil {
		return err
	}
	q.Set("by", f.by)
	var e hubapi.Energy
	if err := c.Do(ctx, http.MethodGet, "/devices/"+id+"/energy?"+q.Encode(), nil, &e); err != nil {
		return noMeter(err)
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
	for _, currency := range slices.Sorted(maps.Keys(money)) {
		fmt.Fprintf(&text, ", %.2f %s", money[currency], currency)
	}
	if e.Lifetime != nil {
		fmt.Fprintf(&text, "; lifetime %.3f kWh", *e.Lifetime)
	}
	a.say("%s", text.String())
	return nil
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
