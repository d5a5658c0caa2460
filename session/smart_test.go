package session_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/method"
	"wattle/session"
)

// messages gives what was asked, in short.
func messages(conn *fakeConn) []string {
	var list []string
	for _, request := range conn.asked() {
		list = append(list, smartMethods(request))
	}
	return list
}

func TestSmartBatches(t *testing.T) {
	device := map[string]string{
		"a": `{"v":1}`, "b": `{"v":2}`, "c": `{"v":3}`, "d": `{"v":4}`, "e": `{"v":5}`, "f": `{"v":6}`,
		"set_x": "0", "null": "-1008", "shy": "-1001", "get_schedule_rules": `{"rule_list":[]}`,
	}
	for _, tt := range []struct {
		name   string
		batch  int
		child  string
		calls  []method.Call
		asked  []string
		result []string
	}{
		{
			name: "one", calls: reads("a"),
			asked: []string{"a"}, result: []string{`{"v":1}`},
		},
		{
			name: "six in two", calls: reads("a", "b", "c", "d", "e", "f"),
			asked:  []string{"multipleRequest(a,b,c,d,e)", "f"},
			result: []string{`{"v":1}`, `{"v":2}`, `{"v":3}`, `{"v":4}`, `{"v":5}`, `{"v":6}`},
		},
		{
			name: "option", batch: 2, calls: reads("a", "b", "c"),
			asked:  []string{"multipleRequest(a,b)", "c"},
			result: []string{`{"v":1}`, `{"v":2}`, `{"v":3}`},
		},
		{
			name: "the first failure stops a batch", calls: reads("a", "nope", "b", "c"),
			asked:  []string{"multipleRequest(a,nope,b,c)", "b", "c"},
			result: []string{`{"v":1}`, "!nope: device answered -1002 (UNKNOWN_METHOD)", `{"v":2}`, `{"v":3}`},
		},
		{
			name: "two failures", calls: reads("null", "nope", "a"),
			asked: []string{"multipleRequest(null,nope,a)", "nope", "a"},
			result: []string{
				"!null: device answered -1008 (PARAMS)", "!nope: device answered -1002 (UNKNOWN_METHOD)",
				`{"v":1}`,
			},
		},
		{
			name: "-1001 is asked once alone", calls: reads("shy", "a"),
			asked:  []string{"multipleRequest(shy,a)", "shy", "a"},
			result: []string{"!shy: device answered -1001 (UNSPECIFIC)", `{"v":1}`},
		},
		{
			name: "a method twice", calls: reads("a", "b", "a", "c"),
			asked:  []string{"multipleRequest(a,b)", "multipleRequest(a,c)"},
			result: []string{`{"v":1}`, `{"v":2}`, `{"v":1}`, `{"v":3}`},
		},
		{
			name: "what the app does not batch", calls: reads("a", "get_schedule_rules", "b", "c"),
			asked:  []string{"a", "get_schedule_rules", "multipleRequest(b,c)"},
			result: []string{`{"v":1}`, `{"rule_list":[]}`, `{"v":2}`, `{"v":3}`},
		},
		{
			name: "setter", calls: []method.Call{call("set_x", method.Absolute), read("a")},
			asked: []string{"multipleRequest(set_x,a)"}, result: []string{"", `{"v":1}`},
		},
		{
			name: "child", child: "id01", calls: reads("a", "b"),
			asked: []string{"control_child(id01:multipleRequest(a,b))"}, result: []string{`{"v":1}`, `{"v":2}`},
		},
		{
			name: "one of a child", child: "id01", calls: reads("nope"),
			asked: []string{"control_child(id01:nope)"}, result: []string{"!nope: device answered -1002 (UNKNOWN_METHOD)"},
		},
		{
			name: "child's -1001", child: "id01", calls: reads("a", "shy"),
			asked:  []string{"control_child(id01:multipleRequest(a,shy))", "control_child(id01:shy)"},
			result: []string{`{"v":1}`, "!shy: device answered -1001 (UNSPECIFIC)"},
		},
		{
			name: "child's -1001 alone", child: "id01", calls: reads("shy"),
			asked:  []string{"control_child(id01:shy)", "control_child(id01:shy)"},
			result: []string{"!shy: device answered -1001 (UNSPECIFIC)"},
		},
		{
			name: "a call that cannot be sent", calls: []method.Call{{Method: "a", Params: json.RawMessage("{")}, read("b")},
			asked:  []string{"b"},
			result: []string{"!params of a: value refused: unexpected end of JSON input", `{"v":2}`},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn := newFake(wattle.KLAP, smartDevice(device))
				s := open(t, conn, wattle.SMART, &session.Options{Batch: tt.batch})
				var caller method.Caller = s
				if tt.child != "" {
					caller = s.Child(tt.child)
				}
				results, err := caller.Do(t.Context(), tt.calls...)
				if err != nil {
					t.Fatal(err)
				}
				if got := messages(conn); !slices.Equal(got, tt.asked) {
					t.Errorf("asked %q, want %q", got, tt.asked)
				}
				if got := describe(results); !slices.Equal(got, tt.result) {
					t.Errorf("results\n%q, want\n%q", got, tt.result)
				}
			})
		})
	}
}

// TestSmartUnspecific: -1001 twice is "not supported", and nothing else.
func TestSmartUnspecific(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := newFake(wattle.KLAP, smartDevice(map[string]string{"shy": "-1001", "a": "{}"}))
		s := open(t, conn, wattle.SMART, nil)
		for _, calls := range [][]method.Call{reads("shy"), reads("a", "shy")} {
			before := len(conn.asked())
			results, err := s.Do(t.Context(), calls...)
			if err != nil {
				t.Fatal(err)
			}
			err = results[len(results)-1].Err
			var refusal *wattle.DeviceError
			if !errors.Is(err, wattle.ErrUnsupported) || errors.Is(err, wattle.ErrBusy) ||
				!errors.As(err, &refusal) || refusal.Code != -1001 {
				t.Errorf("error %v (%T)", err, err)
			}
			if n := len(conn.asked()) - before; n != 2 {
				t.Errorf("%d messages for %d calls", n, len(calls))
			}
		}
	})
}

// TestSmartOuterErrors: a batch that is refused as a whole.
func TestSmartOuterErrors(t *testing.T) {
	good := smartDevice(map[string]string{"a": "{}", "b": "{}", "c": "{}", "d": "{}"})
	for _, tt := range []struct {
		name   string
		batch  func(n int) (string, error) // what multipleRequest gets
		first  []string
		second []string
	}{
		{
			name:   "-1003 is remembered",
			batch:  func(int) (string, error) { return `{"error_code":-1003}`, nil },
			first:  []string{"multipleRequest(a,b,c,d)", "a", "b", "c", "d"},
			second: []string{"a", "b", "c", "d"},
		},
		{
			name:   "unknown code is remembered",
			batch:  func(int) (string, error) { return `{"error_code":-98765}`, nil },
			first:  []string{"multipleRequest(a,b,c,d)", "a", "b", "c", "d"},
			second: []string{"a", "b", "c", "d"},
		},
		{
			name:   "1200 is remembered",
			batch:  func(int) (string, error) { return `{"error_code":1200}`, nil },
			first:  []string{"multipleRequest(a,b,c,d)", "a", "b", "c", "d"},
			second: []string{"a", "b", "c", "d"},
		},
		{
			name:   "a refusal that says something else is not",
			batch:  func(int) (string, error) { return `{"error_code":-1}`, nil },
			first:  []string{"multipleRequest(a,b,c,d)", "a", "b", "c", "d"},
			second: []string{"multipleRequest(a,b,c,d)", "a", "b", "c", "d"},
		},
		{
			name:   "no answer is remembered when single calls are answered",
			batch:  func(int) (string, error) { return "", errHang },
			first:  []string{"multipleRequest(a,b,c,d)", "a", "b", "c", "d"},
			second: []string{"a", "b", "c", "d"},
		},
		{
			name: "too long",
			batch: func(n int) (string, error) {
				if n > 2 {
					return `{"error_code":-1006}`, nil
				}
				return "", nil
			},
			first:  []string{"multipleRequest(a,b,c,d)", "multipleRequest(a,b)", "multipleRequest(c,d)"},
			second: []string{"multipleRequest(a,b)", "multipleRequest(c,d)"},
		},
		{
			name: "cut off",
			batch: func(n int) (string, error) {
				if n > 2 {
					return `{"error_code":0,"result":{"responses":[{"met`, nil
				}
				return "", nil
			},
			first:  []string{"multipleRequest(a,b,c,d)", "multipleRequest(a,b)", "multipleRequest(c,d)"},
			second: []string{"multipleRequest(a,b)", "multipleRequest(c,d)"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn := newFake(wattle.KLAP, func(n int, request string) (string, error) {
					if m := smartMethods(request); strings.HasPrefix(m, "multipleRequest") {
						if answer, err := tt.batch(strings.Count(m, ",") + 1); answer != "" || err != nil {
							return answer, err
						}
					}
					return good(n, request)
				})
				s := open(t, conn, wattle.SMART, nil)
				for _, want := range [][]string{tt.first, tt.second} {
					before := len(conn.asked())
					results, err := s.Do(t.Context(), reads("a", "b", "c", "d")...)
					if err != nil {
						t.Fatal(err)
					}
					for _, r := range results {
						if r.Err != nil || string(r.Raw) != "{}" {
							t.Errorf("results %q", describe(results))
							break
						}
					}
					if got := messages(conn)[before:]; !slices.Equal(got, want) {
						t.Errorf("asked %q, want %q", got, want)
					}
				}
			})
		})
	}
}

// TestSmartOffline: a device that is gone costs one batch and one call, and the
// batch size is not to blame.
func TestSmartOffline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		offline := true
		good := smartDevice(map[string]string{"a": "{}", "b": "{}"})
		conn := newFake(wattle.KLAP, func(n int, request string) (string, error) {
			if offline {
				return "", errHang
			}
			return good(n, request)
		})
		s := open(t, conn, wattle.SMART, nil)
		start := time.Now()
		if results, err := s.Do(t.Context(), reads("a", "b")...); !errors.Is(err, wattle.ErrUnreachable) {
			t.Errorf("%v, %v", results, err)
		}
		if took := time.Since(start); took > 30*time.Second {
			t.Errorf("gave up after %v", took)
		}
		offline = false
		before := len(conn.asked())
		if _, err := s.Do(t.Context(), reads("a", "b")...); err != nil {
			t.Error(err)
		}
		if got := messages(conn)[before:]; !slices.Equal(got, []string{"multipleRequest(a,b)"}) {
			t.Errorf("asked %q", got)
		}
	})
}

// TestSmartPartly: what was answered before the device went away is given back.
func TestSmartPartly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := newFake(wattle.KLAP, func(n int, _ string) (string, error) {
			if n > 0 {
				return "", errNoRoute
			}
			return `{"error_code":0,"result":{"v":1}}`, nil
		})
		s := open(t, conn, wattle.SMART, &session.Options{Batch: 1})
		results, err := s.Do(t.Context(), reads("a", "b", "c")...)
		if err != nil || string(results[0].Raw) != `{"v":1}` ||
			!errors.Is(results[1].Err, wattle.ErrUnreachable) || !errors.Is(results[2].Err, wattle.ErrUnreachable) {
			t.Errorf("%q, %v", describe(results), err)
		}
		if len(conn.requests) != 2 {
			t.Errorf("asked %v", messages(conn))
		}
	})
}

func TestSmartTerminalID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		picky := func(_ int, request string) (string, error) {
			if strings.Contains(request, `"terminalUUID":"t-1"`) {
				return `{"error_code":0,"result":{"ok":true}}`, nil
			}
			return `{"error_code":-1012}`, nil
		}
		conn := newFake(wattle.AES, picky)
		s := open(t, conn, wattle.SMART, &session.Options{TerminalID: "t-1"})
		for range 2 {
			results, err := s.Do(t.Context(), call("set_device_info", method.Absolute))
			if err != nil || results[0].Err != nil {
				t.Fatalf("%v %v", describe(results), err)
			}
		}
		if len(conn.requests) != 3 {
			t.Errorf("asked %v", conn.requests)
		}
		if !strings.Contains(conn.requests[0], `"terminal_uuid":"t-1","`) && !strings.HasSuffix(conn.requests[0], `"terminal_uuid":"t-1"}`) {
			t.Errorf("first request %s", conn.requests[0])
		}
		if want := fmt.Sprintf(`"request_time_milis":%d`, time.Now().UnixMilli()); !strings.Contains(conn.requests[0], want) {
			t.Errorf("first request %s lacks %s", conn.requests[0], want)
		}
	})
}

// TestSmartTimeouts: children and lists of them are given more time.
func TestSmartTimeouts(t *testing.T) {
	for _, tt := range []struct {
		name  string
		child string
		call  string
		want  time.Duration
	}{
		{"device", "", "get_device_info", 5 * time.Second},
		{"list of children", "", "get_child_device_list", 10 * time.Second},
		{"child", "id01", "get_device_info", 10 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn := newFake(wattle.KLAP, func(int, string) (string, error) { return "", errHang })
				s := open(t, conn, wattle.SMART, nil)
				var caller method.Caller = s
				if tt.child != "" {
					caller = s.Child(tt.child)
				}
				_, err := caller.Do(t.Context(), read(tt.call))
				if !errors.Is(err, wattle.ErrUnreachable) || len(conn.times) != 4 || conn.times[1] != tt.want+time.Second {
					t.Errorf("%v, attempts at %v", err, conn.times)
				}
			})
		})
	}
}

// TestSmartSetterThenGone: a setter that was carried out stays so when the
// device goes away afterwards.
func TestSmartSetterThenGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := smartDevice(map[string]string{"set_x": "0", "null": "-1008"})
		conn := newFake(wattle.KLAP, func(n int, request string) (string, error) {
			if n > 0 {
				return "", errNoRoute
			}
			return device(n, request)
		})
		s := open(t, conn, wattle.SMART, nil)
		results, err := s.Do(t.Context(), call("set_x", method.Absolute), read("null"), read("a"), call("play_alarm", method.Once))
		if err != nil {
			t.Fatal(err)
		}
		if results[0].Err != nil || !errors.Is(results[1].Err, wattle.ErrParam) ||
			!errors.Is(results[2].Err, wattle.ErrUnreachable) || !errors.Is(results[3].Err, wattle.ErrUnreachable) ||
			errors.Is(results[3].Err, session.ErrUncertain) {
			t.Errorf("%q", describe(results))
		}
	})
}

// TestSmartChildNotReached: the parent refuses, and is not asked for each call.
func TestSmartChildNotReached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := newFake(wattle.KLAP, func(int, string) (string, error) { return `{"error_code":-1008}`, nil })
		s := open(t, conn, wattle.SMART, nil)
		for n, calls := range [][]method.Call{reads("a"), reads("a", "b", "c")} {
			results, err := s.Child("id01").Do(t.Context(), calls...)
			if err != nil {
				t.Fatal(err)
			}
			for i, r := range results {
				if !errors.Is(r.Err, wattle.ErrParam) || !strings.Contains(r.Err.Error(), "control_child") {
					t.Errorf("%s: %v", calls[i].Method, r.Err)
				}
			}
			if len(conn.requests) != n+1 {
				t.Errorf("asked %q", messages(conn))
			}
		}
	})
}

// TestTransportCode: a code from the transport is about the session: no call is
// asked again on its own.
func TestTransportCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := newFake(wattle.AES, func(int, string) (string, error) {
			return "", fmt.Errorf("handshake: %w", &wattle.DeviceError{Family: wattle.SMART, Code: 1003})
		})
		s := open(t, conn, wattle.SMART, nil)
		if results, err := s.Do(t.Context(), reads("a", "b")...); !errors.Is(err, wattle.ErrTransport) || results != nil {
			t.Errorf("%q, %v", describe(results), err)
		}
		if len(conn.requests) != 1 {
			t.Errorf("asked %q", messages(conn))
		}
	})
}
