package automation

import (
	"strings"
	"time"

	"github.com/expr-lang/expr/vm"

	"wattle/feature"
	"wattle/hub"
)

// plan is a rule, ready to be carried out. The engine's lock guards what changes
// in it.
type plan struct {
	key     string
	rule    *Rule // never changed
	program *vm.Program
	broken  error // why it cannot run, nil if it can
	clocks  []*clock
	watches []*watch
}

// clock is a trigger by time.
type clock struct {
	trigger *Trigger
	times   times
	next    time.Time // zero: not computed yet, or never
	last    time.Time // when it came last
}

// watch is a trigger on a feature or an event.
type watch struct {
	trigger *Trigger
	any     bool            // event of whatever device
	slugs   map[string]bool // of the devices
	seen    map[string]*seen
}

// seen is what is known of a feature of one device.
type seen struct {
	fits  bool
	value any
	due   time.Time // when it will have lasted long enough, zero if it does not run
	fired bool      // that it has lasted has been told
	cause cause     // of due
}

// refresh makes plans of the rules, after they or groups were changed, or a device is
// in another room. Rules that did not change go on as they were.
func (e *Engine) refresh() {
	w := e.world()
	views := e.hub.Views()
	rooms := map[hub.ID]string{}
	for _, v := range views {
		if v.Room.Name != "" {
			rooms[v.ID] = v.Room.Name
		}
	}
	now := time.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	plans := map[string]*plan{}
	for key, r := range e.rules.present() {
		p := e.plans[key]
		if p == nil || p.rule.Rev != r.Rev {
			p = e.plan(key, r)
		}
		for _, watch := range p.watches {
			watch.any = len(watch.trigger.Devices) == 0
			watch.slugs = map[string]bool{}
			for _, slug := range w.expand(watch.trigger.Devices...) {
				watch.slugs[slug] = true
			}
			for slug := range watch.seen {
				if !watch.slugs[slug] {
					delete(watch.seen, slug)
				}
			}
		}
		plans[key] = p
		for _, v := range views {
			e.look(p, v, now, true)
		}
	}
	for key, r := range e.runners {
		if r.active != nil && plans[key] != r.active.plan {
			r.queue = nil
			r.active.cancel(errRuleGone)
		}
		if plans[key] == nil && r.active == nil {
			delete(e.runners, key)
		}
	}
	e.plans, e.rooms = plans, rooms
	e.wake()
}

// plan compiles a rule. One that was stored and does not compile any more is kept,
// and says so when it is to run.
func (e *Engine) plan(key string, r *Rule) *plan {
	p := &plan{key: key, rule: r}
	p.program, p.broken = (*world)(nil).compile(r.If)
	for i := range r.On {
		t := &r.On[i]
		if t.At == "" && t.Cron == "" {
			p.watches = append(p.watches, &watch{trigger: t, seen: map[string]*seen{}})
			continue
		}
		times, err := timesOf(t, e.place)
		if err != nil {
			p.broken = err
			continue
		}
		p.clocks = append(p.clocks, &clock{trigger: t, times: times})
	}
	return p
}

// look holds a view against the triggers of a plan; it is called with the lock
// held. first takes only what was not seen yet: how devices are when the engine
// begins to look.
func (e *Engine) look(p *plan, v *hub.View, now time.Time, first bool) {
	slug := hub.Slug(v.ID)
	for _, watch := range p.watches {
		if watch.trigger.Feature == "" || !watch.slugs[slug] {
			continue
		}
		value, known := valueOf(v, watch.trigger.Feature)
		before := watch.seen[slug]
		if first && before != nil && before.value != nil {
			continue // its change comes through the subscription
		}
		if before == nil {
			before = &seen{}
			watch.seen[slug] = before
		}
		if !known {
			before.due = time.Time{} // nobody knows whether it lasts
			continue
		}
		if c, ok := watch.met(v, before, value, now); ok && !p.rule.Disabled {
			e.begins = append(e.begins, begun{p, c})
		}
		if !before.due.IsZero() {
			e.wake()
		}
	}
}

// met takes a value that is known, and reports whether it sets the rule off now.
func (w *watch) met(v *hub.View, s *seen, value any, at time.Time) (c cause, begins bool) {
	t := w.trigger
	c = cause{
		Kind: "feature", Device: v.Name, Slug: hub.Slug(v.ID), Feature: t.Feature, Value: value, Before: s.value,
		text: v.Name + ": " + t.words(),
	}
	first, did, fits := s.value == nil, s.fits, t.fits(value)
	changed := !first && value != s.value
	s.value, s.fits = value, fits
	switch {
	case !fits:
		s.due, s.fired = time.Time{}, false
	case t.For > 0:
		if s.due.IsZero() && !s.fired {
			s.due, s.cause = at.Add(time.Duration(t.For)), c
		}
	case t.Becomes == nil && t.Above == nil && t.Below == nil:
		return c, changed
	default:
		return c, !first && !did
	}
	return c, false
}

// fits reports whether a value is what a trigger waits for.
func (t *Trigger) fits(value any) bool {
	if t.Becomes != nil {
		return same(t.Becomes, value)
	}
	if t.Above == nil && t.Below == nil {
		return true
	}
	n, ok := number(value)
	return ok && (t.Above == nil || n > *t.Above) && (t.Below == nil || n < *t.Below)
}

func number(value any) (float64, bool) {
	switch n := value.(type) {
	case int:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}

func same(want, value any) bool {
	if a, ok := number(want); ok {
		b, ok := number(value)
		return ok && a == b
	}
	a, isText := want.(string)
	b, too := value.(string)
	if isText && too {
		return strings.EqualFold(a, b)
	}
	return want == value
}

// valueOf is a feature of a device as triggers compare it.
func valueOf(v *hub.View, id string) (any, bool) {
	if v.State == nil {
		return nil, false
	}
	if id == "online" {
		return v.Online, true
	}
	if id == "state" {
		on, known := v.State.On()
		return on, known
	}
	value := v.Value(id)
	if !value.Known() {
		return nil, false
	}
	switch x := value.Any().(type) {
	case time.Duration:
		return x.Seconds(), true
	case time.Time:
		return x.Truncate(time.Second).UTC().Format(time.RFC3339), true
	case feature.HSV:
		return x.String(), true
	default:
		return x, true
	}
}
