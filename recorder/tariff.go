package recorder

import (
	"fmt"
	"time"

	"wattle"
	"wattle/history"
	"wattle/rule"
)

// Tariff is [history.Tariff] as people write it into a configuration:
//
//	tariffs:
//	  - currency: EUR
//	    price: 0.31          # per kWh
//	    standing: 0.42       # per day
//	    rates:
//	      - {name: night, begin: "22:00", end: "06:00", price: 0.22}
//	      - {name: weekend, days: "sat,sun", begin: "00:00", end: "24:00", price: 0.25}
//	  - {from: "2027-01-01", currency: EUR, price: 0.33}
type Tariff struct {
	From     string  `json:"from,omitempty" yaml:"from,omitempty" koanf:"from"`
	To       string  `json:"to,omitempty" yaml:"to,omitempty" koanf:"to"`
	Currency string  `json:"currency" yaml:"currency" koanf:"currency"`
	Price    float64 `json:"price" yaml:"price" koanf:"price"`
	Standing float64 `json:"standing,omitempty" yaml:"standing,omitempty" koanf:"standing"`
	Rates    []Rate  `json:"rates,omitempty" yaml:"rates,omitempty" koanf:"rates"`
}

// Rate is [history.Rate] with days as [rule.ParseDays] reads them: "mon-fri",
// "weekend"; "" is every day.
type Rate struct {
	Name  string  `json:"name" yaml:"name" koanf:"name"`
	Days  string  `json:"days,omitempty" yaml:"days,omitempty" koanf:"days"`
	Begin string  `json:"begin" yaml:"begin" koanf:"begin"`
	End   string  `json:"end" yaml:"end" koanf:"end"`
	Price float64 `json:"price" yaml:"price" koanf:"price"`
}

// ParseTariffs makes tariffs of what people wrote, by the clock of a zone; nil
// where the list is empty. Errors wrap [wattle.ErrParam] and name the tariff.
func ParseTariffs(zone *time.Location, list []Tariff) (*history.Tariffs, error) {
	if len(list) == 0 {
		return nil, nil
	}
	var out []history.Tariff
	for i, t := range list {
		made := history.Tariff{From: t.From, To: t.To, Currency: t.Currency, Price: t.Price, Standing: t.Standing}
		for _, r := range t.Rates {
			rate := history.Rate{Name: r.Name, Begin: r.Begin, End: r.End, Price: r.Price}
			if r.Days != "" {
				days, err := rule.ParseDays(r.Days)
				if err != nil {
					return nil, fmt.Errorf("%w: tariff %d, rate %q: days: %w", wattle.ErrParam, i+1, r.Name, err)
				}
				for d := time.Sunday; d <= time.Saturday; d++ {
					if days.Has(d) {
						rate.Days = append(rate.Days, d)
					}
				}
			}
			made.Rates = append(made.Rates, rate)
		}
		out = append(out, made)
	}
	return history.NewTariffs(zone, out...)
}
