package store

import (
	"context"
	"iter"
	"time"

	"wattle/history"
)

const (
	samplePage = 5000
	bucketPage = 30 * 24 * time.Hour
)

// Records goes through what is selected, series by series in the order of their
// names, each in the order of time, for [history.Export]. It reads in pages and
// holds no lock between them: what is written meanwhile may be in it or not.
// Buckets of which nothing is known are left out, and so are series that have no
// numbers where buckets are asked for.
func (s *Store) Records(ctx context.Context, sel history.Selection) iter.Seq2[history.Record, error] {
	return func(yield func(history.Record, error) bool) {
		all, err := s.Series(ctx, sel.Device)
		if err != nil {
			yield(history.Record{}, err)
			return
		}
		for _, k := range all {
			if !sel.Has(k.Feature) {
				continue
			}
			read := s.sampleRecords
			if sel.By != "" && sel.By != history.Raw {
				read = s.bucketRecords
			}
			if !read(ctx, k, &sel, yield) {
				return
			}
		}
	}
}

// sampleRecords reports whether to go on with the next series.
func (s *Store) sampleRecords(ctx context.Context, k history.Key, sel *history.Selection, yield func(history.Record, error) bool) bool {
	at := history.From(sel.From)
	for {
		page, err := s.Samples(ctx, k, at, sel.To, samplePage)
		if err != nil {
			return yield(history.Record{}, err) && false
		}
		for i := range page {
			if !yield(history.Record{Sample: page[i]}, nil) {
				return false
			}
		}
		if len(page) < samplePage {
			return true
		}
		at = history.After(&page[len(page)-1])
	}
}

func (s *Store) bucketRecords(ctx context.Context, k history.Key, sel *history.Selection, yield func(history.Record, error) bool) bool {
	one, err := s.lookup(ctx, s.readers, k)
	if err != nil {
		return yield(history.Record{}, s.explain("export", err)) && false
	}
	if one.class == classState {
		return true
	}
	step := bucketPage
	if sel.By == history.Day {
		step *= 24
	}
	for from := sel.By.Floor(sel.From, s.Zone); from.Before(sel.To); {
		to := sel.By.Floor(from.Add(step), s.Zone)
		if to.After(sel.To) {
			to = sel.To
		}
		series, err := s.Range(ctx, k, sel.By, from, to)
		if err != nil {
			return yield(history.Record{}, err) && false
		}
		for i := range series.Buckets {
			b := &series.Buckets[i]
			if b.Empty() {
				continue
			}
			if !yield(history.Record{Sample: history.Sample{Key: k, Unit: series.Unit}, Bucket: b}, nil) {
				return false
			}
		}
		from = to
	}
	return true
}
