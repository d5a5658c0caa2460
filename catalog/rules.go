package catalog

import (
	"time"

	"wattle"
	"wattle/feature"
	"wattle/method"
	"wattle/method/smart"
)

// hasRules is a condition: the component of a kind of rules, on what has a
// switch of its own. Parents list the components of their outlets.
func hasRules(component string) func(*feature.View) bool {
	return withStatus(component, func(i *smart.Info) bool { return i.DeviceOn.Known() })
}

// ruleRows are what devices are going to do by themselves (docs/protocol/smart.md
// section 9).
var ruleRows = []feature.Feature{
	feature.From(wattle.SMART, smart.Timers.Get, method.EveryMinute, feature.Row[smart.Rules[smart.TimerRule], int]{
		Meta: sensor("countdown_remaining", "Timer remaining", feature.Info, feature.Second),
		When: hasRules("countdown"),
		Get: func(r *smart.Rules[smart.TimerRule]) (int, bool) {
			if len(r.List) == 0 {
				return 0, false
			}
			return r.List[0].Remain.Get()
		},
	}),
	feature.Derive(wattle.SMART, feature.Derived[time.Time]{
		Meta:    sensor("next_event_time", "Next scheduled event", feature.Info, feature.NoUnit),
		When:    hasRules("schedule"),
		Queries: []method.Query{smart.GetNextEvent.Query(method.EveryMinute)},
		Has:     func(v *feature.View) bool { return v.Answered(smart.GetNextEvent.Key()) },
		Get: func(v *feature.View) (time.Time, bool) {
			r := smart.GetNextEvent.Result(v.Snapshot)
			if r == nil || r.Start.Or(0) <= 0 {
				return time.Time{}, false // nothing is planned
			}
			return time.Unix(int64(r.Start.Or(0)), 0).In(LocalTime(v).Location()), true
		},
	}),
}
