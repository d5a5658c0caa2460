package envelope

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wattle"
)

func raw(s string) json.RawMessage { return json.RawMessage(s) }

// TestIOTRequest goes both ways: calls to bytes as docs/protocol/iot.md section
// 1 shows them, and bytes to calls.
func TestIOTRequest(t *testing.T) {
	for _, tt := range []struct {
		name     string
		children []string
		calls    []IOTCall
		want     string
	}{
		{
			name:  "sysinfo, 29 bytes",
			calls: []IOTCall{{"system", "get_sysinfo", nil}},
			want:  `{"system":{"get_sysinfo":{}}}`,
		},
		{
			name: "grouped by module",
			calls: []IOTCall{
				{"system", "get_sysinfo", raw("null")},
				{"emeter", "get_realtime", raw(" { } ")},
				{"emeter", "get_daystat", raw(`{"year": 2024, "month":5}`)},
				{"time", "get_time", raw("{}")},
			},
			want: `{"system":{"get_sysinfo":{}},"emeter":{"get_realtime":{},"get_daystat":{"year":2024,"month":5}},"time":{"get_time":{}}}`,
		},
		{
			name: "outlets", children: []string{"8006AA00", "8006AA01"},
			calls: []IOTCall{{"system", "set_relay_state", raw(`{"state":1}`)}},
			want:  `{"context":{"child_ids":["8006AA00","8006AA01"]},"system":{"set_relay_state":{"state":1}}}`,
		},
		{
			name:  "no needless escapes",
			calls: []IOTCall{{"system", "set_dev_alias", raw(`{"alias":"Küche <&> \"1\""}`)}},
			want:  `{"system":{"set_dev_alias":{"alias":"Küche <&> \"1\""}}}`,
		},
		{
			name: "nothing", want: `{}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := BuildIOT(tt.children, tt.calls...)
			if err != nil || string(got) != tt.want {
				t.Fatalf("built %s, %v\n want %s", got, err, tt.want)
			}
			r, err := ParseIOT(got)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.children, r.ChildIDs); diff != "" {
				t.Error(diff)
			}
			var calls []IOTCall
			for _, m := range r.Modules {
				calls = append(calls, m.Calls...)
			}
			again, err := BuildIOT(r.ChildIDs, calls...)
			if err != nil || string(again) != tt.want {
				t.Errorf("built again %s, %v", again, err)
			}
		})
	}
}

func TestIOTRequestRefused(t *testing.T) {
	for _, calls := range [][]IOTCall{
		{{"", "get_sysinfo", nil}},
		{{"system", "", nil}},
		{{"context", "child_ids", nil}},
		{{"system", "a", nil}, {"time", "b", nil}, {"system", "a", nil}},
		{{"system", "a", raw(`{"x":`)}},
	} {
		if got, err := BuildIOT(nil, calls...); !errors.Is(err, wattle.ErrParam) {
			t.Errorf("%v: %s, %v", calls, got, err)
		}
	}
}

// TestIOTParse: what a device meets that our client never sends.
func TestIOTParse(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     IOTRequest
	}{
		{"a method twice runs twice", `{"a":{"b":{},"b":{"x":1}}}`, IOTRequest{
			Modules: []IOTModule{{Name: "a", Calls: []IOTCall{{"a", "b", raw("{}")}, {"a", "b", raw(`{"x":1}`)}}}},
		}},
		{"context last", `{"a":{"b":null},"context":{"child_ids":["01"]}}`, IOTRequest{
			Context: raw(`{"child_ids":["01"]}`), ChildIDs: []string{"01"},
			Modules: []IOTModule{{Name: "a", Calls: []IOTCall{{"a", "b", raw("null")}}}},
		}},
		{"no ids", `{"context":{"child_ids":[]}}`, IOTRequest{Context: raw(`{"child_ids":[]}`), ChildIDs: []string{}}},
		{"ids that are no list", `{"context":{"child_ids":"01"}}`, IOTRequest{Context: raw(`{"child_ids":"01"}`)}},
		{"ids that are no text", `{"context":{"child_ids":[1]}}`, IOTRequest{Context: raw(`{"child_ids":[1]}`)}},
		{"context that is no object", `{"context":""}`, IOTRequest{Context: raw(`""`)}},
		{"a second context is a module", `{"context":{},"context":{"a":{}}}`, IOTRequest{
			Context: raw(`{}`),
			Modules: []IOTModule{{Name: "context", Calls: []IOTCall{{"context", "a", raw("{}")}}}},
		}},
		{"a module that is no object", `{"a":7}`, IOTRequest{Modules: []IOTModule{{Name: "a", Value: raw("7")}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseIOT([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, in := range []string{"", "null", "[]", `"x"`, "{", `{"a":{}`, `{"a":{}}}`, "hello", "<html>"} {
		if _, err := ParseIOT([]byte(in)); !errors.Is(err, wattle.ErrProtocol) {
			t.Errorf("%q: %v", in, err)
		}
		if _, err := ParseIOTAnswer([]byte(in)); !errors.Is(err, wattle.ErrProtocol) {
			t.Errorf("answer %q: %v", in, err)
		}
	}
}

func TestIOTAnswer(t *testing.T) {
	answer, err := BuildIOTAnswer(
		IOTResult{"system", "get_sysinfo", raw(`{"alias":"x","err_code":0}`)},
		IOTResult{"emeter", "", IOTError(-1, "module not support")},
		IOTResult{"system", "foo", IOTError(-2, "member not support")},
		IOTResult{"time", "get_time", raw(`{"hour":1}`)},
		IOTResult{"time", "get_time", raw(`{"hour":2,"err_code":0}`)},
		IOTResult{"odd", "text", raw(`"ok"`)},
		IOTResult{"odd", "code", raw(`{"err_code":"-3"}`)},
	)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"system":{"get_sysinfo":{"alias":"x","err_code":0},"foo":{"err_code":-2,"err_msg":"member not support"}},` +
		`"emeter":{"err_code":-1,"err_msg":"module not support"},"time":{"get_time":{"hour":2,"err_code":0}},"odd":{"text":"ok","code":{"err_code":"-3"}}}`
	if string(answer) != want {
		t.Errorf("built %s\n want %s", answer, want)
	}
	a, err := ParseIOTAnswer(answer)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		module, method, value string
		code                  int
		msg                   string
		ok                    bool
	}{
		{"system", "get_sysinfo", `{"alias":"x","err_code":0}`, 0, "", true},
		{"system", "foo", `{"err_code":-2,"err_msg":"member not support"}`, -2, "member not support", true},
		{"emeter", "get_realtime", `{"err_code":-1,"err_msg":"module not support"}`, -1, "module not support", true},
		{"time", "get_time", `{"hour":2,"err_code":0}`, 0, "", true},
		{"odd", "text", `"ok"`, 0, "", true},
		{"odd", "code", `{"err_code":"-3"}`, -3, "", true},
		{"system", "bar", "", 0, "", false},
		{"cnCloud", "get_info", "", 0, "", false},
	} {
		value, code, msg, ok := a.Result(tt.module, tt.method)
		if string(value) != tt.value || code != tt.code || msg != tt.msg || ok != tt.ok {
			t.Errorf("%s.%s = %s, %d, %q, %t", tt.module, tt.method, value, code, msg, ok)
		}
	}
}

func TestIOTAnswerAtTheTop(t *testing.T) {
	a, err := ParseIOTAnswer([]byte(`{"system":{"get_sysinfo":{"err_code":0}},"err_code":-2001,"err_msg":"Module not support","extra":[1]}`))
	if err != nil || a.Code != -2001 || a.Msg != "Module not support" {
		t.Fatalf("%+v, %v", a, err)
	}
	if _, code, _, ok := a.Result("system", "get_sysinfo"); code != 0 || !ok {
		t.Errorf("the module beside it: %d, %t", code, ok)
	}
}

func TestChildID(t *testing.T) {
	for _, tt := range []struct{ device, id, want string }{
		{"8006AA", "01", "8006AA01"},
		{"8006AA", "8006AA01", "8006AA01"},
		{"8006AA", "", ""},
	} {
		if got := ChildID(tt.device, tt.id); got != tt.want {
			t.Errorf("ChildID(%q, %q) = %q, want %q", tt.device, tt.id, got, tt.want)
		}
	}
}

// FuzzIOT: what was read can be written, and reads the same.
func FuzzIOT(f *testing.F) {
	f.Add([]byte(`{"context":{"child_ids":["8006AA00"]},"system":{"set_relay_state":{"state":1}}}`))
	f.Add([]byte(`{"system":{"get_sysinfo":null},"emeter":{"get_daystat":{"year":2024,"month":5}}}`))
	f.Add([]byte("{\"a\":{\"b\":\"\x01\xff\"}}\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if a, err := ParseIOTAnswer(data); err == nil {
			a.Result("system", "get_sysinfo")
		} else if !errors.Is(err, wattle.ErrProtocol) {
			t.Errorf("class of %v", err)
		}
		r, err := ParseIOT(data)
		if err != nil {
			return
		}
		var calls []IOTCall
		for _, m := range r.Modules {
			calls = append(calls, m.Calls...)
		}
		built, err := BuildIOT(r.ChildIDs, calls...)
		if err != nil {
			return // a method twice, or without a name
		}
		again, err := ParseIOT(built)
		if err != nil {
			t.Fatalf("%s: %v", built, err)
		}
		if len(r.ChildIDs) > 0 {
			if diff := cmp.Diff(r.ChildIDs, again.ChildIDs); diff != "" {
				t.Error(diff)
			}
		}
		n := 0
		for _, m := range again.Modules {
			n += len(m.Calls)
		}
		if n != len(calls) {
			t.Errorf("%d calls became %d: %s", len(calls), n, built)
		}
	})
}

func BenchmarkIOT(b *testing.B) {
	calls := []IOTCall{{"system", "get_sysinfo", nil}, {"emeter", "get_realtime", nil}, {"time", "get_time", nil}}
	answer := []byte(`{"system":{"get_sysinfo":{"alias":"x","relay_state":1,"err_code":0}},"emeter":{"get_realtime":{"power_mw":1,"err_code":0}},"time":{"get_time":{"hour":1,"err_code":0}}}`)
	for b.Loop() {
		if _, err := BuildIOT(nil, calls...); err != nil {
			b.Fatal(err)
		}
		a, err := ParseIOTAnswer(answer)
		if err != nil {
			b.Fatal(err)
		}
		for _, c := range calls {
			if _, _, _, ok := a.Result(c.Module, c.Method); !ok {
				b.Fatal("no result")
			}
		}
	}
}
