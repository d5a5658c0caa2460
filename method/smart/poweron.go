package smart

import "wattle/method"

// DefaultStates tell what a device does when its power comes back (section
// 5.4). Plugs and switches have Type and State.On; lights and new strips have
// RePowerType, and Type and State (or Brightness) say how they then shine. It
// is sent back as a whole in set_device_info.
type DefaultStates struct {
	RePowerType method.Opt[string] `json:"re_power_type,omitzero"`            // last_states, always_on, always_off
	Capability  []string           `json:"re_power_type_capability,omitzero"` // the types that it has
	Type        method.Opt[string] `json:"type,omitzero"`                     // last_states, custom
	State       *DefaultState      `json:"state,omitempty"`
	Brightness  *DefaultBrightness `json:"brightness,omitempty"` // lights that have nothing else
	Extra       method.Extra       `json:"-"`
}

// DefaultState is the custom state of [DefaultStates].
type DefaultState struct {
	On         method.Opt[bool] `json:"on,omitzero"`
	Brightness method.Opt[int]  `json:"brightness,omitzero"` // %
	ColorTemp  method.Opt[int]  `json:"color_temp,omitzero"` // K
	Hue        method.Opt[int]  `json:"hue,omitzero"`        // degrees, 0 to 360
	Saturation method.Opt[int]  `json:"saturation,omitzero"` // %, 0 to 100
	Extra      method.Extra     `json:"-"`
}

// DefaultBrightness is the same for lights that can only be dimmed.
type DefaultBrightness struct {
	Type  method.Opt[string] `json:"type,omitzero"`  // last_states, custom
	Value method.Opt[int]    `json:"value,omitzero"` // %
	Extra method.Extra       `json:"-"`
}

// UnmarshalJSON keeps the fields that are not declared.
func (d *DefaultStates) UnmarshalJSON(b []byte) (err error) {
	type plain DefaultStates
	*d = DefaultStates{}
	d.Extra, err = method.DecodeWithExtra(b, (*plain)(d))
	return err
}

// MarshalJSON writes all fields that were read.
func (d DefaultStates) MarshalJSON() ([]byte, error) {
	type plain DefaultStates
	return method.EncodeWithExtra(plain(d), d.Extra)
}

// UnmarshalJSON keeps the fields that are not declared.
func (d *DefaultState) UnmarshalJSON(b []byte) (err error) {
	type plain DefaultState
	*d = DefaultState{}
	d.Extra, err = method.DecodeWithExtra(b, (*plain)(d))
	return err
}

// MarshalJSON writes all fields that were read.
func (d DefaultState) MarshalJSON() ([]byte, error) {
	type plain DefaultState
	return method.EncodeWithExtra(plain(d), d.Extra)
}

// UnmarshalJSON keeps the fields that are not declared.
func (d *DefaultBrightness) UnmarshalJSON(b []byte) (err error) {
	type plain DefaultBrightness
	*d = DefaultBrightness{}
	d.Extra, err = method.DecodeWithExtra(b, (*plain)(d))
	return err
}

// MarshalJSON writes all fields that were read.
func (d DefaultBrightness) MarshalJSON() ([]byte, error) {
	type plain DefaultBrightness
	return method.EncodeWithExtra(plain(d), d.Extra)
}
