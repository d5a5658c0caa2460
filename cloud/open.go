package cloud

import (
	"context"
	"encoding/json"
	"fmt"

	"wattle"
	"wattle/method"
	"wattle/session"
)

// Way is an open way to a device. Close ends it; the client stays open.
type Way struct {
	Caller method.Caller // reaches children too, see package device
	Family wattle.Family
	Path   Path
	Entry  *Entry
	Relay  *Relay
	// Session is beneath the Caller; nil for cameras.
	Session *session.Session
}

// Attested reports whether a call was seen to work on this way by others.
func (w *Way) Attested(c method.Call) bool { return attested(w.Path, c) }

// Close ends the way.
func (w *Way) Close() error {
	if w.Session == nil {
		return nil
	}
	return w.Session.Close()
}

// Open makes a caller for a device of the account. It does no I/O: errors are
// those of [Entry.Path]. o is for the session and may be nil.
func (c *Client) Open(e *Entry, o *session.Options) (*Way, error) {
	relay, err := c.Relay(e)
	if err != nil {
		return nil, err
	}
	w := &Way{Family: relay.path.Family, Path: relay.path, Entry: e, Relay: relay}
	if w.Family == wattle.SMARTCAM {
		w.Caller = camera{relay}
		return w, nil
	}
	var s session.Options
	if o != nil {
		s = *o
	}
	if s.Timeout == 0 {
		s.Timeout = 2 * relayTimeout // a token may have to be renewed on the way
	}
	w.Session = session.New(relay, w.Family, &s)
	if relay.path.Service == Things {
		w.Caller = &thing{Session: w.Session, client: c, entry: e}
	} else {
		w.Caller = kasa{w.Session}
	}
	return w, nil
}

// kasa is a session through a relay.
type kasa struct{ *session.Session }

// Source says by which way answers come.
func (kasa) Source() method.Source { return method.Cloud }

// camera calls methods of a camera in the form that was seen: each in a
// multipleRequest.
type camera struct{ relay *Relay }

// Source says by which way answers come.
func (camera) Source() method.Source { return method.Cloud }

// Do performs calls; see [method.Caller].
func (c camera) Do(ctx context.Context, calls ...method.Call) ([]method.Result, error) {
	if len(calls) == 0 {
		return nil, nil
	}
	type entry struct {
		Method string          `json:"method"`
		Params json.RawMessage `json:"params,omitempty"`
	}
	var request struct {
		Method string `json:"method"`
		Params struct {
			Requests []entry `json:"requests"`
		} `json:"params"`
	}
	request.Method = "multipleRequest"
	for _, call := range calls {
		request.Params.Requests = append(request.Params.Requests, entry{call.Method, call.Params})
	}
	raw, err := json.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("%w: parameters that are not JSON", wattle.ErrParam)
	}
	answer, err := c.relay.Exchange(ctx, raw)
	if err != nil {
		return nil, err
	}
	var got struct {
		Code   int `json:"error_code"`
		Result struct {
			Responses []struct {
				Method string          `json:"method"`
				Code   int             `json:"error_code"`
				Result json.RawMessage `json:"result"`
			} `json:"responses"`
		} `json:"result"`
	}
	if err := json.Unmarshal(answer, &got); err != nil {
		return nil, fmt.Errorf("%w: the camera's answer has another form than expected", wattle.ErrProtocol)
	}
	if got.Code != 0 {
		return nil, &wattle.DeviceError{Family: wattle.SMARTCAM, Method: request.Method, Code: got.Code}
	}
	results := make([]method.Result, len(calls))
	for i, call := range calls {
		if i >= len(got.Result.Responses) || got.Result.Responses[i].Method != call.Method {
			results[i].Err = fmt.Errorf("%s: %w: no answer to it", call.Method, wattle.ErrProtocol)
			continue
		}
		r := got.Result.Responses[i]
		results[i].Raw = r.Result
		if r.Code != 0 {
			results[i].Err = &wattle.DeviceError{Family: wattle.SMARTCAM, Method: call.Method, Code: r.Code}
		}
	}
	return results, nil
}
