package store_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wattle/feature"
	"wattle/history"
	"wattle/history/store"
)

// BenchmarkWrite: durable batches of 1,000 samples of 200 series from several
// writers; each waits for the disk.
func BenchmarkWrite(b *testing.B) {
	for _, writers := range []int{1, 8} {
		b.Run(fmt.Sprint("writers=", writers), func(b *testing.B) {
			s := open(b, store.Options{Address: filepath.Join(b.TempDir(), "history.db"), Now: at(noon)})
			var n atomic.Int64
			b.ResetTimer()
			cpu := cpuTime()
			var all sync.WaitGroup
			for range writers {
				all.Go(func() {
					for {
						i := n.Add(1)
						if i > int64(b.N) {
							return
						}
						batch := history.Batch{Samples: make([]history.Sample, 1000)}
						for k := range batch.Samples {
							one := watts(noon.Add(time.Duration(i*5+int64(k)/200)*5*time.Second), float64(k)*0.37)
							one.Feature = fmt.Sprint("f", k%200)
							batch.Samples[k] = one
						}
						if _, err := s.Write(b.Context(), batch); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			all.Wait()
			b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "samples/s")
			b.ReportMetric(float64(b.N)*1000/(cpuTime()-cpu).Seconds(), "samples/cpu-s")
		})
	}
}

// BenchmarkYear: a year of one device's minutes becomes 500 points, and 20 days
// of minutes the same, which have to be read one by one.
func BenchmarkYear(b *testing.B) {
	from := noon.AddDate(-1, 0, 0)
	s := open(b, store.Options{
		Address: filepath.Join(b.TempDir(), "history.db"), Now: at(noon),
		Retention: history.Retention{Events: 1000 * 24 * time.Hour}, // all else for ever
	})
	for day := from; day.Before(noon); day = day.AddDate(0, 0, 7) {
		var batch history.Batch
		for m := range 7 * 1440 {
			if t := day.Add(time.Duration(m) * time.Minute); t.Before(noon) {
				batch.Samples = append(batch.Samples, history.Sample{Key: power, Time: t, Unit: feature.Watt, Value: feature.ValueOf(float64(m%977) / 3)})
			}
		}
		if _, err := s.Write(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
		maintain(b, s)
	}
	for _, days := range []int{365, 20} {
		b.Run(fmt.Sprint("days=", days), func(b *testing.B) {
			cpu := cpuTime()
			defer func() { b.ReportMetric((cpuTime()-cpu).Seconds()*1000/float64(b.N), "cpu-ms/op") }()
			for b.Loop() {
				series, err := s.Downsample(b.Context(), power, noon.AddDate(0, 0, -days), noon, 500)
				if err != nil || len(series.Buckets) < 480 {
					b.Fatal(err)
				}
				count := 0
				for i := range series.Buckets {
					count += series.Buckets[i].Count
				}
				if count != days*1440 {
					b.Fatalf("%d samples in it", count)
				}
			}
		})
	}
}
