package history

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"wattle"
)

// Tariff is what energy costs from a day on.
type Tariff struct {
	// From is the first day, as 2026-01-31; "" is since ever. It ends where the
	// next one begins.
	From string `json:"from,omitempty"`
	// To is the last day, "" for all that follow. Days without a tariff cost
	// nothing, and their bill is incomplete.
	To       string `json:"to,omitempty"`
	Currency string `json:"currency"` // EUR
	// Price is per kWh, where no rate says otherwise. It may be below 0.
	Price float64 `json:"price"`
	// Standing is the charge for each day, whatever is used.
	Standing float64 `json:"standing,omitempty"`
	// Rates are tried in their order; the first that fits counts.
	Rates []Rate `json:"rates,omitempty"`
}

// Rate is a price at certain times.
type Rate struct {
	Name string `json:"name"`
	// Days are the days of the week, none for all: 0 is Sunday. A rate over
	// midnight belongs to the day on which it begins.
	Days []time.Weekday `json:"days,omitempty"`
	// Begin and End are times of the day as 22:00; End is not included, and may
	// be before Begin: over midnight. Equal ones are the whole day.
	Begin string  `json:"begin"`
	End   string  `json:"end"`
	Price float64 `json:"price"`
}

// Tariffs are those of a home, checked and in order: made by [NewTariffs],
// immutable.
type Tariffs struct {
	zone *time.Location
	list []tariff
}

type tariff struct {
	Tariff
	from  time.Time
	end   time.Time // zero: none
	rates []rate
	turns []int // minutes of the day at which a rate begins or ends
}

type rate struct {
	Rate
	begin, end int // minutes of the day
}

// NewTariffs checks tariffs and brings them in order. zone is the one whose
// clock the rates follow. Errors wrap [wattle.ErrParam] and name the tariff.
func NewTariffs(zone *time.Location, list ...Tariff) (*Tariffs, error) {
	out := &Tariffs{zone: zone}
	for _, t := range list {
		one, err := t.parse(zone)
		if err != nil {
			return nil, fmt.Errorf("%w: tariff from %q: %w", wattle.ErrParam, t.From, err)
		}
		out.list = append(out.list, one)
	}
	slices.SortStableFunc(out.list, func(a, b tariff) int { return a.from.Compare(b.from) })
	for i := range out.list[min(1, len(out.list)):] {
		if out.list[i].from.Equal(out.list[i+1].from) {
			return nil, fmt.Errorf("%w: two tariffs from %q: which one is meant?", wattle.ErrParam, out.list[i].From)
		}
	}
	return out, nil
}

func (t Tariff) parse(zone *time.Location) (tariff, error) {
	out := tariff{Tariff: t, turns: []int{0}}
	if t.From != "" {
		from, err := time.ParseInLocation(time.DateOnly, t.From, zone)
		if err != nil {
			return out, fmt.Errorf("want a day such as 2026-01-31")
		}
		out.from = Day.Floor(from, zone)
	}
	if t.To != "" {
		to, err := time.ParseInLocation(time.DateOnly, t.To, zone)
		if err != nil {
			return out, fmt.Errorf("to %q: want a day such as 2026-12-31", t.To)
		}
		out.end = Day.Next(to, zone)
		if !out.end.After(out.from) {
			return out, fmt.Errorf("to %q is before it begins", t.To)
		}
	}
	if !isCurrency(t.Currency) {
		return out, fmt.Errorf("currency %q: want three capital letters such as EUR", t.Currency)
	}
	if !isPrice(t.Price) || !isPrice(t.Standing) {
		return out, fmt.Errorf("a price of %g and %g a day: want numbers", t.Price, t.Standing)
	}
	for _, r := range t.Rates {
		begin, err := minutes(r.Begin)
		if err != nil {
			return out, fmt.Errorf("rate %q: begin %w", r.Name, err)
		}
		end, err := minutes(r.End)
		if err != nil {
			return out, fmt.Errorf("rate %q: end %w", r.Name, err)
		}
		if !isPrice(r.Price) {
			return out, fmt.Errorf("rate %q: a price of %g: want a number", r.Name, r.Price)
		}
		for _, d := range r.Days {
			if d < time.Sunday || d > time.Saturday {
				return out, fmt.Errorf("rate %q: day %d: want 0 (Sunday) to 6", r.Name, d)
			}
		}
		out.rates = append(out.rates, rate{r, begin, end})
		out.turns = append(out.turns, begin%1440, end%1440)
	}
	slices.Sort(out.turns)
	out.turns = slices.Compact(out.turns)
	return out, nil
}

func isPrice(p float64) bool { return !math.IsNaN(p) && math.Abs(p) < 1e6 }

func isCurrency(s string) bool {
	return len(s) == 3 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// minutes reads a time of the day, 00:00 to 24:00.
func minutes(text string) (int, error) {
	h, m, ok := strings.Cut(text, ":")
	hour, err := strconv.Atoi(h)
	minute, err2 := strconv.Atoi(m)
	if !ok || err != nil || err2 != nil || len(h) != 2 || len(m) != 2 || hour < 0 || minute < 0 || minute > 59 || hour*60+minute > 1440 {
		return 0, fmt.Errorf("%q: want a time such as 22:00", text)
	}
	return hour*60 + minute, nil
}

// at is the tariff of a moment, nil before the first.
func (t *Tariffs) at(at time.Time) *tariff {
	for i, one := range slices.Backward(t.list) {
		if !at.Before(one.from) || one.From == "" {
			if !one.end.IsZero() && !at.Before(one.end) {
				return nil
			}
			return &t.list[i]
		}
	}
	return nil
}

// covers reports whether a rate is on at a moment of the local clock.
func (r *rate) covers(weekday time.Weekday, minute int) bool {
	on := func(d time.Weekday) bool { return len(r.Days) == 0 || slices.Contains(r.Days, d) }
	yesterday := (weekday + 6) % 7
	switch {
	case r.begin == r.end:
		return on(weekday)
	case r.begin < r.end:
		return on(weekday) && minute >= r.begin && minute < r.end
	}
	return on(weekday) && minute >= r.begin || on(yesterday) && minute < r.end
}

// price gives the rate at a moment.
func (t *tariff) price(at time.Time) (name string, price float64) {
	minute := at.Hour()*60 + at.Minute()
	for i := range t.rates {
		if t.rates[i].covers(at.Weekday(), minute) {
			return t.rates[i].Name, t.rates[i].Price
		}
	}
	return "", t.Price
}

// turn is when the price may change next, after a moment.
func (t *tariff) turn(at time.Time) time.Time {
	minute := at.Hour()*60 + at.Minute()
	wait := 1440
	for _, turn := range t.turns {
		if ahead := (turn - minute + 1440) % 1440; ahead > 0 {
			wait = min(wait, ahead)
		}
	}
	return at.Truncate(time.Minute).Add(time.Duration(wait) * time.Minute)
}
