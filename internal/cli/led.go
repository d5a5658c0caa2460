package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"wattle/device"
)

// ledView is the status light of a device as programs see it.
type ledView struct {
	Device string `json:"device"`
	Rule   string `json:"rule"`
	On     *bool  `json:"on"`
	Night  string `json:"night,omitempty"` // "22:00-06:30", "sun"
}

func newLED(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "led DEVICE [on | off | night [FROM-TO | sun]]",
		Short: "Show or set the status light of a device, with its night mode",
		Example: `wattle led heater
wattle led heater off
wattle led heater night
wattle led heater night 22:00-6:30
wattle led heater night sun`,
		Long: `In night mode, which Tapo devices have, the light is dark between two times of the day, or from
sunset to sunrise. "wattle set DEVICE led=off" does as well where only on and off are wanted.`,
		GroupID:           groupSetup,
		Args:              between(1, 3, "a device"),
		ValidArgsFunction: a.completeDeviceThen(func([]notedFeature) []string { return []string{"on", "off", "night"} }),
		RunE: func(cmd *cobra.Command, args []string) error {
			want, err := parseLED(cmd, args[1:])
			if err != nil {
				return err
			}
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			led, t, err := one(ctx, a, args[0], func(ctx context.Context, d *opened) (device.LED, error) {
				if want != nil {
					if err := d.dev.SetLED(ctx, *want); err != nil {
						return device.LED{}, err
					}
				}
				return d.dev.LED(ctx)
			})
			if err != nil {
				return err
			}
			v := ledView{Device: t.name(), Rule: led.Rule, On: led.On, Night: nightText(led.Night)}
			text := v.Rule
			if v.Rule == device.LEDNight {
				text = "dark " + v.Night
			}
			table := &table{head: []string{"device", "light", "rule"}}
			table.add(plain(v.Device), stateCell(v.On), plain(text))
			return a.print(v, table)
		},
	}
}

func nightText(n *device.NightMode) string {
	switch {
	case n == nil:
		return ""
	case n.Sun:
		return "sun (" + formatClock(n.Start) + "-" + formatClock(n.End) + ")"
	}
	return formatClock(n.Start) + "-" + formatClock(n.End)
}

// parseLED reads what the arguments after the device ask for; nil to show.
func parseLED(cmd *cobra.Command, args []string) (*device.LED, error) {
	switch {
	case len(args) == 0:
		return nil, nil
	case len(args) == 1 && args[0] == "on":
		return &device.LED{Rule: device.LEDAlways}, nil
	case len(args) == 1 && args[0] == "off":
		return &device.LED{Rule: device.LEDNever}, nil
	case len(args) == 1 && args[0] == "night":
		return &device.LED{Rule: device.LEDNight}, nil
	case len(args) == 2 && args[0] == "night" && args[1] == "sun":
		return &device.LED{Rule: device.LEDNight, Night: &device.NightMode{Sun: true}}, nil
	case len(args) == 2 && args[0] == "night":
		from, to, ok := strings.Cut(args[1], "-")
		if !ok {
			return nil, usagef("for example 22:00-6:30", "%q is no part of the day", args[1])
		}
		start, err := clockTime(from)
		if err != nil {
			return nil, err
		}
		end, err := clockTime(to)
		if err != nil {
			return nil, err
		}
		return &device.LED{Rule: device.LEDNight, Night: &device.NightMode{Start: start, End: end}}, nil
	}
	return nil, usagef("for example: "+firstExample(cmd)+" off", "%s", fmt.Sprintf("%s: want on, off or night", cmd.CommandPath()))
}
