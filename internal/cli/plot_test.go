package cli

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wattle/energy"
)

// TestPlot draws bars and a line, with gaps, as the golden file has them.
func TestPlot(t *testing.T) {
	now := time.Date(2026, 11, 21, 14, 30, 0, 0, time.UTC)
	draw := func(by energy.Step, from, to time.Time, value func(i int) (float64, bool)) *energy.Series {
		s, err := energy.Grid(energy.KilowattHour, by, from, to, now)
		if err != nil {
			t.Fatal(err)
		}
		for i := range s.Points {
			p := &s.Points[i]
			if p.Start.After(now) {
				continue
			}
			p.Value, p.Known = value(i)
			p.Running = p.End.After(now)
		}
		return s
	}
	week := draw(energy.Day, now.AddDate(0, 0, -6), now.AddDate(0, 0, 3), func(i int) (float64, bool) {
		return []float64{0.25, 1, 0, 0.004, 2, 0.5, 0.75}[i], i != 2
	})
	hours := draw(energy.Hour, now.AddDate(0, 0, -5), now, func(i int) (float64, bool) {
		if i >= 60 && i < 80 {
			return 0, false
		}
		return 0.1 * (1 + math.Sin(float64(i)/4)), true
	})
	nothing := draw(energy.Month, now.AddDate(0, 2, 0), now.AddDate(0, 3, 0), nil)
	var b strings.Builder
	for _, s := range []*energy.Series{week, hours, nothing} {
		for _, l := range plot(s, 72, false) {
			b.WriteString(l + "\n")
			if n := len([]rune(l)); n > 80 {
				t.Errorf("%d columns: %s", n, l)
			}
		}
		b.WriteString("\n")
	}
	golden := filepath.Join("testdata", "plot.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s", &b, want)
	}
}

// TestMoments: spans as people write them, in the zone of a device.
func TestMoments(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 10, 26, 14, 30, 0, 0, zone) // the day after the clocks moved
	for _, tt := range []struct{ text, from, until string }{
		{"today", "2026-10-26 00:00", "2026-10-27 00:00"},
		{"yesterday", "2026-10-25 00:00", "2026-10-26 00:00"},
		{"7d", "2026-10-20 00:00", "2026-10-21 00:00"},
		{"2w", "2026-10-13 00:00", "2026-10-14 00:00"},
		{"3mo", "2026-08-01 00:00", "2026-09-01 00:00"},
		{"1y", "2025-11-01 00:00", "2025-12-01 00:00"},
		{"1h", "2026-10-26 14:00", "2026-10-26 15:00"},
		{"36h", "2026-10-25 03:00", "2026-10-25 04:00"}, // an hour came twice,
		{"5m", "2026-10-26 14:00", "2026-10-26 15:00"},
		{"1.5h", "2026-10-26 13:00", "2026-10-26 14:00"},
		{"1h30min", "2026-10-26 13:00", "2026-10-26 14:00"},
		{"90s", "2026-10-26 14:00", "2026-10-26 15:00"},
		{"60m", "2026-10-26 14:00", "2026-10-26 15:00"},
		{"2026-11-01", "2026-11-01 00:00", "2026-11-02 00:00"},
		{"2026-11-01 08:15", "2026-11-01 08:15", "2026-11-01 08:15"},
	} {
		m, err := parseMoment("since", tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		const layout = "2006-01-02 15:04"
		if from, until := m.from(now).Format(layout), m.until(now).Format(layout); from != tt.from || until != tt.until {
			t.Errorf("%s: from %s until %s, want %s and %s", tt.text, from, until, tt.from, tt.until)
		}
	}
	for _, text := range []string{"", "7", "d", "0d", "-1d", "7days", "1.5d", "5ms", "0m", "-5m", "9999999h", "2026-13-01", "99999999999d", "soon"} {
		if m, err := parseMoment("since", text); err == nil {
			t.Errorf("%q became %+v", text, m)
		}
	}
}

// TestAgo: where no buckets are asked for an hour has 60 minutes.
func TestAgo(t *testing.T) {
	now := time.Date(2026, 10, 26, 14, 2, 0, 0, time.UTC)
	for _, tt := range []struct{ text, by, from string }{
		{"1h", "", "13:02"}, {"1h", "raw", "13:02"}, {"1h", "minute", "13:02"}, {"1h", "hour", "14:00"}, {"1h", "day", "14:00"},
		{"5m", "", "13:57"}, {"5m", "hour", "13:00"}, {"0.5h", "", "13:32"}, {"today", "", "00:00"},
	} {
		f := pastFlags{since: tt.text, by: tt.by}
		from, _, err := f.span(now)
		if err != nil || from.Format("15:04") != tt.from {
			t.Errorf("%s by %q: from %s, %v, want %s", tt.text, tt.by, from, err, tt.from)
		}
	}
	f := pastFlags{since: "2h", until: "1h"}
	if from, until, err := f.span(now); err != nil || until.Sub(from) != time.Hour || now.Sub(until) != time.Hour {
		t.Errorf("from %s until %s, %v", from, until, err)
	}
}

// FuzzMoment: no text breaks it, and a span ends where it begins or later.
func FuzzMoment(f *testing.F) {
	for _, text := range []string{"7d", "24h", "12mo", "1y", "today", "2026-11-01", "2026-11-01 14:30", "5m", "1.5h", "1h30m", "9e9h", "x", "é"} {
		f.Add(text)
	}
	now := time.Date(2026, 10, 26, 14, 30, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := parseMoment("since", text)
		if err != nil {
			return
		}
		if m.ago(now).After(now) && m.date.IsZero() {
			t.Errorf("%q: from %s", text, m.ago(now))
		}
		if m.until(now).Before(m.from(now)) {
			t.Errorf("%q: from %s until %s", text, m.from(now), m.until(now))
		}
	})
}
