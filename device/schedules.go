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

// Schedules are the schedules of a device or outlet.
type Schedules struct {
	// Enabled: without it none of them acts.
	Enabled bool
	Max     int // how many fit; 0 where the device does not say
	List    []rule.Schedule
	// actionWord: they are written with a word for the action, as older
	// firmware does.
	actionWord bool
}

const schedulesName = "schedules"

// Schedules reads the schedules. The error wraps [wattle.ErrUnsupported] where
// the device has none.
func (d *Device) Schedules(ctx context.Context) (*Schedules, error) {
	if err := d.offers("schedule", schedulesName); err != nil {
		return nil, err
	}
	s := &Schedules{}
	if d.family == wattle.IOT {
		r, err := ask(ctx, d, d.ruleModules().Schedule.Get, method.None{})
		if err != nil {
			return nil, err
		}
		s.Enabled = r.Enable.Or(true)
		for i := range r.List {
			s.List = append(s.List, rule.FromIOT(&r.List[i]))
		}
		return s, nil
	}
	r, err := ask(ctx, d, smart.Schedules.Get, smart.Start{})
	if err != nil {
		return nil, err
	}
	s.Enabled, s.Max = r.Enable.Or(true), r.MaxSchedules.Or(0)
	for i := range r.List {
		s.List = append(s.List, rule.FromSMART(&r.List[i]))
		s.actionWord = s.actionWord || r.List[i].SAction.Known()
	}
	return s, nil
}

// find is the rule with an id.
func (s *Schedules) find(d *Device, id string) (*rule.Schedule, error) {
	for i := range s.List {
		if s.List[i].ID == id && id != "" {
			return &s.List[i], nil
		}
	}
	return nil, fmt.Errorf("%s: %w: it has no schedule %q; read the list again", d.label(), wattle.ErrParam, id)
}

// fit refuses what the device cannot carry out.
func (d *Device) fit(s rule.Schedule, t *rule.Target) (rule.Schedule, error) {
	if err := s.Check(); err != nil {
		return s, fmt.Errorf("%s: %w", d.label(), err)
	}
	fitted, losses, ok := rule.Fit(s, t)
	if ok && len(losses) == 0 {
		return fitted, nil
	}
	var lost []string
	for _, l := range losses {
		lost = append(lost, l.Field+": "+l.Reason)
	}
	return s, fmt.Errorf("%s: %w: %s", d.label(), wattle.ErrUnsupported, strings.Join(lost, "; "))
}

// AddSchedule adds a rule and gives the id that the device made for it; that
// of s does not count. Errors wrap [wattle.ErrParam] for a rule that is wrong in
// itself, [wattle.ErrUnsupported] for one that the device cannot carry out (see
// [rule.Fit] for how to make it fit), [wattle.ErrRefused] for a full table.
func (d *Device) AddSchedule(ctx context.Context, s rule.Schedule) (id string, err error) {
	present, err := d.Schedules(ctx)
	if err != nil {
		return "", err
	}
	return d.add(ctx, present, s)
}

func (d *Device) add(ctx context.Context, present *Schedules, s rule.Schedule) (id string, err error) {
	t := d.RuleTarget()
	if s, err = d.fit(s, &t); err != nil {
		return "", err
	}
	if present.Max > 0 && len(present.List) >= present.Max {
		return "", fmt.Errorf("%s: %w: its table of %d schedules is full; delete one first", d.label(), wattle.ErrRefused, present.Max)
	}
	s.ID, s.Made = "", rule.Date{}
	defer d.changedRules()
	if d.family == wattle.IOT {
		table := d.ruleModules().Schedule
		r, err := ask(ctx, d, table.Add, s.ToIOT(&t))
		if err != nil {
			return "", err
		}
		if other, ok := r.Conflict.Get(); ok && !r.ID.Known() {
			return "", fmt.Errorf("%s: %w: it conflicts with its schedule %s", d.label(), wattle.ErrRefused, other)
		}
		if !present.Enabled && len(present.List) == 0 && s.Enabled {
			err = tell(ctx, d, table.Enable, iot.Enable{Enable: true})
		}
		return r.ID.Or(""), err
	}
	if t.ActionWord, err = d.wantsWord(ctx, present); err != nil {
		return "", err
	}
	today, err := d.today(ctx)
	if err != nil {
		return "", err
	}
	r, err := ask(ctx, d, smart.Schedules.Add, s.ToSMART(&t, today))
	if err != nil {
		return "", err
	}
	if !present.Enabled && len(present.List) == 0 && s.Enabled {
		err = d.wake(ctx)
	}
	return r.ID.Or(""), err
}

// wantsWord tells whether rules need the action as a word as well: the others
// have it, or the firmware tells the next event by a word.
func (d *Device) wantsWord(ctx context.Context, present *Schedules) (bool, error) {
	if len(present.List) > 0 || d.components["clean"] > 0 {
		return present.actionWord, nil
	}
	next, err := ask(ctx, d, smart.GetNextEvent, method.None{})
	var refused *wattle.DeviceError
	switch {
	case errors.As(err, &refused):
		return false, nil
	case err != nil:
		return false, err
	}
	return next.Action != nil, nil
}

// wake switches the table on that was off while it was empty, if the first rule
// did not do it. Not all firmware has the switch.
func (d *Device) wake(ctx context.Context) error {
	now, err := d.Schedules(ctx)
	if err != nil || now.Enabled {
		return err
	}
	if err = d.SetSchedulesEnabled(ctx, true); errors.Is(err, wattle.ErrUnsupported) {
		return nil
	}
	return err
}

// EditSchedule replaces the rule with the id of s as a whole: begin with what
// [Device.Schedules] gave, so that nothing is lost. Errors are those of
// [Device.AddSchedule]; an id that is gone is [wattle.ErrParam].
func (d *Device) EditSchedule(ctx context.Context, s rule.Schedule) error {
	present, err := d.Schedules(ctx)
	if err != nil {
		return err
	}
	return d.edit(ctx, present, s)
}

func (d *Device) edit(ctx context.Context, present *Schedules, s rule.Schedule) error {
	old, err := present.find(d, s.ID)
	if err != nil {
		return err
	}
	t := widen(d.RuleTarget(), old)
	t.ActionWord = present.actionWord
	if s.Made.IsZero() {
		s.Made = old.Made
	}
	if s, err = d.fit(s, &t); err != nil {
		return err
	}
	return d.replace(ctx, s, &t)
}

// replace sends a rule back.
func (d *Device) replace(ctx context.Context, s rule.Schedule, t *rule.Target) error {
	defer d.changedRules()
	if d.family == wattle.IOT {
		return tell(ctx, d, d.ruleModules().Schedule.Edit, s.ToIOT(t))
	}
	today := s.Made
	if today.IsZero() {
		var err error
		if today, err = d.today(ctx); err != nil {
			return err
		}
	}
	return tell(ctx, d, smart.Schedules.Edit, s.ToSMART(t, today))
}

// EnableSchedule switches one rule on or off and leaves everything else of it
// as it is.
func (d *Device) EnableSchedule(ctx context.Context, id string, on bool) error {
	present, err := d.Schedules(ctx)
	if err != nil {
		return err
	}
	s, err := present.find(d, id)
	if err != nil || s.Enabled == on {
		return err
	}
	t := widen(d.RuleTarget(), s)
	t.ActionWord = present.actionWord
	s.Enabled = on
	return d.replace(ctx, *s, &t)
}

// DeleteSchedules deletes rules by their ids, each once. An id that is gone is
// [wattle.ErrParam], and then nothing is deleted.
func (d *Device) DeleteSchedules(ctx context.Context, ids ...string) error {
	present, err := d.Schedules(ctx)
	if err != nil {
		return err
	}
	var gone []string
	for _, id := range ids {
		if _, err := present.find(d, id); err != nil {
			return err
		}
		if !slices.Contains(gone, id) {
			gone = append(gone, id)
		}
	}
	return d.remove(ctx, gone)
}

func (d *Device) remove(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	defer d.changedRules()
	if d.family == wattle.IOT {
		for _, id := range ids {
			if err := tell(ctx, d, d.ruleModules().Schedule.Delete, iot.RuleID{ID: method.Some(id)}); err != nil {
				return err
			}
		}
		return nil
	}
	var list []smart.RuleID
	for _, id := range ids {
		list = append(list, smart.RuleID{ID: method.Some(id)})
	}
	return tell(ctx, d, smart.Schedules.Remove, smart.RemoveRules{List: list})
}

// DeleteAllSchedules empties the table.
func (d *Device) DeleteAllSchedules(ctx context.Context) error {
	if err := d.offers("schedule", schedulesName); err != nil {
		return err
	}
	defer d.changedRules()
	if d.family == wattle.IOT {
		return tell(ctx, d, d.ruleModules().Schedule.DeleteAll, method.None{})
	}
	return tell(ctx, d, smart.Schedules.Remove, smart.RemoveRules{All: true})
}

// SetSchedulesEnabled switches all schedules on or off and keeps which of them
// are enabled. Not all Tapo firmware has it.
func (d *Device) SetSchedulesEnabled(ctx context.Context, on bool) error {
	if err := d.offers("schedule", schedulesName); err != nil {
		return err
	}
	defer d.changedRules()
	if d.family == wattle.IOT {
		return tell(ctx, d, d.ruleModules().Schedule.Enable, iot.Enable{Enable: iot.Bit(on)})
	}
	return tell(ctx, d, smart.Schedules.Enable, smart.Enable{Enable: on})
}
