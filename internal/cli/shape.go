package cli

import (
	"slices"
	"strconv"

	"wattle"
	"wattle/device"
	"wattle/feature"
)

// shape is a device as programs see it, the same for every command that shows
// devices: state, inspect, demo. It is the neutral shape that captures are
// compared in; members may be added, never renamed.
type shape struct {
	Alias      *string        `json:"alias"`
	Model      string         `json:"model"`
	Region     string         `json:"region,omitempty"`
	DeviceType string         `json:"device_type,omitempty"`
	DeviceID   string         `json:"device_id,omitempty"`
	MAC        string         `json:"mac,omitempty"`
	HWVersion  string         `json:"hw_version,omitempty"`
	FWVersion  string         `json:"fw_version,omitempty"`
	Address    string         `json:"address,omitempty"`
	Transport  string         `json:"transport,omitempty"`
	Features   map[string]any `json:"features"`
	Actions    []string       `json:"actions,omitempty"`
	Children   []shape        `json:"children,omitempty"`
	// Errors are features that could not be read, and why.
	Errors map[string]string `json:"errors,omitempty"`

	readings []feature.Reading // for tables
}

// shapeOf shows a state and those of the children. With meta a value comes
// with what is known about it: unit, range, choices.
func shapeOf(st *device.State, meta bool) shape {
	id := st.Identity()
	s := shape{
		Model: id.Model.Name, Region: id.Model.Region, DeviceType: string(id.Type), DeviceID: id.DeviceID,
		MAC: id.MAC.String(), HWVersion: id.Hardware, FWVersion: id.Firmware,
		Features: map[string]any{}, readings: st.Readings(),
	}
	if id.Alias != "" {
		s.Alias = &id.Alias
	}
	for _, r := range s.readings {
		if r.Kind == feature.Action {
			s.Actions = append(s.Actions, r.ID)
			continue
		}
		s.Features[r.ID] = r.Value
		if meta {
			s.Features[r.ID] = r
		}
		if r.Err != nil {
			if s.Errors == nil {
				s.Errors = map[string]string{}
			}
			s.Errors[r.ID] = r.Err.Error()
		}
	}
	for _, c := range st.Children() {
		s.Children = append(s.Children, shapeOf(c, meta))
	}
	return s
}

// reveal shows the secrets of a device and its children in clear.
func (s *shape) reveal() {
	s.readings = slices.Clone(s.readings) // they are the state's
	for i := range s.readings {
		r := &s.readings[i]
		if !r.Secret {
			continue
		}
		r.Value = r.Value.Reveal()
		if _, meta := s.Features[r.ID].(feature.Reading); meta {
			s.Features[r.ID] = *r
		} else {
			s.Features[r.ID] = r.Value
		}
	}
	for i := range s.Children {
		s.Children[i].reveal()
	}
}

// name is what a person calls the device.
func (s *shape) name() string {
	if s.Alias != nil && *s.Alias != "" {
		return *s.Alias
	}
	if s.MAC != "" {
		return s.MAC
	}
	return s.DeviceID
}

// fullModel is the model with its region.
func (s *shape) fullModel() string { return wattle.Model{Name: s.Model, Region: s.Region}.String() }

// read gives the reading of a feature, or false.
func (s *shape) read(id string) (feature.Reading, bool) {
	for _, r := range s.readings {
		if r.ID == id {
			return r, true
		}
	}
	return feature.Reading{}, false
}

// valueText is a value for people, rounded to the digits worth showing and
// with its unit; "-" where it is not known.
func valueText(r feature.Reading) string {
	if !r.Value.Known() {
		return "-"
	}
	text := r.Value.String()
	if on, ok := r.Value.Bool(); ok && r.Kind == feature.BinarySensor {
		return map[bool]string{true: "yes", false: "no"}[on]
	}
	if n, ok := feature.As[float64](r.Value); ok && r.Precision > 0 {
		text = strconv.FormatFloat(n, 'f', r.Precision, 64)
	}
	if r.Unit == feature.NoUnit {
		return text
	}
	return text + " " + unitText(r.Unit)
}

// unitText is a unit as people write it.
func unitText(u feature.Unit) string {
	switch u {
	case feature.Celsius:
		return "°C"
	case feature.Fahrenheit:
		return "°F"
	case feature.SquareMetre:
		return "m²"
	case feature.SquareFoot:
		return "ft²"
	}
	return string(u)
}

// painted is a value as a cell: on is green, what is not known is dim.
func painted(r feature.Reading) cell {
	c := plain(valueText(r))
	if on, ok := r.Value.Bool(); ok && on && r.ID == "state" {
		c.paint = style.green
	} else if !r.Value.Known() || ok && !on && r.ID == "state" {
		c.paint = style.dim
	}
	return c
}
