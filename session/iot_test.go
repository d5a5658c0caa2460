package session_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"wattle"
	"wattle/internal/wire/envelope"
	"wattle/method"
)

// iotMethods gives the methods of a request in short: "system.a,system.b".
func iotMethods(request string) string {
	r, err := envelope.ParseIOT([]byte(request))
	if err != nil {
		return "?" + request
	}
	var list []string
	for _, m := range r.Modules {
		for _, c := range m.Calls {
			list = append(list, c.Module+"."+c.Method)
		}
	}
	if r.ChildIDs != nil {
		return strings.Join(r.ChildIDs, "+") + ":" + strings.Join(list, ",")
	}
	return strings.Join(list, ",")
}

func iotMessages(conn *fakeConn) []string {
	var list []string
	for _, request := range conn.asked() {
		list = append(list, iotMethods(request))
	}
	return list
}

// iotDevice answers IOT requests from a table of "module.method" or "module"
// (for a module that is refused) to a value.
func iotDevice(values map[string]string) func(int, string) (string, error) {
	return func(_ int, request string) (string, error) {
		r, err := envelope.ParseIOT([]byte(request))
		if err != nil {
			return "", err
		}
		var results []envelope.IOTResult
		for _, m := range r.Modules {
			if value, refused := values[m.Name]; refused {
				results = append(results, envelope.IOTResult{Module: m.Name, Value: json.RawMessage(value)})
				continue
			}
			for _, c := range m.Calls {
				value, ok := values[c.Module+"."+c.Method]
				if !ok {
					value = string(envelope.IOTError(-2, "member not support"))
				}
				results = append(results, envelope.IOTResult{Module: c.Module, Method: c.Method, Value: json.RawMessage(value)})
			}
		}
		answer, err := envelope.BuildIOTAnswer(results...)
		return string(answer), err
	}
}

const (
	plugInfo  = `{"type":"IOT.SMARTPLUGSWITCH","err_code":0}`
	stripInfo = `{"mic_type":"IOT.SMARTPLUGSWITCH","children":[{"id":"00"}],"err_code":0}`
	bulbInfo  = `{"mic_type":"IOT.SMARTBULB","light_state":{},"err_code":0}`
)

func TestIOTMessages(t *testing.T) {
	values := map[string]string{
		"system.get_sysinfo":   plugInfo,
		"system.set_led_off":   `{"err_code":0}`,
		"time.get_time":        `{"hour":1,"err_code":0}`,
		"emeter.get_realtime":  `{"power":1,"err_code":0}`,
		"emeter.get_daystat":   `{"day_list":[],"err_code":0}`,
		"emeter.get_monthstat": `{"month_list":[],"err_code":0}`,
		"cnCloud":              `{"err_code":-1,"err_msg":"module not support"}`,
		"schedule.get_rules":   `{"rule_list":[],"err_code":0}`,
		"system.flaky":         `{"err_code":-7,"err_msg":"unknown error"}`,
	}
	daystat := func(year int) method.Call {
		c := read("emeter.get_daystat")
		c.Params = json.RawMessage(fmt.Sprintf(`{"year":%d}`, year))
		return c
	}
	for _, tt := range []struct {
		name   string
		tr     wattle.Transport
		met    string // sysinfo asked before
		child  string
		calls  []method.Call
		asked  []string
		errors map[int]string
	}{
		{
			name: "first contact is sysinfo alone", calls: reads("emeter.get_realtime", "system.get_sysinfo", "time.get_time"),
			asked: []string{"system.get_sysinfo", "emeter.get_realtime,time.get_time"},
		},
		{
			name: "no sysinfo is added", calls: reads("emeter.get_realtime", "time.get_time"),
			asked: []string{"emeter.get_realtime,time.get_time"},
		},
		{
			name: "known plug", met: plugInfo, calls: reads("system.get_sysinfo", "emeter.get_realtime", "emeter.get_daystat", "emeter.get_monthstat", "time.get_time"),
			asked: []string{"system.get_sysinfo,emeter.get_realtime,emeter.get_daystat,emeter.get_monthstat,time.get_time"},
		},
		{
			name: "known bulb: small answers", met: bulbInfo, calls: reads("system.get_sysinfo", "emeter.get_realtime", "emeter.get_daystat", "emeter.get_monthstat", "time.get_time"),
			asked: []string{"system.get_sysinfo,emeter.get_realtime,emeter.get_daystat", "emeter.get_monthstat,time.get_time"},
		},
		{
			name: "UDP: one module", tr: wattle.XORUDP, met: plugInfo, calls: reads("emeter.get_realtime", "emeter.get_daystat", "time.get_time"),
			asked: []string{"emeter.get_realtime,emeter.get_daystat", "time.get_time"},
		},
		{
			name: "the same method twice", met: plugInfo, calls: []method.Call{daystat(2024), daystat(2025)},
			asked: []string{"emeter.get_daystat", "emeter.get_daystat"},
		},
		{
			name: "module not there", met: plugInfo, calls: reads("cnCloud.get_info", "time.get_time"),
			asked: []string{"cnCloud.get_info,time.get_time"}, errors: map[int]string{0: "cnCloud.get_info: device answered -1 (module not support: module not support)"},
		},
		{
			name: "method not there", met: plugInfo, calls: reads("system.nope", "time.get_time"),
			asked: []string{"system.nope,time.get_time"}, errors: map[int]string{0: "system.nope: device answered -2 (member not support: member not support)"},
		},
		{
			name: "-7 once more", met: plugInfo, calls: reads("system.flaky", "time.get_time"),
			asked: []string{"system.flaky,time.get_time", "system.flaky"}, errors: map[int]string{0: "system.flaky: device answered -7 (unknown error: unknown error)"},
		},
		{
			name: "writes keep their place", met: plugInfo,
			calls: []method.Call{call("system.set_led_off", method.Absolute), read("time.get_time"), read("system.get_sysinfo")},
			asked: []string{"system.set_led_off,time.get_time", "system.get_sysinfo"},
		},
		{
			name: "outlet", met: stripInfo, child: "800601", calls: reads("emeter.get_realtime", "time.get_time"),
			asked: []string{"800601:emeter.get_realtime,time.get_time"},
		},
		{
			name: "no module", met: plugInfo, calls: []method.Call{{Method: "get_sysinfo"}, read("time.get_time"), call("context.x", method.Read)},
			asked: []string{"time.get_time"}, errors: map[int]string{
				0: `"".get_sysinfo` + " is not a module and method: value refused",
				2: `"context"."x" is not a module and method: value refused`,
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr := tt.tr
				if tr == "" {
					tr = wattle.XOR
				}
				device := iotDevice(values)
				conn := newFake(tr, func(n int, request string) (string, error) {
					if tt.met != "" && n == 0 {
						return `{"system":{"get_sysinfo":` + tt.met + `}}`, nil
					}
					return device(n, request)
				})
				s := open(t, conn, wattle.IOT, nil)
				if tt.met != "" {
					if _, err := s.Do(t.Context(), read("system.get_sysinfo")); err != nil {
						t.Fatal(err)
					}
				}
				before := len(conn.asked())
				var caller method.Caller = s
				if tt.child != "" {
					caller = s.Child(tt.child)
				}
				results, err := caller.Do(t.Context(), tt.calls...)
				if err != nil {
					t.Fatal(err)
				}
				if got := iotMessages(conn)[before:]; !slices.Equal(got, tt.asked) {
					t.Errorf("asked %q, want %q", got, tt.asked)
				}
				for i, r := range results {
					want := tt.errors[i]
					switch {
					case want == "" && (r.Err != nil || len(r.Raw) == 0):
						t.Errorf("%s: %v, %s", tt.calls[i].Key(), r.Err, r.Raw)
					case want != "" && (r.Err == nil || !strings.HasSuffix(r.Err.Error(), strings.TrimPrefix(want, `"".get_sysinfo`))):
						t.Errorf("%s: error %v, want %s", tt.calls[i].Key(), r.Err, want)
					}
				}
			})
		})
	}
}

// TestIOTRequestLimit: no message is longer than what devices can hold.
func TestIOTRequestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := newFake(wattle.XOR, func(_ int, request string) (string, error) {
			return strings.ReplaceAll(request, "{}", `{"err_code":0}`), nil
		})
		s := open(t, conn, wattle.IOT, nil)
		var calls []method.Call
		for i := range 60 {
			calls = append(calls, read(fmt.Sprintf("smartlife.iot.module%02d.get_something_or_other", i)))
		}
		results, err := s.Do(t.Context(), calls...)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range results {
			if r.Err != nil {
				t.Fatalf("%s: %v", calls[i].Key(), r.Err)
			}
		}
		for _, request := range conn.asked() {
			if len(request) > 768 {
				t.Errorf("request of %d bytes", len(request))
			}
		}
		if n := len(conn.asked()); n > 8 {
			t.Errorf("%d messages for 60 calls", n)
		}
	})
}

// TestIOTGrowingAnswers: what was seen to be long gets more room next time.
func TestIOTGrowingAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		long := `{"err_code":0,"x":"` + strings.Repeat("y", 3000) + `"}`
		conn := newFake(wattle.XOR, iotDevice(map[string]string{"system.get_sysinfo": bulbInfo, "a.b": long, "c.d": long}))
		s := open(t, conn, wattle.IOT, nil)
		for range 2 {
			if _, err := s.Do(t.Context(), reads("system.get_sysinfo", "a.b", "c.d")...); err != nil {
				t.Fatal(err)
			}
		}
		want := []string{"system.get_sysinfo", "a.b,c.d", "system.get_sysinfo,a.b", "c.d"}
		if got := iotMessages(conn); !slices.Equal(got, want) {
			t.Errorf("asked %q, want %q", got, want)
		}
	})
}

// TestIOTErrorAtTheTop: firmware that puts the refusal of a module beside the
// modules; the rest counts, and the missing one is asked alone to be sure.
func TestIOTErrorAtTheTop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := newFake(wattle.XOR, func(_ int, request string) (string, error) {
			if strings.Contains(request, "time") {
				return `{"time":{"get_time":{"err_code":0}},"err_code":-1,"err_msg":"module not support"}`, nil
			}
			return `{"err_code":-1,"err_msg":"module not support"}`, nil
		})
		s := open(t, conn, wattle.IOT, nil)
		results, err := s.Do(t.Context(), reads("emeter.get_realtime", "time.get_time")...)
		if err != nil || !errors.Is(results[0].Err, wattle.ErrUnsupported) || results[1].Err != nil {
			t.Errorf("%q, %v", describe(results), err)
		}
	})
}

// TestIOTSilence: an answer that says nothing about a call is no answer to it.
func TestIOTSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := newFake(wattle.XOR, func(int, string) (string, error) { return `{}`, nil })
		s := open(t, conn, wattle.IOT, nil)
		results, err := s.Do(t.Context(), reads("a.b", "c.d")...)
		if err != nil || !errors.Is(results[0].Err, wattle.ErrProtocol) || !errors.Is(results[1].Err, wattle.ErrProtocol) {
			t.Errorf("%q, %v", describe(results), err)
		}
	})
}

// TestIOTUnreadable: one module that spoils the JSON does not hide the others.
func TestIOTUnreadable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := iotDevice(map[string]string{"a.b": `{"err_code":0}`, "e.f": `{"err_code":0}`})
		conn := newFake(wattle.XOR, func(n int, request string) (string, error) {
			if strings.Contains(request, `"c"`) {
				return `{"c":{"d":`, nil
			}
			return device(n, request)
		})
		s := open(t, conn, wattle.IOT, nil)
		results, err := s.Do(t.Context(), reads("a.b", "c.d", "e.f")...)
		if err != nil || results[0].Err != nil || !errors.Is(results[1].Err, wattle.ErrProtocol) || results[2].Err != nil {
			t.Errorf("%q, %v", describe(results), err)
		}
	})
}

// TestIOTShip20 is the HS110 with KLAP: it drops the session after each answer
// and cannot take two modules at once. What it needs is found out and remembered.
func TestIOTShip20(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var conn *fakeConn
		device := iotDevice(map[string]string{
			"system.get_sysinfo": plugInfo, "emeter.get_realtime": `{"err_code":0}`, "time.get_time": `{"err_code":0}`, "schedule.get_rules": `{"err_code":0}`,
		})
		used := 0 // the last session that was answered
		conn = newFake(wattle.KLAP, func(n int, request string) (string, error) {
			if used == conn.sessionIDs[n] {
				return "", errReset
			}
			if strings.Contains(iotMethods(request), ",") {
				return "", errReset
			}
			used = conn.sessionIDs[n]
			return device(n, request)
		})
		s := open(t, conn, wattle.IOT, nil)
		poll := reads("system.get_sysinfo", "emeter.get_realtime", "time.get_time", "schedule.get_rules")
		for range 3 {
			results, err := s.Do(t.Context(), poll...)
			if err != nil {
				t.Fatal(err)
			}
			for i, r := range results {
				if r.Err != nil {
					t.Errorf("%s: %v", poll[i].Key(), r.Err)
				}
			}
		}
		h := s.Health()
		t.Logf("%d requests, %d failures, %d sessions for %d calls", h.Requests, h.Failures, h.Handshakes, 3*len(poll))
		before := h.Failures
		if _, err := s.Do(t.Context(), poll...); err != nil {
			t.Fatal(err)
		}
		if h := s.Health(); h.Failures != before {
			t.Errorf("%d failures more once it is known", h.Failures-before)
		}
	})
}
