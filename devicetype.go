package wattle

// DeviceType says what a device is, in the words that people use. It follows
// from what the device tells of itself, never from its model name: see
// docs/protocol/iot.md section 4.2 and docs/protocol/smart.md section 4. Values
// are printed and stored.
type DeviceType string

// The device types.
const (
	Plug        DeviceType = "Plug"
	Strip       DeviceType = "Strip"       // outlets that switch one by one; they are its children
	StripSocket DeviceType = "StripSocket" // one outlet of a Kasa strip
	WallSwitch  DeviceType = "WallSwitch"
	Dimmer      DeviceType = "Dimmer"
	Bulb        DeviceType = "Bulb"
	LightStrip  DeviceType = "LightStrip"
	Fan         DeviceType = "Fan"
	Hub         DeviceType = "Hub"
	Sensor      DeviceType = "Sensor" // sensors and buttons behind a hub
	Thermostat  DeviceType = "Thermostat"
	Vacuum      DeviceType = "Vacuum"
	Chime       DeviceType = "Chime"
	Camera      DeviceType = "Camera"
	Doorbell    DeviceType = "Doorbell"
)
