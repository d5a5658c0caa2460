package discovery

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"wattle/internal/wire/rawjson"
)

// fields is a JSON object that is read one field at a time, so that a field
// of the wrong type spoils nothing else.
type fields map[string]json.RawMessage

// parseObject reads an object. Raw control characters inside texts, which
// some devices have in their names, and zero bytes behind the end are taken.
func parseObject(b []byte) (fields, error) {
	var f fields
	err := json.Unmarshal(b, &f)
	if err != nil {
		if json.Unmarshal(escapeControls(b), &f) != nil {
			return nil, fmt.Errorf("not a JSON object: %w", err)
		}
	}
	return f, nil
}

// escapeControls writes control characters inside texts the way JSON wants
// them, and drops zero bytes at the end.
func escapeControls(b []byte) []byte {
	b = bytes.TrimRight(b, "\x00")
	out := make([]byte, 0, len(b)+16)
	inText, escaped := false, false
	for _, c := range b {
		switch {
		case inText && c < 0x20:
			out = fmt.Appendf(out, `\u%04x`, c)
			escaped = false
			continue
		case escaped:
			escaped = false
		case inText && c == '\\':
			escaped = true
		case c == '"':
			inText = !inText
		}
		out = append(out, c)
	}
	return out
}

// text is the first of the keys that holds a text, "" if none does.
func (f fields) text(keys ...string) string {
	for _, key := range keys {
		var s string
		if json.Unmarshal(f[key], &s) == nil && s != "" {
			return s
		}
	}
	return ""
}

// integer takes numbers, numbers in quotes and booleans; else it is 0.
func (f fields) integer(key string) int {
	raw := bytes.Trim(f[key], `"`)
	switch string(raw) {
	case "true":
		return 1
	case "false":
		return 0
	}
	n, err := strconv.Atoi(string(raw))
	if err != nil {
		return 0
	}
	return n
}

// port is integer, or 0 for what cannot be a port.
func (f fields) port(key string) int {
	n := f.integer(key)
	if n < 0 || n > 1<<16-1 {
		return 0
	}
	return n
}

// boolean takes true, false, 1 and 0; else it is nil, for not known.
func (f fields) boolean(key string) *bool {
	switch string(bytes.Trim(f[key], `"`)) {
	case "true", "1":
		return new(true)
	case "false", "0":
		return new(false)
	}
	return nil
}

// texts takes a list of texts or numbers, or a single one.
func (f fields) texts(key string) []string {
	var list []json.RawMessage
	if json.Unmarshal(f[key], &list) != nil {
		if f[key] == nil {
			return nil
		}
		list = []json.RawMessage{f[key]}
	}
	var out []string
	for _, raw := range list {
		var s string
		if json.Unmarshal(raw, &s) == nil {
			out = append(out, s)
		} else if _, err := strconv.Atoi(string(raw)); err == nil {
			out = append(out, string(raw))
		}
	}
	return out
}

func (f fields) integers(key string) []int {
	var out []int
	for _, s := range f.texts(key) {
		if n, err := strconv.Atoi(s); err == nil {
			out = append(out, n)
		}
	}
	return out
}

// object is nil when there is none.
func (f fields) object(key string) fields {
	inner := fields{}
	err := rawjson.Members(f[key], func(key, value []byte) error { // valid: the whole was read
		inner[string(key)] = value
		return nil
	})
	if err != nil {
		return nil
	}
	return inner
}
