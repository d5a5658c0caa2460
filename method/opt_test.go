package method_test

import (
	"encoding/json"
	"testing"

	"wattle/method"
)

// slow reads a value by encoding/json alone, with the rules of Opt.
func slow[T bool | int | float64 | string](b []byte) (v T, known bool) {
	if string(b) == "null" {
		return v, false
	}
	if json.Unmarshal(b, &v) == nil {
		return v, true
	}
	var n float64
	if json.Unmarshal(b, &n) != nil {
		var none T
		return none, false
	}
	switch p := any(&v).(type) {
	case *int:
		if n == float64(int64(n)) && n < 1<<53 && n > -1<<53 {
			*p = int(n)
			return v, true
		}
	case *bool:
		if n == 0 || n == 1 {
			*p = n == 1
			return v, true
		}
	}
	var none T
	return none, false
}

func sameAsSlow[T bool | int | float64 | string](t *testing.T, raw string) {
	t.Helper()
	var o method.Opt[T]
	if err := json.Unmarshal([]byte(raw), &o); err != nil {
		t.Errorf("%s: %v", raw, err)
	}
	want, known := slow[T]([]byte(raw))
	if got, ok := o.Get(); ok != known || got != want {
		t.Errorf("%s as a %T is %v (%t), encoding/json says %v (%t)", raw, want, got, ok, want, known)
	}
}

// FuzzOpt holds the short way of reading fields against encoding/json.
func FuzzOpt(f *testing.F) {
	for _, raw := range []string{
		"0", "-0", "1", "-1", "0.5", "1.0", "1e3", "-1e-3", "1e400", "-0.0", "999999999999999", "1000000000000000",
		"9223372036854775807", "9223372036854775808", "-9223372036854775808", "123456789012345678901234567890", "9007199254740993",
		"true", "false", "null", `""`, `"a"`, `"on"`, `"\n"`, `"\u00e9"`, `"é"`, "\"\xff\"", `"1"`, `"true"`, "[]", "{}", "[1]", "\"\x7f\"",
	} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		var compact json.RawMessage // a field's value comes without space around it
		if json.Unmarshal([]byte(raw), &compact) != nil {
			return
		}
		sameAsSlow[bool](t, string(compact))
		sameAsSlow[int](t, string(compact))
		sameAsSlow[float64](t, string(compact))
		sameAsSlow[string](t, string(compact))
	})
}

// TestDecodeWithExtra: what a struct does not write is kept, whatever the
// reason.
func TestDecodeWithExtra(t *testing.T) {
	type inner struct {
		Deep method.Opt[int] `json:"deep,omitzero"`
	}
	type plain struct {
		Level  method.Opt[int] `json:"level,omitzero"`
		Name   string          `json:"name"`
		List   []int           `json:"list,omitempty"`
		Part   *inner          `json:"part,omitempty"`
		Hidden string          `json:"-"`
		Bare   int
	}
	type nested struct {
		inner
		Name string `json:"name"`
	}
	for _, tt := range []struct {
		v         any
		raw, want string // the fields that are kept
	}{
		{&plain{}, `{"level":1,"name":"a","list":[1],"part":{},"Bare":2}`, `null`},
		{&plain{}, `{"level":"x","list":[],"part":null,"Hidden":1,"new":{"a": [1]}}`, `{"Hidden":1,"level":"x","list":[],"new":{"a":[1]},"part":null}`},
		{&plain{}, `{"LEVEL":1,"a\u0062":2,"z":1,"z":2}`, `{"LEVEL":1,"ab":2,"z":2}`},
		{&plain{}, ` null `, `null`},
		{&nested{}, `{"deep":1,"name":"a","x":0}`, `{"x":0}`},
		{&nested{}, `{"deep":"x"}`, `{"deep":"x"}`},
	} {
		extra, err := method.DecodeWithExtra([]byte(tt.raw), tt.v)
		if err != nil {
			t.Errorf("%s: %v", tt.raw, err)
			continue
		}
		if b, err := json.Marshal(extra); err != nil || string(b) != tt.want {
			t.Errorf("%s keeps %s (%v), want %s", tt.raw, b, err, tt.want)
		}
	}
	for _, raw := range []string{"", "[]", "7", `{"a":`} {
		if _, err := method.DecodeWithExtra([]byte(raw), &plain{}); err == nil {
			t.Errorf("%q is taken", raw)
		}
	}
}
