package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"wattle"
	"wattle/climate"
	"wattle/device"
	"wattle/feature"
)

func newHub(a *app) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "hub",
		Short: "The running hub (wattle serve), and hubs as devices",
		Example: `wattle hub status                      # of "wattle serve"
wattle hub devices
wattle hub children "Hallway hub"      # of a device
wattle hub siren play "Hallway hub" --for 10s`,
		Long: `The word has two meanings. The program that "wattle serve" runs is the hub of a home:
status, devices, add, remove, rename, room, rooms, sweep, logs and reload are about it, and
take no hub's name. A device such as the Tapo H100 is a hub too, for sensors, buttons and valves:
children, pair, unpair, events, siren and records are about it, and take its name.`,
		GroupID: groupHub,
	})
	cmd.AddGroup(
		&cobra.Group{ID: groupHubRun, Title: "The running hub:"},
		&cobra.Group{ID: groupHubDevice, Title: "Hubs as devices, buttons and sensors:"},
	)
	for id, list := range map[string][]*cobra.Command{
		groupHubRun: {
			newHubStatus(a), newHubDevices(a), newHubAdd(a), newHubRemove(a), newHubRename(a), newHubRoom(a), newHubRooms(a), newHubSweep(a), newHubReload(a), newHubLogs(a),
		},
		groupHubDevice: {newHubChildren(a), newHubPair(a), newHubUnpair(a), newHubEvents(a), newHubSiren(a), newHubRecords(a)},
	} {
		for _, c := range list {
			c.GroupID = id
			cmd.AddCommand(c)
		}
	}
	return cmd
}

// hubChild is a device behind a hub in short.
type hubChild struct {
	Alias    string        `json:"alias"`
	Model    string        `json:"model"`
	Category string        `json:"category"`
	ID       string        `json:"device_id"`
	Online   feature.Value `json:"online"`
	Battery  feature.Value `json:"battery_level"`
	Low      feature.Value `json:"battery_low"`
	Last     feature.Value `json:"last_event"`
}

func newHubChildren(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "children HUB",
		Short: "List the devices behind a hub",
		Example: `wattle hub children "Hallway hub"
wattle hub children "Hallway hub" --json | jq -r '.[] | select(.battery_low) | .alias'`,
		Args:              exactly(1, "the name of a hub"),
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			rows, err := single(cmd.Context(), a, args[0], func(ctx context.Context, d *opened) ([]hubChild, error) {
				return children(ctx, d.dev)
			})
			if err != nil {
				return err
			}
			t := &table{head: []string{"name", "model", "kind", "online", "battery", "last event"}}
			for _, c := range rows {
				battery := plain(orDash(c.Battery, " %"))
				if low, _ := c.Low.Bool(); low {
					battery = cell{battery.text + " low", style.red}
				}
				t.add(plain(c.Alias), plain(c.Model), plain(c.Category), plain(yesNo(c.Online)), battery, plain(orDash(c.Last, "")))
			}
			return a.printRows(rows, t, `no device is paired; "wattle hub pair" takes one in`)
		},
	}
}

func children(ctx context.Context, d *device.Device) ([]hubChild, error) {
	state, err := d.Poll(ctx)
	if err != nil {
		return nil, err
	}
	if state.Identity().Type != wattle.Hub {
		return nil, fmt.Errorf("%w: it is no hub", wattle.ErrUnsupported)
	}
	rows := []hubChild{}
	for _, c := range state.Children() {
		id := c.Identity()
		rows = append(rows, hubChild{
			Alias: id.Label(), Model: id.Model.String(), Category: id.Category, ID: id.DeviceID, Online: c.Value("online"),
			Battery: c.Value("battery_level"), Low: c.Value("battery_low"), Last: c.Value("last_event"),
		})
	}
	return rows, nil
}

func orDash(v feature.Value, unit string) string {
	if !v.Known() {
		return "-"
	}
	return v.String() + unit
}

func yesNo(v feature.Value) string {
	on, ok := v.Bool()
	switch {
	case !ok:
		return "-"
	case on:
		return "yes"
	}
	return "no"
}

// single does something with one device.
func single[T any](ctx context.Context, a *app, ref string, do func(context.Context, *opened) (T, error)) (T, error) {
	ctx, cancel := a.limit(ctx)
	defer cancel()
	var none T
	targets, err := a.resolve(ctx, []string{ref})
	if err != nil {
		return none, err
	}
	if len(targets) != 1 {
		return none, usagef("name one device", "%q is more than one device", ref)
	}
	results, errs := visit(ctx, a, targets, do)
	if err := join(errs); err != nil {
		return none, err
	}
	return results[0], nil
}

func newHubEvents(a *app) *cobra.Command {
	var number int
	cmd := &cobra.Command{
		Use:   "events DEVICE...",
		Short: "Show what is in the logs of buttons and sensors",
		Example: `wattle hub events "Bed button"
wattle hub events "Hallway hub" -n 50 --json`,
		Long: `A hub stands for all devices behind it. The newest event comes first.
"wattle events" follows them live.`,
		Args:              atLeast(1, "the name of a hub, button or sensor"),
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			if number < 1 {
				return usagef("", "-n %d: want at least 1", number)
			}
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			targets, err := a.resolve(ctx, args)
			if err != nil {
				return err
			}
			logs, errs := visit(ctx, a, targets, func(ctx context.Context, d *opened) ([]happened, error) {
				return logged(ctx, d.dev, number)
			})
			rows := []happened{}
			for i, log := range logs {
				for _, h := range log {
					h.MAC = targets[i].mac()
					rows = append(rows, h)
				}
			}
			t := &table{head: []string{"device", "time", "event"}}
			for _, h := range rows {
				at := "-"
				if !h.Time.IsZero() {
					at = h.Time.Format(time.DateTime)
				}
				t.add(plain(h.Device), plain(at), plain(h.text()))
			}
			failed := join(errs)
			if len(rows) == 0 && failed != nil {
				return failed
			}
			return errors.Join(a.printRows(rows, t, "nothing is in their logs"), failed)
		},
	}
	cmd.Flags().IntVarP(&number, "number", "n", 20, "how many of each device")
	return cmd
}

// logged gives the newest events of a device, or of all behind a hub.
func logged(ctx context.Context, d *device.Device, number int) ([]happened, error) {
	rows := []happened{}
	var errs []error
	keeps := false
	for _, each := range append([]*device.Device{d}, d.Children()...) {
		events, err := each.Logged(ctx, number)
		if errors.Is(err, wattle.ErrUnsupported) {
			continue
		}
		keeps = true
		id := each.Identity()
		errs = append(errs, of(id.Label(), err))
		for _, e := range events {
			rows = append(rows, happened{Device: id.Label(), ID: id.DeviceID, Event: e})
		}
	}
	if !keeps {
		return nil, fmt.Errorf("%w: it keeps no log of events", wattle.ErrUnsupported)
	}
	return rows, join(errs)
}

func newHubRecords(a *app) *cobra.Command {
	var since time.Duration
	cmd := &cobra.Command{
		Use:   "records SENSOR",
		Short: "Show 24 hours of temperature and humidity",
		Example: `wattle hub records "Study climate"
wattle hub records "Study climate" --since 6h -o csv`,
		Long:              `In steps of a quarter of an hour. What the sensor did not record is "-", and null in JSON.`,
		Args:              exactly(1, "the name of a climate sensor"),
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			if since <= 0 {
				return usagef("for example --since 6h", "--since %s: want a time above 0", since)
			}
			s, err := single(cmd.Context(), a, args[0], func(ctx context.Context, d *opened) (climate.Series, error) {
				return d.dev.Climate(ctx)
			})
			if err != nil {
				return err
			}
			if n := len(s.Points); n > 0 {
				s = s.Since(s.Points[n-1].Time.Add(climate.Step - since))
			}
			return a.printRows(s, a.climateTable(s), "it has recorded nothing")
		},
	}
	cmd.Flags().DurationVar(&since, "since", 24*time.Hour, "how far to go back")
	return cmd
}

func (a *app) climateTable(s climate.Series) *table {
	t := &table{head: []string{"time", "temperature", "humidity"}}
	number := func(v *float64, unit feature.Unit, digits int) cell {
		r := feature.Reading{Meta: &feature.Meta{Kind: feature.Sensor, Unit: unit, Precision: digits}}
		switch {
		case v == nil && a.format() == formatCSV:
			return plain("")
		case v == nil:
			return dimmed("-")
		}
		r.Value = feature.ValueOf(*v)
		if a.format() == formatCSV {
			r.Unit = feature.NoUnit
		}
		return plain(valueText(r))
	}
	layout := "2006-01-02 15:04"
	if a.format() == formatCSV {
		layout = time.RFC3339
	}
	for _, p := range s.Points {
		t.add(plain(p.Time.Format(layout)), number(p.Temperature, s.Unit, 1), number(p.Humidity, feature.Percent, 0))
	}
	return t
}
