package feature

import (
	"fmt"
	"time"

	"wattle"
	"wattle/method"
)

// Row is how a feature that reads from one answer is written down: typed, and
// free of I/O. At most one of Set and Update is given; with neither the
// feature can be read only.
type Row[R any, T Scalar] struct {
	Meta
	// When says which devices may have the feature, by components and type;
	// nil: all of the family.
	When func(*View) bool
	// Has says whether this answer has the feature; nil: any answer has.
	Has func(*R) bool
	// Get reads the value; false means that the device did not say.
	Get func(*R) (T, bool)
	// Set needs nothing but the new value.
	Set func(*View, T) (method.Call, error)
	// Update sends back a changed copy of the answer.
	Update func(R, T) (method.Call, error)
	// Limits and Options narrow the range and the choices to this device's.
	Limits  func(*R) (lo, hi float64, ok bool)
	Options func(*R) []string
	// UnitOf gives the unit where the device chooses it.
	UnitOf func(*R) (Unit, bool)
}

// From ties a row to the method that it reads from, polled at a pace.
func From[P, R any, T Scalar](family wattle.Family, m method.Method[P, R], pace method.Pace, row Row[R, T]) Feature {
	q := m.Query(pace)
	d := Derived[T]{
		Meta:    row.Meta,
		When:    row.When,
		Queries: []method.Query{q},
		Has: func(v *View) bool {
			r := m.Result(v.Snapshot)
			return r != nil && (row.Has == nil || row.Has(r))
		},
		Get: func(v *View) (t T, ok bool) {
			if r := m.Result(v.Snapshot); r != nil {
				return row.Get(r)
			}
			return t, false
		},
	}
	switch {
	case row.Set != nil:
		d.Set = func(v *View, t T) ([]method.Call, error) { return one(row.Set(v, t)) }
	case row.Update != nil:
		d.Set = func(v *View, t T) ([]method.Call, error) {
			r := m.Result(v.Snapshot)
			if r == nil {
				return nil, ErrNotPolled
			}
			return one(row.Update(*r, t))
		}
	}
	if row.Limits != nil {
		d.Limits = func(v *View) (lo, hi float64, ok bool) {
			if r := m.Result(v.Snapshot); r != nil {
				return row.Limits(r)
			}
			return 0, 0, false
		}
	}
	if row.Options != nil {
		d.Options = func(v *View) []string {
			if r := m.Result(v.Snapshot); r != nil {
				return row.Options(r)
			}
			return nil
		}
	}
	if row.UnitOf != nil {
		d.UnitOf = func(v *View) (u Unit, ok bool) {
			if r := m.Result(v.Snapshot); r != nil {
				return row.UnitOf(r)
			}
			return u, false
		}
	}
	d.Whole = row.Update != nil
	f := Derive(family, d)
	f.take = func(f *Feature, v *View, r *Reading) bool { return row.take(f, q.Answer(v.Snapshot), r) }
	return f
}

// take reads the row from its answer, which may be nil. It reports whether the
// answer has the feature. A reading of the same answer stays as it is: nothing
// else has a part in it.
func (row *Row[R, T]) take(f *Feature, a *method.Answer, r *Reading) bool {
	if a == nil {
		return false
	}
	if before := r.answer; r.of == f && before != nil && before.Value == a.Value && a.Err == nil && before.Err == nil {
		r.answer, r.Time, r.Source = a, a.Time, a.Source
		return true
	}
	answer, _ := a.Value.(*R)
	if answer == nil || row.Has != nil && !row.Has(answer) {
		return false
	}
	f.prepare(r)
	r.answer, r.Time, r.Err, r.Source = a, a.Time, a.Err, a.Source
	if t, ok := row.Get(answer); ok {
		r.Value = ValueOf(t)
	}
	if !f.narrows() {
		return true
	}
	m := f.Meta
	if row.Limits != nil {
		if lo, hi, ok := row.Limits(answer); ok {
			m.Min, m.Max = lo, hi
		}
	}
	if row.Options != nil {
		m.Choices = row.Options(answer)
	}
	if row.UnitOf != nil {
		if u, ok := row.UnitOf(answer); ok {
			m.Unit = u
		}
	}
	r.Meta = f.shared(&m, r.Meta)
	return true
}

func one(c method.Call, err error) ([]method.Call, error) {
	if err != nil {
		return nil, err
	}
	return []method.Call{c}, nil
}

// Derived is a row that reads from more than one answer, or from the device's
// parent, children or previous values.
type Derived[T Scalar] struct {
	Meta
	When func(*View) bool
	// Queries are what has to be polled for it.
	Queries []method.Query
	// Has says whether the answers have the feature; nil: they have.
	Has     func(*View) bool
	Get     func(*View) (T, bool)
	Set     func(*View, T) ([]method.Call, error)
	Limits  func(*View) (lo, hi float64, ok bool)
	Options func(*View) []string
	// UnitOf gives the unit where the device chooses it.
	UnitOf func(*View) (Unit, bool)
	// OnParent: the calls of Set go to the parent.
	OnParent bool
	// Whole: Set sends a whole object back with one part changed.
	Whole bool
	// Apart: the call of Set is not joined with others of its method.
	Apart bool
}

// Derive makes a feature of a row.
func Derive[T Scalar](family wattle.Family, row Derived[T]) Feature {
	f := Feature{
		Meta: row.Meta, Family: family, Queries: row.Queries, OnParent: row.OnParent, Whole: row.Whole, Apart: row.Apart,
		number: numberOf(row.ID),
		when:   row.When, has: row.Has, limits: row.Limits, choices: row.Options, unit: row.UnitOf,
		get: func(v *View) Value {
			if t, ok := row.Get(v); ok {
				return ValueOf(t)
			}
			return Value{}
		},
	}
	if f.narrows() {
		f.narrowed = new(narrowed)
	}
	f.zero = any(*new(T))
	_, f.Secret = f.zero.(wattle.Secret)
	if f.Kind == "" {
		f.Kind = kindOf[T](row.Set != nil, len(row.Choices) > 0 || row.Options != nil)
	}
	if row.Set == nil {
		return f
	}
	f.parse = func(text string) (Value, error) {
		t, err := parse[T](text)
		if err != nil {
			return Value{}, err
		}
		return ValueOf(t), nil
	}
	f.set = func(v *View, val Value) ([]method.Call, error) {
		t, ok := As[T](val)
		if !ok {
			return nil, fmt.Errorf("%w: %v is not a %s", wattle.ErrParam, val, word[T]())
		}
		return row.Set(v, t)
	}
	return f
}

// Act is a feature that has no value and can be done.
type Act struct {
	Meta
	When func(*View) bool
	Has  func(*View) bool
	// Do gives the calls, none where asking the Queries is all there is to do.
	Do       func(*View) ([]method.Call, error)
	OnParent bool
	// Queries are asked anew after it, whatever their pace.
	Queries []method.Query
}

// Do makes a feature of an action.
func Do(family wattle.Family, row Act) Feature {
	row.Kind = Action
	return Feature{
		Meta: row.Meta, Family: family, OnParent: row.OnParent, Queries: row.Queries,
		number: numberOf(row.ID), when: row.When, has: row.Has, do: row.Do,
	}
}

// kindOf is the kind that follows from the type where a row gives none.
func kindOf[T Scalar](settable, choices bool) Kind {
	var t T
	switch any(t).(type) {
	case bool:
		if settable {
			return Switch
		}
		return BinarySensor
	case HSV:
		return Color
	case int, float64:
		if settable {
			return Number
		}
	case string:
		if settable && choices {
			return Choice
		}
	}
	return Sensor
}

// word names the type of a value for people.
func word[T Scalar]() string {
	var t T
	switch any(t).(type) {
	case bool:
		return "switch position (on or off)"
	case int:
		return "whole number"
	case float64:
		return "number"
	case HSV:
		return "colour"
	case time.Time:
		return "time"
	case time.Duration:
		return "duration"
	}
	return "text"
}
