package smart

import "wattle/method"

// EnergyUsage is the answer of get_energy_usage (section 7).
type EnergyUsage struct {
	TodayRuntime method.Opt[float64] `json:"today_runtime"` // min
	MonthRuntime method.Opt[float64] `json:"month_runtime"` // min
	TodayEnergy  method.Opt[float64] `json:"today_energy"`  // Wh
	MonthEnergy  method.Opt[float64] `json:"month_energy"`  // Wh
	CurrentPower method.Opt[float64] `json:"current_power"` // mW; missing on some strips
}

// CurrentPower is the answer of get_current_power.
type CurrentPower struct {
	Power method.Opt[float64] `json:"current_power"` // whole W
}

// EmeterData is the answer of get_emeter_data, newer firmware only.
type EmeterData struct {
	CurrentMA method.Opt[float64] `json:"current_ma"` // mA
	VoltageMV method.Opt[float64] `json:"voltage_mv"` // mV
	PowerMW   method.Opt[float64] `json:"power_mw"`   // mW
	EnergyWh  method.Opt[float64] `json:"energy_wh"`  // Wh, of unknown span
}

// Gains is the answer of get_emeter_vgain_igain: how the meter is calibrated.
// Strips have one for each outlet, in List.
type Gains struct {
	Voltage method.Opt[int] `json:"vgain"`
	Current method.Opt[int] `json:"igain"`
	List    []struct {
		Slot    method.Opt[int] `json:"slot_id"` // from 0
		Voltage method.Opt[int] `json:"vgain"`
		Current method.Opt[int] `json:"igain"`
	} `json:"data"`
}

// Energy (section 7).
var (
	GetEnergyUsage  = method.Method[method.None, EnergyUsage]{Name: "get_energy_usage"}
	GetCurrentPower = method.Method[method.None, CurrentPower]{Name: "get_current_power"}
	GetEmeterData   = method.Method[method.None, EmeterData]{Name: "get_emeter_data"}
	GetGains        = method.Method[method.None, Gains]{Name: "get_emeter_vgain_igain"}
)
