package hubapi

import (
	"time"

	"wattle/feature"
	"wattle/history"
)

// Series is a feature over time, as GET /devices/{id}/history answers it: with
// Samples where single values were asked for, else with Buckets.
type Series struct {
	Device  string       `json:"device"`
	Feature string       `json:"feature"`
	Unit    feature.Unit `json:"unit,omitempty"`
	Buckets []Bucket     `json:"buckets,omitempty"`
	Samples []Sample     `json:"samples,omitempty"`
}

// Bucket is what is known of a feature within a span; null where nothing is.
type Bucket struct {
	Start   time.Time `json:"start"`
	End     time.Time `json:"end" doc:"Not included"`
	Min     *float64  `json:"min"`
	Max     *float64  `json:"max"`
	Mean    *float64  `json:"mean" doc:"Weighted by time"`
	Last    *float64  `json:"last"`
	Count   int       `json:"count" doc:"How many values fell into it"`
	Known   float64   `json:"known_seconds" doc:"For how long there was a value"`
	Running bool      `json:"running,omitempty" doc:"It is not over yet"`
}

// BucketOf is a bucket as it goes over the wire.
func BucketOf(b *history.Bucket) Bucket {
	out := Bucket{Start: b.Start, End: b.End, Count: b.Count, Known: b.Known.Seconds(), Running: b.Running}
	if !b.Empty() {
		low, high, mean, last := b.Min, b.Max, b.Mean, b.Last
		out.Min, out.Max, out.Mean, out.Last = &low, &high, &mean, &last
	}
	return out
}

// Sample is one value at one moment; null where a gap begins.
type Sample struct {
	Time   time.Time `json:"time"`
	Value  any       `json:"value"`
	Source string    `json:"source,omitempty"`
	Event  string    `json:"event,omitempty" doc:"The id of an event"`
}

// SampleOf is a sample as it goes over the wire.
func SampleOf(s *history.Sample) Sample {
	return Sample{Time: s.Time, Value: s.Value, Source: string(s.Source), Event: s.Event}
}

// Energy is what a device used, as GET /devices/{id}/energy answers it.
type Energy struct {
	Device string  `json:"device"`
	By     string  `json:"by" enum:"hour,day,month"`
	Spans  []Usage `json:"spans"`
	// Lifetime is the counter that never goes down, nil where there is no meter.
	Lifetime *float64 `json:"lifetime_kwh,omitempty" doc:"A counter that never goes down"`
}

// Usage is what a device used in one span, and what that cost.
type Usage struct {
	Start      time.Time `json:"start"`
	End        time.Time `json:"end" doc:"Not included"`
	Energy     *float64  `json:"energy_kwh" doc:"null where nothing is known"`
	Estimated  float64   `json:"estimated_kwh,omitempty" doc:"A part of it that was integrated from power"`
	Filled     float64   `json:"filled_kwh,omitempty" doc:"A part of it that the device told later"`
	Incomplete bool      `json:"incomplete,omitempty" doc:"Some is known to be missing"`
	Running    bool      `json:"running,omitempty" doc:"It is not over yet"`
	Bills      []Bill    `json:"bills,omitempty" doc:"One for each currency"`
}

// Bill is what energy cost in one currency.
type Bill struct {
	Currency   string         `json:"currency" example:"EUR"`
	Items      []history.Item `json:"items"`
	Standing   float64        `json:"standing"`
	Total      float64        `json:"total"`
	Incomplete bool           `json:"incomplete,omitempty"`
}

// UsageOf is a span as it goes over the wire, without bills.
func UsageOf(u *history.Usage) Usage {
	out := Usage{
		Start: u.Start, End: u.End, Estimated: u.Estimated.KWh(), Filled: u.Filled.KWh(), Incomplete: u.Incomplete, Running: u.Running,
	}
	if u.Known > 0 {
		kwh := u.Energy.KWh()
		out.Energy = &kwh
	}
	return out
}

// BillOf is a bill as it goes over the wire.
func BillOf(b *history.Bill) Bill {
	return Bill{Currency: b.Currency, Items: append([]history.Item{}, b.Items...), Standing: b.Standing, Total: b.Total, Incomplete: b.Incomplete}
}
