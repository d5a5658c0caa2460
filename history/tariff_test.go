package history_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wattle"
	"wattle/energy"
	"wattle/history"
)

func usages(tb rapid.TB, z *time.Location, from, to time.Time, each history.Energy) []history.Usage {
	tb.Helper()
	var entries []history.Entry
	for at := history.Hour.Floor(from, z); at.Before(to); at = history.Hour.Next(at, z) {
		entries = append(entries, history.Entry{Hour: at, Counted: each})
	}
	out, err := history.Usages(energy.Hour, z, from, to, to, entries, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func TestBills(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	day := func(text string) time.Time {
		at, err := time.ParseInLocation(time.DateOnly, text, berlin)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	flat := history.Tariff{Currency: "EUR", Price: 0.3, Standing: 0.5}
	night := history.Rate{Name: "night", Begin: "22:00", End: "06:00", Price: 0.1}
	half := history.Rate{Name: "half", Begin: "23:30", End: "00:30", Price: 1}
	weekend := history.Rate{Name: "weekend", Days: []time.Weekday{time.Saturday}, Begin: "22:00", End: "06:00", Price: 0.2}
	for _, tt := range []struct {
		name     string
		list     []history.Tariff
		from, to string
		want     map[string]float64 // kWh by rate
		total    float64
	}{
		{"flat, a day of 25 hours", []history.Tariff{flat}, "2026-10-25", "2026-10-26", map[string]float64{"": 25}, 25*0.3 + 0.5},
		{"flat, a day of 23 hours", []history.Tariff{flat}, "2026-03-29", "2026-03-30", map[string]float64{"": 23}, 23*0.3 + 0.5},
		{"night over midnight", []history.Tariff{{Currency: "EUR", Price: 1, Rates: []history.Rate{night}}}, "2026-11-02", "2026-11-04", map[string]float64{"": 32, "night": 16}, 32 + 1.6},
		{"the night of 25 hours", []history.Tariff{{Currency: "EUR", Price: 1, Rates: []history.Rate{night}}}, "2026-10-25", "2026-10-26", map[string]float64{"": 16, "night": 9}, 16.9},
		{"half hours", []history.Tariff{{Currency: "EUR", Rates: []history.Rate{half}}}, "2026-11-02", "2026-11-03", map[string]float64{"": 23, "half": 1}, 1},
		{"the night that begins on Saturday", []history.Tariff{{Currency: "EUR", Rates: []history.Rate{weekend}}}, "2026-11-06", "2026-11-10", map[string]float64{"": 88, "weekend": 8}, 1.6},
		{"a new price", []history.Tariff{{From: "2026-11-03", Currency: "EUR", Price: 2}, {Currency: "EUR", Price: 1}}, "2026-11-02", "2026-11-04", map[string]float64{"": 48}, 24 + 48},
	} {
		tariffs, err := history.NewTariffs(berlin, tt.list...)
		if err != nil {
			t.Fatal(err)
		}
		bills := tariffs.Bills(usages(t, berlin, day(tt.from), day(tt.to), history.KilowattHour))
		if len(bills) != 1 || math.Abs(bills[0].Total-tt.total) > 1e-6 || bills[0].Incomplete {
			t.Errorf("%s: %+v, want a total of %g", tt.name, bills, tt.total)
			continue
		}
		got := map[string]float64{}
		for _, item := range bills[0].Items {
			got[item.Rate] += item.KWh
		}
		for rate, kwh := range tt.want {
			if math.Abs(got[rate]-kwh) > 1e-6 {
				t.Errorf("%s: %g kWh at rate %q, want %g", tt.name, got[rate], rate, kwh)
			}
		}
	}
	joined, err := history.NewTariffs(berlin, history.Tariff{From: "2026-11-03", Currency: "EUR", Price: 1}, history.Tariff{From: "2026-11-02", Currency: "HRK", Price: 7})
	if err != nil {
		t.Fatal(err)
	}
	bills := joined.Bills(usages(t, berlin, day("2026-11-01"), day("2026-11-04"), history.KilowattHour))
	if len(bills) != 2 || bills[0].Currency != "HRK" || bills[0].Total != 24*7 || bills[1].Total != 24 || !bills[0].Incomplete {
		t.Errorf("two currencies and a day without tariff: %+v", bills)
	}
}

// TestBillsAddUp: nothing is lost or charged twice, whatever the rates.
func TestBillsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z := zone(t, rapid.SampledFrom([]string{"Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"}).Draw(t, "zone"))
		clock := rapid.Custom(func(t *rapid.T) string {
			return time.Date(0, 1, 1, rapid.IntRange(0, 23).Draw(t, "h"), rapid.IntRange(0, 59).Draw(t, "m"), 0, 0, time.UTC).Format("15:04")
		})
		one := history.Tariff{Currency: "EUR", Price: 1, Standing: 1}
		for range rapid.IntRange(0, 4).Draw(t, "rates") {
			one.Rates = append(one.Rates, history.Rate{Name: "r", Begin: clock.Draw(t, "begin"), End: clock.Draw(t, "end"), Price: 1})
		}
		tariffs, err := history.NewTariffs(z, one)
		if err != nil {
			t.Fatal(err)
		}
		from := history.Day.Floor(time.Unix(rapid.Int64Range(1.6e9, 1.8e9).Draw(t, "from"), 0), z)
		to := from
		days := rapid.IntRange(1, 40).Draw(t, "days")
		for range days {
			to = history.Day.Next(to, z)
		}
		var used history.Energy
		us := usages(t, z, from, to, 1_234_567)
		for _, u := range us {
			used += u.Energy
		}
		bills := tariffs.Bills(us)
		var charged history.Energy
		for _, item := range bills[0].Items {
			charged += item.Energy
		}
		if charged != used || math.Abs(bills[0].Standing-float64(days)) > 1e-6 {
			t.Fatalf("%d mWh used and %d charged; %d days and %g charged", used, charged, days, bills[0].Standing)
		}
	})
}

func TestTariffsRefused(t *testing.T) {
	good := history.Tariff{Currency: "EUR", Price: 1}
	for want, bad := range map[string]history.Tariff{
		"day such as": {From: "1.1.2026", Currency: "EUR"},
		"EUR":         {Currency: "Euro"},
		"numbers":     {Currency: "EUR", Price: math.NaN()},
		"22:00":       {Currency: "EUR", Rates: []history.Rate{{Name: "n", Begin: "25:00", End: "06:00"}}},
		"end":         {Currency: "EUR", Rates: []history.Rate{{Name: "n", Begin: "05:00", End: "6:00"}}},
		"a number":    {Currency: "EUR", Rates: []history.Rate{{Name: "n", Begin: "05:00", End: "06:00", Price: math.Inf(1)}}},
		"day 7":       {Currency: "EUR", Rates: []history.Rate{{Name: "n", Begin: "05:00", End: "06:00", Days: []time.Weekday{7}}}},
		"two tariffs": {Currency: "USD"},
	} {
		if _, err := history.NewTariffs(time.UTC, good, bad); !errors.Is(err, wattle.ErrParam) || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q in it", bad, err, want)
		}
	}
}
