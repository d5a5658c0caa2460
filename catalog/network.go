package catalog

import (
	"wattle"
	"wattle/feature"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

var (
	rssiMeta = feature.Meta{
		ID: "rssi", Name: "RSSI", Kind: feature.Sensor,
		Category: feature.Debug, Unit: feature.DecibelMilliwatt,
	}
	cloudMeta = feature.Meta{
		ID: "cloud_connection", Name: "Cloud connection",
		Kind: feature.BinarySensor, Category: feature.Info,
	}
)

// networkRows are the device's connections (docs/protocol/iot.md sections 4
// and 10, smart.md sections 5 and 6).
var networkRows = []feature.Feature{
	sysfield(feature.Row[iot.Sysinfo, int]{
		Meta: rssiMeta,
		Has:  func(s *iot.Sysinfo) bool { return s.RSSI.Known() },
		Get:  func(s *iot.Sysinfo) (int, bool) { return s.RSSI.Get() },
	}),
	field(feature.Row[smart.Info, int]{
		Meta: rssiMeta,
		Has:  func(i *smart.Info) bool { return i.RSSI.Known() },
		Get:  func(i *smart.Info) (int, bool) { return i.RSSI.Get() },
	}),
	field(feature.Row[smart.Info, int]{
		Meta: feature.Meta{ID: "signal_level", Name: "Signal Level", Kind: feature.Sensor, Category: feature.Info},
		Has:  func(i *smart.Info) bool { return i.Signal.Known() },
		Get:  func(i *smart.Info) (int, bool) { return i.Signal.Get() },
	}),
	field(feature.Row[smart.Info, string]{
		Meta: feature.Meta{ID: "ssid", Name: "SSID", Kind: feature.Sensor, Category: feature.Debug},
		Has:  func(i *smart.Info) bool { return i.SSID.Known() },
		Get: func(i *smart.Info) (string, bool) {
			s, ok := i.SSID.Get()
			return smart.Text(s), ok
		},
	}),
	iotCloud(iot.GetCloudInfo, not(isLight)),
	iotCloud(iot.GetBulbCloudInfo, isLight),
	feature.From(wattle.SMART, smart.GetCloudState, method.EveryMinute, feature.Row[smart.CloudState, bool]{
		Meta: cloudMeta, When: alone(has("cloud_connect")),
		Get: func(c *smart.CloudState) (bool, bool) {
			status, ok := c.Status.Get()
			return status == 0, ok
		},
	}),
}

func iotCloud(m method.Method[method.None, iot.CloudInfo], when func(*feature.View) bool) feature.Feature {
	return feature.From(wattle.IOT, m, method.EveryMinute, feature.Row[iot.CloudInfo, bool]{
		Meta: cloudMeta, When: root(when),
		Get: func(c *iot.CloudInfo) (bool, bool) { return c.Connected.Get() },
	})
}
