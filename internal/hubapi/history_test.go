package hubapi_test

import (
	"encoding/json"
	"testing"
	"time"

	"wattle/history"
	"wattle/internal/hubapi"
)

// What goes over the wire reads like what package history writes itself.
func TestHistoryKeepsItsNames(t *testing.T) {
	at := time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC)
	bucket := history.Bucket{Start: at, End: at.Add(time.Hour), Min: 1, Max: 3, Mean: 2, Last: 1.5, Count: 4, Known: time.Minute, Running: true}
	empty := history.Bucket{Start: at, End: at.Add(time.Hour)}
	usage := history.Usage{Start: at, End: at.Add(time.Hour), Energy: history.FromKWh(1.5), Filled: history.FromKWh(0.5), Known: time.Hour, Incomplete: true}
	unknown := history.Usage{Start: at, End: at.Add(time.Hour)}
	bill := history.Bill{Currency: "EUR", Items: []history.Item{{Rate: "night", Cost: 2}}, Standing: 1, Total: 3}
	for _, pair := range [][2]any{
		{bucket, hubapi.BucketOf(&bucket)}, {empty, hubapi.BucketOf(&empty)},
		{usage, hubapi.UsageOf(&usage)}, {unknown, hubapi.UsageOf(&unknown)},
		{bill, hubapi.BillOf(&bill)},
	} {
		want, err := json.Marshal(pair[0])
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(pair[1])
		if err != nil {
			t.Fatal(err)
		}
		if string(want) != string(got) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
