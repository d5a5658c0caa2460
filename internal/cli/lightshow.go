package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"wattle/device"
	"wattle/feature"
)

// lightView is a light as it is printed.
type lightView struct {
	Device string `json:"device"`
	device.LightState
}

// printLight shows a light: a line for each thing that it has.
func (a *app) printLight(l *device.Light, ref string) error {
	id := l.Device().Identity()
	v := lightView{Device: id.Alias, LightState: l.State()}
	if v.Device == "" {
		v.Device = ref
	}
	t := &table{head: []string{"what", "value", "shown"}, bare: true}
	t.add(plain("light"), plain(v.Device), plain(""))
	t.add(plain("state"), stateCell(v.On), plain(""))
	if v.Brightness != nil {
		t.add(plain("brightness"), plain(strconv.Itoa(*v.Brightness)+" %"), plain(""))
	}
	switch {
	case v.Effect != "":
		t.add(plain("effect"), plain(v.Effect), plain(""))
	case v.Temperature != nil:
		t.add(plain("white"), plain(strconv.Itoa(*v.Temperature)+" K"), a.swatch(func(int) (r, g, b uint8) { return feature.KelvinRGB(*v.Temperature) }, 4))
	case v.Color != nil:
		t.add(plain("color"), plain(v.Color.String()+"  "+hex(*v.Color)), a.swatch(paintOf([]feature.HSV{*v.Color}), 4))
	}
	if v.Preset != "" {
		t.add(plain("preset"), plain(v.Preset), plain(""))
	}
	if on, off, ok := l.Fades(); ok && (on > 0 || off > 0) {
		t.add(plain("fades"), plain(fmt.Sprintf("%v on, %v off", on, off)), plain(""))
	}
	return a.print(v, t)
}

// hex is a colour at full brightness as #rrggbb: the brightness is a line of
// its own.
func hex(c feature.HSV) string {
	c.Value = 100
	r, g, b := c.RGB()
	return fmt.Sprintf("#%02x%02x%02x", r, g, b)
}

// paintOf gives a colour of a list for each place of a swatch.
func paintOf(colors []feature.HSV) func(int) (r, g, b uint8) {
	return func(i int) (r, g, b uint8) {
		c := colors[i%len(colors)]
		c.Value = max(c.Value, 40) // so that it can be seen
		return c.RGB()
	}
}

// swatch is a patch of colour, n columns wide, on a terminal that has colours;
// elsewhere nothing.
func (a *app) swatch(at func(int) (r, g, b uint8), n int) cell {
	if !a.outStyle || a.format() != formatTable {
		return plain("")
	}
	return cell{strings.Repeat("█", n), func(st style, text string) string {
		var b strings.Builder
		for i := range []rune(text) {
			red, green, blue := at(i)
			b.WriteString(st.paint(fmt.Sprintf("38;2;%d;%d;%d", red, green, blue), "█"))
		}
		return b.String()
	}}
}

func newLightEffects(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "effects DEVICE",
		Short: "List the effects that a light can show",
		Example: `wattle light effects shelf
wattle light effects shelf --json`,
		Long: `Bulbs list their own effects; for strips these are the ones of the app. Start one
with "wattle light DEVICE --effect NAME".`,
		Args:              exactly(1, "the name of a device"),
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withLight(cmd.Context(), args[0], func(ctx context.Context, d *opened, l *device.Light) error {
				if _, err := d.dev.Poll(ctx); err != nil {
					return err
				}
				list, err := l.Effects(ctx)
				if err != nil {
					return err
				}
				t := &table{head: []string{"effect", "kind", "running", "colours"}}
				for _, e := range list {
					running := plain("")
					if e.Running {
						running = cell{"running", style.green}
					}
					colors := plain("")
					if len(e.Colors) > 0 {
						colors = a.swatch(paintOf(e.Colors), min(len(e.Colors), 8))
					}
					t.add(plain(e.Name), dimmed(string(e.Kind)), running, colors)
				}
				return a.printRows(list, t, "it has no effects")
			})
		},
	}
}

func newLightPreset(a *app) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "preset",
		Short: "List and store settings of a light",
		Example: `wattle light preset list "Desk lamp"
wattle light preset save "Desk lamp" 2`,
	})
	list := &cobra.Command{
		Use:               "list DEVICE",
		Short:             "List the stored settings of a light",
		Example:           `wattle light preset list "Desk lamp"`,
		Long:              `Show one with "wattle light DEVICE --preset NUMBER".`,
		Args:              exactly(1, "the name of a device"),
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withLight(cmd.Context(), args[0], func(ctx context.Context, _ *opened, l *device.Light) error {
				list, err := l.Presets(ctx)
				if err != nil {
					return err
				}
				return a.printPresets(list)
			})
		},
	}
	save := &cobra.Command{
		Use:               "save DEVICE NUMBER",
		Short:             "Store what a light shows now",
		Example:           `wattle light preset save "Desk lamp" 2`,
		Long:              `What was stored under that number is lost. Strips store the effect that runs, if it is a built-in one.`,
		Args:              exactly(2, "a device and the number of a preset"),
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := strconv.Atoi(args[1])
			if err != nil || n < 1 {
				return usagef(`"wattle light preset list DEVICE" shows them`, "%q is not the number of a preset", args[1])
			}
			return a.withLight(cmd.Context(), args[0], func(ctx context.Context, _ *opened, l *device.Light) error {
				if err := l.SavePreset(ctx, device.LightPreset{Number: n}); err != nil {
					return err
				}
				list, err := l.Presets(ctx)
				if err != nil || a.flags.quiet && !a.jsonWanted() {
					return err
				}
				return a.printPresets(list)
			})
		},
	}
	cmd.AddCommand(list, save)
	return cmd
}

func (a *app) printPresets(list []device.LightPreset) error {
	t := &table{head: []string{"preset", "brightness", "shows", "colour"}}
	for _, p := range list {
		shows, colour := a.shows(p.Effect, p.Temperature, p.Color)
		t.add(plain(strconv.Itoa(p.Number)), percent(p.Brightness), shows, colour)
	}
	return a.printRows(list, t, "it has no presets")
}
