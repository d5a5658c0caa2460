package catalog

import (
	"wattle"
	"wattle/feature"
	"wattle/method"
	"wattle/method/smart"
)

var gradually = feature.ComponentOf("on_off_gradually")

// fadeRows are slow switching on and off (docs/protocol/smart.md section 8.3).
// A duration of 0 s is the fading switched off.
var fadeRows = []feature.Feature{
	feature.From(wattle.SMART, smart.GetGradually, method.EveryMinute, feature.Row[smart.Gradually, bool]{
		Meta: feature.Meta{ID: "smooth_transitions", Name: "Smooth transitions", Kind: feature.Switch, Category: feature.Config},
		When: func(v *feature.View) bool { return v.Version(gradually) == 1 },
		Get:  func(g *smart.Gradually) (bool, bool) { return g.Enable.Get() },
		Set: func(_ *feature.View, on bool) (method.Call, error) {
			return smart.SetGradually.With(smart.Gradually{Enable: method.Some(on)})
		},
	}),
	fade(feature.Meta{ID: "smooth_transition_on", Name: "Smooth transition on"},
		func(g *smart.Gradually) **smart.Fade { return &g.OnState },
		func(i *smart.Info) (mode, seconds, longest method.Opt[int]) {
			return i.GraduallyOn, i.FadeOn, i.MaxFadeOn
		}),
	fade(feature.Meta{ID: "smooth_transition_off", Name: "Smooth transition off"},
		func(g *smart.Gradually) **smart.Fade { return &g.OffState },
		func(i *smart.Info) (mode, seconds, longest method.Opt[int]) {
			return i.GraduallyOff, i.FadeOff, i.MaxFadeOff
		}),
}

// fade is the row of one direction: part of the answer, or of the device's
// information for lights that are a part of a switch.
func fade(meta feature.Meta, part func(*smart.Gradually) **smart.Fade,
	own func(*smart.Info) (mode, seconds, longest method.Opt[int]),
) feature.Feature {
	meta.Kind, meta.Category, meta.Unit = feature.Number, feature.Config, feature.Second
	meta.Min, meta.Max = 0, 60
	state := func(v *feature.View) *smart.Fade {
		if g := smart.GetGradually.Result(v.Snapshot); g != nil {
			return *part(g)
		}
		return nil
	}
	inInfo := func(v *feature.View) (mode, seconds, longest method.Opt[int]) {
		if i := info(v); i != nil {
			return own(i)
		}
		return mode, seconds, longest
	}
	return feature.Derive(wattle.SMART, feature.Derived[int]{
		Meta: meta,
		// Switches with parts list it for their light.
		When: func(v *feature.View) bool {
			if v.Version(gradually) < 2 {
				return false
			}
			i := info(v)
			return i != nil && i.DeviceOn.Known()
		},
		Queries: []method.Query{smart.GetGradually.Query(method.EveryMinute)},
		Apart:   true, // a call takes one direction
		Has: func(v *feature.View) bool {
			mode, _, _ := inInfo(v)
			return mode.Known() || state(v) != nil
		},
		Get: func(v *feature.View) (int, bool) {
			if mode, seconds, _ := inInfo(v); mode.Known() {
				if mode.Or(0) != 1 {
					return 0, true
				}
				return seconds.Get()
			}
			s := state(v)
			if s == nil {
				return 0, false
			}
			if on, ok := s.Enable.Get(); !on {
				return 0, ok
			}
			return s.Duration.Get()
		},
		Set: func(_ *feature.View, seconds int) ([]method.Call, error) {
			f := &smart.Fade{Enable: method.Some(seconds > 0)}
			if seconds > 0 {
				f.Duration = method.Some(seconds)
			}
			var g smart.Gradually
			*part(&g) = f
			return one(smart.SetGradually.With(g))
		},
		Limits: func(v *feature.View) (lo, hi float64, ok bool) {
			if _, _, longest := inInfo(v); longest.Or(0) > 0 {
				return 0, float64(longest.Or(0)), true
			}
			if s := state(v); s != nil && s.MaxDuration.Or(0) > 0 {
				return 0, float64(s.MaxDuration.Or(0)), true
			}
			return 0, 0, false
		},
	})
}
