package automation

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"wattle"
	"wattle/device"
	"wattle/feature"
	"wattle/hub"
)

// actTimeout is for one step on all of its devices.
const actTimeout = 30 * time.Second

// Outcome is how something went on one device.
type Outcome struct {
	Device string `json:"device"` // its slug
	Name   string `json:"name"`
	Did    string `json:"did"` // brightness=40 state=on
	Err    error  `json:"-"`
	Error  string `json:"error,omitempty"` // of Err
}

// Members are the devices that a word means: one device, or those of a "@group" or
// a "room:NAME", as far as they are in the hub. Errors wrap [wattle.ErrNotFound], or
// [wattle.ErrParam] for a word that means several.
func (e *Engine) Members(word string) ([]*hub.View, error) {
	w := e.world()
	if name, ok := hub.CutRoom(word); ok {
		room, err := w.room(name)
		if err != nil {
			return nil, err
		}
		word = room
	}
	if name, ok := strings.CutPrefix(word, "@"); ok && fold(name) != "all" && w.groups[fold(name)] == nil {
		return nil, fmt.Errorf("%w: no group %q", wattle.ErrNotFound, clip(name))
	}
	var out []*hub.View
	for _, slug := range w.expand(word) {
		v, err := e.hub.Find(slug)
		switch {
		case err == nil:
			out = append(out, v)
		case slug == word:
			return nil, err
		}
	}
	return out, nil
}

// each does something on all devices at once, and tells how it went in their
// order. Words are as for a [Group].
func (e *Engine) each(ctx context.Context, words []string, do func(ctx context.Context, v *hub.View) (did string, err error)) []Outcome {
	ctx, cancel := context.WithTimeout(ctx, actTimeout)
	defer cancel()
	slugs := e.world().expand(words...)
	out := make([]Outcome, len(slugs))
	var doing sync.WaitGroup
	for i, slug := range slugs {
		doing.Go(func() {
			o := &out[i]
			o.Device = slug
			v, err := e.hub.Find(slug)
			if err == nil {
				o.Name, o.Device = v.Name, hub.Slug(v.ID)
				o.Did, err = do(ctx, v)
			}
			if err != nil {
				o.Err, o.Error = err, err.Error()
			}
		})
	}
	doing.Wait()
	return slices.DeleteFunc(out, func(o Outcome) bool { return o.Did == "" && o.Err == nil })
}

// failure is the first error of outcomes.
func failure(list []Outcome) error {
	for i := range list {
		if list[i].Err != nil {
			return fmt.Errorf("%s: %w", list[i].Name, list[i].Err)
		}
	}
	return nil
}

// Set gives devices new values, each those of the features that it has, all devices
// at the same time. Words are devices, "@group" and "room:NAME". How it went stands in the
// outcomes; the error is for words that mean nothing, wraps [wattle.ErrParam] or
// [wattle.ErrNotFound], and then nothing was done.
func (e *Engine) Set(ctx context.Context, words []string, set map[string]any) ([]Outcome, error) {
	words = slices.Clone(words)
	if err := e.world().words("devices", words); err != nil {
		return nil, err
	}
	if len(set) == 0 {
		return nil, bad("nothing to set")
	}
	return e.set(ctx, words, set), nil
}

func (e *Engine) set(ctx context.Context, words []string, set map[string]any) []Outcome {
	single := len(e.world().expand(words...)) == 1
	return e.each(ctx, words, func(ctx context.Context, v *hub.View) (string, error) {
		settings := settingsFor(v, set, single)
		if len(settings) == 0 {
			return "", nil
		}
		return say(settings), e.hub.Set(ctx, v.ID, settings...)
	})
}

// settingsFor leaves out what a device of a group does not have. State comes
// first.
func settingsFor(v *hub.View, set map[string]any, all bool) []device.Setting {
	var out []device.Setting
	for _, id := range slices.Sorted(maps.Keys(set)) {
		has := all || v.State == nil
		if v.State != nil {
			r, ok := v.State.Reading(id)
			_, switches := v.State.On()
			has = has || ok && r.Settable || id == "state" && switches
		}
		if has {
			out = append(out, device.Setting{ID: id, Value: set[id]})
		}
	}
	slices.SortStableFunc(out, func(a, b device.Setting) int {
		switch {
		case a.ID == b.ID:
			return 0
		case a.ID == "state":
			return -1
		case b.ID == "state":
			return 1
		}
		return 0
	})
	return out
}

func say(settings []device.Setting) string {
	var words []string
	for _, s := range settings {
		words = append(words, fmt.Sprintf("%s=%v", s.ID, s.Value))
	}
	return strings.Join(words, " ")
}

// Toggle switches devices: a single one to the opposite; of several all off where
// one is on, else all on. Errors are as for [Engine.Set].
func (e *Engine) Toggle(ctx context.Context, words []string) ([]Outcome, error) {
	words = slices.Clone(words)
	if err := e.world().words("devices", words); err != nil {
		return nil, err
	}
	return e.toggle(ctx, words), nil
}

func (e *Engine) toggle(ctx context.Context, words []string) []Outcome {
	slugs := e.world().expand(words...)
	if len(slugs) == 1 {
		return e.each(ctx, words, func(ctx context.Context, v *hub.View) (string, error) {
			on, err := e.hub.Toggle(ctx, v.ID)
			return fmt.Sprintf("state=%v", on), err
		})
	}
	return e.set(ctx, words, map[string]any{"state": !e.anyOn(slugs)})
}

func (e *Engine) anyOn(slugs []string) bool {
	for _, slug := range slugs {
		if v, err := e.hub.Find(slug); err == nil && v.State != nil {
			if on, known := v.State.On(); known && on {
				return true
			}
		}
	}
	return false
}

func (e *Engine) act(ctx context.Context, words []string, action string) []Outcome {
	single := len(e.world().expand(words...)) == 1
	return e.each(ctx, words, func(ctx context.Context, v *hub.View) (string, error) {
		if v.State != nil && !single {
			if r, ok := v.State.Reading(action); !ok || r.Kind != feature.Action {
				return "", nil
			}
		}
		return action, e.hub.Act(ctx, v.ID, action)
	})
}

// Apply sets all devices of a scene at the same time. The error wraps
// [wattle.ErrNotFound] for an unknown scene; how it went stands in the outcomes.
func (e *Engine) Apply(ctx context.Context, scene string) ([]Outcome, error) {
	s, err := e.scenes.Get(scene)
	if err != nil {
		return nil, err
	}
	var setting sync.WaitGroup
	parts := make([][]Outcome, len(s.Parts))
	for i, p := range s.Parts {
		setting.Go(func() { parts[i] = e.set(ctx, []string{p.Device}, p.Set) })
	}
	setting.Wait()
	return slices.Concat(parts...), nil
}

// Capture makes a scene of how devices are now: what people set on them. Devices
// that are off are stored as off only. It is not stored yet: see [Shelf.Put].
// Errors wrap [wattle.ErrParam] or [wattle.ErrNotFound], or say that nothing is
// known of a device.
func (e *Engine) Capture(name string, words []string) (Scene, error) {
	words = slices.Clone(words)
	w := e.world()
	if err := w.words("devices", words); err != nil {
		return Scene{}, err
	}
	s := Scene{Name: name}
	for _, slug := range w.expand(words...) {
		v, err := e.hub.Find(slug)
		if err != nil {
			return Scene{}, err
		}
		if v.State == nil {
			return Scene{}, fmt.Errorf("%s: %w: it was not read yet", v.Name, wattle.ErrUnreachable)
		}
		if set := present(v); len(set) > 0 {
			s.Parts = append(s.Parts, ScenePart{Device: slug, Set: set})
		}
	}
	if len(s.Parts) == 0 {
		return Scene{}, bad("none of these devices has anything to set")
	}
	return s, nil
}

// present is what is set on a device. Of an effect, a white and a colour, it is
// what the light shows.
func present(v *hub.View) map[string]any {
	set := map[string]any{}
	if on, known := v.State.On(); known {
		if set["state"] = on; !on {
			return set
		}
	}
	white, _ := v.Value("color_temperature").Number()
	effect, _ := feature.As[string](v.Value("light_effect"))
	moves := effect != "" && !strings.EqualFold(effect, "off")
	for _, r := range v.Readings() {
		shown := r.Category == feature.Primary || r.Kind == feature.Color
		switch {
		case r.Kind == feature.Color:
			shown = shown && white <= 0 && !moves
		case r.ID == "color_temperature":
			shown = white > 0 && !moves
		case r.ID == "light_effect":
			shown = moves
		}
		if !shown || !r.Settable || r.Secret || !r.Value.Known() || r.ID == "state" {
			continue
		}
		switch value := r.Value.Any().(type) {
		case feature.HSV:
			set[r.ID] = value.String()
		case time.Duration, time.Time:
		default:
			set[r.ID] = value
		}
	}
	return set
}
