package history

import (
	"encoding/json"
	"time"
)

// Bucket is what is known of a series within a span.
type Bucket struct {
	Start, End time.Time // End belongs to the next
	// Min, Max and Last are of all that was known in the span, what was carried
	// into it included. Mean is weighted by time.
	Min, Max, Mean, Last float64
	// Count is how many samples with a value fell into it.
	Count int
	// Known is for how long there was a value. Nothing at all is known where it
	// and Count are 0: a gap.
	Known time.Duration
	// Until is up to when Last holds if nothing follows, perhaps beyond End;
	// zero where the value was lost before the end.
	Until time.Time
	// Running: the span was not over yet; what it says will change.
	Running bool
}

// Empty reports whether nothing is known of the span.
func (b *Bucket) Empty() bool { return b.Count == 0 && b.Known == 0 }

// MarshalJSON writes null for what is not known.
func (b Bucket) MarshalJSON() ([]byte, error) {
	v := struct {
		Start   time.Time `json:"start"`
		End     time.Time `json:"end"`
		Min     *float64  `json:"min"`
		Max     *float64  `json:"max"`
		Mean    *float64  `json:"mean"`
		Last    *float64  `json:"last"`
		Count   int       `json:"count"`
		Known   float64   `json:"known_seconds"`
		Running bool      `json:"running,omitempty"`
	}{Start: b.Start, End: b.End, Count: b.Count, Known: b.Known.Seconds(), Running: b.Running}
	if !b.Empty() {
		v.Min, v.Max, v.Mean, v.Last = &b.Min, &b.Max, &b.Mean, &b.Last
	}
	return json.Marshal(v)
}

// Instant is a sample as [Fold] takes it: a bucket without length, whose value
// holds for a while. Switches are 0 and 1. A value that is not known ends the one
// before.
func Instant(t time.Time, value float64, known bool, hold time.Duration) Bucket {
	if !known {
		return Bucket{Start: t, End: t}
	}
	return Bucket{Start: t, End: t, Min: value, Max: value, Mean: value, Last: value, Count: 1, Until: t.Add(hold)}
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// tally adds up what becomes a bucket.
type tally struct {
	start, end    time.Time
	min, max      float64
	last          float64
	any           bool
	count         int
	known         time.Duration
	weighted, sum float64 // value by seconds; value by samples
	until         time.Time
}

func (t *tally) see(low, high float64) {
	if !t.any {
		t.min, t.max, t.any = low, high, true
		return
	}
	t.min, t.max = min(t.min, low), max(t.max, high)
}

// held adds a value that was true for a while; nothing if to is not after from.
func (t *tally) held(value float64, from, to time.Time) {
	d := to.Sub(from)
	if d <= 0 {
		return
	}
	t.see(value, value)
	t.last = value
	t.known += d
	t.weighted += value * d.Seconds()
}

// add adds a shorter bucket.
func (t *tally) add(b *Bucket) {
	t.until = b.Until
	if b.Empty() {
		return
	}
	t.see(b.Min, b.Max)
	t.last = b.Last
	t.count += b.Count
	t.sum += b.Mean * float64(b.Count)
	t.known += b.Known
	t.weighted += b.Mean * b.Known.Seconds()
}

func (t *tally) bucket() Bucket {
	b := Bucket{Start: t.start, End: t.end, Min: t.min, Max: t.max, Last: t.last, Count: t.count, Known: t.known, Until: t.until}
	switch {
	case t.known > 0:
		b.Mean = t.weighted / t.known.Seconds()
	case t.count > 0:
		b.Mean = t.sum / float64(t.count)
	}
	if t.any { // what adding floats leaves behind is no measurement
		b.Mean = min(max(b.Mean, b.Min), b.Max)
	}
	return b
}
