package method_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"wattle"
	"wattle/method"
)

// bit is written as 0 or 1.
type bit bool

func (b bit) MarshalJSON() ([]byte, error) {
	if b {
		return []byte("1"), nil
	}
	return []byte("0"), nil
}

func TestCheck(t *testing.T) {
	type turn struct {
		State int                 `json:"state"`
		Fade  method.Opt[int]     `json:"fade,omitzero"`
		Name  method.Opt[string]  `json:"name,omitzero"`
		Parts []struct{ ID int }  `json:"parts,omitempty"`
		Ratio method.Opt[float64] `json:"ratio,omitzero"`
	}
	bit := method.Method[struct {
		On bit `json:"on"`
	}, method.None]{Name: "bit"}
	set := method.Method[turn, method.None]{Module: "system", Name: "set"}
	other := method.Method[struct {
		Name []int `json:"name"`
	}, method.None]{Module: "system", Name: "set"}
	none := method.Method[method.None, method.None]{Name: "get"}
	for _, tt := range []struct {
		params  string
		methods []method.Declared
		strange []string
		refused bool
	}{
		{`{"state":1}`, []method.Declared{set}, nil, false},
		{`{"state":0,"fade":0,"name":""}`, []method.Declared{set}, nil, false},
		{`{"state":null,"fade":null}`, []method.Declared{set}, nil, false},
		{`null`, []method.Declared{set}, nil, false},
		{``, []method.Declared{set}, nil, false},
		{`{"state":"on"}`, []method.Declared{set}, nil, true},
		{`{"fade":"slow"}`, []method.Declared{set}, nil, true},
		{`{"ratio":2}`, []method.Declared{set}, nil, false},
		{`{"parts":{}}`, []method.Declared{set}, nil, true},
		{`{"State":1,"zoom":1}`, []method.Declared{set}, []string{"State", "zoom"}, false},
		{`1`, []method.Declared{set}, nil, true},
		{`{"name":[1]}`, []method.Declared{set}, nil, true},
		{`{"name":[1]}`, []method.Declared{set, other}, nil, false},
		{`{"x":1}`, []method.Declared{none}, []string{"x"}, false},
		{`{"x":1}`, nil, nil, false},
		{`{"on":1}`, []method.Declared{bit}, nil, false},
		{`{"on":"1"}`, []method.Declared{bit}, nil, true},
	} {
		strange, err := method.Check(json.RawMessage(tt.params), tt.methods...)
		if (err != nil) != tt.refused || err != nil && !errors.Is(err, wattle.ErrParam) || !slices.Equal(strange, tt.strange) {
			t.Errorf("%s: %v, %v", tt.params, strange, err)
		}
	}
}
