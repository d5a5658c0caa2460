package history

import (
	"fmt"
	"strings"
	"time"

	"wattle"
	"wattle/feature"
)

// Source says by which way a value came. Sources are printed.
type Source string

// The sources, as package method has them.
const (
	Local Source = "local"
	Cloud Source = "cloud"
)

// DefaultHold is how long a value is believed where its sample says nothing.
const DefaultHold = 25 * time.Minute

// maxText is how long a text value may be, in bytes.
const maxText = 64 << 10

// Sample is one value of one feature at one moment. It is kept to the
// millisecond.
type Sample struct {
	Key
	Time time.Time
	// Value is what the device said. The zero Value is "unknown": a gap begins
	// here.
	Value  feature.Value
	Unit   feature.Unit // of the series; the last that was given counts
	Source Source       // "" means [Local]
	// Hold is how long the value is believed if nothing follows, 0 for
	// [DefaultHold]: a few heartbeats of its [Rule]. It belongs to the series;
	// the last that was given counts.
	Hold time.Duration
	// Event is the id of an event, unique within the feature; "" marks a state.
	// Two events may have one time, and one event is kept once. Its Value is
	// any text, such as JSON of what happened.
	Event string
}

// Check says why a sample cannot be kept, nil if it can. Errors wrap
// [wattle.ErrParam].
func (s *Sample) Check() error {
	if err := s.Key.Check(); err != nil {
		return err
	}
	text, _ := feature.As[string](s.Value)
	switch {
	case s.Time.Year() < 1970 || s.Time.Year() > 9999:
		return fmt.Errorf("%w: %s: a sample of %s: want a time from 1970 to 9999", wattle.ErrParam, s.Key, s.Time)
	case s.Hold < 0 || s.Hold > 366*24*time.Hour:
		return fmt.Errorf("%w: %s: a value cannot hold for %s: want up to a year", wattle.ErrParam, s.Key, s.Hold)
	case len(text) > maxText || strings.Contains(text, "\x00") || strings.ToValidUTF8(text, "\x00") != text:
		return fmt.Errorf("%w: %s: want up to %d bytes of text in UTF-8", wattle.ErrParam, s.Key, maxText)
	case !plain(s.Event, 256):
		return fmt.Errorf("%w: %s: %q is not the id of an event", wattle.ErrParam, s.Key, s.Event)
	case s.Source != "" && s.Source != Local && s.Source != Cloud:
		return fmt.Errorf("%w: %s: source %q: want local or cloud", wattle.ErrParam, s.Key, s.Source)
	case !plain(string(s.Unit), 32):
		return fmt.Errorf("%w: %s: %q is not a unit", wattle.ErrParam, s.Key, s.Unit)
	}
	return nil
}

// Batch is what is written together: all of it is kept, or nothing.
type Batch struct {
	Samples []Sample
	Meters  []Reading
}

// Len is how much a batch counts in a queue.
func (b *Batch) Len() int { return len(b.Samples) + len(b.Meters) }

// Check says what is wrong with the first of its parts that cannot be kept.
func (b *Batch) Check() error {
	for i := range b.Samples {
		if err := b.Samples[i].Check(); err != nil {
			return err
		}
	}
	for i := range b.Meters {
		if err := b.Meters[i].Check(); err != nil {
			return err
		}
	}
	return nil
}

// Written says what became of a batch.
type Written struct {
	Samples  int // states and events that are on disk, those that were there before included
	Readings int // of meters
	// TooOld are samples from before the time of which single samples are still
	// kept ([Retention]). Roll-ups of that time are final, so these are not kept.
	TooOld int
}

// Cursor is a place in the samples of a series: behind one that was read, or at
// a time.
type Cursor struct {
	Time  time.Time
	Event string
	// Fresh cursors stand before what has their time, others behind it.
	Fresh bool
}

// From is the cursor that stands before all samples of a time and later.
func From(t time.Time) Cursor { return Cursor{Time: t, Fresh: true} }

// After is the cursor behind a sample.
func After(s *Sample) Cursor { return Cursor{Time: s.Time, Event: s.Event} }
