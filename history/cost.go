package history

import (
	"slices"
	"time"
)

// Bill is what a span cost, in one currency.
type Bill struct {
	Currency string  `json:"currency"`
	Items    []Item  `json:"items"` // by rate, in the order of their first use
	Standing float64 `json:"standing"`
	Total    float64 `json:"total"`
	// Incomplete: energy of the span is known to be missing, not known at all,
	// or has no tariff.
	Incomplete bool `json:"incomplete,omitempty"`
}

// Item is what one rate cost.
type Item struct {
	Rate   string  `json:"rate,omitempty"` // "" is the price without a rate
	Price  float64 `json:"price"`          // per kWh
	Energy Energy  `json:"-"`
	KWh    float64 `json:"energy_kwh"`
	Cost   float64 `json:"cost"`
}

// Bills says what the energy of a span cost, one bill for each currency that
// was valid in it. usages are hours without gaps ([Usages]); within one hour
// the energy counts as even, which matters to rates that begin at half past.
// Standing charges count by the part of each day that lies in the span. Hours
// that have not begun cost nothing.
func (t *Tariffs) Bills(usages []Usage) []Bill {
	var bills []Bill
	incomplete := false
	bill := func(currency string) *Bill {
		for i := range bills {
			if bills[i].Currency == currency {
				return &bills[i]
			}
		}
		bills = append(bills, Bill{Currency: currency})
		return &bills[len(bills)-1]
	}
	for i := range usages {
		u := &usages[i]
		var done Energy
		for at := u.Start.In(t.zone); at.Before(u.End); {
			valid := t.at(at)
			if valid == nil {
				incomplete = true
				at = u.End
				continue
			}
			next := earliest(valid.turn(at), u.End)
			upto := u.Energy
			if next.Before(u.End) {
				upto = Energy(float64(u.Energy) * (float64(next.Sub(u.Start)) / float64(u.End.Sub(u.Start))))
			}
			b := bill(valid.Currency)
			b.Incomplete = b.Incomplete || u.Incomplete || u.Known == 0
			b.charge(valid, at, upto-done)
			whole := Day.Next(at, t.zone).Sub(Day.Floor(at, t.zone))
			b.Standing += valid.Standing * (float64(next.Sub(at)) / float64(whole))
			done, at = upto, next
		}
	}
	for i := range bills {
		b := &bills[i]
		b.Incomplete = b.Incomplete || incomplete
		b.Total = b.Standing
		for j := range b.Items {
			b.Items[j].KWh = b.Items[j].Energy.KWh()
			b.Items[j].Cost = b.Items[j].KWh * b.Items[j].Price
			b.Total += b.Items[j].Cost
		}
	}
	return bills
}

// charge adds energy at the rate of a moment.
func (b *Bill) charge(t *tariff, at time.Time, e Energy) {
	name, price := t.price(at)
	i := slices.IndexFunc(b.Items, func(i Item) bool { return i.Rate == name && i.Price == price })
	if i < 0 {
		b.Items = append(b.Items, Item{Rate: name, Price: price})
		i = len(b.Items) - 1
	}
	b.Items[i].Energy += e
}
