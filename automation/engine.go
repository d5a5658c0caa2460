package automation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"wattle"
	"wattle/hub"
	"wattle/rule"
)

// Options are settings of an engine; all but Hub may be left out.
type Options struct {
	Hub *hub.Hub
	// Keep stores groups, scenes and rules; nil keeps them for this run.
	Keep hub.Keep
	// Zone is whose clock rules follow; nil for time.Local.
	Zone *time.Location
	// Place is where the home is, for the sun. Where it is the zero Place the
	// devices are asked, and without an answer the sun rises at 6:30 and sets at
	// 18:30.
	Place rule.Place
	// Logger gets one line for each run of a rule that does something or fails; nil
	// means none.
	Logger *slog.Logger
}

// Engine holds groups, scenes and rules, and carries them out. Make it with [New].
// It is safe for concurrent use.
type Engine struct {
	hub     *hub.Hub
	keep    hub.Keep
	zone    *time.Location
	options Options
	log     *slog.Logger

	groups Shelf[Group]
	scenes Shelf[Scene]
	rules  Shelf[Rule]

	changed chan struct{} // holds a token when the clock has to look again

	where atomic.Pointer[rule.Place] // the home, see [Options.Place]

	mu      sync.Mutex
	plans   map[string]*plan   // of the rules, by folded name
	runners map[string]*runner // the same; they outlive changes of a rule
	running *sync.WaitGroup    // of Run, nil while it does not run
	ctx     context.Context    // of Run
	begins  []begun            // what a view has set off, until the lock is free
	journal journal
	rooms   map[hub.ID]string // in which devices were when plans were made
	here    rule.Place        // for which the clocks were computed
}

// New makes an engine without rules. It does no I/O.
func New(o *Options) (*Engine, error) {
	if o == nil || o.Hub == nil {
		return nil, fmt.Errorf("%w: automation needs a hub", wattle.ErrParam)
	}
	e := &Engine{
		hub: o.Hub, keep: o.Keep, zone: o.Zone, options: *o, log: o.Logger,
		changed: make(chan struct{}, 1), plans: map[string]*plan{}, runners: map[string]*runner{},
	}
	e.where.Store(&o.Place)
	if e.zone == nil {
		e.zone = time.Local
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	e.groups = Shelf[Group]{
		what: "group", keep: o.Keep, changed: e.refresh, gone: e.groupNeeded,
		check: func(g *Group) error { return e.world().group(g) },
	}
	e.scenes = Shelf[Scene]{
		what: "scene", keep: o.Keep, changed: e.refresh, gone: e.sceneNeeded,
		check: func(s *Scene) error { return e.world().scene(s) },
	}
	e.rules = Shelf[Rule]{
		what: "rule", keep: o.Keep, changed: e.refresh,
		check: func(r *Rule) error { return e.world().rule(r) },
	}
	return e, nil
}

// Groups, Scenes and Rules are what is stored.
func (e *Engine) Groups() *Shelf[Group] { return &e.groups }

// Scenes are the stored scenes.
func (e *Engine) Scenes() *Shelf[Scene] { return &e.scenes }

// Rules are the stored rules.
func (e *Engine) Rules() *Shelf[Rule] { return &e.rules }

// Load reads what was stored. Call it once, before [Engine.Run]. What cannot be
// read is left as it is on disk, and told.
func (e *Engine) Load(ctx context.Context) error {
	err := errors.Join(e.groups.load(ctx), e.scenes.load(ctx), e.rules.load(ctx))
	e.refresh()
	return err
}

// Enable switches a rule on or off.
func (e *Engine) Enable(ctx context.Context, name string, on bool) (Rule, error) {
	for {
		r, err := e.rules.Get(name)
		if err != nil || r.Disabled == !on {
			return r, err
		}
		r.Disabled = !on
		stored, err := e.rules.set(ctx, r)
		if !errors.Is(err, ErrChanged) {
			return stored, err
		}
	}
}

// SetPlace changes [Options.Place]: what waits for the sun waits for the one there.
func (e *Engine) SetPlace(p rule.Place) {
	if *e.where.Swap(&p) != p {
		e.wake()
	}
}

// place is where the home is.
func (e *Engine) place() rule.Place {
	if p := *e.where.Load(); p != (rule.Place{}) {
		return p
	}
	for _, v := range e.hub.Views() {
		if v.State == nil {
			continue
		}
		if l, ok := v.State.Location(); ok && (l.Latitude != 0 || l.Longitude != 0) {
			return rule.Place{Latitude: l.Latitude, Longitude: l.Longitude}
		}
	}
	return rule.Place{}
}

// wake makes the clock look at what was changed.
func (e *Engine) wake() {
	select {
	case e.changed <- struct{}{}:
	default:
	}
}

// groupNeeded refuses to delete a group that others name.
func (e *Engine) groupNeeded(name string) error {
	word := "@" + name
	names := func(words []string) bool {
		for _, w := range words {
			if fold(w) == word {
				return true
			}
		}
		return false
	}
	for _, g := range e.groups.present() {
		if names(g.Devices) {
			return fmt.Errorf("%w: the group %q contains it", wattle.ErrParam, g.Name)
		}
	}
	for _, s := range e.scenes.present() {
		for _, p := range s.Parts {
			if fold(p.Device) == word {
				return fmt.Errorf("%w: the scene %q sets it", wattle.ErrParam, s.Name)
			}
		}
	}
	for _, r := range e.rules.present() {
		for _, t := range r.On {
			if names(t.Devices) {
				return fmt.Errorf("%w: the rule %q watches it", wattle.ErrParam, r.Name)
			}
		}
		for _, a := range r.Do {
			if names(a.Devices) {
				return fmt.Errorf("%w: the rule %q uses it", wattle.ErrParam, r.Name)
			}
		}
	}
	return nil
}

// sceneNeeded refuses to delete a scene that rules use.
func (e *Engine) sceneNeeded(name string) error {
	for _, r := range e.rules.present() {
		for _, a := range r.Do {
			if fold(a.Scene) == name {
				return fmt.Errorf("%w: the rule %q uses it", wattle.ErrParam, r.Name)
			}
		}
	}
	return nil
}
