package mqtt

import (
	"math"
	"time"

	"wattle"
	"wattle/feature"
)

// component is what one feature is to Home Assistant: nil where it is nothing.
func (b *builder) component(r *feature.Reading, lifetime bool) (platform string, c component) {
	c = component{}
	b.categorize(r, c)
	switch r.Kind {
	case feature.Switch:
		platform = "switch"
		c["state_topic"], c["command_topic"] = b.topic(r.ID), b.set(r.ID)
		c["device_class"] = b.switchClass(r)
	case feature.Number:
		platform = "number"
		c["state_topic"], c["command_topic"] = b.topic(r.ID), b.set(r.ID)
		numberFields(r, c)
	case feature.Choice:
		if !r.Settable || len(r.Choices) == 0 {
			return "", nil
		}
		platform = "select"
		c["state_topic"], c["command_topic"], c["options"] = b.topic(r.ID), b.set(r.ID), r.Choices
	case feature.Action:
		platform = "button"
		c["command_topic"] = b.set(r.ID)
		if class := buttonClasses[r.ID]; class != "" {
			c["device_class"] = class
		}
	case feature.BinarySensor:
		platform = "binary_sensor"
		c["state_topic"] = b.topic(r.ID)
		if class := binaryClasses[r.ID]; class != "" {
			c["device_class"] = class
		}
	case feature.Sensor:
		platform = "sensor"
		c["state_topic"] = b.topic(r.ID)
		sensorFields(r, c, lifetime)
	default: // a colour is part of a light
		return "", nil
	}
	return platform, c
}

// categorize tells how prominent a feature is. A category "config" is only for
// what can be set or done. Readings for those who look for a fault are off at
// first; so is what should not be pressed by accident.
func (b *builder) categorize(r *feature.Reading, c component) {
	acts := r.Settable || r.Kind == feature.Action
	switch {
	case r.Category == feature.Primary, r.Unit == feature.KilowattHour && r.Category == feature.Info:
	case r.ID == "reboot", r.Category == feature.Config && acts:
		c["entity_category"] = "config"
	default:
		c["entity_category"] = "diagnostic"
	}
	if r.ID != "reboot" && (r.Category == feature.Debug || r.Dangerous) {
		c["enabled_by_default"] = false
	}
}

func (b *builder) switchClass(r *feature.Reading) string {
	switch t := b.view.Identity().Type; {
	case r.ID == "state" && (t == wattle.Plug || t == wattle.Strip || t == wattle.StripSocket):
		return "outlet"
	default:
		return "switch"
	}
}

// unit is how Home Assistant spells a unit, and the class that goes with it.
type unit struct{ text, class string }

var units = map[feature.Unit]unit{
	feature.Percent:          {"%", ""},
	feature.Watt:             {"W", "power"},
	feature.KilowattHour:     {"kWh", "energy"},
	feature.Volt:             {"V", "voltage"},
	feature.Ampere:           {"A", "current"},
	feature.DecibelMilliwatt: {"dBm", "signal_strength"},
	feature.Kelvin:           {"K", ""},
	feature.Celsius:          {"°C", "temperature"},
	feature.Fahrenheit:       {"°F", "temperature"},
	feature.Second:           {"s", "duration"},
	feature.Millisecond:      {"ms", "duration"},
	feature.Minute:           {"min", "duration"},
	feature.SquareMetre:      {"m²", ""},
	feature.SquareFoot:       {"ft²", ""},
	feature.Ping:             {"ping", ""},
}

// What a value is about, where its unit does not tell.
var (
	sensorClasses = map[string]string{"humidity": "humidity", "battery_level": "battery"}
	buttonClasses = map[string]string{"reboot": "restart", "locate": "identify"}
	binaryClasses = map[string]string{
		"is_open": "door", "motion_detected": "motion", "pir_triggered": "motion", "water_alert": "moisture", "battery_low": "battery",
		"cloud_connection": "connectivity", "overheated": "problem", "overloaded": "problem", "overcurrent": "problem",
		"temperature_warning": "problem", "humidity_warning": "problem", "update_available": "update", "update_in_progress": "running",
	}
)

// sensorFields are unit, class and statistics of a reading.
func sensorFields(r *feature.Reading, c component, lifetime bool) {
	if _, moment := r.Zero().(time.Time); moment {
		c["device_class"] = "timestamp"
		return
	}
	if class := sensorClasses[r.ID]; class != "" {
		c["device_class"] = class
	}
	u, measured := units[r.Unit]
	if _, duration := r.Zero().(time.Duration); duration {
		u, measured = units[feature.Second], true
	}
	if !measured {
		return
	}
	c["unit_of_measurement"] = u.text
	if u.class != "" {
		c["device_class"] = u.class
	}
	if r.Precision > 0 {
		c["suggested_display_precision"] = r.Precision
	}
	switch {
	case r.Unit == feature.KilowattHour:
		energyFields(r, c, lifetime)
	case r.Total:
		c["state_class"] = "total_increasing"
	default:
		c["state_class"] = "measurement"
	}
}

// energyFields: one counter of a device is for the dashboard of energy, sums of a
// day and of a month say when they began, and sliding sums are no statistics.
func energyFields(r *feature.Reading, c component, lifetime bool) {
	switch {
	case !r.Total:
	case begins(r.ID) != nil:
		c["state_class"] = "total"
		c["value_template"] = "{{ value_json.value }}"
		c["last_reset_value_template"] = "{{ value_json.last_reset }}"
	case lifetime:
		c["enabled_by_default"] = false
		c["entity_category"] = "diagnostic"
	default:
		c["state_class"] = "total_increasing"
	}
}

// numberFields are range, step, unit and class of a number.
func numberFields(r *feature.Reading, c component) {
	c["min"], c["max"], c["step"] = -1e6, 1e6, step(r)
	if r.HasRange() {
		c["min"], c["max"] = r.Min, r.Max
	} else {
		c["mode"] = "box"
	}
	if u, ok := units[r.Unit]; ok {
		c["unit_of_measurement"] = u.text
		if u.class != "" {
			c["device_class"] = u.class
		}
	}
}

// step is the least by which a number changes.
func step(r *feature.Reading) float64 {
	if _, whole := r.Zero().(int); whole || r.Precision == 0 && r.Unit != feature.Celsius && r.Unit != feature.Fahrenheit {
		return 1
	}
	if r.Precision == 0 {
		return 0.5 // docs/protocol/smart.md section 12
	}
	return math.Pow10(-min(r.Precision, 3))
}

// lifetime is the counter of the history.
func (b *builder) lifetime() {
	b.add("energy", "sensor", "Energy", component{
		"state_topic": b.topic("energy"), "device_class": "energy", "state_class": "total_increasing",
		"unit_of_measurement": "kWh", "suggested_display_precision": 3,
	})
}
