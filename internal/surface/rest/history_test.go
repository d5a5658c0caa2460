package rest_test

import (
	"context"
	"encoding/csv"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wattle/history/store"
	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/internal/hubapi"
	"wattle/internal/surface/rest"
	"wattle/recorder"
)

// remembering is a house whose hub has kept a history for ten minutes, with a
// tariff.
func remembering(t *testing.T, test func(*house)) {
	t.Helper()
	rememberingBy(t, 0, test)
}

// rememberingBy is the same with polls by another interval.
func rememberingBy(t *testing.T, interval time.Duration, test func(*house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC))) // clocks of devices have to be set
		kept, err := store.Open(t.Context(), store.Options{Address: filepath.Join(t.TempDir(), "history.db"), Zone: time.UTC})
		if err != nil {
			t.Fatal(err)
		}
		rec := recorder.New(&recorder.Options{Sink: kept})
		home := hubtest.Start(t, hubtest.Models("P110", "KP303"))
		options := home.Options()
		options.Interval = interval
		options.Observe, options.Happened = rec.Observe, rec.Happened
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- rec.Run(ctx) }()
		t.Cleanup(func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
			if err := kept.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
		h := &house{t: t, home: home, hub: home.Hub(options)}
		rec.Attach(h.hub)
		hubtest.Online(t, h.hub, 2)
		list := []recorder.Tariff{{Currency: "EUR", Price: 0.5, Standing: 0.24}}
		tariffs, err := recorder.ParseTariffs(time.UTC, list)
		if err != nil {
			t.Fatal(err)
		}
		h.serve(&rest.Options{
			Archive: recorder.NewArchive(kept, tariffs), Fillings: rec.Fillings, Tariffs: func() []recorder.Tariff { return list },
		})
		time.Sleep(10*time.Minute + 2*time.Second)
		test(h)
	})
}

func TestHistory(t *testing.T) {
	remembering(t, func(h *house) {
		id := hub.Slug(hubtest.View(t, h.hub, "Heater").ID)
		series := get[hubapi.Series](h, "/devices/"+id+"/history?feature=current_consumption&points=20")
		if len(series.Buckets) == 0 || len(series.Buckets) > 21 || series.Unit != "W" || series.Device != id {
			t.Fatalf("%d buckets in %q", len(series.Buckets), series.Unit)
		}
		known := 0
		for _, b := range series.Buckets {
			if b.Mean != nil {
				known++
			}
		}
		if known == 0 || known == len(series.Buckets) {
			t.Errorf("%d of %d buckets are known", known, len(series.Buckets))
		}
		if by := get[hubapi.Series](h, "/devices/"+id+"/history?feature=current_consumption&by=minute&from=2026-11-02T09:02:00Z&to=2026-11-02T09:07:00Z"); len(by.Buckets) != 5 {
			t.Errorf("%d minutes", len(by.Buckets))
		}
		if raw := get[hubapi.Series](h, "/devices/"+id+"/history?feature=current_consumption&by=raw&limit=3"); len(raw.Samples) == 0 || len(raw.Samples) > 3 || raw.Samples[0].Value == nil {
			t.Errorf("samples %+v", raw.Samples)
		}
		if names := get[[]string](h, "/devices/"+id+"/series"); len(names) < 10 {
			t.Errorf("series %v", names)
		}

		used := get[hubapi.Energy](h, "/devices/"+id+"/energy?by=hour&from=2026-11-02T09:00:00Z&to=2026-11-02T10:00:00Z")
		if len(used.Spans) != 1 || used.Spans[0].Energy == nil || used.Lifetime == nil || *used.Lifetime <= 0 {
			t.Fatalf("energy %+v", used)
		}
		if bills := used.Spans[0].Bills; len(bills) != 1 || bills[0].Currency != "EUR" || bills[0].Total <= 0 {
			t.Errorf("bills %+v", bills)
		}
		if tariffs := get[[]recorder.Tariff](h, "/tariffs"); len(tariffs) != 1 || tariffs[0].Price != 0.5 {
			t.Errorf("tariffs %+v", tariffs)
		}
		if events := get[[]hubapi.Event](h, "/events?kind=online"); len(events) != 5 || events[0].Device == "" {
			t.Errorf("events %+v", events)
		}

		path := api("/devices/" + id)
		refused(h, h.do("GET", path+"/history", ""), 422, "param")
		refused(h, h.do("GET", path+"/history?feature=wings&from=2026-11-03T00:00:00Z&to=2026-11-02T00:00:00Z", ""), 422, "param")
		refused(h, h.do("GET", path+"/history?feature=x&by=year", ""), 422, "param")
		refused(h, h.do("GET", path+"/history?feature=x&points=99999999", ""), 422, "param")
		refused(h, h.do("GET", api("/devices/nothing/history?feature=x"), ""), 404, "not_found")

		answer := h.do("GET", api("/export?device="+id+"&feature=voltage&by=minute"), "")
		rows, err := csv.NewReader(strings.NewReader(string(answer.body))).ReadAll()
		if err != nil || answer.StatusCode != 200 || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/csv") || len(rows) < 10 {
			t.Errorf("%s: %d rows, %v", answer.Status, len(rows), err)
		}
		if list := get[[]map[string]any](h, "/export?format=json&device="+id+"&feature=voltage"); len(list) == 0 || list[0]["feature"] != "voltage" {
			t.Errorf("json %v", list)
		}
		lines := h.do("GET", api("/export?format=influx&feature=voltage"), "")
		if !strings.HasPrefix(string(lines.body), "voltage,") {
			t.Errorf("influx %.100s", lines.body)
		}
		refused(h, h.do("GET", api("/export?format=xml"), ""), 422, "param")
		refused(h, h.do("GET", api("/export?device=nothing"), ""), 404, "not_found")
		if p := refused(h, h.do("GET", api("/export?device="+id+"&feature=voltage&feature=tension"), ""), 404, "not_found"); p.Title != "no such feature" {
			t.Errorf("%+v", p)
		}
	})
}

// The books of a plug after an outage: what the hub has counted beside what the
// plug's own history says, and nothing open any more.
func TestBooks(t *testing.T) {
	rememberingBy(t, time.Minute, func(h *house) {
		plug := hubtest.View(t, h.hub, "Heater")
		path := "/devices/" + hub.Slug(plug.ID) + "/books"
		if b := get[hubapi.Books](h, path); len(b.Rows) != 1 || b.Rows[0].Told != nil || b.Asked != nil || b.Lifetime <= 0 {
			t.Errorf("before: %+v", b)
		}
		if err := h.home.Sim.SetFault(plug.ID.MAC.String(), "drop"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Hour)
		if err := h.home.Sim.ClearFault(plug.ID.MAC.String(), "drop"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2*time.Hour + 20*time.Second) // between two polls
		b := get[hubapi.Books](h, path+"?by=hour")
		told, energy := 0, 0.0
		for _, row := range b.Rows {
			energy += row.Energy
			if row.Told == nil {
				continue
			}
			told++
			if *row.Compared != row.Energy || math.Abs(*row.Difference) > 0.003 {
				t.Errorf("%v: booked %.3f kWh, and the plug says %.3f", row.Start, row.Energy, *row.Told)
			}
		}
		if told < 3 || len(b.Open) != 0 || b.Asked == nil || b.Asked.Error != "" || b.Asked.Steps != "hour" {
			t.Errorf("the plug told of %d hours: %+v", told, b)
		}
		if math.Abs(energy-b.Total.Energy) > 1e-9 || b.Total.Told == nil || b.Lifetime != b.Booked || math.Abs(b.Lifetime-energy) > 0.001 {
			t.Errorf("sum %.3f of %+v", energy, b.Total)
		}
		if day := get[hubapi.Books](h, path); len(day.Rows) != 1 || day.Rows[0].Energy != b.Total.Energy || *day.Total.Told != *b.Total.Told {
			t.Errorf("by day: %+v", day)
		}
		if none := get[hubapi.Books](h, path+"?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z"); len(none.Rows) != 0 || none.Lifetime != b.Lifetime {
			t.Errorf("years ago: %+v", none)
		}
		refused(h, h.do("GET", api(path+"?by=hour&from=2020-01-01T00:00:00Z"), ""), 422, "param")
		refused(h, h.do("GET", api("/devices/02000000abcd/books"), ""), 404, "not_found")
	})
}

func TestWithoutHistory(t *testing.T) {
	in(t, nil, []string{"P110"}, func(h *house) {
		id := get[[]hubapi.Device](h, "/devices")[0].ID
		for _, path := range []string{"/devices/" + id + "/history?feature=voltage", "/devices/" + id + "/energy", "/devices/" + id + "/books", "/export", "/tariffs"} {
			refused(h, h.do("GET", api(path), ""), 501, "absent")
		}
	})
}
