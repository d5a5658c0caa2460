package device

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"wattle"
	"wattle/catalog"
	"wattle/effect"
	"wattle/feature"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

// SceneEffect is the kind of effect that a bulb lists itself; strips have
// those of package effect.
const SceneEffect effect.Kind = "scene"

// LightEffect is an effect that a light can show.
type LightEffect struct {
	Name    string        `json:"name"`
	ID      string        `json:"id"`
	Kind    effect.Kind   `json:"kind"`
	Custom  bool          `json:"custom"` // made by a person
	Running bool          `json:"running"`
	Colors  []feature.HSV `json:"colors,omitempty"` // what it shows, to paint a picture of it
}

// effectCalls are calls for effects, and the queries that they make stale.
type effectCalls struct {
	calls []method.Call
	stale []method.Query
}

func (e *effectCalls) add(c method.Call, err error) error {
	if err == nil {
		e.calls = append(e.calls, c)
	}
	return err
}

// kinds are the sorts of effects that the light has, the one that most of its
// effects are of first.
func (l *Light) kinds() []effect.Kind {
	if s := l.sysinfo(); s != nil {
		if s.EffectState != nil && l.strip() {
			return []effect.Kind{effect.IOT}
		}
		return nil
	}
	var out []effect.Kind
	i, v := l.info(), l.d.known().view
	if i == nil {
		return nil
	}
	if i.Effect != nil && v.Has("light_strip_lighting_effect") {
		out = append(out, effect.SMART)
	}
	if l.segmented() {
		out = append(out, effect.Segment)
	}
	if v.Has("light_effect") {
		out = append(out, SceneEffect)
	}
	return out
}

// noEffects is why the light shows no effect.
func (l *Light) noEffects() error {
	return fmt.Errorf("%s: %w: it has no effects", l.d.label(), wattle.ErrUnsupported)
}

// current is the effect of a strip that runs, if one does; trustworthy are its
// name and brightness.
func (l *Light) current(k effect.Kind) (name, id string, on bool) {
	switch k {
	case effect.IOT:
		if s := l.sysinfo(); s != nil && s.EffectState != nil {
			name, id, on = s.EffectState.Name, s.EffectState.ID, s.EffectState.Enable.Or(false)
		}
	case effect.SMART, effect.Segment:
		if i := l.info(); i != nil {
			e := i.Effect
			if k == effect.Segment {
				e = i.Segment
			}
			if e != nil {
				name, id, on = e.Name, e.ID, e.Enable.Or(false)
			}
		}
	case SceneEffect:
		if i := l.info(); i != nil {
			return "", i.EffectID, i.EffectOn.Or(false)
		}
	}
	if name == "station" || name == "softAP" { // the factory's place-holders
		return "", "", false
	}
	return name, id, on
}

// running is the name of the effect that runs, "" where none does.
func (l *Light) running() string {
	for _, k := range l.kinds() {
		name, id, on := l.current(k)
		switch {
		case !on:
			continue
		case k == SceneEffect:
			for _, r := range l.rules() {
				if r.ID == id {
					return catalog.EffectName(&r)
				}
			}
		case name != "":
			return name
		}
		return "Custom"
	}
	return ""
}

// rules are the effects that a bulb lists, as of the last poll.
func (l *Light) rules() []smart.EffectRule {
	if r := smart.GetEffectRules.Result(l.d.known().view.Snapshot); r != nil {
		return r.List
	}
	return nil
}

// polledRules polls where the list is not known yet.
func (l *Light) polledRules(ctx context.Context) ([]smart.EffectRule, error) {
	if !l.d.known().view.Answered(smart.GetEffectRules.Key()) {
		if _, err := l.d.Poll(ctx); err != nil {
			return nil, err
		}
	}
	return l.rules(), nil
}

// Effects lists what moving light there is: the built-in effects of strips,
// those with segments, and what a bulb lists itself. A custom effect is listed
// while it runs. The error wraps [wattle.ErrUnsupported] for a light without
// effects.
func (l *Light) Effects(ctx context.Context) ([]LightEffect, error) {
	kinds := l.kinds()
	if len(kinds) == 0 {
		return nil, l.noEffects()
	}
	if l.d.State() == nil {
		if _, err := l.d.Poll(ctx); err != nil {
			return nil, err
		}
	}
	var out []LightEffect
	for _, k := range kinds {
		name, id, on := l.current(k)
		if k == SceneEffect {
			rules, err := l.polledRules(ctx)
			if err != nil {
				return nil, err
			}
			for _, r := range rules {
				out = append(out, LightEffect{
					Name: catalog.EffectName(&r), ID: r.ID, Kind: k, Custom: r.Name != "",
					Running: on && r.ID == id, Colors: sceneColors(r),
				})
			}
			continue
		}
		found := false
		for _, e := range effect.BuiltIn(k) {
			same := on && e.Name == name // ids may be wrong: docs/protocol/iot.md section 8
			found = found || same
			out = append(out, LightEffect{Name: e.Name, ID: e.ID, Kind: k, Running: same, Colors: e.Colors()})
		}
		if on && !found {
			if name == "" {
				name = "Custom"
			}
			out = append(out, LightEffect{Name: name, ID: id, Kind: k, Custom: true, Running: true})
		}
	}
	return out, nil
}

func sceneColors(r smart.EffectRule) []feature.HSV {
	var out []feature.HSV
	for _, c := range r.Colors {
		if len(c) == 4 && c[3] == 0 {
			out = append(out, feature.HSV{Hue: c[1], Saturation: c[2], Value: c[0]})
		} else if len(c) == 4 {
			out = append(out, feature.HSV{Value: c[0]})
		}
	}
	return out
}

// SetEffect starts an effect by its name, as [Light.Effects] lists them: case
// and blanks do not count, and the beginning of a name is enough. "off" ends
// the effect that runs. A strip also takes the description of a custom effect,
// see effect.Parse. Errors wrap [wattle.ErrParam] for an unknown name,
// [wattle.ErrUnsupported] for a light without effects.
func (l *Light) SetEffect(ctx context.Context, name string) error {
	return l.Apply(ctx, LightChange{Effect: name})
}

// ShowEffect starts an effect of a strip with all its parameters, such as one
// that effect.Build made.
func (l *Light) ShowEffect(ctx context.Context, e effect.Effect, k effect.Kind) error {
	if !slices.Contains(l.kinds(), k) || k == SceneEffect {
		return fmt.Errorf("%s: %w: it has no effects of the kind %q", l.d.label(), wattle.ErrUnsupported, k)
	}
	if err := e.Validate(k); err != nil {
		return err
	}
	call, err := effectCall(k, e)
	if err != nil {
		return err
	}
	return l.d.send(ctx, nil, map[*Device][]method.Call{l.d: {call}})
}

func effectCall(k effect.Kind, e effect.Effect) (method.Call, error) {
	raw, err := json.Marshal(e)
	if err != nil {
		return method.Call{}, err
	}
	switch k {
	case effect.IOT:
		return iot.SetLightingEffect.With(raw)
	case effect.Segment:
		return smart.ApplySegmentEffect.With(raw)
	}
	return smart.SetLightingEffect.With(raw)
}

// effectCalls make calls of what a person wants to see.
func (l *Light) effectCalls(ctx context.Context, text string, brightness *int) (out effectCalls, err error) {
	kinds := l.kinds()
	if len(kinds) == 0 {
		return out, l.noEffects()
	}
	if brightness != nil {
		if err := percent(*brightness); err != nil {
			return out, err
		}
	}
	if strings.EqualFold(text, "off") {
		err = l.endEffect(&out)
		return out, err
	}
	if effect.IsSpec(text) {
		e, k, err := l.custom(ctx, text)
		if err != nil {
			return out, err
		}
		err = l.start(&out, k, e, brightness)
		return out, err
	}
	var unknown error
	for _, k := range kinds {
		if k == SceneEffect {
			err = l.scene(ctx, &out, text, brightness)
		} else {
			var e effect.Effect
			if e, err = effect.Find(k, text); err == nil {
				err = l.start(&out, k, e, brightness)
			}
		}
		if err == nil {
			return out, nil
		}
		if unknown == nil {
			unknown = err
		}
	}
	return out, unknown
}

// start begins an effect of a strip.
func (l *Light) start(out *effectCalls, k effect.Kind, e effect.Effect, brightness *int) error {
	if brightness != nil {
		e.Brightness = *brightness
	}
	return out.add(effectCall(k, e.Switched(true)))
}

// custom reads the description of an effect, for the kind that it fits.
func (l *Light) custom(ctx context.Context, text string) (effect.Effect, effect.Kind, error) {
	kinds := l.kinds()
	first, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	pattern := slices.Contains(effect.Types, first) || strings.HasPrefix(first, "{") && !strings.Contains(text, `"states"`)
	for _, k := range kinds {
		if k != SceneEffect && (pattern == (k != effect.Segment)) {
			e, err := effect.Parse(k, text, l.segments(ctx, k))
			return e, k, err
		}
	}
	if kinds[0] == SceneEffect {
		return effect.Effect{}, "", fmt.Errorf("%s: %w: it shows the effects that it lists, and takes none of colours", l.d.label(), wattle.ErrUnsupported)
	}
	_, err := effect.Parse(kinds[0], text, 0) // says which types there are
	if err == nil {
		err = fmt.Errorf("%s: %w: it has no effects of this type", l.d.label(), wattle.ErrUnsupported)
	}
	return effect.Effect{}, "", err
}

// segments is how many segments a strip has, as far as it tells.
func (l *Light) segments(ctx context.Context, k effect.Kind) int {
	const usual = 50
	if k != effect.Segment {
		return 0
	}
	results, err := l.d.Call(ctx, smart.GetSegments.Call())
	if err != nil || results[0].Err != nil {
		return usual
	}
	answer, err := smart.GetSegments.Decode(results[0].Raw)
	if err != nil {
		return usual
	}
	return min(max(answer.Count.Or(usual), 1), 100)
}

// endEffect ends what runs; where nothing does the strip is told so again.
func (l *Light) endEffect(out *effectCalls) error {
	kinds := l.kinds()
	k := kinds[0]
	for _, other := range kinds {
		if _, _, on := l.current(other); on {
			k = other
			break
		}
	}
	name, _, on := l.current(k)
	if !on {
		name = ""
	}
	switch k {
	case SceneEffect:
		return out.add(smart.SetEffectRule.With(smart.EffectRuleEnable{}))
	case effect.Segment:
		raw := segmentState(l.d.known().view.Snapshot.Raw(smart.GetDeviceInfo.Key()))
		var e effect.Effect
		if json.Unmarshal(raw, &e) != nil || e.ID == "" {
			e = effect.BuiltIn(k)[0]
		}
		return out.add(effectCall(k, e.Switched(false)))
	}
	e, err := effect.Find(k, name)
	if err != nil { // none runs, or a custom one: any will do
		e = effect.BuiltIn(k)[0]
	}
	return out.add(effectCall(k, e.Switched(false)))
}

// segmentState is the part of the device's information about its segments.
func segmentState(info json.RawMessage) json.RawMessage {
	var parts struct {
		Segment json.RawMessage `json:"segment_effect"`
	}
	if json.Unmarshal(info, &parts) != nil {
		return nil
	}
	return parts.Segment
}
