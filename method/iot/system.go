package iot

import "wattle/method"

// Position is the parameter of set_dev_location: in degrees times 10000, or in
// degrees for the plugs of 2016 and 2017, whose sysinfo has the same fields.
type Position struct {
	LatitudeI  method.Opt[int]     `json:"latitude_i,omitzero"`
	LongitudeI method.Opt[int]     `json:"longitude_i,omitzero"`
	Latitude   method.Opt[float64] `json:"latitude,omitzero"`
	Longitude  method.Opt[float64] `json:"longitude,omitzero"`
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

// The system modules of plugs and of bulbs.
var (
	PlugSystem = system(ModuleSystem)
	BulbSystem = system(ModuleBulbSystem)
)
