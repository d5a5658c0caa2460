package catalog

import (
	_ "embed"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"

	"wattle"
	"wattle/feature"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

// The built-in effects of light strips with all parameters: a copy of
// docs/protocol/effects.json. Strips do not list them, and want the whole
// object when one is started.
//
//go:embed effects.json
var effectsJSON []byte

// effect is a built-in effect of a light strip.
type effect map[string]json.RawMessage

func (e effect) name() (name string) {
	_ = json.Unmarshal(e["name"], &name)
	return name
}

// with is the effect with its switch set.
func (e effect) with(enable bool) (json.RawMessage, error) {
	out := maps.Clone(e)
	out["enable"] = json.RawMessage("0")
	if enable {
		out["enable"] = json.RawMessage("1")
	}
	return json.Marshal(out)
}

var builtIn = sync.OnceValue(func() (lists struct {
	IOT   []effect `json:"iot"`
	SMART []effect `json:"smart"`
},
) {
	_ = json.Unmarshal(effectsJSON, &lists) // a file of ours; a test reads it
	return lists
})

// effectNames are the choices of a strip: off first.
func effectNames(list []effect) []string {
	out := []string{effectOff}
	for _, e := range list {
		out = append(out, e.name())
	}
	return out
}

// effectCall gives the object that starts an effect, or ends the present one.
func effectCall(list []effect, name, present string) (json.RawMessage, error) {
	wanted := name
	if name == effectOff {
		wanted = present // any will do where it is none of the built-in ones
	}
	i := slices.IndexFunc(list, func(e effect) bool { return e.name() == wanted })
	if i < 0 && name != effectOff || len(list) == 0 {
		return nil, wattle.ErrParam
	}
	return list[max(i, 0)].with(name != effectOff)
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
			if s := sysinfo(v); s != nil && s.EffectState != nil {
				present = s.EffectState.Name
			}
			raw, err := effectCall(builtIn().IOT, name, present)
			if err != nil {
				return method.Call{}, err
			}
			return iot.SetLightingEffect.With(raw)
		},
		Options: func(*iot.Sysinfo) []string { return effectNames(builtIn().IOT) },
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
			if i := info(v); i != nil && i.Effect != nil {
				present = i.Effect.Name
			}
			raw, err := effectCall(builtIn().SMART, name, present)
			if err != nil {
				return method.Call{}, err
			}
			return smart.SetLightingEffect.With(raw)
		},
		Options: func(*smart.Info) []string { return effectNames(builtIn().SMART) },
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
		for _, r := range rules.List {
			if r.ID == i.EffectID {
				return ruleName(r), true
			}
		}
		return "Custom", true
	},
	Set: func(v *feature.View, name string) ([]method.Call, error) {
		if name == effectOff {
			return one(smart.SetEffectRule.With(smart.EffectRuleEnable{}))
		}
		if rules := smart.GetEffectRules.Result(v.Snapshot); rules != nil {
			for _, r := range rules.List {
				if ruleName(r) == name {
					return one(smart.SetEffectRule.With(smart.EffectRuleEnable{Enable: true, ID: r.ID}))
				}
			}
		}
		return nil, feature.ErrNotPolled
	},
	Options: func(v *feature.View) []string {
		out := []string{effectOff}
		if rules := smart.GetEffectRules.Result(v.Snapshot); rules != nil {
			for _, r := range rules.List {
				out = append(out, ruleName(r))
			}
		}
		return out
	},
})

// ruleName is what the owner called the effect, else what the app calls it.
func ruleName(r smart.EffectRule) string {
	if name := strings.TrimSpace(smart.Text(r.Name)); name != "" {
		return name
	}
	switch r.ID {
	case "L1":
		return "Party"
	case "L2":
		return "Relax"
	}
	return r.ID
}
