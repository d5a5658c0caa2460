package simulator

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// Rules of the SMART language. See docs/protocol/smart.md section 9. What they
// do over time is in smart_routine.go.

const (
	codeScheduleFull      = -1802
	codeCountdownConflict = -1902
	codeAntitheftConflict = -2002
)

func findRule(list []json.RawMessage, id string) int {
	return slices.IndexFunc(list, func(raw json.RawMessage) bool {
		rule, ok := parseObject(raw)
		return ok && rule.text("id") == id
	})
}

// keepRules writes a rule list back.
func (u *unit) keepRules(getter string, answer object, list []json.RawMessage) {
	answer["rule_list"] = rawArray(list)
	if answer.has("sum") {
		answer.put("sum", len(list))
	}
	u.change(getter, answer)
	u.routine = routine{touched: true}
}

// addRule makes add_..._rule: the device gives the id.
func addRule(getter, prefix string) smartHandler {
	return func(u *unit, params object) (json.RawMessage, int) {
		answer, ok := u.stored(getter)
		if !ok {
			return nil, codeUnknownMethod
		}
		list := answer.array("rule_list")
		limit, code := 1, codeAntitheftConflict
		if getter == "get_schedule_rules" {
			limit, code = 32, codeScheduleFull
			if stored, ok := answer.integer("schedule_rule_max_count"); ok {
				limit = stored
			}
		}
		if len(list) >= limit {
			return nil, code
		}
		if params.has("id") || !validRule(getter, params) {
			return nil, codeParams
		}
		// That the first rule switches an idle table on is a guess: no app shows
		// the switch, and all tables with rules are on.
		if on, _ := params.flag("enable"); on && len(list) == 0 {
			answer.put("enable", true)
		}
		u.nextID++
		for findRule(list, prefix+strconv.Itoa(u.nextID)) >= 0 {
			u.nextID++
		}
		rule := params.clone()
		rule.put("id", prefix+strconv.Itoa(u.nextID))
		u.keepRules(getter, answer, append(list, rule.raw()))
		return object{"id": rule["id"]}.raw(), 0
	}
}

// validRule looks at what a rule must have. Rules of lights' effects are of the
// same style, and have nothing of it.
func validRule(getter string, r object) bool {
	if _, ok := r.flag("enable"); !ok && getter != "get_dynamic_light_effect_rules" {
		return false
	}
	mode, kinds := r.text("mode"), []string{"", "normal", "sunrise", "sunset"}
	dated := mode == "once" || mode == "repeat"
	switch getter {
	case "get_schedule_rules":
		action := r.object("desired_states") != nil || r.object("clean_attr") != nil || r.text("s_action") != ""
		return dated && action && r.within("s_min", 0, 1439, true) && r.within("week_day", 0, 127, mode == "repeat") &&
			r.within("time_offset", -1440, 1440, false) && slices.Contains(kinds, r.text("s_type"))
	case "get_antitheft_rules":
		return dated && r.within("start_min", 0, 1439, true) && r.within("end_min", 0, 1439, true) &&
			r.within("week_day", 0, 127, mode == "repeat") &&
			slices.Contains(kinds, r.text("start_time_type")) && slices.Contains(kinds, r.text("end_time_type"))
	}
	return true
}

// editRule replaces a whole rule.
func editRule(getter string) smartHandler {
	return func(u *unit, params object) (json.RawMessage, int) {
		answer, ok := u.stored(getter)
		if !ok {
			return nil, codeUnknownMethod
		}
		list := answer.array("rule_list")
		at := findRule(list, params.text("id"))
		if at < 0 || !validRule(getter, params) {
			return nil, codeParams
		}
		list[at] = params.raw()
		u.keepRules(getter, answer, list)
		return nil, 0
	}
}

// removeRules takes remove_all, or rule_list with ids.
func removeRules(getter string) smartHandler {
	return func(u *unit, params object) (json.RawMessage, int) {
		answer, ok := u.stored(getter)
		if !ok {
			return nil, codeUnknownMethod
		}
		list := answer.array("rule_list")
		if all, _ := params.flag("remove_all"); all {
			list = nil
		} else {
			gone := params.array("rule_list")
			if len(gone) == 0 {
				return nil, codeParams
			}
			for _, raw := range gone {
				rule, _ := parseObject(raw)
				at := findRule(list, rule.text("id"))
				if at < 0 {
					return nil, codeParams
				}
				list = slices.Delete(list, at, at+1)
			}
		}
		u.keepRules(getter, answer, list)
		if getter == "get_countdown_rules" && len(list) == 0 {
			u.timer = time.Time{}
			answer.put("enable", false)
			u.keepRules(getter, answer, list)
		}
		return nil, 0
	}
}

func enableRules(getter string) smartHandler {
	return func(u *unit, params object) (json.RawMessage, int) {
		answer, ok := u.stored(getter)
		if !ok {
			return nil, codeUnknownMethod
		}
		on, ok := params.flag("enable")
		if !ok {
			return nil, codeParams
		}
		answer.put("enable", on)
		u.keepRules(getter, answer, answer.array("rule_list"))
		return nil, 0
	}
}

// getCountdown shows what remains.
func (u *unit) getCountdown(object) (json.RawMessage, int) {
	answer, ok := u.stored("get_countdown_rules")
	if !ok {
		return nil, u.unknown("get_countdown_rules")
	}
	if list := answer.array("rule_list"); !u.timer.IsZero() && len(list) > 0 {
		if rule, ok := parseObject(list[0]); ok {
			left := u.timer.Sub(u.e.d.clock.real()) + time.Second - 1
			rule.put("remain", max(seconds(left), 0))
			list[0] = rule.raw()
			answer["rule_list"] = rawArray(list)
		}
	}
	return answer.raw(), 0
}

// addCountdown: there is one timer. A finished one gives way, a running one
// does not.
func (u *unit) addCountdown(params object) (json.RawMessage, int) {
	answer, ok := u.stored("get_countdown_rules")
	if !ok {
		return nil, codeUnknownMethod
	}
	if !u.timer.IsZero() {
		return nil, codeCountdownConflict
	}
	rule := params.clone()
	if rule == nil || !validCountdown(rule) {
		return nil, codeParams
	}
	rule.put("id", "C1")
	u.setCountdown(answer, rule)
	return object{"id": rule["id"]}.raw(), 0
}

func (u *unit) editCountdown(params object) (json.RawMessage, int) {
	answer, ok := u.stored("get_countdown_rules")
	if !ok {
		return nil, codeUnknownMethod
	}
	if findRule(answer.array("rule_list"), params.text("id")) < 0 || !validCountdown(params) {
		return nil, codeParams
	}
	u.setCountdown(answer, params.clone())
	return nil, 0
}

func validCountdown(rule object) bool {
	delay, ok := rule.integer("delay")
	_, okEnable := rule.flag("enable")
	return ok && okEnable && delay >= 1 && delay <= 86_400 && rule.object("desired_states") != nil
}

func (u *unit) setCountdown(answer, rule object) {
	on, _ := rule.flag("enable")
	delay, _ := rule.integer("delay")
	u.timer = time.Time{}
	rule.put("remain", 0)
	if on {
		u.timer = u.e.d.clock.real().Add(time.Duration(delay) * time.Second)
		rule.put("remain", delay)
	}
	answer.put("enable", on)
	u.keepRules("get_countdown_rules", answer, []json.RawMessage{rule.raw()})
}

// runCountdown carries out a timer that is over. It stays, disabled.
func (u *unit) runCountdown() {
	u.timer = time.Time{}
	answer, _ := u.stored("get_countdown_rules")
	list := answer.array("rule_list")
	if len(list) == 0 {
		return
	}
	rule, _ := parseObject(list[0])
	u.become(rule.object("desired_states"))
	rule.put("enable", false)
	rule.put("remain", 0)
	answer.put("enable", false)
	u.keepRules("get_countdown_rules", answer, []json.RawMessage{rule.raw()})
}
