package smart

import (
	"encoding/json"
	"strings"

	"wattle"
	"wattle/method"
)

// Component is one thing that a device can do, with its version (section 3).
type Component struct {
	ID      string          `json:"id"`
	Version method.Opt[int] `json:"ver_code"`
}

// ComponentList is the answer of component_nego, and an entry of the list for
// children.
type ComponentList struct {
	DeviceID   string      `json:"device_id"` // children only
	Components []Component `json:"component_list"`
}

// Versions are the components by their id. A version below 1 means that the
// component is not usable, and is left out.
func (l *ComponentList) Versions() map[string]int {
	out := make(map[string]int, len(l.Components))
	for _, c := range l.Components {
		if v := c.Version.Or(1); v > 0 && c.ID != "" {
			out[c.ID] = v
		}
	}
	return out
}

// ChildComponents is the answer of get_child_device_component_list.
type ChildComponents struct {
	List []ComponentList `json:"child_component_list"`
}

// ChildList is the answer of get_child_device_list: for each child what it
// would say to get_device_info. Entries stay raw: they become the children's answers.
type ChildList struct {
	List []json.RawMessage `json:"child_device_list"`
}

// Start is the parameter of paged lists; the session asks for further pages
// (section 1.3).
type Start struct {
	Index int `json:"start_index"` // of the first entry wanted, from 0
}

var firstPage = json.RawMessage(`{"start_index":0}`)

// What a device can do and whom it has behind it (sections 2 and 3).
var (
	ComponentNego      = method.Method[method.None, ComponentList]{Name: "component_nego"}
	GetChildComponents = method.Method[Start, ChildComponents]{Name: "get_child_device_component_list", Params: firstPage}
	GetChildList       = method.Method[Start, ChildList]{Name: "get_child_device_list", Params: firstPage}
)

// DeviceType follows section 4: family and components for a device of its own,
// the category for a child.
func (i *Info) DeviceType(components map[string]int) wattle.DeviceType {
	if i.Category != "" {
		return childType(i.Category)
	}
	family := strings.ToUpper(i.Type)
	has := func(component string) bool { return components[component] > 0 }
	switch {
	case strings.Contains(family, "HUB"):
		return wattle.Hub
	case strings.Contains(family, "PLUG") && has("child_device"):
		return wattle.Strip
	case strings.Contains(family, "PLUG"):
		return wattle.Plug
	case has("light_strip"):
		return wattle.LightStrip
	case strings.Contains(family, "SWITCH") && has("child_device"):
		return wattle.WallSwitch
	case has("dimmer_calibration"):
		return wattle.Dimmer
	case has("brightness"):
		return wattle.Bulb
	case strings.Contains(family, "SWITCH"):
		return wattle.WallSwitch
	case strings.Contains(family, "SENSOR"):
		return wattle.Sensor
	case strings.Contains(family, "ENERGY"):
		return wattle.Thermostat
	case strings.Contains(family, "ROBOVAC"):
		return wattle.Vacuum
	case strings.Contains(family, "CHIME"):
		return wattle.Chime
	}
	return wattle.Plug
}

// childType reads a category such as "subg.trigger.contact-sensor"; the last
// part says what it is, so that a new kind of sensor is a sensor too.
func childType(category string) wattle.DeviceType {
	last := category[strings.LastIndex(category, ".")+1:]
	switch {
	case strings.Contains(category, ".trigger"):
		return wattle.Sensor
	case strings.Contains(last, "trv"):
		return wattle.Thermostat
	case strings.Contains(last, "fan"):
		return wattle.Fan
	case strings.Contains(last, "dimmer"):
		return wattle.Dimmer
	case strings.Contains(last, "bulb"), strings.Contains(last, "light"):
		return wattle.Bulb
	case strings.Contains(last, "switch"):
		return wattle.WallSwitch
	case strings.Contains(category, "camera"):
		return wattle.Camera
	case strings.Contains(category, "chime"):
		return wattle.Chime
	}
	return wattle.Plug
}
