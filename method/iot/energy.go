package iot

import (
	"encoding/json"

	"wattle/method"
)

// Realtime is the answer of emeter.get_realtime in either unit system
// (section 5). Which one it is shows in the names of the fields, in each
// answer anew.
type Realtime struct {
	Current   method.Opt[float64] `json:"current"`    // A
	CurrentMA method.Opt[float64] `json:"current_ma"` // mA
	Voltage   method.Opt[float64] `json:"voltage"`    // V
	VoltageMV method.Opt[float64] `json:"voltage_mv"` // mV
	Power     method.Opt[float64] `json:"power"`      // W
	PowerMW   method.Opt[float64] `json:"power_mw"`   // mW
	Total     method.Opt[float64] `json:"total"`      // kWh
	TotalWh   method.Opt[float64] `json:"total_wh"`   // Wh
}

// pick is the value in base units from whichever field has it.
func pick(milli, unit method.Opt[float64]) (float64, bool) {
	if v, ok := milli.Get(); ok {
		return v / 1000, true
	}
	return unit.Get()
}

// Watts is the present power in W.
func (r *Realtime) Watts() (float64, bool) { return pick(r.PowerMW, r.Power) }

// Volts is the mains voltage in V; many bulbs say 0 or nothing.
func (r *Realtime) Volts() (float64, bool) { return pick(r.VoltageMV, r.Voltage) }

// Amperes is the present current in A.
func (r *Realtime) Amperes() (float64, bool) { return pick(r.CurrentMA, r.Current) }

// TotalKWh is the counter in kWh, since it was last erased.
func (r *Realtime) TotalKWh() (float64, bool) { return pick(r.TotalWh, r.Total) }

// Month is the parameter of get_daystat.
type Month struct {
	Year  int `json:"year"`  // such as 2026
	Month int `json:"month"` // 1 to 12
}

// Year is the parameter of get_monthstat.
type Year struct {
	Year int `json:"year"` // such as 2026
}

// Stat is an entry of a statistic: the energy of a day or a month, or the time
// that the device was on (section 12.5). Days without data are missing, and
// later entries win.
type Stat struct {
	Year     int                 `json:"year"`
	Month    int                 `json:"month"`
	Day      int                 `json:"day"`       // 0 for a month
	Time     method.Opt[float64] `json:"time"`      // min
	Energy   method.Opt[float64] `json:"energy"`    // kWh
	EnergyWh method.Opt[float64] `json:"energy_wh"` // Wh
}

// KWh is the energy of the entry in kWh.
func (s *Stat) KWh() (float64, bool) { return pick(s.EnergyWh, s.Energy) }

// DayStat is the answer of get_daystat.
type DayStat struct {
	Days []Stat `json:"day_list"`
}

// MonthStat is the answer of get_monthstat.
type MonthStat struct {
	Months []Stat `json:"month_list"`
}

// Gains is the answer of get_vgain_igain and the parameter of its setter: how
// the meter of a plug is calibrated. Wrong ones spoil all that it measures.
type Gains struct {
	Voltage method.Opt[int] `json:"vgain,omitzero"`
	Current method.Opt[int] `json:"igain,omitzero"`
}

// The calibration of plugs (section 5).
var (
	GetGains = method.Method[method.None, Gains]{Module: ModuleEmeter, Name: "get_vgain_igain"}
	SetGains = method.Method[Gains, method.None]{Module: ModuleEmeter, Name: "set_vgain_igain", Effect: method.Absolute}
)

// Energy are the methods of one of the two energy modules.
type Energy struct {
	GetRealtime  method.Method[method.None, Realtime]
	GetDayStat   method.Method[Month, DayStat]
	GetMonthStat method.Method[Year, MonthStat]
	// EraseEmeterStat sets the total to 0 and forgets all days.
	EraseEmeterStat method.Method[method.None, method.None]
}

func energy(module string) Energy {
	return Energy{
		GetRealtime:  method.Method[method.None, Realtime]{Module: module, Name: "get_realtime"},
		GetDayStat:   method.Method[Month, DayStat]{Module: module, Name: "get_daystat"},
		GetMonthStat: method.Method[Year, MonthStat]{Module: module, Name: "get_monthstat"},

		EraseEmeterStat: erase(module, "erase_emeter_stat"),
	}
}

// erase is a method that forgets; doing it twice is doing it once. Some
// firmware wants to see the empty parameters.
func erase(module, name string) method.Method[method.None, method.None] {
	return method.Method[method.None, method.None]{
		Module: module, Name: name,
		Params: json.RawMessage("{}"), Effect: method.Absolute,
	}
}

// Runtime are the methods that tell how long a device was on (section 12.5).
type Runtime struct {
	GetDayStat       method.Method[Month, DayStat]
	GetMonthStat     method.Method[Year, MonthStat]
	EraseRuntimeStat method.Method[method.None, method.None]
}

func runtime(module string) Runtime {
	return Runtime{
		GetDayStat:       method.Method[Month, DayStat]{Module: module, Name: "get_daystat"},
		GetMonthStat:     method.Method[Year, MonthStat]{Module: module, Name: "get_monthstat"},
		EraseRuntimeStat: erase(module, "erase_runtime_stat"),
	}
}

// The runtime methods of plugs and of bulbs.
var (
	PlugRuntime = runtime("schedule")
	BulbRuntime = runtime("smartlife.iot.common.schedule")
)

// The energy methods of plugs and of bulbs (section 5).
var (
	Emeter     = energy(ModuleEmeter)
	BulbEmeter = energy(ModuleBulbEmeter)
)
