package event

import (
	"cmp"
	"slices"

	"wattle/method/smart"
)

const (
	// pageSize is how many entries are asked for at once: as many as other
	// programs ask for; whether devices give more is not known.
	pageSize = 5
	// maxPages ends a round with a device that always has one more.
	maxPages = 400
	// sane is the earliest time, in unix seconds, that a clock shows that was
	// set; others show 1970 or 2000.
	sane = 1_400_000_000
)

// Round is one look at a log: pages from the newest entry back to what was
// told before. When a page cannot be had, drop the round: nothing was told, and
// the next round finds it all. It is used by one goroutine.
type Round struct {
	at     Position
	seen   []Event // newest first, each id once, none that is remembered
	ids    map[int]bool
	pages  int
	anchor bool // what was told is reached
	end    bool // the log goes back no further
	anew   bool // the ids have begun anew
}

// NewRound begins a look at a log that was followed up to a position. From the
// zero Position the whole log is new; see [Begin] for another beginning.
func NewRound(p Position) *Round { return &Round{at: p.clean(), ids: map[int]bool{}} }

// Begin is the position to follow a log from now on, without what is in it
// already. page is the newest one.
func Begin(page *smart.TriggerLogs) Position {
	r := NewRound(Position{})
	r.Add(page)
	return r.Finish().Now
}

// Next is the page to ask for; more is false when the round is complete.
func (r *Round) Next() (q smart.TriggerQuery, more bool) {
	q.PageSize = pageSize
	if len(r.seen) > 0 {
		// The oldest entry that we have is asked for again, so that it does not
		// matter whether start_id is the first of a page or the one before.
		q.StartID = r.seen[len(r.seen)-1].ID
	}
	return q, !r.anchor && !r.end && r.pages < maxPages
}

// Add takes the page that [Round.Next] asked for.
func (r *Round) Add(page *smart.TriggerLogs) {
	r.pages++
	all := Read(page)
	slices.SortStableFunc(all, func(a, b Event) int { return cmp.Compare(b.ID, a.ID) })
	before := len(r.seen)
	for _, e := range all {
		if r.ids[e.ID] || before > 0 && e.ID > r.seen[0].ID {
			continue // of an earlier page, or so new that it is for the next round
		}
		if r.at.told(&e) {
			r.anchor = true
			return
		}
		// Whatever has an id that was passed was told, and is remembered unless
		// it is old: then one that is remembered comes before it.
		r.anew = r.anew || e.ID <= r.at.newest()
		r.ids[e.ID] = true
		r.seen = append(r.seen, e)
	}
	sum, ok := page.Sum.Get()
	r.end = len(r.seen) == before || ok && len(r.seen) >= sum
}

// Batch is what a round found.
type Batch struct {
	// Events are the new ones, oldest first. Where the log did not reach back
	// to what was told, one of the kind [Gap] stands before them.
	Events []Event
	// Now is the position behind all of them.
	Now Position
}

// Finish gives what is new.
func (r *Round) Finish() Batch {
	b := Batch{Now: r.at}
	b.Now.Started = true
	if len(r.at.Recent) > 0 && !r.anchor && len(r.seen) > 0 {
		b.Events = append(b.Events, Event{Kind: Gap})
	}
	for _, e := range slices.Backward(r.seen) {
		if r.anew && r.before(&e) {
			continue
		}
		b.Events = append(b.Events, e)
		b.Now = b.Now.Told(e)
	}
	if r.anew && b.Now.newest() != r.seen[0].ID {
		// Nothing of it is to be told, but these are the ids from now on.
		b.Events, b.Now.Recent = nil, nil
		for _, e := range slices.Backward(r.seen) {
			b.Now = b.Now.Told(e)
		}
	}
	return b
}

// before reports whether an entry of a log with new ids happened before the
// last event that was told, as far as the clock can tell.
func (r *Round) before(e *Event) bool {
	at := markOf(e).Time
	return r.at.unique(e) || at >= sane && at < r.at.time()
}
