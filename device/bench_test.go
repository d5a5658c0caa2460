package device_test

import (
	"encoding/json"
	"testing"

	"wattle"
	"wattle/catalog"
	"wattle/device"
	"wattle/feature"
	"wattle/method"
	"wattle/simulator/homes"
)

// BenchmarkPoll is the whole of a poll above the session: choosing what is due,
// decoding the answers and evaluating all rows, over a Caller that costs next
// to nothing.
func BenchmarkPoll(b *testing.B) {
	d, err := device.New(b.Context(), plug(), wattle.SMART, &device.Options{Now: now})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := d.Poll(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Poll(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRows decodes the answers of a bulb and evaluates its rows.
func BenchmarkRows(b *testing.B) {
	for _, file := range homes.Demo() {
		if file.Name != "L530(EU)_3.0_1.2.3" {
			continue
		}
		d, err := device.New(b.Context(), start(b, file), file.Family, &device.Options{Now: now})
		if err != nil {
			b.Fatal(err)
		}
		s, err := d.Poll(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		v := &feature.View{Family: file.Family, Type: s.Identity().Type, Components: s.Identity().Components, Snapshot: s.Snapshot()}
		rows := catalog.For(v)
		queries := catalog.Queries(rows)
		raws := map[string]json.RawMessage{}
		for _, q := range queries {
			raws[q.Key()] = s.Snapshot().Raw(q.Key())
		}
		b.ReportAllocs()
		for b.Loop() {
			answers := map[string]method.Answer{}
			for _, q := range queries {
				value, _ := q.Decode(raws[q.Key()])
				answers[q.Key()] = method.Answer{Value: value, Time: moment}
			}
			v.Snapshot = method.NewSnapshot(moment, method.Local, answers)
			for _, row := range rows {
				if row.Exists(v) {
					row.Read(v)
				}
			}
		}
		b.ReportMetric(float64(len(rows)), "rows")
	}
}
