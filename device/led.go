package device

import (
	"context"
	"fmt"
	"slices"
	"time"

	"wattle"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

// Rules of [LED]. Newer devices have "auto" and "toggle" as well.
const (
	LEDAlways = "always"
	LEDNever  = "never"
	LEDNight  = "night_mode"
)

// LED is how the status light of a device behaves.
type LED struct {
	Rule string // see [LEDAlways]
	// On is whether it is lit now; nil where the device does not tell.
	On *bool
	// Night says when it is dark under the rule LEDNight; nil where the device
	// has no such rule.
	Night *NightMode
}

// NightMode is a part of the day. The hours of the sun are those of the place
// where the device is, see [Device.SetLocation].
type NightMode struct {
	// Sun: from sunset to sunrise, both moved by an offset, below 0 to earlier.
	Sun                         bool
	SunsetOffset, SunriseOffset time.Duration
	// Start and End are times since midnight, in minutes. With Sun they are what
	// the device has computed.
	Start, End time.Duration
}

// LED asks for the status light. Errors wrap [wattle.ErrUnsupported] where it
// cannot be switched. See docs/protocol/smart.md section 6; the LED of Kasa
// devices is always or never on, see iot.md section 3.
func (d *Device) LED(ctx context.Context) (LED, error) {
	if d.family == wattle.IOT {
		s, err := ask(ctx, d.root(), iot.GetSysinfo, method.None{})
		if err != nil {
			return LED{}, err
		}
		off, ok := s.LEDOff.Get()
		if !ok {
			return LED{}, d.lacks("LED that can be switched")
		}
		on := !off
		return LED{Rule: map[bool]string{true: LEDAlways, false: LEDNever}[on], On: &on}, nil
	}
	info, err := d.ledInfo(ctx)
	if err != nil {
		return LED{}, err
	}
	out := LED{Rule: info.Rule.Or("")}
	if on, ok := info.Status.Get(); ok {
		out.On = &on
	}
	if n := info.Night; n != nil {
		out.Night = &NightMode{
			Sun:          n.Type.Or("") == smart.NightSun,
			SunsetOffset: ofMinutes(n.SunsetOffset), SunriseOffset: ofMinutes(n.SunriseOffset),
			Start: ofMinutes(n.Start), End: ofMinutes(n.End),
		}
	}
	return out, nil
}

func (d *Device) ledInfo(ctx context.Context) (*smart.LEDInfo, error) {
	if err := d.requires("led", "LED that can be switched"); err != nil {
		return nil, err
	}
	info, err := ask(ctx, d, smart.GetLEDInfo, method.None{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.label(), err)
	}
	return info, nil
}

func ofMinutes(o method.Opt[int]) time.Duration { return time.Duration(o.Or(0)) * time.Minute }

// SetLED changes the rule, and with Night the hours; what is not given stays,
// and so does all else that the device keeps with it. Errors wrap
// [wattle.ErrParam] for hours that are none, and [wattle.ErrUnsupported] where
// the device has no night mode.
func (d *Device) SetLED(ctx context.Context, want LED) error {
	if err := checkNight(want.Night); err != nil {
		return fmt.Errorf("%s: %w", d.label(), err)
	}
	if d.family == wattle.IOT {
		if want.Night != nil || !slices.Contains([]string{LEDAlways, LEDNever}, want.Rule) {
			return d.lacks("night mode of its LED")
		}
		err := order(ctx, d.root(), iot.SetLEDOff, iot.Off{Off: want.Rule == LEDNever})
		d.root().stale(iot.GetSysinfo.Query(method.EveryPoll))
		return err
	}
	if err := take(ctx, d.shared.changing); err != nil {
		return err
	}
	defer func() { <-d.shared.changing }()
	info, err := d.ledInfo(ctx)
	if err != nil {
		return err
	}
	if want.Rule != "" {
		info.Rule = method.Some(want.Rule)
	}
	if n := want.Night; n != nil {
		if info.Night == nil {
			return d.lacks("night mode of its LED")
		}
		if n.Sun {
			info.Night.Type = method.Some(smart.NightSun)
			info.Night.SunsetOffset = minutesOf(n.SunsetOffset)
			info.Night.SunriseOffset = minutesOf(n.SunriseOffset)
		} else {
			info.Night.Type = method.Some(smart.NightCustom)
			info.Night.Start, info.Night.End = minutesOf(n.Start), minutesOf(n.End)
		}
	}
	err = order(ctx, d, smart.SetLEDInfo, *info)
	d.stale(smart.GetLEDInfo.Query(method.EveryHour))
	return err
}

func minutesOf(t time.Duration) method.Opt[int] { return method.Some(int(t / time.Minute)) }

func checkNight(n *NightMode) error {
	if n == nil {
		return nil
	}
	inDay := func(t time.Duration) bool { return t >= 0 && t < 24*time.Hour }
	near := func(t time.Duration) bool { return t.Abs() < 12*time.Hour }
	if n.Sun && (!near(n.SunsetOffset) || !near(n.SunriseOffset)) {
		return fmt.Errorf("%w: an offset from the sun is less than 12 hours", wattle.ErrParam)
	}
	if !n.Sun && (!inDay(n.Start) || !inDay(n.End) || n.Start == n.End) {
		return fmt.Errorf("%w: a night lasts from one time of day to another", wattle.ErrParam)
	}
	return nil
}

// stale has a query asked again by the next poll.
func (d *Device) stale(q method.Query) { d.shared.markStale(d, []method.Query{q}) }
