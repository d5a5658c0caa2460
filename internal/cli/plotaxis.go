package cli

import (
	"math"
	"strconv"

	"wattle/feature"
)

// axis is the scale of a plot: from low up in so many rows of a round step.
type axis struct {
	low, step float64
	rows      int
}

// axisOf is the scale for values, NaN where there is none. What is counted has 0 on it.
func axisOf(values []float64, counted bool) axis {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			low, high = min(low, v), max(high, v)
		}
	}
	switch {
	case low > high: // nothing is known
		low, high = 0, 1
	case counted:
		low, high = min(low, 0), max(high, 0)
		if low == high {
			high = 1
		}
	case high-low < 1: // noise is no mountain
		middle := math.Round((low+high)*5) / 10
		low, high = min(low, middle-0.5), max(high, middle+0.5)
	}
	x := axis{step: math.Pow(10, math.Floor(math.Log10((high-low)/lineRows)))}
	for _, times := range []float64{1, 2, 2.5, 2, 2} { // 1, 2, 5, 10, and 20 where both ends lie a little beyond a tick
		x.step *= times
		x.low = math.Floor(low/x.step+1e-9) * x.step
		x.rows = int(math.Round((math.Ceil(high/x.step-1e-9)*x.step - x.low) / x.step))
		if x.rows <= lineRows {
			break
		}
	}
	return x
}

func (x axis) high() float64 { return x.low + float64(x.rows)*x.step }

// label is a number of the axis with the digits that tell it from the next one.
func (x axis) label(v float64) string {
	if math.Abs(v) < x.step/2 {
		v = 0 // and not -0
	}
	return strconv.FormatFloat(v, 'f', max(0, int(-math.Floor(math.Log10(x.step)+1e-9))), 64)
}

// isCounted tells what is counted from 0, such as power, from what only lies
// somewhere, such as a temperature. A share is one that somebody sets, as brightness,
// or one that is read, as humidity.
func isCounted(unit feature.Unit, kind feature.Kind) bool {
	switch unit {
	case feature.Celsius, feature.Fahrenheit, feature.Kelvin, feature.DecibelMilliwatt, feature.Volt:
		return false
	case feature.Percent:
		return kind != feature.Sensor
	}
	return true
}
