package event

import "slices"

// remembered is how many events a [Position] can recognise. A log may start
// anew with its ids, and only by what was told can that be seen.
const remembered = 16

// Position is how far a log was followed: a plain value that goes into a file
// as JSON. The zero Position is before the first look.
type Position struct {
	// Started: the log was looked at, though it may have been empty.
	Started bool `json:"started"`
	// Recent are the newest events that were told, the newest last.
	Recent []Mark `json:"recent,omitempty"`
}

// Mark is what an event is recognised by.
type Mark struct {
	ID     int    `json:"id"`
	Unique string `json:"event_id,omitempty"`
	Time   int64  `json:"time"` // unix seconds
}

func markOf(e *Event) Mark {
	m := Mark{ID: e.ID, Unique: e.Unique}
	if !e.Time.IsZero() {
		m.Time = e.Time.Unix()
	}
	return m
}

// is reports whether it is the mark of the event.
func (m Mark) is(e *Event) bool {
	if m.ID != e.ID {
		return false
	}
	if m.Unique != "" && e.Unique != "" {
		return m.Unique == e.Unique
	}
	return m.Time == markOf(e).Time
}

// Told is the position after an event of a [Batch], which are told in their
// order. p is not changed.
func (p Position) Told(e Event) Position {
	p.Started = true
	if e.Kind == Gap {
		return p
	}
	recent := slices.Clone(p.Recent)
	if e.ID <= p.newest() {
		recent = nil // the ids have begun anew
	}
	recent = append(recent, markOf(&e))
	if more := len(recent) - remembered; more > 0 {
		recent = recent[more:]
	}
	p.Recent = recent
	return p
}

// clean drops what a file that somebody edited may hold.
func (p Position) clean() Position {
	recent := slices.DeleteFunc(slices.Clone(p.Recent), func(m Mark) bool { return m.ID <= 0 })
	slices.SortStableFunc(recent, func(a, b Mark) int { return a.ID - b.ID })
	p.Recent = recent
	p.Started = p.Started || len(recent) > 0
	return p
}

// newest is the highest id that was told, 0 for none.
func (p *Position) newest() int {
	if len(p.Recent) == 0 {
		return 0
	}
	return p.Recent[len(p.Recent)-1].ID
}

// time is that of the newest event that was told, in unix seconds.
func (p *Position) time() int64 {
	if len(p.Recent) == 0 {
		return 0
	}
	return p.Recent[len(p.Recent)-1].Time
}

// told reports whether the event is one that is remembered.
func (p *Position) told(e *Event) bool {
	return slices.ContainsFunc(p.Recent, func(m Mark) bool { return m.is(e) })
}

// unique reports whether the event's UUID is remembered, whatever its id.
func (p *Position) unique(e *Event) bool {
	return e.Unique != "" && slices.ContainsFunc(p.Recent, func(m Mark) bool { return m.Unique == e.Unique })
}
