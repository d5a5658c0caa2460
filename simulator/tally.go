package simulator

import (
	"hash/fnv"
	"math"
	"time"
)

// tally adds up something that runs at a rate, in all and by local day and
// month: Wh at a rate in W, or minutes of runtime at 60 an hour. Days before the
// device was started are made up, the same ones in every run.
type tally struct {
	rate              float64   // per hour
	at                time.Time // up to here, on the device's clock
	total             float64
	today, month      float64
	seed              string
	typical           float64 // of a made-up day
	born              time.Time
	days              map[int]float32 // finished days, by date
	nothingBeforeBorn bool
}

const (
	pastDays    = 60  // how far back days are made up
	historyDays = 400 // how many finished days are kept
)

// start begins at a time of the device's clock.
func (t *tally) start(now time.Time) {
	t.at, t.born = now, now
}

// invent makes up today's and this month's sums.
func (t *tally) invent(now time.Time) {
	midnight := startOfDay(now)
	t.today = t.past(midnight) * now.Sub(midnight).Hours() / 24
	t.month = t.today
	for day := midnight.AddDate(0, 0, -1); day.Month() == now.Month(); day = day.AddDate(0, 0, -1) {
		t.month += t.past(day)
	}
}

// advance adds what happened until now at the rate so far.
func (t *tally) advance(now time.Time) {
	if now.Before(t.at) || now.Sub(t.at) > historyDays*24*time.Hour {
		// The clock jumped: nothing ran in between.
		t.jump(now)
		return
	}
	for {
		midnight := startOfDay(t.at).AddDate(0, 0, 1)
		if now.Before(midnight) {
			t.add(now)
			return
		}
		t.add(midnight)
		t.closeDay(midnight.AddDate(0, 0, -1), midnight)
	}
}

// add runs to a moment within the same day.
func (t *tally) add(until time.Time) {
	if amount := t.rate * until.Sub(t.at).Hours(); amount > 0 {
		t.total += amount
		t.today += amount
		t.month += amount
	}
	t.at = until
}

func (t *tally) closeDay(day, next time.Time) {
	if t.days == nil {
		t.days = map[int]float32{}
	}
	t.days[dateKey(day)] = float32(t.today)
	delete(t.days, dateKey(day.AddDate(0, 0, -historyDays)))
	t.today = 0
	if day.Month() != next.Month() {
		t.month = 0
	}
}

// jump follows a clock that was set: no time passed.
func (t *tally) jump(now time.Time) {
	if y, m, d := now.Date(); !t.at.IsZero() {
		oy, om, od := t.at.Date()
		if y != oy || m != om || d != od {
			t.closeDay(startOfDay(t.at), startOfDay(now))
		}
	}
	t.at = now
}

func (t *tally) erase() {
	t.total, t.today, t.month = 0, 0, 0
	t.days, t.nothingBeforeBorn = nil, true
}

// day is the sum of a day, 0 for days in the future.
func (t *tally) day(day time.Time) float64 {
	switch key := dateKey(day); {
	case key == dateKey(t.at):
		return t.today
	case key > dateKey(t.at):
		return 0
	default:
		if v, ok := t.days[key]; ok {
			return float64(v)
		}
	}
	if !startOfDay(day).Before(startOfDay(t.born)) || t.nothingBeforeBorn ||
		t.born.Sub(day) > pastDays*24*time.Hour {
		return 0
	}
	return t.past(day)
}

// past makes a day up: between half and one and a half of a typical one.
func (t *tally) past(day time.Time) float64 {
	h := fnv.New32a()
	key := dateKey(day)
	h.Write([]byte(t.seed))
	h.Write([]byte{byte(key), byte(key >> 8), byte(key >> 16)})
	return t.typical * (0.5 + float64(h.Sum32()%1000)/1000)
}

// daysOf gives the days of a month that have something, with 1 for the first.
func (t *tally) daysOf(year int, month time.Month) map[int]float64 {
	sums := map[int]float64{}
	for day := time.Date(year, month, 1, 0, 0, 0, 0, t.at.Location()); day.Month() == month; day = day.AddDate(0, 0, 1) {
		if v := t.day(day); v > 0 {
			sums[day.Day()] = v
		}
	}
	return sums
}

// monthOf is the sum of a month.
func (t *tally) monthOf(year int, month time.Month) float64 {
	if y, m, _ := t.at.Date(); y == year && m == month {
		return t.month
	}
	sum := 0.0
	for _, v := range t.daysOf(year, month) {
		sum += v
	}
	return math.Round(sum*1000) / 1000
}

func startOfDay(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
}

func dateKey(t time.Time) int {
	y, m, d := t.Date()
	return y*10000 + int(m)*100 + d
}
