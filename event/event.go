// Package event follows the trigger logs of buttons and sensors, so that no
// event is lost and none is told twice, also over restarts of the program that
// follows. It is pure: [Round] says which page to ask for next, and whoever
// does the asking keeps the [Position]. See docs/protocol/smart.md section 12.
//
//	round := event.NewRound(position)
//	for query, more := round.Next(); more; query, more = round.Next() {
//		round.Add(ask(query))
//	}
//	batch := round.Finish()
//	for _, e := range batch.Events {
//		handle(e)
//		position = position.Told(e) // persist it
//	}
package event

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
	"unicode"

	"wattle/method/smart"
)

// Kind says what happened. Kinds are printed; one that we do not know is the
// device's own word in snake_case.
type Kind string

// The kinds.
const (
	Click       Kind = "click"        // a button was pressed
	DoubleClick Kind = "double_click" // twice, quickly
	Rotation    Kind = "rotation"     // a dial was turned, see Event.Degrees
	Open        Kind = "open"         // a door or window
	Close       Kind = "close"
	KeepOpen    Kind = "keep_open" // it stays open
	Motion      Kind = "motion"
	Leak        Kind = "leak" // water
	Dry         Kind = "dry"  // water is gone
	TooHot      Kind = "too_hot"
	TooCold     Kind = "too_cold"
	TooHumid    Kind = "too_humid"
	TooDry      Kind = "too_dry"
	// Gap tells that the log does not reach back to the last event that was
	// told: others may have happened between. It has no ID.
	Gap Kind = "gap"
)

var kinds = map[string]Kind{
	"singleClick": Click, "doubleClick": DoubleClick, "rotation": Rotation,
	"open": Open, "close": Close, "keepOpen": KeepOpen, "motion": Motion,
	"waterLeak": Leak, "waterDry": Dry,
}

// KindOf is the kind of an event in the device's words.
func KindOf(name string) Kind {
	if k, ok := kinds[name]; ok {
		return k
	}
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return Kind(b.String())
}

// Event is one entry of a log.
type Event struct {
	ID     int       `json:"id"`                 // grows, not always by 1
	Unique string    `json:"event_id,omitempty"` // the device's UUID of it
	Name   string    `json:"event"`              // in the device's words: singleClick
	Kind   Kind      `json:"kind"`
	Time   time.Time `json:"time"` // by the device's clock, to the second; zero where it does not say
	// Degrees is how far a dial was turned, clockwise above 0; nil elsewhere.
	Degrees *float64 `json:"degrees,omitempty"`
	// On is what a switch with a button was switched to; nil elsewhere.
	On *bool `json:"on,omitempty"`
	// Params are all that the device says besides.
	Params map[string]json.RawMessage `json:"params,omitempty"`
}

// read gives the event of an entry; ok is false for one without an id, which
// cannot be followed.
func read(t *smart.Trigger) (e Event, ok bool) {
	id, ok := t.ID.Get()
	if !ok || id <= 0 {
		return e, false
	}
	e = Event{ID: id, Unique: t.Unique.Or(""), Name: t.Event.Or(""), Params: t.Params}
	e.Kind = KindOf(e.Name)
	if at, ok := t.Time.Get(); ok && at > 0 {
		e.Time = time.Unix(int64(at), 0).UTC()
	}
	if degrees, ok := value[float64](t.Params["rotate_deg"]); ok {
		e.Degrees = &degrees
	}
	if on, ok := value[bool](t.Params["on_off"]); ok {
		e.On = &on
	} else if n, ok := value[int](t.Params["on_off"]); ok && (n == 0 || n == 1) {
		on = n == 1
		e.On = &on
	}
	return e, true
}

func value[T any](raw json.RawMessage) (v T, ok bool) {
	ok = len(raw) > 0 && !bytes.Equal(raw, []byte("null")) && json.Unmarshal(raw, &v) == nil
	return v, ok
}

// Read gives the events of one page, in its order.
func Read(l *smart.TriggerLogs) []Event {
	var out []Event
	for i := range l.Logs {
		if e, ok := read(&l.Logs[i]); ok {
			out = append(out, e)
		}
	}
	return out
}
