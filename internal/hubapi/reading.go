package hubapi

import (
	"errors"
	"time"

	"wattle/feature"
)

// Reading is a feature of the wire as a reading: what [FeatureOf] was given, but
// for durations, which are numbers of seconds, and secrets, which are texts.
func (f *Feature) Reading() feature.Reading {
	meta := feature.Meta{
		ID: f.ID, Name: f.Name, Kind: f.Kind, Category: f.Category, Unit: f.Unit, Precision: f.Precision, Choices: f.Choices,
		Total: f.Total, Secret: f.Secret, Dangerous: f.Dangerous,
	}
	if f.Minimum != nil && f.Maximum != nil {
		meta.Min, meta.Max = *f.Minimum, *f.Maximum
	}
	r := feature.Reading{Meta: &meta, Settable: f.Settable, Value: valueOf(f.Value), Source: f.Source}
	if f.Time != nil {
		r.Time = *f.Time
	}
	if f.Error != "" {
		r.Err = errors.New(f.Error)
	}
	return r
}

// valueOf is a value of JSON as the value of a feature.
func valueOf(v any) feature.Value {
	switch x := v.(type) {
	case bool:
		return feature.ValueOf(x)
	case float64:
		return feature.ValueOf(x)
	case string:
		if at, err := time.Parse(time.RFC3339, x); err == nil {
			return feature.ValueOf(at)
		}
		return feature.ValueOf(x)
	case map[string]any:
		part := func(name string) int {
			n, _ := x[name].(float64)
			return int(n)
		}
		return feature.ValueOf(feature.HSV{Hue: part("hue"), Saturation: part("saturation"), Value: part("value")})
	}
	return feature.Value{}
}
