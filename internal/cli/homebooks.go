package cli

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"wattle/history"
	"wattle/internal/hubapi"
	"wattle/internal/hubclient"
)

func newHistoryBooks(a *app) *cobra.Command {
	var f pastFlags
	cmd := &cobra.Command{
		Use:     "books DEVICE",
		Aliases: []string{"reconciliation"},
		Short:   "How the energy of a device was reconciled with its own history",
		Example: `wattle history books Heater --since 30d
wattle history books Heater --since today --by hour --json`,
		Long: `Energy is the sum of what was counted, spread over a time without readings, estimated
from power, and filled from the device's own history. "device" is what that says of the hours
of which it was asked, and "difference" how much more the books have in the same hours. A
device is asked after an outage only: "-" elsewhere. Below stands what is still open.`,
		Args:              exactly(1, "the name of a device"),
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			a.csv = f.csv
			return a.past(cmd, args[0], func(ctx context.Context, c *hubclient.Client, id string, _ target) error {
				return a.printBooks(ctx, c, id, &f)
			})
		},
	}
	f.add(cmd, "7d")
	cmd.Flags().StringVar(&f.by, "by", "day", "`step`: hour or day")
	cmd.Flags().BoolVar(&f.csv, "csv", false, "the same as --output csv")
	return cmd
}

func (a *app) printBooks(ctx context.Context, c *hubclient.Client, id string, f *pastFlags) error {
	q, err := f.query("hour", "day")
	if err != nil {
		return err
	}
	q.Set("by", f.by)
	var b hubapi.Books
	if err := c.Do(ctx, http.MethodGet, "/devices/"+id+"/books?"+q.Encode(), nil, &b); err != nil {
		return noMeter(err)
	}
	t := &table{head: []string{"start", "kwh", "counted", "spread", "estimated", "filled", "device", "difference"}, spare: []string{"spread", "estimated", "filled"}}
	row := func(start string, r *hubapi.Booked) {
		part := func(n float64) cell {
			if n == 0 {
				return plain("")
			}
			return plain(kwhText(n))
		}
		told, difference := dimmed("-"), dimmed("-")
		if r.Told != nil && r.Difference != nil {
			told, difference = plain(kwhText(*r.Told)), plain(kwhText(*r.Difference))
		}
		t.add(plain(start), plain(kwhText(r.Energy)), part(r.Counted), part(r.Spread), part(r.Estimated), part(r.Filled), told, difference)
	}
	for i := range b.Rows {
		row(b.Rows[i].Start.Local().Format(time.DateTime), &b.Rows[i])
	}
	if a.format() == formatTable && len(b.Rows) > 1 {
		row("total", &b.Total)
	}
	if err := a.printRows(b, t, nothingThen); err != nil || a.format() != formatTable {
		return err
	}
	for _, line := range booksText(&b) {
		a.say("%s", line)
	}
	return nil
}

func kwhText(kwh float64) string { return strconv.FormatFloat(kwh, 'f', 3, 64) }

// booksText says what stands below the table.
func booksText(b *hubapi.Books) []string {
	text := "lifetime " + kwhText(b.Lifetime) + " kWh"
	if b.Booked < b.Lifetime {
		text += ", " + kwhText(b.Booked) + " kWh booked: an estimate was too high"
	}
	if b.Estimated > 0 {
		text += ", " + kwhText(b.Estimated) + " kWh of it estimated so far"
	}
	if b.Resets > 0 {
		text += ", counters of the device erased: " + strconv.Itoa(b.Resets)
	}
	out := []string{text}
	at := func(t time.Time) string { return t.Local().Format(time.DateTime) }
	for _, o := range b.Open {
		text := "open: " + at(o.From) + " to " + at(o.To) + ", not known "
		if o.Kind == history.Spread {
			out = append(out, text+"in which hours "+kwhText(o.Energy)+" kWh were used")
		} else {
			out = append(out, text+"what was used")
		}
	}
	if b.Asked != nil {
		text := "asked for its own history " + at(b.Asked.Time) + ": "
		if b.Asked.Error != "" {
			out = append(out, text+b.Asked.Error)
		} else {
			out = append(out, text+"it keeps one by "+b.Asked.Steps)
		}
	}
	return out
}
