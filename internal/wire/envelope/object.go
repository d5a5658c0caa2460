package envelope

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"wattle"
	"wattle/internal/wire/rawjson"
)

// Member is one key of an object with its value as it was written.
type Member struct {
	Key   string
	Value json.RawMessage
}

// Members splits an object into its members, in order; a repeated key is there
// twice. Bytes that devices get wrong are mended first, see [Clean].
func Members(object []byte) ([]Member, error) {
	object, valid := clean(object)
	if !valid {
		return nil, fmt.Errorf("want an object, got %s: %w", excerpt(object), wattle.ErrProtocol)
	}
	return split(object)
}

// split is Members for a part of something that Members has checked.
func split(object []byte) ([]Member, error) {
	var room [40]Member // as many as most objects have: the copy is as large as it must be
	members := room[:0]
	err := rawjson.Members(object, func(key, value []byte) error {
		members = append(members, Member{string(key), value})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("want an object, got %s: %w", excerpt(object), wattle.ErrProtocol)
	}
	return slices.Clone(members), nil
}

// AppendObject writes members as one compact object.
func AppendObject(dst []byte, members []Member) ([]byte, error) {
	dst = append(dst, '{')
	for i, m := range members {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendText(dst, m.Key)
		dst = append(dst, ':')
		var err error
		if dst, err = appendValue(dst, m.Value); err != nil {
			return nil, fmt.Errorf("value of %q: %w", m.Key, err)
		}
	}
	return append(dst, '}'), nil
}

// appendValue writes one value without white space; nil is null.
func appendValue(dst []byte, value json.RawMessage) ([]byte, error) {
	if len(value) == 0 {
		return append(dst, "null"...), nil
	}
	buf := bytes.NewBuffer(dst)
	if err := json.Compact(buf, value); err != nil {
		return nil, fmt.Errorf("%w: %w", wattle.ErrParam, err)
	}
	return buf.Bytes(), nil
}

// appendText writes a JSON string without the HTML escapes of json.Marshal:
// small devices have small buffers.
func appendText(dst []byte, text string) []byte {
	plain := true
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			plain = false
			break
		}
	}
	if plain {
		dst = append(dst, '"')
		dst = append(dst, text...)
		return append(dst, '"')
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(text); err != nil { // a string always encodes
		return append(dst, `""`...)
	}
	return append(dst, bytes.TrimSuffix(buf.Bytes(), []byte("\n"))...)
}

// get gives the last value of a key, which is the one that counts, or nil.
func get(members []Member, key string) json.RawMessage {
	for _, member := range slices.Backward(members) {
		if member.Key == key {
			return member.Value
		}
	}
	return nil
}

// set replaces the value of a key or appends it.
func set(members []Member, key string, value json.RawMessage) []Member {
	for i := range members {
		if members[i].Key == key {
			members[i].Value = value
			return members
		}
	}
	return append(members, Member{key, value})
}

// number reads an integer as devices write it: as a number, with a fraction of
// zero, or as text. ok is false for anything else.
func number(raw json.RawMessage) (n int, ok bool) {
	text := string(bytes.TrimSpace(raw))
	if unquoted, found := strings.CutPrefix(text, `"`); found {
		text = strings.TrimSpace(strings.TrimSuffix(unquoted, `"`))
	}
	if n, err := strconv.Atoi(text); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int(f), true
}

// text reads a string, "" for anything else.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

func isObject(raw []byte) bool { return firstByte(raw) == '{' }
func isArray(raw []byte) bool  { return firstByte(raw) == '[' }

// isNone reports whether params carry nothing: absent, null or {}.
func isNone(raw []byte) bool {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return true
	}
	return raw[0] == '{' && len(bytes.TrimSpace(raw[1:])) > 0 && bytes.TrimSpace(raw[1:])[0] == '}'
}

func firstByte(raw []byte) byte {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	if len(raw) == 0 {
		return 0
	}
	return raw[0]
}

// excerpt says what sort of thing came without showing what is in it: errors
// are printed and logged, and answers hold names, places and keys.
func excerpt(b []byte) string {
	switch c := firstByte(b); {
	case c == 0:
		return "nothing"
	case (c == '{' || c == '[' || c == '"') && !json.Valid(b):
		return fmt.Sprintf("%d bytes of broken JSON", len(b))
	case c == '{':
		return fmt.Sprintf("an object of %d bytes", len(b))
	case c == '[':
		return fmt.Sprintf("a list of %d bytes", len(b))
	case c == '"':
		return "text"
	case c == '<':
		return "HTML"
	case string(bytes.TrimSpace(b)) == "null":
		return "null"
	case json.Valid(b):
		return "a number or word"
	default:
		return fmt.Sprintf("%d bytes that are not JSON", len(b))
	}
}
