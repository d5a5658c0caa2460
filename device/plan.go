package device

import (
	"context"
	"fmt"

	"wattle/rule"
)

// Plan is how the schedules of a device become those of a list, such as those
// of another device or of a file. Show it before [Device.ApplySchedules].
type Plan struct {
	rule.Difference
	// Losses is what the device cannot carry out of rules that it gets all the
	// same.
	Losses []rule.Loss
	// Skipped are rules that it cannot have at all; why is in Losses.
	Skipped []rule.Schedule
}

// PlanSchedules compares the schedules of the device with a list, of any family. Rules
// that the device has at the same time are changed. Others of its own stay,
// except with replace. It changes nothing.
func (d *Device) PlanSchedules(ctx context.Context, list []rule.Schedule, replace bool) (*Plan, error) {
	present, err := d.Schedules(ctx)
	if err != nil {
		return nil, err
	}
	t := d.RuleTarget()
	p := &Plan{}
	var wanted []rule.Schedule
	for _, s := range list {
		if err := s.Check(); err != nil {
			return nil, fmt.Errorf("%s: %w", &s, err)
		}
		fitted, losses, ok := rule.Fit(s, &t)
		p.Losses = append(p.Losses, losses...)
		if !ok {
			p.Skipped = append(p.Skipped, s)
			continue
		}
		wanted = append(wanted, fitted)
	}
	p.Difference = rule.Diff(present.List, wanted)
	if !replace {
		p.Removed = nil
	}
	return p, nil
}

// ApplySchedules carries a plan out: it deletes, changes and adds, in this order. When
// the device refuses one rule, those before it stay done and the error says how
// far it came.
func (d *Device) ApplySchedules(ctx context.Context, p *Plan) error {
	present, err := d.Schedules(ctx)
	if err != nil {
		return err
	}
	var gone []string
	for _, s := range p.Removed {
		if _, err := present.find(d, s.ID); err != nil {
			return err
		}
		gone = append(gone, s.ID)
	}
	if err := d.remove(ctx, gone); err != nil {
		return err
	}
	total := len(p.Changed) + len(p.Added)
	for i, c := range p.Changed {
		s := c.New
		s.ID, s.Made = c.Old.ID, c.Old.Made
		if err := d.edit(ctx, present, s); err != nil {
			return fmt.Errorf("after %d of %d rules: %w", i, total, err)
		}
	}
	for i, s := range p.Added {
		if present, err = d.Schedules(ctx); err == nil {
			_, err = d.add(ctx, present, s)
		}
		if err != nil {
			return fmt.Errorf("after %d of %d rules: %w", len(p.Changed)+i, total, err)
		}
	}
	return nil
}
