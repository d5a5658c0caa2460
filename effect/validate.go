package effect

import (
	"fmt"
	"slices"

	"wattle"
	"wattle/method"
)

// The types of effects of strips.
const (
	Sequence = "sequence" // the colours wander
	Random   = "random"   // single segments light up by chance
	Pulse    = "pulse"    // the colours follow each other, all at once
)

// Types are the types of effects for strips whose segments follow one pattern.
var Types = []string{Sequence, Random, Pulse}

// SegmentTypes are the types of custom segment effects.
var SegmentTypes = []string{"circulating", "breathe", "chasing", "flicker", "bloom", "stacking", "none"}

// Limits of what can be sent. Devices do not tell them; these are far beyond
// what the built-in effects use and keep a request small
// (docs/protocol/iot.md section 1.2).
const (
	maxTime     = 86_400_000 // ms
	maxColors   = 16
	maxSegments = 100
	maxName     = 64
)

// Validate checks every key of an effect that is to be sent to a strip of the
// kind: what the type needs, what it does not have, and each range. Errors
// wrap [wattle.ErrParam].
func (e *Effect) Validate(k Kind) error {
	switch {
	case e.Name == "" || len(e.Name) > maxName:
		return fmt.Errorf("%w: the name of an effect has 1 to %d bytes", wattle.ErrParam, maxName)
	case e.ID == "" || len(e.ID) > maxName:
		return fmt.Errorf("%w: the id of an effect has 1 to %d bytes", wattle.ErrParam, maxName)
	case len(e.Segments) > maxSegments:
		return fmt.Errorf("%w: %d segments are more than %d", wattle.ErrParam, len(e.Segments), maxSegments)
	}
	for _, n := range e.Segments {
		if n < 0 || n > maxSegments {
			return fmt.Errorf("%w: segment %d is not in 0 to %d", wattle.ErrParam, n, maxSegments)
		}
	}
	if err := inside("brightness", e.Brightness, 0, 100); err != nil {
		return err
	}
	if err := e.checkColors(); err != nil {
		return err
	}
	if err := e.checkNumbers(); err != nil {
		return err
	}
	if k == Segment {
		return e.checkSegment()
	}
	return e.checkType()
}

func inside(key string, n, lo, hi int) error {
	if n < lo || n > hi {
		return fmt.Errorf("%w: %s %d is not in %d to %d", wattle.ErrParam, key, n, lo, hi)
	}
	return nil
}

func (e *Effect) checkColors() error {
	for key, list := range map[string][]Color{
		"display_colors": e.Display, "sequence": e.Sequence, "init_states": e.InitStates,
		"backgrounds": e.Backgrounds, "trans_sequence": e.TransSequence, "states": e.States,
	} {
		most := maxColors
		if key == "states" {
			most = maxSegments
		}
		if len(list) > most {
			return fmt.Errorf("%w: %s has %d colours, and at most %d are allowed", wattle.ErrParam, key, len(list), most)
		}
		for _, c := range list {
			if err := c.Check(); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
			if kelvin := c.Kelvin.Or(0); kelvin < 0 || kelvin > 10_000 {
				return fmt.Errorf("%w: %s: %d is not a colour temperature in K", wattle.ErrParam, key, kelvin)
			}
		}
	}
	return nil
}

func (e *Effect) checkNumbers() error {
	for _, n := range []struct {
		key    string
		value  method.Opt[int]
		lo, hi int
	}{
		{"expansion_strategy", e.Expansion, 1, 2},
		{"duration", e.Duration, 0, maxTime},
		{"transition", e.Transition, 0, maxTime},
		{"direction", e.Direction, 1, 4},
		{"spread", e.Spread, 0, maxSegments},
		{"repeat_times", e.RepeatTimes, 0, 1_000_000},
		{"run_time", e.RunTime, 0, maxTime},
		{"fadeoff", e.FadeOff, 0, maxTime},
		{"random_seed", e.RandomSeed, 0, 1_000_000},
	} {
		if value, ok := n.value.Get(); ok {
			if err := inside(n.key, value, n.lo, n.hi); err != nil {
				return err
			}
		}
	}
	for _, r := range []struct {
		key   string
		value *Range
		hi    int
	}{
		{"hue_range", e.Hues, 360}, {"saturation_range", e.Saturations, 100},
		{"brightness_range", e.Brightnesses, 100}, {"transition_range", e.TransitionRange, maxTime},
	} {
		if v := r.value; v != nil && (v[0] < 0 || v[1] > r.hi || v[0] > v[1]) {
			return fmt.Errorf("%w: %s %d to %d is not in 0 to %d", wattle.ErrParam, r.key, v[0], v[1], r.hi)
		}
	}
	return nil
}

// checkType asks for what the type needs.
func (e *Effect) checkType() error {
	switch e.Type {
	case Sequence, Pulse:
		switch {
		case len(e.Sequence) == 0:
			return fmt.Errorf("%w: an effect of type %s needs colours in sequence", wattle.ErrParam, e.Type)
		case !e.Direction.Known() || !e.Spread.Known() || !e.RepeatTimes.Known():
			return fmt.Errorf("%w: an effect of type %s needs direction, spread and repeat_times", wattle.ErrParam, e.Type)
		case e.Hues != nil || e.Saturations != nil || e.Brightnesses != nil || e.InitStates != nil || e.Backgrounds != nil:
			return fmt.Errorf("%w: ranges and backgrounds belong to effects of type random, not %s", wattle.ErrParam, e.Type)
		}
	case Random:
		switch {
		case e.Hues == nil || e.Saturations == nil || e.Brightnesses == nil || len(e.InitStates) == 0:
			return fmt.Errorf("%w: an effect of type random needs hue_range, saturation_range, brightness_range and init_states", wattle.ErrParam)
		case e.Sequence != nil || e.Direction.Known() || e.Spread.Known():
			return fmt.Errorf("%w: sequence, direction and spread do not belong to effects of type random", wattle.ErrParam)
		}
	default:
		return fmt.Errorf("%w: %q is not a type of effects: sequence, random or pulse", wattle.ErrParam, e.Type)
	}
	switch {
	case len(e.Segments) == 0:
		return fmt.Errorf("%w: an effect needs segments, [0] for the whole strip", wattle.ErrParam)
	case !e.Expansion.Known() || !e.Duration.Known() || !e.Transition.Known():
		return fmt.Errorf("%w: an effect needs expansion_strategy, duration and transition", wattle.ErrParam)
	}
	return nil
}

// checkSegment: the built-in ones are named, the custom ones are spelt out.
func (e *Effect) checkSegment() error {
	switch {
	case len(e.Display) == 0:
		return fmt.Errorf("%w: a segment effect needs display_colors", wattle.ErrParam)
	case !bool(e.Custom):
		return nil
	case !slices.Contains(SegmentTypes, e.Type):
		return fmt.Errorf("%w: %q is not a type of segment effects: %v", wattle.ErrParam, e.Type, SegmentTypes)
	case len(e.Segments) == 0 || len(e.States) != len(e.Segments):
		return fmt.Errorf("%w: a custom segment effect needs a colour in states for each of segments", wattle.ErrParam)
	}
	return nil
}
