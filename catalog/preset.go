package catalog

import (
	"fmt"
	"slices"

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

// preset is a stored setting of a light in any family.
type preset struct {
	name                                   string
	brightness, hue, saturation, colorTemp method.Opt[int]
}

// presetRows are stored settings (docs/protocol/iot.md section 7.4, smart.md
// section 8.2).
var presetRows = []feature.Feature{
	presetRow(wattle.IOT, []method.Query{iot.GetSysinfo.Query(method.EveryPoll)}, root(isLight), iotPresets,
		func(v *feature.View, p preset) (method.Call, error) {
			return setLight(v, iot.SetLight{
				Brightness: p.brightness, Hue: p.hue, Saturation: p.saturation,
				ColorTemp: p.colorTemp, OnOff: iot.NewBit(true), IgnoreDefault: true,
			})
		}),
	smartPresetRow(smart.GetPresets.Query(method.EveryMinute), not(hasFrom("preset", 3))),
	smartPresetRow(smart.GetPresetPages.Query(method.EveryMinute), hasFrom("preset", 3)),
}

func smartPresetRow(q method.Query, version func(*feature.View) bool) feature.Feature {
	return presetRow(wattle.SMART, []method.Query{q}, func(v *feature.View) bool {
		i := info(v)
		return v.Has("preset") && version(v) && i != nil && i.Brightness.Known()
	}, smartPresets, func(_ *feature.View, p preset) (method.Call, error) {
		return setInfo(smart.SetInfo{
			DeviceOn: method.Some(true), Brightness: p.brightness,
			Hue: p.hue, Saturation: p.saturation, ColorTemp: p.colorTemp,
		})
	})
}

func presetRow(family wattle.Family, queries []method.Query, when func(*feature.View) bool,
	list func(*feature.View) ([]preset, bool), apply func(*feature.View, preset) (method.Call, error),
) feature.Feature {
	return feature.Derive(family, feature.Derived[string]{
		Meta: presetMeta, When: when, Queries: queries,
		Has: func(v *feature.View) bool {
			_, ok := list(v)
			return ok
		},
		Get: func(v *feature.View) (string, bool) {
			presets, ok := list(v)
			for _, p := range presets {
				if shows(v, p) {
					return p.name, true
				}
			}
			return noPreset, ok
		},
		Set: func(v *feature.View, name string) ([]method.Call, error) {
			presets, _ := list(v)
			for _, p := range presets {
				if p.name == name {
					return one(apply(v, p))
				}
			}
			return nil, nil
		},
		Options: func(v *feature.View) []string {
			out := []string{noPreset}
			presets, _ := list(v)
			for _, p := range presets {
				out = append(out, p.name)
			}
			return out
		},
	})
}

// shows reports whether the light is set to a preset, by what it can show.
func shows(v *feature.View, p preset) bool {
	equal := func(id string, want method.Opt[int]) bool {
		f := lightRow(v, id)
		if f == nil {
			return true
		}
		n, ok := feature.As[int](f.Get(v))
		w, wanted := want.Get()
		return ok && wanted && n == w
	}
	if f := lightRow(v, hsvMeta.ID); f != nil {
		c, ok := feature.As[feature.HSV](f.Get(v))
		if !ok || method.Some(c.Hue) != p.hue || method.Some(c.Saturation) != p.saturation {
			return false
		}
	}
	return equal(brightnessMeta.ID, p.brightness) && equal(colorTemperatureMeta.ID, p.colorTemp)
}

// lightRow is the row of an id that this light has, or nil.
func lightRow(v *feature.View, id string) *feature.Feature {
	i := slices.IndexFunc(lightRows, func(f feature.Feature) bool { return f.ID == id && f.Exists(v) })
	if i < 0 {
		return nil
	}
	return &lightRows[i]
}

// iotPresets keep the numbers that they have in the device's list, where
// effects stand between them.
func iotPresets(v *feature.View) ([]preset, bool) {
	s := sysinfo(v)
	if s == nil || s.PreferredState == nil {
		return nil, false
	}
	var out []preset
	for i, p := range s.PreferredState {
		if p.ID == "" {
			out = append(out, preset{fmt.Sprintf("Light preset %d", i+1), p.Brightness, p.Hue, p.Saturation, p.ColorTemp})
		}
	}
	return out, true
}

func smartPresets(v *feature.View) ([]preset, bool) {
	var states []smart.Preset
	word := "Light preset"
	if i := info(v); i != nil && i.Presets != nil {
		states = i.Presets
	} else if r := smart.GetPresets.Result(v.Snapshot); r != nil {
		states = r.States
		if r.Brightness != nil {
			word = "Brightness preset"
			for _, b := range r.Brightness {
				states = append(states, smart.Preset{Brightness: method.Some(b)})
			}
		}
	} else {
		return nil, false
	}
	var out []preset
	for _, p := range states {
		if p.Brightness.Known() {
			out = append(out, preset{fmt.Sprintf("%s %d", word, len(out)+1), p.Brightness, p.Hue, p.Saturation, p.ColorTemp})
		}
	}
	return out, true
}
