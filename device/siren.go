package device

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"wattle"
	"wattle/method"
	"wattle/method/smart"
)

// Siren is the alarm of a hub. Its settings, which count where nothing else is
// given, are the features alarm_sound, alarm_volume and alarm_duration. See
// docs/protocol/smart.md section 11.
type Siren struct{ d *Device }

// Siren is for devices with an alarm; for others the error wraps
// [wattle.ErrUnsupported].
func (d *Device) Siren() (*Siren, error) {
	if err := d.needs("alarm", "it has no siren"); err != nil {
		return nil, err
	}
	return &Siren{d}, nil
}

// Sounds are the names of the sounds that it can play.
func (s *Siren) Sounds(ctx context.Context) ([]string, error) {
	types, err := ask(ctx, s.d, smart.GetAlarmTypes, method.None{})
	if types == nil {
		return nil, err
	}
	return types.List, nil
}

// SirenVolumes are the volumes of a siren, from the lowest.
func SirenVolumes() []string { return []string{"mute", "low", "normal", "high"} }

// Sounding is how a siren is to sound. What is left out is as it is set.
type Sounding struct {
	Sound  string // see [Siren.Sounds]; any case
	Volume string // see [SirenVolumes]
	// Duration is how long, in whole seconds up to ten minutes; 0: until it is
	// stopped.
	Duration time.Duration
	// Once plays the sound once, whatever Duration says.
	Once bool
}

// Play lets it sound at once. Errors wrap [wattle.ErrParam] for what the siren
// does not have.
func (s *Siren) Play(ctx context.Context, how Sounding) error {
	var p smart.PlayParams
	if how.Sound != "" {
		sounds, err := s.Sounds(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(sounds, func(name string) bool { return strings.EqualFold(name, how.Sound) })
		if i < 0 {
			return fmt.Errorf("%w: no sound is called %q; there are %s", wattle.ErrParam, how.Sound, strings.Join(sounds, ", "))
		}
		p.Type = method.Some(sounds[i])
	}
	if how.Volume != "" {
		if !slices.Contains(SirenVolumes(), how.Volume) {
			return fmt.Errorf("%w: volume %q is not one of %s", wattle.ErrParam, how.Volume, strings.Join(SirenVolumes(), ", "))
		}
		p.Volume = method.Some(how.Volume)
	}
	seconds := how.Duration / time.Second
	switch {
	case how.Once:
		p.Duration = method.Some(0)
	case how.Duration < 0 || seconds > 600 || how.Duration%time.Second != 0:
		return fmt.Errorf("%w: a siren sounds for 1 to 600 whole seconds, not %v", wattle.ErrParam, how.Duration)
	case how.Duration > 0:
		p.Duration = method.Some(int(seconds))
	}
	err := do(ctx, s.d, smart.PlayAlarm, p)
	s.d.shared.markStale(s.d, []method.Query{smart.GetDeviceInfo.Query(method.EveryPoll)})
	return err
}

// Stop silences it.
func (s *Siren) Stop(ctx context.Context) error { return do(ctx, s.d, smart.StopAlarm, method.None{}) }

// Sounding polls the least and tells whether it sounds, and what set it off
// where it says; known is false where the device does not tell.
func (s *Siren) Sounding(ctx context.Context) (on, known bool, source string, err error) {
	state, err := s.d.Refresh(ctx)
	if err != nil {
		return false, false, "", err
	}
	i := smart.GetDeviceInfo.Result(state.Snapshot())
	if i == nil {
		return false, false, "", nil
	}
	on, known = i.InAlarm.Get()
	return on, known, i.InAlarmSource.Or(""), nil
}
