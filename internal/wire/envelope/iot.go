package envelope

import (
	"encoding/json"
	"fmt"

	"wattle"
)

// contextKey is the member of a request that names the outlets it is for.
const contextKey = "context"

// IOTCall is one method of one module, with its arguments; nil arguments are
// sent as {}.
type IOTCall struct {
	Module string // such as "system"
	Method string // such as "get_sysinfo"
	Args   json.RawMessage
}

// BuildIOT puts calls into one request, grouped by module in the order of the
// first call to each. A method cannot be there twice. children are the outlets
// that the request is for; none means the device itself. See
// docs/protocol/iot.md sections 1 and 1.3.
func BuildIOT(children []string, calls ...IOTCall) ([]byte, error) {
	type group struct {
		module  string
		methods []Member
	}
	groups := make([]group, 0, len(calls))
next:
	for _, c := range calls {
		if c.Module == "" || c.Method == "" || c.Module == contextKey {
			return nil, fmt.Errorf("%q.%q is not a module and method: %w", c.Module, c.Method, wattle.ErrParam)
		}
		args := c.Args
		if isNone(args) {
			args = json.RawMessage("{}")
		}
		for i := range groups {
			if groups[i].module != c.Module {
				continue
			}
			if get(groups[i].methods, c.Method) != nil {
				return nil, fmt.Errorf("%s.%s twice in one request: %w", c.Module, c.Method, wattle.ErrParam)
			}
			groups[i].methods = append(groups[i].methods, Member{c.Method, args})
			continue next
		}
		groups = append(groups, group{c.Module, []Member{{c.Method, args}}})
	}
	request := make([]byte, 0, 64)
	request = append(request, '{')
	if len(children) > 0 {
		request = append(request, `"context":{"child_ids":[`...)
		for i, id := range children {
			if i > 0 {
				request = append(request, ',')
			}
			request = appendText(request, id)
		}
		request = append(request, "]}"...)
	}
	for i, g := range groups {
		if i > 0 || len(children) > 0 {
			request = append(request, ',')
		}
		request = appendText(request, g.module)
		request = append(request, ':')
		var err error
		if request, err = AppendObject(request, g.methods); err != nil {
			return nil, fmt.Errorf("arguments of %s: %w", g.module, err)
		}
	}
	return append(request, '}'), nil
}

// IOTRequest is a request as a device reads it.
type IOTRequest struct {
	// Context is the value of "context" as it was sent, nil where there was none.
	Context json.RawMessage
	// ChildIDs are the texts of context.child_ids. It is nil when there is no
	// such list or when something else than text is in it; a list with nothing
	// in it is empty and not nil.
	ChildIDs []string
	// Modules are in the order of the request, each with its methods in order.
	Modules []IOTModule
}

// IOTModule is one module of a request.
type IOTModule struct {
	Name string
	// Value is the module's value where that is not an object; then there are
	// no Calls.
	Value json.RawMessage
	Calls []IOTCall
}

// ParseIOT reads a request and keeps its order. A second "context" is a module
// like any other, as devices take it.
func ParseIOT(request []byte) (*IOTRequest, error) {
	members, err := Members(request)
	if err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	r := &IOTRequest{}
	for _, m := range members {
		if m.Key == contextKey && r.Context == nil {
			r.Context = m.Value
			r.ChildIDs = childIDs(m.Value)
			continue
		}
		module := IOTModule{Name: m.Key}
		if methods, err := split(m.Value); err == nil {
			for _, c := range methods {
				module.Calls = append(module.Calls, IOTCall{m.Key, c.Key, c.Value})
			}
		} else {
			module.Value = m.Value
		}
		r.Modules = append(r.Modules, module)
	}
	return r, nil
}

func childIDs(context json.RawMessage) []string {
	members, err := split(context)
	if err != nil {
		return nil
	}
	raw := get(members, "child_ids")
	if !isArray(raw) {
		return nil
	}
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		return nil
	}
	ids := []string{}
	for _, item := range items {
		var id string
		if firstByte(item) != '"' || json.Unmarshal(item, &id) != nil {
			return nil
		}
		ids = append(ids, id)
	}
	return ids
}

// ChildID is the id of an outlet in its long form: some firmware gives only
// the two digits that follow the strip's own deviceId. See docs/protocol/iot.md
// section 1.3.
func ChildID(deviceID, id string) string {
	if len(id) == 2 {
		return deviceID + id
	}
	return id
}

// IOTResult is what a device answers to one method; an empty Method makes Value
// the value of the whole module, as with a module that it does not know.
type IOTResult struct {
	Module string
	Method string
	Value  json.RawMessage
}

// BuildIOTAnswer puts results into one answer, grouped by module in the order
// of the first result of each. A method that is there twice keeps its last value.
func BuildIOTAnswer(results ...IOTResult) ([]byte, error) {
	var modules []Member
	methods := make(map[string][]Member, len(results))
	for _, r := range results {
		if get(modules, r.Module) == nil {
			modules = append(modules, Member{r.Module, json.RawMessage("{}")})
		}
		if r.Method == "" {
			modules = set(modules, r.Module, r.Value)
			continue
		}
		methods[r.Module] = set(methods[r.Module], r.Method, r.Value)
	}
	for i, m := range modules {
		if list, ok := methods[m.Key]; ok {
			value, err := AppendObject(nil, list)
			if err != nil {
				return nil, fmt.Errorf("answer of %s: %w", m.Key, err)
			}
			modules[i].Value = value
		}
	}
	return AppendObject(nil, modules)
}

// IOTError is the value with which devices refuse a module or method.
func IOTError(code int, msg string) json.RawMessage {
	value := fmt.Appendf(nil, `{"err_code":%d`, code)
	if msg != "" {
		value = append(value, `,"err_msg":`...)
		value = appendText(value, msg)
	}
	return append(value, '}')
}

// IOTAnswer is an answer as a client reads it.
type IOTAnswer struct {
	modules map[string][]Member
	whole   map[string]json.RawMessage
	// Code and Msg are an err_code and err_msg beside the modules, 0 and "" where
	// there are none: some firmware puts the refusal of a module there.
	Code int
	Msg  string
}

// ParseIOTAnswer reads an answer. Members at the top that are not objects are
// ignored, see docs/protocol/iot.md section 1.1.
func ParseIOTAnswer(answer []byte) (*IOTAnswer, error) {
	members, err := Members(answer)
	if err != nil {
		return nil, fmt.Errorf("answer: %w", err)
	}
	a := &IOTAnswer{
		modules: make(map[string][]Member, len(members)),
		whole:   make(map[string]json.RawMessage, len(members)),
	}
	for _, m := range members {
		switch methods, err := split(m.Value); {
		case err == nil:
			a.modules[m.Key] = methods
			a.whole[m.Key] = m.Value
		case m.Key == "err_code":
			a.Code, _ = number(m.Value)
		case m.Key == "err_msg":
			a.Msg = text(m.Value)
		}
	}
	return a, nil
}

// Result finds what was answered to a method: its value, and the err_code of
// the method or else of its module. ok is false where the answer holds neither.
func (a *IOTAnswer) Result(module, method string) (value json.RawMessage, code int, msg string, ok bool) {
	methods, found := a.modules[module]
	if !found {
		return nil, 0, "", false
	}
	if value := get(methods, method); value != nil {
		fields, err := split(value)
		if err != nil {
			return value, 0, "", true
		}
		code, _ := number(get(fields, "err_code"))
		return value, code, text(get(fields, "err_msg")), true
	}
	if code, _ := number(get(methods, "err_code")); code != 0 {
		return a.whole[module], code, text(get(methods, "err_msg")), true
	}
	return nil, 0, "", false
}
