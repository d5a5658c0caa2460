package envelope

import (
	"encoding/json"
	"fmt"
	"strconv"

	"wattle"
)

// The methods that are part of the envelope.
const (
	MultipleRequest = "multipleRequest"
	ControlChild    = "control_child"
)

// Call is one SMART method. Params that carry nothing (nil, null or {}) are
// left out of the request, since some devices refuse null. See
// docs/protocol/smart.md section 1.
type Call struct {
	Method string
	Params json.RawMessage
}

// Header is what stands beside a method in a request; zero values are left out.
type Header struct {
	TimeMilis  int64  // milliseconds since 1970, sent as "request_time_milis"
	TerminalID string // sent as "terminal_uuid"
	// BothNames sends the terminal id as "terminalUUID" too, the name that the
	// phone app uses, for devices that answered -1012 to the other.
	BothNames bool
}

// Build makes the request for one call.
func Build(call Call, h Header) ([]byte, error) {
	request, err := appendCall(make([]byte, 0, 96+len(call.Params)), call)
	if err != nil {
		return nil, err
	}
	request = request[:len(request)-1] // the closing brace
	if h.TimeMilis != 0 {
		request = append(request, `,"request_time_milis":`...)
		request = strconv.AppendInt(request, h.TimeMilis, 10)
	}
	if h.TerminalID != "" {
		request = append(request, `,"terminal_uuid":`...)
		request = appendText(request, h.TerminalID)
		if h.BothNames {
			request = append(request, `,"terminalUUID":`...)
			request = appendText(request, h.TerminalID)
		}
	}
	return append(request, '}'), nil
}

func appendCall(dst []byte, call Call) ([]byte, error) {
	if call.Method == "" {
		return nil, fmt.Errorf("a call without method: %w", wattle.ErrParam)
	}
	dst = append(dst, `{"method":`...)
	dst = appendText(dst, call.Method)
	if !isNone(call.Params) {
		dst = append(dst, `,"params":`...)
		var err error
		if dst, err = appendValue(dst, call.Params); err != nil {
			return nil, fmt.Errorf("params of %s: %w", call.Method, err)
		}
	}
	return append(dst, '}'), nil
}

// Multiple puts several calls into one multipleRequest. A method can be there
// only once, because answers are matched by name. See docs/protocol/smart.md
// section 1.2.
func Multiple(calls ...Call) (Call, error) {
	params := []byte(`{"requests":[`)
	for i, c := range calls {
		for _, earlier := range calls[:i] {
			if earlier.Method == c.Method {
				return Call{}, fmt.Errorf("%s twice in one multipleRequest: %w", c.Method, wattle.ErrParam)
			}
		}
		if i > 0 {
			params = append(params, ',')
		}
		var err error
		if params, err = appendCall(params, c); err != nil {
			return Call{}, err
		}
	}
	return Call{MultipleRequest, append(params, "]}"...)}, nil
}

// ForChild wraps a call, which may be a [Multiple], for the child of a strip or
// hub. See docs/protocol/smart.md section 1.4.
func ForChild(id string, call Call) (Call, error) {
	params := []byte(`{"device_id":`)
	params = appendText(params, id)
	params = append(params, `,"requestData":`...)
	params, err := appendCall(params, call)
	if err != nil {
		return Call{}, err
	}
	return Call{ControlChild, append(params, '}')}, nil
}

// Request is a request as a device reads it.
type Request struct {
	Call
	TimeMilis  int64
	TerminalID string // under either of its names
	// HasParams tells {"params":null} from a request without params.
	HasParams bool
}

// ParseRequest reads a request.
func ParseRequest(request []byte) (*Request, error) {
	members, err := Members(request)
	if err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	call, err := parseCall(members)
	if err != nil {
		return nil, err
	}
	r := &Request{Call: call, HasParams: call.Params != nil}
	for _, key := range []string{"request_time_milis", "requestTimeMilis", "requestTimeMils"} {
		if n, ok := number(get(members, key)); ok {
			r.TimeMilis = int64(n)
			break
		}
	}
	for _, key := range []string{"terminal_uuid", "terminalUUID"} {
		if id := text(get(members, key)); id != "" {
			r.TerminalID = id
			break
		}
	}
	return r, nil
}

func parseCall(members []Member) (Call, error) {
	method := text(get(members, "method"))
	if method == "" {
		return Call{}, fmt.Errorf("a request without method: %w", wattle.ErrProtocol)
	}
	return Call{method, get(members, "params")}, nil
}

// Requests gives the calls of a multipleRequest, in order.
func (c Call) Requests() ([]Call, error) {
	members, err := Members(c.Params)
	if err != nil {
		return nil, fmt.Errorf("params of %s: %w", c.Method, err)
	}
	items, err := list(get(members, "requests"))
	if err != nil {
		return nil, fmt.Errorf("requests of %s: %w", c.Method, err)
	}
	calls := make([]Call, 0, len(items))
	for _, item := range items {
		members, err := split(item)
		if err != nil {
			return nil, fmt.Errorf("entry of %s: %w", c.Method, err)
		}
		call, err := parseCall(members)
		if err != nil {
			return nil, err
		}
		calls = append(calls, call)
	}
	return calls, nil
}

// Child gives the child's id and the inner call of a control_child.
func (c Call) Child() (id string, inner Call, err error) {
	members, err := Members(c.Params)
	if err != nil {
		return "", Call{}, fmt.Errorf("params of %s: %w", c.Method, err)
	}
	id = text(get(members, "device_id"))
	if id == "" {
		return "", Call{}, fmt.Errorf("%s without device_id: %w", c.Method, wattle.ErrProtocol)
	}
	data, err := split(get(members, "requestData"))
	if err != nil {
		return id, Call{}, fmt.Errorf("requestData of %s: %w", c.Method, err)
	}
	inner, err = parseCall(data)
	return id, inner, err
}

func list(raw json.RawMessage) ([]json.RawMessage, error) {
	if !isArray(raw) {
		return nil, fmt.Errorf("want a list, got %s: %w", excerpt(raw), wattle.ErrProtocol)
	}
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return nil, fmt.Errorf("%w: %w", wattle.ErrProtocol, err)
	}
	return items, nil
}
