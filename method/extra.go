package method

import (
	"bytes"
	"encoding/json"
	"maps"
)

// Extra holds the fields of a device's object that we do not declare. Objects
// that have to be sent back as a whole carry it, so that what new firmware
// adds is not lost by changing something else.
type Extra map[string]json.RawMessage

// DecodeWithExtra reads an object into v, a pointer to a struct without
// methods, and gives the fields that v does not have.
func DecodeWithExtra(b []byte, v any) (Extra, error) {
	if err := json.Unmarshal(b, v); err != nil {
		return nil, err
	}
	var extra Extra
	if err := json.Unmarshal(b, &extra); err != nil {
		return nil, err
	}
	known, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var names map[string]json.RawMessage
	if err := json.Unmarshal(known, &names); err != nil {
		return nil, err
	}
	for name := range names {
		delete(extra, name)
	}
	return extra, nil
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
