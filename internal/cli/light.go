package cli

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wattle"
	"wattle/device"
	"wattle/effect"
	"wattle/feature"
)

// lightFlags are what "wattle light" is asked to change.
type lightFlags struct {
	on, off                               bool
	brightness, temp, color, effect, wait string
	preset                                int
}

func newLight(a *app) *cobra.Command {
	var f lightFlags
	cmd := &cobra.Command{
		Use:   "light DEVICE...",
		Short: "Show lights, or change how they shine",
		Example: `wattle light "Desk lamp"
wattle light "Desk lamp" --brightness 40 --temp warm
wattle light "Desk lamp" --color orange --transition 2s
wattle light "Desk lamp" --brightness +10
wattle light room:kitchen --brightness 30
wattle light shelf --effect "candy cane"
wattle light shelf --effect "sequence red #ff8800 240,100,100 transition=2s"
wattle light shelf --effect off
wattle light "Desk lamp" --preset 2`,
		Long: `Everything that is asked for is changed at once, and turns the light on. Without
an option the light is shown as it is. Of a room, a group and "all" the lights are
meant, of several a line each is shown.

A white is given in K, or as warm, neutral or cool; a colour as a name, which keeps
the brightness, #rrggbb, hue,saturation,value or rgb(red,green,blue). Strips make
an effect of colours as well: sequence, random or pulse, the colours, and settings
such as transition=2s, duration=1s, brightness=60, direction=1 to 4, spread=7,
repeat=0 and name=Mine.
Kasa lights take a transition; Tapo lights fade when they are switched: set
smooth_transition_on and smooth_transition_off.

"effects", "preset" and "help" are commands: name such a device by its id.`,
		GroupID:           groupSwitch,
		Args:              atLeast(1, "the name of a device"),
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.change()
			if err != nil {
				return err
			}
			if !asked(cmd) {
				c = nil
			}
			return a.lights(cmd.Context(), args, c)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.on, "on", false, "turn it on")
	flags.BoolVar(&f.off, "off", false, "turn it off")
	flags.StringVar(&f.brightness, "brightness", "", "`percent`, 0 to 100; +10 or -10 for brighter or darker")
	flags.StringVar(&f.temp, "temp", "", "white in `K`, or warm, neutral or cool")
	flags.StringVar(&f.color, "color", "", "`colour`: orange, #ff8800, 30,100,80 or rgb(255,136,0)")
	flags.StringVar(&f.effect, "effect", "", "`name` of an effect, its description, or off")
	flags.StringVar(&f.wait, "transition", "", "`duration` of the change, such as 2s")
	flags.IntVar(&f.preset, "preset", 0, "`number` of a stored setting, see \"wattle light preset list\"")
	_ = cmd.RegisterFlagCompletionFunc("color", fixed(feature.ColorNames()...))
	_ = cmd.RegisterFlagCompletionFunc("temp", fixed(feature.TemperatureNames()...))
	_ = cmd.RegisterFlagCompletionFunc("effect", fixed(append([]string{"off"}, effect.Names(effect.SMART)...)...))
	cmd.AddCommand(newLightEffects(a), newLightPreset(a))
	return cmd
}

// asked reports whether something is to be changed.
func asked(cmd *cobra.Command) bool {
	return slices.ContainsFunc([]string{"on", "off", "brightness", "temp", "color", "effect", "transition", "preset"}, cmd.Flags().Changed)
}

// lightChange is a change whose parts may depend on the light.
type lightChange struct {
	device.LightChange
	white   int  // K, with nearest: as near as the light can
	nearest bool // the white was named
}

// change reads the flags.
func (f *lightFlags) change() (*lightChange, error) {
	c := &lightChange{}
	if f.on && f.off {
		return nil, usagef("", "a light cannot go on and off at once")
	}
	switch text := strings.TrimSpace(strings.TrimSuffix(f.brightness, "%")); {
	case text == "":
	case text[0] == '+' || text[0] == '-':
		n, err := strconv.Atoi(text)
		if err != nil || n == 0 || n < -100 || n > 100 {
			return nil, usagef("for example: --brightness +10", "%q is not a change of brightness", f.brightness)
		}
		c.Brighter = n
	default:
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > 100 {
			return nil, usagef("for example: --brightness 40, or +10 or -10", "%q is not a brightness in percent", f.brightness)
		}
		if n == 0 {
			f.off = true
		} else {
			c.Brightness = &n
		}
	}
	if f.temp != "" {
		kelvin, named, err := feature.ParseKelvin(f.temp)
		if err != nil {
			return nil, usagef(meant(f.temp, feature.TemperatureNames()), "%w", err)
		}
		c.white, c.nearest, c.Temperature = kelvin, named, &kelvin
	}
	if f.color != "" {
		color, err := feature.ParseHSV(f.color)
		if err != nil {
			return nil, usagef(meant(f.color, feature.ColorNames()), "%w", err)
		}
		if color.Value == 100 && slices.Contains(feature.ColorNames(), strings.ToLower(strings.TrimSpace(f.color))) {
			color.Value = 0 // a name says nothing of the brightness
		}
		c.Color = &color
	}
	if f.wait != "" {
		d, err := time.ParseDuration(f.wait)
		if err != nil || d < 0 {
			return nil, usagef("for example: --transition 1.5s", "%q is not a duration", f.wait)
		}
		c.Transition = d
	}
	c.Effect, c.Preset = f.effect, f.preset
	shines := c.Brightness != nil || c.Temperature != nil || c.Color != nil || c.Preset != 0 || f.effect != "" && !strings.EqualFold(f.effect, "off")
	switch {
	case f.off:
		c.On = new(false)
	case f.on, shines:
		c.On = new(true)
	}
	return c, nil
}

// apply makes the change, if there is one, and says what was likely meant where a
// name is unknown.
func (c *lightChange) apply(ctx context.Context, d *opened, l *device.Light) error {
	if c == nil {
		return nil
	}
	change := c.LightChange // others of the lights may reach less or more
	if lo, hi, ok := l.TemperatureRange(); c.nearest && ok {
		change.Temperature = new(min(max(c.white, lo), hi))
	}
	err := l.Apply(ctx, change)
	if err != nil {
		if errors.Is(err, wattle.ErrParam) && c.Effect != "" && !effect.IsSpec(c.Effect) {
			if list, also := l.Effects(ctx); also == nil {
				return &fault{err: err, hint: effectHint(c.Effect, list)}
			}
		}
		return err
	}
	if c.On != nil {
		d.conn.turned(d.dev, *c.On)
	}
	return nil
}

func effectHint(typed string, list []device.LightEffect) string {
	names := make([]string, len(list))
	for i, e := range list {
		names[i] = e.Name
	}
	slices.Sort(names)
	if hint := meant(typed, slices.Compact(names)); hint != "" {
		return hint
	}
	return `"wattle light effects DEVICE" lists what the light has`
}
