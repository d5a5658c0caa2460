package history_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wattle"
	"wattle/energy"
	"wattle/feature"
	"wattle/history"
)

var plug = history.Device{MAC: wattle.MAC{2, 0, 0, 0, 0, 1}}

// truth is a device with a real meter: what it used since ever, by second, and
// counters that are reset as those of devices are.
type truth struct {
	zone                          *time.Location
	now                           time.Time
	used                          float64 // Wh since ever
	hours                         map[int64]float64
	totalFrom, todayFrom, monthBy float64 // used, when the counter began
	watts                         float64
	has                           [3]bool // total, today, month
	remembers                     bool    // its hours
}

// pass lets time go by.
func (d *truth) pass(by time.Duration) {
	for end := d.now.Add(by); d.now.Before(end); {
		next := end
		if hour := history.Hour.Next(d.now, d.zone); hour.Before(next) {
			next = hour
		}
		wh := d.watts * next.Sub(d.now).Hours()
		d.used += wh
		d.hours[history.Hour.Floor(d.now, d.zone).Unix()] += wh
		if !history.Day.Floor(next, d.zone).Equal(history.Day.Floor(d.now, d.zone)) {
			d.todayFrom = d.used
			if next.In(d.zone).Day() == 1 {
				d.monthBy = d.used
			}
		}
		d.now = next
	}
}

func (d *truth) erase() {
	d.totalFrom, d.todayFrom, d.monthBy = d.used, d.used, d.used
	clear(d.hours)
}

func (d *truth) reading() history.Reading {
	kwh := func(from float64, has bool) feature.Value {
		if !has {
			return feature.Value{}
		}
		return feature.ValueOf(math.Floor(d.used-from) / 1000)
	}
	return history.Reading{
		Device: plug, Time: d.now, Clock: d.now.In(d.zone), Power: feature.ValueOf(d.watts),
		Total: kwh(d.totalFrom, d.has[0]), Today: kwh(d.todayFrom, d.has[1]), Month: kwh(d.monthBy, d.has[2]),
	}
}

// series is what the device remembers of its hours.
func (d *truth) series(t rapid.TB, from time.Time) *energy.Series {
	t.Helper()
	s, err := energy.Grid(energy.KilowattHour, energy.Hour, from.In(d.zone), d.now.Add(time.Second), d.now)
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.Points {
		p := &s.Points[i]
		p.Value, p.Known = math.Floor(d.hours[p.Start.Unix()])/1000, true
		p.Running = p.End.After(d.now)
	}
	return s
}

// hidden is the content of the counter that is looked at first: where it is back
// at that within Short after a reset, the reset is taken for a slip.
func (d *truth) hidden(seen float64) float64 {
	from := d.monthBy
	switch {
	case d.has[2]:
	case d.has[1]:
		from = d.todayFrom
	default:
		from = d.totalFrom
	}
	return min(seen-from, 3500*history.Short.Hours())
}

// book keeps what a store would.
type book struct {
	history.Meter
	zone    *time.Location
	entries map[int64]*history.Entry
	spans   []history.Span
}

func (b *book) post(postings []history.Posting) {
	for _, p := range postings {
		e := b.entries[p.Hour.Unix()]
		if e == nil {
			e = &history.Entry{Hour: p.Hour}
			b.entries[p.Hour.Unix()] = e
		}
		e.Counted += p.Counted
		e.Spread += p.Spread
		e.Estimated += p.Estimated
		e.Filled += p.Filled
		e.Replaced += p.Replaced
	}
}

func (b *book) read(t rapid.TB, r history.Reading) history.Change {
	t.Helper()
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	before := b.Life
	ch := b.Read(&r, b.zone)
	b.post(ch.Postings)
	b.spans = append(b.spans, ch.Spans...)
	b.check(t, before)
	return ch
}

func (b *book) check(t rapid.TB, before history.Energy) {
	t.Helper()
	if b.Life < before {
		t.Fatalf("the counter went down from %s to %s", before, b.Life)
	}
	var sum history.Energy
	for _, e := range b.entries {
		sum += e.Energy()
		if e.Estimated < 0 || e.Counted < 0 || e.Spread < 0 || e.Filled < 0 {
			t.Fatalf("an entry below 0: %+v", e)
		}
	}
	if sum != b.Book {
		t.Fatalf("the hours add up to %s, the book says %s", sum, b.Book)
	}
}

func (b *book) reconcile(t rapid.TB, s *energy.Series) {
	t.Helper()
	before := b.Life
	var all []history.Entry
	for _, e := range b.entries {
		all = append(all, *e)
	}
	settled := history.Reconcile(all, b.spans, s, b.zone)
	b.Settle(&settled)
	b.post(settled.Postings)
	b.spans = settled.Spans
	b.check(t, before)
}

// restart puts the state through JSON.
func (b *book) restart(t rapid.TB) {
	t.Helper()
	text, err := json.Marshal(&b.Meter)
	if err != nil {
		t.Fatal(err)
	}
	b.Meter = history.Meter{}
	if err := json.Unmarshal(text, &b.Meter); err != nil {
		t.Fatal(err)
	}
}

// TestLifetime: whatever happens to a meter, its lifetime counter never goes
// down and agrees with what was used, within the bounds that Meter states.
func TestLifetime(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	rapid.Check(t, func(t *rapid.T) {
		d := &truth{zone: berlin, hours: map[int64]float64{}, remembers: rapid.Bool().Draw(t, "remembers")}
		d.now = time.Date(2026, time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 31).Draw(t, "day"), 5, 0, 0, 0, berlin)
		d.has = rapid.SampledFrom([][3]bool{{true, true, true}, {false, true, true}, {true, false, false}, {false, true, false}, {false, false, true}}).Draw(t, "counters")
		b := &book{zone: berlin, entries: map[int64]*history.Entry{}}
		b.read(t, d.reading())
		start, from := d.used, d.now
		lost, slack := 0.0, 2.0 // Wh that may be missing; that may be too much or too little
		last := d.reading()
		at, seen := d.now, d.used
		poll := func() {
			ch := b.read(t, d.reading())
			if ch.Late {
				t.Fatal("a reading in order is late")
			}
			last, at, seen = d.reading(), d.now, d.used
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			d.watts = float64(rapid.SampledFrom([]int{0, 1, 40, 800, 3500}).Draw(t, "watts"))
			switch rapid.SampledFrom([]string{"poll", "poll", "outage", "erase", "reboot", "again", "late", "slip", "restart", "silence"}).Draw(t, "what") {
			case "poll":
				d.pass(time.Minute)
				poll()
			case "outage":
				was, usedBefore := at, seen
				d.pass(time.Duration(rapid.IntRange(1, 100*3600).Draw(t, "seconds")) * time.Second)
				day := !history.Day.Floor(was, berlin).Equal(history.Day.Floor(d.now, berlin))
				month := was.In(berlin).Month() != d.now.In(berlin).Month()
				if bridged := d.has[0] || d.has[2] && !month || d.has[1] && !day; !bridged {
					lost += d.used - usedBefore
				}
				slack += 2
				poll()
				if d.remembers {
					b.reconcile(t, d.series(t, from))
				}
			case "erase":
				hidden := d.hidden(seen)
				d.pass(time.Duration(rapid.IntRange(0, 7200).Draw(t, "seconds")) * time.Second)
				lost += d.used - seen + history.Jitter.KWh()*1000 // a small step back is no reset
				d.erase()
				d.pass(time.Minute)
				lost += d.used - seen + hidden
				poll()
			case "reboot":
				hidden := d.hidden(seen)
				if !d.has[1] && !d.has[2] {
					lost += history.Jitter.KWh()*1000 + hidden
				}
				d.totalFrom = d.used
				d.pass(time.Minute)
				lost += d.used - seen // at the turn of a month nothing else bridges it
				poll()
			case "again":
				if ch := b.read(t, last); b.Life != b.Meter.Life || len(ch.Spans) > 0 {
					t.Fatalf("the same reading again: %+v", ch)
				}
			case "late":
				old := last
				d.pass(time.Minute)
				poll()
				life := b.Life
				b.read(t, old)
				if b.Life != life {
					t.Fatalf("an old reading added %s", b.Life-life)
				}
			case "slip": // zeros from a device that has just started
				d.pass(time.Minute)
				zeros := d.reading()
				for _, v := range []*feature.Value{&zeros.Total, &zeros.Today, &zeros.Month} {
					if v.Known() {
						*v = feature.ValueOf(0.0)
					}
				}
				b.read(t, zeros)
				d.pass(time.Minute)
				poll()
			case "restart":
				b.restart(t)
			case "silence": // counters fail, power goes on
				for range rapid.IntRange(1, 30).Draw(t, "minutes") {
					d.pass(time.Minute)
					r := d.reading()
					r.Total, r.Today, r.Month = feature.Value{}, feature.Value{}, feature.Value{}
					b.read(t, r)
				}
				slack += d.watts * 0.5 // estimates of a rollover that nothing bridges
				lost += d.used - seen
				poll()
			}
			if rapid.IntRange(0, 20).Draw(t, "settle") == 0 && d.remembers {
				b.reconcile(t, d.series(t, from))
				b.reconcile(t, d.series(t, from))
			}
			slack += 3 // rounding of counters and of hours
			life, used := b.Life.KWh()*1000, d.used-start
			if life > used+slack {
				t.Fatalf("%.0f Wh were used, the counter says %.0f: more than %.0f too much", used, life, slack)
			}
			if life < used-lost-slack {
				t.Fatalf("%.0f Wh were used, the counter says %.0f: %.0f may be lost, %.0f is slack", used, life, lost, slack)
			}
		}
	})
}
