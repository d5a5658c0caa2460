package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wattle/device"
	"wattle/rule"
)

// timerView is the countdown of a device as programs see it.
type timerView struct {
	Device  string      `json:"device"`
	Running bool        `json:"running"`
	Delay   *float64    `json:"delay_s,omitempty"`
	Remain  *float64    `json:"remain_s,omitempty"`
	Action  *actionView `json:"action,omitempty"`
}

func newTimer(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "timer DEVICE [DURATION on|off | clear]",
		Short: "Show, start or stop the countdown timer of a device",
		Example: `wattle timer heater
wattle timer heater 30m off
wattle timer "Strip/Outlet 2" 1h15m on
wattle timer heater clear`,
		Long: `The device turns itself on or off after 1s to 24h, with or without a network. There is one
timer; a new one takes the place of the old one.`,
		GroupID:           groupSwitch,
		Args:              between(1, 3, "a device"),
		ValidArgsFunction: a.completeTimer,
		RunE: func(cmd *cobra.Command, args []string) error {
			do, err := timerAction(cmd, args[1:])
			if err != nil {
				return err
			}
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			rules, t, err := one(ctx, a, args[0], func(ctx context.Context, d *opened) (*device.TimerRules, error) {
				if do != nil {
					if err := do(ctx, d.dev); err != nil {
						return nil, err
					}
				}
				return d.dev.Timer(ctx)
			})
			if err != nil {
				return err
			}
			return a.printTimer(t.name(), rules.Timer)
		},
	}
}

// timerAction is what the arguments after the device ask for; nil to show.
func timerAction(cmd *cobra.Command, args []string) (func(context.Context, *device.Device) error, error) {
	switch {
	case len(args) == 0:
		return nil, nil
	case len(args) == 1 && (args[0] == "clear" || args[0] == "stop"):
		return func(ctx context.Context, d *device.Device) error { return d.ClearTimer(ctx) }, nil
	case len(args) == 2 && (args[1] == "on" || args[1] == "off"):
		delay, err := rule.ParseDuration(args[0])
		if err != nil {
			return nil, usage("the timer", err)
		}
		return func(ctx context.Context, d *device.Device) error { return d.SetTimer(ctx, delay, args[1] == "on") }, nil
	}
	return nil, usagef("for example: "+firstExample(cmd)+" 30m off", "%s: want a duration and on or off, or clear", cmd.CommandPath())
}

func (a *app) printTimer(name string, m *rule.Timer) error {
	v := timerView{Device: name}
	text := "no timer"
	if m != nil {
		delay, remain, action := m.Delay.Seconds(), m.Remain.Seconds(), viewAction(&m.Action)
		v = timerView{name, m.Running(), &delay, &remain, &action}
		text = fmt.Sprintf("%s in %s", m.Action.String(), rule.FormatDuration(m.Remain))
		if !m.Running() {
			text = fmt.Sprintf("over (%s after %s)", m.Action.String(), rule.FormatDuration(m.Delay))
		}
	}
	t := &table{head: []string{"device", "timer"}, bare: true}
	t.add(plain(name), plain(text))
	return a.print(v, t)
}

func (a *app) completeTimer(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		return a.completeDeviceThen(nil)(cmd, args, word)
	case 1:
		return []string{"30m", "1h", "clear"}, cobra.ShellCompDirectiveNoFileComp
	case 2:
		return []string{"off", "on"}, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// autoOffView is auto-off as programs see it.
type autoOffView struct {
	Device  string  `json:"device"`
	Enabled bool    `json:"enabled"`
	Delay   float64 `json:"delay_min"`
	Remain  float64 `json:"remain_s,omitempty"`
}

func newAutoOff(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "auto-off DEVICE [MINUTES|on|off]",
		Short: "Let a device turn itself off some time after it was turned on",
		Example: `wattle auto-off heater
wattle auto-off heater 90
wattle auto-off heater 1h30m
wattle auto-off heater off`,
		Long:              `Tapo devices and newer Kasa ones. From 1 minute to 24 hours; on takes the last delay.`,
		GroupID:           groupSwitch,
		Args:              between(1, 2, "a device"),
		ValidArgsFunction: a.completeDeviceThen(func([]notedFeature) []string { return []string{"on", "off", "60"} }),
		RunE: func(cmd *cobra.Command, args []string) error {
			var on bool
			var delay time.Duration
			if len(args) == 2 {
				var err error
				if on, delay, err = parseAutoOff(args[1]); err != nil {
					return err
				}
			}
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			x, t, err := one(ctx, a, args[0], func(ctx context.Context, d *opened) (rule.AutoOff, error) {
				if len(args) == 2 {
					if err := d.dev.SetAutoOff(ctx, on, delay); err != nil {
						return rule.AutoOff{}, err
					}
				}
				return d.dev.AutoOff(ctx)
			})
			if err != nil {
				return err
			}
			text := "off"
			if x.Enabled {
				text = "after " + rule.FormatDuration(x.Delay)
				if x.Remain > 0 {
					text += ", in " + rule.FormatDuration(x.Remain)
				}
			}
			tab := &table{head: []string{"device", "auto-off"}, bare: true}
			tab.add(plain(t.name()), plain(text))
			return a.print(autoOffView{t.name(), x.Enabled, x.Delay.Minutes(), x.Remain.Seconds()}, tab)
		},
	}
}

// parseAutoOff reads on, off, whole minutes or a duration.
func parseAutoOff(text string) (on bool, delay time.Duration, err error) {
	switch strings.ToLower(text) {
	case "off":
		return false, 0, nil
	case "on":
		return true, 0, nil
	}
	if n, err := strconv.Atoi(text); err == nil && n >= 1 && n <= 24*60 {
		return true, time.Duration(n) * time.Minute, nil
	}
	d, err := rule.ParseDuration(text)
	if err != nil || d%time.Minute != 0 {
		return false, 0, usagef("", "%q: want minutes from 1 to 1440, a duration such as 1h30m, on or off", text)
	}
	return true, d, nil
}
