package device

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"wattle"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
	"wattle/rule"
)

// Rules is everything that a device does by itself. What it does not offer is
// nil.
type Rules struct {
	Schedules *Schedules
	Timer     *TimerRules
	Away      *AwayRules
	AutoOff   *rule.AutoOff
	Next      *rule.Next // nil as well where nothing is planned
}

// Rules reads all rules of a device or outlet, see
// docs/protocol/iot.md section 12 and docs/protocol/smart.md section 9. A part that
// fails does not hide the others: the Rules are good as far as they go also
// where they come with an error. The error wraps [wattle.ErrUnsupported] where the
// device has no rules at all.
func (d *Device) Rules(ctx context.Context) (*Rules, error) {
	var r Rules
	var errs []error
	offered := false
	note := func(err error) bool {
		offered = offered || err == nil
		if err != nil && !errors.Is(err, wattle.ErrUnsupported) {
			offered = true
			errs = append(errs, err)
		}
		return err == nil
	}
	if s, err := d.Schedules(ctx); note(err) {
		r.Schedules = s
	}
	if t, err := d.Timer(ctx); note(err) {
		r.Timer = t
	}
	if a, err := d.Away(ctx); note(err) {
		r.Away = a
	}
	if a, err := d.AutoOff(ctx); note(err) {
		r.AutoOff = &a
	}
	if n, err := d.NextAction(ctx); note(err) {
		r.Next = n
	}
	if !offered {
		return nil, d.noRules("rules")
	}
	return &r, errors.Join(errs...)
}

func (d *Device) noRules(what string) error {
	if len(d.Children()) > 0 && d.known().identity.Type != wattle.Hub {
		return fmt.Errorf("%s: %w: its %s belong to its outlets and parts; name one of them", d.label(), wattle.ErrUnsupported, what)
	}
	return fmt.Errorf("%s: %w: it has no %s", d.label(), wattle.ErrUnsupported, what)
}

// offers tells whether a device may have a kind of rules, by what it says of
// itself. Parents of outlets list components that only the outlets answer for
// (docs/protocol/smart.md section 2), and a strip without a named outlet answers for
// its first one (docs/protocol/iot.md section 1.3).
func (d *Device) offers(component, what string) error {
	s := d.known()
	switch d.family {
	case wattle.IOT:
		info := iot.GetSysinfo.Result(d.root().known().Snapshot())
		if info == nil || len(d.Children()) > 0 || info.CameraSwitch.Known() ||
			!info.IsLight() && info.Feature != "" && !slices.Contains(strings.Split(info.Feature, ":"), "TIM") {
			return d.noRules(what)
		}
		return nil
	case wattle.SMART:
		info := smart.GetDeviceInfo.Result(s.Snapshot())
		switches := info != nil && info.DeviceOn.Known()
		if d.components[component] == 0 || !switches && d.components["clean"] == 0 {
			return d.noRules(what)
		}
		return nil
	}
	return d.noRules(what)
}

// ruleModules are the rule methods of this kind of Kasa device.
func (d *Device) ruleModules() *iot.RuleModules {
	if d.isLight() {
		return &iot.BulbRules
	}
	return &iot.PlugRules
}

// RuleTarget is what rules can do on this device.
func (d *Device) RuleTarget() rule.Target {
	t := rule.Target{Family: d.family}
	s := d.known().Snapshot()
	switch d.family {
	case wattle.IOT:
		info := iot.GetSysinfo.Result(d.root().known().Snapshot())
		if info == nil || d.parent != nil {
			break
		}
		t.Lamp = info.IsLight()
		t.Dimmable = info.IsDimmable.Or(t.Lamp) || !t.Lamp && info.Brightness.Known()
		t.Color = t.Lamp && info.IsColor.Or(false)
		t.Temperature = t.Lamp && info.IsVariableTemp.Or(false)
	case wattle.SMART:
		info := smart.GetDeviceInfo.Result(s)
		if info == nil {
			break
		}
		t.Dimmable = info.Brightness.Known()
		t.Color = info.Hue.Known()
		t.Temperature = info.ColorTemp.Known() && (len(info.ColorTempRange) != 2 || info.ColorTempRange[0] < info.ColorTempRange[1])
		t.Cleans = d.components["clean"] > 0
	}
	return t
}

// widen adds what a rule of the device itself shows that it can do.
func widen(t rule.Target, s *rule.Schedule) rule.Target {
	t.Dimmable = t.Dimmable || s.Action.Brightness.Known() || s.Action.Transition.Known()
	t.Color = t.Color || s.Action.Hue.Known()
	t.Temperature = t.Temperature || s.Action.ColorTemp.Known()
	return t
}

// tell makes one call whose answer says no more than done.
func tell[P any](ctx context.Context, d *Device, m method.Method[P, method.None], p P) error {
	_, err := ask(ctx, d, m, p)
	return err
}

// today is the device's date; ours where its clock does not tell.
func (d *Device) today(ctx context.Context) (rule.Date, error) {
	now, err := d.DeviceTime(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return rule.Date{}, err
		}
		now = d.shared.now()
	}
	return rule.DateOf(now), nil
}

// changedRules has features that follow from rules asked again.
func (d *Device) changedRules() {
	if d.family == wattle.SMART {
		d.shared.markStale(d, []method.Query{
			smart.GetNextEvent.Query(method.EveryMinute), smart.Timers.Get.Query(method.EveryPoll),
		})
	}
}
