package effect

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"wattle"
	"wattle/feature"
	"wattle/method"
)

// Spec is what a person wants an effect to look like; [Build] makes the object
// of it. The zero value of a field takes what the built-in effects use.
type Spec struct {
	Name   string        // "" is Custom
	Type   string        // of [Types] or [SegmentTypes]; "" is the first
	Colors []feature.HSV // 1 to 16
	// Brightness in %, 1 to 100; 0 is 100.
	Brightness int
	// Transition is how long one colour takes to become the next, up to 24 h.
	Transition time.Duration
	// Duration is how long a colour stays.
	Duration  time.Duration
	Direction int // 1 to 4, for sequence and pulse
	Spread    int // segments that one colour covers, for sequence and pulse
	Repeat    int // 0: for ever
	// Segments is how many the strip has, for [Segment] only; see
	// get_device_segment.
	Segments int
}

// Build makes a custom effect of colours. Its id follows from what it is, so
// that the same effect has the same id. Errors wrap [wattle.ErrParam].
func Build(k Kind, s Spec) (Effect, error) {
	if len(s.Colors) == 0 {
		return Effect{}, fmt.Errorf("%w: an effect needs at least one colour", wattle.ErrParam)
	}
	e := Effect{Name: cmp.Or(s.Name, "Custom"), Custom: true, Enable: true, Brightness: cmp.Or(s.Brightness, 100)}
	colors := make([]Color, len(s.Colors))
	for i, c := range s.Colors {
		colors[i] = Color{HSV: c}
	}
	if k == Segment {
		e.segmented(s, colors)
	} else {
		e.patterned(k, s, colors)
	}
	return e.identified(k)
}

// patterned fills what effects with one pattern for the whole strip have.
func (e *Effect) patterned(k Kind, s Spec, colors []Color) {
	e.Type = cmp.Or(s.Type, Sequence)
	e.Segments = []int{0}
	e.Expansion = method.Some(1)
	e.Duration = method.Some(int(s.Duration.Milliseconds()))
	e.Transition = method.Some(cmp.Or(int(s.Transition.Milliseconds()), 1500))
	if k == SMART {
		e.Display = colors[:min(len(colors), 4)]
	}
	if e.Type != Random {
		e.Sequence = colors
		e.Direction = method.Some(cmp.Or(s.Direction, 1))
		e.Spread = method.Some(cmp.Or(s.Spread, 7))
		e.RepeatTimes = method.Some(s.Repeat)
		if e.Type == Pulse {
			e.RunTime, e.TransSequence = method.Some(0), []Color{}
		}
		return
	}
	first := colors[0]
	hues, saturations, values := Range{first.Hue, first.Hue}, Range{first.Saturation, first.Saturation}, Range{first.Value, first.Value}
	for _, c := range colors {
		hues, saturations, values = hues.with(c.Hue), saturations.with(c.Saturation), values.with(c.Value)
	}
	e.Hues, e.Saturations, e.Brightnesses = &hues, &saturations, &values
	e.InitStates = colors[:1]
	e.FadeOff, e.RandomSeed = method.Some(1000), method.Some(24)
	e.Backgrounds = colors[:min(len(colors), 4)]
}

func (r Range) with(n int) Range { return Range{min(r[0], n), max(r[1], n)} }

// segmented gives each segment its colour.
func (e *Effect) segmented(s Spec, colors []Color) {
	for i := range colors {
		colors[i].Kelvin = method.Some(0)
	}
	e.Type = cmp.Or(s.Type, SegmentTypes[0])
	e.Device = "strip"
	e.Display = colors[:min(len(colors), 4)]
	n := min(max(s.Segments, len(colors)), maxSegments)
	e.Segments, e.States = make([]int, n), make([]Color, n)
	for i := range n {
		e.Segments[i], e.States[i] = i, colors[i*len(colors)/n]
	}
}

// identified checks the effect and gives it an id, if it has none.
func (e Effect) identified(k Kind) (Effect, error) {
	if e.ID == "" {
		b, err := json.Marshal(e)
		if err != nil {
			return Effect{}, err
		}
		e.ID = newID(k, b)
	}
	if err := e.Validate(k); err != nil {
		return Effect{}, err
	}
	return e, nil
}

// newID has the form of the built-in ids: 32 letters for Kasa strips, 22
// letters and digits after TapoStrip_ for others.
func newID(k Kind, seed []byte) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	sum := sha256.Sum256(seed)
	prefix, alphabet, n := "TapoStrip_", letters+"0123456789", 22
	if k == IOT {
		prefix, alphabet, n = "", letters, 32
	}
	out := []byte(prefix)
	for _, b := range sum[:n] {
		out = append(out, alphabet[int(b)%len(alphabet)])
	}
	return string(out)
}

// IsSpec reports whether a text describes an effect and does not name one:
// it begins with a type, or is a JSON object.
func IsSpec(text string) bool {
	first, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	return strings.HasPrefix(first, "{") || slices.Contains(Types, first) || slices.Contains(SegmentTypes, first)
}

// Parse reads an effect as a person writes it: its type, the colours, and
// settings, separated by blanks,
//
//	sequence red #ff8800 240,100,100 transition=2s direction=4 spread=3
//
// or the whole object as JSON, whose id may be left out. Settings are name,
// brightness (%), transition and duration (such as 1.5s or 300ms), direction,
// spread and repeat. segments is how many segments the strip has, for
// [Segment]. Errors wrap [wattle.ErrParam].
func Parse(k Kind, text string, segments int) (Effect, error) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "{") {
		e := Effect{Custom: true, Enable: true}
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			return Effect{}, fmt.Errorf("%w: this effect is not readable: %w", wattle.ErrParam, err)
		}
		if len(e.Extra) > 0 {
			keys := strings.Join(slices.Sorted(maps.Keys(e.Extra)), ", ")
			return Effect{}, fmt.Errorf("%w: an effect has no such key, or it has another type: %s", wattle.ErrParam, keys)
		}
		e.Custom, e.Enable, e.Name = true, true, cmp.Or(e.Name, "Custom")
		if e.Brightness == 0 {
			e.Brightness = 100
		}
		return e.identified(k)
	}
	words := strings.Fields(text)
	types := Types
	if k == Segment {
		types = SegmentTypes
	}
	if len(words) == 0 || !slices.Contains(types, words[0]) {
		return Effect{}, fmt.Errorf("%w: an effect begins with its type: %s", wattle.ErrParam, strings.Join(types, ", "))
	}
	s := Spec{Type: words[0], Segments: segments}
	for _, w := range words[1:] {
		key, value, setting := strings.Cut(w, "=")
		if !setting {
			c, err := feature.ParseHSV(w)
			if err != nil {
				return Effect{}, err
			}
			s.Colors = append(s.Colors, c)
			continue
		}
		if err := s.set(key, value); err != nil {
			return Effect{}, err
		}
	}
	return Build(k, s)
}

// set takes one KEY=VALUE.
func (s *Spec) set(key, value string) error {
	numbers := map[string]*int{"brightness": &s.Brightness, "direction": &s.Direction, "spread": &s.Spread, "repeat": &s.Repeat}
	times := map[string]*time.Duration{"transition": &s.Transition, "duration": &s.Duration}
	if to, ok := numbers[key]; ok {
		var n method.Opt[int]
		_ = n.UnmarshalJSON([]byte(strings.TrimSuffix(value, "%"))) // never fails
		if *to, ok = n.Get(); !ok {
			return fmt.Errorf("%w: %s=%s is not a whole number", wattle.ErrParam, key, value)
		}
		return nil
	}
	if to, ok := times[key]; ok {
		d, err := time.ParseDuration(value)
		if err != nil || d < 0 || d > 24*time.Hour {
			return fmt.Errorf("%w: %s=%s is not a duration such as 1.5s or 300ms", wattle.ErrParam, key, value)
		}
		*to = d
		return nil
	}
	if key == "name" {
		s.Name = value
		return nil
	}
	return fmt.Errorf("%w: an effect has no setting %q; it has name, brightness, transition, duration, direction, spread and repeat", wattle.ErrParam, key)
}
