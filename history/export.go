package history

import (
	"io"
	"iter"
	"slices"
	"time"

	"wattle/feature"
)

// Record is a row of an export: a sample, or a bucket of a roll-up.
type Record struct {
	Sample
	// Bucket is set in exports by minute, hour and day; the sample has only its
	// key and unit then.
	Bucket *Bucket
}

// Selection says what to export.
type Selection struct {
	Device   Device     // zero: all
	Features []string   // none: all
	By       Resolution // "" is [Raw]
	From, To time.Time
}

// Has reports whether a feature is selected.
func (s *Selection) Has(feature string) bool {
	return len(s.Features) == 0 || slices.Contains(s.Features, feature)
}

// Format is what an export looks like. Formats are printed.
type Format string

// The formats.
const (
	CSV    Format = "csv"    // RFC 4180, with a header
	JSON   Format = "json"   // one array of objects
	Influx Format = "influx" // line protocol, nanoseconds
)

// Export writes records as they come, so that its memory does not grow with
// them, and says how many there were. It stops at the first error of either
// side. The formats:
//
//   - CSV: time,device,feature,unit,source,event,value for samples, and
//     time,end,device,feature,unit,min,max,mean,last,count,known_seconds for
//     buckets. What is not known is an empty field.
//   - JSON: the same names, null for what is not known.
//   - Influx: the feature is the measurement, device, unit and source are tags,
//     the value is the field "value", buckets have the fields of their columns.
//     The protocol has no null: what is not known is left out. Numbers are
//     always floats, since a field keeps its first type.
func Export(w io.Writer, format Format, buckets bool, records iter.Seq2[Record, error]) (n int, err error) {
	var e encoder
	switch format {
	case JSON:
		e = newJSON(w)
	case Influx:
		e = newInflux(w)
	default:
		e = newCSV(w, buckets)
	}
	for r, err := range records {
		if err != nil {
			return n, err
		}
		if err := e.record(&r); err != nil {
			return n, err
		}
		n++
	}
	return n, e.finish()
}

// encoder is one format.
type encoder interface {
	record(*Record) error
	finish() error
}

// stamp is a time as exports show it: UTC with milliseconds.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

func (r *Record) source() Source {
	if r.Source == "" {
		return Local
	}
	return r.Source
}

// plainValue is a value as CSV shows it, "" where it is not known: numbers
// with a point, true and false, seconds, times as RFC 3339.
func plainValue(v feature.Value) string {
	switch {
	case !v.Known():
		return ""
	default:
		if on, ok := v.Bool(); ok {
			if on {
				return "true"
			}
			return "false"
		}
		if d, ok := feature.As[time.Duration](v); ok {
			return number(d.Seconds())
		}
		return v.String()
	}
}
