package rest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wattle"
	"wattle/feature"
	"wattle/history"
	"wattle/history/store"
	"wattle/hub"
	"wattle/internal/hubapi"
	"wattle/internal/surface/rest"
	"wattle/recorder"
)

// meters are days of minutes of one device in a history, and the API over it.
type meters struct {
	tb      testing.TB
	handler http.Handler
}

var (
	metersEnd = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	metersKey = history.Key{Device: history.Device{MAC: wattle.MAC{2, 0, 0, 0, 0, 1}}, Feature: "current_consumption"}
)

func startMeters(tb testing.TB, days int) *meters {
	tb.Helper()
	kept, err := store.Open(tb.Context(), store.Options{
		Address: filepath.Join(tb.TempDir(), "history.db"), Zone: time.UTC, Now: func() time.Time { return metersEnd },
		Retention: history.Retention{Events: 1000 * 24 * time.Hour}, // all else for ever
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := kept.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	var batch history.Batch
	for m := range days * 1440 {
		at := metersEnd.AddDate(0, 0, -days).Add(time.Duration(m) * time.Minute)
		batch.Samples = append(batch.Samples, history.Sample{Key: metersKey, Time: at, Unit: feature.Watt, Value: feature.ValueOf(float64(m%977) / 3)})
		if len(batch.Samples) == 10_000 || m == days*1440-1 {
			if _, err := kept.Write(tb.Context(), batch); err != nil {
				tb.Fatal(err)
			}
			batch.Samples = batch.Samples[:0]
		}
	}
	if err := kept.Maintain(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	h, err := hub.New(&hub.Options{Sweep: -1})
	if err != nil {
		tb.Fatal(err)
	}
	limits := rest.Limits{Rate: 1e9, Burst: 1 << 30}
	s, err := rest.New(h, &rest.Options{NoTokens: true, Archive: recorder.NewArchive(kept, nil), Limits: limits})
	if err != nil {
		tb.Fatal(err)
	}
	return &meters{tb, s.Handler()}
}

// ask asks for the newest days and gives the answer.
func (m *meters) ask(days int, query string) []byte {
	m.tb.Helper()
	return m.get("/devices/"+hub.Slug(metersKey.Device)+"/history", days, query)
}

// get is the answer of a path about the newest days.
func (m *meters) get(path string, days int, query string) []byte {
	m.tb.Helper()
	path += fmt.Sprintf("?feature=%s&from=%s&to=%s&%s", metersKey.Feature, metersEnd.AddDate(0, 0, -days).Format(time.RFC3339), metersEnd.Format(time.RFC3339), query)
	r := httptest.NewRequestWithContext(m.tb.Context(), http.MethodGet, "http://127.0.0.1"+api(path), nil)
	w := unhurried{httptest.NewRecorder()}
	m.handler.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		m.tb.Fatalf("%d: %s", w.Code, w.Body)
	}
	return w.Body.Bytes()
}

// unhurried is a client that has no deadline.
type unhurried struct{ *httptest.ResponseRecorder }

func (unhurried) SetWriteDeadline(time.Time) error { return nil }

// cost fails where an answer of some items has more bytes, or takes more allocations, for
// each of them than it may.
func cost(t *testing.T, items, size, bytes, runs int, ask func()) {
	t.Helper()
	allocations := testing.AllocsPerRun(3, ask)
	t.Logf("%d items: %.0f bytes and %.1f allocations each", items, float64(size)/float64(items), allocations/float64(items))
	if size > items*bytes {
		t.Errorf("%d bytes for %d items: want at most %d each", size, items, bytes)
	}
	if allocations > float64(items*runs) {
		t.Errorf("%.0f allocations for %d items: want at most %d each", allocations, items, runs)
	}
}

// What a question about the past costs depends on what is asked for and not on what
// there is: bytes of the answer and allocations per item, the reading of rows included.
func TestSizeOfAnswers(t *testing.T) {
	const stored = 30
	m := startMeters(t, stored)
	for _, c := range []struct {
		days        int
		query       string
		items       int // at least
		bytes, runs int // for each item at most
	}{
		{stored, "points=500", 480, 190, 22},
		{stored, "by=hour", stored * 24, 190, 18},
		{stored, "by=raw&limit=1000", 1000, 80, 16},
		{7, "points=100", 96, 190, 28},
	} {
		t.Run(strings.ReplaceAll(c.query, "&", " "), func(t *testing.T) {
			var series hubapi.Series
			answer := m.ask(c.days, c.query)
			if err := json.Unmarshal(answer, &series); err != nil {
				t.Fatal(err)
			}
			items := len(series.Buckets) + len(series.Samples)
			count := 0
			for _, b := range series.Buckets {
				count += b.Count
			}
			if items < c.items || series.Buckets != nil && count != c.days*1440 {
				t.Fatalf("%d items of %d samples", items, count)
			}
			cost(t, items, len(answer), c.bytes, c.runs, func() { m.ask(c.days, c.query) })
		})
	}
}

// An export is a stream: a line costs what it costs, however many there are.
func TestSizeOfExports(t *testing.T) {
	const days = 7
	m := startMeters(t, days)
	for _, c := range []struct {
		query       string
		rows        int
		bytes, runs int // for each row at most
	}{
		{"format=csv&by=raw", days * 1440, 95, 22},
		{"format=json&by=raw", days * 1440, 160, 28},
		{"format=influx&by=raw", days * 1440, 115, 20},
		{"format=csv&by=hour", days * 24, 170, 36},
	} {
		t.Run(strings.ReplaceAll(c.query, "&", " "), func(t *testing.T) {
			size := len(m.get("/export", days, c.query))
			if size < c.rows*20 {
				t.Fatalf("%d bytes for %d rows", size, c.rows)
			}
			cost(t, c.rows, size, c.bytes, c.runs, func() { m.get("/export", days, c.query) })
		})
	}
}

// BenchmarkHistory: a month of minutes becomes 500 points as JSON.
func BenchmarkHistory(b *testing.B) {
	m := startMeters(b, 30)
	b.ReportAllocs()
	for b.Loop() {
		b.SetBytes(int64(len(m.ask(30, "points=500"))))
	}
}
