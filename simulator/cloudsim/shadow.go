package cloudsim

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"wattle/internal/wire/cloudapi"
)

// firstVersion is that of a shadow that nobody wrote.
const firstVersion = 118

// shadow is what the service keeps of the state of a thing. See
// docs/protocol/cloud.md section 8.3.
type shadow struct {
	version int
	desired map[string]json.RawMessage
	seen    map[string]json.RawMessage // what was reported last
	shown   map[string]json.RawMessage // what is reported until late
	late    time.Time
}

// reportedKeys are members of the device's own state that are in its shadow; "on" is
// its device_on.
var reportedKeys = []string{
	"auto_off_remain_time", "power_protection_status", "auto_off_status", "charging_status", "overcurrent_status",
	"brightness", "hue", "saturation", "color_temp", "open", "detected", "current_temp", "current_humidity", "battery_percentage",
}

func (c *Cloud) reported(u *unit) map[string]json.RawMessage {
	o := c.info(u)
	state := map[string]json.RawMessage{}
	if o.has("device_on") {
		state["on"] = o["device_on"]
	}
	for _, key := range reportedKeys {
		if o.has(key) {
			state[key] = o[key]
		}
	}
	return state
}

// refresh brings a shadow up to what the device says. A change that came from
// elsewhere makes a new version.
func (c *Cloud) refreshLocked(u *unit, now time.Time) {
	state := c.reported(u)
	s := &u.shadow
	if s.seen != nil && !maps.EqualFunc(s.seen, state, func(a, b json.RawMessage) bool { return string(a) == string(b) }) {
		s.version++
	}
	s.seen = state
	if s.desired == nil {
		s.desired = map[string]json.RawMessage{}
		if on, ok := state["on"]; ok {
			s.desired["on"] = on
		}
	}
	if !now.Before(s.late) {
		s.shown = state
	}
}

// readShadows reads several things; the names are a parameter that is repeated, or
// one with commas.
func (c *Cloud) readShadows(q *call) reply {
	answer := cloudapi.Shadows{Shadows: []cloudapi.Shadow{}, Failed: []any{}}
	var names []string
	for _, value := range q.query["thingNames"] {
		names = append(names, strings.Split(value, ",")...)
	}
	if len(names) == 0 || len(names) > maxPage {
		return thingError(codeParameter)
	}
	now := c.now()
	for _, name := range names {
		q.device = name
		u := c.thing(q)
		if u == nil {
			answer.Failed = append(answer.Failed, map[string]any{"thingName": name, "code": http.StatusNotFound})
			continue
		}
		u.mu.Lock()
		c.refreshLocked(u, now)
		answer.Shadows = append(answer.Shadows, cloudapi.Shadow{
			ThingName: name, Version: cloudapi.Int(u.shadow.version),
			State: cloudapi.ShadowState{Desired: maps.Clone(u.shadow.desired), Reported: maps.Clone(u.shadow.shown)},
		})
		u.mu.Unlock()
	}
	return found(answer)
}

// writeShadow wishes for a state. The version must be the present one plus one.
func (c *Cloud) writeShadow(q *call) reply {
	u := c.thing(q)
	if u == nil {
		return notFound("thing")
	}
	var patch cloudapi.ShadowPatch
	if json.Unmarshal(q.body, &patch) != nil || !patch.Version.Known || len(patch.State.Desired) == 0 {
		return thingError(codeParameter)
	}
	now := c.now()
	u.mu.Lock()
	defer u.mu.Unlock()
	c.refreshLocked(u, now)
	s := &u.shadow
	if c.faults.Next(faultConflict) {
		s.version++
	}
	if patch.Version.Value != s.version+1 {
		return reply{status: http.StatusBadRequest, code: codeShadowVersion, body: map[string]any{
			"code": codeShadowVersion, "message": fmt.Sprintf("[%s] Update version is smaller than present version.", u.id),
			"data": cloudapi.Conflict{CurVersion: cloudapi.Int(s.version)},
		}}
	}
	s.version = patch.Version.Value
	maps.Copy(s.desired, patch.State.Desired)
	if d := c.faults.Duration(faultShadow); d > 0 {
		s.late = now.Add(d)
	}
	if c.linked(u) {
		c.carryOut(q, u, patch.State.Desired)
		s.seen = c.reported(u)
	}
	if !now.Before(s.late) {
		s.shown = s.seen
	}
	return found(cloudapi.Patched{Version: cloudapi.Int(s.version), RequestID: c.requestID()})
}

func (c *Cloud) requestID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.random(hexes, 16)
}

// carryOut brings the device to a wished state. Keys that its state does not have
// stay wishes.
func (c *Cloud) carryOut(q *call, u *unit, desired map[string]json.RawMessage) {
	o := c.info(u)
	params := map[string]json.RawMessage{}
	for key, value := range desired {
		if key == "on" {
			key = "device_on"
		}
		if o.has(key) {
			params[key] = value
		}
	}
	if len(params) == 0 {
		return
	}
	request := mustJSON(map[string]any{"method": "set_device_info", "params": params})
	if _, code := c.ask(q.request.Context(), u, request); code != 0 {
		c.log.DebugContext(q.request.Context(), "a wish was not carried out", "device", u.id, "code", code)
	}
}
