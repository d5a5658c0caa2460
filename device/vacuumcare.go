package device

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"wattle"
	"wattle/catalog"
	"wattle/feature"
	"wattle/method"
	"wattle/method/smart"
)

// Part is a part of a vacuum that wears out, or wants to be cleaned.
type Part struct {
	Name string `json:"name"` // as the features are called: main_brush, side_brush, filter, ...
	// Used and Life are in minutes of cleaning; Life is 0 where it is not known.
	Used int `json:"used_minutes"`
	Life int `json:"life_minutes,omitempty"`
}

// Left is how many minutes it lasts, 0 where it is over or not known.
func (p *Part) Left() int { return max(p.Life-p.Used, 0) }

// wearing is a part with its wire name and life in hours.
type wearing struct {
	name, wire string
	hours      int
	used       func(*smart.Consumables) method.Opt[int]
}

// parts are those of getConsumablesInfo.
var parts = []wearing{
	{"main_brush", "roll_brush", 400, func(c *smart.Consumables) method.Opt[int] { return c.MainBrush }},
	{"side_brush", "edge_brush", 200, func(c *smart.Consumables) method.Opt[int] { return c.SideBrush }},
	{"filter", "filter", 200, func(c *smart.Consumables) method.Opt[int] { return c.Filter }},
	{"sensor", "sensor", 30, func(c *smart.Consumables) method.Opt[int] { return c.Sensor }},
	{"charging_contacts", "charge_contact", 30, func(c *smart.Consumables) method.Opt[int] { return c.ChargeContact }},
	{"main_brush_lid", "main_brush_lid", 0, func(c *smart.Consumables) method.Opt[int] { return c.MainBrushLid }},
	{"mop_cloth", "rag", 0, func(c *smart.Consumables) method.Opt[int] { return c.MopCloth }},
}

// Parts asks for the parts that wear out.
func (v *Vacuum) Parts(ctx context.Context) ([]Part, error) {
	if err := v.d.requires("consumables", "parts that it counts the use of"); err != nil {
		return nil, err
	}
	c, err := ask(ctx, v.d, smart.GetConsumables, method.None{})
	if c == nil {
		return nil, fmt.Errorf("%s: %w", v.d.label(), err)
	}
	list := []Part{}
	for _, p := range parts {
		if used, ok := p.used(c).Get(); ok {
			list = append(list, Part{p.name, used, p.hours * 60})
		}
	}
	return list, nil
}

// ResetParts begins to count anew for parts that were replaced or cleaned, by
// their names. Errors wrap [wattle.ErrParam] for a name that is none.
func (v *Vacuum) ResetParts(ctx context.Context, names ...string) error {
	if err := v.d.requires("consumables", "parts that it counts the use of"); err != nil {
		return err
	}
	var p smart.Reset
	for _, name := range names {
		i := slices.IndexFunc(parts, func(p wearing) bool { return p.name == name })
		if i < 0 {
			return fmt.Errorf("%s: %w: no part is called %q; there are %s", v.d.label(), wattle.ErrParam, name, strings.Join(PartNames(), ", "))
		}
		p.List = append(p.List, parts[i].wire)
	}
	if len(p.List) == 0 {
		return fmt.Errorf("%s: %w: no part is named", v.d.label(), wattle.ErrParam)
	}
	err := order(ctx, v.d, smart.ResetConsumable, p)
	v.d.stale(smart.GetConsumables.Query(method.EveryMinute))
	return err
}

// PartNames are the names of all parts that a vacuum can have.
func PartNames() []string {
	names := make([]string, len(parts))
	for i := range parts {
		names[i] = parts[i].name
	}
	return names
}

// Runs are what a vacuum has cleaned. What it does not say is nil.
type Runs struct {
	Count   *int         `json:"count"` // the sums are over all runs
	Area    *int         `json:"area"`
	Minutes *int         `json:"minutes"`
	Unit    feature.Unit `json:"area_unit"` // of all areas: [feature.SquareMetre], [feature.SquareFoot] or [feature.Ping]
	List    []Run        `json:"runs"`      // those that it remembers, newest first
}

// Run is one run of a vacuum. What it does not say is nil, zero or "".
type Run struct {
	End     time.Time `json:"end,omitzero"` // on the clock of the vacuum
	Minutes *int      `json:"minutes"`
	Area    *int      `json:"area"` // in the unit of [Runs]
	Mode    string    `json:"mode"` // home, rooms, zones, ...
	// Scheduled: a schedule began it. That number 4 means so is a guess.
	Scheduled bool `json:"scheduled"`
	Emptied   bool `json:"emptied"` // the dock emptied its dust bin
	MapID     int  `json:"map_id,omitempty"`
	Error     *int `json:"error"` // 0: it came to its end
}

// Runs asks for what it has cleaned.
func (v *Vacuum) Runs(ctx context.Context) (Runs, error) {
	r, err := ask(ctx, v.d, smart.GetCleanRecords, method.None{})
	if r == nil {
		return Runs{}, fmt.Errorf("%s: %w", v.d.label(), err)
	}
	unit, err := ask(ctx, v.d, smart.GetAreaUnit, method.None{})
	if err != nil {
		return Runs{}, fmt.Errorf("%s: %w", v.d.label(), err)
	}
	out := Runs{
		Count: pointer(r.Number), Area: pointer(r.Area), Minutes: pointer(r.Minutes),
		Unit: catalog.AreaUnit(unit), List: []Run{},
	}
	zone := catalog.LocalTime(v.d.known().view).Location()
	for i := range r.List {
		each := &r.List[i]
		run := Run{
			Minutes: pointer(each.Minutes), Area: pointer(each.Area), Scheduled: each.Start.Or(0) == 4,
			Emptied: each.Emptied.Or(false), MapID: each.Map.Or(0), Error: pointer(each.Error),
		}
		if at, ok := each.Time.Get(); ok {
			run.End = time.Unix(int64(at), 0).In(zone)
		}
		if mode, ok := each.Mode.Get(); ok {
			run.Mode = smart.CleanMode(mode).String()
		}
		out.List = append(out.List, run)
	}
	slices.SortStableFunc(out.List, func(a, b Run) int { return b.End.Compare(a.End) })
	return out, nil
}
