package hubapi

import (
	"encoding/json"
	"fmt"

	"wattle"
	"wattle/method"
)

// Call is a method call on a device, past the features.
type Call struct {
	Module string          `json:"module,omitempty" doc:"Of a Kasa device, such as system" maxLength:"128"`
	Method string          `json:"method" doc:"The wire name" example:"get_device_info" minLength:"1" maxLength:"128"`
	Params json.RawMessage `json:"params,omitempty" doc:"As on the wire"`
	Effect string          `json:"effect,omitempty" enum:"read,absolute,once" doc:"What sending it twice would mean; once where it is not said"`
}

// CallsRequest is the body of POST /devices/{id}/calls.
type CallsRequest struct {
	Calls []Call `json:"calls" minItems:"1" maxItems:"64"`
}

// CallsAnswer is its answer: one result for each call, in their order.
type CallsAnswer struct {
	Results []CallResult `json:"results"`
}

// CallResult is the answer to one call.
type CallResult struct {
	Raw    json.RawMessage `json:"raw,omitempty" doc:"As the device answered"`
	Source string          `json:"source,omitempty" doc:"local or cloud"`
	Error  *Problem        `json:"error,omitempty"`
}

// effects are the words of the effects of calls.
var effects = []struct {
	effect method.Effect
	word   string
}{{method.Read, "read"}, {method.Absolute, "absolute"}, {method.Once, "once"}}

// CallOf is a call as it goes over the wire.
func CallOf(c method.Call) Call {
	out := Call{Module: c.Module, Method: c.Method, Params: c.Params}
	for _, e := range effects {
		if e.effect == c.Effect {
			out.Effect = e.word
		}
	}
	return out
}

// Call is the call that came over the wire; one that does not tell its effect is
// not repeated. The error wraps [wattle.ErrParam].
func (c Call) Call() (method.Call, error) {
	out := method.Call{Module: c.Module, Method: c.Method, Params: c.Params, Effect: method.Once}
	if string(c.Params) == "null" {
		out.Params = nil
	}
	if c.Method == "" {
		return out, fmt.Errorf("%w: a call needs a method", wattle.ErrParam)
	}
	for _, e := range effects {
		if e.word == c.Effect {
			out.Effect = e.effect
			return out, nil
		}
	}
	if c.Effect != "" {
		return out, fmt.Errorf("%w: effect %q: want read, absolute or once", wattle.ErrParam, c.Effect)
	}
	return out, nil
}

// ResultOf is a result as it goes over the wire.
func ResultOf(r method.Result) CallResult {
	out := CallResult{Raw: r.Raw, Source: string(r.Source), Error: ProblemOf(r.Err)}
	if !json.Valid(out.Raw) {
		out.Raw = nil
	}
	return out
}

// Result is the result that came over the wire.
func (r CallResult) Result() method.Result {
	out := method.Result{Raw: r.Raw, Source: method.Source(r.Source)}
	if r.Error != nil {
		out.Err = r.Error
	}
	return out
}
