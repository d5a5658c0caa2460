package history

import (
	"slices"
	"time"

	"wattle/energy"
)

// Settlement is what a device's own history does to the books.
type Settlement struct {
	Postings []Posting
	// Spans are those that stay, in place of the ones that were given.
	Spans []Span
	// Device is what the device says of whole hours.
	Device map[int64]Energy // by the start of the hour in Unix seconds, see [Entry.Device]
}

// Reconcile fills the spans of a meter's books from the device's own history by
// hour, or by day where it keeps no hours. entries are all of the time that the
// series covers, in any order; zone is that of the history.
//
// Only what the books do not know is taken from the device: missing energy up
// to what the device says of the bucket around it, and the hours of a spread
// amount, whose sum stands. Estimates there give way. A device that says less
// than was counted has forgotten: it is not believed, and what it cannot tell
// any more stays as it is. Nothing is filled beyond [MaxPower]. A device whose
// clock is wrong tells of other hours than ours: what is filled may be off by what was
// used in as much time.
func Reconcile(entries []Entry, spans []Span, s *energy.Series, zone *time.Location) Settlement {
	b := books{zone: zone, hours: make(map[int64]*Entry, len(entries)), out: Settlement{Device: map[int64]Energy{}}}
	for i := range entries {
		e := entries[i]
		b.hours[e.Hour.Unix()] = &e
	}
	if s.Unit != energy.KilowattHour || s.Step != energy.Hour && s.Step != energy.Day {
		b.out.Spans = spans
		return b.out
	}
	for i := range s.Points {
		if p := &s.Points[i]; s.Step == energy.Hour && p.Known && !p.Running && Hour.Floor(p.Start, zone).Equal(p.Start) {
			b.out.Device[p.Start.Unix()] = FromKWh(p.Value)
		}
	}
	for _, span := range spans {
		if span.Kind == Spread {
			b.reshape(span, spans)
		}
	}
	for _, span := range spans {
		if span.Kind == Missing {
			b.out.Spans = append(b.out.Spans, b.fill(span, s.Points)...)
		}
	}
	return b.out
}

// books are those of one meter while they are being settled.
type books struct {
	zone  *time.Location
	hours map[int64]*Entry
	out   Settlement
}

func (b *books) entry(hour time.Time) *Entry {
	e := b.hours[hour.Unix()]
	if e == nil {
		e = &Entry{Hour: hour}
		b.hours[hour.Unix()] = e
	}
	return e
}

func (b *books) post(p Posting) {
	e := b.entry(p.Hour)
	e.Counted += p.Counted
	e.Spread += p.Spread
	e.Estimated += p.Estimated
	e.Filled += p.Filled
	e.Replaced += p.Replaced
	b.out.Postings = append(b.out.Postings, p)
}

// within are the hours that a span touches.
func (b *books) within(from, to time.Time) []time.Time {
	var out []time.Time
	for at := Hour.Floor(from, b.zone); at.Before(to); at = Hour.Next(at, b.zone) {
		out = append(out, at)
	}
	return out
}

// fill takes what is missing from the buckets of the device, and gives the
// parts of the span that no bucket told of.
func (b *books) fill(span Span, points []energy.Point) (rest []Span) {
	at := span.From
	for i := range points {
		p := &points[i]
		from, to := latest(p.Start, at), earliest(p.End, span.To)
		if !p.Known || p.Running || !from.Before(to) {
			continue
		}
		if at.Before(from) {
			rest = append(rest, Span{Kind: Missing, From: at, To: from})
		}
		b.bucket(p, from, to)
		at = to
	}
	if at.Before(span.To) {
		rest = append(rest, Span{Kind: Missing, From: at, To: span.To})
	}
	return rest
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// bucket fills the part of a span that lies in one bucket of the device.
func (b *books) bucket(p *energy.Point, from, to time.Time) {
	var have, guessed Energy
	for _, hour := range b.within(p.Start, p.End) {
		e := b.entry(hour)
		have += e.Energy() - e.Estimated
		guessed += e.Estimated
	}
	said := FromKWh(p.Value)
	if said < have || said == 0 && guessed > 0 {
		return // it has forgotten
	}
	for _, hour := range b.within(p.Start, p.End) {
		if e := b.entry(hour); e.Estimated != 0 {
			b.post(Posting{Hour: hour, Estimated: -e.Estimated, Replaced: e.Estimated})
		}
	}
	missing := min(said-have, possible(to.Sub(from)))
	for _, posting := range distribute(missing, from, to, b.zone, (*Posting).filled) {
		b.post(posting)
	}
}

// reshape moves a spread amount to the hours in which the device says that it
// was used. Its hours at the edges keep their share where they are not over, or
// something else is missing from them. Without word of the others it stays to be
// reshaped.
func (b *books) reshape(span Span, all []Span) {
	hours := b.within(span.From, span.To)
	old := map[int64]Energy{}
	for _, p := range distribute(span.Energy, span.From, span.To, b.zone, (*Posting).spread) {
		old[p.Hour.Unix()] += p.Spread
	}
	weights := make([]Energy, len(hours))
	var sum Energy
	rest := span.Energy
	for i, hour := range hours {
		share := old[hour.Unix()]
		said, ok := b.out.Device[hour.Unix()]
		if !ok && i < len(hours)-1 {
			b.out.Spans = append(b.out.Spans, span)
			return
		}
		if !ok || b.lacks(hour, all) {
			weights[i] = -1
			rest -= share
			continue
		}
		e := b.entry(hour)
		weights[i] = max(0, said-(e.Energy()-e.Estimated-share))
		sum += weights[i]
	}
	if sum == 0 {
		return // it has forgotten; the even spread stands
	}
	var weight, done Energy
	for i, hour := range hours {
		if weights[i] < 0 {
			continue
		}
		weight += weights[i]
		upto := rest
		if weight < sum {
			upto = Energy(float64(rest) * (float64(weight) / float64(sum)))
		}
		if move := upto - done - old[hour.Unix()]; move != 0 {
			b.post(Posting{Hour: hour, Spread: move})
		}
		done = upto
	}
}

// lacks reports whether a part of an hour is missing.
func (b *books) lacks(hour time.Time, all []Span) bool {
	return slices.ContainsFunc(all, func(s Span) bool {
		return s.Kind == Missing && s.From.Before(Hour.Next(hour, b.zone)) && s.To.After(hour)
	})
}

// Settle brings a meter's sums up to date with postings of [Reconcile].
func (m *Meter) Settle(s *Settlement) {
	ch := Change{Postings: s.Postings}
	m.post(&ch)
}
