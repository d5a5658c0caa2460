package hubapi

import (
	"time"

	"wattle/history"
)

// Books are how the energy of a device came about, beside what the device itself
// says, as GET /devices/{id}/books answers it.
type Books struct {
	Device string `json:"device"`
	By     string `json:"by" enum:"hour,day"`
	// Lifetime is the counter to show, Booked the best that is known: less where
	// an estimate turned out too high.
	Lifetime  float64   `json:"lifetime_kwh" doc:"A counter that never goes down"`
	Booked    float64   `json:"booked_kwh" doc:"The best that is known by now; less than lifetime_kwh where an estimate turned out too high"`
	Estimated float64   `json:"estimated_kwh" doc:"A part of booked_kwh that was integrated from power, and that nothing has confirmed yet"`
	Resets    int       `json:"resets" doc:"How often the counters of the device were erased, or the device exchanged"`
	At        time.Time `json:"at" doc:"When the device was read last"`
	Rows      []Booked  `json:"rows" doc:"What is booked, the oldest first"`
	Total     Booked    `json:"total" doc:"All rows together"`
	Open      []Open    `json:"open" doc:"Times of which not everything is known; the device may still tell"`
	Asked     *Asked    `json:"asked,omitempty" doc:"How asking the device for its own history went the last time; missing where it was not needed since the hub was started"`
}

// Booked is what is booked in an hour or a day.
type Booked struct {
	Start     time.Time `json:"start"`
	End       time.Time `json:"end" doc:"Not included"`
	Energy    float64   `json:"energy_kwh" doc:"The sum of what was counted, spread, estimated and filled"`
	Counted   float64   `json:"counted_kwh" doc:"By the steps of the device's counters"`
	Spread    float64   `json:"spread_kwh" doc:"By such a step over a time without readings: in which hours is not sure"`
	Estimated float64   `json:"estimated_kwh" doc:"Integrated from power"`
	Filled    float64   `json:"filled_kwh" doc:"Told by the device later"`
	Replaced  float64   `json:"replaced_estimate_kwh" doc:"Estimated once, until something better was known"`
	// Told is what the device says of those hours of which it was asked, Compared
	// what is booked in the same hours.
	Told       *float64 `json:"device_kwh" doc:"What the device's own history says of the hours of which it was asked; null where it was not"`
	Compared   *float64 `json:"compared_kwh" doc:"What is booked in the same hours"`
	Difference *float64 `json:"difference_kwh" doc:"compared_kwh less device_kwh"`
}

// Open is a time of which the books do not know everything.
type Open struct {
	Kind   history.SpanKind `json:"kind" enum:"missing,spread" doc:"missing: what was used is not in the books. spread: in which hours is not known"`
	From   time.Time        `json:"from"`
	To     time.Time        `json:"to"`
	Energy float64          `json:"energy_kwh,omitempty" doc:"Of a spread"`
}

// Asked says how a device was asked for its own history.
type Asked struct {
	Time  time.Time `json:"time"`
	Steps string    `json:"steps,omitempty" doc:"What the device keeps: hour or day"`
	Error string    `json:"error,omitempty"`
}

// booking adds up hours.
type booking struct {
	history.Entry
	told, compared history.Energy
	asked          bool
}

func (b *booking) add(e *history.Entry) {
	b.Counted += e.Counted
	b.Spread += e.Spread
	b.Estimated += e.Estimated
	b.Filled += e.Filled
	b.Replaced += e.Replaced
	if e.Device != nil {
		b.asked = true
		b.told += *e.Device
		b.compared += e.Energy()
	}
}

func (b *booking) row(start, end time.Time) Booked {
	out := Booked{
		Start: start, End: end, Energy: b.Energy().KWh(), Counted: b.Counted.KWh(), Spread: b.Spread.KWh(), Estimated: b.Estimated.KWh(),
		Filled: b.Filled.KWh(), Replaced: b.Replaced.KWh(),
	}
	if b.asked {
		told, compared, difference := b.told.KWh(), b.compared.KWh(), (b.compared - b.told).KWh()
		out.Told, out.Compared, out.Difference = &told, &compared, &difference
	}
	return out
}

// BookedOf adds the hours of books up by [history.Hour] or [history.Day] of their
// own zone. Hours of which nothing is known give no row.
func BookedOf(entries []history.Entry, by history.Resolution) (rows []Booked, total Booked) {
	rows = []Booked{}
	var all, one booking
	var end time.Time
	for i := range entries {
		e := &entries[i]
		all.add(e)
		one.add(e)
		zone := e.Hour.Location()
		start := by.Floor(e.Hour, zone)
		end = by.Next(e.Hour, zone)
		if i+1 == len(entries) || !by.Floor(entries[i+1].Hour, zone).Equal(start) {
			rows = append(rows, one.row(start, end))
			one = booking{}
		}
	}
	if len(rows) > 0 {
		total = all.row(rows[0].Start, end)
	}
	return rows, total
}
