package cli

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"wattle/internal/hubapi"
	"wattle/internal/hubclient"
)

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
				q, err := f.query("raw", "minute", "hour", "day")
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
				if err := a.narrow(ctx, q, args); err != nil {
					return err
				}
				body, err := c.Stream(ctx, http.MethodGet, "/export?"+q.Encode(), "*/*")
				if err != nil {
					return a.noSeries(ctx, c, q.Get("device"), err, features...)
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
				if err := a.narrow(ctx, q, args); err != nil {
					return err
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

// narrow asks for one device only, where one is named.
func (a *app) narrow(ctx context.Context, q url.Values, args []string) error {
	if len(args) == 0 {
		return nil
	}
	id, _, err := a.pastDevice(ctx, args[0])
	q.Set("device", id)
	return err
}
