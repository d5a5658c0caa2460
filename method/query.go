package method

import (
	"encoding/json"
	"time"
)

// Pace says how often a query is worth asking. The intervals are those of
// docs/protocol/smart.md section 2: some devices crash when slow things are
// asked at every poll.
type Pace uint8

// The paces.
const (
	EveryPoll Pace = iota
	EveryMinute
	EveryHour
	EveryDay
	// OnRequest is never asked by a poll: the answer comes from a call that a
	// person makes, such as looking for new firmware, or a hub once a day.
	OnRequest
)

// Interval is the least time between two askings; 0 for [EveryPoll]. For
// [OnRequest] it is longer than any program runs.
func (p Pace) Interval() time.Duration {
	switch p {
	case EveryPoll:
		return 0
	case EveryMinute:
		return time.Minute
	case EveryHour:
		return time.Hour
	case EveryDay:
		return 24 * time.Hour
	}
	return 1<<63 - 1
}

// Query is a call to poll and how to understand its answer. Make one with
// [Method.Query].
type Query struct {
	Call Call
	Pace Pace

	key    string
	number int // of the key, see numberOf; 0 for a query that was not made by Method
	decode func(json.RawMessage) (any, error)
	at     func(time.Time) (Call, error)
}

// Key names the answer in a [Snapshot].
func (q Query) Key() string {
	if q.key != "" {
		return q.key
	}
	return q.Call.Key()
}

// Answer is what s holds of the query, nil where it was not asked. It belongs
// to the snapshot: do not change it.
func (q *Query) Answer(s *Snapshot) *Answer {
	if s == nil {
		return nil
	}
	if q.number == 0 || s.numbered == nil {
		return s.Find(q.Key())
	}
	if q.number < len(s.numbered) {
		return s.entry(int(s.numbered[q.number]) - 1)
	}
	return nil
}

// At is the call to make when the device's own clock shows local.
func (q Query) At(local time.Time) Call {
	if q.at != nil {
		if call, err := q.at(local); err == nil {
			return call
		}
	}
	return q.Call
}

// Decode turns a raw answer into what [Method.Result] gives out. The value is
// nil where nothing could be understood, and both are given where part could.
func (q Query) Decode(raw json.RawMessage) (any, error) {
	if q.decode == nil {
		return nil, nil
	}
	return q.decode(raw)
}
