package session

import (
	"strings"

	"wattle"
	"wattle/method"
)

// What devices can hold, see docs/protocol/iot.md section 1.2.
const (
	lightAnswer = 4096
	otherAnswer = 16384
	maxRequest  = 768
)

// iotBatch says how many calls of the front of the queue go into the next
// message. The order of the calls is kept wherever one of them changes something.
func (r *run) iotBatch(queue []indexed) int {
	st := &r.state.iot
	first := queue[0]
	if first.alone || first.Effect == method.Once || !st.met && r.child == "" && isSysinfo(first.Call) {
		return 1
	}
	answerLimit := lightAnswer
	if st.met && !st.light {
		answerLimit = otherAnswer
	}
	info := r.conn.Info()
	if info.MaxAnswer > 0 {
		answerLimit = min(answerLimit, info.MaxAnswer)
	}
	oneModule := st.oneModule || info.Route.Transport == wattle.XORUDP

	request, answer := len(`{}`), 0
	if r.child != "" {
		request += len(`"context":{"child_ids":[""]},`) + len(r.child)
	}
	seen := make(map[string]bool, len(queue))
	modules := make(map[string]bool)
	last, writes := "", false
	for n, c := range queue {
		newModule := !modules[c.Module]
		request += len(c.Method) + len(c.Params) + len(`"":{},`)
		if newModule {
			request += len(c.Module) + len(`"":{},`)
		}
		answer += st.estimate(c.Call)
		writes = writes || c.Effect != method.Read
		switch {
		case n == 0: // one call always goes, however large it is
		case c.alone, c.Effect == method.Once,
			seen[c.Key()],
			request > maxRequest, answer > answerLimit,
			oneModule && newModule,
			// Grouped by module, it would run before the call that stands before it.
			writes && !newModule && c.Module != last:
			return n
		}
		seen[c.Key()] = true
		modules[c.Module] = true
		last = c.Module
	}
	return len(queue)
}

// estimate is how long the answer to a call may be: what was seen before, and at
// least what is usual, since statistics and rules grow over weeks.
func (i *iotState) estimate(c method.Call) int {
	usual := 256
	switch {
	case isSysinfo(c):
		usual = 1024
	case strings.Contains(c.Method, "daystat"), strings.Contains(c.Method, "monthstat"),
		strings.Contains(c.Method, "get_rules"), strings.Contains(c.Method, "scaninfo"):
		usual = 2048
	}
	return max(usual, i.sizes[c.Key()]+len(c.Key()))
}
