package store_test

import (
	"testing"
	"time"

	"wattle/history"
)

// TestSize: a history takes more room when there is more in it.
func TestSize(t *testing.T) {
	onBoth(t, func(p place) {
		p.Now = at(noon.AddDate(0, 0, 1))
		s := open(p.T, p.Options)
		empty, err := s.Size(p.Context())
		if err != nil || empty == 0 {
			p.Fatal(empty, err)
		}
		var b history.Batch
		for i := range 50_000 {
			b.Samples = append(b.Samples, watts(noon.Add(time.Duration(i)*time.Second), float64(i)))
		}
		if _, err := s.Write(p.Context(), b); err != nil {
			p.Fatal(err)
		}
		if full, err := s.Size(p.Context()); err != nil || full < empty+200_000 {
			p.Errorf("%d bytes, then %d: %v", empty, full, err)
		}
	})
}
