package iot

import "wattle/method"

// Position is the parameter of set_dev_location: in degrees times 10000, or in
// degrees for the plugs of 2016 and 2017, whose sysinfo has the same fields.
type Position struct {
	LatitudeI  method.Opt[int]     `json:"latitude_i,omitzero"`  // degrees times 10000, north positive
	LongitudeI method.Opt[int]     `json:"longitude_i,omitzero"` // degrees times 10000, east positive
	Latitude   method.Opt[float64] `json:"latitude,omitzero"`    // degrees
	Longitude  method.Opt[float64] `json:"longitude,omitzero"`   // degrees
}

// System are the methods of module system that bulbs have in a module of their
// own (section 2).
type System struct {
	Reboot method.Method[Delay, method.None]
	// Reset brings the state of the factory back. Devices refuse it without a delay.
	Reset          method.Method[Delay, method.None]
	SetDevLocation method.Method[Position, method.None]
}

func system(module string) System {
	return System{
		Reboot:         method.Method[Delay, method.None]{Module: module, Name: "reboot", Effect: method.Once},
		Reset:          method.Method[Delay, method.None]{Module: module, Name: "reset", Effect: method.Once},
		SetDevLocation: method.Method[Position, method.None]{Module: module, Name: "set_dev_location", Effect: method.Absolute},
	}
}

// Icon is the picture that an app shows for the device: the answer of
// get_dev_icon and the parameter of set_dev_icon.
type Icon struct {
	Icon string `json:"icon"` // what the app put there, "" for none
	Hash string `json:"hash"`
}

// Slots is the answer of get_relationship: which outlet of a strip is where.
type Slots struct {
	List []Slot `json:"data"`
}

// Slot is the place of one outlet.
type Slot struct {
	Child string          `json:"child_id"`
	Slot  method.Opt[int] `json:"hw_slot"` // from 0
}

// What plugs, switches and strips keep besides (sections 1.3 and 3).
var (
	GetDevIcon = method.Method[method.None, Icon]{Module: ModuleSystem, Name: "get_dev_icon"}
	SetDevIcon = method.Method[Icon, method.None]{Module: ModuleSystem, Name: "set_dev_icon", Effect: method.Absolute}
	GetSlots   = method.Method[method.None, Slots]{Module: "smartlife.iot.smartpowerstrip.manage", Name: "get_relationship"}
)

// The system modules of plugs and of bulbs.
var (
	PlugSystem = system(ModuleSystem)
	BulbSystem = system(ModuleBulbSystem)
)
