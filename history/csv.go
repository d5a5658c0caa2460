package history

import (
	"encoding/csv"
	"io"
	"strconv"
)

type csvEncoder struct {
	w       *csv.Writer
	buckets bool
	head    bool
}

func newCSV(w io.Writer, buckets bool) *csvEncoder {
	return &csvEncoder{w: csv.NewWriter(w), buckets: buckets}
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func (e *csvEncoder) header() error {
	if e.head {
		return nil
	}
	e.head = true
	if e.buckets {
		return e.w.Write([]string{"time", "end", "device", "feature", "unit", "min", "max", "mean", "last", "count", "known_seconds"})
	}
	return e.w.Write([]string{"time", "device", "feature", "unit", "source", "event", "value"})
}

func (e *csvEncoder) record(r *Record) error {
	if err := e.header(); err != nil {
		return err
	}
	b := r.Bucket
	if b == nil {
		return e.w.Write([]string{
			stamp(r.Time), r.Device.String(), r.Feature, string(r.Unit), string(r.source()), r.Event, plainValue(r.Value),
		})
	}
	row := []string{stamp(b.Start), stamp(b.End), r.Device.String(), r.Feature, string(r.Unit), "", "", "", "", strconv.Itoa(b.Count), number(b.Known.Seconds())}
	if !b.Empty() {
		row[5], row[6], row[7], row[8] = number(b.Min), number(b.Max), number(b.Mean), number(b.Last)
	}
	return e.w.Write(row)
}

func (e *csvEncoder) finish() error {
	if err := e.header(); err != nil {
		return err
	}
	e.w.Flush()
	return e.w.Error()
}
