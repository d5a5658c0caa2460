package simulator

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"
)

// Rule tables of IOT devices: schedule, count_down and anti_theft are of one
// style. See docs/protocol/iot.md section 12. Count-downs run; schedules are
// kept, not carried out.

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
	if t, ok := o.rules[c.module]; ok {
		return t
	}
	answer, ok := e.answer(c.module, "get_rules")
	if !ok {
		answer = object{"version": marshal(2)}
		if iotRoles[c.module] != roleTimer {
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
	o.rules[c.module] = t
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
		shown := rule
		if !t.due.IsZero() && i == 0 {
			shown = rule.clone()
			shown.put("remain", max(seconds(t.due.Sub(e.d.clock.real())+time.Second-1), 0))
		}
		list[i] = shown.raw()
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
	if _, ok := c.args.flag("enable"); !ok {
		return &e.errors.argument
	}
	if iotRoles[c.module] == roleTimer {
		delay, ok := c.args.integer("delay")
		if act, okAct := c.args.integer("act"); !ok || !okAct || delay < 0 || delay > 86_400 || act < 0 || act > 1 {
			return &e.errors.argument
		}
		return nil
	}
	if days := c.args.array("wday"); len(days) != 7 {
		return &e.errors.argument
	}
	return nil
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
	e.mode()
	return nil, nil
}

// arm starts or stops the count-down after a change of the rules.
func (e *iot) arm(c *iotCall, t *ruleTable) {
	t.due = time.Time{}
	if iotRoles[c.module] == roleTimer && len(t.rules) > 0 {
		if on, _ := t.rules[0].flag("enable"); on {
			delay, _ := t.rules[0].integer("delay")
			t.due = e.d.clock.real().Add(time.Duration(delay) * time.Second)
		}
	}
	e.mode()
}

// runTimer carries out a count-down that is over. The rule stays, disabled.
func (e *iot) runTimer(o *outlet) {
	for _, t := range o.rules {
		if t.due.IsZero() || e.d.clock.real().Before(t.due) || len(t.rules) == 0 {
			continue
		}
		act, _ := t.rules[0].flag("act")
		t.due = time.Time{}
		t.rules[0].put("enable", 0)
		t.rules[0].put("remain", 0)
		if e.kind.light() {
			_, state := e.light()
			e.setLight(act, state)
		} else {
			e.turn(o, act)
		}
		e.mode()
	}
}

// mode puts active_mode right. See docs/protocol/iot.md section 15.
func (e *iot) mode() {
	if !e.sys.has("active_mode") {
		return
	}
	mode := "none"
	for module, t := range e.whole.rules {
		enabled, _ := t.answer.flag("enable")
		for _, rule := range t.rules {
			on, _ := rule.flag("enable")
			switch {
			case !on:
			case iotRoles[module] == roleTimer:
				mode = "count_down"
			case enabled && iotRoles[module] == roleSchedule && mode == "none":
				mode = "schedule"
			}
		}
	}
	e.sys.put("active_mode", mode)
}
