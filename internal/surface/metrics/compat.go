package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"wattle/feature"
	"wattle/hub"
)

// compatName is a metric under the name that another exporter gives it.
type compatName struct {
	name, id string
	factor   float64
}

// compats are the names of other exporters (docs/metrics.md). Their kinds and
// units are theirs, not ours.
var compats = map[string][]compatName{
	"kasa": {
		{"kasa_relay_state", "state", 1},
		{"kasa_rssi", "rssi", 1},
		{"kasa_current", "current", 1},
		{"kasa_voltage", "voltage", 1},
		{"kasa_power_load", "current_consumption", 1},
	},
	"tapo": {
		{"tapo_power_watts", "current_consumption", 1},
		{"tapo_voltage_volts", "voltage", 1},
		{"tapo_current_amps", "current", 1},
		{"tapo_today_energy_wh", "consumption_today", 1000},
		{"tapo_month_energy_wh", "consumption_this_month", 1000},
		{"tapo_today_runtime_minutes", "runtime_today", 1},
		{"tapo_signal_rssi", "rssi", 1},
	},
}

var (
	compatLabels   = []string{"alias", "device_id"}
	metadataLabels = []string{"alias", "device_id", "model", "mac", "hw_version", "sw_version", "type"}
)

// compat shows a device under the names of another exporter.
func (d *device) compat(exporter string, v *hub.View) {
	show := func(name string, value float64) {
		desc := prometheus.NewDesc(name, "The name that the "+exporter+" exporter uses", compatLabels, nil)
		d.out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, valid(v.Name), d.id)
	}
	if exporter == "kasa" {
		show("kasa_online", number(v.Online))
		id := v.Identity()
		desc := prometheus.NewDesc("kasa_metadata", "The name that the kasa exporter uses", metadataLabels, nil)
		d.out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, 1, valid(v.Name), d.id,
			valid(id.Model.String()), v.ID.MAC.String(), valid(id.Hardware), valid(id.Firmware), valid(string(id.Type)))
		if d.kwhKnown {
			show("kasa_power_total", d.kwh)
		}
	}
	if !v.Online {
		return
	}
	for _, c := range compats[exporter] {
		if n, known := plain(v.Value(c.id)); known {
			show(c.name, n*c.factor)
		}
	}
	if since, known := feature.As[time.Time](v.Value("on_since")); exporter == "kasa" && known {
		show("kasa_on_time", v.State.Time().Sub(since).Seconds())
	}
}

// plain is a number, or 1 and 0 for on and off.
func plain(v feature.Value) (float64, bool) {
	if on, ok := v.Bool(); ok {
		return number(on), true
	}
	return v.Number()
}
