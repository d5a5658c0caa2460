package simulator

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"
)

// Rule tables of IOT devices: schedule, count_down and anti_theft are of one
// style. See docs/protocol/iot.md section 12. What they do over time is in
// iot_routine.go.

const maxRules = 31

// ruleTable holds the rules of one outlet in one module.
type ruleTable struct {
	answer object // of get_rules, without rule_list
	rules  []object
	next   int       // makes ids
	due    time.Time // of an armed count-down
}

// ruleHandlers are the methods of a rule module, and those given.
func ruleHandlers(more map[string]iotHandler) map[string]iotHandler {
	m := map[string]iotHandler{
		"get_rules":          (*iot).getRules,
		"add_rule":           (*iot).addRule,
		"edit_rule":          (*iot).editRule,
		"delete_rule":        (*iot).deleteRule,
		"delete_all_rules":   (*iot).deleteRules,
		"set_overall_enable": (*iot).enableRules,
	}
	maps.Copy(m, more)
	return m
}

// table gives the rules of the outlet that a call is about; nil if it is about
// none.
func (e *iot) table(c *iotCall) *ruleTable {
	o := c.first()
	if o == nil {
		return nil
	}
	return e.rulesIn(o, c.module)
}

// rulesIn gives the rules of one outlet in a module. What a capture of a strip
// holds is that of its first outlet.
func (e *iot) rulesIn(o *outlet, module string) *ruleTable {
	if t, ok := o.rules[module]; ok {
		return t
	}
	answer, ok := e.answer(module, "get_rules")
	if !ok || e.kind == iotStrip && o != e.outlets[0] {
		answer = object{"version": marshal(2)}
		if iotRoles[module] != roleTimer {
			answer.put("enable", 1)
		}
	}
	t := &ruleTable{answer: answer}
	for _, raw := range answer.array("rule_list") {
		if rule, ok := parseObject(raw); ok {
			t.rules = append(t.rules, rule)
		}
	}
	delete(answer, "rule_list")
	if o.rules == nil {
		o.rules = map[string]*ruleTable{}
	}
	o.rules[module] = t
	return t
}

func (t *ruleTable) find(id string) int {
	for i, rule := range t.rules {
		if rule.text("id") == id {
			return i
		}
	}
	return -1
}

func (e *iot) getRules(c *iotCall) (object, *iotFault) {
	t := e.table(c)
	if t == nil {
		return nil, nil
	}
	list := make([]json.RawMessage, len(t.rules))
	for i, rule := range t.rules {
		list[i] = e.shown(c, t, i, rule).raw()
	}
	answer := t.answer.clone()
	answer["rule_list"] = rawArray(list)
	return answer, nil
}

func (e *iot) addRule(c *iotCall) (object, *iotFault) {
	t := e.table(c)
	if t == nil {
		return nil, nil
	}
	limit := maxRules
	if iotRoles[c.module] == roleTimer {
		limit = 1
	}
	if len(t.rules) >= limit {
		return nil, &e.errors.full
	}
	if fault := e.checkRule(c); fault != nil {
		return nil, fault
	}
	t.next++
	id := fmt.Sprintf("%.32s", upperHex(fmt.Sprintf("%s/%s/%d", e.sys.text("deviceId"), c.module, t.next)))
	rule := c.args.clone()
	rule.put("id", id)
	t.rules = append(t.rules, rule)
	e.arm(c, t)
	return object{"id": marshal(id)}, nil
}

func (e *iot) editRule(c *iotCall) (object, *iotFault) {
	t := e.table(c)
	if t == nil {
		return nil, nil
	}
	if !c.args.has("id") {
		return nil, &e.errors.missing
	}
	at := t.find(c.args.text("id"))
	if at < 0 {
		return nil, &e.errors.entry
	}
	if fault := e.checkRule(c); fault != nil {
		return nil, fault
	}
	t.rules[at] = c.args.clone()
	e.arm(c, t)
	return nil, nil
}

// checkRule looks at what every rule of its kind must have.
func (e *iot) checkRule(c *iotCall) *iotFault {
	c.args.plainFlags()
	if _, ok := c.args.flag("enable"); !ok {
		return &e.errors.argument
	}
	role := iotRoles[c.module]
	if role == roleTimer {
		delay, ok := c.args.integer("delay")
		if act, okAct := c.args.integer("act"); !ok || !okAct || delay < 0 || delay > 86_400 || act < 0 || act > 1 {
			return &e.errors.argument
		}
		return nil
	}
	days := c.args.array("wday")
	if len(days) != 7 || !allFlags(days) || !c.args.within("stime_opt", -1, 2, true) || !c.args.within("smin", 0, 1440, false) ||
		!c.args.within("soffset", -1440, 1440, false) || !c.args.within("emin", -1, 1440, false) ||
		!c.args.within("eoffset", -1440, 1440, false) || !c.args.within("repeat", 0, 1, false) {
		return &e.errors.argument
	}
	if role == roleAway {
		if !c.args.within("etime_opt", 0, 2, true) || !c.args.within("stime_opt", 0, 2, true) {
			return &e.errors.argument
		}
		return nil
	}
	// s_dimmer and s_light go with their acts; some firmware wants the end as
	// well, and sending it always is safe.
	act, _ := c.args.integer("sact")
	if !c.args.within("sact", -1, 3, true) || !c.args.within("etime_opt", -1, 2, false) || !c.args.within("eact", -1, 3, false) ||
		act == 2 && (!e.kind.light() || c.args.object("s_light") == nil) || act == 3 && e.kind != iotDimmer {
		return &e.errors.argument
	}
	return nil
}

// plainFlags writes the switches of a rule as 0 and 1, which is how devices list
// them; some clients send true and false (docs/protocol/iot.md section 1).
func (o object) plainFlags() {
	for _, key := range []string{"enable", "repeat"} {
		if on, ok := o.flag(key); ok {
			o.put(key, flagNumber(on))
		}
	}
	days := o.array("wday")
	for i, raw := range days {
		if on, ok := (object{"": raw}).flag(""); ok {
			days[i] = marshal(flagNumber(on))
		}
	}
	if len(days) > 0 {
		o["wday"] = rawArray(days)
	}
}

// within tells whether a member is a whole number in a range. Where it may be
// left out that is right too.
func (o object) within(key string, low, high int, wanted bool) bool {
	n, ok := o.integer(key)
	if !o.has(key) {
		return !wanted
	}
	return ok && n >= low && n <= high
}

func allFlags(list []json.RawMessage) bool {
	for _, raw := range list {
		if _, ok := (object{"": raw}).flag(""); !ok {
			return false
		}
	}
	return true
}

func (e *iot) deleteRule(c *iotCall) (object, *iotFault) {
	t := e.table(c)
	if t == nil {
		return nil, nil
	}
	if !c.args.has("id") {
		return nil, &e.errors.missing
	}
	at := t.find(c.args.text("id"))
	if at < 0 {
		return nil, &e.errors.entry
	}
	t.rules = append(t.rules[:at:at], t.rules[at+1:]...)
	e.arm(c, t)
	return nil, nil
}

func (e *iot) deleteRules(c *iotCall) (object, *iotFault) {
	if t := e.table(c); t != nil {
		t.rules = nil
		e.arm(c, t)
	}
	return nil, nil
}

func (e *iot) enableRules(c *iotCall) (object, *iotFault) {
	t := e.table(c)
	if t == nil {
		return nil, nil
	}
	on, ok := c.args.flag("enable")
	if !ok || !t.answer.has("enable") {
		return nil, &e.errors.argument
	}
	t.answer.put("enable", flagNumber(on))
	e.arm(c, t)
	return nil, nil
}

// arm follows a change of the rules: it starts or stops the count-down, and
// what was planned is planned anew.
func (e *iot) arm(c *iotCall, t *ruleTable) {
	if iotRoles[c.module] == roleTimer {
		t.due = time.Time{}
		if len(t.rules) > 0 {
			if on, _ := t.rules[0].flag("enable"); on {
				delay, _ := t.rules[0].integer("delay")
				t.due = e.d.clock.real().Add(time.Duration(delay) * time.Second)
			}
		}
	}
	if o := c.first(); o != nil {
		o.routine = routine{touched: true}
	}
	e.mode()
}

// mode puts active_mode right. See docs/protocol/iot.md section 15; that away
// mode shows as anti_theft is a guess.
func (e *iot) mode() {
	if !e.sys.has("active_mode") || e.kind == iotStrip {
		return
	}
	mode := "none"
	for _, role := range []string{roleTimer, roleAway, roleSchedule} {
		t := e.rulesIn(e.whole, e.ruleModule(role))
		if enabled, ok := t.answer.flag("enable"); ok && !enabled {
			continue
		}
		if t.active() && mode == "none" {
			mode = role
		}
	}
	e.sys.put("active_mode", mode)
}

// active tells whether a rule of the table is enabled.
func (t *ruleTable) active() bool {
	for _, rule := range t.rules {
		if on, _ := rule.flag("enable"); on {
			return true
		}
	}
	return false
}
