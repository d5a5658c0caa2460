package catalog

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"wattle"
	"wattle/feature"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

var presetMeta = feature.Meta{ID: "light_preset", Name: "Light preset", Kind: feature.Choice, Category: feature.Config}

// noPreset is shown while the light is set to none of them; choosing it
// changes nothing.
const noPreset = "Not set"

// Preset is a stored setting of a light in any family.
type Preset struct {
	// Name is the choice of the feature light_preset, "" for an effect.
	Name string
	// Index is its place in the device's list, from 0.
	Index                                  int
	Brightness, Hue, Saturation, ColorTemp method.Opt[int]
	// EffectID (Kasa) or Effect, the whole object (Tapo), are the stored effect
	// where the preset is one.
	EffectID string
	Effect   json.RawMessage
}

// Presets are the stored settings of a light in the order of the device's
// list, effects among them; false where the answers do not have them.
func Presets(v *feature.View) (list []Preset, ok bool) {
	ok = eachPreset(v, func(p Preset) bool {
		list = append(list, p)
		return true
	})
	return list, ok
}

// eachPreset calls a function with each stored setting until that gives false.
// It reports whether the answers have any list, which may be empty.
func eachPreset(v *feature.View, f func(Preset) bool) bool {
	if v.Family == wattle.IOT {
		return eachIOTPreset(v, f)
	}
	return eachSmartPreset(v, f)
}

// FromBrightness reports whether the presets of a light are brightnesses and
// nothing else, which are written as a whole list.
func FromBrightness(v *feature.View) bool {
	if i := info(v); i != nil && i.Presets != nil {
		return !i.Hue.Known() && !i.ColorTemp.Known()
	}
	r := smart.GetPresets.Result(v.Snapshot)
	return r != nil && r.Brightness != nil
}

// presetRows are stored settings (docs/protocol/iot.md section 7.4, smart.md
// section 8.2).
var presetRows = []feature.Feature{
	presetRow(wattle.IOT, []method.Query{iot.GetSysinfo.Query(method.EveryPoll)}, root(isLight),
		func(v *feature.View, p Preset) (method.Call, error) {
			return setLight(v, iot.SetLight{
				Brightness: p.Brightness, Hue: p.Hue, Saturation: p.Saturation,
				ColorTemp: p.ColorTemp, OnOff: iot.NewBit(true), IgnoreDefault: true,
			})
		}),
	smartPresetRow(smart.GetPresets.Query(method.EveryMinute), not(hasFrom("preset", 3))),
	smartPresetRow(smart.GetPresetPages.Query(method.EveryMinute), hasFrom("preset", 3)),
}

func smartPresetRow(q method.Query, version func(*feature.View) bool) feature.Feature {
	listed := has("preset")
	return presetRow(wattle.SMART, []method.Query{q}, func(v *feature.View) bool {
		if !listed(v) || !version(v) {
			return false
		}
		i := info(v)
		return i != nil && i.Brightness.Known()
	}, func(_ *feature.View, p Preset) (method.Call, error) {
		return setInfo(smart.SetInfo{
			DeviceOn: method.Some(true), Brightness: p.Brightness,
			Hue: p.Hue, Saturation: p.Saturation, ColorTemp: p.ColorTemp,
		})
	})
}

func presetRow(family wattle.Family, queries []method.Query, when func(*feature.View) bool,
	apply func(*feature.View, Preset) (method.Call, error),
) feature.Feature {
	return feature.Derive(family, feature.Derived[string]{
		Meta: presetMeta, When: when, Queries: queries,
		Has: func(v *feature.View) bool { return eachPreset(v, func(Preset) bool { return false }) },
		Get: func(v *feature.View) (string, bool) {
			light, name := shownLight(v), noPreset
			ok := eachPreset(v, func(p Preset) bool {
				if p.Name != "" && light.is(&p) {
					name = p.Name
				}
				return name == noPreset
			})
			return name, ok
		},
		Set: func(v *feature.View, name string) (calls []method.Call, err error) {
			eachPreset(v, func(p Preset) bool {
				if p.Name == "" || p.Name != name {
					return true
				}
				calls, err = one(apply(v, p))
				return false
			})
			return calls, err
		},
		Options: presetChoices,
	})
}

// presetChoices are the names of the presets. Most lights have the first few of a
// kind, whose list is at hand.
func presetChoices(v *feature.View) []string {
	var room [len(presetNames{}) + 1]string
	out := append(room[:0], noPreset)
	eachPreset(v, func(p Preset) bool {
		if p.Name != "" {
			out = append(out, p.Name)
		}
		return true
	})
	for _, usual := range [][]string{lightPresetChoices, brightnessPresetChoices} {
		if n := len(out); n <= len(usual) && slices.Equal(out, usual[:n]) {
			return usual[:n:n]
		}
	}
	return slices.Clone(out)
}

// shown is what a light can show, and does.
type shown struct {
	brightness, colorTemp, color          feature.Value
	hasBrightness, hasColorTemp, hasColor bool
}

func shownLight(v *feature.View) (s shown) {
	for i := range lightRows {
		f := &lightRows[i]
		if f.Family != v.Family || !f.Exists(v) {
			continue
		}
		switch f.ID {
		case brightnessMeta.ID:
			s.brightness, s.hasBrightness = f.Get(v), true
		case colorTemperatureMeta.ID:
			s.colorTemp, s.hasColorTemp = f.Get(v), true
		case hsvMeta.ID:
			s.color, s.hasColor = f.Get(v), true
		}
	}
	return s
}

// is reports whether the light is set to a preset, by what it can show.
func (s *shown) is(p *Preset) bool {
	if s.hasColor {
		c, ok := feature.As[feature.HSV](s.color)
		if !ok || method.Some(c.Hue) != p.Hue || method.Some(c.Saturation) != p.Saturation {
			return false
		}
	}
	equal := func(v feature.Value, want method.Opt[int]) bool {
		n, ok := feature.As[int](v)
		return ok && want == method.Some(n)
	}
	return (!s.hasBrightness || equal(s.brightness, p.Brightness)) && (!s.hasColorTemp || equal(s.colorTemp, p.ColorTemp))
}

// eachIOTPreset keeps the numbers that presets have in the device's list, where
// effects stand between them.
func eachIOTPreset(v *feature.View, f func(Preset) bool) bool {
	s := sysinfo(v)
	if s == nil || s.PreferredState == nil {
		return false
	}
	for i := range s.PreferredState {
		p := &s.PreferredState[i]
		out := Preset{Index: i, Brightness: p.Brightness, EffectID: p.ID}
		if p.ID == "" {
			out.Name = lightPresetNames.of(i + 1)
			out.Hue, out.Saturation, out.ColorTemp = p.Hue, p.Saturation, p.ColorTemp
		}
		if !f(out) {
			break
		}
	}
	return true
}

func eachSmartPreset(v *feature.View, f func(Preset) bool) bool {
	var states []smart.Preset
	var levels []int
	names := &lightPresetNames
	if i := info(v); i != nil && i.Presets != nil {
		states = i.Presets
	} else if r := smart.GetPresets.Result(v.Snapshot); r != nil {
		states, levels = r.States, r.Brightness
	} else {
		return false
	}
	if levels != nil {
		names = &brightnessPresetNames
	}
	n := 0
	for i := range states {
		p := &states[i]
		out := Preset{Index: i, Effect: p.Effect}
		if p.Brightness.Known() {
			n++
			out = Preset{
				Name: names.of(n), Index: i,
				Brightness: p.Brightness, Hue: p.Hue, Saturation: p.Saturation, ColorTemp: p.ColorTemp,
			}
		}
		if !f(out) {
			return true
		}
	}
	for i, percent := range levels {
		n++
		if !f(Preset{Name: names.of(n), Index: len(states) + i, Brightness: method.Some(percent)}) {
			return true
		}
	}
	return true
}

// presetNames are the names of the first presets of a kind, which are shown at
// each poll.
type presetNames [10]string

var lightPresetNames, brightnessPresetNames = namesOf("Light preset "), namesOf("Brightness preset ")

var (
	lightPresetChoices      = append([]string{noPreset}, lightPresetNames[:]...)
	brightnessPresetChoices = append([]string{noPreset}, brightnessPresetNames[:]...)
)

func namesOf(word string) (names presetNames) {
	for i := range names {
		names[i] = word + strconv.Itoa(i+1)
	}
	return names
}

// of counts from 1.
func (p *presetNames) of(n int) string {
	if n <= len(p) {
		return p[n-1]
	}
	return strings.TrimSuffix(p[0], "1") + strconv.Itoa(n)
}
