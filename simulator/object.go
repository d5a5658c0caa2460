package simulator

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"wattle/internal/wire/rawjson"
)

// object is a JSON object whose members stay as they were read: numbers keep
// their digits, and members that nobody knows survive.
type object map[string]json.RawMessage

// parseObject reads an object of others; ok is false for anything else. It copies.
func parseObject(raw json.RawMessage) (o object, ok bool) {
	if !json.Valid(raw) {
		return nil, false
	}
	return cut(bytes.Clone(raw))
}

// cut is parseObject for what is known to be valid, such as members of an object
// that was read: its members point into raw, which nobody may change.
func cut(raw json.RawMessage) (o object, ok bool) {
	list, ok := cutMembers(raw)
	if !ok {
		return nil, false
	}
	o = make(object, len(list))
	for _, m := range list {
		o[m.key] = m.value
	}
	return o, true
}

// cutMembers is members for what is known to be valid.
func cutMembers(raw json.RawMessage) ([]member, bool) {
	list := make([]member, 0, 16)
	err := rawjson.Members(raw, func(key, value []byte) error {
		if !utf8.Valid(key) {
			key = bytes.ToValidUTF8(key, []byte("\ufffd"))
		}
		list = append(list, member{string(key), slices.Clip(value)})
		return nil
	})
	return list, err == nil
}

// object reads a member that is an object, nil if it is not.
func (o object) object(key string) object {
	sub, _ := cut(o[key])
	return sub
}

// array reads a member that is an array, nil if it is not. Its items point into
// it.
func (o object) array(key string) []json.RawMessage { return cutArray(o[key]) }

func cutArray(raw json.RawMessage) []json.RawMessage {
	list := []json.RawMessage{}
	if rawjson.Items(raw, func(item []byte) error { list = append(list, slices.Clip(item)); return nil }) != nil {
		return nil
	}
	return list
}

// text is a member that is a string, "" if it is not.
func (o object) text(key string) string {
	if plain, ok := plainText(o[key]); ok {
		return plain
	}
	var s string
	if json.Unmarshal(o[key], &s) != nil {
		return ""
	}
	return s
}

// plainText reads a string in which nothing is escaped.
func plainText(raw json.RawMessage) (s string, ok bool) {
	n := len(raw)
	if n < 2 || raw[0] != '"' {
		return "", false
	}
	for _, c := range raw[1 : n-1] {
		if c < ' ' || c > '~' || c == '\\' || c == '"' {
			return "", false
		}
	}
	return string(raw[1 : n-1]), true
}

func (o object) number(key string) (float64, bool) { return number(o[key]) }

// integer is a member that is a whole number, also if it is written as 1.0.
func (o object) integer(key string) (int, bool) {
	f, ok := o.number(key)
	if !ok || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int(f), true
}

// flag is a member that is true, false, or a number that stands for it.
func (o object) flag(key string) (on, ok bool) {
	switch string(o[key]) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	n, ok := o.integer(key)
	return n != 0, ok
}

func (o object) has(key string) bool { _, ok := o[key]; return ok }

func (o object) clone() object { return maps.Clone(o) }

// put sets a member. The value is one that always marshals.
func (o object) put(key string, v any) { o[key] = marshal(v) }

// raw writes the object with its members in alphabetic order.
func (o object) raw() json.RawMessage { return o.append(nil) }

func (o object) append(b []byte) []byte {
	keys, size := make([]string, 0, len(o)), 2
	for key, value := range o {
		keys = append(keys, key)
		size += len(key) + len(value) + len(`"":,`)
	}
	slices.Sort(keys)
	b = slices.Grow(b, size)
	b = append(b, '{')
	for i, key := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, key)
		b = append(b, ':')
		b = append(b, o[key]...)
	}
	return append(b, '}')
}

func number(raw json.RawMessage) (float64, bool) {
	if len(raw) == 0 || raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
		return 0, false
	}
	if n, err := strconv.Atoi(string(raw)); err == nil && len(raw) < 16 {
		return float64(n), true
	}
	var f float64
	if json.Unmarshal(raw, &f) != nil {
		return 0, false
	}
	return f, true
}

// marshal writes a value without escaping <, > and &, as devices do.
func marshal(v any) json.RawMessage {
	switch v := v.(type) {
	case json.RawMessage:
		return v
	case object:
		return v.raw()
	case int:
		return strconv.AppendInt(nil, int64(v), 10)
	case int64:
		return strconv.AppendInt(nil, v, 10)
	case bool:
		return strconv.AppendBool(nil, v)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return json.RawMessage("null")
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return append(b, marshal(s)...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// rawArray writes a list of values that are JSON already.
func rawArray(list []json.RawMessage) json.RawMessage {
	size := len("[]")
	for _, item := range list {
		size += len(item) + len(",")
	}
	b := make([]byte, 0, size)
	b = append(b, '[')
	for i, item := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, item...)
	}
	return append(b, ']')
}

// member is one name and value of an object whose order counts.
type member struct {
	key   string
	value json.RawMessage
}

// members reads an object in the order of the text, with names that occur
// twice occurring twice. What follows the object does not matter.
func members(raw json.RawMessage) ([]member, bool) {
	if json.Valid(raw) {
		return cutMembers(bytes.Clone(raw))
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return nil, false
	}
	var list []member
	for d.More() {
		token, err := d.Token()
		key, ok := token.(string)
		if err != nil || !ok {
			return nil, false
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return nil, false
		}
		list = append(list, member{key, value})
	}
	_, err := d.Token()
	return list, err == nil
}

// appendMembers writes an object in the order of the list; of a name that
// occurs twice the last value wins, as it does on devices.
func appendMembers(b []byte, list []member) []byte {
	size := len("{}")
	for _, m := range list {
		size += len(m.key) + len(m.value) + len(`"":,`)
	}
	b = slices.Grow(b, size)
	b = append(b, '{')
	last := make(map[string]int, len(list))
	for i, m := range list {
		last[m.key] = i
	}
	first := true
	for i, m := range list {
		if last[m.key] != i {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = appendString(b, m.key)
		b = append(b, ':')
		b = append(b, m.value...)
	}
	return append(b, '}')
}
