package simulator

import (
	"encoding/json"
	"slices"
	"strings"
)

// iotScope is what a request is about: outlets of a strip, or the device.
type iotScope struct {
	at    []*outlet
	named bool      // by a context
	fault *iotFault // of the context; methods that take no outlet ignore it
}

// context takes the "context" out of a request and finds the outlets that it
// names. All or none: with one unknown id none is acted on. See
// docs/protocol/iot.md section 1.3.
func (e *iot) context(request []member) (scope iotScope, modules []member) {
	scope.at = e.all()
	var context json.RawMessage
	for _, m := range request {
		// Devices without children ignore the first, and take a second one
		// for a module.
		if m.key == "context" && (e.kind == iotStrip || context == nil) {
			context = m.value
			continue
		}
		modules = append(modules, m)
	}
	if context == nil || e.kind != iotStrip {
		return scope, modules
	}
	o, ok := cut(context)
	switch {
	case !ok:
		scope.fault = &e.errors.argument
	case o.has("child_ids"):
		scope.at, scope.fault = e.outletsNamed(o["child_ids"])
		scope.named = true
	}
	return scope, modules
}

func (e *iot) outletsNamed(list json.RawMessage) ([]*outlet, *iotFault) {
	var ids []string
	if err := json.Unmarshal(list, &ids); err != nil || ids == nil {
		return nil, &e.errors.argument
	}
	at := make([]*outlet, 0, len(e.outlets))
	for _, id := range ids {
		found := e.outlet(id)
		if found == nil {
			return nil, &e.errors.entry
		}
		if !slices.Contains(at, found) {
			at = append(at, found)
		}
	}
	return at, nil
}

// outlet finds an outlet by its id, or by the last two digits of it.
func (e *iot) outlet(id string) *outlet {
	for _, o := range e.outlets {
		whole := o.entry.text("id")
		if id == whole || len(id) == 2 && strings.HasSuffix(whole, id) {
			return o
		}
	}
	return nil
}
