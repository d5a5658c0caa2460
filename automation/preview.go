package automation

import (
	"fmt"
	"time"

	"wattle/hub"
)

// Preview is what a rule would do if it ran at a moment.
type Preview struct {
	// Holds tells whether the condition holds, with devices as they are now; Why is
	// why that cannot be told.
	Holds bool   `json:"holds"`
	Why   string `json:"why,omitempty"`
	Steps []Step `json:"steps"` // what would be done, device by device
	// Next are the next times at which triggers by time set it off.
	Next []time.Time `json:"next"`
}

// previewTimes is how many next times are told.
const previewTimes = 5

// Preview says what a rule would do at a moment, without doing it. The rule need
// not be stored; it is checked as if it were. trigger may name one of its triggers,
// counted from 0, for conditions that ask for it; -1 is none.
func (e *Engine) Preview(r Rule, at time.Time, trigger int) (Preview, error) {
	checked, err := through(&r)
	if err != nil {
		return Preview{}, err
	}
	w := e.world()
	if err := w.rule(&checked); err != nil {
		return Preview{}, err
	}
	if trigger >= len(checked.On) {
		return Preview{}, bad("the rule has %d triggers", len(checked.On))
	}
	program, err := w.compile(checked.If)
	if err != nil {
		return Preview{}, err
	}
	c := cause{Kind: "manual"}
	if trigger >= 0 {
		c = e.imagined(&checked.On[trigger])
	}
	out := Preview{Next: []time.Time{}, Steps: []Step{}}
	if out.Holds, err = e.holds(program, at, &c); err != nil {
		out.Why = err.Error()
	}
	for i := range checked.Do {
		out.Steps = append(out.Steps, e.imagine(&checked.Do[i]))
	}
	next := at.In(e.zone)
	for range previewTimes {
		var first time.Time
		for i := range checked.On {
			times, err := timesOf(&checked.On[i], e.place)
			if checked.On[i].At == "" && checked.On[i].Cron == "" || err != nil {
				continue
			}
			if t := times(next); !t.IsZero() && (first.IsZero() || t.Before(first)) {
				first = t
			}
		}
		if first.IsZero() {
			break
		}
		out.Next = append(out.Next, first)
		next = first
	}
	return out, nil
}

// imagined is the cause that a trigger would be.
func (e *Engine) imagined(t *Trigger) cause {
	c := cause{Kind: "time", Feature: t.Feature, Event: t.Event, Value: t.Becomes}
	switch {
	case t.Feature != "":
		c.Kind = "feature"
	case t.Event != "":
		c.Kind = "event"
	}
	if slugs := e.world().expand(t.Devices...); len(slugs) > 0 {
		c.Slug = slugs[0]
		if v, err := e.hub.Find(slugs[0]); err == nil {
			c.Device = v.Name
		}
	}
	return c
}

// imagine says what an action would do.
func (e *Engine) imagine(a *Action) Step {
	step := Step{Action: a.words()}
	switch {
	case a.Scene != "":
		s, err := e.scenes.Get(a.Scene)
		if err != nil {
			step.Error = err.Error()
			return step
		}
		for _, p := range s.Parts {
			step.Outcomes = append(step.Outcomes, e.wouldSet([]string{p.Device}, p.Set)...)
		}
	case a.Set != nil:
		step.Outcomes = e.wouldSet(a.Devices, a.Set)
	case a.Toggle:
		slugs := e.world().expand(a.Devices...)
		step.Outcomes = e.wouldSet(a.Devices, map[string]any{"state": !e.anyOn(slugs)})
	case a.Act != "":
		for _, slug := range e.world().expand(a.Devices...) {
			o := Outcome{Device: slug, Did: a.Act}
			if v, err := e.hub.Find(slug); err == nil {
				o.Name = v.Name
			}
			step.Outcomes = append(step.Outcomes, o)
		}
	}
	return step
}

func (e *Engine) wouldSet(words []string, set map[string]any) []Outcome {
	slugs := e.world().expand(words...)
	var out []Outcome
	for _, slug := range slugs {
		v, err := e.hub.Find(slug)
		if err != nil {
			out = append(out, Outcome{Device: slug, Err: err, Error: err.Error()})
			continue
		}
		if settings := settingsFor(v, set, len(slugs) == 1); len(settings) > 0 {
			o := Outcome{Device: hub.Slug(v.ID), Name: v.Name, Did: say(settings)}
			if !v.Online {
				o.Err = fmt.Errorf("not there now: %s", v.Reason)
				o.Error = o.Err.Error()
			}
			out = append(out, o)
		}
	}
	return out
}
