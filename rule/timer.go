package rule

import (
	"strings"
	"time"

	"wattle"
	"wattle/method"
)

// Timer is a countdown. A device has one; when it is over it stays, disabled.
type Timer struct {
	ID      string
	Enabled bool
	Delay   time.Duration // whole seconds
	Remain  time.Duration // until it acts, as of the reading; 0 when it is over
	Action  Action
	Extra   method.Extra
	Family  wattle.Family
}

// Running reports whether it will act.
func (t *Timer) Running() bool { return t.Enabled && t.Remain > 0 }

// ParseDuration reads how long a timer runs: "30m", "1h15m", "90s". The error
// wraps wattle.ErrParam.
func ParseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(strings.ToLower(strings.ReplaceAll(text, " ", "")))
	if err != nil {
		return 0, bad("%q is no duration: want such as 30m, 1h15m or 90s", clip(text))
	}
	if d < time.Second || d > MaxTimer {
		return 0, bad("%s is not in 1s to 24h", clip(text))
	}
	return d, nil
}

// Away is away mode: within a window of time the device switches on and off at
// random.
type Away struct {
	ID        string
	Name      string // Kasa only
	Enabled   bool
	Days      Weekdays
	Once      bool
	Date      Date
	Start     At
	End       At
	Frequency int // 5 in all that was seen; what it means is not known
	Extra     method.Extra
	Family    wattle.Family
}

// When is the days and the window in words: "daily 18:00 to 23:00".
func (a *Away) When() string {
	s := Schedule{Days: a.Days, Once: a.Once, Date: a.Date, At: a.Start}
	return s.When() + " to " + a.End.String()
}

// Check reports what is wrong with it. The error wraps wattle.ErrParam.
func (a *Away) Check() error {
	s := Schedule{Days: a.Days, Once: a.Once, Date: a.Date, At: a.Start, End: &End{At: a.End}}
	switch {
	case a.Start.From == Never || a.End.From == Never:
		return bad("away mode needs a start and an end")
	case a.Start == a.End:
		return bad("away mode begins and ends at the same time")
	}
	return s.Check()
}

// AutoOff turns a device off some time after it was turned on. Tapo only.
type AutoOff struct {
	Enabled bool
	Delay   time.Duration // whole minutes
	// Remain is the time until it acts, 0 while it does not count.
	Remain time.Duration
}

// Kind is a kind of rule.
type Kind string

// The kinds.
const (
	KindSchedule Kind = "schedule"
	KindTimer    Kind = "timer"
	KindAway     Kind = "away"
)

// Next is what a device does next by itself.
type Next struct {
	Kind Kind
	ID   string // of the rule
	// At is when, in the device's zone. Kasa devices tell the time of the day
	// alone.
	At     time.Time
	Action Action
}
