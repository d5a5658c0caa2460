package simulator

import (
	"encoding/json"
	"time"

	wire "wattle/method/smart"
	"wattle/rule"
)

// What the schedules and away mode of SMART devices do over time, and how the
// device tells of them. See docs/protocol/smart.md section 9.

// place is where the device is; without one the sun rises at 6:30 and sets at
// 18:30. Children are where their parent is.
func (u *unit) place() rule.Place {
	if p := placeOf(u.info); p != (rule.Place{}) {
		return p
	}
	return placeOf(u.e.self.info)
}

// table gives a stored table of rules: its entries, and whether it acts.
func (u *unit) table(getter string) (list []json.RawMessage, enabled bool) {
	answer, ok := u.stored(getter)
	if !ok {
		return nil, false
	}
	enabled, _ = answer.flag("enable")
	return answer.array("rule_list"), enabled
}

// schedules are the rules of the device in the model of package rule. A rule
// that acts once on a day that is over acts at the next such time of the day,
// as devices do that do not look at the date.
func (u *unit) schedules(local time.Time) ([]rule.Schedule, []json.RawMessage) {
	raws, enabled := u.table("get_schedule_rules")
	list := make([]rule.Schedule, len(raws))
	for i, raw := range raws {
		var r wire.ScheduleRule
		if json.Unmarshal(raw, &r) != nil {
			continue
		}
		s := rule.FromSMART(&r)
		s.Enabled = s.Enabled && enabled
		if today := rule.DateOf(local); s.Once && !s.Date.IsZero() && s.Date.In(time.UTC).Before(today.In(time.UTC)) {
			s.Date, s.Days = rule.Date{}, rule.Daily
		}
		list[i] = s
	}
	return list, raws
}

func (u *unit) aways() []rule.Away {
	raws, enabled := u.table("get_antitheft_rules")
	list := make([]rule.Away, len(raws))
	for i, raw := range raws {
		var r wire.AwayRule
		if json.Unmarshal(raw, &r) != nil {
			continue
		}
		list[i] = rule.AwayFromSMART(&r)
		list[i].Enabled = list[i].Enabled && enabled
	}
	return list
}

// planned is what the unit does next by schedules and away mode.
func (u *unit) planned(after time.Time) agenda {
	r := &u.routine
	if r.known && (len(r.next.run) == 0 || r.next.at.After(after)) {
		return r.next
	}
	r.known, r.next = true, agenda{}
	c := &u.e.d.clock
	local := c.local(after)
	list, _ := u.schedules(local)
	if at, which := occasions(list, local, u.place()); len(which) > 0 {
		r.next.add(c.moment(at), func() { u.act(which) })
	}
	guards := u.aways()
	if next, i, ok := nextAway(guards, local, u.place(), u.info.text("device_id")); ok {
		r.next.add(c.moment(next.at), func() {
			u.become(object{"on": marshal(next.on)})
			_, end, _ := guards[i].Window(next.at.Add(-time.Second), u.place())
			u.acted("get_antitheft_rules", i, end.Equal(next.at))
		})
	}
	return r.next
}

// act carries schedules out.
func (u *unit) act(which []occasion) {
	for _, due := range which {
		raws, _ := u.table("get_schedule_rules")
		if due.index >= len(raws) {
			break // an earlier one of the same minute has changed the table
		}
		r, ok := parseObject(raws[due.index])
		if !ok {
			continue
		}
		switch {
		case r.has("desired_states"):
			u.become(r.object("desired_states"))
		case r.has("clean_attr"):
			start := object{
				"clean_on": marshal(true), "clean_mode": marshal(0), "clean_order": marshal(true), "force_clean": marshal(false),
				"start_type": marshal(startedByRule),
			}
			_, _ = u.call("setSwitchClean", start)
		case r.has("s_action"):
			u.become(object{"on": marshal(r.text("s_action") == "on")})
		}
		u.acted("get_schedule_rules", due.index, true)
	}
}

// acted follows a rule that was carried out. One that acts once is disabled
// after its last act, which is a guess.
func (u *unit) acted(getter string, index int, last bool) {
	answer, _ := u.stored(getter)
	list := answer.array("rule_list")
	var r object
	if index < len(list) {
		r, _ = parseObject(list[index])
	}
	if r.text("mode") == "once" && last {
		r.put("enable", false)
		list[index] = r.raw()
		u.keepRules(getter, answer, list)
	}
	u.routine = routine{touched: true}
}

// become makes the unit what a rule describes, as far as it can.
func (u *unit) become(state object) {
	params := object{}
	for _, key := range []string{"brightness", "hue", "saturation", "color_temp", "fan_speed_level"} {
		if value, ok := state[key]; ok && u.settable(key, value) {
			params[key] = value
		}
	}
	if on, ok := state.flag("on"); ok && u.info.has("device_on") {
		params.put("device_on", on)
	}
	if len(params) > 0 {
		_, _ = u.setDeviceInfo(params)
	}
}

// getSchedules lists the rules. Those by the sun show the minute at which they
// act today, as soon as something is not as in the capture.
func (u *unit) getSchedules(params object) (json.RawMessage, int) {
	raw, ok := u.answer("get_schedule_rules")
	if !ok {
		return nil, u.unknown("get_schedule_rules")
	}
	answer, ok := parseObject(raw)
	if !ok || !u.routine.touched {
		return page(raw, params)
	}
	now := u.e.d.clock.time()
	list, raws := u.schedules(now)
	for i := range list {
		minute, ok := list[i].At.Of(rule.DateOf(now), u.place(), now.Location())
		r, isObject := parseObject(raws[i])
		if ok && isObject && list[i].At.From != rule.Clock {
			r.put("s_min", minute)
			raws[i] = r.raw()
		}
	}
	answer["rule_list"] = rawArray(raws)
	return page(answer.raw(), params)
}

// getNextEvent is what the capture says until a rule changes or acts. Only
// schedules show in it.
func (u *unit) getNextEvent(object) (json.RawMessage, int) {
	answer, ok := u.stored("get_next_event")
	if !ok {
		return nil, u.unknown("get_next_event")
	}
	if !u.routine.touched {
		return answer.raw(), 0
	}
	old := answer.has("action") // older firmware, which never answers empty
	now := u.e.d.clock.time()
	list, raws := u.schedules(now)
	at, which := occasions(list, now, u.place())
	if len(which) == 0 {
		if old {
			return json.RawMessage(`{"action":-1,"e_time":0,"id":"0","s_time":0,"type":0}`), 0
		}
		return json.RawMessage(`{}`), 0
	}
	r, _ := parseObject(raws[which[0].index])
	next := object{"id": r["id"], "type": marshal(1), "s_time": marshal(at.Unix()), "e_time": marshal(0)}
	if on, _ := r.object("desired_states").flag("on"); old {
		next.put("action", "turn_"+onOff(on))
	} else if r.has("desired_states") {
		next["desired_states"] = r["desired_states"]
	}
	return next.raw(), 0
}
