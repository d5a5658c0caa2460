package cloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"wattle"
	"wattle/internal/wire/envelope"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

// Warnings tell what is odd about a message that a person wants sent to a
// device: the language of another family, and parameters that nobody declared.
// It is empty for a good one. The error, of class [wattle.ErrParam], is for what
// the device could only answer with -1: a message that is no JSON, with the
// place, or a value of the wrong kind.
func Warnings(family wattle.Family, request []byte) ([]string, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(request, &members); err != nil {
		where := ""
		if at, ok := errors.AsType[*json.SyntaxError](err); ok {
			where = fmt.Sprintf(" at byte %d (...%s)", at.Offset, tail(request, at.Offset))
		}
		return nil, fmt.Errorf("%w: the message is not a JSON object%s: %w", wattle.ErrParam, where, err)
	}
	var verb string
	isSmart := json.Unmarshal(members["method"], &verb) == nil && verb != ""
	switch {
	case family == wattle.IOT && isSmart:
		return []string{fmt.Sprintf("this is the language of Tapo devices (%q), and the device speaks that of Kasa, such as {\"system\":{\"get_sysinfo\":{}}}", verb)}, nil
	case (family == wattle.SMART || family == wattle.SMARTCAM) && !isSmart:
		return []string{"this looks like the language of Kasa devices, and the device speaks that of Tapo, such as {\"method\":\"get_device_info\"}"}, nil
	case family == wattle.IOT:
		return checkIOT(request)
	case family == wattle.SMART:
		return checkSmart(verb, members["params"], 0)
	}
	return nil, nil
}

// tail is what stands before a place in a text.
func tail(b []byte, at int64) string {
	end := min(max(int(at), 0), len(b))
	return strings.ToValidUTF8(string(b[max(end-20, 0):end]), "?")
}

func checkIOT(request []byte) ([]string, error) {
	r, err := envelope.ParseIOT(request)
	if err != nil {
		return nil, fmt.Errorf("%w: the message is not one of modules and methods", wattle.ErrParam)
	}
	var warnings []string
	for _, module := range r.Modules {
		if len(module.Calls) == 0 && string(module.Value) != "" {
			return nil, fmt.Errorf("%w: the module %q is to be an object of methods", wattle.ErrParam, module.Name)
		}
		for _, c := range module.Calls {
			key := c.Module + "." + c.Method
			strange, err := method.Check(c.Args, iot.Known(key)...)
			if err != nil {
				return nil, err
			}
			warnings = append(warnings, undeclared(key, strange)...)
		}
	}
	return warnings, nil
}

// checkSmart looks at a call and those inside of it.
func checkSmart(verb string, params json.RawMessage, depth int) ([]string, error) {
	const deepest = 3 // a batch for a child in a batch
	var inside []struct {
		Method string          `json:"method"`
		Params json.RawMessage `json:"params"`
	}
	switch {
	case depth > deepest:
		return nil, nil
	case verb == envelope.MultipleRequest:
		var batch struct {
			Requests json.RawMessage `json:"requests"`
		}
		if json.Unmarshal(params, &batch) != nil || json.Unmarshal(batch.Requests, &inside) != nil {
			return nil, fmt.Errorf("%w: %s wants params.requests, a list of methods", wattle.ErrParam, verb)
		}
	case verb == "control_child":
		var child struct {
			Request json.RawMessage `json:"requestData"`
		}
		inside = append(inside, struct {
			Method string          `json:"method"`
			Params json.RawMessage `json:"params"`
		}{})
		if json.Unmarshal(params, &child) != nil || json.Unmarshal(child.Request, &inside[0]) != nil {
			return nil, fmt.Errorf("%w: %s wants params.requestData, a method", wattle.ErrParam, verb)
		}
	default:
		strange, err := method.Check(params, smart.Known(verb)...)
		return undeclared(verb, strange), err
	}
	var warnings []string
	for _, c := range inside {
		more, err := checkSmart(c.Method, c.Params, depth+1)
		if err != nil {
			return nil, err
		}
		warnings = append(warnings, more...)
	}
	return warnings, nil
}

func undeclared(key string, strange []string) []string {
	if len(strange) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s is not known to take %s", key, strings.Join(strange, ", "))}
}
