package history

import (
	"time"
)

// What the meter takes for possible. The bounds that [Meter] states follow from
// these.
const (
	// MaxPower is more than any device on one socket draws, in watts. A counter
	// that grew faster was exchanged or is mistaken, and its step is not counted.
	MaxPower = 10_000
	// Jitter is how far a counter may step back without having been reset:
	// devices round, in steps of up to 10 Wh.
	Jitter = 10 * KilowattHour / 1000
	// Short is how long two readings may be apart so that nothing but rounding,
	// a slow clock or a slip of the device explains an odd counter.
	Short = 15 * time.Minute
	// MaxStep is for how long a power is taken to go on, where it has to be
	// integrated.
	MaxStep = 5 * time.Minute
)

// Meter is the lifetime energy counter of one device: what is remembered between
// two readings. It is fed with [Meter.Read] in the order in which readings were
// made, and goes into JSON between two runs of a program.
//
// Life never decreases. Against the truth it is
//
//   - never too high by more than the rounding of the device (2 Wh for each
//     reset), what [MaxPower] draws within [Short] for each slip of the device
//     that looks like a reset, and what was estimated and not yet corrected;
//   - too low only by what was used between the last reading and a reset that no
//     other counter bridges, while that has not been filled from the device's own
//     history ([Reconcile]), and by [Jitter] or a small counter's content where a
//     reset hides behind them.
//
// A counter that steps back was reset: by midnight (Today, Month), a reboot
// (Total), an erasure, or another device in its place. What it shows then was
// used since. Where the device is a new one, that is at most what [MaxPower]
// draws between the two readings.
type Meter struct {
	// Book is the sum of all postings: the best that is known by now. It can
	// fall when an estimate turns out too high.
	Book Energy `json:"book"`
	// Life is the largest that Book ever was: the counter to show.
	Life Energy `json:"life"`
	// Estimated is how much of Book was integrated from power and not yet
	// confirmed.
	Estimated Energy    `json:"estimated,omitempty"`
	Resets    int       `json:"resets,omitempty"` // erasures and exchanges that were noticed
	At        time.Time `json:"at"`               // of the latest reading

	Total *register `json:"total,omitempty"`
	Today *register `json:"today,omitempty"`
	Month *register `json:"month,omitempty"`
	// Counted is when a counter was last read, zero if never.
	Counted time.Time `json:"counted,omitzero"`

	Watts   *float64  `json:"watts,omitempty"`
	WattsAt time.Time `json:"watts_at,omitzero"`
	// Guesses are the estimates since Counted, by hour, to be taken back when a
	// counter says what it was.
	Guesses []Posting `json:"guesses,omitempty"`
}

// register is one counter of a device as it was read last.
type register struct {
	Value Energy    `json:"value"`
	At    time.Time `json:"at"`
	Key   int       `json:"key,omitempty"` // day or month that it counts: 20261122, 202611
	// Since is what was posted after At, from other counters.
	Since Energy `json:"since,omitempty"`
	// Before is what it was ahead of a step back, for as long as that may
	// still turn out to be a slip.
	Before *register `json:"before,omitempty"`
}

// Posting is what happens to the books in one hour. All but Hour are added.
type Posting struct {
	Hour      time.Time `json:"hour"` // its start
	Counted   Energy    `json:"counted,omitempty"`
	Spread    Energy    `json:"spread,omitempty"`
	Estimated Energy    `json:"estimated,omitempty"`
	Filled    Energy    `json:"filled,omitempty"`
	Replaced  Energy    `json:"replaced,omitempty"`
}

// Sum is by how much a posting changes the book.
func (p *Posting) Sum() Energy { return p.Counted + p.Spread + p.Estimated + p.Filled }

// SpanKind says what is not known of a span. Kinds are printed.
type SpanKind string

// The kinds of spans.
const (
	// Missing: what was used there is not in the books.
	Missing SpanKind = "missing"
	// Spread: how much was used is known, but not in which hours; it is spread
	// evenly.
	Spread SpanKind = "spread"
)

// Span is a time of which the books do not know everything. The device's own
// history may fill it.
type Span struct {
	Kind     SpanKind  `json:"kind"`
	From, To time.Time // our clock
	Energy   Energy    `json:"energy,omitempty"` // of a Spread
}

// Change is what a reading does to the books.
type Change struct {
	Postings []Posting
	Spans    []Span
	Reset    bool // the device was erased or exchanged
	Late     bool // the reading is older than the last one and says nothing new
}

// candidate is what one counter says of the time since the last reading.
type candidate struct {
	register *register
	value    Energy
	key      int
	energy   Energy
	from     time.Time // since when it counts energy
	whole    bool      // it counted without a break
	reset    bool      // it stepped back within a day or month
	rolled   bool      // it began anew with a new day or month
	restored bool      // its last step back was a slip
	wild     bool      // more than is possible
}

// Read takes a reading. zone is that of the history: it makes the hours of
// postings, and the days of a device whose clock is not known.
func (m *Meter) Read(r *Reading, zone *time.Location) Change {
	clock := r.Clock
	if clock.IsZero() {
		clock = r.Time.In(zone)
	}
	y, mo, d := clock.Date()
	month := y*100 + int(mo)
	today := month*100 + d
	turned := !m.At.IsZero() && m.At.Sub(r.Time) > day // our clock was wrong, and was set right
	if m.late(r, today, month) && !turned {
		return Change{Late: true}
	}
	ch := Change{}
	dayStart := r.Time.Add(-clock.Sub(Day.Floor(clock, clock.Location())))
	monthStart := r.Time.Add(-clock.Sub(time.Date(y, mo, 1, 0, 0, 0, 0, clock.Location())))
	var all []*candidate
	add := func(slot **register, v Energy, known bool, key int, start time.Time) {
		if !known {
			return
		}
		if *slot == nil {
			*slot = &register{Value: v, At: r.Time, Key: key}
			return
		}
		all = append(all, (*slot).compare(v, key, start, r.Time, turned))
	}
	month2, okMonth := counter(r.Month)
	today2, okToday := counter(r.Today)
	total2, okTotal := counter(r.Total)
	add(&m.Month, month2, okMonth, month, monthStart)
	add(&m.Today, today2, okToday, today, dayStart)
	add(&m.Total, total2, okTotal, 0, time.Time{})
	if len(all) > 0 {
		m.count(&ch, all, r.Time, zone)
	}
	if okMonth || okToday || okTotal {
		m.Counted = r.Time
	}
	m.integrate(&ch, r, okMonth || okToday || okTotal, zone)
	m.At = r.Time
	m.post(&ch)
	return ch
}

// late reports whether a reading is older than the last one.
func (m *Meter) late(r *Reading, today, month int) bool {
	if !r.Time.Before(m.At) {
		return false
	}
	older := func(g *register, v Energy, ok bool, key int) bool {
		return ok && g != nil && (key < g.Key || key == g.Key && v < g.Value)
	}
	a, okA := counter(r.Month)
	b, okB := counter(r.Today)
	c, okC := counter(r.Total)
	return older(m.Month, a, okA, month) || older(m.Today, b, okB, today) || older(m.Total, c, okC, 0) || !okA && !okB && !okC
}

// compare says what a counter tells, from its last value to a new one. start is
// when the present day or month began.
func (g *register) compare(v Energy, key int, start, now time.Time, turned bool) *candidate {
	c := &candidate{register: g, value: v, key: key, from: g.At}
	elapsed := now.Sub(g.At)
	short := elapsed >= 0 && elapsed <= Short
	switch {
	case g.Before != nil && key == g.Before.Key && now.Sub(g.Before.At) <= Short && v >= g.Before.Value:
		// It is back where it was: it had slipped.
		c.energy, c.whole, c.restored, c.from = v-g.Before.Value-g.Before.Since, true, true, g.Before.At
		elapsed = now.Sub(g.Before.At)
	case v >= g.Value && (key <= g.Key || short):
		c.energy, c.whole = v-g.Value-g.Since, true
		if key > g.Key && now.Sub(start) <= Short {
			c.key = g.Key // its clock is behind: its day is not over
		}
	case key == g.Key && g.Value-v <= Jitter:
		c.whole, c.value = true, g.Value // rounding: what it said before stands
	case key == g.Key:
		c.energy, c.reset = v-g.Since, true
	case key > g.Key:
		c.energy, c.rolled = v-g.Since, true
		if start.After(g.At) && !start.After(now) {
			c.from = start
		}
	}
	// The case left is a device whose clock went back: nobody knows what it counts.
	c.energy = max(c.energy, 0)
	if turned {
		elapsed = day
		if !c.whole {
			c.energy = 0
		}
	}
	c.wild = c.energy > possible(elapsed)
	return c
}

// possible is the most that can be used in a time.
func possible(d time.Duration) Energy {
	return FromKWh(MaxPower/1000*max(d, 0).Hours()) + 2*Jitter
}

// count decides between what the counters say.
func (m *Meter) count(ch *Change, all []*candidate, now time.Time, zone *time.Location) {
	for _, c := range all {
		ch.Reset = ch.Reset || c.reset && c.register != m.Total // a reboot is none
	}
	var best *candidate
	for _, c := range all {
		switch {
		case c.wild:
		case best == nil, !ch.Reset && c.whole && !best.whole, (ch.Reset || !best.whole) && c.energy > best.energy:
			best = c
		}
	}
	var counted Energy
	if best != nil {
		counted = best.energy
		m.settle(ch, best, now, zone)
	} else {
		m.Guesses = nil
	}
	if ch.Reset {
		m.Resets++
	}
	for _, g := range []*register{m.Month, m.Today, m.Total} {
		if g == nil {
			continue
		}
		g.Since += counted
		if g.Before != nil {
			g.Before.Since += counted
		}
	}
	for _, c := range all {
		if c.restored && c.register == m.Month {
			m.Resets = max(0, m.Resets-1)
		}
		c.store(now)
	}
}

// store keeps the new value of a counter, and for a while the one before a step
// back.
func (c *candidate) store(now time.Time) {
	g := c.register
	before := g.Before
	switch {
	case c.reset: // also where it had stepped back before: it has grown since
		before = &register{Value: g.Value, At: g.At, Key: g.Key, Since: g.Since}
	case c.restored, before != nil && now.Sub(before.At) > Short:
		before = nil
	}
	*g = register{Value: c.value, At: now, Key: c.key, Before: before}
}

// settle posts what was counted, takes back what was estimated meanwhile, and
// notes what is not known.
func (m *Meter) settle(ch *Change, best *candidate, now time.Time, zone *time.Location) {
	since, from := m.Counted, best.from
	if from.Before(since) && since.Before(now) {
		from = since // the rest was posted before
	}
	kind := (*Posting).counted
	if now.Sub(from) > Short {
		kind = (*Posting).spread
		ch.Spans = append(ch.Spans, Span{Kind: Spread, From: from, To: now, Energy: best.energy})
	}
	ch.Postings = append(ch.Postings, distribute(best.energy, from, now, zone, kind)...)
	for _, g := range m.Guesses {
		if best.whole || !g.Hour.Before(Hour.Floor(best.from, zone)) {
			ch.Postings = append(ch.Postings, Posting{Hour: g.Hour, Estimated: -g.Estimated, Replaced: g.Estimated})
		}
	}
	m.Guesses = nil
	if best.whole && !ch.Reset {
		return
	}
	to := now // a reset may have been at any moment
	if best.rolled {
		to = best.from
	}
	if to.Sub(since) >= worthFilling {
		ch.Spans = append(ch.Spans, Span{Kind: Missing, From: since, To: to})
	}
}

// worthFilling is how long a missing span is at least. In a shorter one clocks
// that differ by seconds matter more than what is missing.
const worthFilling = 2 * time.Minute

func (p *Posting) counted(e Energy)   { p.Counted += e }
func (p *Posting) spread(e Energy)    { p.Spread += e }
func (p *Posting) estimated(e Energy) { p.Estimated += e }
func (p *Posting) filled(e Energy)    { p.Filled += e }

// distribute lays energy evenly over a span, by hours of a zone. The parts are
// exactly the whole. Every hour of the span gets a posting, of 0 too.
func distribute(e Energy, from, to time.Time, zone *time.Location, kind func(*Posting, Energy)) []Posting {
	if !from.Before(to) {
		p := Posting{Hour: Hour.Floor(to, zone)}
		kind(&p, e)
		return []Posting{p}
	}
	var out []Posting
	whole := to.Sub(from)
	var done Energy
	for at := from; at.Before(to); {
		next := earliest(Hour.Next(at, zone), to)
		upto := e
		if next.Before(to) {
			upto = Energy(float64(e) * (float64(next.Sub(from)) / float64(whole)))
		}
		p := Posting{Hour: Hour.Floor(at, zone)}
		kind(&p, upto-done)
		out = append(out, p)
		done, at = upto, next
	}
	return out
}

// integrate estimates from power where no counter speaks.
func (m *Meter) integrate(ch *Change, r *Reading, counts bool, zone *time.Location) {
	watts, known := r.Power.Number()
	known = known && watts >= 0 && watts <= MaxPower
	silent := !counts && (m.Counted.IsZero() || r.Time.Sub(m.Counted) > Short)
	if step := r.Time.Sub(m.WattsAt); known && silent && m.Watts != nil && step > 0 && step <= MaxStep {
		e := Energy((*m.Watts + watts) / 2 * step.Hours() * 1000)
		ps := distribute(e, m.WattsAt, r.Time, zone, (*Posting).estimated)
		ch.Postings = append(ch.Postings, ps...)
		if !m.Counted.IsZero() {
			for _, p := range ps {
				if n := len(m.Guesses); n > 0 && m.Guesses[n-1].Hour.Equal(p.Hour) {
					m.Guesses[n-1].Estimated += p.Estimated
				} else {
					m.Guesses = append(m.Guesses, p)
				}
			}
		}
	}
	m.Watts = nil
	if known {
		m.Watts, m.WattsAt = &watts, r.Time
	}
}

// post brings the sums up to date with what was posted.
func (m *Meter) post(ch *Change) {
	for i := range ch.Postings {
		m.Book += ch.Postings[i].Sum()
		m.Estimated += ch.Postings[i].Estimated
	}
	m.Life = max(m.Life, m.Book)
}
