package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"wattle/rule"
)

func newScheduleAdd(a *app) *cobra.Command {
	var f ruleFlags
	cmd := &cobra.Command{
		Use:   "add DEVICE --at TIME [--days DAYS | --once DATE] --on|--off|--brightness N …",
		Short: "Add a schedule",
		Example: `wattle schedule add "Desk lamp" --at 18:30 --days mon-fri --on --brightness 40
wattle schedule add "Desk lamp" --at sunset-30m --temp 2700 --transition 20m
wattle schedule add heater --at 6:30pm --days sat,sun --on --until 23:00
wattle schedule add "Strip/Outlet 2" --at 7:00 --once 2026-12-24 --off`,
		Long: `Without --days and --once it acts daily. Sunrise and sunset are those at the place that the
device has been told in the app. The id that the device gave is printed.`,
		Args:              exactly(1, "a device"),
		ValidArgsFunction: a.completeDeviceThen(nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			s := rule.Schedule{Enabled: !f.disabled, Days: rule.Daily}
			if err := f.needed(cmd); err != nil {
				return err
			}
			if err := f.change(cmd, &s); err != nil {
				return err
			}
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			id, t, err := one(ctx, a, args[0], func(ctx context.Context, d *opened) (string, error) {
				return d.dev.AddSchedule(ctx, s)
			})
			if err != nil {
				return err
			}
			s.ID = id
			a.say("%s: added %s", t.name(), describe(&s))
			return a.printOne(id, viewSchedule(0, &s))
		},
	}
	f.register(cmd)
	cmd.Flags().BoolVar(&f.disabled, "disabled", false, "add it without enabling it")
	return cmd
}

// printOne prints an id for scripts, or the whole rule for programs.
func (a *app) printOne(id string, v scheduleView) error {
	t := &table{head: []string{"id"}, bare: true}
	t.add(plain(id))
	return a.print(v, t)
}

func newScheduleEdit(a *app) *cobra.Command {
	var f ruleFlags
	cmd := &cobra.Command{
		Use:   "edit DEVICE RULE [flags]",
		Short: "Change a schedule",
		Example: `wattle schedule edit "Desk lamp" 2 --at 19:00
wattle schedule edit heater S1 --days weekend
wattle schedule edit heater 1 --until ""`,
		Long:              `What no flag names stays as it is. --until "" takes the end of an interval away.`,
		Args:              exactly(2, "a device and the number or id of a rule"),
		ValidArgsFunction: a.completeDeviceThen(nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			s, t, err := one(ctx, a, args[0], func(ctx context.Context, d *opened) (rule.Schedule, error) {
				present, err := d.dev.Schedules(ctx)
				if err != nil {
					return rule.Schedule{}, err
				}
				s, err := pickRule(present.List, args[1])
				if err != nil {
					return rule.Schedule{}, err
				}
				changed := *s
				if err := f.change(cmd, &changed); err != nil {
					return changed, err
				}
				return changed, d.dev.EditSchedule(ctx, changed)
			})
			if err != nil {
				return err
			}
			a.say("%s: it is now %s", t.name(), describe(&s))
			return nil
		},
	}
	f.register(cmd)
	return cmd
}

func newScheduleSwitch(a *app, on bool) *cobra.Command {
	verb, short := "enable", "Switch schedules on"
	if !on {
		verb, short = "disable", "Switch schedules off and keep them"
	}
	var all bool
	cmd := &cobra.Command{
		Use:     verb + " DEVICE RULE... | DEVICE --all",
		Short:   short,
		Example: "wattle schedule " + verb + " \"Desk lamp\" 1 3\nwattle schedule " + verb + " \"Desk lamp\" --all",
		Long: `--all is one switch in front of all rules: each keeps whether it is enabled itself. Not all
Tapo devices have it.`,
		Args:              atLeast(1, "a device"),
		ValidArgsFunction: a.completeDeviceThen(nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			if all != (len(args) == 1) {
				return usagef("for example: "+firstExample(cmd), "%s: want rules, or --all", cmd.CommandPath())
			}
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			_, t, err := one(ctx, a, args[0], func(ctx context.Context, d *opened) (struct{}, error) {
				if all {
					return struct{}{}, d.dev.SetSchedulesEnabled(ctx, on)
				}
				present, err := d.dev.Schedules(ctx)
				if err != nil {
					return struct{}{}, err
				}
				picked, err := pickRules(present, args[1:])
				for i := 0; i < len(picked) && err == nil; i++ {
					err = d.dev.EnableSchedule(ctx, picked[i].ID, on)
				}
				return struct{}{}, err
			})
			if err == nil {
				a.say("%s: %sd", t.name(), verb)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "all schedules of the device at once")
	return cmd
}

func newScheduleDelete(a *app) *cobra.Command {
	var all, yes bool
	cmd := &cobra.Command{
		Use:     "delete DEVICE RULE... | DEVICE --all",
		Short:   "Delete schedules",
		Example: "wattle schedule delete \"Desk lamp\" 2\nwattle schedule delete \"Desk lamp\" --all --yes",
		Long:    `--all asks on a terminal; elsewhere --yes is needed. "export" keeps a copy.`,
		Args:    atLeast(1, "a device"), ValidArgsFunction: a.completeDeviceThen(nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			if all != (len(args) == 1) {
				return usagef("for example: "+firstExample(cmd), "%s: want rules, or --all", cmd.CommandPath())
			}
			if all {
				if err := a.confirm(cmd.Context(), fmt.Sprintf("delete all schedules of %s", args[0]), yes); err != nil {
					return err
				}
			}
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			_, t, err := one(ctx, a, args[0], func(ctx context.Context, d *opened) (struct{}, error) {
				if all {
					return struct{}{}, d.dev.DeleteAllSchedules(ctx)
				}
				present, err := d.dev.Schedules(ctx)
				if err != nil {
					return struct{}{}, err
				}
				picked, err := pickRules(present, args[1:])
				if err != nil {
					return struct{}{}, err
				}
				ids := make([]string, len(picked))
				for i := range picked {
					ids[i] = picked[i].ID
				}
				return struct{}{}, d.dev.DeleteSchedules(ctx, ids...)
			})
			if err == nil {
				a.say("%s: deleted", t.name())
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "all schedules of the device")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}
