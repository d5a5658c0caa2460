package simulator_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"wattle/simulator"
)

// history asks a Tapo plug for numbers; nil stands for a refusal.
func history(t *testing.T, d *simulator.Device, method string, start, end time.Time, interval int) []float64 {
	t.Helper()
	answer := handle(t, d, fmt.Sprintf(`{"method":%q,"params":{"start_timestamp":%d,"end_timestamp":%d,"interval":%d}}`,
		method, start.Unix(), end.Unix(), interval))
	var a struct {
		Code   int `json:"error_code"`
		Result struct {
			Data []float64 `json:"data"`
		} `json:"result"`
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		t.Fatal(err)
	}
	if a.Code != 0 {
		return nil
	}
	return a.Result.Data
}

func add(values []float64) (sum float64) {
	for _, v := range values {
		sum += v
	}
	return sum
}

// TestHistoryLimits: alignment, padding and limits of docs/protocol/smart.md
// sections 7.1 and 7.2.
func TestHistoryLimits(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 21, 10, 30, 0, 0, zone)
	d := device(t, "P110(EU)", simulator.DeviceOptions{Now: func() time.Time { return now }})
	handle(t, d, fmt.Sprintf(`{"method":"set_device_time","params":{"region":"America/New_York","time_diff":-300,"timestamp":%d}}`, now.Unix()))
	day := func(month time.Month, d int) time.Time { return time.Date(2026, month, d, 0, 0, 0, 0, zone) }
	for _, tt := range []struct {
		what       string
		method     string
		start, end time.Time
		interval   int
		want       int // values; 0: refused
	}{
		{"a day, from its middle", "get_energy_data", now, now, 60, 24},
		{"the day of 25 hours", "get_energy_data", day(11, 1), day(11, 2).Add(-time.Second), 60, 25},
		{"the day of 23 hours", "get_energy_data", day(3, 8), day(3, 9).Add(-time.Second), 60, 23},
		{"8 days", "get_energy_data", day(11, 10), day(11, 18).Add(-time.Second), 60, 8 * 24},
		{"9 days", "get_energy_data", day(11, 10), day(11, 18), 60, 0},
		{"the first quarter", "get_energy_data", day(2, 14), day(2, 14), 1440, 90},
		{"the second quarter", "get_energy_data", day(4, 1), day(4, 1), 1440, 91},
		{"the fourth quarter", "get_energy_data", now, now, 1440, 92},
		{"a year", "get_energy_data", day(7, 4), day(7, 4), 43_200, 12},
		{"no such interval", "get_energy_data", now, now, 30, 0},
		{"an end before the start", "get_energy_data", now, now.Add(-time.Hour), 60, 0},
		{"12 hours of power", "get_power_data", now.Add(-12 * time.Hour), now, 5, 144},
		{"24 hours of power", "get_power_data", now.Add(-24 * time.Hour), now, 5, 144},
		{"power from 10:01 to 10:29", "get_power_data", day(11, 21).Add(601 * time.Minute), day(11, 21).Add(629 * time.Minute), 5, 5},
		{"hours of power", "get_power_data", now.Add(-72 * time.Hour), now, 60, 72},
		{"power by day", "get_power_data", day(11, 1), now, 1440, 0},
	} {
		if got := history(t, d, tt.method, tt.start, tt.end, tt.interval); len(got) != tt.want {
			t.Errorf("%s: %d values, want %d", tt.what, len(got), tt.want)
		}
	}
	today := history(t, d, "get_energy_data", now, now, 60)
	if rest := add(today[11:]); rest != 0 || add(today) == 0 {
		t.Errorf("today %v", today)
	}
	future := history(t, d, "get_power_data", now.Add(-10*time.Minute), now.Add(20*time.Minute), 5)
	if len(future) != 6 || future[1] < 0 || future[2] != -1 || future[5] != -1 {
		t.Errorf("power around now: %v", future)
	}
	if forgotten := history(t, d, "get_power_data", now.AddDate(0, -6, 0), now.AddDate(0, -6, 0).Add(time.Hour), 60); forgotten[0] != -1 {
		t.Errorf("power of half a year ago: %v", forgotten)
	}
}

// TestHistoryAgrees: all that tells of energy tells the same.
func TestHistoryAgrees(t *testing.T) {
	now := time.Date(2026, 11, 21, 10, 30, 0, 0, time.UTC)
	for _, freeze := range []bool{false, true} {
		d := device(t, "P110(EU)", simulator.DeviceOptions{Freeze: freeze, Now: func() time.Time { return now }})
		read := func(method, path string) float64 {
			v, _ := at(t, handle(t, d, fmt.Sprintf(`{"method":%q}`, method)), "result/"+path).(float64)
			return v
		}
		clock := time.Unix(int64(read("get_device_time", "timestamp")), 0)
		hours := add(history(t, d, "get_energy_data", clock, clock, 60))
		if today := read("get_energy_usage", "today_energy"); today != hours || today == 0 {
			t.Errorf("frozen %t: today %g Wh, its hours %g", freeze, today, hours)
		}
		months := history(t, d, "get_energy_data", clock, clock, 43_200)
		if month := read("get_energy_usage", "month_energy"); month != months[clock.Month()-1] || month == 0 {
			t.Errorf("frozen %t: the month %g Wh, of the year %v", freeze, month, months)
		}
		if freeze {
			continue
		}
		days := history(t, d, "get_energy_data", clock, clock, 1440)
		n := int(clock.Sub(time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)) / (24 * time.Hour))
		if past7, sum := read("get_device_usage", "power_usage/past7"), add(days[n-6:n+1]); past7 != sum {
			t.Errorf("7 days %g Wh, their sum %g", past7, sum)
		}
		if past30, sum := read("get_device_usage", "power_usage/past30"), add(days[n-29:n+1]); past30 != sum {
			t.Errorf("30 days %g Wh, their sum %g", past30, sum)
		}
		saved := max(read("get_device_usage", "time_usage/past7")-read("get_device_usage", "power_usage/past7"), 0)
		if got := read("get_device_usage", "saved_power/past7"); got != saved {
			t.Errorf("saved %g, want %g", got, saved)
		}
		// In 90 days there is something nearly every day.
		empty := 0
		for _, month := range []time.Month{7, 10} {
			first := time.Date(2026, month, 1, 0, 0, 0, 0, time.UTC)
			for i, v := range history(t, d, "get_energy_data", first, first, 1440) {
				if day := first.AddDate(0, 0, i); day.After(now.AddDate(0, 0, -90)) && day.Before(now) && v == 0 {
					empty++
				}
			}
		}
		if empty > 5 {
			t.Errorf("%d days of the last 90 have nothing", empty)
		}
	}
}

// TestFrozenStrip: frozen, all outlets show the one reading of the capture; as
// time goes on one that is off takes nothing.
func TestFrozenStrip(t *testing.T) {
	for _, freeze := range []bool{false, true} {
		d := device(t, "KP303(EU)", simulator.DeviceOptions{Freeze: freeze, KeepIDs: true})
		seen := map[any]int{}
		for i, child := range d.Info().Children {
			answer := handle(t, d, fmt.Sprintf(`{"context":{"child_ids":[%q]},"emeter":{"get_realtime":{}}}`, child.DeviceID))
			watts := at(t, answer, "emeter/get_realtime/power_mw")
			seen[watts]++
			if slot := at(t, answer, "emeter/get_realtime/slot_id"); slot != float64(i) {
				t.Errorf("slot %v, want %d", slot, i)
			}
			if i == 0 && watts != 31870.0 || i == 1 && watts != 0.0 && !freeze {
				t.Errorf("frozen %t: outlet %d takes %v mW", freeze, i, watts)
			}
		}
		if want := map[bool]int{true: 1, false: 3}[freeze]; len(seen) != want {
			t.Errorf("frozen %t: %v", freeze, seen)
		}
	}
}
