package store_test

import (
	"testing"
	"time"

	"wattle/energy"
	"wattle/feature"
	"wattle/history"
)

// TestEnergy: from readings to hours, days and cost, over an outage that the
// device's own history fills, and over restarts.
func TestEnergy(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	onBoth(t, func(p place) {
		t, o := p.T, p.Options
		o.Zone = berlin
		start := time.Date(2026, 10, 24, 0, 0, 0, 0, berlin) // the next day has 25 hours
		o.Now = at(start.AddDate(0, 0, 2))
		s := open(t, o)
		today := 0.0
		for now, i := start, 0; !now.After(start.AddDate(0, 0, 2)); now, i = now.Add(10*time.Minute), i+1 {
			if history.Day.Floor(now, berlin).Equal(now) {
				today = 0
			}
			outage := now.After(start.Add(20*time.Hour)) && now.Before(start.Add(30*time.Hour))
			if !outage {
				r := history.Reading{Device: plug, Time: now, Clock: now, Today: feature.ValueOf(today)}
				if _, err := s.Write(t.Context(), history.Batch{Meters: []history.Reading{r, r}}); err != nil {
					t.Fatal(err)
				}
			}
			if i == 100 {
				s = reopen(t, s)
			}
			today += 0.1 // in 10 minutes
		}
		// Missing is what the day's counter did not say any more before midnight,
		// and ten minutes of the second one.
		missing := 4*0.6 + 0.1
		life := func() float64 {
			m, err := s.Meter(t.Context(), plug)
			if err != nil {
				t.Fatal(err)
			}
			return m.Life.KWh()
		}
		if got := life(); got < 49*0.6-missing-0.01 || got > 49*0.6-missing+0.01 {
			t.Errorf("%g kWh, want %g", got, 49*0.6-missing)
		}
		_, spans, err := s.Books(t.Context(), plug, start, start.AddDate(0, 0, 3))
		if err != nil || len(spans) != 3 {
			t.Fatalf("%+v, %v", spans, err)
		}
		own, err := energy.Grid(energy.KilowattHour, energy.Hour, start, start.AddDate(0, 0, 2), start.AddDate(0, 0, 2))
		if err != nil {
			t.Fatal(err)
		}
		for i := range own.Points {
			own.Points[i].Value, own.Points[i].Known = 0.6, true
		}
		for range 2 {
			if err := s.Reconcile(t.Context(), plug, own); err != nil {
				t.Fatal(err)
			}
			s = reopen(t, s)
			days, err := s.Energy(t.Context(), plug, energy.Day, start, start.AddDate(0, 0, 2))
			if err != nil || len(days) != 2 {
				t.Fatalf("%+v, %v", days, err)
			}
			for i, want := range []float64{14.4, 15} {
				if got := days[i].Energy.KWh(); got < want-0.001 || got > want+0.001 || days[i].Incomplete {
					t.Errorf("day %d: %+v, want %g", i, days[i], want)
				}
			}
			if got := life(); got < 29.399 || got > 29.401 {
				t.Errorf("%g kWh, want 29.4", got)
			}
		}
		hours, spans, err := s.Books(t.Context(), plug, start, start.AddDate(0, 0, 2))
		if err != nil || len(hours) != 49 || len(spans) != 0 || hours[22].Filled.KWh() != 0.6 || hours[22].Device == nil {
			t.Errorf("%d hours, spans %+v, %+v, %v", len(hours), spans, hours[22], err)
		}
		tariffs, err := history.NewTariffs(berlin, history.Tariff{Currency: "EUR", Price: 0.5, Standing: 1})
		if err != nil {
			t.Fatal(err)
		}
		bills, err := s.Cost(t.Context(), plug, tariffs, start, start.AddDate(0, 0, 10))
		if err != nil || len(bills) != 1 || bills[0].Total < 16.69 || bills[0].Total > 16.71 || bills[0].Incomplete {
			t.Errorf("%+v, %v", bills, err)
		}
		if all, err := s.Meters(t.Context()); err != nil || len(all) != 1 || all[0] != plug {
			t.Errorf("%v, %v", all, err)
		}
	})
}

// TestRezone: days follow the zone, from hours that are there.
func TestRezone(t *testing.T) {
	onBoth(t, func(p place) {
		t, o := p.T, p.Options
		o.Now = at(noon.AddDate(0, 0, 5))
		s := open(t, o)
		for i := range 72 {
			write(t, s, watts(noon.Add(time.Duration(i)*time.Hour), float64(i)), watts(noon.Add(time.Duration(i)*time.Hour+20*time.Minute), float64(i)))
		}
		maintain(t, s)
		day := func(d int) *history.Bucket {
			from := time.Date(2026, 11, 21+d, 12, 0, 0, 0, s.Zone)
			return &buckets(t, s, history.Day, from, from.Add(time.Hour))[0]
		}
		if b := day(1); b.Min != 12-1 && b.Min != 12 || b.Max != 35 {
			t.Errorf("in UTC %+v", *b)
		}
		o.Zone = zone(t, "Asia/Tokyo")
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		s = open(t, o)
		if b := day(1); b.Max != 26 || b.Last != 26 {
			t.Errorf("in Tokyo %+v", *b)
		}
		s = reopen(t, s)
		if b := day(2); b.Max != 50 {
			t.Errorf("in Tokyo %+v", *b)
		}
	})
}

// TestDownsample: a span becomes as many points as were asked for, and no peak
// is lost on the way, whether it is rolled up, half rolled up, or not.
func TestDownsample(t *testing.T) {
	onBoth(t, func(p place) {
		t, o := p.T, p.Options
		o.Now = at(noon.AddDate(0, 0, 10))
		s := open(t, o)
		var batch history.Batch
		for i := range 10 * 24 * 4 {
			w := 50 + float64(i%7)
			if i == 777 {
				w = 3000
			}
			batch.Samples = append(batch.Samples, watts(noon.Add(time.Duration(i)*15*time.Minute), w))
		}
		if _, err := s.Write(t.Context(), history.Batch{Samples: batch.Samples[:500]}); err != nil {
			t.Fatal(err)
		}
		maintain(t, s) // and the oldest samples are gone
		if _, err := s.Write(t.Context(), history.Batch{Samples: batch.Samples[500:]}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			for _, n := range []int{1, 7, 100, 500} {
				series, err := s.Downsample(t.Context(), power, noon, noon.AddDate(0, 0, 10), n)
				if err != nil || len(series.Buckets) > n || len(series.Buckets) < n*9/10 || series.Unit != feature.Watt {
					t.Fatalf("%d points for %d, %v", len(series.Buckets), n, err)
				}
				high, count := 0.0, 0
				var known time.Duration
				for _, b := range series.Buckets {
					high, count, known = max(high, b.Max), count+b.Count, known+b.Known
				}
				// The last value may be taken to hold beyond now, in a bucket that runs.
				if high != 3000 || count != 960 || known < 240*time.Hour || known > 240*time.Hour+history.DefaultHold {
					t.Errorf("%d points: highest %g, %d samples, known for %s", n, high, count, known)
				}
			}
			maintain(t, s)
		}
		records := 0
		for _, by := range []history.Resolution{history.Raw, history.Minute, history.Hour, history.Day} {
			records = 0
			for r, err := range s.Records(t.Context(), history.Selection{From: noon, To: noon.AddDate(0, 0, 11), By: by}) {
				if err != nil || (r.Bucket == nil) != (by == history.Raw) || r.Key != power {
					t.Fatalf("%+v, %v", r, err)
				}
				records++
			}
			want := map[history.Resolution]int{history.Raw: 672, history.Minute: 14_410, history.Hour: 241, history.Day: 11}[by]
			if records < want-25 || records > want+25 {
				t.Errorf("%d by %s, want %d", records, by, want)
			}
		}
	})
}
