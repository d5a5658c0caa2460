package catalog

import (
	"wattle"
	"wattle/feature"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

var latestFirmware = []method.Query{smart.GetLatestFW.Query(method.OnRequest)}

// firmwareRows are firmware and what else is asked rarely (docs/protocol/smart.md
// section 6).
var firmwareRows = []feature.Feature{
	feature.From(wattle.SMART, smart.GetAutoUpdate, method.EveryDay, feature.Row[smart.AutoUpdate, bool]{
		Meta: feature.Meta{ID: "auto_update_enabled", Name: "Auto update enabled", Kind: feature.Switch, Category: feature.Config},
		When: alone(hasFrom("firmware", 2)),
		Get:  func(a *smart.AutoUpdate) (bool, bool) { return a.Enable.Get() },
		Update: func(a smart.AutoUpdate, on bool) (method.Call, error) {
			a.Enable = method.Some(on)
			return smart.SetAutoUpdate.With(a)
		},
	}),
	// Unknown until somebody asks, by check_latest_firmware, or a hub does once a day.
	feature.Derive(wattle.SMART, feature.Derived[bool]{
		Meta: binary("update_available", "Update available", feature.Info),
		When: alone(has("firmware")), Queries: latestFirmware,
		Get: func(v *feature.View) (bool, bool) {
			if l := newestFirmware(v); l != nil {
				kind, ok := l.Type.Get()
				return kind != 0, ok
			}
			return false, false
		},
	}),
	feature.Derive(wattle.SMART, feature.Derived[string]{
		Meta: sensor("available_firmware_version", "Available firmware version", feature.Debug, feature.NoUnit),
		When: alone(has("firmware")), Queries: latestFirmware,
		Get: func(v *feature.View) (string, bool) {
			if l := newestFirmware(v); l != nil {
				return l.Version, l.Version != ""
			}
			return "", false
		},
	}),
	feature.Do(wattle.SMART, feature.Act{
		Meta: feature.Meta{ID: "check_latest_firmware", Name: "Check latest firmware", Category: feature.Info},
		When: alone(has("firmware")), Queries: latestFirmware,
		Do: func(*feature.View) ([]method.Call, error) { return nil, nil },
	}),
	feature.From(wattle.SMART, smart.GetMatterSetup, method.EveryDay, feature.Row[smart.MatterSetup, wattle.Secret]{
		Meta: sensor("matter_setup_code", "Matter setup code", feature.Debug, feature.NoUnit),
		When: alone(has("matter")),
		Get:  func(m *smart.MatterSetup) (wattle.Secret, bool) { return secret(m.Code) },
	}),
	feature.From(wattle.SMART, smart.GetMatterSetup, method.EveryDay, feature.Row[smart.MatterSetup, wattle.Secret]{
		Meta: sensor("matter_setup_payload", "Matter setup payload", feature.Debug, feature.NoUnit),
		When: alone(has("matter")),
		Get:  func(m *smart.MatterSetup) (wattle.Secret, bool) { return secret(m.Payload) },
	}),
	// Only plugs are asked: they are the only ones known to answer, and a
	// module that a device does not know is a risk (docs/protocol/iot.md
	// section 1.2).
	feature.From(wattle.IOT, iot.GetHomeKit, method.EveryDay, feature.Row[iot.HomeKit, wattle.Secret]{
		Meta: sensor("homekit_setup_code", "HomeKit setup code", feature.Debug, feature.NoUnit),
		When: root(is(wattle.Plug)),
		Get:  func(h *iot.HomeKit) (wattle.Secret, bool) { return secret(h.Code) },
	}),
	feature.From(wattle.SMART, smart.GetHomeKitSetup, method.EveryDay, feature.Row[smart.HomeKitSetup, wattle.Secret]{
		Meta: sensor("homekit_setup_code", "Homekit setup code", feature.Debug, feature.NoUnit),
		When: alone(has("homekit")),
		Get:  func(h *smart.HomeKitSetup) (wattle.Secret, bool) { return secret(h.Code) },
	}),
}

// secret is a code that lets whoever has it take the device into a home of
// theirs.
func secret(code method.Opt[string]) (wattle.Secret, bool) {
	text, ok := code.Get()
	return wattle.NewSecret(text), ok
}

// newestFirmware is what the cloud told the device, nil while it has no cloud.
func newestFirmware(v *feature.View) *smart.LatestFirmware {
	if c := smart.GetCloudState.Result(v.Snapshot); c != nil && c.Status.Or(0) != 0 {
		return nil
	}
	return smart.GetLatestFW.Result(v.Snapshot)
}
