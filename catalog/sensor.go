package catalog

import (
	"time"

	"wattle"
	"wattle/feature"
	"wattle/method"
	"wattle/method/smart"
)

// binary is the meta of a reading that is on or off.
func binary(id, name string, c feature.Category) feature.Meta {
	return feature.Meta{ID: id, Name: name, Kind: feature.BinarySensor, Category: c}
}

// sensor is the meta of a reading.
func sensor(id, name string, c feature.Category, u feature.Unit) feature.Meta {
	return feature.Meta{ID: id, Name: name, Kind: feature.Sensor, Category: c, Unit: u}
}

// sensorRows are the devices behind a hub (docs/protocol/smart.md section 12).
var sensorRows = []feature.Feature{
	field(feature.Row[smart.Info, bool]{
		Meta: binary("battery_low", "Battery low", feature.Debug),
		When: has("battery_detect"),
		Has:  func(i *smart.Info) bool { return i.LowBattery.Known() || i.IsLow.Known() },
		Get: func(i *smart.Info) (bool, bool) {
			if i.LowBattery.Known() {
				return i.LowBattery.Get()
			}
			return i.IsLow.Get()
		},
	}),
	field(feature.Row[smart.Info, int]{
		Meta: sensor("battery_level", "Battery level", feature.Info, feature.Percent),
		When: has("battery_detect"),
		Has:  func(i *smart.Info) bool { return i.Battery.Known() },
		Get:  func(i *smart.Info) (int, bool) { return i.Battery.Get() },
	}),
	field(feature.Row[smart.Info, int]{
		Meta: sensor("report_interval", "Report interval", feature.Debug, feature.Second),
		When: has("report_mode"),
		Get:  func(i *smart.Info) (int, bool) { return i.ReportInterval.Get() },
	}),
	field(feature.Row[smart.Info, bool]{
		Meta: binary("online", "Online", feature.Info),
		Has:  func(i *smart.Info) bool { return i.Status.Known() },
		Get: func(i *smart.Info) (bool, bool) {
			status, ok := i.Status.Get()
			return status == "online", ok
		},
	}),
	field(feature.Row[smart.Info, int]{
		Meta: sensor("jamming_rssi", "Sub-GHz jamming RSSI", feature.Debug, feature.DecibelMilliwatt),
		Has:  func(i *smart.Info) bool { return i.JammingRSSI.Known() },
		Get:  func(i *smart.Info) (int, bool) { return i.JammingRSSI.Get() },
	}),
	field(feature.Row[smart.Info, bool]{
		Meta: binary("is_open", "Open", feature.Primary),
		Has:  func(i *smart.Info) bool { return i.Open.Known() },
		Get:  func(i *smart.Info) (bool, bool) { return i.Open.Get() },
	}),
	field(feature.Row[smart.Info, bool]{
		Meta: binary("motion_detected", "Motion detected", feature.Primary),
		When: has("sensitivity"),
		Get:  func(i *smart.Info) (bool, bool) { return i.Detected.Get() },
	}),
	field(feature.Row[smart.Info, string]{
		Meta: sensor("water_leak", "Water leak", feature.Debug, feature.NoUnit),
		When: has("sensor_alarm"),
		Get: func(i *smart.Info) (string, bool) {
			status, ok := i.WaterLeak.Get()
			if known, found := waterLeaks[status]; found {
				status = known
			}
			return status, ok
		},
	}),
	field(feature.Row[smart.Info, bool]{
		Meta: binary("water_alert", "Water alert", feature.Primary),
		When: has("sensor_alarm"),
		Get:  func(i *smart.Info) (bool, bool) { return i.InAlarm.Get() },
	}),
	feature.Derive(wattle.SMART, feature.Derived[time.Time]{
		Meta:    sensor("water_alert_timestamp", "Last alert timestamp", feature.Info, feature.NoUnit),
		When:    has("sensor_alarm"),
		Queries: []method.Query{smart.GetDeviceInfo.Query(method.EveryPoll)},
		Get: func(v *feature.View) (time.Time, bool) {
			i := info(v)
			if i == nil {
				return time.Time{}, false
			}
			seconds, ok := i.TriggerTimestamp.Get()
			return time.Unix(int64(seconds), 0).In(LocalTime(v).Location()), ok
		},
	}),
	field(feature.Row[smart.Info, int]{
		Meta: sensor("humidity", "Humidity", feature.Primary, feature.Percent),
		When: has("humidity"),
		Get:  func(i *smart.Info) (int, bool) { return i.Humidity.Get() },
	}),
	field(feature.Row[smart.Info, bool]{
		Meta: binary("humidity_warning", "Humidity warning", feature.Debug),
		When: has("humidity"),
		Get: func(i *smart.Info) (bool, bool) {
			by, ok := i.HumidException.Get()
			return by != 0, ok
		},
	}),
	field(feature.Row[smart.Info, float64]{
		Meta:   sensor("temperature", "Temperature", feature.Primary, feature.Celsius),
		When:   has("temperature"),
		Get:    func(i *smart.Info) (float64, bool) { return i.Temperature.Get() },
		UnitOf: tempUnit,
	}),
	field(feature.Row[smart.Info, bool]{
		Meta: binary("temperature_warning", "Temperature warning", feature.Debug),
		Has:  func(i *smart.Info) bool { return i.TempException.Known() },
		Get: func(i *smart.Info) (bool, bool) {
			by, ok := i.TempException.Get()
			return by != 0, ok
		},
	}),
	field(feature.Row[smart.Info, float64]{
		Meta: sensor("comfort_temperature_deviation", "Temperature deviation", feature.Debug, feature.NoUnit),
		Has:  func(i *smart.Info) bool { return i.TempException.Known() },
		Get:  func(i *smart.Info) (float64, bool) { return i.TempException.Get() },
	}),
	field(feature.Row[smart.Info, float64]{
		Meta: sensor("comfort_humidity_deviation", "Humidity deviation", feature.Debug, feature.NoUnit),
		Has:  func(i *smart.Info) bool { return i.HumidException.Known() },
		Get:  func(i *smart.Info) (float64, bool) { return i.HumidException.Get() },
	}),
	field(feature.Row[smart.Info, string]{
		Meta: feature.Meta{
			ID: "temperature_unit", Name: "Temperature unit", Kind: feature.Choice,
			Category: feature.Config, Choices: []string{"celsius", "fahrenheit"},
		},
		When: has("temperature"),
		Get:  func(i *smart.Info) (string, bool) { return i.TempUnit.Get() },
		Set: func(_ *feature.View, unit string) (method.Call, error) {
			return smart.SetTemperatureUnit.With(smart.TempUnit{Unit: unit})
		},
	}),
}

var waterLeaks = map[string]string{"normal": "Normal", "water_leak": "LeakDetected", "water_dry": "Drying"}

// tempUnit is the unit that the device is set to.
func tempUnit(i *smart.Info) (feature.Unit, bool) {
	unit, ok := i.TempUnit.Get()
	return feature.Unit(unit), ok && (unit == string(feature.Celsius) || unit == string(feature.Fahrenheit))
}
