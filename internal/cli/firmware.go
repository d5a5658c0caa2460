package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"wattle/device"
)

// firmwareView is what is known of firmware, as programs see it.
type firmwareView struct {
	Device    string `json:"device"`
	Installed string `json:"installed"`
	// Newer is null where nothing newer is offered; then Asked tells whether the
	// device could ask.
	Newer *releaseView `json:"newer"`
	Asked bool         `json:"asked"`
}

type releaseView struct {
	Version string `json:"version"`
	Date    string `json:"date,omitempty"`
	Notes   string `json:"notes,omitempty"`
	Size    int    `json:"size,omitempty"`
}

func newFirmware(a *app) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "firmware DEVICE [check | update | auto [on|off|FROM-TO]]",
		Short: "Show and update the firmware of a device",
		Example: `wattle firmware heater
wattle firmware heater update
wattle firmware heater update --yes --json
wattle firmware heater auto
wattle firmware heater auto 3:00-5:00`,
		Long: `"check" has the device ask its maker. "update" installs what is offered and waits until the
device is back, which takes minutes; the device must keep its power meanwhile. New firmware can
take the local access away: read the notes first. It asks on a terminal; elsewhere --yes is needed.
With --json it prints one object per step. "auto" shows or sets when a Tapo device updates itself.`,
		GroupID:           groupSetup,
		Args:              between(1, 3, "a device"),
		ValidArgsFunction: a.completeDeviceThen(func([]notedFeature) []string { return []string{"check", "update", "auto"} }),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			switch {
			case len(args) == 1, len(args) == 2 && args[1] == "check":
				return a.checkFirmware(ctx, args[0])
			case len(args) == 2 && args[1] == "update":
				return a.updateFirmware(ctx, args[0], yes)
			case args[1] == "auto":
				return a.autoUpdate(ctx, args[0], args[2:])
			}
			return usagef(meant(args[1], []string{"check", "update", "auto"}), "%s: want check, update or auto", cmd.CommandPath())
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

func (a *app) checkFirmware(ctx context.Context, ref string) error {
	f, t, err := one(ctx, a, ref, func(ctx context.Context, d *opened) (device.Firmware, error) { return d.dev.Firmware(ctx) })
	if err != nil {
		return err
	}
	v := firmwareView{Device: t.name(), Installed: f.Installed, Asked: f.Asked}
	newer := "nothing newer"
	if !f.Asked {
		newer = "not known: the device is not connected to the cloud"
	}
	if n := f.Newer; n != nil {
		v.Newer = &releaseView{n.Version, n.Date, n.Notes, n.Size}
		newer = strings.TrimSpace(n.Version + "  " + n.Date)
	}
	table := &table{head: []string{"what", "value"}, bare: true}
	table.add(plain("installed"), plain(f.Installed))
	table.add(plain("offered"), plain(newer))
	if err := a.print(v, table); err != nil || v.Newer == nil || a.format() != formatTable {
		return err
	}
	for line := range strings.Lines(v.Newer.Notes) {
		fmt.Fprintln(a.out, a.outStyle.dim("  "+oneLine(strings.TrimSpace(line))))
	}
	return nil
}

// updateView is one step of an update, as programs see it.
type updateView struct {
	Device  string `json:"device"`
	Stage   string `json:"stage"`
	Percent int    `json:"percent"`
	Version string `json:"version,omitempty"`
}

func (a *app) updateFirmware(ctx context.Context, ref string, yes bool) error {
	f, t, err := one(ctx, a, ref, func(ctx context.Context, d *opened) (device.Firmware, error) { return d.dev.Firmware(ctx) })
	if err != nil {
		return err
	}
	if f.Newer == nil {
		if !f.Asked {
			return of(t.name(), errors.New("it cannot ask for newer firmware: it is not connected to the cloud"))
		}
		a.say("%s: nothing is newer than %s", t.name(), f.Installed)
		return nil
	}
	question := fmt.Sprintf("update %s from %s to %s", t.name(), f.Installed, f.Newer.Version)
	if err := a.confirm(ctx, question, yes); err != nil {
		return err
	}
	show := a.updateProgress(t.name())
	version, _, err := one(ctx, a, ref, func(ctx context.Context, d *opened) (string, error) {
		return d.dev.UpdateFirmware(ctx, show)
	})
	if err != nil {
		return err
	}
	if a.jsonWanted() {
		return writeLine(a.out, updateView{t.name(), string(device.UpdateDone), 100, version})
	}
	a.say("%s runs %s now", t.name(), version)
	return nil
}

// updateProgress shows an update: a bar on a terminal, a line for each stage
// elsewhere, an object for each step with --json.
func (a *app) updateProgress(name string) func(device.UpdateProgress) {
	if a.jsonWanted() {
		return func(p device.UpdateProgress) {
			if p.Stage != device.UpdateDone { // told with the version
				_ = writeLine(a.out, updateView{Device: name, Stage: string(p.Stage), Percent: p.Percent})
			}
		}
	}
	if !a.errTTY || a.flags.quiet || a.flags.debug {
		last := device.UpdateStage("")
		return func(p device.UpdateProgress) {
			if p.Stage != last && p.Stage != device.UpdateDone {
				a.say("%s: %s", name, p.Stage)
			}
			last = p.Stage
		}
	}
	bar := progressbar.NewOptions(100, progressbar.OptionSetWriter(a.err), progressbar.OptionSetWidth(30),
		progressbar.OptionEnableColorCodes(false), progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(false))
	return func(p device.UpdateProgress) {
		bar.Describe(oneLine(fmt.Sprintf("%s: %s", name, p.Stage)))
		if p.Stage == device.UpdateDone {
			_ = bar.Finish()
			return
		}
		// The end belongs to the restart: a full bar would say that it is over.
		_ = bar.Set(min(p.Percent, 99))
	}
}

// autoUpdateView is when a device updates itself, as programs see it.
type autoUpdateView struct {
	Device  string `json:"device"`
	Enabled bool   `json:"enabled"`
	From    string `json:"from"`
	To      string `json:"to"`
}

func (a *app) autoUpdate(ctx context.Context, ref string, args []string) error {
	var want *device.AutoUpdate
	if len(args) == 1 {
		switch args[0] {
		case "on", "off":
			want = &device.AutoUpdate{Enabled: args[0] == "on"}
		default:
			from, to, ok := strings.Cut(args[0], "-")
			start, err := clockTime(from)
			if !ok || err != nil {
				return usagef("for example on, off or 3:00-5:00", "%q is not when updates may happen", args[0])
			}
			end, err := clockTime(to)
			if err != nil {
				return err
			}
			window := end - start
			if window <= 0 {
				window += 24 * time.Hour
			}
			want = &device.AutoUpdate{Enabled: true, Start: start, Window: window}
		}
	}
	u, t, err := one(ctx, a, ref, func(ctx context.Context, d *opened) (device.AutoUpdate, error) {
		if want != nil {
			if err := d.dev.SetAutoUpdate(ctx, *want); err != nil {
				return device.AutoUpdate{}, err
			}
		}
		return d.dev.AutoUpdate(ctx)
	})
	if err != nil {
		return err
	}
	v := autoUpdateView{t.name(), u.Enabled, formatClock(u.Start), formatClock(u.Start + u.Window)}
	text := "never"
	if u.Enabled {
		text = v.From + "-" + v.To
	}
	table := &table{head: []string{"device", "updates itself"}}
	table.add(plain(v.Device), plain(text))
	return a.print(v, table)
}
