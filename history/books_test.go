package history_test

import (
	"math"
	"testing"
	"time"

	"wattle/energy"
	"wattle/feature"
	"wattle/history"
)

func newBook(z *time.Location) *book {
	return &book{zone: z, entries: map[int64]*history.Entry{}}
}

func wh(e history.Energy) float64 { return math.Round(e.KWh()*1e6) / 1e3 }

// TestOutageOverMidnight: with a counter of the day only, what was used before
// midnight is missing until the device's own history tells; the hours of the
// rest move to where the device says, and their sum stands.
func TestOutageOverMidnight(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	d := &truth{zone: berlin, hours: map[int64]float64{}, has: [3]bool{false, true, false}}
	d.now = time.Date(2026, 10, 24, 18, 0, 0, 0, berlin) // the night has 25 hours
	from := d.now
	b := newBook(berlin)
	b.read(t, d.reading())
	d.watts = 100
	d.pass(2*time.Hour + 15*time.Minute)
	b.read(t, d.reading())
	d.pass(6 * time.Hour)
	d.watts = 600
	d.pass(3 * time.Hour)
	ch := b.read(t, d.reading())
	if len(ch.Spans) != 2 || ch.Spans[1].Kind != history.Missing || !ch.Spans[1].To.Equal(time.Date(2026, 10, 25, 0, 0, 0, 0, berlin)) {
		t.Fatalf("%+v", ch.Spans)
	}
	if got := wh(b.Life); got != 225+225+1800 {
		t.Errorf("%g Wh before the device was asked, want 2250", got) // 375 before midnight are missing
	}
	for range 2 {
		b.reconcile(t, d.series(t, from))
		if got := wh(b.Life); got != 225+375+225+1800 {
			t.Errorf("%g Wh, want 2625", got)
		}
		hour := func(h time.Time) float64 { e := b.entries[h.Unix()].Energy(); return wh(e) }
		if evening, night := hour(time.Date(2026, 10, 24, 22, 0, 0, 0, berlin)), hour(time.Date(2026, 10, 25, 3, 0, 0, 0, berlin)); evening != 100 || night < 590 {
			t.Errorf("%g Wh from 22:00 and %g from 3:00, want 100 and about 600", evening, night)
		}
	}
	if len(b.spans) != 0 {
		t.Errorf("left are %+v", b.spans)
	}
}

// TestForgetful: a device that was erased does not lower what was counted, and
// what it cannot tell any more stays unknown.
func TestForgetful(t *testing.T) {
	b := newBook(time.UTC)
	at := noon
	say := func(today float64) {
		b.read(t, history.Reading{Device: plug, Time: at, Today: feature.ValueOf(today)})
	}
	say(1)
	at = at.Add(10 * time.Minute)
	say(1.5)
	at = at.Add(time.Hour)
	say(0.2)
	if b.Resets != 1 || wh(b.Life) != 700 {
		t.Errorf("%d resets, %g Wh", b.Resets, wh(b.Life))
	}
	s, err := energy.Grid(energy.KilowattHour, energy.Hour, noon, noon.Add(3*time.Hour), noon.Add(3*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.Points {
		s.Points[i].Known = true // and 0
	}
	b.reconcile(t, s)
	if wh(b.Life) != 700 || wh(b.Book) != 700 {
		t.Errorf("%s became %s", b.Life, b.Book)
	}
}

// TestEstimates: power is integrated while no counter speaks, given back when
// one does, and the counter that was shown stays where it was.
func TestEstimates(t *testing.T) {
	b := newBook(time.UTC)
	at := noon
	read := func(total, watts feature.Value) {
		b.read(t, history.Reading{Device: plug, Time: at, Total: total, Power: watts})
	}
	read(feature.ValueOf(10.0), feature.ValueOf(1000))
	for range 60 {
		at = at.Add(time.Minute)
		read(feature.Value{}, feature.ValueOf(1000))
	}
	if got := wh(b.Life); got < 740 || got > 760 || b.Estimated != b.Book { // not for the first 15 minutes
		t.Errorf("estimated %g Wh", got)
	}
	high := b.Life
	at = at.Add(time.Minute)
	read(feature.ValueOf(10.5), feature.ValueOf(1000))
	if wh(b.Book) != 500 || b.Estimated != 0 || b.Life != high {
		t.Errorf("book %s, estimated %s, life %s", b.Book, b.Estimated, b.Life)
	}
	var replaced history.Energy
	for _, e := range b.entries {
		replaced += e.Replaced
	}
	if replaced != high {
		t.Errorf("%s is shown as replaced, want %s", replaced, high)
	}
	at = at.Add(time.Minute)
	read(feature.ValueOf(10.9), feature.Value{})
	if b.Life != max(high, b.Book) || wh(b.Book) != 500 { // 400 Wh in a minute are not possible
		t.Errorf("book %s, life %s", b.Book, b.Life)
	}

	only := newBook(time.UTC) // power and nothing else, with a hole
	for i := range 90 {
		if i >= 30 && i < 60 {
			continue
		}
		only.read(t, history.Reading{Device: plug, Time: noon.Add(time.Duration(i) * time.Minute), Power: feature.ValueOf(60)})
	}
	if got := wh(only.Life); got != 58 {
		t.Errorf("%g Wh, want 58: 29 minutes before and after the hole", got)
	}
}

// TestClockOfHub: a hub that woke up in the future or the past counts on.
func TestClockOfHub(t *testing.T) {
	b := newBook(time.UTC)
	for i, at := range []time.Time{noon, noon.Add(time.Minute), noon.AddDate(4, 0, 0), noon.Add(3 * time.Minute), noon.Add(4 * time.Minute), noon.Add(3*time.Minute + 30*time.Second)} {
		b.read(t, history.Reading{Device: plug, Time: at, Total: feature.ValueOf(5 + float64(i)/100)})
	}
	if got := wh(b.Life); got != 50 {
		t.Errorf("%g Wh, want 50", got)
	}
}

// TestUsages: hours add up to days of 23 and 25 hours, what is missing shows.
func TestUsages(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	var entries []history.Entry
	from := time.Date(2026, 10, 24, 0, 0, 0, 0, berlin)
	for at := from; at.Before(from.AddDate(0, 0, 3)); at = history.Hour.Next(at, berlin) {
		entries = append(entries, history.Entry{Hour: at, Counted: history.KilowattHour})
	}
	missing := []history.Span{{Kind: history.Missing, From: from.Add(5 * time.Hour), To: from.Add(6 * time.Hour)}}
	days, err := history.Usages(energy.Day, berlin, from, from.AddDate(0, 0, 4), from.AddDate(0, 0, 2).Add(time.Hour), entries, missing)
	if err != nil || len(days) != 4 {
		t.Fatalf("%d days, %v", len(days), err)
	}
	for i, want := range []float64{24, 25, 24, 0} {
		if got := days[i]; got.Energy.KWh() != want || got.Incomplete != (i == 0) || got.Running != (i == 2) || (got.Known == 0) != (i == 3) {
			t.Errorf("day %d: %+v", i, got)
		}
	}
	months, err := history.Usages(energy.Month, berlin, from, from.AddDate(0, 0, 1), noon, entries, nil)
	if err != nil || len(months) != 1 || months[0].Energy.KWh() != 73 {
		t.Errorf("%+v, %v", months, err)
	}
}
