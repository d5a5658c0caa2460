package method

import (
	"cmp"
	"encoding/json"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
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
	// Source says by which way it came; "" is that of the snapshot.
	Source Source
}

// Taken is an answer with the key of its query, see [Query.Key].
type Taken struct {
	Key string
	Answer
}

// Snapshot is the last known answer to each query of a device. It is immutable
// and may be shared: a poll makes a new one. The nil Snapshot is empty.
type Snapshot struct {
	time   time.Time
	source Source
	// entries in the order in which they were first asked, so that what most
	// features are read from is found first. A device has a few dozens at most:
	// too few for a map to be faster.
	entries []entry
	// numbered gives the place in entries, from 1, by the number of a key, for
	// those who have that; nil where there are too many entries. It is shared
	// with the snapshot before as long as the keys are the same.
	numbered []uint8
}

type entry struct {
	key    string
	answer *Answer
}

// numbers stand for the keys of queries, from 1.
var numbers = struct {
	sync.Mutex
	of map[string]int
}{of: make(map[string]int, 256)}

func numberOf(key string) int {
	numbers.Lock()
	defer numbers.Unlock()
	n, seen := numbers.of[key]
	if !seen {
		n = len(numbers.of) + 1
		numbers.of[key] = n
	}
	return n
}

// number makes numbered anew.
func (s *Snapshot) number() {
	s.numbered = nil
	if len(s.entries) > math.MaxUint8 {
		return
	}
	numbers.Lock()
	defer numbers.Unlock()
	list := make([]uint8, len(numbers.of)+1)
	for i := range s.entries {
		if n, known := numbers.of[s.entries[i].key]; known {
			list[n] = uint8(i + 1)
		}
	}
	s.numbered = list
}

// entry is the answer at a place, nil for -1.
func (s *Snapshot) entry(i int) *Answer {
	if i < 0 {
		return nil
	}
	return s.entries[i].answer
}

// NewSnapshot takes answers at a time. The map is copied.
func NewSnapshot(at time.Time, source Source, answers map[string]Answer) *Snapshot {
	s := &Snapshot{time: at, source: source}
	s.put(listed(answers))
	return s
}

// With is a newer snapshot: the answers of s, replaced by those given.
func (s *Snapshot) With(at time.Time, answers map[string]Answer) *Snapshot {
	return s.WithTaken(at, listed(answers))
}

// WithTaken is [Snapshot.With] for answers in a list.
func (s *Snapshot) WithTaken(at time.Time, answers []Taken) *Snapshot {
	next := &Snapshot{time: at, source: Local}
	if s != nil {
		next.source = s.source
		next.entries = append(make([]entry, 0, len(s.entries)+len(answers)), s.entries...)
		next.numbered = s.numbered
	}
	for i := range answers {
		next.source = cmp.Or(answers[i].Source, next.source)
	}
	next.put(answers)
	return next
}

func listed(answers map[string]Answer) []Taken {
	list := make([]Taken, 0, len(answers))
	for _, key := range slices.Sorted(maps.Keys(answers)) {
		list = append(list, Taken{key, answers[key]})
	}
	return list
}

func (s *Snapshot) put(answers []Taken) {
	before := len(s.entries)
	for i := range answers {
		t := &answers[i]
		at := s.index(t.Key)
		if at < 0 {
			at = len(s.entries)
			s.entries = append(s.entries, entry{key: t.Key})
		}
		// A copy: the list would live as long as the slowest of its queries.
		s.entries[at].answer = new(t.Answer)
	}
	if len(s.entries) > before {
		s.number()
	}
}

func (s *Snapshot) index(key string) int {
	for i := range s.entries {
		if s.entries[i].key == key {
			return i
		}
	}
	return -1
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
	if a := s.Find(key); a != nil {
		return *a, true
	}
	return Answer{}, false
}

// Find is the answer to a query by its key, nil where it was never asked. It
// belongs to the snapshot: do not change it.
func (s *Snapshot) Find(key string) *Answer {
	if s == nil {
		return nil
	}
	return s.entry(s.index(key))
}

// find is Find by the parts of the key.
func (s *Snapshot) find(module, name string) *Answer {
	if module == "" {
		return s.Find(name)
	}
	if s == nil {
		return nil
	}
	for i := range s.entries {
		if e := &s.entries[i]; len(e.key) == len(module)+1+len(name) &&
			strings.HasSuffix(e.key, name) && e.key[len(module)] == '.' && strings.HasPrefix(e.key, module) {
			return e.answer
		}
	}
	return nil
}

// Raw is the answer as the device gave it, or nil.
func (s *Snapshot) Raw(key string) json.RawMessage {
	if a := s.Find(key); a != nil {
		return a.Raw
	}
	return nil
}

// All ranges over the answers, sorted by key.
func (s *Snapshot) All() iter.Seq2[string, Answer] {
	return func(yield func(string, Answer) bool) {
		if s == nil {
			return
		}
		for _, e := range slices.SortedFunc(slices.Values(s.entries), func(a, b entry) int { return strings.Compare(a.key, b.key) }) {
			if !yield(e.key, *e.answer) {
				return
			}
		}
	}
}
