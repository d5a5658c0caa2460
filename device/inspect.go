package device

import (
	"encoding/hex"
	"strings"

	"wattle"
	"wattle/feature"
	"wattle/method/iot"
	"wattle/method/smart"
)

// Inspection is a device as one neutral object, for comparing what different
// programs make of it. Fields that the device does not tell are left out, or
// null where a program must find them.
type Inspection struct {
	Model      string                      `json:"model"` // without region
	Alias      *string                     `json:"alias"`
	DeviceID   string                      `json:"device_id,omitempty"`
	DeviceType wattle.DeviceType           `json:"device_type,omitempty"`
	Hardware   string                      `json:"hw_version,omitempty"`
	Firmware   string                      `json:"fw_version,omitempty"` // without build
	MAC        string                      `json:"mac,omitempty"`
	RSSI       *int                        `json:"rssi,omitempty"` // dBm
	On         *bool                       `json:"is_on,omitempty"`
	HasMeter   bool                        `json:"has_emeter"`
	Features   map[string]InspectedFeature `json:"features"`
	Children   []Inspection                `json:"children"`
}

// InspectedFeature is a feature of an [Inspection]; actions have none.
type InspectedFeature struct {
	Value   feature.Value `json:"value"`
	Unit    feature.Unit  `json:"unit,omitempty"`
	Minimum *float64      `json:"minimum,omitempty"`
	Maximum *float64      `json:"maximum,omitempty"`
	Choices []string      `json:"choices,omitempty"`
}

// Reveal is the inspection with its secrets in clear: for what is in a file in
// clear already.
func (i Inspection) Reveal() Inspection {
	features := make(map[string]InspectedFeature, len(i.Features))
	for id, f := range i.Features {
		f.Value = f.Value.Reveal()
		features[id] = f
	}
	children := make([]Inspection, len(i.Children))
	for n, c := range i.Children {
		children[n] = c.Reveal()
	}
	i.Features, i.Children = features, children
	return i
}

// Inspect shows a state and those of the children.
func Inspect(s *State) Inspection {
	id := s.identity
	out := Inspection{
		Model: id.Model.Name, DeviceID: id.DeviceID, DeviceType: id.Type,
		Hardware: id.Hardware, Firmware: id.Firmware, MAC: macText(s),
		HasMeter: hasMeter(s),
		Features: map[string]InspectedFeature{}, Children: []Inspection{},
	}
	if id.Alias != "" {
		out.Alias = &id.Alias
	}
	if id.Family == wattle.IOT { // known by its MAC there, an outlet by MAC and id
		out.DeviceID = out.MAC
		if s.view.Parent != nil {
			out.DeviceID += "_" + id.DeviceID
		}
	}
	if rssi, ok := feature.As[int](s.Value("rssi")); ok {
		out.RSSI = &rssi
	}
	if on, ok := switchState(s); ok {
		out.On = &on
	}
	for _, r := range s.readings {
		if r.Kind == feature.Action || r.Kind == feature.Event {
			continue
		}
		f := InspectedFeature{Value: r.Value, Unit: r.Unit, Choices: r.Choices}
		if n, ok := r.Value.Number(); ok && r.Unit == feature.Millisecond { // durations are in seconds there
			f.Value, f.Unit = feature.ValueOf(n/1000), feature.Second
		} else if r.HasRange() {
			f.Minimum, f.Maximum = &r.Min, &r.Max
		}
		out.Features[r.ID] = f
	}
	for _, c := range s.children {
		out.Children = append(out.Children, Inspect(c))
	}
	return out
}

// macText is the MAC as six bytes, also where all of them are 0.
func macText(s *State) string {
	id := s.identity
	if !id.MAC.IsZero() {
		return id.MAC.String()
	}
	raw := ""
	if i := iot.GetSysinfo.Result(s.view.Root().Snapshot); i != nil {
		raw = i.MAC + i.MicMAC
	} else if i := smart.GetDeviceInfo.Result(s.view.Snapshot); i != nil {
		raw = i.MAC
	}
	digits := strings.NewReplacer(":", "", "-", "").Replace(raw)
	if b, err := hex.DecodeString(digits); err != nil || len(b) != len(id.MAC) {
		return ""
	}
	return "00:00:00:00:00:00"
}

// hasMeter tells whether the device says that it measures energy.
func hasMeter(s *State) bool {
	if s.identity.Family == wattle.IOT {
		i := iot.GetSysinfo.Result(s.view.Root().Snapshot)
		return i != nil && i.Meters()
	}
	i := smart.GetDeviceInfo.Result(s.view.Snapshot)
	return i != nil && s.view.Has("energy_monitoring") && i.DeviceOn.Known()
}

// switchState is the device's own switch, and not what the state of a radiator
// valve or of a strip's outlets stands for.
func switchState(s *State) (on, ok bool) {
	if i := smart.GetDeviceInfo.Result(s.view.Snapshot); i != nil {
		return i.DeviceOn.Get()
	}
	return s.Value("state").Bool()
}
