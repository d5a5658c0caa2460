package cli

import (
	"math"
	"strconv"
	"strings"

	"wattle/feature"
)

// numberCell is a number with the digits that its unit asks for.
func (a *app) numberCell(n *float64, unit feature.Unit) cell {
	digits, known := digitsOf[unit]
	switch {
	case n == nil && a.format() == formatCSV:
		return plain("")
	case n == nil:
		return dimmed("-")
	case known && a.format() == formatTable:
		return plain(strings.Replace(strconv.FormatFloat(*n, 'f', digits, 64), "-0", "0", zeroes(*n, digits)))
	}
	return plain(strconv.FormatFloat(*n, 'g', 6, 64))
}

// zeroes is 1 for a number below 0 that is shown as 0.
func zeroes(n float64, digits int) int {
	if n < 0 && n > -0.5*math.Pow10(-digits) {
		return 1
	}
	return 0
}

// digitsOf are the digits behind the point that means of a unit are shown with:
// one more than devices tell where that is few.
var digitsOf = map[feature.Unit]int{
	feature.Percent: 0, feature.Watt: 1, feature.KilowattHour: 3, feature.Volt: 1, feature.Ampere: 3, feature.DecibelMilliwatt: 0,
	feature.Kelvin: 0, feature.Celsius: 1, feature.Fahrenheit: 1, feature.Second: 0, feature.Millisecond: 0, feature.Minute: 0,
	feature.SquareMetre: 1, feature.SquareFoot: 0, feature.Ping: 1,
}
