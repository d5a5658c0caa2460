package metrics

import (
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"wattle/feature"
)

// base is how a unit of features is told in base units.
type base struct {
	suffix string
	factor float64
	offset float64 // added before the factor
}

// bases are the units that features have; those that are not here stay as they
// are, without a suffix.
var bases = map[feature.Unit]base{
	feature.Percent:          {suffix: "_ratio", factor: 0.01},
	feature.Watt:             {suffix: "_watts", factor: 1},
	feature.KilowattHour:     {suffix: "_joules", factor: joulesPerKWh},
	feature.Volt:             {suffix: "_volts", factor: 1},
	feature.Ampere:           {suffix: "_amperes", factor: 1},
	feature.DecibelMilliwatt: {suffix: "_dbm", factor: 1},
	feature.Kelvin:           {suffix: "_kelvin", factor: 1},
	feature.Celsius:          {suffix: "_celsius", factor: 1},
	feature.Fahrenheit:       {suffix: "_celsius", factor: 5.0 / 9, offset: -32},
	feature.Second:           {suffix: "_seconds", factor: 1},
	feature.Millisecond:      {suffix: "_seconds", factor: 0.001},
	feature.Minute:           {suffix: "_seconds", factor: 60},
	feature.SquareMetre:      {suffix: "_square_metres", factor: 1},
	feature.SquareFoot:       {suffix: "_square_metres", factor: 0.09290304},
	feature.Ping:             {suffix: "_square_metres", factor: 400.0 / 121},
}

const joulesPerKWh = 3.6e6

// words are the names that everybody uses in metrics, in place of our ids.
var words = map[string]string{
	"current_consumption": "power",
	"consumption_total":   "energy_since_boot",
	"rssi":                "signal",
}

// subject is the middle of a metric's name. Endings that mean something else in
// Prometheus are taken off or replaced.
func subject(id string) string {
	if word, ok := words[id]; ok {
		return word
	}
	if rest, ok := strings.CutPrefix(id, "consumption_"); ok {
		return "energy_" + rest
	}
	for _, ending := range []string{"_timestamp", "_time", "_minutes", "_total"} {
		id = strings.TrimSuffix(id, ending)
	}
	if rest, ok := strings.CutSuffix(id, "_count"); ok {
		return rest + "_times"
	}
	return id
}

// sample is one number of a reading, ready to be shown.
type sample struct {
	name, help string
	kind       prometheus.ValueType
	value      float64
}

// samples are the numbers of a reading; none where it has no number or is not
// known.
func samples(r *feature.Reading) []sample {
	if r.Secret || !r.Value.Known() {
		return nil
	}
	s := sample{name: "wattle_" + subject(r.ID), help: r.Name, kind: prometheus.GaugeValue}
	if on, ok := r.Value.Bool(); ok {
		s.help += ": 1 yes, 0 no"
		if on {
			s.value = 1
		}
		return []sample{s}
	}
	if at, ok := feature.As[time.Time](r.Value); ok {
		if at.IsZero() {
			return nil
		}
		s.name, s.value = s.name+"_timestamp_seconds", float64(at.UnixMilli())/1000
		return []sample{s}
	}
	if c, ok := feature.As[feature.HSV](r.Value); ok {
		return []sample{
			{s.name + "_hue_degrees", s.help + ": hue", s.kind, float64(c.Hue)},
			{s.name + "_saturation_ratio", s.help + ": saturation", s.kind, float64(c.Saturation) / 100},
			{s.name + "_value_ratio", s.help + ": value", s.kind, float64(c.Value) / 100},
		}
	}
	n, ok := r.Value.Number()
	if !ok {
		return nil
	}
	unit := r.Unit
	if _, isDuration := feature.As[time.Duration](r.Value); isDuration {
		unit = feature.Second
	}
	s.value = n
	if b, ok := bases[unit]; ok {
		s.value = (n + b.offset) * b.factor
		s.name = withUnit(s.name, b.suffix)
	}
	if r.Total {
		s.name, s.kind = s.name+"_total", prometheus.CounterValue
	}
	return []sample{s}
}

// withUnit adds a unit that the name does not end with yet.
func withUnit(name, suffix string) string {
	if strings.HasSuffix(name, suffix) {
		return name
	}
	return name + suffix
}
