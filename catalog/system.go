package catalog

import (
	"wattle"
	"wattle/feature"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

var (
	rebootMeta     = feature.Meta{ID: "reboot", Name: "Reboot", Category: feature.Debug, Dangerous: true}
	overheatedMeta = feature.Meta{ID: "overheated", Name: "Overheated", Kind: feature.BinarySensor, Category: feature.Info}
)

// systemRows are the device itself (docs/protocol/iot.md sections 3 and 4,
// smart.md section 5).
var systemRows = []feature.Feature{
	sysfield(feature.Row[iot.Sysinfo, bool]{
		Meta: overheatedMeta,
		Has:  func(s *iot.Sysinfo) bool { return s.NTCState.Known() },
		Get: func(s *iot.Sysinfo) (bool, bool) {
			n, ok := s.NTCState.Get()
			return n != 0, ok
		},
	}),
	field(feature.Row[smart.Info, bool]{
		Meta: overheatedMeta,
		Has:  func(i *smart.Info) bool { return i.OverheatStatus.Known() || i.Overheated.Known() },
		Get: func(i *smart.Info) (bool, bool) {
			if status, ok := i.OverheatStatus.Get(); ok {
				return status != "normal", true
			}
			return i.Overheated.Get()
		},
	}),
	sysfield(feature.Row[iot.Sysinfo, string]{
		Meta: feature.Meta{ID: "firmware_version", Name: "Firmware version", Kind: feature.Sensor, Category: feature.Debug},
		Has:  func(s *iot.Sysinfo) bool { return s.Firmware != "" },
		Get:  func(s *iot.Sysinfo) (string, bool) { return s.Firmware, s.Firmware != "" },
	}),
	sysfield(feature.Row[iot.Sysinfo, bool]{
		Meta: binary("update_in_progress", "Updating", feature.Debug),
		Has:  func(s *iot.Sysinfo) bool { return s.Updating.Known() },
		Get:  func(s *iot.Sysinfo) (bool, bool) { return s.Updating.Get() },
	}),
	sysfield(feature.Row[iot.Sysinfo, string]{
		Meta: sensor("active_mode", "Active mode", feature.Info, feature.NoUnit),
		Has:  func(s *iot.Sysinfo) bool { return s.ActiveMode.Known() },
		Get:  func(s *iot.Sysinfo) (string, bool) { return s.ActiveMode.Get() },
	}),
	field(feature.Row[smart.Info, string]{
		Meta: feature.Meta{
			ID: "current_firmware_version", Name: "Current firmware version",
			Kind: feature.Sensor, Category: feature.Debug,
		},
		When: alone(has("firmware")),
		Get:  func(i *smart.Info) (string, bool) { return i.Firmware, i.Firmware != "" },
	}),
	field(feature.Row[smart.Info, string]{
		Meta: feature.Meta{ID: "device_id", Name: "Device ID", Kind: feature.Sensor, Category: feature.Debug},
		Get:  func(i *smart.Info) (string, bool) { return i.DeviceID, i.DeviceID != "" },
	}),
	feature.Do(wattle.IOT, feature.Act{
		Meta: rebootMeta,
		When: root(nil),
		Do: func(*feature.View) ([]method.Call, error) {
			return one(iot.Reboot.With(iot.Delay{Delay: 1}))
		},
	}),
	feature.Do(wattle.SMART, feature.Act{
		Meta: rebootMeta,
		Do: func(*feature.View) ([]method.Call, error) {
			return one(smart.DeviceReboot.With(smart.Delay{Delay: 1}))
		},
	}),
}
