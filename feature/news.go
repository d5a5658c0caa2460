package feature

import (
	"math"
	"time"
)

// wavers is how far a moment that is computed from two clocks may move without
// being another one.
const wavers = 3 * time.Second

// News reports whether the value is another one than before, for people: a
// clock that runs is no news, neither is a moment that wavers by a second or two,
// nor a number that differs beyond the digits worth showing ([Meta.Precision]).
func (r *Reading) News(before *Reading) bool {
	if r.Value.Equal(before.Value) {
		return false
	}
	now, isTime := As[time.Time](r.Value)
	then, wasTime := As[time.Time](before.Value)
	if isTime && wasTime {
		moved := now.Sub(then)
		ran := r.Time.Sub(before.Time)
		return moved.Abs() > wavers && (moved-ran).Abs() > wavers
	}
	x, isFloat := As[float64](r.Value)
	y, wasFloat := As[float64](before.Value)
	if isFloat && wasFloat && r.Precision > 0 {
		digits := math.Pow10(r.Precision)
		return math.Round(x*digits) != math.Round(y*digits)
	}
	return true
}
