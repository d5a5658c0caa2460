package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"wattle"
	"wattle/feature"
)

// energyColumns are the features of the energy table, in its order.
var energyColumns = []struct{ id, head string }{
	{"current_consumption", "now"},
	{"consumption_today", "today"},
	{"consumption_this_month", "month"},
	{"consumption_total", "total"},
	{"voltage", "voltage"},
	{"current", "current"},
}

// metered is the energy of one device or outlet; what it does not measure is null.
type metered struct {
	Device string                   `json:"device"`
	MAC    string                   `json:"mac,omitempty"`
	Energy map[string]feature.Value `json:"energy"`

	readings map[string]feature.Reading
}

func newEnergy(a *app) *cobra.Command {
	var f spanFlags
	cmd := &cobra.Command{
		Use:   "energy [DEVICE...]",
		Short: "Show power and consumption, now or over a span",
		Example: `wattle energy
wattle energy heater "Strip/Outlet 2"
wattle energy heater --since 7d
wattle energy heater --since 2026-11-01 --until 2026-11-14 --by hour --csv
wattle energy --by month --price 0.31
wattle energy heater --power --since 3h`,
		Long: `Power in W, energy in kWh, voltage in V, current in A. "total" is what the device
itself counts, since its last reset. Without a name every known device that
measures is shown.

With --since, --until, --by or --power the device is asked for its history, in hours,
days and months of its own clock. 7d are today and the six days before it. A terminal
gets a plot, in which what the device did not measure is a gap. Tapo devices keep hours,
days and months, and --power; Kasa devices keep days and months.`,
		GroupID:           groupRead,
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.csv && a.flags.json {
				return usagef("", "--csv and --json exclude each other")
			}
			a.csv = f.csv
			if f.wanted() {
				return a.histories(cmd.Context(), &f, args)
			}
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			every := len(args) == 0
			if every {
				args = []string{everything}
			}
			targets, err := a.resolve(ctx, args)
			if err != nil {
				return err
			}
			shapes, errs := visit(ctx, a, targets, func(ctx context.Context, d *opened) (shape, error) {
				return d.poll(ctx, false)
			})
			rows := []metered{}
			for i := range shapes {
				if errs[i] != nil {
					continue
				}
				before := len(rows)
				rows = measure(rows, &shapes[i], "")
				if len(rows) == before && !targets[i].every {
					errs[i] = of(targets[i].name(), fmt.Errorf("it does not measure energy: %w", wattle.ErrUnsupported))
				}
			}
			return errors.Join(a.printEnergy(rows), join(errs))
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.since, "since", "", "from `when`: "+momentWords)
	flags.StringVar(&f.until, "until", "", "up to `when`, which still belongs to it (default now)")
	flags.StringVar(&f.by, "by", "", "`step`: hour, day or month, 5min for power (default: what suits the span)")
	flags.BoolVar(&f.power, "power", false, "mean power in W instead of energy (Tapo)")
	flags.Float64Var(&f.price, "price", 0, "what a kWh `costs`, to show the cost of the span")
	flags.BoolVar(&f.csv, "csv", false, "the same as --output csv")
	cmd.AddCommand(newEnergyErase(a))
	return cmd
}

// measure adds the device and its children, as far as they measure.
func measure(rows []metered, s *shape, parent string) []metered {
	row := metered{Device: parent + s.name(), MAC: s.MAC, Energy: map[string]feature.Value{}, readings: map[string]feature.Reading{}}
	for _, c := range energyColumns {
		if r, ok := s.read(c.id); ok {
			row.Energy[c.id], row.readings[c.id] = r.Value, r
		}
	}
	if len(row.Energy) > 0 {
		rows = append(rows, row)
	}
	for i := range s.Children {
		rows = measure(rows, &s.Children[i], row.Device+"/")
	}
	return rows
}

func (a *app) printEnergy(rows []metered) error {
	head := []string{"device"}
	for _, c := range energyColumns {
		head = append(head, c.head)
	}
	t := &table{head: head}
	for _, row := range rows {
		cells := []cell{plain(row.Device)}
		for _, c := range energyColumns {
			r, ok := row.readings[c.id]
			switch {
			case a.format() == formatCSV && r.Value.Known():
				cells = append(cells, plain(r.Value.String())) // no unit: it is a column of numbers
			case a.format() == formatCSV || !ok:
				cells = append(cells, plain(""))
			default:
				cells = append(cells, painted(r))
			}
		}
		t.add(cells...)
	}
	return a.printRows(rows, t, "no device here measures energy")
}
