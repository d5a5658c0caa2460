package cli

import (
	"context"

	"github.com/spf13/cobra"

	"wattle/device"
	"wattle/rule"
)

// awayView is away mode as programs see it.
type awayView struct {
	Device  string         `json:"device"`
	Enabled bool           `json:"enabled"`
	Rules   []awayRuleView `json:"rules"`
}

type awayRuleView struct {
	ID      string `json:"id,omitempty"`
	Enabled bool   `json:"enabled"`
	Days    string `json:"days,omitempty"`
	Once    string `json:"once,omitempty"`
	From    string `json:"from"`
	To      string `json:"to"`
}

// awayFlags describe the window of away mode.
type awayFlags struct{ from, to, days, once string }

func newAway(a *app) *cobra.Command {
	var f awayFlags
	cmd := &cobra.Command{
		Use:   "away DEVICE [on|off|clear | --from TIME --to TIME]",
		Short: "Let a device switch at random while nobody is there",
		Example: `wattle away "Desk lamp"
wattle away "Desk lamp" --from sunset --to 23:00
wattle away "Desk lamp" --from 18:00 --to 1:30 --days sat,sun
wattle away "Desk lamp" off`,
		Long: `Within the window the device turns itself on and off as if somebody were there. Without --days
and --once it does so daily. off keeps the window, clear removes it.`,
		GroupID:           groupSwitch,
		Args:              between(1, 2, "a device"),
		ValidArgsFunction: a.completeDeviceThen(func([]notedFeature) []string { return []string{"on", "off", "clear"} }),
		RunE: func(cmd *cobra.Command, args []string) error {
			do, err := f.action(cmd, args[1:])
			if err != nil {
				return err
			}
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			rules, t, err := one(ctx, a, args[0], func(ctx context.Context, d *opened) (*device.AwayRules, error) {
				if do != nil {
					if err := do(ctx, d.dev); err != nil {
						return nil, err
					}
				}
				return d.dev.Away(ctx)
			})
			if err != nil {
				return err
			}
			return a.printAway(t.name(), rules)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.from, "from", "", "`time` at which it begins: 18:00, sunset-30m")
	flags.StringVar(&f.to, "to", "", "`time` at which it ends, on the next day where it is earlier")
	flags.StringVar(&f.days, "days", "", "`days`: mon-fri, sat,sun, weekdays, weekend, daily")
	flags.StringVar(&f.once, "once", "", "one time only, on this `date`")
	cmd.MarkFlagsMutuallyExclusive("days", "once")
	return cmd
}

// action is what flags and arguments ask for; nil to show.
func (f *awayFlags) action(cmd *cobra.Command, args []string) (func(context.Context, *device.Device) error, error) {
	window := f.from != "" || f.to != "" || f.days != "" || f.once != ""
	switch {
	case len(args) == 1 && window:
		return nil, usagef("", "%s: %q and flags exclude each other", cmd.CommandPath(), args[0])
	case len(args) == 1 && args[0] == "clear":
		return func(ctx context.Context, d *device.Device) error { return d.ClearAway(ctx) }, nil
	case len(args) == 1 && (args[0] == "on" || args[0] == "off"):
		return func(ctx context.Context, d *device.Device) error { return d.EnableAway(ctx, args[0] == "on") }, nil
	case len(args) == 1:
		return nil, usagef(meant(args[0], []string{"on", "off", "clear"}), "%q is not on, off or clear", args[0])
	case !window:
		return nil, nil
	case f.from == "" || f.to == "":
		return nil, usagef("for example: --from sunset --to 23:00", "%s: --from and --to go together", cmd.CommandPath())
	}
	x := rule.Away{Enabled: true, Days: rule.Daily}
	var err error
	if x.Start, err = rule.ParseAt(f.from); err != nil {
		return nil, usage("--from", err)
	}
	if x.End, err = rule.ParseAt(f.to); err != nil {
		return nil, usage("--to", err)
	}
	if f.days != "" {
		if x.Days, err = rule.ParseDays(f.days); err != nil {
			return nil, usage("--days", err)
		}
	}
	if f.once != "" {
		x.Once, x.Days = true, 0
		if x.Date, err = rule.ParseDate(f.once); err != nil {
			return nil, usage("--once", err)
		}
	}
	if err := x.Check(); err != nil {
		return nil, usage(cmd.CommandPath(), err)
	}
	return func(ctx context.Context, d *device.Device) error { return d.SetAway(ctx, x) }, nil
}

func (a *app) printAway(name string, rules *device.AwayRules) error {
	v := awayView{Device: name, Enabled: rules.Enabled, Rules: []awayRuleView{}}
	t := &table{head: []string{"device", "window", "enabled"}}
	for i := range rules.List {
		r := &rules.List[i]
		row := awayRuleView{ID: r.ID, Enabled: r.Enabled && rules.Enabled, Days: r.Days.String(), From: r.Start.String(), To: r.End.String()}
		if r.Once && !r.Date.IsZero() {
			row.Once = r.Date.String()
		} else if r.Once {
			row.Once = "unknown"
		}
		v.Rules = append(v.Rules, row)
		enabled := dimmed("no")
		if row.Enabled {
			enabled = cell{"yes", style.green}
		}
		t.add(plain(name), plain(r.When()), enabled)
	}
	return a.printRows(v, t, name+" has no window for away mode")
}
