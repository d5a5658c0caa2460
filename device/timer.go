package device

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wattle"
	"wattle/catalog"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
	"wattle/rule"
)

// TimerRules is the countdown of a device or outlet.
type TimerRules struct {
	// Timer is nil where there is none; one that is over stays, disabled.
	Timer *rule.Timer
}

const timerName = "timer"

// Timer reads the countdown. The error wraps [wattle.ErrUnsupported] where the
// device has none.
func (d *Device) Timer(ctx context.Context) (*TimerRules, error) {
	if err := d.offers("countdown", timerName); err != nil {
		return nil, err
	}
	out := &TimerRules{}
	if d.family == wattle.IOT {
		r, err := ask(ctx, d, d.ruleModules().CountDown.Get, method.None{})
		if err != nil {
			return nil, err
		}
		if len(r.List) > 0 {
			t := rule.TimerFromIOT(&r.List[0])
			out.Timer = &t
		}
		return out, nil
	}
	r, err := ask(ctx, d, smart.Timers.Get, smart.Start{})
	if err != nil {
		return nil, err
	}
	if len(r.List) > 0 {
		t := rule.TimerFromSMART(&r.List[0])
		out.Timer = &t
	}
	return out, nil
}

// SetTimer turns the device on or off after a delay of 1 s to 24 h, in whole
// seconds. There is one timer: an earlier one is removed first, since devices
// refuse a second.
func (d *Device) SetTimer(ctx context.Context, delay time.Duration, on bool) error {
	t := rule.Timer{Enabled: true, Delay: delay.Truncate(time.Second), Action: rule.Action{Do: rule.Off}}
	if on {
		t.Action.Do = rule.On
	}
	if err := t.Check(); err != nil {
		return fmt.Errorf("%s: %w", d.label(), err)
	}
	if err := d.ClearTimer(ctx); err != nil {
		return err
	}
	if d.family == wattle.IOT {
		_, err := ask(ctx, d, d.ruleModules().CountDown.Add, t.ToIOT())
		return err
	}
	target := d.RuleTarget()
	_, err := ask(ctx, d, smart.Timers.Add, t.ToSMART(&target))
	return err
}

// ClearTimer removes the timer, running or not.
func (d *Device) ClearTimer(ctx context.Context) error {
	if err := d.offers("countdown", timerName); err != nil {
		return err
	}
	defer d.changedRules()
	if d.family == wattle.IOT {
		return tell(ctx, d, d.ruleModules().CountDown.DeleteAll, method.None{})
	}
	return tell(ctx, d, smart.Timers.Remove, smart.RemoveRules{All: true})
}

// AutoOff reads after which time the device turns itself off. Tapo only; the
// error wraps [wattle.ErrUnsupported] elsewhere.
func (d *Device) AutoOff(ctx context.Context) (rule.AutoOff, error) {
	if err := d.offersAutoOff(); err != nil {
		return rule.AutoOff{}, err
	}
	r, err := ask(ctx, d, smart.GetAutoOff, smart.Start{})
	if err != nil {
		return rule.AutoOff{}, err
	}
	a := rule.AutoOff{Enabled: r.Enable.Or(false), Delay: time.Duration(r.Delay.Or(0)) * time.Minute}
	info, err := ask(ctx, d, smart.GetDeviceInfo, method.None{})
	if err == nil && info.AutoOff.Or("") == "on" {
		a.Remain = time.Duration(info.AutoOffIn.Or(0)) * time.Second
	}
	return a, err
}

func (d *Device) offersAutoOff() error {
	info := smart.GetDeviceInfo.Result(d.known().Snapshot())
	if d.family != wattle.SMART || d.components["auto_off"] == 0 || info == nil || !info.AutoOff.Known() {
		return d.noRules("auto-off")
	}
	return nil
}

// SetAutoOff switches auto-off, with a delay of 1 min to 24 h in whole minutes;
// 0 leaves the delay as it is.
func (d *Device) SetAutoOff(ctx context.Context, on bool, delay time.Duration) error {
	if delay != 0 && (delay < time.Minute || delay > 24*time.Hour) {
		return fmt.Errorf("%s: %w: auto-off takes 1m to 24h, not %s", d.label(), wattle.ErrParam, delay)
	}
	if err := d.offersAutoOff(); err != nil {
		return err
	}
	present, err := ask(ctx, d, smart.GetAutoOff, smart.Start{})
	if err != nil {
		return err
	}
	a := *present
	a.Enable = method.Some(on)
	if delay != 0 {
		a.Delay = method.Some(int(delay / time.Minute))
	}
	defer d.shared.markStale(d, []method.Query{smart.GetAutoOff.Query(method.EveryMinute)})
	return tell(ctx, d, smart.SetAutoOff, a)
}

// NextAction reads what the device does next by itself, nil for nothing. Kasa
// devices tell the time of the day only: it is taken for the next one. Tapo
// devices tell of schedules only, and not of the timer.
func (d *Device) NextAction(ctx context.Context) (*rule.Next, error) {
	if err := d.offers("schedule", schedulesName); err != nil {
		return nil, err
	}
	if d.family == wattle.SMART {
		return d.nextEvent(ctx)
	}
	r, err := ask(ctx, d, d.ruleModules().GetNextAction, method.None{})
	if err != nil || r.Type.Or(-1) < 0 {
		return nil, err
	}
	now, err := d.DeviceTime(ctx)
	if err != nil {
		return nil, err
	}
	n := &rule.Next{Kind: nextKinds[r.Type.Or(-1)], ID: r.ID.Or("")}
	y, m, day := now.Date()
	n.At = time.Date(y, m, day, 0, 0, r.Time.Or(0), 0, now.Location())
	if !n.At.After(now) {
		n.At = time.Date(y, m, day+1, 0, 0, r.Time.Or(0), 0, now.Location())
	}
	n.Action = rule.FromIOT(&iot.ScheduleRule{SAct: r.Action, SLight: r.Light}).Action
	return n, nil
}

var nextKinds = map[int]rule.Kind{1: rule.KindSchedule, 2: rule.KindTimer, 3: rule.KindAway}

func (d *Device) nextEvent(ctx context.Context) (*rule.Next, error) {
	r, err := ask(ctx, d, smart.GetNextEvent, method.None{})
	var refused *wattle.DeviceError
	if errors.As(err, &refused) && d.components["clean"] > 0 {
		return nil, d.noRules("next event") // some vacuums do not tell
	}
	if err != nil || r.Start.Or(0) == 0 {
		return nil, err
	}
	zone := time.UTC
	if s := d.root().known(); s != nil {
		zone = catalog.LocalTime(s.view).Location()
	}
	n := &rule.Next{Kind: nextKinds[r.Type.Or(1)], ID: r.ID.Or(""), At: time.Unix(int64(r.Start.Or(0)), 0).In(zone)}
	word := smart.ScheduleRule{Desired: r.Desired}
	switch string(r.Action) {
	case `"turn_on"`:
		word.SAction = method.Some("on")
	case `"turn_off"`:
		word.SAction = method.Some("off")
	}
	n.Action = rule.FromSMART(&word).Action
	return n, nil
}
