package catalog

import (
	"math"
	"strings"

	"wattle"
	"wattle/feature"
	"wattle/method"
	"wattle/method/iot"
)

// mayHaveSensor is a condition: a dimmer, or a wall switch that says so. Others
// are not asked, since modules that they do not know crash some old devices
// (docs/protocol/iot.md sections 1.2 and 4.2).
func mayHaveSensor(v *feature.View) bool {
	s := sysinfo(v)
	return s != nil && v.Parent == nil && (v.Type == wattle.Dimmer ||
		v.Type == wattle.WallSwitch && (strings.Contains(s.DevName, "PIR") || strings.Contains(strings.ToLower(s.DevName), "sensor")))
}

// ranges are the distances at which motion counts, by trigger index.
var ranges = []string{"Far", "Mid", "Near", "Custom"}

// motionRows are the ambient light and motion sensors of Kasa switches
// (docs/protocol/iot.md section 13). What motion is, is computed from the raw
// reading; the devices have no flag for it.
var motionRows = []feature.Feature{
	feature.From(wattle.IOT, iot.GetLASConfig, method.EveryMinute, feature.Row[iot.LASConfig, bool]{
		Meta: feature.Meta{ID: "ambient_light_enabled", Name: "Ambient light enabled", Kind: feature.Switch, Category: feature.Config},
		When: mayHaveSensor,
		Get: func(c *iot.LASConfig) (on, ok bool) {
			if len(c.Devices) == 0 {
				return false, false
			}
			return c.Devices[0].Enable.Get()
		},
		Set: func(_ *feature.View, on bool) (method.Call, error) {
			return iot.SetLASEnable.With(iot.Enable{Enable: iot.Bit(on)})
		},
	}),
	feature.From(wattle.IOT, iot.GetAmbient, method.EveryPoll, feature.Row[iot.Ambient, int]{
		Meta: sensor("ambient_light", "Ambient Light", feature.Primary, feature.Percent),
		When: mayHaveSensor,
		Get:  func(a *iot.Ambient) (int, bool) { return a.Value.Get() },
	}),
	feature.From(wattle.IOT, iot.GetDark, method.EveryPoll, feature.Row[iot.Dark, bool]{
		Meta: binary("is_dark", "Dark", feature.Info),
		When: mayHaveSensor,
		Get:  func(d *iot.Dark) (bool, bool) { return d.Dark.Get() },
	}),
	pirSwitch(),
	pirRange(),
	pirThreshold(),
	pirComputed(sensor("pir_adc_value", "PIR ADC Value", feature.Debug, feature.NoUnit),
		func(p pir) (int, bool) { return p.value, p.ok }),
	pirReading(sensor("pir_adc_min", "PIR ADC Min", feature.Debug, feature.NoUnit),
		func(p pir) (int, bool) { return p.config.MinADC.Get() }),
	pirReading(sensor("pir_adc_max", "PIR ADC Max", feature.Debug, feature.NoUnit),
		func(p pir) (int, bool) { return p.config.MaxADC.Get() }),
	pirReading(sensor("pir_adc_mid", "PIR ADC Mid", feature.Debug, feature.NoUnit),
		func(p pir) (int, bool) { return p.mid, p.limits }),
	pirComputed(sensor("pir_value", "PIR Value", feature.Info, feature.NoUnit),
		func(p pir) (int, bool) { return p.mid - p.value, p.ok }),
	pirComputed(sensor("pir_percent", "PIR Percentile", feature.Debug, feature.Percent), pir.percent),
	pirComputed(binary("pir_triggered", "PIR Triggered", feature.Primary), func(p pir) (triggered, ok bool) {
		percent, ok := p.percent()
		threshold, known := p.threshold()
		return p.config.Enable.Or(false) && math.Abs(percent) > float64(100-threshold), ok && known
	}),
	pirTimeout(),
}

// pir is what the motion sensor says at one moment.
type pir struct {
	config iot.PIRConfig
	value  int
	mid    int
	limits bool // the limits are known, and so the middle
	ok     bool // so is the value
}

func readPIR(v *feature.View) pir {
	config := iot.GetPIRConfig.Result(v.Snapshot)
	if config == nil {
		return pir{}
	}
	lo, low := config.MinADC.Get()
	hi, high := config.MaxADC.Get()
	p := pir{config: *config, mid: max(hi-lo, lo-hi) / 2, limits: low && high}
	if value := iot.GetPIRValue.Result(v.Snapshot); value != nil {
		p.value, p.ok = value.Value.Get()
		p.ok = p.ok && p.limits
	}
	return p
}

// percent is how far the reading is from the middle, of the way to its end.
func (p pir) percent() (float64, bool) {
	v := p.mid - p.value
	way := p.config.MaxADC.Or(0) - p.mid
	if v < 0 {
		way = p.mid - p.config.MinADC.Or(0)
	}
	if !p.ok || way == 0 {
		return 0, false
	}
	return 100 * float64(v) / float64(way), true
}

// threshold is the sensitivity that is chosen.
func (p pir) threshold() (int, bool) {
	i, ok := p.config.TriggerIndex.Get()
	if !ok || i < 0 || i >= len(p.config.Array) {
		return 0, false
	}
	return p.config.Array[i], true
}

// pirReading is a row of the sensor's settings.
func pirReading[T feature.Scalar](meta feature.Meta, get func(pir) (T, bool)) feature.Feature {
	return pirRow(feature.Derived[T]{Meta: meta, Get: func(v *feature.View) (T, bool) { return get(readPIR(v)) }})
}

// pirComputed is a row that needs the sensor's reading besides.
func pirComputed[T feature.Scalar](meta feature.Meta, get func(pir) (T, bool)) feature.Feature {
	return feature.Derive(wattle.IOT, feature.Derived[T]{
		Meta: meta, When: mayHaveSensor,
		Queries: []method.Query{iot.GetPIRConfig.Query(method.EveryMinute), iot.GetPIRValue.Query(method.EveryPoll)},
		Has: func(v *feature.View) bool {
			return iot.GetPIRConfig.Result(v.Snapshot) != nil && iot.GetPIRValue.Result(v.Snapshot) != nil
		},
		Get: func(v *feature.View) (T, bool) { return get(readPIR(v)) },
	})
}

func pirRow[T feature.Scalar](row feature.Derived[T]) feature.Feature {
	row.When = mayHaveSensor
	row.Has = func(v *feature.View) bool { return iot.GetPIRConfig.Result(v.Snapshot) != nil }
	row.Queries = []method.Query{iot.GetPIRConfig.Query(method.EveryMinute)}
	return feature.Derive(wattle.IOT, row)
}

func pirSwitch() feature.Feature {
	return pirRow(feature.Derived[bool]{
		Meta: feature.Meta{ID: "pir_enabled", Name: "PIR enabled", Kind: feature.Switch, Category: feature.Config},
		Get:  func(v *feature.View) (bool, bool) { return readPIR(v).config.Enable.Get() },
		Set: func(_ *feature.View, on bool) ([]method.Call, error) {
			return one(iot.SetPIREnable.With(iot.Enable{Enable: iot.Bit(on)}))
		},
	})
}

func pirRange() feature.Feature {
	return pirRow(feature.Derived[string]{
		Meta: feature.Meta{
			ID: "pir_range", Name: "Motion Sensor Range", Kind: feature.Choice,
			Category: feature.Config, Choices: ranges,
		},
		Get: func(v *feature.View) (string, bool) {
			i, ok := readPIR(v).config.TriggerIndex.Get()
			if !ok || i < 0 || i >= len(ranges) {
				return "", false
			}
			return ranges[i], true
		},
		Apart: true, // a number with the value of another would change both
		Set: func(_ *feature.View, name string) ([]method.Call, error) {
			for i, r := range ranges {
				if r == name {
					return one(iot.SetTriggerSens.With(iot.Sensitivity{Index: i}))
				}
			}
			return nil, wattle.ErrParam
		},
	})
}

func pirThreshold() feature.Feature {
	return pirRow(feature.Derived[int]{
		Meta: feature.Meta{
			ID: "pir_threshold", Name: "Motion Sensor Threshold", Kind: feature.Number,
			Category: feature.Config, Min: 0, Max: 100,
		},
		Get:   func(v *feature.View) (int, bool) { return readPIR(v).threshold() },
		Apart: true,
		Set: func(_ *feature.View, n int) ([]method.Call, error) {
			return one(iot.SetTriggerSens.With(iot.Sensitivity{Index: 3, Value: method.Some(n)}))
		},
	})
}

func pirTimeout() feature.Feature {
	return pirRow(feature.Derived[int]{
		Meta: feature.Meta{
			ID: "motion_timeout", Name: "Motion inactivity timeout", Kind: feature.Number,
			Category: feature.Config, Unit: feature.Millisecond, Min: 0, Max: 3600000,
		},
		Get: func(v *feature.View) (int, bool) { return readPIR(v).config.ColdTime.Get() },
		Set: func(_ *feature.View, ms int) ([]method.Call, error) {
			return one(iot.SetColdTime.With(iot.ColdTime{ColdTime: ms}))
		},
	})
}
