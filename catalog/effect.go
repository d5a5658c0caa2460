package catalog

import (
	"encoding/json"
	"strings"
	"sync"

	"wattle"
	"wattle/effect"
	"wattle/feature"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

// effectNames are the choices of a strip: off first. They are made when the
// first strip is met.
func effectNames(k effect.Kind) func() []string {
	return sync.OnceValue(func() []string { return append([]string{effectOff}, effect.Names(k)...) })
}

var (
	iotEffectNames   = effectNames(effect.IOT)
	smartEffectNames = effectNames(effect.SMART)
)

// effectCall gives the object that starts an effect, or ends the present one.
func effectCall(k effect.Kind, name, present string) (json.RawMessage, error) {
	if name != effectOff {
		e, err := effect.Find(k, name)
		if err != nil {
			return nil, err
		}
		return json.Marshal(e.Switched(true))
	}
	e, err := effect.Find(k, present)
	if err != nil { // none runs, or a custom one: any will do
		e = effect.BuiltIn(k)[0]
	}
	return json.Marshal(e.Switched(false))
}

const effectOff = "Off"

// shownEffect is the name to show; station and softAP are placeholders of the
// factory.
func shownEffect(on bool, name string) string {
	switch {
	case !on, name == "station", name == "softAP":
		return effectOff
	case name == "":
		return "Custom"
	}
	return name
}

var effectMeta = feature.Meta{ID: "light_effect", Name: "Light effect", Kind: feature.Choice, Category: feature.Primary}

// effectRows are moving light (docs/protocol/iot.md section 8, smart.md
// sections 8.4 and 8.5).
var effectRows = []feature.Feature{
	sysfield(feature.Row[iot.Sysinfo, string]{
		Meta: effectMeta,
		When: is(wattle.LightStrip),
		Has:  func(s *iot.Sysinfo) bool { return s.EffectState != nil },
		Get: func(s *iot.Sysinfo) (string, bool) {
			on, ok := s.EffectState.Enable.Get()
			return shownEffect(on, s.EffectState.Name), ok
		},
		Set: func(v *feature.View, name string) (method.Call, error) {
			present := ""
			if s := sysinfo(v); s != nil && s.EffectState != nil && s.EffectState.Enable.Or(false) {
				present = s.EffectState.Name
			}
			raw, err := effectCall(effect.IOT, name, present)
			if err != nil {
				return method.Call{}, err
			}
			return iot.SetLightingEffect.With(raw)
		},
		Options: func(*iot.Sysinfo) []string { return iotEffectNames() },
	}),
	field(feature.Row[smart.Info, string]{
		Meta: effectMeta,
		When: has("light_strip_lighting_effect"),
		Has:  func(i *smart.Info) bool { return i.Effect != nil },
		Get: func(i *smart.Info) (string, bool) {
			on, ok := i.Effect.Enable.Get()
			return shownEffect(on, i.Effect.Name), ok
		},
		Set: func(v *feature.View, name string) (method.Call, error) {
			present := ""
			if i := info(v); i != nil && i.Effect != nil && i.Effect.Enable.Or(false) {
				present = i.Effect.Name
			}
			raw, err := effectCall(effect.SMART, name, present)
			if err != nil {
				return method.Call{}, err
			}
			return smart.SetLightingEffect.With(raw)
		},
		Options: func(*smart.Info) []string { return smartEffectNames() },
	}),
	bulbEffect,
}

// bulbEffect is the effect of a bulb, which lists its own.
var bulbEffect = feature.Derive(wattle.SMART, feature.Derived[string]{
	Meta: effectMeta,
	When: has("light_effect"),
	Queries: []method.Query{
		smart.GetDeviceInfo.Query(method.EveryPoll),
		smart.GetEffectRules.Query(method.EveryDay),
	},
	Has: func(v *feature.View) bool { return v.Answered(smart.GetEffectRules.Key()) },
	Get: func(v *feature.View) (string, bool) {
		i, rules := info(v), smart.GetEffectRules.Result(v.Snapshot)
		if i == nil || rules == nil {
			return "", false
		}
		on, ok := i.EffectOn.Get()
		if !on {
			return effectOff, ok
		}
		for n := range rules.List {
			if r := &rules.List[n]; r.ID == i.EffectID {
				return EffectName(r), true
			}
		}
		return "Custom", true
	},
	Set: func(v *feature.View, name string) ([]method.Call, error) {
		if name == effectOff {
			return one(smart.SetEffectRule.With(smart.EffectRuleEnable{}))
		}
		if rules := smart.GetEffectRules.Result(v.Snapshot); rules != nil {
			for i := range rules.List {
				if r := &rules.List[i]; EffectName(r) == name {
					return one(smart.SetEffectRule.With(smart.EffectRuleEnable{Enable: true, ID: r.ID}))
				}
			}
		}
		return nil, feature.ErrNotPolled
	},
	Options: func(v *feature.View) []string {
		rules := smart.GetEffectRules.Result(v.Snapshot)
		if rules == nil {
			return []string{effectOff}
		}
		out := make([]string, 1, len(rules.List)+1)
		out[0] = effectOff
		for i := range rules.List {
			out = append(out, EffectName(&rules.List[i]))
		}
		return out
	},
})

// EffectName is what the owner called the effect, else what the app calls it.
func EffectName(r *smart.EffectRule) string {
	if r.Name != "" {
		if name := strings.TrimSpace(smart.Text(r.Name)); name != "" {
			return name
		}
	}
	switch r.ID {
	case "L1":
		return "Party"
	case "L2":
		return "Relax"
	}
	return r.ID
}
