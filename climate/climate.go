// Package climate makes a series of what a temperature and humidity sensor
// recorded in the past 24 hours: [Read] puts times to its 96 steps, and leaves
// those without a value empty, which the device writes as -1000. It is pure; see
// device.Device.Climate for how to ask. See docs/protocol/smart.md section 12.
package climate

import (
	"time"

	"wattle/feature"
	"wattle/method"
	"wattle/method/smart"
)

// Step is the time between two points.
const Step = 15 * time.Minute

// none is what devices write where there is no value.
const none = -1000

// maxPoints is more than any device keeps, and what bounds a series.
const maxPoints = 10_000

// Series is a history in steps of a quarter of an hour.
type Series struct {
	// Unit is that of the temperatures, celsius or fahrenheit.
	Unit feature.Unit `json:"temperature_unit"`
	// Points are oldest first, without holes: steps without values are there
	// with nothing in them. None for a device that does not say its time.
	Points []Point `json:"points"`
}

// Point is one step. What the sensor did not record is nil.
type Point struct {
	Time        time.Time `json:"time"`        // the beginning of the step
	Temperature *float64  `json:"temperature"` // in the unit of the series
	Humidity    *float64  `json:"humidity"`    // %
	// The deviations are 0 inside of the comfort band, else the signed distance
	// to its nearer end.
	TemperatureDeviation *float64 `json:"temperature_deviation,omitempty"`
	HumidityDeviation    *float64 `json:"humidity_deviation,omitempty"`
}

// Known reports whether anything was recorded in the step.
func (p *Point) Known() bool { return p.Temperature != nil || p.Humidity != nil }

// Read makes the series of an answer, with times in a zone; nil is UTC.
func Read(r *smart.ClimateRecords, zone *time.Location) Series {
	s := Series{Unit: feature.Celsius, Points: []Point{}}
	if r.Unit.Or("") == string(feature.Fahrenheit) {
		s.Unit = feature.Fahrenheit
	}
	if zone == nil {
		zone = time.UTC
	}
	n := min(maxPoints, max(len(r.Temperature), len(r.Humidity), len(r.TempException), len(r.HumidityException)))
	now, ok := r.LocalTime.Get()
	if !ok || now <= 0 {
		return s
	}
	// The last element of each list is the newest, and is that of the quarter
	// of an hour that has begun.
	newest := time.Unix(int64(now), 0).Truncate(Step).In(zone)
	for back := n - 1; back >= 0; back-- {
		s.Points = append(s.Points, Point{
			Time:                 newest.Add(-time.Duration(back) * Step),
			Temperature:          value(r.Temperature, back, 10),
			Humidity:             value(r.Humidity, back, 1),
			TemperatureDeviation: value(r.TempException, back, 10),
			HumidityDeviation:    value(r.HumidityException, back, 1),
		})
	}
	return s
}

// value is the element so many steps from the end of a list.
func value(list []method.Opt[float64], back int, divisor float64) *float64 {
	i := len(list) - 1 - back
	if i < 0 {
		return nil
	}
	v, ok := list[i].Get()
	if !ok || v == none {
		return nil
	}
	v /= divisor
	return &v
}

// Trim leaves out the steps at the beginning in which nothing was recorded.
func (s Series) Trim() Series {
	for len(s.Points) > 0 && !s.Points[0].Known() {
		s.Points = s.Points[1:]
	}
	return s
}

// Since leaves out what is older than a moment.
func (s Series) Since(t time.Time) Series {
	for len(s.Points) > 0 && s.Points[0].Time.Before(t) {
		s.Points = s.Points[1:]
	}
	return s
}
