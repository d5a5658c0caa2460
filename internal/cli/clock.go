package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wattle/device"
	"wattle/method"
)

// clockView is the clock of a device as programs see it.
type clockView struct {
	Device string   `json:"device"`
	Time   *string  `json:"time"` // null: never set
	Zone   string   `json:"zone,omitempty"`
	Index  *int     `json:"zone_index,omitempty"` // Kasa
	Drift  *float64 `json:"drift_s"`              // ahead of this computer
}

func newTime(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "time DEVICE [sync | set TIME | zone NAME]",
		Short: "Show or set the clock of a device",
		Example: `wattle time heater
wattle time heater sync
wattle time heater set "2026-11-21 18:30"
wattle time heater zone Europe/Berlin
wattle time heater zone local`,
		Long: `Schedules and statistics go by the device's clock, which is set over the Internet. "sync" takes
the time of this computer and leaves the time zone; "zone" changes the zone (an IANA name, or
local for that of this computer) and takes the time as well. TIME is that of the device's zone.
The drift is how far the clock is ahead of this computer; below two seconds it is none.`,
		GroupID:           groupSetup,
		Args:              between(1, 3, "a device"),
		ValidArgsFunction: a.completeDeviceThen(func([]notedFeature) []string { return []string{"show", "sync", "set", "zone"} }),
		RunE: func(cmd *cobra.Command, args []string) error {
			do, err := a.clockAction(cmd, args[1:])
			if err != nil {
				return err
			}
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			c, t, err := one(ctx, a, args[0], func(ctx context.Context, d *opened) (device.Clock, error) {
				if do != nil {
					if err := do(ctx, d.dev); err != nil {
						return device.Clock{}, err
					}
				}
				return d.dev.Clock(ctx)
			})
			if err != nil {
				return err
			}
			return a.printClock(t.name(), &c)
		},
	}
}

// clockAction is what the arguments after the device ask for; nil to show.
func (a *app) clockAction(cmd *cobra.Command, args []string) (func(context.Context, *device.Device) error, error) {
	switch {
	case len(args) == 0, len(args) == 1 && args[0] == "show":
		return nil, nil
	case len(args) == 1 && args[0] == "sync":
		return func(ctx context.Context, d *device.Device) error { return d.SetClock(ctx, time.Now(), nil) }, nil
	case len(args) == 2 && args[0] == "zone":
		zone, err := a.zone(args[1])
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context, d *device.Device) error { return d.SetClock(ctx, time.Now(), zone) }, nil
	case len(args) == 2 && args[0] == "set":
		if _, err := parseClockTime(args[1], time.UTC); err != nil {
			return nil, err
		}
		return func(ctx context.Context, d *device.Device) error {
			c, err := d.Clock(ctx)
			if err != nil {
				return err
			}
			at, err := parseClockTime(args[1], c.Time.Location())
			if err != nil {
				return err
			}
			return d.SetClock(ctx, at, nil)
		}, nil
	}
	return nil, usagef("for example: "+firstExample(cmd)+" sync", "%s: want sync, set TIME or zone NAME", cmd.CommandPath())
}

// parseClockTime reads a time as people write it.
func parseClockTime(text string, zone *time.Location) (time.Time, error) {
	for _, layout := range []string{time.DateTime, "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04", time.RFC3339} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at, nil
		}
	}
	return time.Time{}, usagef(`for example "2026-11-21 18:30"`, "%q is not a time", text)
}

// zone is a time zone by its IANA name; local is that of this computer.
func (a *app) zone(name string) (*time.Location, error) {
	if strings.EqualFold(name, "local") {
		found, ok := localZone(a.getenv)
		if !ok {
			return nil, usagef("give its name, such as Europe/Berlin", "this computer does not tell the name of its time zone")
		}
		name = found
	}
	zone, ok := method.Zone(name)
	if !ok {
		return nil, usagef("names are such as Europe/Berlin or America/New_York", "%q is not a time zone", name)
	}
	return zone, nil
}

// localZone is the name of this computer's time zone, where it tells.
func localZone(getenv func(string) string) (string, bool) {
	names := []string{strings.TrimPrefix(getenv("TZ"), ":")}
	if names[0] == "" {
		if path, err := filepath.EvalSymlinks("/etc/localtime"); err == nil {
			_, name, _ := strings.Cut(filepath.ToSlash(path), "zoneinfo/")
			names = append(names, name)
		}
		if b, err := os.ReadFile("/etc/timezone"); err == nil {
			names = append(names, strings.TrimSpace(string(b)))
		}
	}
	for _, name := range names {
		if _, ok := method.Zone(name); ok {
			return name, true
		}
	}
	return "", false
}

func (a *app) printClock(name string, c *device.Clock) error {
	v := clockView{Device: name, Zone: c.Zone}
	text, drift := "never set", "-"
	if c.Index >= 0 {
		v.Index = &c.Index
	}
	if c.Set {
		at, seconds := c.Time.Format(time.RFC3339), c.Drift.Seconds()
		v.Time, v.Drift = &at, &seconds
		text = c.Time.Format(time.DateTime)
		switch d := c.Drift.Round(time.Second); {
		case d.Abs() < 2*time.Second:
			drift = "none"
		case d > 0:
			drift = d.String() + " ahead"
		default:
			drift = (-d).String() + " behind"
		}
	}
	zone := c.Zone
	if zone == "" {
		zone = c.Time.Format("UTC-07:00")
	}
	t := &table{head: []string{"device", "time", "zone", "drift"}}
	t.add(plain(name), plain(text), plain(zone), plain(drift))
	return a.print(v, t)
}

// clockTime reads a time of day such as 22:30.
func clockTime(text string) (time.Duration, error) {
	at, err := time.Parse("15:04", text)
	if err != nil {
		return 0, usagef("for example 22:30", "%q is not a time of day", text)
	}
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute, nil
}

func formatClock(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(d.Hours())%24, int(d.Minutes())%60)
}
