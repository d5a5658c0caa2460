package rawjson_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"wattle/internal/wire/rawjson"
)

func members(t *testing.T, object string) []string {
	t.Helper()
	var list []string
	err := rawjson.Members([]byte(object), func(key, value []byte) error {
		list = append(list, fmt.Sprintf("%s=%s", key, value))
		return nil
	})
	if err != nil {
		return []string{err.Error()}
	}
	return list
}

func TestMembers(t *testing.T) {
	for in, want := range map[string]string{
		`{}`:      "",
		" { } ":   "",
		`{"a":1}`: "a=1",
		"\n{ \"a\" : [1, {\"b\":\"}\"}] , \"c\":\"\\\"]\" , \"a\":null }": `a=[1, {"b":"}"}] c="\"]" a=null`,
		`{"k\u0065y":-1.5e3,"":true}`:                                     "key=-1.5e3 =true",
		`[]`:                                                              "not an object",
		`null`:                                                            "not an object",
		`"{}"`:                                                            "not an object",
	} {
		if got := strings.Join(members(t, in), " "); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	stop := errors.New("enough")
	if err := rawjson.Members([]byte(`{"a":1,"b":2}`), func(_, _ []byte) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("error %v", err)
	}
}

func TestItems(t *testing.T) {
	for in, want := range map[string]string{
		`[]`: "", ` [ 1 , "a,]" ,[2,[3]], {"x":[]} ]`: `1|"a,]"|[2,[3]]|{"x":[]}`, `{}`: "not a list", `7`: "not a list",
	} {
		var list []string
		err := rawjson.Items([]byte(in), func(item []byte) error {
			list = append(list, string(item))
			return nil
		})
		if err != nil {
			list = []string{err.Error()}
		}
		if got := strings.Join(list, "|"); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// FuzzRawJSON holds it against encoding/json.
func FuzzRawJSON(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":"\\\"}"}],"c\u0041":null,"a":2.5}`))
	f.Add([]byte(`[[],{},"x",-1e9 , true]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if !json.Valid(data) {
			return
		}
		var object map[string]json.RawMessage
		got := map[string]json.RawMessage{}
		err := rawjson.Members(data, func(key, value []byte) error {
			if !json.Valid(value) {
				t.Fatalf("%q: value %q", data, value)
			}
			var plain string // as encoding/json reads invalid UTF-8
			quoted, err := json.Marshal(string(key))
			if err != nil || json.Unmarshal(quoted, &plain) != nil {
				t.Fatal(err)
			}
			got[plain] = value
			return nil
		})
		if json.Unmarshal(data, &object) == nil && object != nil {
			if err != nil || !reflect.DeepEqual(got, object) {
				t.Errorf("%q: %q, %v; want %q", data, got, err, object)
			}
		} else if !errors.Is(err, rawjson.ErrNotObject) {
			t.Errorf("%q: %v", data, err)
		}
		var list, items []json.RawMessage
		err = rawjson.Items(data, func(item []byte) error {
			items = append(items, item)
			return nil
		})
		if json.Unmarshal(data, &list) == nil && list != nil {
			if err != nil || len(items) != len(list) {
				t.Fatalf("%q: %q, %v", data, items, err)
			}
			for i := range list {
				if string(list[i]) != string(items[i]) {
					t.Errorf("%q: item %d is %q", data, i, items[i])
				}
			}
		} else if !errors.Is(err, rawjson.ErrNotList) {
			t.Errorf("%q: %v", data, err)
		}
	})
}
