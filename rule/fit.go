package rule

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"wattle"
	"wattle/method"
)

// Target is what a device can carry out.
type Target struct {
	Family wattle.Family
	// Lamp: a Kasa bulb or light strip, whose rules describe a light.
	Lamp        bool
	Dimmable    bool
	Color       bool
	Temperature bool
	// Cleans: a vacuum, whose rules clean and do nothing else.
	Cleans bool
	// ActionWord: older Tapo firmware, which wants on or off as a word as well.
	ActionWord bool
}

// Loss is something of a rule that a device cannot carry out.
type Loss struct {
	Rule   string `json:"rule"`  // in words
	Field  string `json:"field"` // what is lost: brightness, end, …, or rule for all of it
	Value  string `json:"value,omitempty"`
	Reason string `json:"reason"`
}

// String is "daily 18:30 on, 40 %: brightness 40: the device cannot be dimmed".
func (l Loss) String() string {
	what := l.Field
	if l.Value != "" {
		what += " " + l.Value
	}
	return fmt.Sprintf("%s: %s: %s", l.Rule, what, l.Reason)
}

// Fit gives the rule as a device can have it, and everything that is lost. ok
// is false where so much is lost that the rule makes no sense there.
func Fit(s Schedule, t *Target) (fitted Schedule, losses []Loss, ok bool) {
	f := fitter{t: t, rule: s.String()}
	ok = true
	whole := func(reason string) {
		f.lose("rule", "", reason)
		ok = false
	}
	other := s.Family != "" && s.Family != t.Family
	switch {
	case s.Action.Do == Other && s.Family != t.Family:
		whole("its action is known to the device that it comes from only")
	case s.Action.Do == Other && s.Extra["clean_attr"] != nil && !t.Cleans:
		whole("the device cannot clean")
	case s.Action.Do != Other && t.Cleans:
		whole("a vacuum's rules clean; they do not turn on or off")
	case t.Family == wattle.SMART && s.At.From == Never:
		whole("Tapo devices have no rules without a time")
	case t.Family == wattle.SMART && s.Action.Do == Nothing:
		whole("Tapo devices have no rules that do nothing")
	}
	if t.Family == wattle.SMART {
		if s.End != nil {
			f.lose("end", s.End.At.String()+" "+s.End.Action.String(), "Tapo devices have no intervals; add a rule for the end")
			s.End = nil
		}
		if s.Name != "" {
			f.lose("name", s.Name, "Tapo devices have no names for rules")
			s.Name = ""
		}
	}
	if other {
		f.unknown(s.Extra)
		s.Extra, s.Made, s.Computed = nil, Date{}, method.Opt[int]{}
		s.Family, s.ID = "", ""
	}
	s.Action = f.action(s.Action, other)
	if s.End != nil {
		end := *s.End
		end.Action = f.action(end.Action, other)
		s.End = &end
	}
	return s, f.losses, ok
}

type fitter struct {
	t      *Target
	rule   string
	losses []Loss
}

func (f *fitter) lose(field, value, reason string) {
	f.losses = append(f.losses, Loss{f.rule, field, value, reason})
}

// harmless are fields that say nothing with the given value.
var harmless = map[string]string{
	"force": "0", "latitude": "0", "longitude": "0", "auto": "false", "invalid": "0",
}

func (f *fitter) unknown(extra method.Extra) {
	for _, key := range slices.Sorted(maps.Keys(extra)) {
		if value, ok := harmless[key]; ok && value == compact(extra[key]) {
			continue
		}
		f.lose(key, clip(compact(extra[key])), "it is known to the family of the device that it comes from only")
	}
}

// compact is JSON without blanks, and in one order.
func compact(raw json.RawMessage) string {
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return string(raw)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return string(raw)
	}
	return string(b)
}

func (f *fitter) action(a Action, other bool) Action {
	if other {
		f.unknown(a.Extra)
		a.Extra = nil
	}
	drop := func(v *method.Opt[int], field, unit string, able bool, reason string) {
		if n, ok := v.Get(); ok && !able {
			f.lose(field, fmt.Sprintf("%d%s", n, unit), reason)
			*v = method.Opt[int]{}
		}
	}
	t := f.t
	drop(&a.Brightness, "brightness", " %", t.Dimmable, "the device cannot be dimmed")
	drop(&a.ColorTemp, "color_temperature", " K", t.Temperature, "the device has no variable white")
	drop(&a.Hue, "hue", "", t.Color, "the device has no colours")
	drop(&a.Saturation, "saturation", " %", t.Color, "the device has no colours")
	fades := t.Lamp || t.Family == wattle.SMART && t.Dimmable
	if a.Transition.Or(0) == 0 && !fades {
		a.Transition = method.Opt[int]{}
	}
	drop(&a.Transition, "transition", " ms", fades, "the device has no transitions in rules")
	return a
}
