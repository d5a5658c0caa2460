package device

import (
	"context"
	"fmt"
	"slices"
	"time"

	"wattle"
	"wattle/method"
	"wattle/method/smart"
)

// Suctions are the strengths that [Vacuum.SetSuction] takes.
func (v *Vacuum) Suctions() []string { return v.choices("vacuum_fan_speed") }

// WaterLevels are the levels that [Vacuum.SetWater] takes; none without a mop.
func (v *Vacuum) WaterLevels() []string { return v.choices("mop_waterlevel") }

// DustModes are what [Vacuum.SetDustMode] takes; none without a dock that
// empties the dust bin.
func (v *Vacuum) DustModes() []string { return v.choices("dustbin_mode") }

func (v *Vacuum) choices(id string) []string {
	r, _ := v.d.known().Reading(id)
	return slices.Clone(r.Choices)
}

// SetSuction sets how strongly it cleans.
func (v *Vacuum) SetSuction(ctx context.Context, strength string) error {
	return v.set(ctx, "vacuum_fan_speed", strength)
}

// SetPasses sets how often it cleans each place, 1 to 3.
func (v *Vacuum) SetPasses(ctx context.Context, times int) error {
	return v.set(ctx, "clean_count", times)
}

// SetWater sets how wet it mops.
func (v *Vacuum) SetWater(ctx context.Context, level string) error {
	return v.set(ctx, "mop_waterlevel", level)
}

// SetCarpetBoost sets whether it cleans carpets with more suction.
func (v *Vacuum) SetCarpetBoost(ctx context.Context, on bool) error {
	return v.set(ctx, "carpet_boost", on)
}

// SetDustMode sets how the dock empties the dust bin by itself; "Off" leaves
// that to [Vacuum.EmptyDustbin].
func (v *Vacuum) SetDustMode(ctx context.Context, mode string) error {
	return v.set(ctx, "dustbin_mode", mode)
}

// EmptyDustbin empties the dust bin now, at the dock.
func (v *Vacuum) EmptyDustbin(ctx context.Context) error { return v.d.Act(ctx, "dustbin_empty") }

// SetVolume sets how loud it speaks, 0 to 100 %.
func (v *Vacuum) SetVolume(ctx context.Context, percent int) error {
	return v.set(ctx, "volume", percent)
}

// Locate lets it speak, to be found.
func (v *Vacuum) Locate(ctx context.Context) error { return v.d.Act(ctx, "locate") }

// Voice is the language that it speaks, as it numbers languages, or the hash of
// a voice that was downloaded. Which language that is, is not known.
func (v *Vacuum) Voice(ctx context.Context) (name string, version int, err error) {
	l, err := ask(ctx, v.d, smart.GetVoiceLanguage, method.None{})
	if l == nil {
		return "", 0, fmt.Errorf("%s: %w", v.d.label(), err)
	}
	return l.Name.Or(""), l.Version.Or(0), nil
}

// QuietHours are the time of the day in which a vacuum neither speaks nor
// empties its dust bin.
type QuietHours struct {
	On bool `json:"on"`
	// Start and End are times since midnight in minutes. An end before the start
	// is on the next day.
	Start time.Duration `json:"-"`
	End   time.Duration `json:"-"`
}

// DoNotDisturb asks for the hours in which it is quiet.
func (v *Vacuum) DoNotDisturb(ctx context.Context) (QuietHours, error) {
	q, err := v.quiet(ctx)
	if q == nil {
		return QuietHours{}, err
	}
	return QuietHours{q.On.Or(false), ofMinutes(q.Start), ofMinutes(q.End)}, nil
}

func (v *Vacuum) quiet(ctx context.Context) (*smart.DoNotDisturb, error) {
	if err := v.d.requires("do_not_disturb", "hours in which it is quiet"); err != nil {
		return nil, err
	}
	q, err := ask(ctx, v.d, smart.GetDoNotDisturb, method.None{})
	if err != nil {
		return q, fmt.Errorf("%s: %w", v.d.label(), err)
	}
	return q, nil
}

// SetDoNotDisturb sets the hours in which it is quiet. With equal times the
// hours stay as they are, and only On counts. What the vacuum keeps besides
// stays. Errors wrap [wattle.ErrParam] for times beyond a day. The name of the
// setter was inferred from that of the getter.
func (v *Vacuum) SetDoNotDisturb(ctx context.Context, want QuietHours) error {
	inDay := func(t time.Duration) bool { return t >= 0 && t < 24*time.Hour && t%time.Minute == 0 }
	if !inDay(want.Start) || !inDay(want.End) {
		return fmt.Errorf("%s: %w: hours last from one minute of the day to another", v.d.label(), wattle.ErrParam)
	}
	if err := take(ctx, v.d.shared.changing); err != nil {
		return err
	}
	defer func() { <-v.d.shared.changing }()
	q, err := v.quiet(ctx)
	if q == nil || err != nil {
		return err
	}
	q.On = method.Some(want.On)
	if want.Start != want.End {
		q.Start, q.End = minutesOf(want.Start), minutesOf(want.End)
	}
	err = order(ctx, v.d, smart.SetDoNotDisturb, *q)
	v.d.stale(smart.GetDoNotDisturb.Query(method.EveryMinute))
	return err
}
