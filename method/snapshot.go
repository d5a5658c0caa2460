package method

import (
	"encoding/json"
	"iter"
	"maps"
	"slices"
	"time"
)

// Source says by which way an answer came.
type Source string

// The sources.
const (
	Local Source = "local"
	Cloud Source = "cloud"
)

// Answer is what is known of one query.
type Answer struct {
	Call  Call            // as it was asked
	Raw   json.RawMessage // as the device answered, with fields that we do not know; nil after an error
	Value any             // decoded; nil when it failed
	Err   error           // why there is no value, or why a part of it is missing
	Time  time.Time       // when it was taken
}

// Snapshot is the last known answer to each query of a device. It is immutable
// and may be shared: a poll makes a new one. The nil Snapshot is empty.
type Snapshot struct {
	time    time.Time
	source  Source
	answers map[string]Answer
}

// NewSnapshot takes answers at a time. The map is copied.
func NewSnapshot(at time.Time, source Source, answers map[string]Answer) *Snapshot {
	return &Snapshot{time: at, source: source, answers: maps.Clone(answers)}
}

// With is a newer snapshot: the answers of s, replaced by those given.
func (s *Snapshot) With(at time.Time, answers map[string]Answer) *Snapshot {
	next := &Snapshot{time: at, source: Local, answers: map[string]Answer{}}
	if s != nil {
		next.source = s.source
		maps.Copy(next.answers, s.answers)
	}
	maps.Copy(next.answers, answers)
	return next
}

// Time is when the newest answer was taken. Whatever depends on "now" uses
// this and never the clock, so that an old snapshot gives the same each day.
func (s *Snapshot) Time() time.Time {
	if s == nil {
		return time.Time{}
	}
	return s.time
}

// Source says whether the answers came from the device or through the cloud.
func (s *Snapshot) Source() Source {
	if s == nil {
		return ""
	}
	return s.source
}

// Answer is the answer to a query by its key, and whether it was ever asked.
func (s *Snapshot) Answer(key string) (Answer, bool) {
	if s == nil {
		return Answer{}, false
	}
	a, ok := s.answers[key]
	return a, ok
}

// Raw is the answer as the device gave it, or nil.
func (s *Snapshot) Raw(key string) json.RawMessage {
	a, _ := s.Answer(key)
	return a.Raw
}

// All ranges over the answers, sorted by key.
func (s *Snapshot) All() iter.Seq2[string, Answer] {
	return func(yield func(string, Answer) bool) {
		if s == nil {
			return
		}
		for _, key := range slices.Sorted(maps.Keys(s.answers)) {
			if !yield(key, s.answers[key]) {
				return
			}
		}
	}
}
