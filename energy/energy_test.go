package energy_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"

	"wattle"
	"wattle/energy"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

func zone(tb testing.TB, name string) *time.Location {
	tb.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		tb.Fatal(err)
	}
	return z
}

// zones move their clocks at 1, 2 and 3 o'clock, at midnight forward (Santiago,
// Beirut) and back (Havana), by half an hour (Lord Howe), and not.
var zones = []string{
	"Europe/Berlin", "America/New_York", "America/Santiago", "Asia/Beirut", "America/Havana",
	"Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia", "UTC",
}

func TestDays(t *testing.T) {
	for _, tt := range []struct {
		zone, day string
		hours     int
		first     string // of the day
	}{
		{"Europe/Berlin", "2026-03-29", 23, "00:00"},
		{"Europe/Berlin", "2026-10-25", 25, "00:00"},
		{"Europe/Berlin", "2026-11-01", 24, "00:00"},
		{"America/New_York", "2026-11-01", 25, "00:00"},
		{"America/Santiago", "2026-09-06", 23, "01:00"},
		{"America/Havana", "2026-11-01", 25, "00:00"},
		{"Asia/Kolkata", "2026-11-01", 24, "00:00"},
		{"Pacific/Apia", "2011-12-29", 24, "00:00"},        // the next day is the 31st
		{"Australia/Lord_Howe", "2026-10-04", 24, "00:00"}, // 23 and a half
		{"Australia/Lord_Howe", "2026-04-05", 25, "00:00"}, // 24 and a half
	} {
		z := zone(t, tt.zone)
		noon, err := time.ParseInLocation("2006-01-02 15", tt.day+" 12", z)
		if err != nil {
			t.Fatal(err)
		}
		start := energy.Day.Floor(noon)
		if got := start.Format("2006-01-02 15:04"); got != tt.day+" "+tt.first {
			t.Errorf("%s %s begins at %s", tt.zone, tt.day, got)
		}
		n := 0
		for at := start; at.Before(energy.Day.Next(noon)); at = energy.Hour.Next(at) {
			n++
		}
		if n != tt.hours {
			t.Errorf("%s %s has %d hours, want %d", tt.zone, tt.day, n, tt.hours)
		}
	}
}

// TestLeftOut: a zone that crossed the date line has no 30th.
func TestLeftOut(t *testing.T) {
	at := time.Date(2011, 12, 29, 12, 0, 0, 0, zone(t, "Pacific/Apia"))
	if got := energy.Day.Next(at).Format(time.DateTime); got != "2011-12-31 00:00:00" {
		t.Errorf("the day after the 29th begins at %s", got)
	}
	s, err := energy.Grid(energy.KilowattHour, energy.Day, at, at.AddDate(0, 0, 4), at)
	if err != nil || len(s.Points) != 4 {
		t.Errorf("%d days (%v), want 4", len(s.Points), err)
	}
}

// TestSteps: buckets follow each other without gap or overlap, wherever.
func TestSteps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		at := time.Unix(rapid.Int64Range(0, 4_000_000_000).Draw(t, "at"), 0).In(z)
		for _, by := range []energy.Step{energy.FiveMinutes, energy.Hour, energy.Day, energy.Month} {
			start, end := by.Floor(at), by.Next(at)
			switch {
			case start.After(at) || !end.After(at):
				t.Fatalf("%s: %s is not from %s to %s", by, at, start, end)
			case !by.Floor(start).Equal(start):
				t.Fatalf("%s: %s began at %s, which began at %s", by, at, start, by.Floor(start))
			case !by.Next(start).Equal(end):
				t.Fatalf("%s: %s ends at %s, its start says %s", by, at, end, by.Next(start))
			case !by.Floor(end).Equal(end):
				t.Fatalf("%s: the next after %s is %s, which began at %s", by, at, end, by.Floor(end))
			case !by.Floor(end.Add(-time.Second)).Equal(start):
				t.Fatalf("%s: the last second before %s is in %s", by, end, by.Floor(end.Add(-time.Second)))
			}
		}
	})
}

// TestQuestions: what is asked for is what devices align to.
func TestQuestions(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	at := func(text string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04:05", text, berlin)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	now := at("2026-11-21 10:30:00")
	for _, tt := range []struct {
		unit     energy.Unit
		by       energy.Step
		from, to string
		want     [][2]string
	}{
		{energy.KilowattHour, energy.Hour, "2026-11-20 22:00:00", "2026-11-21 10:30:00", [][2]string{{"2026-11-20 00:00:00", "2026-11-21 23:59:59"}}},
		{energy.KilowattHour, energy.Hour, "2026-10-20 00:00:00", "2026-10-29 00:00:00", [][2]string{
			{"2026-10-20 00:00:00", "2026-10-27 23:59:59"}, {"2026-10-28 00:00:00", "2026-10-28 23:59:59"},
		}},
		{energy.KilowattHour, energy.Day, "2026-08-15 00:00:00", "2026-11-21 10:30:00", [][2]string{
			{"2026-07-01 00:00:00", "2026-07-01 00:00:00"}, {"2026-10-01 00:00:00", "2026-10-01 00:00:00"},
		}},
		{energy.KilowattHour, energy.Month, "2025-12-31 00:00:00", "2028-01-01 00:00:00", [][2]string{
			{"2025-01-01 00:00:00", "2025-01-01 00:00:00"}, {"2026-01-01 00:00:00", "2026-01-01 00:00:00"},
		}},
		{energy.Watt, energy.FiveMinutes, "2026-11-20 12:02:00", "2026-11-21 02:00:00", [][2]string{
			{"2026-11-20 12:00:00", "2026-11-21 00:00:00"}, {"2026-11-21 00:00:00", "2026-11-21 02:00:00"},
		}},
	} {
		s, err := energy.Grid(tt.unit, tt.by, at(tt.from), at(tt.to), now)
		if err != nil {
			t.Fatal(err)
		}
		questions, err := s.Questions()
		if err != nil {
			t.Fatal(err)
		}
		var got [][2]string
		for _, q := range questions {
			got = append(got, [2]string{time.Unix(q.Start, 0).In(berlin).Format(time.DateTime), time.Unix(q.End, 0).In(berlin).Format(time.DateTime)})
		}
		if len(got) != len(tt.want) {
			t.Errorf("%s by %s: asked for %v, want %v", tt.unit, tt.by, got, tt.want)
			continue
		}
		for i := range got {
			if got[i] != tt.want[i] {
				t.Errorf("%s by %s: asked for %v, want %v", tt.unit, tt.by, got, tt.want)
			}
		}
	}
}

// TestUnknown: -1 and null are no power, zeros of the future no energy, and
// what the answer does not reach is not known.
func TestUnknown(t *testing.T) {
	now := time.Date(2026, 11, 21, 2, 30, 0, 0, time.UTC)
	s, err := energy.Grid(energy.Watt, energy.Hour, now.Add(-4*time.Hour), now.Add(2*time.Hour), now)
	if err != nil {
		t.Fatal(err)
	}
	questions, err := s.Questions()
	if err != nil {
		t.Fatal(err)
	}
	var answer smart.EnergyData
	if err := json.Unmarshal([]byte(`{"data":[-1,null,5,7.5,9],"interval":60}`), &answer); err != nil {
		t.Fatal(err)
	}
	if err := s.Answer(questions[0], &answer); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(s.Points)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"start":"2026-11-20T22:00:00Z","end":"2026-11-20T23:00:00Z","value":null},` +
		`{"start":"2026-11-20T23:00:00Z","end":"2026-11-21T00:00:00Z","value":null},` +
		`{"start":"2026-11-21T00:00:00Z","end":"2026-11-21T01:00:00Z","value":5},` +
		`{"start":"2026-11-21T01:00:00Z","end":"2026-11-21T02:00:00Z","value":7.5},` +
		`{"start":"2026-11-21T02:00:00Z","end":"2026-11-21T03:00:00Z","value":9,"running":true},` +
		`{"start":"2026-11-21T03:00:00Z","end":"2026-11-21T04:00:00Z","value":null},` +
		`{"start":"2026-11-21T04:00:00Z","end":"2026-11-21T05:00:00Z","value":null}]`
	if string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
	answer.Interval = method.Some(5)
	if err := s.Answer(questions[0], &answer); !errors.Is(err, wattle.ErrProtocol) {
		t.Errorf("values of another interval: %v", err)
	}
}

// TestList: Kasa devices leave out what is 0, and what they never knew.
func TestList(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	s, err := energy.Grid(energy.KilowattHour, energy.Day, now.AddDate(0, 0, -4), now.AddDate(0, 0, 2), now)
	if err != nil {
		t.Fatal(err)
	}
	entries := []energy.Entry{{2026, 11, 20, 0.25}, {2026, 11, 18, 9}, {2026, 11, 18, 0.5}}
	s.List(entries, energy.First(entries))
	want := []struct {
		value float64
		known bool
	}{{0, false}, {0.5, true}, {0, true}, {0.25, true}, {0, true}, {0, false}, {0, false}}
	if len(s.Points) != len(want) {
		t.Fatalf("%d days, want %d", len(s.Points), len(want))
	}
	for i, p := range s.Points {
		if p.Value != want[i].value || p.Known != want[i].known {
			t.Errorf("%s: %g, %t", p.Start.Format(time.DateOnly), p.Value, p.Known)
		}
	}
	if got := s.Months(); len(got) != 1 || got[0] != (iot.Month{Year: 2026, Month: 11}) {
		t.Errorf("asks for %v", got)
	}
	for _, by := range []energy.Step{energy.Hour, energy.FiveMinutes} {
		if err := energy.IOTSupports(by); !errors.Is(err, wattle.ErrUnsupported) {
			t.Errorf("by %s: %v", by, err)
		}
	}
	sum := energy.Sum([]energy.Part{{Series: *s}, {Series: *s}})
	if total, known, missing := sum.Total(); total != 1.5 || known != 4 || missing != 1 {
		t.Errorf("the sum of two is %g of %d days, %d missing", total, known, missing)
	}
}

func TestSpans(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		by       energy.Step
		from, to time.Time
	}{
		{energy.Day, now, now},
		{energy.Day, now, now.Add(-time.Second)},
		{energy.Hour, now.AddDate(-10, 0, 0), now},
		{energy.Month, time.Time{}, now},
		{energy.Month, now, time.Date(20_000, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		if _, err := energy.Grid(energy.KilowattHour, tt.by, tt.from, tt.to, now); !errors.Is(err, wattle.ErrParam) {
			t.Errorf("%s from %s to %s: %v", tt.by, tt.from, tt.to, err)
		}
	}
	if _, err := energy.ParseStep("week"); !errors.Is(err, wattle.ErrParam) {
		t.Error(err)
	}
}

// FuzzAnswer: no answer breaks a series, or makes it longer or known where it
// is future.
func FuzzAnswer(f *testing.F) {
	f.Add(`{"local_time":"2026-11-21 10:59:57","data":[1,1,2],"start_timestamp":1795219200,"end_timestamp":1795305599,"interval":60}`, uint8(0))
	f.Add(`{"data":[-1,null,"x",1e300],"start_timestamp":-9,"interval":5}`, uint8(3))
	f.Add(`{"data":[0.5,3],"start_timestamp":99999999999999}`, uint8(4))
	f.Add(`{"day_list":[{"year":2026,"month":11,"day":21,"energy_wh":20},{"year":-1,"month":99,"day":2,"energy":1}]}`, uint8(1))
	now := time.Date(2026, 10, 25, 12, 0, 0, 0, zone(f, "Europe/Berlin"))
	f.Fuzz(func(t *testing.T, raw string, pick uint8) {
		unit, by := energy.KilowattHour, []energy.Step{energy.Hour, energy.Day, energy.Month, energy.FiveMinutes, energy.Hour}[pick%5]
		if pick%5 > 2 {
			unit = energy.Watt
		}
		s, err := energy.Grid(unit, by, now.AddDate(0, 0, -3), now.AddDate(0, 0, 1), now)
		if err != nil {
			t.Fatal(err)
		}
		n := len(s.Points)
		questions, err := s.Questions()
		if err != nil {
			t.Fatal(err)
		}
		if answer, _ := smart.GetEnergyData.Decode(json.RawMessage(raw)); answer != nil {
			_ = s.Answer(questions[0], answer)
		}
		if days, _ := iot.Emeter.GetDayStat.Decode(json.RawMessage(raw)); days != nil && unit == energy.KilowattHour {
			entries := energy.Energies(days.Days)
			s.List(entries, energy.First(entries))
		}
		if len(s.Points) != n {
			t.Fatalf("%d buckets became %d", n, len(s.Points))
		}
		for _, p := range s.Points {
			if p.Known && p.Start.After(now) || !p.Known && p.Value != 0 {
				t.Fatalf("%+v at %s", p, now)
			}
		}
		s.By(energy.Month)
	})
}
