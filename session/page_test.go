package session_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"wattle"
	"wattle/internal/wire/envelope"
	"wattle/method"
)

// pager serves a list of n entries in pages.
func pager(n, size, sum int) func(int, string) (string, error) {
	return func(_ int, request string) (string, error) {
		r, err := envelope.ParseRequest([]byte(request))
		if err != nil {
			return "", err
		}
		call := r.Call
		child := call.Method == envelope.ControlChild
		if child {
			if _, call, err = call.Child(); err != nil {
				return "", err
			}
		}
		start, _ := envelope.StartIndex(call.Params)
		var items []string
		for i := start; i < min(start+size, n); i++ {
			items = append(items, fmt.Sprintf(`{"id":%d}`, i))
		}
		answer := fmt.Sprintf(`{"error_code":0,"result":{"extra":{"list":[1]},"list":[%s],"start_index":%d,"sum":%d,"tail":true}}`,
			strings.Join(items, ","), start, sum)
		if child {
			answer = `{"error_code":0,"result":{"responseData":` + answer + `}}`
		}
		return answer, nil
	}
}

func TestPages(t *testing.T) {
	for _, tt := range []struct {
		name          string
		n, size, sum  int
		child         string
		params        string
		entries       int
		first         int
		requests      int
		reportedStart int
	}{
		{name: "one page", n: 3, size: 10, sum: 3, entries: 3, requests: 1},
		{name: "three pages", n: 25, size: 10, sum: 25, entries: 25, requests: 3},
		{name: "child", n: 25, size: 10, sum: 25, child: "id01", entries: 25, requests: 3},
		{name: "sum lies", n: 12, size: 10, sum: 99, entries: 12, requests: 3},
		{name: "huge sum", n: 1 << 30, size: 10, sum: 1 << 30, entries: 1010, requests: 101},
		{name: "empty", n: 0, size: 10, sum: 5, entries: 0, requests: 1},
		{name: "the caller wants one page", n: 25, size: 10, sum: 25, params: `{"start_index":10}`, entries: 10, first: 10, requests: 1, reportedStart: 10},
		{name: "other params are kept", n: 12, size: 10, sum: 12, params: `{"start_index":0,"x":"y"}`, entries: 12, requests: 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn := newFake(wattle.KLAP, pager(tt.n, tt.size, tt.sum))
				s := open(t, conn, wattle.SMART, nil)
				var caller method.Caller = s
				if tt.child != "" {
					caller = s.Child(tt.child)
				}
				c := read("get_rules")
				if tt.params != "" {
					c.Params = json.RawMessage(tt.params)
				}
				results, err := caller.Do(t.Context(), c)
				if err != nil || results[0].Err != nil {
					t.Fatalf("%q %v", describe(results), err)
				}
				var got struct {
					Extra      struct{ List []int }
					List       []struct{ ID int }
					StartIndex int `json:"start_index"`
					Sum        int
					Tail       bool
				}
				if err := json.Unmarshal(results[0].Raw, &got); err != nil {
					t.Fatal(err)
				}
				if len(got.List) != tt.entries || got.StartIndex != tt.reportedStart || got.Sum != tt.sum || !got.Tail || len(got.Extra.List) != 1 {
					t.Errorf("%d entries, start_index %d, sum %d: %.200s", len(got.List), got.StartIndex, got.Sum, results[0].Raw)
				}
				for i, entry := range got.List {
					if entry.ID != tt.first+i {
						t.Fatalf("entry %d is %d", i, entry.ID)
					}
				}
				if len(conn.requests) != tt.requests {
					t.Errorf("%d requests, want %d", len(conn.requests), tt.requests)
				}
				if strings.Contains(tt.params, `"x"`) && !slices.ContainsFunc(conn.requests, func(r string) bool {
					return strings.Contains(r, `{"start_index":10,"x":"y"}`)
				}) {
					t.Errorf("requests %v", conn.requests)
				}
			})
		})
	}
}

// TestPagesInBatch: a list in a batch is followed like any other.
func TestPagesInBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := smartDevice(map[string]string{"a": `{"v":1}`, "list": `{"list":[1,2],"start_index":0,"sum":3}`})
		conn := newFake(wattle.KLAP, func(n int, request string) (string, error) {
			if strings.Contains(request, `"start_index":2`) {
				return `{"error_code":0,"result":{"list":[3],"start_index":2,"sum":3}}`, nil
			}
			return device(n, request)
		})
		s := open(t, conn, wattle.SMART, nil)
		results, err := s.Do(t.Context(), reads("list", "a")...)
		if err != nil {
			t.Fatal(err)
		}
		if want := []string{`{"list":[1,2,3],"start_index":0,"sum":3}`, `{"v":1}`}; !slices.Equal(describe(results), want) {
			t.Errorf("%q, want %q", describe(results), want)
		}
	})
}

// TestPagesIgnored: a device that gives the first page for ever is not followed.
func TestPagesIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := newFake(wattle.KLAP, smartDevice(map[string]string{"list": `{"list":[1,2],"start_index":0,"sum":30}`}))
		s := open(t, conn, wattle.SMART, nil)
		results, err := s.Do(t.Context(), read("list"))
		if err != nil || string(results[0].Raw) != `{"list":[1,2],"start_index":0,"sum":30}` || len(conn.requests) != 2 {
			t.Errorf("%q, %v after %d requests", describe(results), err, len(conn.requests))
		}
	})
}
