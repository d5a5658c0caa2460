package envelope

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wattle"
)

func TestSmartRequest(t *testing.T) {
	header := Header{TimeMilis: 1718200000000, TerminalID: "dGVybWluYWwtdXVpZC0xNg=="}
	both := header
	both.BothNames = true
	multiple, err := Multiple(Call{"get_device_info", nil}, Call{"get_auto_off_config", raw(`{"start_index": 0}`)})
	if err != nil {
		t.Fatal(err)
	}
	child, err := ForChild("id01", Call{"set_device_info", raw(`{"device_on":true}`)})
	if err != nil {
		t.Fatal(err)
	}
	childMultiple, err := ForChild("id01", multiple)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		call   Call
		header Header
		want   string
	}{
		{"alone", Call{"component_nego", nil}, Header{}, `{"method":"component_nego"}`},
		{"null is left out", Call{"a", raw("null")}, Header{}, `{"method":"a"}`},
		{"an empty object is left out", Call{"a", raw("{ }")}, Header{}, `{"method":"a"}`},
		{
			"header",
			Call{"a", raw(`{"x":1}`)},
			header,
			`{"method":"a","params":{"x":1},"request_time_milis":1718200000000,"terminal_uuid":"dGVybWluYWwtdXVpZC0xNg=="}`,
		},
		{
			"both names",
			Call{"a", nil},
			both,
			`{"method":"a","request_time_milis":1718200000000,"terminal_uuid":"dGVybWluYWwtdXVpZC0xNg==","terminalUUID":"dGVybWluYWwtdXVpZC0xNg=="}`,
		},
		{
			"multiple", multiple,
			Header{},
			`{"method":"multipleRequest","params":{"requests":[{"method":"get_device_info"},{"method":"get_auto_off_config","params":{"start_index":0}}]}}`,
		},
		{
			"child", child,
			Header{},
			`{"method":"control_child","params":{"device_id":"id01","requestData":{"method":"set_device_info","params":{"device_on":true}}}}`,
		},
		{
			"child's multiple", childMultiple,
			Header{},
			`{"method":"control_child","params":{"device_id":"id01","requestData":{"method":"multipleRequest","params":{"requests":[{"method":"get_device_info"},{"method":"get_auto_off_config","params":{"start_index":0}}]}}}}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Build(tt.call, tt.header)
			if err != nil || string(got) != tt.want {
				t.Fatalf("built %s, %v\n want %s", got, err, tt.want)
			}
			r, err := ParseRequest(got)
			if err != nil || r.Method != tt.call.Method || r.TimeMilis != tt.header.TimeMilis || r.TerminalID != tt.header.TerminalID {
				t.Errorf("parsed %+v, %v", r, err)
			}
			switch r.Method {
			case MultipleRequest:
				calls, err := r.Requests()
				if err != nil || len(calls) != 2 || calls[1].Method != "get_auto_off_config" || string(calls[1].Params) != `{"start_index":0}` {
					t.Errorf("requests %v, %v", calls, err)
				}
			case ControlChild:
				id, inner, err := r.Child()
				if err != nil || id != "id01" {
					t.Errorf("child %q %v, %v", id, inner, err)
				}
				again, err := ForChild(id, inner)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(tt.call.Params), string(again.Params)); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
	for _, f := range []func() error{
		func() error { _, err := Build(Call{}, Header{}); return err },
		func() error { _, err := Build(Call{"a", raw("{")}, Header{}); return err },
		func() error {
			_, err := Multiple(Call{"a", nil}, Call{"b", nil}, Call{"a", nil})
			return err
		},
		func() error { _, err := ForChild("x", Call{}); return err },
	} {
		if err := f(); !errors.Is(err, wattle.ErrParam) {
			t.Errorf("error %v, want ErrParam", err)
		}
	}
}

// TestSmartForeignRequest: what other clients write.
func TestSmartForeignRequest(t *testing.T) {
	for _, tt := range []struct {
		in        string
		method    string
		hasParams bool
		time      int64
		id        string
	}{
		{`{"method":"a","params":null,"requestTimeMils":7,"terminalUUID":"x"}`, "a", true, 7, "x"},
		{`{"requestTimeMilis":8.0,"method":"b","requestID":3}`, "b", false, 8, ""},
		{`{"method":"c","params":{},"request_time_milis":"9"}`, "c", true, 9, ""},
	} {
		r, err := ParseRequest([]byte(tt.in))
		if err != nil || r.Method != tt.method || r.HasParams != tt.hasParams || r.TimeMilis != tt.time || r.TerminalID != tt.id {
			t.Errorf("%s: %+v, %v", tt.in, r, err)
		}
	}
	for _, in := range []string{"", "{}", `{"method":7}`, `{"method":""}`, "[]", `{"method":"a"`} {
		if _, err := ParseRequest([]byte(in)); !errors.Is(err, wattle.ErrProtocol) {
			t.Errorf("%q: %v", in, err)
		}
	}
	for _, in := range []string{`{}`, `null`, `{"requests":{}}`, `{"requests":[7]}`, `{"requests":[{}]}`} {
		if _, err := (Call{MultipleRequest, raw(in)}).Requests(); !errors.Is(err, wattle.ErrProtocol) {
			t.Errorf("requests of %s: %v", in, err)
		}
	}
	for _, in := range []string{`{}`, `{"device_id":"x"}`, `{"device_id":7,"requestData":{"method":"a"}}`, `{"device_id":"x","requestData":{}}`} {
		if _, _, err := (Call{ControlChild, raw(in)}).Child(); !errors.Is(err, wattle.ErrProtocol) {
			t.Errorf("child of %s: %v", in, err)
		}
	}
}

func TestSmartAnswer(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   Answer
		want string
	}{
		{"result", Answer{Result: raw(`{"a": 1}`)}, `{"result":{"a":1},"error_code":0}`},
		{"setter", Answer{}, `{"error_code":0}`},
		{"refusal", Answer{Code: -1008, Msg: "bad"}, `{"msg":"bad","error_code":-1008}`},
		{"entry", Answer{Method: "m", Code: -1002}, `{"method":"m","error_code":-1002}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.in.Build()
			if err != nil || string(got) != tt.want {
				t.Fatalf("built %s, %v, want %s", got, err, tt.want)
			}
			again, err := ParseAnswer(got)
			if err != nil {
				t.Fatal(err)
			}
			built, err := again.Build()
			if err != nil || string(built) != tt.want {
				t.Errorf("built again %s, %v", built, err)
			}
		})
	}
	for in, want := range map[string]Answer{
		`{"error_code":0,"result":null}`:               {Result: raw("null")},
		`{"error_code":"-1001","err_msg":"x"}`:         {Code: -1001, Msg: "x"},
		`{"error_code":-1.0}`:                          {Code: -1},
		`{"result":{}}`:                                {Result: raw("{}")},
		"{\"error_code\":0,\"msg\":\"a\xff\x01\"}\x00": {Msg: "a\ufffd\x01"},
	} {
		got, err := ParseAnswer([]byte(in))
		if err != nil {
			t.Errorf("%q: %v", in, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", in, diff)
		}
	}
	for _, in := range []string{"", "{}", `{"error_code":true}`, `{"error_code":1e400}`, `{"error_code":0.5}`, "[]", `{"error_code":0`} {
		if a, err := ParseAnswer([]byte(in)); !errors.Is(err, wattle.ErrProtocol) {
			t.Errorf("%q: %+v, %v", in, a, err)
		}
	}
}

func TestMatch(t *testing.T) {
	calls := []Call{{"a", nil}, {"b", nil}, {"c", nil}}
	answer := func(method string, code int) Answer { return Answer{Method: method, Code: code} }
	for _, tt := range []struct {
		name    string
		answers []Answer
		want    []int // codes, 99 for none
	}{
		{"in order", []Answer{answer("a", 1), answer("b", 2), answer("c", 3)}, []int{1, 2, 3}},
		{"another order", []Answer{answer("c", 3), answer("a", 1), answer("b", 2)}, []int{1, 2, 3}},
		{"stopped", []Answer{answer("a", 1), answer("b", -1)}, []int{1, -1, 99}},
		{"no names", []Answer{answer("", 1), answer("", 2)}, []int{1, 2, 99}},
		{"strangers and too many", []Answer{answer("x", 7), answer("b", 2), answer("b", 8), answer("", 9), answer("a", 1)}, []int{1, 2, 99}},
		{"none", nil, []int{99, 99, 99}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []int
			for _, a := range Match(calls, tt.answers) {
				if a == nil {
					got = append(got, 99)
					continue
				}
				got = append(got, a.Code)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNestedAnswers(t *testing.T) {
	multiple, err := MultipleAnswer(Answer{Method: "a", Result: raw(`{"x":1}`)}, Answer{Method: "b", Code: -1008})
	if err != nil {
		t.Fatal(err)
	}
	child, err := ChildAnswer(multiple)
	if err != nil {
		t.Fatal(err)
	}
	got, err := child.Build()
	want := `{"result":{"responseData":{"result":{"responses":[{"method":"a","result":{"x":1},"error_code":0},{"method":"b","error_code":-1008}]},"error_code":0}},"error_code":0}`
	if err != nil || string(got) != want {
		t.Fatalf("built %s, %v\n want %s", got, err, want)
	}
	a, err := ParseAnswer(got)
	if err != nil {
		t.Fatal(err)
	}
	inner, err := a.ResponseData()
	if err != nil {
		t.Fatal(err)
	}
	responses, err := inner.Responses()
	if err != nil || len(responses) != 2 || responses[1].Code != -1008 || string(responses[0].Result) != `{"x":1}` {
		t.Errorf("%+v, %v", responses, err)
	}
	broken, err := Answer{Result: raw(`{"responses":[7,{"method":"a","error_code":0},{"method":"b"}]}`)}.Responses()
	if err != nil || len(broken) != 1 || broken[0].Method != "a" {
		t.Errorf("entries that cannot be read: %+v, %v", broken, err)
	}
	for _, result := range []string{"", "null", "{}", `{"responses":{}}`} {
		if _, err := (Answer{Result: raw(result)}).Responses(); !errors.Is(err, wattle.ErrProtocol) {
			t.Errorf("responses of %q: %v", result, err)
		}
		if _, err := (Answer{Result: raw(result)}).ResponseData(); !errors.Is(err, wattle.ErrProtocol) {
			t.Errorf("responseData of %q: %v", result, err)
		}
	}
}

func TestPage(t *testing.T) {
	for _, tt := range []struct {
		in    string
		ok    bool
		key   string
		items int
	}{
		{`{"list":[1,2],"start_index":0,"sum":5}`, true, "list", 2},
		{`{"sum":5,"child_component_list":[],"start_index":10,"o":{"a":[1]}}`, true, "child_component_list", 0},
		{`{"list":[1,2],"sum":5}`, false, "", 0},
		{`{"list":[1,2],"start_index":0}`, false, "", 0},
		{`{"list":[1],"other":[2],"start_index":0,"sum":5}`, false, "", 0},
		{`{"start_index":0,"sum":5}`, false, "", 0},
		{`{"list":[1],"start_index":-1,"sum":5}`, false, "", 0},
		{`{"list":[1],"start_index":0,"sum":-5}`, false, "", 0},
		{`[1]`, false, "", 0},
		{``, false, "", 0},
		{`null`, false, "", 0},
	} {
		p, ok := ParsePage(raw(tt.in))
		if ok != tt.ok || ok && (p.Key != tt.key || len(p.Items) != tt.items) {
			t.Errorf("%s: %+v, %t", tt.in, p, ok)
		}
	}
	got, err := WithPage(raw(`{"a":1,"list":[1],"start_index":0,"sum":3,"z":[]}`), "list", []json.RawMessage{raw("1"), raw(`{"b":2}`)})
	if want := `{"a":1,"list":[1,{"b":2}],"start_index":0,"sum":3,"z":[]}`; err != nil || string(got) != want {
		t.Errorf("merged %s, %v", got, err)
	}
	for in, want := range map[string]string{"": `{"start_index":7}`, "null": `{"start_index":7}`, `{"x":1,"start_index":0}`: `{"x":1,"start_index":7}`} {
		got, err := WithStartIndex(raw(in), 7)
		if err != nil || string(got) != want {
			t.Errorf("%q with start_index: %s, %v", in, got, err)
		}
		if n, ok := StartIndex(got); n != 7 || !ok {
			t.Errorf("start_index of %s: %d, %t", got, n, ok)
		}
	}
	if _, err := WithStartIndex(raw("[1]"), 7); !errors.Is(err, wattle.ErrParam) {
		t.Errorf("params that are no object: %v", err)
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{"", "Lamp", "Küche", "日本", "with \"quotes\"", "emoji 💡"} {
		if got := DecodeName(EncodeName(name)); got != name {
			t.Errorf("%q became %q", name, got)
		}
	}
	for in, want := range map[string]string{
		"U21hcnQgUGx1Zw==": "Smart Plug", "U21hcnQgUGx1Zw": "Smart Plug", " U21hcnQgUGx1Zw==\n": "Smart Plug",
		"Desk Lamp": "Desk Lamp", "Lamp": "Lamp", "//8=": "//8=", "AQI=": "AQI=", "a": "a",
	} {
		if got := DecodeName(in); got != want {
			t.Errorf("DecodeName(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":"b"}`:                    `{"a":"b"}`,
		"{\"a\":\"b\n\x01\"}":          `{"a":"b\u000a\u0001"}`,
		"{\"a\":\"K\xfcche\"}":         "{\"a\":\"K\ufffdche\"}",
		"{\"a\":\"\xe2\x82\"}\x00\x00": "{\"a\":\"\ufffd\ufffd\"}",
		"{\"a\":\"\\\"\x02\\\\\"}":     `{"a":"\"\u0002\\"}`,
		"\x00\n{}\r\n":                 "{}",
		`{"a":`:                        `{"a":`,
		"{\"a\":\"\\\xff\"}":           "{\"a\":\"\\\ufffd\"}",
	} {
		if got := string(Clean([]byte(in))); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzSmart(f *testing.F) {
	f.Add([]byte(`{"method":"multipleRequest","params":{"requests":[{"method":"a"},{"method":"b","params":{"x":1}}]},"request_time_milis":1}`))
	f.Add([]byte(`{"method":"control_child","params":{"device_id":"x","requestData":{"method":"a"}},"terminal_uuid":"t"}`))
	f.Add([]byte(`{"error_code":0,"result":{"responses":[{"method":"a","error_code":0,"result":{}},{"method":"b","error_code":-1008}]}}`))
	f.Add([]byte(`{"error_code":0,"result":{"responseData":{"error_code":-1001,"msg":"x"}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if a, err := ParseAnswer(data); err == nil {
			if built, err := a.Build(); err != nil {
				t.Errorf("%+v cannot be built: %v", a, err)
			} else if again, err := ParseAnswer(built); err != nil || again.Code != a.Code || again.Msg != a.Msg {
				t.Errorf("%s reads as %+v, %v", built, again, err)
			}
			if list, err := a.Responses(); err == nil {
				Match([]Call{{"a", nil}, {"b", nil}}, list)
			}
			if _, err := a.ResponseData(); err != nil && !errors.Is(err, wattle.ErrProtocol) {
				t.Errorf("class of %v", err)
			}
		} else if !errors.Is(err, wattle.ErrProtocol) {
			t.Errorf("class of %v", err)
		}
		r, err := ParseRequest(data)
		if err != nil {
			return
		}
		built, err := Build(r.Call, Header{TimeMilis: r.TimeMilis, TerminalID: r.TerminalID})
		if err != nil {
			t.Fatalf("%+v cannot be built: %v", r, err)
		}
		if again, err := ParseRequest(built); err != nil || again.Method != r.Method || again.TerminalID != r.TerminalID {
			t.Errorf("%s reads as %+v, %v", built, again, err)
		}
		_, _ = r.Requests()
		_, _, _ = r.Child()
	})
}

func FuzzPage(f *testing.F) {
	f.Add([]byte(`{"list":[1,{"a":[2]}],"start_index":0,"sum":5,"x":"y"}`))
	f.Add([]byte(`{"start_index":"0","sum":2.0,"child_device_list":[{"device_id":"x"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, ok := ParsePage(data)
		if !ok {
			return
		}
		merged, err := WithPage(data, p.Key, append(p.Items, p.Items...))
		if err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		again, ok := ParsePage(merged)
		if !ok || again.Key != p.Key || again.Sum != p.Sum || again.Start != 0 || len(again.Items) != 2*len(p.Items) {
			t.Errorf("%s became %s: %+v", data, merged, again)
		}
	})
}

// FuzzClean: valid JSON stays as it is, and what was mended stays mended.
func FuzzClean(f *testing.F) {
	f.Add([]byte("{\"alias\":\"K\xfcche\x01\"}\x00"))
	f.Add([]byte(`{"a":"\u00e9\\\"","b":[1,2.5e3,null]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		once := Clean(data)
		if json.Valid(data) && !json.Valid(once) {
			t.Fatalf("%q was good and became %q", data, once)
		}
		if twice := Clean(once); string(twice) != string(once) {
			t.Fatalf("%q, again %q", once, twice)
		}
		name := DecodeName(string(data))
		if EncodeName(name) == "" && len(name) > 0 {
			t.Fatal("a name vanished")
		}
	})
}
