package store_test

import (
	"database/sql"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"wattle"
	"wattle/feature"
	"wattle/history"
	"wattle/history/store"
)

// appliance is a simulated load: watts by time, with the noise of real ones.
type appliance struct {
	name  string
	watts func(t time.Time, r *rand.Rand) float64
}

func between(t time.Time, from, to int) bool { return t.Hour() >= from && t.Hour() < to }

// home are ten of them: some steady, some that cycle, some that never rest.
var home = []appliance{
	{"router", func(_ time.Time, r *rand.Rand) float64 { return 8 + 0.2*r.NormFloat64() }},
	{"server", func(t time.Time, r *rand.Rand) float64 {
		return 45 + 6*math.Sin(float64(t.Unix())/170) + 3*r.NormFloat64()
	}},
	{"fridge", func(t time.Time, r *rand.Rand) float64 {
		if t.Unix()%2700 < 900 {
			return 85 + 25*math.Exp(-float64(t.Unix()%2700)/60) + 1.2*r.NormFloat64()
		}
		return 1.5 + 0.05*r.NormFloat64()
	}},
	{"freezer", func(t time.Time, r *rand.Rand) float64 {
		if t.Unix()%3600 < 1300 {
			return 70 + 0.9*r.NormFloat64()
		}
		return 0
	}},
	{"desk", func(t time.Time, r *rand.Rand) float64 {
		if between(t, 8, 18) && t.Weekday() != time.Sunday {
			return 90 + 40*math.Sin(float64(t.Unix())/37) + 15*r.NormFloat64()
		}
		return 1.1 + 0.05*r.NormFloat64()
	}},
	{"television", func(t time.Time, r *rand.Rand) float64 {
		if between(t, 19, 23) {
			return 110 + 12*r.NormFloat64()
		}
		return 0.4
	}},
	{"washer", func(t time.Time, r *rand.Rand) float64 {
		if t.Weekday()%3 == 0 && between(t, 10, 12) {
			return 100 + 900*(1+math.Sin(float64(t.Unix())/211)) + 30*r.NormFloat64()
		}
		return 0.6
	}},
	{"kettle", func(t time.Time, _ *rand.Rand) float64 {
		if t.Hour()%5 == 2 && t.Minute() < 3 {
			return 2100
		}
		return 0
	}},
	{"dehumidifier", func(t time.Time, r *rand.Rand) float64 {
		if t.Unix()%7200 < 5400 {
			return 280 + 5*r.NormFloat64()
		}
		return 2 + 0.05*r.NormFloat64()
	}},
	{"lamp", func(t time.Time, r *rand.Rand) float64 {
		if between(t, 17, 23) {
			return 9 + 0.05*r.NormFloat64()
		}
		return 0
	}},
}

// plugAt is a plug with such a load.
type plugAt struct {
	appliance
	device              history.Device
	r                   *rand.Rand
	today, month, drift float64 // kWh, kWh, V
	last                time.Time
}

var metas = map[string]*feature.Meta{
	"current_consumption":    {Kind: feature.Sensor, Unit: feature.Watt},
	"voltage":                {Kind: feature.Sensor, Unit: feature.Volt},
	"current":                {Kind: feature.Sensor, Unit: feature.Ampere},
	"consumption_today":      {Kind: feature.Sensor, Unit: feature.KilowattHour},
	"consumption_this_month": {Kind: feature.Sensor, Unit: feature.KilowattHour},
	"rssi":                   {Kind: feature.Sensor, Unit: feature.DecibelMilliwatt},
	"state":                  {Kind: feature.Switch},
	"led":                    {Kind: feature.Switch, Category: feature.Config},
	"overheated":             {Kind: feature.BinarySensor},
	"auto_off_minutes":       {Kind: feature.Number, Category: feature.Config},
	"on_since":               {Kind: feature.Sensor},
}

// poll gives what a poll at a moment would: power and state each time, counters
// every minute.
func (p *plugAt) poll(now time.Time, take func(id string, v feature.Value)) (reading history.Reading, slow bool) {
	w := math.Max(0, math.Round(p.watts(now, p.r)*1000)/1000)
	if !p.last.IsZero() {
		kwh := w * now.Sub(p.last).Hours() / 1000
		if now.Day() != p.last.Day() {
			p.today = 0
		}
		if now.Month() != p.last.Month() {
			p.month = 0
		}
		p.today, p.month = p.today+kwh, p.month+kwh
	}
	p.last = now
	p.drift = 0.9995*p.drift + 0.05*p.r.NormFloat64()
	volts := math.Round((230+p.drift+0.2*p.r.NormFloat64())*1000) / 1000
	take("current_consumption", feature.ValueOf(w))
	take("voltage", feature.ValueOf(volts))
	take("current", feature.ValueOf(math.Round(w/volts*1000)/1000))
	take("rssi", feature.ValueOf(-55+int(1.5*p.r.NormFloat64())))
	take("state", feature.ValueOf(w > 0))
	take("overheated", feature.ValueOf(false))
	if now.Unix()%60 != 0 {
		return reading, false
	}
	today, month := feature.ValueOf(math.Floor(p.today*1000)/1000), feature.ValueOf(math.Floor(p.month*1000)/1000)
	take("consumption_today", today)
	take("consumption_this_month", month)
	take("led", feature.ValueOf(true))
	take("auto_off_minutes", feature.ValueOf(120))
	take("on_since", feature.ValueOf(now.Truncate(24*time.Hour)))
	return history.Reading{Device: p.device, Time: now, Clock: now, Today: today, Month: month, Power: feature.ValueOf(w)}, true
}

// TestGrowth plays the home for as many days as WATTLE_GROWTH says, with the
// rules and the retention that are the defaults, and tells how the file grows.
// Behind the 15th day minutes go as fast as they come, and what is left to grow
// are hours, days and the books.
func TestGrowth(t *testing.T) {
	days, err := strconv.Atoi(os.Getenv("WATTLE_GROWTH"))
	if err != nil {
		t.Skip("takes minutes: WATTLE_GROWTH=16 runs it, docs/performance.md has what came out")
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s := open(t, store.Options{Address: filepath.Join(t.TempDir(), "history.db"), Now: func() time.Time { return now }})
	var plugs []*plugAt
	for i, a := range home {
		plugs = append(plugs, &plugAt{appliance: a, device: history.Device{MAC: wattle.MAC{2, 0, 0, 0, 1, byte(i)}}, r: rand.New(rand.NewPCG(1, uint64(i)))})
	}
	var filter history.Filter
	var batch history.Batch
	polled, kept := 0, map[string]int{}
	sizes := []int64{0}
	for end := now.AddDate(0, 0, days); now.Before(end); now = now.Add(5 * time.Second) {
		for _, p := range plugs {
			r, slow := p.poll(now, func(id string, v feature.Value) {
				polled++
				one := history.Sample{Key: history.Key{Device: p.device, Feature: id}, Time: now, Value: v, Unit: metas[id].Unit}
				if filter.Take(&one, history.RuleFor(metas[id])) {
					kept[id]++
					batch.Samples = append(batch.Samples, one)
				}
			})
			if slow {
				batch.Meters = append(batch.Meters, r)
			}
		}
		if now.Unix()%600 != 595 {
			continue
		}
		if _, err := s.Write(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		batch = history.Batch{}
		if now.Unix()%3600 == 3595 {
			maintain(t, s)
		}
		if now.Unix()%86400 == 86395 {
			info, err := os.Stat(s.Address)
			if err != nil {
				t.Fatal(err)
			}
			sizes = append(sizes, info.Size())
			if n := len(sizes) - 1; n%5 == 0 || n == days {
				t.Logf("day %d: %.1f MB", n, float64(info.Size())/1e6)
			}
		}
	}
	total := 0
	for id, n := range kept {
		total += n
		t.Logf("%-24s %8d samples a day kept", id, n/days)
	}
	t.Logf("%d values a day, %d kept: %.1f %%", polled/days, total/days, 100*float64(total)/float64(polled))
	if days < 15 {
		return
	}
	// What goes on growing when samples and minutes go as fast as they come.
	db, err := sql.Open("sqlite", "file:"+s.Address+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var lasting float64
	err = db.QueryRow("SELECT SUM(pgsize) FROM dbstat WHERE name IN ('hours', 'days', 'ledger', 'spans', 'meters')").Scan(&lasting)
	if err != nil {
		t.Fatal(err)
	}
	lasting /= float64(days)
	year := float64(slices.Max(sizes)) + lasting*float64(365-days)
	t.Logf("hours, days and books: %.3f MB a day; %.0f MB after a year, %.0f MB more each further year", lasting/1e6, year/1e6, lasting*365/1e6)
	if year > 100e6 {
		t.Errorf("a home grows by %.0f MB in a year", year/1e6)
	}
}
