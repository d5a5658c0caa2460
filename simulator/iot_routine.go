package simulator

import (
	"encoding/json"
	"time"

	wire "wattle/method/iot"
	"wattle/rule"
)

// What the rules of IOT devices do over time: count-downs, schedules and away
// mode, and how the device tells of them. See docs/protocol/iot.md section 12.

// ruleModule is the name of a module with rules on this kind of device.
func (e *iot) ruleModule(role string) string {
	if e.kind.light() {
		return "smartlife.iot.common." + role
	}
	return role
}

// replan forgets what all relays had planned: the clock or the place changed.
func (e *iot) replan() {
	for _, o := range e.all() {
		o.routine.drop()
	}
}

// place is where the device is; without one the sun rises at 6:30 and sets at
// 18:30.
func (e *iot) place() rule.Place { return placeOf(e.sys) }

// schedules are the rules of a table in the model of package rule; those that
// cannot be read, and all of a table that is switched off, do nothing.
func schedulesIOT(t *ruleTable) []rule.Schedule {
	list := make([]rule.Schedule, len(t.rules))
	enabled, ok := t.answer.flag("enable")
	for i, o := range t.rules {
		var r wire.ScheduleRule
		if json.Unmarshal(o.raw(), &r) != nil {
			continue
		}
		list[i] = rule.FromIOT(&r)
		list[i].Enabled = list[i].Enabled && (enabled || !ok)
	}
	return list
}

func aways(t *ruleTable) []rule.Away {
	list := make([]rule.Away, len(t.rules))
	enabled, ok := t.answer.flag("enable")
	for i, o := range t.rules {
		var r wire.AwayRule
		if json.Unmarshal(o.raw(), &r) != nil {
			continue
		}
		list[i] = rule.AwayFromIOT(&r)
		list[i].Enabled = list[i].Enabled && (enabled || !ok)
	}
	return list
}

// planned is what a relay or lamp does next by schedules and away mode.
func (e *iot) planned(o *outlet, after time.Time) agenda {
	r := &o.routine
	if e.kind == iotCamera {
		return agenda{}
	}
	if r.known && (len(r.next.run) == 0 || r.next.at.After(after)) {
		return r.next
	}
	r.known, r.next = true, agenda{}
	local := e.d.clock.local(after)
	t := e.rulesIn(o, e.ruleModule(roleSchedule))
	if at, which := occasions(schedulesIOT(t), local, e.place()); len(which) > 0 {
		r.next.add(e.d.clock.moment(at), func() { e.act(o, t, which) })
	}
	guard := e.rulesIn(o, e.ruleModule(roleAway))
	if next, i, ok := nextAway(aways(guard), local, e.place(), e.awaySeed(o)); ok {
		r.next.add(e.d.clock.moment(next.at), func() {
			e.actuate(o, next.on)
			e.acted(o, guard.rules[i], !next.on && e.lastStep(guard, i, next.at))
		})
	}
	return r.next
}

func (e *iot) awaySeed(o *outlet) string { return e.sys.text("deviceId") + o.entry.text("id") }

// lastStep tells whether a switching ends a window of away mode.
func (e *iot) lastStep(t *ruleTable, i int, at time.Time) bool {
	list := aways(t)
	_, end, ok := list[i].Window(at.Add(-time.Second), e.place())
	return ok && end.Equal(at)
}

// act carries schedules out.
func (e *iot) act(o *outlet, t *ruleTable, which []occasion) {
	for _, due := range which {
		r := t.rules[due.index]
		prefix := "s"
		if due.end {
			prefix = "e"
		}
		act, _ := r.integer(prefix + "act")
		e.carryOut(o, act, r.object(prefix+"_light"), r.object(prefix+"_dimmer"))
		end, _ := r.integer("etime_opt")
		e.acted(o, r, due.end || !r.has("etime_opt") || end < 0)
	}
}

// acted follows a rule that was carried out. One that acts once is disabled
// after its last act, which is a guess.
func (e *iot) acted(o *outlet, r object, last bool) {
	if repeat, ok := r.integer("repeat"); ok && repeat == 0 && last {
		r.put("enable", 0)
	}
	o.routine = routine{touched: true}
	e.mode()
}

// carryOut does what a rule says, see docs/protocol/iot.md section 12.1.
func (e *iot) carryOut(o *outlet, act int, light, dimmer object) {
	switch act {
	case 0, 1:
		e.actuate(o, act == 1)
	case 2:
		if e.kind.light() && light != nil {
			e.shine(light)
		}
	case 3:
		if level, ok := dimmer.integer("brightness"); ok && level >= 1 && level <= 100 && e.sys.has("brightness") {
			e.advance(o)
			e.sys.put("brightness", level)
		}
		on, ok := dimmer.flag("on_off")
		e.actuate(o, on || !ok)
	}
}

// actuate switches a relay or lamp.
func (e *iot) actuate(o *outlet, on bool) {
	if e.kind.light() {
		_, state := e.light()
		e.setLight(on, state)
		return
	}
	e.turn(o, on)
}

// shine makes a lamp what a rule describes. With last_status, and where it is
// turned off, the values do not count.
func (e *iot) shine(light object) {
	e.advance(e.whole)
	_, state := e.light()
	on, ok := light.flag("on_off")
	on = on || !ok
	if on && light.text("mode") != "last_status" {
		for _, key := range []string{"hue", "saturation", "color_temp", "brightness"} {
			if n, ok := light.integer(key); ok && (key != "brightness" || n > 0) && state.has(key) {
				state.put(key, n)
			}
		}
	}
	e.setLight(on, state)
}

// runTimer carries out a count-down that is over. The rule stays, disabled.
func (e *iot) runTimer(o *outlet, t *ruleTable) {
	t.due = time.Time{}
	if len(t.rules) == 0 {
		return
	}
	r := t.rules[0]
	on, _ := r.flag("act")
	r.put("enable", 0)
	r.put("remain", 0)
	e.actuate(o, on)
	o.routine.touched = true
	e.mode()
}

// shown is a rule as get_rules lists it: with the rest of a count-down, and
// with the minute of the day that the device computes of the sun.
func (e *iot) shown(c *iotCall, t *ruleTable, i int, r object) object {
	switch iotRoles[c.module] {
	case roleTimer:
		if !t.due.IsZero() && i == 0 {
			r = r.clone()
			r.put("remain", max(seconds(t.due.Sub(e.d.clock.real())+time.Second-1), 0))
		}
	case roleSchedule:
		opt, _ := r.integer("stime_opt")
		if o := c.first(); o.routine.touched && opt > 0 {
			list := schedulesIOT(t)
			now := e.d.clock.time()
			if minute, ok := list[i].At.Of(rule.DateOf(now), e.place(), now.Location()); ok {
				r = r.clone()
				r.put("smin", minute)
			}
		}
	}
	return r
}

// getNextAction is what the capture says until a rule changes or acts.
func (e *iot) getNextAction(c *iotCall) (object, *iotFault) {
	o := c.first()
	if o == nil {
		return nil, nil
	}
	if answer, ok := e.answer(c.module, c.method); ok && !o.routine.touched && (e.kind != iotStrip || o == e.outlets[0]) {
		return answer, nil
	}
	return e.nextAction(o, "schd_time"), nil
}

// showNext puts next_action into the sysinfo, or into the entry of an outlet.
func (e *iot) showNext(o *outlet, shown object) {
	if o.routine.touched && shown.has("next_action") {
		next := e.nextAction(o, "schd_sec")
		delete(next, "light")
		shown["next_action"] = next.raw()
	}
}

// nextAction is the earliest of what a relay or lamp is going to do; key is
// the name of the second of the day.
func (e *iot) nextAction(o *outlet, key string) object {
	now := e.d.clock.time()
	var at time.Time
	answer := object{"type": marshal(-1)}
	offer := func(t time.Time, kind int, id json.RawMessage, action any, light json.RawMessage) {
		if !at.IsZero() && !t.Before(at) {
			return
		}
		at = t
		second := t.Hour()*3600 + t.Minute()*60 + t.Second()
		answer = object{"type": marshal(kind), "id": id, key: marshal(second), "action": marshal(action)}
		if light != nil {
			answer["light"] = light
		}
	}
	if t := e.rulesIn(o, e.ruleModule(roleTimer)); !t.due.IsZero() && len(t.rules) > 0 {
		act, _ := t.rules[0].integer("act")
		offer(e.d.clock.local(t.due), 2, t.rules[0]["id"], act, nil)
	}
	t := e.rulesIn(o, e.ruleModule(roleSchedule))
	if when, which := occasions(schedulesIOT(t), now, e.place()); len(which) > 0 {
		r := t.rules[which[0].index]
		prefix := "s"
		if which[0].end {
			prefix = "e"
		}
		act, _ := r.integer(prefix + "act")
		light := r.object(prefix + "_light")
		delete(light, "mode")
		delete(light, "transition_period")
		var raw json.RawMessage
		if light != nil {
			raw = light.raw()
		}
		offer(when, 1, r["id"], act, raw)
	}
	guard := e.rulesIn(o, e.ruleModule(roleAway))
	if next, i, ok := nextAway(aways(guard), now, e.place(), e.awaySeed(o)); ok {
		offer(next.at, 3, guard.rules[i]["id"], flagNumber(next.on), nil)
	}
	return answer
}
