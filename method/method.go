// Package method declares calls on devices: what is asked, what comes back,
// and who can carry it out. It does no I/O.
//
// The second seam of wattle is here: a [Caller] performs calls on one device.
// A local session, a child behind its hub, a cloud relay and a replayed
// capture are all Callers, and nothing above knows which one it holds.
package method

import (
	"context"
	"encoding/json"
)

// Effect says what it means to send a call twice, for the case that the
// answer to the first got lost. See docs/protocol/transports.md section 0.3.
type Effect uint8

// The effects.
const (
	Read     Effect = 0 // changes nothing
	Absolute Effect = 1 // sets a state; twice is the same as once
	Once     Effect = 2 // must not be repeated: toggle, play, add rule, reboot
)

// Call is one request ready to be sent.
type Call struct {
	Module string          // IOT only, such as "system"; "" elsewhere
	Method string          // wire name, such as "get_device_info"
	Params json.RawMessage // nil: none
	Effect Effect
}

// Key names what is called, without its parameters: "emeter.get_realtime" or
// "get_device_info".
func (c Call) Key() string {
	if c.Module == "" {
		return c.Method
	}
	return c.Module + "." + c.Method
}

// Result is the answer to one call.
type Result struct {
	// Raw is what the device answered: the method's object for IOT (with its
	// err_code), "result" for SMART; nil when there is none.
	Raw json.RawMessage
	// Err is why this call failed: a *wattle.DeviceError for a refusal.
	Err error
	// Source says by which way the answer came; "" is the way of the Caller.
	Source Source
}

// Caller performs calls on one device. Do gives one Result for each call, in
// the order of the calls; a refusal of one does not hide the others. It
// returns an error, and no results, when nothing was exchanged at all. It may
// be called from several goroutines, and gives up when ctx ends.
type Caller interface {
	Do(ctx context.Context, calls ...Call) ([]Result, error)
}
