package effect

import (
	"encoding/json"
	"fmt"

	"wattle"
	"wattle/feature"
	"wattle/method"
)

// Kind says which sort of strip an effect is for. Values are printed.
type Kind string

// The kinds.
const (
	IOT     Kind = "iot"     // Kasa light strips
	SMART   Kind = "smart"   // Tapo light strips
	Segment Kind = "segment" // Tapo light strips whose segments have colours of their own
)

// Color is a colour of an effect: hue 0 to 360, saturation and value 0 to
// 100. Segment effects add a colour temperature in K, 0 where the hue counts.
// On the wire it is a list of three or four numbers.
type Color struct {
	feature.HSV
	Kelvin method.Opt[int]
}

// UnmarshalJSON reads a list of three or four numbers.
func (c *Color) UnmarshalJSON(b []byte) error {
	var n []int
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	if len(n) != 3 && len(n) != 4 {
		return fmt.Errorf("%w: a colour of an effect has 3 or 4 numbers, not %d", wattle.ErrParam, len(n))
	}
	*c = Color{HSV: feature.HSV{Hue: n[0], Saturation: n[1], Value: n[2]}}
	if len(n) == 4 {
		c.Kelvin = method.Some(n[3])
	}
	return nil
}

// MarshalJSON writes a list of three numbers, of four where Kelvin is known.
func (c Color) MarshalJSON() ([]byte, error) {
	n := []int{c.Hue, c.Saturation, c.Value}
	if k, ok := c.Kelvin.Get(); ok {
		n = append(n, k)
	}
	return json.Marshal(n)
}

// Bit is a switch as effects want it: 0 or 1. It is read from true and false
// as well.
type Bit bool

// UnmarshalJSON takes 0, 1, true and false.
func (b *Bit) UnmarshalJSON(raw []byte) error {
	var o method.Opt[bool]
	_ = o.UnmarshalJSON(raw) // never fails
	on, ok := o.Get()
	if !ok {
		return fmt.Errorf("%w: %.20s is neither 0 nor 1", wattle.ErrParam, raw)
	}
	*b = Bit(on)
	return nil
}

// MarshalJSON writes 0 or 1.
func (b Bit) MarshalJSON() ([]byte, error) {
	if b {
		return []byte("1"), nil
	}
	return []byte("0"), nil
}

// Range is the lowest and the highest value, both included.
type Range [2]int

// UnmarshalJSON reads a list of two numbers.
func (r *Range) UnmarshalJSON(b []byte) error {
	var n []int
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	if len(n) != 2 {
		return fmt.Errorf("%w: a range has 2 numbers, not %d", wattle.ErrParam, len(n))
	}
	*r = Range{n[0], n[1]}
	return nil
}

// Effect is an effect of a light strip with all parameters, as
// set_lighting_effect (and, for [Segment], apply_segment_effect_rule) takes it.
// Fields that a type does not have are not known or nil. Times are in ms.
type Effect struct {
	ID         string          `json:"id"`
	Name       string          `json:"name"`
	Custom     Bit             `json:"custom"`
	Enable     Bit             `json:"enable"`
	Brightness int             `json:"brightness"`              // %, 0 to 100
	Type       string          `json:"type,omitempty"`          // sequence, random, pulse; of segments see [SegmentTypes]
	Segments   []int           `json:"segments,omitzero"`       // {0}: the whole strip
	Device     string          `json:"deviceType,omitzero"`     // "strip" in custom segment effects
	States     []Color         `json:"states,omitzero"`         // the colour of each segment
	Display    []Color         `json:"display_colors,omitzero"` // what an app shows
	Expansion  method.Opt[int] `json:"expansion_strategy,omitzero"`
	Duration   method.Opt[int] `json:"duration,omitzero"`
	Transition method.Opt[int] `json:"transition,omitzero"`

	Sequence    []Color         `json:"sequence,omitzero"`
	Direction   method.Opt[int] `json:"direction,omitzero"` // 1 to 4
	Spread      method.Opt[int] `json:"spread,omitzero"`
	RepeatTimes method.Opt[int] `json:"repeat_times,omitzero"` // 0: for ever
	RunTime     method.Opt[int] `json:"run_time,omitzero"`
	// TransSequence is an empty list in the built-in effects that have it.
	TransSequence []Color `json:"trans_sequence,omitzero"`

	Hues            *Range          `json:"hue_range,omitempty"`        // degrees
	Saturations     *Range          `json:"saturation_range,omitempty"` // %
	Brightnesses    *Range          `json:"brightness_range,omitempty"` // %
	TransitionRange *Range          `json:"transition_range,omitempty"` // ms
	InitStates      []Color         `json:"init_states,omitzero"`
	Backgrounds     []Color         `json:"backgrounds,omitzero"`
	FadeOff         method.Opt[int] `json:"fadeoff,omitzero"`
	RandomSeed      method.Opt[int] `json:"random_seed,omitzero"`

	// Extra are the fields that are not declared here.
	Extra method.Extra `json:"-"`
}

// UnmarshalJSON keeps the fields that are not declared.
func (e *Effect) UnmarshalJSON(b []byte) (err error) {
	type plain Effect
	*e = Effect{}
	e.Extra, err = method.DecodeWithExtra(b, (*plain)(e))
	return err
}

// MarshalJSON writes the whole object.
func (e Effect) MarshalJSON() ([]byte, error) {
	type plain Effect
	return method.EncodeWithExtra(plain(e), e.Extra)
}

// Switched is the effect as it is sent to start or to end it.
func (e Effect) Switched(on bool) Effect {
	e.Enable = Bit(on)
	return e
}

// Colors are the colours to show for the effect: those of the app, else those
// that it runs through.
func (e *Effect) Colors() []feature.HSV {
	for _, list := range [][]Color{e.Display, e.Sequence, e.States, e.InitStates} {
		if len(list) == 0 {
			continue
		}
		out := make([]feature.HSV, len(list))
		for i, c := range list {
			out[i] = c.HSV
		}
		return out
	}
	return nil
}
