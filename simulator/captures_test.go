package simulator_test

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"testing"

	"wattle"
	"wattle/capture"
	"wattle/internal/recorded"
	"wattle/simulator"
)

// captureFiles loads the captures of real devices.
func captureFiles(tb testing.TB) ([]*capture.File, *capture.Library) {
	tb.Helper()
	var files []*capture.File
	for _, path := range recorded.Files(tb, "iot", "iotcam", "smart", "smart/child") {
		f, err := capture.Load(path)
		if err != nil {
			tb.Fatal(err)
		}
		files = append(files, f)
	}
	return files, capture.NewLibrary(filepath.Join(recorded.Folder(tb), "smart"))
}

func handle(tb testing.TB, d *simulator.Device, request string) json.RawMessage {
	tb.Helper()
	answer, err := d.Handle(tb.Context(), []byte(request))
	if err != nil {
		tb.Fatalf("Handle(%s): %v", request, err)
	}
	return answer
}

func sameJSON(tb testing.TB, a, b json.RawMessage) bool {
	tb.Helper()
	var x, y any
	if err := json.Unmarshal(a, &x); err != nil {
		tb.Fatalf("%s: %v", a, err)
	}
	if err := json.Unmarshal(b, &y); err != nil {
		tb.Fatalf("%s: %v", b, err)
	}
	return reflect.DeepEqual(x, y)
}

// TestCaptures: a frozen device with the stored ids answers every stored
// getter with the stored value.
func TestCaptures(t *testing.T) {
	files, library := captureFiles(t)
	answers := 0
	for _, f := range files {
		t.Run(f.Kind+"/"+f.Name, func(t *testing.T) {
			d, err := simulator.New(f, &simulator.DeviceOptions{Library: library, KeepIDs: true, Freeze: true})
			if err != nil {
				t.Fatal(err)
			}
			for module, stored := range f.Data {
				if f.Family == wattle.IOT {
					answers += checkModule(t, d, f, module)
					continue
				}
				if module == "child_devices" || module == "get_child_device_list" {
					continue // checked with the children
				}
				answers++
				checkMethod(t, d, f, module, stored)
			}
			if f.Family == wattle.SMART && !f.Child {
				answers += checkChildren(t, d, f, library)
			}
		})
	}
	t.Logf("%d captures, %d answers as stored", len(files), answers)
}

func checkModule(t *testing.T, d *simulator.Device, f *capture.File, module string) int {
	t.Helper()
	stored := f.Methods(module)
	if _, isError := stored["err_code"]; isError {
		got := handle(t, d, `{"`+module+`":{"get_anything":{}}}`)
		want := json.RawMessage(`{"` + module + `":` + string(f.Data[module]) + `}`)
		if !sameJSON(t, got, want) {
			t.Errorf("%s: got %s, want %s", module, got, want)
		}
		return 1
	}
	for method, answer := range stored {
		got := handle(t, d, `{"`+module+`":{"`+method+`":{}}}`)
		want := json.RawMessage(`{"` + module + `":{"` + method + `":` + string(answer) + `}}`)
		if !sameJSON(t, got, want) {
			t.Errorf("%s.%s: got %s, want %s", module, method, got, want)
		}
	}
	return len(stored)
}

func checkMethod(t *testing.T, d *simulator.Device, f *capture.File, method string, stored json.RawMessage) {
	t.Helper()
	request := `{"method":"` + method + `"}`
	if f.Child {
		var info struct {
			ID string `json:"device_id"`
		}
		if err := json.Unmarshal(f.Data["get_device_info"], &info); err != nil {
			t.Fatal(err)
		}
		request = `{"method":"control_child","params":{"device_id":"` + info.ID + `","requestData":` + request + `}}`
	}
	got := handle(t, d, request)
	var answer struct {
		Code   int             `json:"error_code"`
		Result json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(got, &answer); err != nil {
		t.Fatal(err)
	}
	if f.Child {
		var outer struct {
			Data json.RawMessage `json:"responseData"`
		}
		if err := json.Unmarshal(answer.Result, &outer); err != nil {
			t.Fatal(err)
		}
		answer.Result = nil
		if err := json.Unmarshal(outer.Data, &answer); err != nil {
			t.Fatalf("%s: %v", outer.Data, err)
		}
	}
	switch {
	case stored[0] == '-' || stored[0] >= '0' && stored[0] <= '9':
		if code, _ := json.Marshal(answer.Code); string(code) != string(stored) {
			t.Errorf("%s: got code %d, want %s", method, answer.Code, stored)
		}
	case string(stored) == "null":
		if answer.Code != 0 || answer.Result != nil {
			t.Errorf("%s: got %s, want success without a result", method, got)
		}
	default:
		want := firstPage(t, stored)
		if answer.Code != 0 || answer.Result == nil || !sameJSON(t, answer.Result, want) {
			t.Errorf("%s: got %s, want %s", method, got, want)
		}
	}
}

// firstPage is what a request without parameters gets of a list.
func firstPage(t *testing.T, stored json.RawMessage) json.RawMessage {
	t.Helper()
	var o map[string]any
	if json.Unmarshal(stored, &o) != nil || o["sum"] == nil || o["start_index"] == nil {
		return stored
	}
	for key, value := range o {
		if list, ok := value.([]any); ok && len(list) > 10 {
			o[key] = list[:10]
		}
	}
	page, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// checkChildren: the parent's list and the children themselves agree, and
// parts that are kept in the parent's file answer what is stored there.
func checkChildren(t *testing.T, d *simulator.Device, f *capture.File, library *capture.Library) int {
	t.Helper()
	type list struct {
		Children []json.RawMessage `json:"child_device_list"`
	}
	var stored list
	if raw, ok := f.Data["get_child_device_list"]; !ok || json.Unmarshal(raw, &stored) != nil {
		return 0
	}
	var parts map[string]map[string]json.RawMessage
	if raw, ok := f.Data["child_devices"]; ok {
		if err := json.Unmarshal(raw, &parts); err != nil {
			t.Fatal(err)
		}
	}
	var got struct {
		Result list `json:"result"`
	}
	if err := json.Unmarshal(handle(t, d, `{"method":"get_child_device_list"}`), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Result.Children) != len(stored.Children) {
		t.Fatalf("%d children, want %d", len(got.Result.Children), len(stored.Children))
	}
	n := 0
	for i, entry := range got.Result.Children {
		var ids struct {
			ID string `json:"device_id"`
		}
		if err := json.Unmarshal(entry, &ids); err != nil {
			t.Fatal(err)
		}
		want := parts[ids.ID]
		if own, err := library.Child(stored.Children[i]); err != nil {
			t.Fatal(err)
		} else if own != nil {
			want = own.Data
		}
		if want == nil {
			want = map[string]json.RawMessage{"get_device_info": stored.Children[i]}
		}
		for method, answer := range want {
			inner := handle(t, d, `{"method":"control_child","params":{"device_id":"`+ids.ID+`","requestData":{"method":"`+method+`"}}}`)
			var reply struct {
				Result struct {
					Data struct {
						Code   int             `json:"error_code"`
						Result json.RawMessage `json:"result"`
					} `json:"responseData"`
				} `json:"result"`
			}
			if err := json.Unmarshal(inner, &reply); err != nil {
				t.Fatal(err)
			}
			data := reply.Result.Data
			if method == "get_device_info" {
				if !sameJSON(t, data.Result, entry) {
					t.Errorf("child %d says %s, the list %s", i, data.Result, entry)
				}
				continue
			}
			n++
			switch {
			case answer[0] == '{' && (data.Code != 0 || !sameJSON(t, data.Result, firstPage(t, answer))):
				t.Errorf("child %d %s: got %s, want %s", i, method, inner, answer)
			case answer[0] == '-' && data.Code >= 0:
				t.Errorf("child %d %s: got %s, want code %s", i, method, inner, answer)
			}
		}
	}
	return n
}
