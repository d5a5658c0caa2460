package method

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"time"

	"wattle"
)

// None is the parameters of a method that takes none, and the answer of one
// that says nothing but "done".
type None struct{}

// Method is one request and answer of the device protocol: P is what the
// client sends, R what the device answers. It is a plain value, declared once
// as a package variable; see packages method/iot and method/smart.
type Method[P, R any] struct {
	Module string // IOT only, such as "system"
	Name   string // as on the wire
	// Params are what a query sends when nothing else is asked for, such as
	// {"start_index":0}; nil: none.
	Params json.RawMessage
	Effect Effect
}

// Key is the key of the method's answer in a [Snapshot], see [Call.Key].
func (m Method[P, R]) Key() string { return Call{Module: m.Module, Method: m.Name}.Key() }

// Revealing are parameters with secrets in them: they are encoded for the
// device by RevealJSON, and print, log and marshal without their secrets
// everywhere else.
type Revealing interface {
	RevealJSON() ([]byte, error)
}

func encode(p any) ([]byte, error) {
	if r, ok := p.(Revealing); ok {
		return r.RevealJSON()
	}
	return json.Marshal(p)
}

// With binds parameters to the method. It fails only where p cannot be
// written as JSON.
func (m Method[P, R]) With(p P) (Call, error) {
	call := m.Call()
	if _, none := any(p).(None); none {
		return call, nil
	}
	b, err := encode(p)
	if err != nil {
		return Call{}, fmt.Errorf("%s: %w", m.Key(), err)
	}
	call.Params = b
	return call, nil
}

// Call is the method with its default parameters.
func (m Method[P, R]) Call() Call {
	return Call{Module: m.Module, Method: m.Name, Params: m.Params, Effect: m.Effect}
}

// Decode reads an answer of the method. Where single fields have an unexpected
// type the rest is still given, together with an error.
func (m Method[P, R]) Decode(raw json.RawMessage) (*R, error) {
	r := new(R)
	if len(raw) == 0 || string(raw) == "null" {
		return r, nil
	}
	err := decode(raw, r)
	var field *json.UnmarshalTypeError
	switch {
	case err == nil:
		return r, nil
	case errors.As(err, &field) && field.Field != "":
		return r, fmt.Errorf("%s: field %s: %w: %w", m.Key(), field.Field, wattle.ErrProtocol, err)
	}
	return nil, fmt.Errorf("%s: %w: %w", m.Key(), wattle.ErrProtocol, err)
}

// decode is json.Unmarshal, which would go over an answer with an UnmarshalJSON
// of its own twice before it calls it. Those of answers begin with a
// json.Unmarshal themselves, and so take any bytes.
func decode(raw json.RawMessage, r any) error {
	if u, ok := r.(json.Unmarshaler); ok {
		if _, whole := r.(*json.RawMessage); !whole {
			return u.UnmarshalJSON(raw)
		}
	}
	return json.Unmarshal(raw, r)
}

// Query is the method as something to poll, with its default parameters.
func (m Method[P, R]) Query(pace Pace) Query {
	key := m.Key()
	return Query{
		Call:   m.Call(),
		Pace:   pace,
		key:    key,
		number: numberOf(key),
		decode: func(raw json.RawMessage) (any, error) {
			r, err := m.Decode(raw)
			if r == nil { // keep a nil *R out of the interface
				return nil, err
			}
			return r, err
		},
	}
}

// QueryAt is a query whose parameters depend on the device's date, such as the
// month of statistics. The function gets the device's own local time as far as
// it is known, else the local time of the host; it does no I/O.
func (m Method[P, R]) QueryAt(pace Pace, params func(local time.Time) P) Query {
	q := m.Query(pace)
	q.at = func(local time.Time) (Call, error) { return m.With(params(local)) }
	if !reflect.TypeFor[P]().Comparable() {
		return q
	}
	type bound struct {
		params P
		call   Call
	}
	var newest atomic.Pointer[bound] // the month changes rarely, and is asked for often
	q.at = func(local time.Time) (Call, error) {
		p := params(local)
		if b := newest.Load(); b != nil && any(b.params) == any(p) {
			return b.call, nil
		}
		call, err := m.With(p)
		if err == nil {
			newest.Store(&bound{p, call})
		}
		return call, err
	}
	return q
}

// Answer is what s holds of the method, nil where it was not asked. It belongs
// to the snapshot: do not change it.
func (m Method[P, R]) Answer(s *Snapshot) *Answer { return s.find(m.Module, m.Name) }

// Result is the method's answer in s, or nil where it was not asked, failed,
// or is not supported.
func (m Method[P, R]) Result(s *Snapshot) *R {
	if a := s.find(m.Module, m.Name); a != nil {
		r, _ := a.Value.(*R)
		return r
	}
	return nil
}
