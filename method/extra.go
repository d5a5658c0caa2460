package method

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"strings"
	"sync"

	"wattle/internal/wire/rawjson"
)

// Extra holds the fields of a device's object that we do not declare. Objects
// that have to be sent back as a whole carry it, so that what new firmware
// adds is not lost by changing something else.
type Extra map[string]json.RawMessage

// DecodeWithExtra reads an object into v, a pointer to a struct without
// methods, and gives the fields that v does not have, nil where there are none.
// A declared field whose value did not fit, and which v therefore would leave
// out, is among them.
func DecodeWithExtra(b []byte, v any) (Extra, error) {
	if err := json.Unmarshal(b, v); err != nil {
		return nil, err
	}
	var extra Extra
	value := reflect.ValueOf(v).Elem()
	fields := fieldsOf(value.Type())
	err := rawjson.Members(b, func(key, raw []byte) error {
		if fields.writes(value, key) {
			return nil
		}
		if extra == nil {
			extra = Extra{}
		}
		extra[string(key)] = bytes.Clone(raw)
		return nil
	})
	if err != nil && string(bytes.TrimSpace(b)) != "null" {
		return nil, err
	}
	return extra, nil
}

// fields are the names under which a struct type writes its fields.
type fields struct {
	list []field
	// nested: fields of embedded structs are there too, so that only writing
	// tells the names.
	nested bool
}

type field struct {
	name                string
	index               int
	omitZero, omitEmpty bool
}

var knownFields sync.Map // of reflect.Type to *fields

func fieldsOf(t reflect.Type) *fields {
	if known, ok := knownFields.Load(t); ok {
		return known.(*fields)
	}
	out := &fields{}
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		name, options, _ := strings.Cut(tag, ",")
		switch {
		case tag == "-":
			continue
		case f.Anonymous && name == "":
			out.nested = true
			continue
		case !f.IsExported():
			continue
		case name == "":
			name = f.Name
		}
		out.list = append(out.list, field{
			name: name, index: i,
			omitZero: strings.Contains(options, "omitzero"), omitEmpty: strings.Contains(options, "omitempty"),
		})
	}
	knownFields.Store(t, out)
	return out
}

// writes reports whether the struct, written as JSON, has a field of that name.
func (f *fields) writes(v reflect.Value, name []byte) bool {
	if f.nested {
		return writesNested(v, name)
	}
	for i := range f.list {
		if d := &f.list[i]; d.name == string(name) {
			return (!d.omitZero || !isZero(v.Field(d.index))) && (!d.omitEmpty || !isEmpty(v.Field(d.index)))
		}
	}
	return false
}

// isZero is what omitzero goes by.
func isZero(v reflect.Value) bool {
	type zeroer interface{ IsZero() bool }
	if z, ok := reflect.TypeAssert[zeroer](v.Addr()); ok {
		return z.IsZero()
	}
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		if z, ok := reflect.TypeAssert[zeroer](v); ok {
			return z.IsZero()
		}
	}
	return v.IsZero()
}

// isEmpty is what omitempty goes by.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Map, reflect.Slice, reflect.String, reflect.Array:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

func writesNested(v reflect.Value, name []byte) bool {
	written, err := json.Marshal(v.Interface())
	if err != nil {
		return false
	}
	found := false
	_ = rawjson.Members(written, func(key, _ []byte) error {
		found = found || bytes.Equal(key, name)
		return nil
	})
	return found
}

// EncodeWithExtra writes v and the fields of extra as one object; where both
// have a field, v wins.
func EncodeWithExtra(v any, extra Extra) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil || len(extra) == 0 {
		return b, err
	}
	all := map[string]json.RawMessage{}
	maps.Copy(all, extra)
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(all); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(out.Bytes()), nil
}
