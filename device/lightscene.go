package device

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"wattle"
	"wattle/catalog"
	"wattle/effect"
	"wattle/method"
	"wattle/method/smart"
)

// scene starts an effect of a bulb; its brightness is part of what is stored.
func (l *Light) scene(ctx context.Context, out *effectCalls, name string, brightness *int) error {
	rules, err := l.polledRules(ctx)
	if err != nil {
		return err
	}
	names := make([]string, len(rules))
	for i, r := range rules {
		names[i] = catalog.EffectName(&r)
	}
	i, err := effect.Match(names, name)
	if err != nil {
		return err
	}
	if brightness != nil {
		if err := l.dimScene(out, rules[i], *brightness); err != nil {
			return err
		}
	}
	return out.add(smart.SetEffectRule.With(smart.EffectRuleEnable{Enable: true, ID: rules[i].ID}))
}

// dimScene sends a stored effect back with another brightness.
func (l *Light) dimScene(out *effectCalls, r smart.EffectRule, brightness int) error {
	changed := make([][]int, len(r.Colors))
	for i, c := range r.Colors {
		changed[i] = slices.Clone(c)
		if len(c) > 0 {
			changed[i][0] = brightness
		}
	}
	r.Colors = changed
	out.stale = append(out.stale, smart.GetEffectRules.Query(method.EveryDay))
	return out.add(smart.EditEffectRule.With(r))
}

// dimEffect changes the brightness of the effect that runs on a Tapo light.
func (l *Light) dimEffect(ctx context.Context, brightness int) (out effectCalls, err error) {
	for _, k := range l.kinds() {
		_, id, on := l.current(k)
		if !on {
			continue
		}
		switch k {
		case SceneEffect:
			rules, err := l.polledRules(ctx)
			if err != nil {
				return out, err
			}
			for _, r := range rules {
				if r.ID == id {
					err = l.dimScene(&out, r, brightness)
					return out, err
				}
			}
			return out, fmt.Errorf("%w: the light runs an effect that it does not list", wattle.ErrUnsupported)
		case effect.Segment:
			var e effect.Effect
			if err := json.Unmarshal(segmentState(l.d.known().view.Snapshot.Raw(smart.GetDeviceInfo.Key())), &e); err != nil {
				return out, fmt.Errorf("%w: segment_effect: %w", wattle.ErrProtocol, err)
			}
			e.Brightness = brightness
			err = out.add(effectCall(k, e))
			return out, err
		}
		err = out.add(smart.AdjustLightingEffect.With(smart.EffectBrightness{Brightness: brightness, Adjusted: true}))
		return out, err
	}
	return out, l.noEffects()
}
