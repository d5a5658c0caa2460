package device

import (
	"context"
	"fmt"
	"strings"
	"time"

	"wattle"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

// Firmware is what runs on a device, and what its maker offers.
type Firmware struct {
	Installed string // with its build: "1.2.3 Build 230425 Rel.142542"
	// Newer is what is offered; nil: nothing, as far as it is known.
	Newer *Release
	// Asked is false where the device has no connection to the cloud, which is
	// what knows of newer firmware.
	Asked bool
}

// Release is a firmware that can be had.
type Release struct {
	Version string // "1.3.0 Build ...", "" where the device does not tell
	Date    string // "2024-06-28", "" where the device does not tell
	Notes   string // several lines
	Size    int    // bytes, 0 where the device does not tell
	url     string // where a Kasa device gets it
}

// Firmware asks the device what it runs and whether there is something newer;
// the device asks the cloud, which takes seconds. Errors wrap
// [wattle.ErrUnsupported] where it cannot tell, and [wattle.ErrRefused] where it
// does not reach the cloud. See docs/protocol/iot.md section 10 and smart.md
// section 6.
func (d *Device) Firmware(ctx context.Context) (Firmware, error) {
	if d.family == wattle.IOT {
		return d.root().firmwareIOT(ctx)
	}
	if err := d.firmwareAlone(); err != nil {
		return Firmware{}, err
	}
	installed, err := d.installed(ctx)
	if err != nil {
		return Firmware{}, err
	}
	latest, err := ask(ctx, d, smart.GetLatestFW, method.None{})
	if err != nil {
		return Firmware{}, fmt.Errorf("%s: %w", d.label(), err)
	}
	f := Firmware{Installed: installed, Asked: true}
	if c, err := ask(ctx, d, smart.GetCloudState, method.None{}); err == nil && c.Status.Or(0) != 0 {
		f.Asked = false
	}
	if latest.Type.Or(0) != 0 {
		f.Asked = true
		f.Newer = &Release{Version: latest.Version, Date: latest.Date, Notes: latest.Note, Size: latest.Size.Or(0)}
	}
	return f, nil
}

// firmwareAlone: parts of a device list the firmware of the whole.
func (d *Device) firmwareAlone() error {
	if d.parent != nil && d.parent.Identity().Type != wattle.Hub {
		return fmt.Errorf("%s: %w: its firmware is that of %s", d.label(), wattle.ErrUnsupported, d.parent.label())
	}
	return d.requires("firmware", "firmware that can be told")
}

func (d *Device) firmwareIOT(ctx context.Context) (Firmware, error) {
	installed, err := d.installed(ctx)
	if err != nil {
		return Firmware{}, err
	}
	f := Firmware{Installed: installed}
	list, err := ask(ctx, d, d.cloudOf().GetFirmware, method.None{})
	if err != nil {
		return Firmware{}, fmt.Errorf("%s: %w", d.label(), err)
	}
	info, err := ask(ctx, d, d.cloudOf().GetInfo, method.None{})
	f.Asked = err != nil || info.Connected.Or(true)
	for _, r := range list.List {
		if r.Version == installed {
			continue
		}
		f.Asked = true
		f.Newer = &Release{Version: r.Version, Date: r.Date, Notes: strings.TrimSpace(r.Log), url: r.URL}
		break
	}
	return f, nil
}

// installed asks for the version that runs now.
func (d *Device) installed(ctx context.Context) (string, error) {
	if d.family == wattle.IOT {
		s, err := ask(ctx, d, iot.GetSysinfo, method.None{})
		if err != nil {
			return "", fmt.Errorf("%s: %w", d.label(), err)
		}
		return s.Firmware, nil
	}
	i, err := ask(ctx, d, smart.GetDeviceInfo, method.None{})
	if err != nil {
		return "", fmt.Errorf("%s: %w", d.label(), err)
	}
	return i.Firmware, nil
}

// AutoUpdate is when a device updates itself: at a moment that it chooses
// within a window of the day.
type AutoUpdate struct {
	Enabled bool
	Start   time.Duration // since midnight, in minutes
	Window  time.Duration // from Start on, in minutes
}

// AutoUpdate asks when the device updates itself. Errors wrap
// [wattle.ErrUnsupported] where it never does.
func (d *Device) AutoUpdate(ctx context.Context) (AutoUpdate, error) {
	info, err := d.autoUpdate(ctx)
	if err != nil {
		return AutoUpdate{}, err
	}
	return AutoUpdate{Enabled: info.Enable.Or(false), Start: ofMinutes(info.Time), Window: ofMinutes(info.Range)}, nil
}

func (d *Device) autoUpdate(ctx context.Context) (*smart.AutoUpdate, error) {
	if d.family != wattle.SMART || d.known().identity.Components["firmware"] < 2 {
		return nil, d.lacks("updates by itself")
	}
	if err := d.firmwareAlone(); err != nil {
		return nil, err
	}
	info, err := ask(ctx, d, smart.GetAutoUpdate, method.None{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.label(), err)
	}
	return info, nil
}

// SetAutoUpdate changes when the device updates itself. A Window of 0 leaves
// the hours as they are. Errors wrap [wattle.ErrParam] for hours that are none,
// and [wattle.ErrUnsupported].
func (d *Device) SetAutoUpdate(ctx context.Context, want AutoUpdate) error {
	if want.Start < 0 || want.Start >= 24*time.Hour || want.Window < 0 || want.Window > 24*time.Hour {
		return fmt.Errorf("%s: %w: updates begin at a time of day and within a day", d.label(), wattle.ErrParam)
	}
	if err := take(ctx, d.shared.changing); err != nil {
		return err
	}
	defer func() { <-d.shared.changing }()
	info, err := d.autoUpdate(ctx)
	if err != nil {
		return err
	}
	info.Enable = method.Some(want.Enabled)
	if want.Window > 0 {
		info.Time, info.Range = minutesOf(want.Start), minutesOf(want.Window)
	}
	err = order(ctx, d, smart.SetAutoUpdate, *info)
	d.stale(smart.GetAutoUpdate.Query(method.EveryDay))
	return err
}
