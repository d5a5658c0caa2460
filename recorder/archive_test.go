package recorder_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"

	"wattle"
	"wattle/energy"
	"wattle/event"
	"wattle/feature"
	"wattle/history"
	"wattle/history/store"
	"wattle/hub"
	"wattle/recorder"
)

var plug = history.Device{MAC: wattle.MAC{2, 0x57, 0xa7, 0x21, 0, 1}}

// TestCosts: what a plug used by hour, day and month costs by the tariffs of its
// time, and together the same.
func TestCosts(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Date(2025, 10, 25, 0, 0, 0, 0, zone) // the clocks are set back a day later
	end := begin.AddDate(0, 0, 4)
	s, err := store.Open(t.Context(), store.Options{Address: filepath.Join(t.TempDir(), "history.db"), Zone: zone})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	var b history.Batch
	for at := begin; !at.After(end); at = at.Add(10 * time.Minute) {
		kwh := at.Sub(begin).Hours() // 1 kW all the time
		b.Meters = append(b.Meters, history.Reading{Device: plug, Time: at, Total: feature.ValueOf(kwh)})
	}
	if _, err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	tariffs, err := recorder.ParseTariffs(zone, []recorder.Tariff{
		{To: "2025-10-26", Currency: "EUR", Price: 0.3, Standing: 0.5, Rates: []recorder.Rate{{Name: "night", Days: "sat,sun", Begin: "22:00", End: "06:00", Price: 0.1}}},
		{From: "2025-10-28", Currency: "EUR", Price: 0.4},
	})
	if err != nil {
		t.Fatal(err)
	}
	a := recorder.NewArchive(s, tariffs)
	total := func(by energy.Step) (sum float64, list []recorder.Cost) {
		list, err := a.Costs(t.Context(), plug, by, begin, end)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			for _, bill := range c.Bills {
				sum += bill.Total
			}
		}
		return sum, list
	}
	hours, _ := total(energy.Hour)
	days, byDay := total(energy.Day)
	months, _ := total(energy.Month)
	// The night before Saturday belongs to Friday, which has no night rate.
	saturday := 0.5 + 22*0.3 + 2*0.1
	sunday := 0.5 + 7*0.1 + (25-7-2)*0.3 + 2*0.1
	want := []float64{saturday, sunday, 0, 24 * 0.4}
	for i, c := range byDay {
		got := 0.0
		for _, bill := range c.Bills {
			got += bill.Total
		}
		if math.Abs(got-want[i]) > 1e-9 || (len(c.Bills) == 0) != (i == 2) {
			t.Errorf("day %d: %v, want %g", i, c.Bills, want[i])
		}
	}
	if math.Abs(hours-days) > 1e-9 || days == 0 {
		t.Errorf("by hour %g, by day %g", hours, days)
	}
	if months < days-1e-9 {
		t.Errorf("by month %g, by day %g", months, days)
	}
	raw, err := json.Marshal(byDay[0])
	var back struct {
		Energy float64 `json:"energy_kwh"`
		Bills  []history.Bill
	}
	if err != nil || json.Unmarshal(raw, &back) != nil || back.Energy != 24 || len(back.Bills) != 1 {
		t.Errorf("%s, %v", raw, err)
	}
	a.SetTariffs(nil)
	if sum, list := total(energy.Day); sum != 0 || len(list) != 4 {
		t.Error("without tariffs:", sum, list)
	}
	for _, bad := range []recorder.Tariff{
		{Currency: "EUR", From: "2025-10-28", To: "2025-10-27"}, {Currency: "EUR", To: "tomorrow"}, {Currency: "Euro"},
		{Currency: "EUR", Rates: []recorder.Rate{{Days: "someday", Begin: "00:00", End: "24:00"}}},
	} {
		if _, err := recorder.ParseTariffs(zone, []recorder.Tariff{bad}); !errors.Is(err, wattle.ErrParam) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// TestAnyEvent: whatever a device tells is kept once, and can be read.
func TestAnyEvent(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		e := hub.Event{
			Device: plug, Name: rapid.String().Draw(r, "name"), Kind: rapid.String().Draw(r, "kind"), Text: rapid.String().Draw(r, "text"),
			Time: time.Unix(rapid.Int64Range(-1<<40, 1<<40).Draw(r, "time"), 0),
		}
		if rapid.Bool().Draw(r, "logged") {
			e.Detail = &event.Event{
				ID: rapid.Int().Draw(r, "id"), Unique: rapid.String().Draw(r, "unique"), Kind: event.Kind(e.Kind), Time: e.Time,
				Params: map[string]json.RawMessage{"a": json.RawMessage(`"` + strings.Repeat("x", rapid.IntRange(0, 100_000).Draw(r, "size")) + `"`)},
			}
		}
		s := &sink{}
		rec := recorder.New(&recorder.Options{Sink: s})
		before := time.Now().Add(-time.Second)
		rec.Happened(e)
		rec.Happened(e)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := rec.Run(ctx); err != nil {
			r.Fatal(err)
		}
		stats := rec.Stats()
		if n, _ := s.count(); n != 2 || stats.Refused != 0 {
			r.Fatalf("%d are kept, %+v", n, stats)
		}
		one, two := s.written[0].Samples[0], s.written[0].Samples[1]
		if e.Detail != nil && event.Kind(e.Kind) != event.Gap && one.Event != two.Event {
			r.Errorf("two ids of one event: %q and %q", one.Event, two.Event)
		}
		got := recorder.ReadEvent(&one)
		if got.Kind != strings.ToValidUTF8(e.Kind, "�") && got.Kind != "unreadable" || got.Device != plug {
			r.Errorf("%+v became %+v", e, got)
		}
		if got.Time.After(time.Now().Add(2*time.Minute)) || got.Time.Before(before.AddDate(-2, 0, 0)) {
			r.Errorf("an event of %s", got.Time)
		}
	})
}

// TestEventsOfAll: the newest events of several devices, in the order of time.
func TestEventsOfAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, filepath.Join(t.TempDir(), "history.db"))
		rec := recorder.New(&recorder.Options{Sink: s})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- rec.Run(ctx) }()
		begun := time.Now()
		for i := range 20 {
			d := plug
			d.MAC[5] = byte(i % 3)
			rec.Happened(hub.Event{Device: d, Kind: hub.Added, Text: string(rune('a' + i))})
			time.Sleep(time.Second)
		}
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		a := recorder.NewArchive(s, nil)
		list, err := a.Events(t.Context(), history.Device{}, begun, time.Now(), 5)
		text := ""
		for _, e := range list {
			text += e.Text
		}
		if err != nil || text != "pqrst" {
			t.Errorf("%q, %v", text, err)
		}
		if _, err := a.Events(t.Context(), history.Device{MAC: wattle.MAC{9}}, begun, time.Now(), 5); !errors.Is(err, history.ErrNotFound) {
			t.Error("of a device without events:", err)
		}
		for _, limit := range []int{0, -1, 1 << 30} {
			if _, err := a.Events(t.Context(), plug, begun, time.Now(), limit); !errors.Is(err, wattle.ErrParam) {
				t.Errorf("%d events: %v", limit, err)
			}
		}
	})
}
