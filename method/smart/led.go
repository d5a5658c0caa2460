package smart

import "wattle/method"

// LEDInfo is the answer of get_led_info; set_led_info takes it back as a
// whole (section 6).
type LEDInfo struct {
	Rule   method.Opt[string] `json:"led_rule,omitzero"` // always, never, night_mode; newer ones also auto, toggle
	Status method.Opt[bool]   `json:"led_status,omitzero"`
	Night  *NightMode         `json:"night_mode,omitempty"` // not on old devices
	Extra  method.Extra       `json:"-"`
}

// Values of [NightMode.Type].
const (
	NightSun    = "sunrise_sunset"
	NightCustom = "custom"
)

// NightMode says when the LED is dark under the rule night_mode. Times are
// minutes after midnight; devices compute those of the sun themselves.
type NightMode struct {
	Type          method.Opt[string] `json:"night_mode_type,omitzero"` // sunrise_sunset, custom
	Start         method.Opt[int]    `json:"start_time,omitzero"`      // minutes after midnight
	End           method.Opt[int]    `json:"end_time,omitzero"`        // minutes after midnight
	SunriseOffset method.Opt[int]    `json:"sunrise_offset,omitzero"`  // min, negative: before
	SunsetOffset  method.Opt[int]    `json:"sunset_offset,omitzero"`   // min, negative: before
	Extra         method.Extra       `json:"-"`
}

// UnmarshalJSON keeps the fields that are not declared.
func (n *NightMode) UnmarshalJSON(b []byte) (err error) {
	type plain NightMode
	*n = NightMode{}
	n.Extra, err = method.DecodeWithExtra(b, (*plain)(n))
	return err
}

// MarshalJSON writes all fields that were read.
func (n NightMode) MarshalJSON() ([]byte, error) {
	type plain NightMode
	return method.EncodeWithExtra(plain(n), n.Extra)
}

// UnmarshalJSON keeps the fields that are not declared.
func (l *LEDInfo) UnmarshalJSON(b []byte) (err error) {
	type plain LEDInfo
	*l = LEDInfo{}
	l.Extra, err = method.DecodeWithExtra(b, (*plain)(l))
	return err
}

// MarshalJSON writes all fields that were read.
func (l LEDInfo) MarshalJSON() ([]byte, error) {
	type plain LEDInfo
	return method.EncodeWithExtra(plain(l), l.Extra)
}

// The LED (section 6). Old devices crash when it is asked for often.
var (
	GetLEDInfo = method.Method[method.None, LEDInfo]{Name: "get_led_info"}
	SetLEDInfo = method.Method[LEDInfo, method.None]{Name: "set_led_info", Effect: method.Absolute}
)
