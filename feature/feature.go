package feature

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"wattle"
	"wattle/method"
)

// Errors of setting a feature. They wrap a class of package wattle.
var (
	// ErrReadOnly: the feature is a reading.
	ErrReadOnly = fmt.Errorf("%w: it can be read only", wattle.ErrUnsupported)
	// ErrNotPolled: the present settings are needed to change one of them, and
	// are not known. Poll and try again.
	ErrNotPolled = errors.New("the present settings are not known")
)

// Feature is one row of the catalog with its types erased: made by [From] or
// [Derive], listed in package catalog. It is immutable and holds no device;
// every method takes the [View] of the device in question.
type Feature struct {
	Meta
	Family wattle.Family
	// Queries are what the row reads from. The poll asks each query of all
	// rows of a device once.
	Queries []method.Query
	// OnParent marks a child's feature whose calls go to the parent.
	OnParent bool
	// Whole marks a setting that sends a whole object back with one part
	// changed: the present object has to be fresh.
	Whole bool
	// Apart marks a setting whose call is made by itself where several features
	// are set: it is not joined with others of the same method.
	Apart bool

	number   int       // of the ID, see Number
	narrowed *narrowed // nil where Meta is that of all devices
	zero     any       // of the type of its values, nil for an action

	when    func(*View) bool
	has     func(*View) bool
	get     func(*View) Value
	take    func(*Feature, *View, *Reading) bool // of a row with one answer: all at once
	set     func(*View, Value) ([]method.Call, error)
	do      func(*View) ([]method.Call, error)
	limits  func(*View) (lo, hi float64, ok bool)
	choices func(*View) []string
	unit    func(*View) (Unit, bool)
	parse   func(string) (Value, error)
}

// Applies reports whether a device may have the feature, by its components
// and what it says of itself. Only then are the queries worth asking.
func (f *Feature) Applies(v *View) bool {
	return f.Family == v.Family && (f.when == nil || f.when(v))
}

// MayApply is [Feature.Applies] for a device of the row's family.
func (f *Feature) MayApply(v *View) bool { return f.when == nil || f.when(v) }

// Exists reports whether the device has the feature: it applies, and the
// answers that it needs have come.
func (f *Feature) Exists(v *View) bool {
	return f.Applies(v) && (f.has == nil || f.has(v))
}

// Number stands for the ID where many are gone through: small, and the same for
// all rows of one ID. It differs from one run of a program to the next.
func (f *Feature) Number() int { return f.number }

// numbers are the IDs that there are.
var numbers = struct {
	sync.Mutex
	of map[string]int
}{of: make(map[string]int, 256)}

func numberOf(id string) int {
	numbers.Lock()
	defer numbers.Unlock()
	n, seen := numbers.of[id]
	if !seen {
		n = len(numbers.of)
		numbers.of[id] = n
	}
	return n
}

// Settable reports whether the feature has a value that can be set.
func (f *Feature) Settable() bool { return f.set != nil }

// Get is the present value, unknown where the device did not say.
func (f *Feature) Get(v *View) Value {
	if f.get == nil || f.gone(v) {
		return Value{}
	}
	return f.get(v)
}

// gone reports whether the answers have lost what the feature was found by, as
// when another device took the place of the one that is remembered.
func (f *Feature) gone(v *View) bool { return f.has != nil && !f.has(v) }

// Narrow is the row's Meta with the range, choices and unit that this device
// has.
func (f *Feature) Narrow(v *View) Meta {
	m := f.Meta
	if !f.gone(v) {
		f.narrow(v, &m)
	}
	return m
}

func (f *Feature) narrow(v *View, m *Meta) {
	if f.limits != nil {
		if lo, hi, ok := f.limits(v); ok {
			m.Min, m.Max = lo, hi
		}
	}
	if f.choices != nil {
		m.Choices = f.choices(v)
	}
	if f.unit != nil {
		if u, ok := f.unit(v); ok {
			m.Unit = u
		}
	}
}

// Parse reads a value of the feature from what a person typed. It does not
// check the range; [Feature.Set] does. A choice is found in any case, and by a
// prefix that only one choice has.
func (f *Feature) Parse(v *View, text string) (Value, error) {
	if f.set == nil {
		return Value{}, fmt.Errorf("%s: %w", f.ID, ErrReadOnly)
	}
	if f.Kind == Number && f.Unit == Kelvin {
		return f.parseKelvin(v, text)
	}
	if f.Kind == Number {
		text = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), string(f.Unit)))
	}
	val, err := f.parse(text)
	if err != nil {
		return Value{}, fmt.Errorf("%s: %w", f.ID, err)
	}
	if f.Kind == Choice {
		val = ValueOf(match(f.Narrow(v).Choices, val.String()))
	}
	return val, nil
}

// parseKelvin reads a colour temperature. A name means the nearest that this
// light can do.
func (f *Feature) parseKelvin(v *View, text string) (Value, error) {
	kelvin, named, err := ParseKelvin(text)
	if err != nil {
		return Value{}, fmt.Errorf("%s: %w", f.ID, err)
	}
	if m := f.Narrow(v); named && m.HasRange() {
		kelvin = min(max(kelvin, int(m.Min)), int(m.Max))
	}
	return ValueOf(kelvin), nil
}

// match finds the choice that a person means; text itself where there is none.
func match(choices []string, text string) string {
	if slices.Contains(choices, text) {
		return text
	}
	var found []string
	for _, c := range choices {
		switch {
		case strings.EqualFold(c, text):
			return c
		case text != "" && len(c) >= len(text) && strings.EqualFold(c[:len(text)], text):
			found = append(found, c)
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	return text
}

// Set checks val against the row, and gives the calls that set it, in their
// order. It sends nothing. Errors wrap [ErrReadOnly], [ErrNotPolled] or
// [wattle.ErrParam], and say what is allowed.
func (f *Feature) Set(v *View, val Value) ([]method.Call, error) {
	if f.set == nil {
		return nil, fmt.Errorf("%s: %w", f.ID, ErrReadOnly)
	}
	if err := f.check(f.Narrow(v), val); err != nil {
		return nil, err
	}
	calls, err := f.set(v, val)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.ID, err)
	}
	return calls, nil
}

// check says what is wrong with val under the narrowed meta m.
func (f *Feature) check(m Meta, val Value) error {
	switch f.Kind {
	case Number:
		n, ok := val.Number()
		if !ok || m.HasRange() && !(n >= m.Min && n <= m.Max) { // so that NaN fails
			return fmt.Errorf("%s: %w: %v is not in %s", f.ID, wattle.ErrParam, val, m.Range())
		}
	case Choice:
		if s, ok := As[string](val); !ok || !slices.Contains(m.Choices, s) {
			return fmt.Errorf("%s: %w: %q is not one of %s", f.ID, wattle.ErrParam, val, strings.Join(m.Choices, ", "))
		}
	case Color:
		c, ok := As[HSV](val)
		if !ok {
			return fmt.Errorf("%s: %w: %v is not a colour", f.ID, wattle.ErrParam, val)
		}
		if err := c.Check(); err != nil {
			return fmt.Errorf("%s: %w", f.ID, err)
		}
	}
	return nil
}

// Do gives the calls of an action.
func (f *Feature) Do(v *View) ([]method.Call, error) {
	if f.do == nil {
		return nil, fmt.Errorf("%s: %w: it is not an action", f.ID, wattle.ErrUnsupported)
	}
	return f.do(v)
}

// Convert brings what a program gives as a new value to the feature's type: a
// [Value], a [Scalar], any number type, the plain forms of JSON, or text, which
// is parsed.
func (f *Feature) Convert(v *View, x any) (Value, error) {
	if f.set == nil {
		return Value{}, fmt.Errorf("%s: %w", f.ID, ErrReadOnly)
	}
	switch x := x.(type) {
	case Value:
		return x, nil
	case string:
		return f.Parse(v, x)
	case bool:
		return ValueOf(x), nil
	case int:
		return ValueOf(x), nil
	case int64:
		return ValueOf(int(x)), nil
	case uint8:
		return ValueOf(int(x)), nil
	case float32:
		return ValueOf(float64(x)), nil
	case float64:
		return ValueOf(x), nil
	case HSV:
		return ValueOf(x), nil
	case time.Time:
		return ValueOf(x), nil
	case time.Duration:
		return ValueOf(x), nil
	case fmt.Stringer: // json.Number and typed texts
		return f.Parse(v, x.String())
	case map[string]any:
		return hsvFromMap(f.ID, x)
	}
	return Value{}, fmt.Errorf("%s: %w: cannot use a %T as a value", f.ID, wattle.ErrParam, x)
}

// hsvFromMap reads {"hue":..,"saturation":..,"value":..} as JSON decoders give it.
func hsvFromMap(id string, m map[string]any) (Value, error) {
	var n [3]int
	for i, key := range []string{"hue", "saturation", "value"} {
		x, ok := m[key].(float64)
		if !ok && (key != "value" || m[key] != nil) {
			return Value{}, fmt.Errorf("%s: %w: a colour needs the numbers hue, saturation and value", id, wattle.ErrParam)
		}
		n[i] = int(x)
	}
	return ValueOf(HSV{n[0], n[1], n[2]}), nil
}

// Range is the range of a number for people: "1 to 100 %".
func (m *Meta) Range() string {
	if !m.HasRange() {
		return "any number"
	}
	text := strconv.FormatFloat(m.Min, 'f', -1, 64) + " to " + strconv.FormatFloat(m.Max, 'f', -1, 64)
	if m.Unit != "" {
		text += " " + string(m.Unit)
	}
	return text
}
