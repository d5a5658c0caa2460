package device

import (
	"context"
	"fmt"

	"wattle"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
	"wattle/rule"
)

// AwayRules is the away mode of a device or outlet.
type AwayRules struct {
	Enabled bool // without it no rule acts
	Max     int  // how many fit; 0 where the device does not say
	List    []rule.Away
}

const awayName = "away mode"

// Away reads away mode. The error wraps [wattle.ErrUnsupported] where the device
// has none.
func (d *Device) Away(ctx context.Context) (*AwayRules, error) {
	if err := d.offers("antitheft", awayName); err != nil {
		return nil, err
	}
	out := &AwayRules{}
	if d.family == wattle.IOT {
		r, err := ask(ctx, d, d.ruleModules().AntiTheft.Get, method.None{})
		if err != nil {
			return nil, err
		}
		out.Enabled = r.Enable.Or(true)
		for i := range r.List {
			out.List = append(out.List, rule.AwayFromIOT(&r.List[i]))
		}
		return out, nil
	}
	r, err := ask(ctx, d, smart.AwayRules.Get, smart.Start{})
	if err != nil {
		return nil, err
	}
	out.Enabled, out.Max = r.Enable.Or(true), r.MaxAway.Or(0)
	for i := range r.List {
		out.List = append(out.List, rule.AwayFromSMART(&r.List[i]))
	}
	return out, nil
}

// SetAway makes a the one rule of away mode: it changes the first that there
// is, removes others, and switches away mode on if the rule is enabled.
func (d *Device) SetAway(ctx context.Context, a rule.Away) error {
	if err := a.Check(); err != nil {
		return fmt.Errorf("%s: %w", d.label(), err)
	}
	present, err := d.Away(ctx)
	if err != nil {
		return err
	}
	if a.Family != "" && a.Family != d.family {
		a.Extra, a.Family = nil, ""
	}
	a.ID = ""
	if len(present.List) > 0 {
		a.ID = present.List[0].ID
		for _, other := range present.List[1:] {
			if err := d.removeAway(ctx, other.ID); err != nil {
				return err
			}
		}
	}
	if err := d.putAway(ctx, a); err != nil {
		return err
	}
	if present, err = d.Away(ctx); err != nil || present.Enabled || !a.Enabled {
		return err
	}
	return d.allAway(ctx, true)
}

// putAway adds a rule, or changes the one with its id.
func (d *Device) putAway(ctx context.Context, a rule.Away) error {
	if d.family == wattle.IOT {
		table := d.ruleModules().AntiTheft
		if a.ID != "" {
			return tell(ctx, d, table.Edit, a.ToIOT())
		}
		_, err := ask(ctx, d, table.Add, a.ToIOT())
		return err
	}
	today, err := d.today(ctx)
	if err != nil {
		return err
	}
	if a.ID != "" {
		return tell(ctx, d, smart.AwayRules.Edit, a.ToSMART(today))
	}
	_, err = ask(ctx, d, smart.AwayRules.Add, a.ToSMART(today))
	return err
}

func (d *Device) removeAway(ctx context.Context, id string) error {
	if d.family == wattle.IOT {
		return tell(ctx, d, d.ruleModules().AntiTheft.Delete, iot.RuleID{ID: method.Some(id)})
	}
	return tell(ctx, d, smart.AwayRules.Remove, smart.RemoveRules{List: []smart.RuleID{{ID: method.Some(id)}}})
}

// allAway switches away mode as a whole.
func (d *Device) allAway(ctx context.Context, on bool) error {
	if d.family == wattle.IOT {
		return tell(ctx, d, d.ruleModules().AntiTheft.Enable, iot.Enable{Enable: iot.Bit(on)})
	}
	return tell(ctx, d, smart.AwayRules.Enable, smart.Enable{Enable: on})
}

// EnableAway switches the rules of away mode on or off, and away mode itself
// on where it has to be. Without a rule the error wraps [wattle.ErrParam].
func (d *Device) EnableAway(ctx context.Context, on bool) error {
	present, err := d.Away(ctx)
	if err != nil {
		return err
	}
	if len(present.List) == 0 {
		return fmt.Errorf("%s: %w: it has no rule for away mode yet; say from when to when", d.label(), wattle.ErrParam)
	}
	for _, a := range present.List {
		if a.Enabled == on {
			continue
		}
		a.Enabled = on
		if err := d.putAway(ctx, a); err != nil {
			return err
		}
	}
	if on && !present.Enabled {
		return d.allAway(ctx, true)
	}
	return nil
}

// ClearAway removes all rules of away mode.
func (d *Device) ClearAway(ctx context.Context) error {
	if err := d.offers("antitheft", awayName); err != nil {
		return err
	}
	if d.family == wattle.IOT {
		return tell(ctx, d, d.ruleModules().AntiTheft.DeleteAll, method.None{})
	}
	return tell(ctx, d, smart.AwayRules.Remove, smart.RemoveRules{All: true})
}
