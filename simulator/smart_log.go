package simulator

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
)

const (
	// logPage is how many entries a device gives that is not asked for a
	// number, and logMost the most that it gives at once.
	logPage, logMost = 5, 20
	// logKept is how many entries a device keeps.
	logKept = 100
)

// triggerLog is what a button or sensor noted, newest first. See
// docs/protocol/smart.md section 12.
type triggerLog struct {
	loaded  bool
	entries []logged
	older   int // entries that the device keeps and the capture lacks
	last    int // id
}

type logged struct {
	id  int
	raw json.RawMessage
}

// load takes the entries of the capture.
func (l *triggerLog) load(stored object) {
	if l.loaded {
		return
	}
	l.loaded = true
	for _, raw := range stored.array("logs") {
		entry, ok := cut(raw)
		if id, isNumber := entry.integer("id"); ok && isNumber {
			l.entries = append(l.entries, logged{id, raw})
			l.last = max(l.last, id)
		}
	}
	if sum, ok := stored.integer("sum"); ok {
		l.older = max(sum-len(l.entries), 0)
	}
}

// getTriggerLogs gives a page. A page begins with the entry start_id, and the
// first one with the newest.
func (u *unit) getTriggerLogs(params object) (json.RawMessage, int) {
	answer, ok := u.stored("get_trigger_logs")
	if !ok {
		return nil, u.unknown("get_trigger_logs")
	}
	size, start := logPage, 0
	for key, to := range map[string]*int{"page_size": &size, "start_id": &start} {
		if !params.has(key) {
			continue
		}
		n, ok := params.integer(key)
		if !ok || n < 0 {
			return nil, codeParams
		}
		*to = n
	}
	u.log.load(answer)
	list, first := []json.RawMessage{}, 0
	for _, entry := range u.log.entries {
		if u.e.d.quirks.EmptyLogs || len(list) >= min(size, logMost) || start > 0 && entry.id > start {
			continue
		}
		if first == 0 {
			first = entry.id
		}
		list = append(list, entry.raw)
	}
	answer["logs"] = rawArray(list)
	answer.put("start_id", first)
	answer.put("sum", len(u.log.entries)+u.log.older)
	if u.e.d.quirks.EmptyLogs {
		answer.put("sum", 0)
	}
	return answer.raw(), 0
}

// note writes an event into the log of a device that has one.
func (u *unit) note(event string, params object) {
	stored, ok := u.stored("get_trigger_logs")
	if !ok || !u.has("trigger_log") {
		return
	}
	l := &u.log
	l.load(stored)
	l.last++
	now := u.e.d.clock.time().Unix()
	entry := object{
		"id": marshal(l.last), "event": marshal(event), "timestamp": marshal(now),
		"eventId": marshal(eventID(u.info.text("device_id"), l.last, now)),
	}
	if params != nil {
		entry["params"] = params.raw()
	}
	l.entries = append([]logged{{l.last, entry.raw()}}, l.entries...)
	if len(l.entries) > logKept {
		l.entries = l.entries[:logKept]
	}
}

// forget is what a new pairing does: the ids begin anew.
func (l *triggerLog) forget() { *l = triggerLog{loaded: true} }

// eventID is a UUID that is the same in every run.
func eventID(device string, id int, at int64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "event/%s/%d/%d", device, id, at))
	sum[6], sum[8] = sum[6]&0x0f|0x40, sum[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
