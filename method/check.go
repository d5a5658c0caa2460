package method

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"wattle"
)

// Declared is a declared method of any type: what can be said of a call that a
// person puts together.
type Declared interface {
	Call() Call
	field(name string, value json.RawMessage) fit
}

// fit is how a parameter suits a method.
type fit int

const (
	unknown fit = iota
	wrongKind
	fits
)

// Check holds the parameters of a call against the declarations of its method,
// of which there can be several with parameters of their own. The error, of
// class [wattle.ErrParam], is for a value of the wrong kind, which devices answer
// with -1 or -3 or a crash. Names that nobody declared may still be good; they
// are given back, sorted.
func Check(params json.RawMessage, methods ...Declared) (strange []string, err error) {
	if len(params) == 0 || string(params) == "null" || len(methods) == 0 {
		return nil, nil
	}
	key := methods[0].Call().Key()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(params, &members); err != nil {
		return nil, fmt.Errorf("%s: %w: its parameters are to be a JSON object", key, wattle.ErrParam)
	}
	for name, value := range members {
		best := unknown
		for _, m := range methods {
			best = max(best, m.field(name, value))
		}
		switch best {
		case unknown:
			strange = append(strange, name)
		case wrongKind:
			return nil, fmt.Errorf("%s: %w: %q cannot be %s", key, wattle.ErrParam, name, clip(value))
		}
	}
	slices.Sort(strange)
	return strange, nil
}

func clip(value []byte) string {
	const most = 40
	if len(value) > most {
		return strings.ToValidUTF8(string(value[:most]), "?") + "..."
	}
	return string(value)
}

// field tells how a parameter suits the method. Parameters that are no struct,
// or that are read in a way of their own, take any name.
func (m Method[P, R]) field(name string, value json.RawMessage) fit {
	object, err := json.Marshal(map[string]json.RawMessage{name: value})
	if err != nil {
		return wrongKind
	}
	p := new(P)
	_, own := any(p).(json.Unmarshaler)
	at := reflect.ValueOf(p).Elem()
	if own || at.Kind() != reflect.Struct {
		if json.Unmarshal(object, p) != nil {
			return wrongKind
		}
		return fits
	}
	index := memberOf(at.Type(), name)
	if index == nil {
		return unknown
	}
	in, err := at.FieldByIndexErr(index)
	switch {
	case err != nil: // in a struct that is not there
		return fits
	case json.Unmarshal(object, p) != nil:
		return written(in, value)
	}
	// Opt takes any value, and is unknown after one of another kind.
	if o, ok := reflect.TypeAssert[interface{ Known() bool }](in); ok && !o.Known() && string(value) != "null" {
		return wrongKind
	}
	return fits
}

// written judges a parameter that is only ever written, such as a bool that
// devices want as 0 or 1, by what it looks like when it is.
func written(v reflect.Value, value []byte) fit {
	m, writes := reflect.TypeAssert[json.Marshaler](v)
	_, reads := reflect.TypeAssert[json.Unmarshaler](v.Addr())
	if !writes || reads {
		return wrongKind
	}
	if like, err := m.MarshalJSON(); err == nil && kindOf(like) == kindOf(value) {
		return fits
	}
	return wrongKind
}

// kindOf tells values of JSON apart by how they begin.
func kindOf(value []byte) byte {
	switch c := value[0]; {
	case c == '-' || c >= '0' && c <= '9':
		return '0'
	case c == 't' || c == 'f':
		return 't'
	default:
		return c
	}
}

// memberOf finds the field of a struct that has a name in JSON.
func memberOf(t reflect.Type, name string) []int {
	for _, f := range reflect.VisibleFields(t) {
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && !f.Anonymous && (tag == name || tag == "" && f.Name == name) {
			return f.Index
		}
	}
	return nil
}
