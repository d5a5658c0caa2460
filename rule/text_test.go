package rule_test

import (
	"errors"
	"testing"
	"time"

	"wattle"
	"wattle/rule"
)

func TestParseAt(t *testing.T) {
	for text, want := range map[string]string{
		"18:30": "18:30", "0:05": "00:05", "6:30pm": "18:30", "7am": "07:00", "12am": "00:00", "12:15 PM": "12:15",
		"sunset": "sunset", "Sunset-30m": "sunset-30m", "sunrise + 1h15m": "sunrise+1h15m", "sunset+90": "sunset+1h30m",
		"sunset-45min": "sunset-45m", "sunset-0": "sunset", "sunrise-2h": "sunrise-2h", "never": "never",
	} {
		a, err := rule.ParseAt(text)
		if err != nil || a.String() != want {
			t.Errorf("%q is %s (%v), want %s", text, a, err, want)
		}
	}
	for _, text := range []string{"", "24:00", "18", "18:5", "18:60", "1830", "13pm", "0am", "sunset30m", "sunset-", "sunset-x", "sunset+9999h", "sunset--5", "noon", "-1:00", "18:30:00", "sunset+24h"} {
		if a, err := rule.ParseAt(text); !errors.Is(err, wattle.ErrParam) {
			t.Errorf("%q is %s (%v)", text, a, err)
		}
	}
}

func TestParseDays(t *testing.T) {
	for text, want := range map[string]string{
		"mon-fri": "mon-fri", "weekdays": "mon-fri", "weekend": "sat,sun", "daily": "daily", "Mon, WED,friday": "mon,wed,fri",
		"fri-mon": "mon,fri-sun", "sun": "sun", "sun-sat": "daily", "mon-sun": "daily", "tu,th": "tue,thu", "sat-sun,mon": "mon,sat,sun", "every day": "daily",
	} {
		d, err := rule.ParseDays(text)
		if err != nil || d.String() != want {
			t.Errorf("%q is %s (%v), want %s", text, d, err, want)
		}
	}
	for _, text := range []string{"", "m", "mon-", "-fri", "mon;tue", "mon,,tue", "montag", "1-5", "mon-fri-sun"} {
		if d, err := rule.ParseDays(text); !errors.Is(err, wattle.ErrParam) {
			t.Errorf("%q is %s (%v)", text, d, err)
		}
	}
}

func TestParseDateAndDuration(t *testing.T) {
	if d, err := rule.ParseDate("2026-12-24"); err != nil || d != (rule.Date{Year: 2026, Month: 12, Day: 24}) || d.Weekday() != time.Thursday {
		t.Error(d, err)
	}
	for _, text := range []string{"", "24.12.2026", "2026-02-29", "2026-13-01", "26-12-24", "2026-12-24x", "0000-01-01", "2026--1-24"} {
		if d, err := rule.ParseDate(text); !errors.Is(err, wattle.ErrParam) {
			t.Errorf("%q is %s (%v)", text, d, err)
		}
	}
	if d, err := rule.ParseDuration("1h 15m"); err != nil || d != 75*time.Minute {
		t.Error(d, err)
	}
	for _, text := range []string{"", "30", "0s", "25h", "-5m", "soon"} {
		if d, err := rule.ParseDuration(text); !errors.Is(err, wattle.ErrParam) {
			t.Errorf("%q is %s (%v)", text, d, err)
		}
	}
}

// TestSun compares with almanacs.
func TestSun(t *testing.T) {
	for _, tt := range []struct {
		zone          string
		date          string
		lat, lon      float64
		sunrise, down string
	}{
		{"Europe/London", "2024-06-21", 51.5074, -0.1278, "04:43", "21:21"},
		{"America/New_York", "2024-12-21", 40.7128, -74.006, "07:17", "16:32"},
		{"Australia/Sydney", "2024-12-21", -33.8688, 151.2093, "05:41", "20:05"},
		{"Europe/Berlin", "2024-03-20", 52.52, 13.405, "06:11", "18:21"},
		{"UTC", "2024-03-20", 0, 0, "06:30", "18:30"},                 // no place
		{"Europe/Oslo", "2024-06-21", 69.65, 18.96, "06:30", "18:30"}, // the sun does not set
	} {
		zone, err := time.LoadLocation(tt.zone)
		if err != nil {
			t.Fatal(err)
		}
		date, err := rule.ParseDate(tt.date)
		if err != nil {
			t.Fatal(err)
		}
		up, down := rule.Sun(date, rule.Place{Latitude: tt.lat, Longitude: tt.lon}, zone)
		for _, c := range []struct {
			got  int
			want string
		}{{up, tt.sunrise}, {down, tt.down}} {
			want, _ := rule.ParseAt(c.want)
			if diff := c.got - want.Minute; diff < -3 || diff > 3 {
				t.Errorf("%s %s: %s, want %s", tt.zone, tt.date, rule.At{Minute: c.got}, c.want)
			}
		}
	}
}

func TestNext(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	monday := time.Date(2026, 3, 23, 12, 0, 0, 0, zone) // the clocks change on Sunday 29
	days := func(text string) rule.Weekdays {
		d, err := rule.ParseDays(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, tt := range []struct {
		s         rule.Schedule
		want, end string
	}{
		{rule.Schedule{Days: rule.Daily, At: rule.ClockTime(18, 30)}, "2026-03-23T18:30:00+01:00", ""},
		{rule.Schedule{Days: rule.Daily, At: rule.ClockTime(12, 0)}, "2026-03-24T12:00:00+01:00", ""},
		{rule.Schedule{Days: days("mon"), At: rule.ClockTime(12, 0)}, "2026-03-30T12:00:00+02:00", ""},
		{rule.Schedule{Days: days("sun"), At: rule.At{From: rule.Sunset, Offset: -30}}, "2026-03-29T18:00:00+02:00", ""},
		{rule.Schedule{Once: true, Date: rule.Date{Year: 2026, Month: 12, Day: 24}, At: rule.ClockTime(0, 0)}, "2026-12-24T00:00:00+01:00", ""},
		{rule.Schedule{Once: true, Date: rule.Date{Year: 2026, Month: 3, Day: 22}, At: rule.ClockTime(0, 0)}, "", ""},
		{rule.Schedule{Once: true, At: rule.ClockTime(1, 0)}, "2026-03-24T01:00:00+01:00", ""},
		{rule.Schedule{At: rule.ClockTime(1, 0)}, "", ""},
		{rule.Schedule{Days: rule.Daily, At: rule.At{From: rule.Never}}, "", ""},
		{rule.Schedule{Days: days("sun"), At: rule.ClockTime(22, 0), End: &rule.End{At: rule.ClockTime(13, 0)}}, "2026-03-29T22:00:00+02:00", "2026-03-23T13:00:00+01:00"},
	} {
		at, ok := tt.s.Next(monday, rule.Place{})
		if got := at.Format(time.RFC3339); ok != (tt.want != "") || ok && got != tt.want {
			t.Errorf("%s: %s (%t), want %s", &tt.s, got, ok, tt.want)
		}
		end, ok := tt.s.NextEnd(monday, rule.Place{})
		if got := end.Format(time.RFC3339); ok != (tt.end != "") || ok && got != tt.end {
			t.Errorf("%s ends %s (%t), want %s", &tt.s, got, ok, tt.end)
		}
	}
	away := rule.Away{Days: days("sun"), Start: rule.ClockTime(22, 0), End: rule.ClockTime(13, 0)}
	if start, end, ok := away.Window(monday, rule.Place{}); !ok || start.Day() != 22 || end.Day() != 23 {
		t.Error(start, end, ok)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"18:30", "6:30pm", "sunset-1h30m", "mon-fri,sun", "daily", "2026-12-24", "1h15m", "never", "", "sunset+1440"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if a, err := rule.ParseAt(text); err == nil {
			if again, err := rule.ParseAt(a.String()); err != nil || again != a || a.Check() != nil {
				t.Errorf("%q is %s, which is %s (%v)", text, a, again, err)
			}
		}
		if d, err := rule.ParseDays(text); err == nil {
			if again, err := rule.ParseDays(d.String()); err != nil || again != d || d == 0 || d > rule.Daily {
				t.Errorf("%q is %s, which is %s (%v)", text, d, again, err)
			}
		}
		if d, err := rule.ParseDate(text); err == nil {
			if again, err := rule.ParseDate(d.String()); err != nil || again != d || !d.Valid() {
				t.Errorf("%q is %s, which is %s (%v)", text, d, again, err)
			}
		}
		if d, err := rule.ParseDuration(text); err == nil && (d < time.Second || d > rule.MaxTimer) {
			t.Errorf("%q is %s", text, d)
		}
	})
}
