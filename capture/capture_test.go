package capture_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wattle"
	"wattle/capture"
)

const plug = `{"system":{"get_sysinfo":{"model":"HS100(EU)","mic_type":"IOT.SMARTPLUGSWITCH","relay_state":1}}}`

func TestParse(t *testing.T) {
	tests := []struct {
		name, file, text string
		kind             string
		family           wattle.Family
		discovery        string
	}{
		{"plug", "a/HS100(EU)_1.0_1.2.json", plug, capture.KindIOT, wattle.IOT, ""},
		{"a byte order mark", "x.json", "\ufeff" + plug, capture.KindIOT, wattle.IOT, ""},
		{"camera", "x.json", `{"system":{"get_sysinfo":{"err_code":0,"system":{"type":"IOT.IPCAMERA"}}}}`, capture.KindIOTCamera, wattle.IOT, ""},
		{
			"plug with discovery", "x.json", `{"discovery_result":{"error_code":0,"result":{"mac":"02-00-00-00-00-01"}},"system":{"get_sysinfo":{}}}`,
			capture.KindIOT, wattle.IOT, `{"mac":"02-00-00-00-00-01"}`,
		},
		{"smart", "x.json", `{"component_nego":{"component_list":[]},"get_device_info":{"ip":"127.0.0.1"}}`, capture.KindSmart, wattle.SMART, ""},
		{
			"discovery without an envelope", "x.json", `{"discovery_result":{"device_type":"SMART.TAPOPLUG"},"get_device_info":{}}`,
			capture.KindSmart, wattle.SMART, `{"device_type":"SMART.TAPOPLUG"}`,
		},
		{"child by its parent", "x.json", `{"get_device_info":{"parent_device_id":"01"}}`, capture.KindSmartChild, wattle.SMART, ""},
		{"child by its folder", "smart/child/x.json", `{"get_device_info":{"model":"T110"}}`, capture.KindSmartChild, wattle.SMART, ""},
		{"no child in spite of the folder", "smart/child/x.json", `{"get_device_info":{"ip":"127.0.0.1"}}`, capture.KindSmart, wattle.SMART, ""},
		{"camera of the family smartcam", "x.json", `{"getDeviceInfo":{},"getAppComponentList":{}}`, capture.KindSmartcam, wattle.SMARTCAM, ""},
		{"camera behind a hub", "x.json", `{"getDeviceInfo":{},"child_info_from_parent":{}}`, capture.KindSmartcamChild, wattle.SMARTCAM, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := capture.Parse(tt.file, strings.NewReader(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if f.Kind != tt.kind || f.Family != tt.family || string(f.Discovery) != tt.discovery {
				t.Errorf("got %s, %s, %s; want %s, %s, %s", f.Kind, f.Family, f.Discovery, tt.kind, tt.family, tt.discovery)
			}
			if _, ok := f.Data["discovery_result"]; ok {
				t.Error("discovery_result is among the answers")
			}
			if want := strings.TrimSuffix(filepath.Base(tt.file), ".json"); f.Name != want {
				t.Errorf("name %q, want %q", f.Name, want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"empty", " \n", "plug.json: is empty"},
		{"cut off", "{\n \"system\": {", "plug.json:2:13: broken JSON: unexpected end of JSON input; the file is cut off"},
		{"a comma too many", "{\n \"system\": {\"get_sysinfo\": {},}\n}", "plug.json:2:31: broken JSON: invalid character '}'"},
		{"text", "hello", "plug.json:1:1: broken JSON"},
		{"a list", "[]", "plug.json:1:1: is JSON, but not an object"},
		{"null", "null", "plug.json:1:1: is JSON, but not an object"},
		{"something else", `{"a":1}`, "plug.json: has the answers of no known kind of device"},
		{"a module that is none", `{"system":{"get_sysinfo":{}},"emeter":7}`, `module "emeter" is not an object`},
		{"no sysinfo", `{"system":{}}`, "no known kind"},
		{"UTF-16", "\xff\xfe{\x00}\x00", "plug.json: is UTF-16; save it as UTF-8"},
		{"odd discovery", `{"discovery_result":[],"get_device_info":{}}`, "discovery_result is not an object"},
		{"odd result", `{"discovery_result":{"result":3},"get_device_info":{}}`, "the result of discovery_result is not an object"},
		{"too large", `{"a":"` + strings.Repeat("x", capture.MaxSize) + `"}`, "larger than 8 MiB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := capture.Parse("plug.json", strings.NewReader(tt.text))
			var format *capture.FormatError
			if !errors.As(err, &format) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestMethods(t *testing.T) {
	f, err := capture.Parse("x", strings.NewReader(`{"system":{"get_sysinfo":{"a": 1}},"emeter":{"err_code":-1}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(f.Methods("system")["get_sysinfo"]); got != `{"a":1}` {
		t.Errorf("get_sysinfo is %s", got)
	}
	if f.Methods("time") != nil || string(f.Methods("emeter")["err_code"]) != "-1" {
		t.Error("modules are mixed up")
	}
}

func TestChildName(t *testing.T) {
	tests := []struct {
		description, want string
	}{
		{`{"model":"KE100","specs":"EU","hw_ver":"1.0","fw_ver":"2.4.0 Build 1 Rel.2"}`, "KE100(EU)_1.0_2.4.0"},
		{`{"model":"T310","specs":"","region":"Europe/Berlin","hw_ver":"1.0","fw_ver":"1.5.0"}`, "T310_1.0_1.5.0"},
		{`{"device_model":"D230","region":"EU","hw_ver":"1.20","sw_ver":"1.1.19 Build 1"}`, "D230(EU)_1.20_1.1.19"},
		{`{"model":"../../etc/passwd","hw_ver":"1","fw_ver":"1"}`, ""},
		{`{}`, ""},
		{`[]`, ""},
	}
	for _, tt := range tests {
		got, ok := capture.ChildName(json.RawMessage(tt.description))
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("ChildName(%s) = %q, %v, want %q", tt.description, got, ok, tt.want)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLibrary(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "smart", "hub.json"), `{"get_device_info":{}}`)
	write(t, filepath.Join(dir, "smart", "child", "T110(EU)_1.0_1.8.0.json"), `{"get_device_info":{"model":"T110"}}`)
	write(t, filepath.Join(dir, "smart", "child", "T100(EU)_1.0_1.0.json"), `{"get_device_info":`)
	door := json.RawMessage(`{"model":"T110","specs":"EU","hw_ver":"1.0","fw_ver":"1.8.0 Build 1"}`)
	for _, path := range []string{filepath.Join(dir, "smart", "hub.json"), filepath.Join(dir, "smart"), dir, filepath.Join(dir, "smartcam")} {
		l := capture.NewLibrary(path)
		f, err := l.Child(door)
		if err != nil || f == nil || f.Kind != capture.KindSmartChild {
			t.Fatalf("beside %s: %v, %v", path, f, err)
		}
		if again, err := l.Child(door); err != nil || again != f {
			t.Errorf("read twice: %v", err)
		}
		if f, err := l.Child(json.RawMessage(`{"model":"T999","hw_ver":"1.0","fw_ver":"1"}`)); f != nil || err != nil {
			t.Errorf("a child without a file: %v, %v", f, err)
		}
		if _, err := l.Named("T100(EU)_1.0_1.0"); err == nil {
			t.Error("a broken file is silently left out")
		}
	}
	var none *capture.Library
	if f, err := none.Child(door); f != nil || err != nil {
		t.Errorf("no library: %v, %v", f, err)
	}
}

func TestReadAll(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.json"), plug)
	write(t, filepath.Join(dir, "child", "c.json"), `{"get_device_info":{"parent_device_id":"1"}}`)
	write(t, filepath.Join(dir, "expected", "a.json"), `{"capture":"a"}`)
	write(t, filepath.Join(dir, "notes.txt"), "no JSON")
	files, err := capture.ReadAll(dir)
	if err != nil || len(files) != 1 || files[0].Name != "a" {
		t.Errorf("folder: %v, %v", files, err)
	}
	files, err = capture.ReadAll(filepath.Join(dir, "child"))
	if err != nil || len(files) != 1 || !files[0].Child {
		t.Errorf("folder of children: %v, %v", files, err)
	}
	write(t, filepath.Join(dir, "broken.json"), "{")
	files, err = capture.ReadAll(dir)
	if err == nil || len(files) != 1 || !strings.Contains(err.Error(), "broken.json:1:2") {
		t.Errorf("with a broken one: %v, %v", files, err)
	}
	if _, err := capture.Load(dir); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("Load of a folder: %v", err)
	}
	if _, err := capture.ReadAll(filepath.Join(dir, "nothing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a path that is not there: %v", err)
	}
}

// FuzzParse: whatever the text, there is a capture with a family or an error,
// and every answer is JSON.
func FuzzParse(f *testing.F) {
	f.Add(plug)
	f.Add(`{"get_device_info":{"parent_device_id":"1"},"get_x":-1008,"get_y":null}`)
	f.Add(`{"discovery_result":{"error_code":0,"result":{}},"component_nego":{}}`)
	f.Add(`{"getDeviceInfo":{},"child_info_from_parent":{}}`)
	f.Add("{\n\"system\":")
	f.Add("\xff\xfe")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := capture.Parse("fuzz.json", strings.NewReader(text))
		if err != nil {
			if !strings.Contains(err.Error(), "fuzz.json") {
				t.Errorf("error without the file: %v", err)
			}
			return
		}
		if c.Family == "" || c.Kind == "" {
			t.Error("no family")
		}
		for name, raw := range c.Data {
			if !json.Valid(raw) {
				t.Errorf("%s is not JSON: %q", name, raw)
			}
			c.Methods(name)
		}
		capture.ChildName(json.RawMessage(text))
	})
}
