package automation

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"wattle"
	"wattle/feature"
)

func (w *world) group(g *Group) error {
	if err := checkName(g.Name); err != nil {
		return err
	}
	self := "@" + fold(g.Name)
	for i, word := range g.Devices {
		if fold(word) == self {
			return wrong(fmt.Sprintf("devices[%d]", i), "a group does not contain itself")
		}
	}
	if err := w.words("devices", g.Devices); err != nil {
		return err
	}
	seen := map[string]bool{}
	var within func(words []string) bool
	within = func(words []string) bool {
		for _, word := range words {
			name, isGroup := strings.CutPrefix(fold(word), "@")
			if !isGroup || seen[name] {
				continue
			}
			seen[name] = true
			if word := "@" + name; word == self || w.groups[name] != nil && within(w.groups[name].Devices) {
				return true
			}
		}
		return false
	}
	for i, word := range g.Devices {
		if clear(seen); within([]string{word}) {
			return wrong(fmt.Sprintf("devices[%d]", i), "%s contains this group in turn", word)
		}
	}
	return nil
}

func (w *world) scene(s *Scene) error {
	if err := checkName(s.Name); err != nil {
		return err
	}
	if len(s.Parts) == 0 || len(s.Parts) > maxDevices {
		return wrong("devices", "%d of them: want 1 to %d", len(s.Parts), maxDevices)
	}
	for i := range s.Parts {
		path := fmt.Sprintf("devices[%d]", i)
		slug, err := w.word(path+".device", s.Parts[i].Device)
		if err != nil {
			return err
		}
		s.Parts[i].Device = slug
		if err := w.set(path+".set", []string{slug}, s.Parts[i].Set); err != nil {
			return err
		}
	}
	return nil
}

// set checks new values against the devices, as far as these are known.
func (w *world) set(path string, words []string, set map[string]any) error {
	if len(set) == 0 || len(set) > maxSteps {
		return wrong(path, "%d settings: want 1 to %d", len(set), maxSteps)
	}
	for _, id := range slices.Sorted(maps.Keys(set)) {
		fits, err := w.some(words, func(r *feature.Reading) error {
			if !r.Settable {
				return fmt.Errorf("%s: %w", id, feature.ErrReadOnly)
			}
			return fitting(r, set[id])
		}, id)
		if !fits {
			return &FieldError{path + "." + id, param(err)}
		}
	}
	return nil
}

// fitting reports roughly whether a feature takes a value; the device's row says
// the rest when it is set.
func fitting(r *feature.Reading, value any) error {
	switch v := value.(type) {
	case bool:
		if r.Kind != feature.Switch {
			return fmt.Errorf("%s takes no on or off", r.ID)
		}
	case float64:
		if r.Kind == feature.Number && r.HasRange() && (v < r.Min || v > r.Max) {
			return fmt.Errorf("%s takes %s", r.ID, r.Range())
		}
		if r.Kind == feature.Switch || r.Kind == feature.Choice {
			return fmt.Errorf("%s takes no number", r.ID)
		}
	case nil:
		return fmt.Errorf("%s has no value", r.ID)
	}
	return nil
}

// some reports whether one of the devices has a feature that passes a test, or
// none of them is known well enough to tell.
func (w *world) some(words []string, test func(*feature.Reading) error, id string) (bool, error) {
	err := fmt.Errorf("no device here has the feature %s", id)
	for _, slug := range w.expand(words...) {
		v, _ := w.find(slug)
		if v == nil || v.State == nil {
			return true, nil
		}
		r, ok := v.State.Reading(id)
		if !ok && id == "state" {
			if _, known := v.State.On(); known {
				return true, nil // a strip, which switches its outlets
			}
		}
		if !ok {
			continue
		}
		if err = test(&r); err == nil {
			return true, nil
		}
	}
	return len(w.expand(words...)) == 0, err
}

func param(err error) error {
	if errors.Is(err, wattle.ErrParam) {
		return err
	}
	return fmt.Errorf("%w: %w", wattle.ErrParam, err)
}

func (w *world) rule(r *Rule) error {
	if err := checkName(r.Name); err != nil {
		return err
	}
	switch {
	case len(r.About) > 1000:
		return wrong("about", "want up to 1000 bytes")
	case r.Mode != "" && r.Mode != Single && r.Mode != Restart && r.Mode != Queued:
		return wrong("mode", "%q: want single, restart or queued", clip(string(r.Mode)))
	case r.PerMinute < 0 || r.PerMinute > 600:
		return wrong("per_minute", "%d: want 1 to 600", r.PerMinute)
	case r.CatchUp < 0 || r.CatchUp > Duration(7*24*time.Hour):
		return wrong("catch_up", "%s: want up to 168h", r.CatchUp)
	case len(r.On) == 0 || len(r.On) > maxSteps:
		return wrong("on", "%d triggers: want 1 to %d", len(r.On), maxSteps)
	case len(r.Do) == 0 || len(r.Do) > maxSteps:
		return wrong("do", "%d actions: want 1 to %d", len(r.Do), maxSteps)
	}
	for i := range r.On {
		if err := w.trigger(fmt.Sprintf("on[%d]", i), &r.On[i]); err != nil {
			return err
		}
	}
	if _, err := w.compile(r.If); err != nil {
		return &FieldError{"if", err}
	}
	for i := range r.Do {
		if err := w.action(fmt.Sprintf("do[%d]", i), &r.Do[i]); err != nil {
			return err
		}
	}
	return nil
}

// one says which of several fields is set; it has to be exactly one.
func one(path string, fields map[string]bool) (string, error) {
	var set []string
	for name, is := range fields {
		if is {
			set = append(set, name)
		}
	}
	if len(set) == 1 {
		return set[0], nil
	}
	all := strings.Join(slices.Sorted(maps.Keys(fields)), ", ")
	if len(set) == 0 {
		return "", wrong(path, "want one of %s", all)
	}
	slices.Sort(set)
	return "", wrong(path+"."+set[1], "want only one of %s", all)
}

func (w *world) trigger(path string, t *Trigger) error {
	kind, err := one(path, map[string]bool{"at": t.At != "", "cron": t.Cron != "", "feature": t.Feature != "", "event": t.Event != ""})
	if err != nil {
		return err
	}
	compares := t.Becomes != nil || t.Above != nil || t.Below != nil
	switch {
	case t.Days != "" && kind != "at":
		return wrong(path+".days", "goes with at only; cron has days of its own")
	case kind != "feature" && (compares || t.For != 0):
		return wrong(path, "becomes, above, below and for go with feature only")
	case len(t.Devices) > 0 && (kind == "at" || kind == "cron"):
		return wrong(path+".devices", "goes with feature and event only")
	case len(t.Devices) == 0 && kind == "feature":
		return wrong(path+".devices", "whose %s?", clip(t.Feature))
	case t.Becomes != nil && (t.Above != nil || t.Below != nil):
		return wrong(path+".becomes", "goes not with above and below")
	case t.For < 0 || t.For > Duration(7*24*time.Hour):
		return wrong(path+".for", "%s: want up to 168h", t.For)
	case t.For > 0 && !compares:
		return wrong(path+".for", "needs becomes, above or below: what is to last?")
	}
	if err := w.words(path+".devices", t.Devices); err != nil {
		return err
	}
	switch kind {
	case "at", "cron":
		if _, err := timesOf(t, nil); err != nil {
			if where, ok := errors.AsType[*FieldError](err); ok {
				return &FieldError{path + "." + where.Path, where.Err}
			}
			return &FieldError{path, err}
		}
	case "event":
		if len(t.Event) > 64 {
			return wrong(path+".event", "%q is no kind of event", clip(t.Event))
		}
	case "feature":
		if t.Feature == "online" {
			if _, ok := t.Becomes.(bool); t.Becomes != nil && !ok || t.Above != nil || t.Below != nil {
				return wrong(path+".becomes", "online becomes true or false")
			}
			return nil
		}
		switch t.Becomes.(type) {
		case nil, bool, float64, string:
		default:
			return wrong(path+".becomes", "want true, false, a number or a text")
		}
		if ok, err := w.some(t.Devices, func(*feature.Reading) error { return nil }, t.Feature); !ok {
			return &FieldError{path + ".feature", param(err)}
		}
	}
	return nil
}

func (w *world) action(path string, a *Action) error {
	kind, err := one(path, map[string]bool{"set": a.Set != nil, "toggle": a.Toggle, "action": a.Act != "", "scene": a.Scene != "", "delay": a.Delay != 0})
	if err != nil {
		return err
	}
	forDevices := kind == "set" || kind == "toggle" || kind == "action"
	switch {
	case forDevices && len(a.Devices) == 0:
		return wrong(path+".devices", "%s what?", kind)
	case !forDevices && len(a.Devices) > 0:
		return wrong(path+".devices", "goes not with %s", kind)
	}
	if err := w.words(path+".devices", a.Devices); err != nil {
		return err
	}
	switch kind {
	case "set":
		return w.set(path+".set", a.Devices, a.Set)
	case "toggle":
		if ok, err := w.some(a.Devices, func(*feature.Reading) error { return nil }, "state"); !ok {
			return &FieldError{path + ".devices", param(err)}
		}
	case "action":
		isAction := func(r *feature.Reading) error {
			if r.Kind != feature.Action {
				return fmt.Errorf("%s is not an action", a.Act)
			}
			return nil
		}
		if ok, err := w.some(a.Devices, isAction, a.Act); !ok {
			return &FieldError{path + ".action", param(err)}
		}
	case "scene":
		s := w.scenes[fold(a.Scene)]
		if s == nil {
			return wrong(path+".scene", "no scene %q", clip(a.Scene))
		}
		a.Scene = s.Name
	case "delay":
		if a.Delay < 0 || a.Delay > Duration(24*time.Hour) {
			return wrong(path+".delay", "%s: want up to 24h", a.Delay)
		}
	}
	return nil
}
