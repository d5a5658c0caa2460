package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"wattle"
	"wattle/internal/wire/cloudapi"
	"wattle/method"
	"wattle/session"
)

// How long a thing may take to report what was wished. See
// docs/protocol/cloud.md section 8.3.
const (
	reportFirst = 250 * time.Millisecond
	reportMost  = 2 * time.Second
	reportLimit = 10 * time.Second

	conflictsMost = 2
)

// thing calls methods of a Tapo device: switching goes by its shadow, the rest
// to the device itself.
type thing struct {
	*session.Session
	client *Client
	entry  *Entry
}

// Source says by which way answers come.
func (*thing) Source() method.Source { return method.Cloud }

// Do performs calls; see [method.Caller].
func (t *thing) Do(ctx context.Context, calls ...method.Call) ([]method.Result, error) {
	results := make([]method.Result, len(calls))
	var rest []method.Call
	var places []int
	for i, call := range calls {
		on, ok := switchOnly(call)
		if !ok {
			rest, places = append(rest, call), append(places, i)
			continue
		}
		if err := t.turn(ctx, on); err != nil {
			if len(calls) == 1 || ctx.Err() != nil {
				return nil, err
			}
			results[i].Err = err
			continue
		}
		results[i].Raw = json.RawMessage("{}")
	}
	if len(rest) == 0 {
		return results, nil
	}
	got, err := t.Session.Do(ctx, rest...)
	if err != nil {
		if got = t.listed(ctx, rest, err); got == nil {
			return nil, err
		}
	}
	for i, place := range places {
		results[place] = got[i]
	}
	return results, nil
}

// switchOnly reports whether a call does nothing but switch the device.
func switchOnly(c method.Call) (on, ok bool) {
	if c.Method != "set_device_info" {
		return false, false
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(c.Params, &members) != nil || len(members) != 1 || members["device_on"] == nil {
		return false, false
	}
	err := json.Unmarshal(members["device_on"], &on)
	return on, err == nil
}

// turn switches by the shadow and waits until the device reports it.
func (t *thing) turn(ctx context.Context, on bool) error {
	value := json.RawMessage("false")
	if on {
		value = json.RawMessage("true")
	}
	return t.client.SetShadow(ctx, t.entry, map[string]json.RawMessage{"on": value})
}

// SetShadow wishes a state of a thing and waits, up to 10 s, until the thing
// reports it. Attested is the key "on" alone. A wish twice is the same as once.
// Errors: [wattle.ErrBusy] where others change it all the time,
// [wattle.ErrUnreachable] where the thing does not report it.
func (c *Client) SetShadow(ctx context.Context, e *Entry, desired map[string]json.RawMessage) error {
	if e.Thing == nil {
		return unsupported(e, errNoThing.Error())
	}
	shadow, err := c.shadow(ctx, e)
	if err != nil {
		return err
	}
	version := shadow.Version.Value
	for conflicts := 0; ; conflicts++ {
		patch := cloudapi.ShadowPatch{Version: cloudapi.Int(version + 1), State: cloudapi.ShadowState{Desired: desired}}
		answer, err := c.things(ctx, e.thingsBase(), http.MethodPatch, cloudapi.TargetShadow(e.ID), patch, "shadow")
		if err == nil {
			break
		}
		if answer == nil || answer.Code != cloudapi.CodeConflict || conflicts == conflictsMost {
			return err
		}
		current := cloudapi.CurVersion(answer)
		if !current.Known {
			return err
		}
		version = current.Value
	}
	return c.reported(ctx, e, desired)
}

// shadow reads the shadow of one thing.
func (c *Client) shadow(ctx context.Context, e *Entry) (*Shadow, error) {
	list, err := c.shadows(ctx, e.thingsBase(), e.ID)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].ThingName == e.ID {
			return &list[i], nil
		}
	}
	return nil, fmt.Errorf("%s: %w: the things service does not know its state", e.label(), wattle.ErrUnreachable)
}

// reported waits until a thing reports what was wished.
func (c *Client) reported(ctx context.Context, e *Entry, desired map[string]json.RawMessage) error {
	limit, cancel := context.WithTimeout(ctx, reportLimit)
	defer cancel()
	for pause := reportFirst; ; pause = min(2*pause, reportMost) {
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-limit.Done():
			timer.Stop()
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return &classed{
				fmt.Sprintf("%s: the cloud took the wish, and the device has not reported it within %v", e.label(), reportLimit),
				nil, wattle.ErrUnreachable, "it may follow later; look whether the device is on line",
			}
		}
		shadow, err := c.shadow(limit, e)
		switch {
		case err != nil && limit.Err() == nil:
			return err
		case err == nil && agrees(shadow.State.Reported, desired):
			return nil
		}
	}
}

// agrees reports whether a state has all that was wished.
func agrees(reported, desired map[string]json.RawMessage) bool {
	for key, want := range desired {
		if string(reported[key]) != string(want) {
			return false
		}
	}
	return true
}

// listed answers who the device is, and whether it is on, from the list and the
// shadow, where the service carries no calls to it; nil where that is no help.
func (t *thing) listed(ctx context.Context, calls []method.Call, why error) []method.Result {
	refusal, refused := errors.AsType[*wattle.CloudError](why)
	if !refused || errors.Is(why, wattle.ErrUnreachable) && refusal.Status == 0 || errors.Is(why, wattle.ErrLockout) || errors.Is(why, wattle.ErrAuth) {
		return nil
	}
	results := make([]method.Result, len(calls))
	helped := false
	for i, call := range calls {
		switch call.Method {
		case "get_device_info":
			results[i].Raw, results[i].Err = t.info(ctx)
		case "component_nego":
			results[i].Raw = json.RawMessage(`{"component_list":[]}`) // it does not tell
		default:
			results[i].Err = why
			continue
		}
		helped = helped || results[i].Err == nil
	}
	if !helped {
		return nil
	}
	return results
}

// info is get_device_info as far as the things service tells it.
func (t *thing) info(ctx context.Context) (json.RawMessage, error) {
	shadow, err := t.client.shadow(ctx, t.entry)
	if err != nil {
		return nil, err
	}
	of := t.entry.Thing
	info := map[string]any{
		"device_id": of.Name, "type": of.DeviceType, "model": of.Model, "mac": t.entry.MAC, "nickname": of.Nickname,
		"hw_ver": of.HwVer, "fw_ver": of.FwVer, "hw_id": of.HwID, "fw_id": of.FwID, "oem_id": of.OemID, "region": of.Region,
	}
	if on := shadow.State.Reported["on"]; on != nil {
		info["device_on"] = on
	}
	return cloudapi.Marshal(info)
}
