package smart

import "wattle/method"

// EnergySpan is the parameter of get_energy_data and get_power_data: what to
// ask for is in sections 7.1 and 7.2.
type EnergySpan struct {
	Start    int64 `json:"start_timestamp"` // unix seconds
	End      int64 `json:"end_timestamp"`   // unix seconds
	Interval int   `json:"interval"`        // min: 60, 1440 or 43200 for energy; 5 or 60 for power
}

// EnergyData is the answer of get_energy_data, in Wh for each interval, and of
// get_power_data, in W on average, where -1 and null mean that nothing is known.
// Energy of the future is 0. Start and end may be those that were asked for,
// although the values begin elsewhere (section 7.1).
type EnergyData struct {
	LocalTime string                `json:"local_time"` // 2006-01-02 15:04:05
	Data      []method.Opt[float64] `json:"data"`
	Start     method.Opt[int]       `json:"start_timestamp"`
	End       method.Opt[int]       `json:"end_timestamp"`
	Interval  method.Opt[int]       `json:"interval"` // min
}

// Usage is a part of the answer of get_device_usage: sums over calendar days
// that end now.
type Usage struct {
	Today  method.Opt[float64] `json:"today"`
	Past7  method.Opt[float64] `json:"past7"`
	Past30 method.Opt[float64] `json:"past30"`
}

// DeviceUsage is the answer of get_device_usage (section 6). Saved is what a
// load of 60 W would have used in the same time, less what was used.
type DeviceUsage struct {
	Time  Usage `json:"time_usage"`  // min that the device was on
	Power Usage `json:"power_usage"` // Wh; lights and meters only
	Saved Usage `json:"saved_power"` // Wh
}

// Price is the answer of get_electricity_price_config;
// set_electricity_price_config takes it back as a whole (section 7).
type Price struct {
	Type     method.Opt[string]  `json:"type,omitzero"`           // constant, time_of_use
	Constant method.Opt[float64] `json:"constant_price,omitzero"` // scaled by an unknown factor; 0: not set
	Extra    method.Extra        `json:"-"`
}

// UnmarshalJSON keeps the fields that are not declared.
func (p *Price) UnmarshalJSON(b []byte) (err error) {
	type plain Price
	*p = Price{}
	p.Extra, err = method.DecodeWithExtra(b, (*plain)(p))
	return err
}

// MarshalJSON writes all fields that were read.
func (p Price) MarshalJSON() ([]byte, error) {
	type plain Price
	return method.EncodeWithExtra(plain(p), p.Extra)
}

// Histories and what belongs to them (sections 6 and 7).
var (
	GetEnergyData  = method.Method[EnergySpan, EnergyData]{Name: "get_energy_data"}
	GetPowerData   = method.Method[EnergySpan, EnergyData]{Name: "get_power_data"}
	GetDeviceUsage = method.Method[method.None, DeviceUsage]{Name: "get_device_usage"}
	// ClearEnergyData erases all histories and sums.
	ClearEnergyData = method.Method[method.None, method.None]{Name: "clear_energy_data", Effect: method.Absolute}
	GetPrice        = method.Method[method.None, Price]{Name: "get_electricity_price_config"}
	SetPrice        = method.Method[Price, method.None]{Name: "set_electricity_price_config", Effect: method.Absolute}
)
