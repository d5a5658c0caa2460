package metrics

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"wattle/history"
	"wattle/hub"
)

// collector shows views. Its metrics depend on what devices are there, so it
// describes none ahead.
type collector struct {
	metrics *Metrics
	only    *hub.ID // and its children; nil: all
}

func (*collector) Describe(chan<- *prometheus.Desc) {}

func (c *collector) Collect(out chan<- prometheus.Metric) {
	life, counted := c.metrics.energy.get()
	for _, v := range c.metrics.hub.Views() {
		if c.only != nil && v.ID != *c.only && (c.only.Child != "" || v.ID.MAC != c.only.MAC) {
			continue
		}
		d := device{out: out, id: hub.Slug(v.ID)}
		d.info(v)
		d.health(c.metrics.hub, v)
		if v.Online {
			d.readings(v)
		}
		if !counted {
			d.energy(ownCounter(v))
		} else if e, ok := life[v.ID]; ok {
			d.energy(e.KWh(), true)
		}
		for _, name := range c.metrics.options.Compat {
			d.compat(name, v)
		}
		if d.kwhKnown && c.metrics.options.KilowattHours {
			d.show("wattle_energy_kilowatt_hours_total", "Energy used, in kWh", prometheus.CounterValue, d.kwh)
		}
	}
}

// device passes the metrics of one device out.
type device struct {
	out      chan<- prometheus.Metric
	id       string
	kwh      float64
	kwhKnown bool
}

var idLabel = []string{"device_id"}

func (d *device) show(name, help string, kind prometheus.ValueType, value float64) {
	d.out <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, idLabel, nil), kind, value, d.id)
}

var infoDesc = prometheus.NewDesc("wattle_device_info", "What a device is; always 1", []string{
	"device_id", "alias", "model", "region", "family", "type", "kind", "mac", "child", "parent", "hw_version", "fw_version", "room",
}, nil)

func (d *device) info(v *hub.View) {
	id := v.Identity()
	parent := ""
	if v.ID.Child != "" {
		parent = hub.Slug(hub.ID{MAC: v.ID.MAC})
	}
	d.out <- prometheus.MustNewConstMetric(infoDesc, prometheus.GaugeValue, 1,
		d.id, valid(v.Name), valid(id.Model.Name), valid(id.Model.Region), valid(string(id.Family)), valid(string(id.Type)), valid(id.Kind),
		v.ID.MAC.String(), valid(v.ID.Child), parent, valid(id.Hardware), valid(id.Firmware), valid(v.Room.Name))
}

// readings are those of a device that is there: old values of one that is not
// would look like new ones.
func (d *device) readings(v *hub.View) {
	shown := map[string]bool{}
	readings := v.Readings()
	for i := range readings {
		for _, s := range samples(&readings[i]) {
			if !shown[s.name] {
				shown[s.name] = true
				d.show(s.name, s.help, s.kind, s.value)
			}
		}
	}
}

// ownCounter is what a device itself has counted, in kWh: since its last reboot
// where it says so, else since its midnight.
func ownCounter(v *hub.View) (kwh float64, known bool) {
	if !v.Online {
		return 0, false
	}
	for _, id := range []string{"consumption_total", "consumption_today"} {
		if r, has := reading(v, id); has {
			return r.Value.Number()
		}
	}
	return 0, false
}

func (d *device) energy(kwh float64, known bool) {
	if known {
		d.kwh, d.kwhKnown = kwh, true
		d.show("wattle_energy_joules_total", "Energy used: 3.6e6 joules are 1 kWh", prometheus.CounterValue, kwh*joulesPerKWh)
	}
}

// lifetimes are the counters of the history, and those of the last time while
// it does not answer.
type lifetimes struct {
	ask func(context.Context) (map[hub.ID]history.Energy, error)

	mu   sync.Mutex
	last map[hub.ID]history.Energy
}

// get reports whether there is a history at all.
func (l *lifetimes) get() (map[hub.ID]history.Energy, bool) {
	if l.ask == nil {
		return nil, false
	}
	ctx, cancel := context.WithTimeout(context.Background(), LifetimeTimeout)
	defer cancel()
	got := make(chan map[hub.ID]history.Energy, 1)
	go func() {
		m, err := l.ask(ctx)
		if err != nil {
			m = nil
		}
		got <- m
	}()
	var now map[hub.ID]history.Energy
	select {
	case now = <-got:
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if now != nil {
		l.last = now
	}
	return l.last, true
}

// hubStats are about the hub as a whole.
type hubStats struct{ hub *hub.Hub }

var (
	devicesDesc    = prometheus.NewDesc("wattle_hub_devices", "Devices and children in the hub", []string{"role"}, nil)
	onlineDesc     = prometheus.NewDesc("wattle_hub_devices_online", "Of them, those that answer", []string{"role"}, nil)
	candidatesDesc = prometheus.NewDesc("wattle_hub_candidates", "Devices that were found and are not in the hub", nil, nil)
	startDesc      = prometheus.NewDesc("wattle_hub_start_timestamp_seconds", "When the hub began", nil, nil)
)

func (hubStats) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{devicesDesc, onlineDesc, candidatesDesc, startDesc} {
		out <- d
	}
}

func (s hubStats) Collect(out chan<- prometheus.Metric) {
	var all, online [2]float64 // roots, children
	for _, v := range s.hub.Views() {
		i := 0
		if !v.Root() {
			i = 1
		}
		all[i]++
		online[i] += number(v.Online)
	}
	for i, role := range []string{"root", "child"} {
		out <- prometheus.MustNewConstMetric(devicesDesc, prometheus.GaugeValue, all[i], role)
		out <- prometheus.MustNewConstMetric(onlineDesc, prometheus.GaugeValue, online[i], role)
	}
	out <- prometheus.MustNewConstMetric(candidatesDesc, prometheus.GaugeValue, float64(len(s.hub.Candidates())))
	out <- prometheus.MustNewConstMetric(startDesc, prometheus.GaugeValue, seconds(s.hub.Epoch()))
}

func seconds(at time.Time) float64 { return float64(at.UnixMilli()) / 1000 }
