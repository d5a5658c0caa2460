package simulator_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"wattle"
	"wattle/simulator"
)

// theHub is the hub of the home under a clock that a test moves.
func theHub(t *testing.T, o simulator.DeviceOptions) (*simulator.Device, *time.Time) {
	t.Helper()
	now := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	o.KeepIDs, o.Now = true, func() time.Time { return now }
	return device(t, "H100", o), &now
}

func childID(t *testing.T, d *simulator.Device, alias string) string {
	t.Helper()
	for _, c := range d.Info().Children {
		if c.Alias == alias {
			return c.DeviceID
		}
	}
	t.Fatalf("no child is called %s", alias)
	return ""
}

// ofChild asks a child and gives its result.
func ofChild(t *testing.T, d *simulator.Device, id, method, params string) json.RawMessage {
	t.Helper()
	answer := handle(t, d, `{"method":"control_child","params":{"device_id":"`+id+`","requestData":{"method":"`+method+`","params":`+params+`}}}`)
	var a struct {
		Result struct {
			Data struct {
				Code   int             `json:"error_code"`
				Result json.RawMessage `json:"result"`
			} `json:"responseData"`
		} `json:"result"`
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		t.Fatal(err)
	}
	if a.Result.Data.Code != 0 || a.Result.Data.Result == nil {
		return answer
	}
	return a.Result.Data.Result
}

// events are the events of a page in short: "3 open".
func events(t *testing.T, page json.RawMessage) string {
	t.Helper()
	var p struct {
		Logs []struct {
			ID     int             `json:"id"`
			Event  string          `json:"event"`
			Params json.RawMessage `json:"params"`
		} `json:"logs"`
		Start int `json:"start_id"`
		Sum   int `json:"sum"`
	}
	if err := json.Unmarshal(page, &p); err != nil {
		t.Fatalf("%s: %v", page, err)
	}
	var out []string
	for _, l := range p.Logs {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%d %s %s", l.ID, l.Event, l.Params)))
	}
	return fmt.Sprintf("%s; from %d of %d", strings.Join(out, ", "), p.Start, p.Sum)
}

func TestFire(t *testing.T) {
	d, now := theHub(t, simulator.DeviceOptions{})
	for _, tt := range []struct{ alias, action, argument, want string }{
		{"Bed button", "press", "", "4 singleClick"},
		{"Bed button", "press", "double", "5 doubleClick"},
		{"Bed button", "rotate", "-45", `6 rotation {"rotate_deg":-45}`},
		{"Back door", "open", "", "3 open"},
		{"Back door", "open", "", "3 open"}, // it is open
		{"Back door", "close", "", "4 close"},
	} {
		*now = now.Add(time.Second)
		if err := d.Fire(tt.alias, tt.action, tt.argument); err != nil {
			t.Errorf("%s %s: %v", tt.alias, tt.action, err)
		}
		page := ofChild(t, d, childID(t, d, tt.alias), "get_trigger_logs", `{"page_size":1,"start_id":0}`)
		if got, _, _ := strings.Cut(events(t, page), ";"); got != tt.want {
			t.Errorf("%s %s %s: newest is %q, want %q", tt.alias, tt.action, tt.argument, got, tt.want)
		}
	}
	button := childID(t, d, "Bed button")
	ofChild(t, d, button, "set_double_click_info", `{"enable":false}`)
	if err := d.Fire("bed BUTTON", "press", "double"); err != nil {
		t.Error(err)
	}
	for start, want := range map[int]string{
		0: "8 singleClick, 7 singleClick; from 8 of 8",
		7: `7 singleClick, 6 rotation {"rotate_deg":-45}; from 7 of 8`,
		1: "1 doubleClick; from 1 of 8",
	} {
		if got := events(t, ofChild(t, d, button, "get_trigger_logs", fmt.Sprintf(`{"page_size":2,"start_id":%d}`, start))); got != want {
			t.Errorf("from %d: %s, want %s", start, got, want)
		}
	}
	for _, tt := range []struct {
		child, action, argument string
		class                   error
	}{
		{"Bed button", "open", "", wattle.ErrUnsupported},
		{"Back door", "press", "", wattle.ErrUnsupported},
		{"Back door", "wet", "", wattle.ErrUnsupported},
		{"Bed button", "rotate", "far", wattle.ErrParam},
		{"Bed button", "press", "thrice", wattle.ErrParam},
		{"Bed button", "kick", "", wattle.ErrParam},
		{"Nobody", "press", "", wattle.ErrNotFound},
	} {
		if err := d.Fire(tt.child, tt.action, tt.argument); !errors.Is(err, tt.class) {
			t.Errorf("%s %s %s: %v", tt.child, tt.action, tt.argument, err)
		}
	}

	// What is set from outside is written down as well.
	if err := d.Poke("Study climate", "current_temp_exception", "3"); err != nil {
		t.Error(err)
	}
	if got := events(t, ofChild(t, d, childID(t, d, "Study climate"), "get_trigger_logs", `{}`)); !strings.HasPrefix(got, "1 tooHot;") {
		t.Errorf("too hot: %s", got)
	}
	if err := d.Poke("Study climate", "battery_percentage", "7"); err != nil {
		t.Error(err)
	}
	if got := show(at(t, ofChild(t, d, childID(t, d, "Study climate"), "get_device_info", `{}`), "at_low_battery")); got != "true" {
		t.Errorf("low battery: %s", got)
	}
}

func TestFireMotionEnds(t *testing.T) {
	d, now := theHub(t, simulator.DeviceOptions{})
	var id string
	for _, c := range d.Info().Children {
		if c.Model == "T100" {
			id = c.DeviceID
		}
	}
	detected := func() string { return show(at(t, ofChild(t, d, id, "get_device_info", `{}`), "detected")) }
	if err := d.Fire(id, "move", ""); err != nil || detected() != "true" {
		t.Fatalf("%v, detected %s", err, detected())
	}
	*now = now.Add(20 * time.Second)
	if detected() != "true" {
		t.Error("it ended too early")
	}
	*now = now.Add(11 * time.Second)
	if detected() != "false" {
		t.Error("it does not end")
	}
}

func TestFireIOT(t *testing.T) {
	d := device(t, "HS110", simulator.DeviceOptions{})
	on := func() string {
		return show(at(t, handle(t, d, `{"system":{"get_sysinfo":{}}}`), "system/get_sysinfo/relay_state"))
	}
	before := on()
	if err := d.Fire("", "press", ""); err != nil || on() == before {
		t.Errorf("%v: %s, was %s", err, on(), before)
	}
	if err := d.Fire("", "open", ""); !errors.Is(err, wattle.ErrUnsupported) {
		t.Errorf("open: %v", err)
	}
}

func TestEmptyLogs(t *testing.T) {
	d, _ := theHub(t, simulator.DeviceOptions{Quirks: simulator.Quirks{EmptyLogs: true}})
	if got := events(t, ofChild(t, d, childID(t, d, "Bed button"), "get_trigger_logs", `{}`)); got != "; from 0 of 0" {
		t.Errorf("got %s", got)
	}
}

func TestPairing(t *testing.T) {
	d, now := theHub(t, simulator.DeviceOptions{})
	scan := func() (status string, found []any) {
		answer := handle(t, d, `{"method":"get_scan_child_device_list","params":{"scan_list":[]}}`)
		list, _ := at(t, answer, "result/child_device_list").([]any)
		return show(at(t, answer, "result/scan_status")), list
	}
	load := func() string {
		return show(at(t, handle(t, d, `{"method":"get_device_load_info"}`), "result/cur_load_num"))
	}
	if status, found := scan(); status != `"idle"` || len(found) != 0 {
		t.Errorf("before: %s %v", status, found)
	}
	handle(t, d, `{"method":"begin_scanning_child_device"}`)
	if status, found := scan(); status != `"scanning"` || len(found) != 0 {
		t.Errorf("at once: %s %v", status, found)
	}
	*now = now.Add(5 * time.Second)
	status, found := scan()
	if status != `"scanning"` || len(found) != 1 {
		t.Fatalf("after 5 s: %s %v", status, found)
	}
	if got := handle(t, d, `{"method":"add_child_device_list","params":{"child_device_list":[`+show(found[0])+`]}}`); show(at(t, got, "error_code")) != "0" {
		t.Fatalf("add: %s", got)
	}
	if n := len(d.Info().Children); n != 5 {
		t.Errorf("%d children at once", n)
	}
	*now = now.Add(3 * time.Second)
	handle(t, d, `{"method":"get_device_info"}`)
	if n := len(d.Info().Children); n != 6 || load() != "6" {
		t.Fatalf("%d children, load %s", n, load())
	}
	id := childID(t, d, "Washing machine")
	if got := handle(t, d, `{"method":"get_child_device_component_list"}`); !strings.Contains(string(got), id) || show(at(t, got, "result/sum")) != "6" {
		t.Errorf("components: %s", got)
	}
	if err := d.Fire("Washing machine", "wet", ""); err != nil {
		t.Error(err)
	}
	info := ofChild(t, d, id, "get_device_info", `{}`)
	if show(at(t, info, "water_leak_status")) != `"water_leak"` || show(at(t, info, "in_alarm")) != "true" || show(at(t, info, "trigger_timestamp")) != fmt.Sprint(now.Unix()) {
		t.Errorf("wet: %s", info)
	}
	if err := d.Fire("Washing machine", "dry", ""); err != nil {
		t.Error(err)
	}
	if got := events(t, ofChild(t, d, id, "get_trigger_logs", `{}`)); got != "2 waterDry, 1 waterLeak; from 2 of 2" {
		t.Errorf("log: %s", got)
	}
	*now = now.Add(time.Minute)
	if info := ofChild(t, d, id, "get_device_info", `{}`); show(at(t, info, "water_leak_status")) != `"normal"` || show(at(t, info, "in_alarm")) != "false" {
		t.Errorf("dry: %s", info)
	}

	// What is removed waits to be paired again, with an empty log.
	handle(t, d, `{"method":"remove_child_device_list","params":{"child_device_list":[{"device_id":"`+id+`"}]}}`)
	if n := len(d.Info().Children); n != 5 || load() != "5" {
		t.Errorf("%d children, load %s after removing", n, load())
	}
	handle(t, d, `{"method":"begin_scanning_child_device"}`)
	*now = now.Add(31 * time.Second)
	if status, found = scan(); status != `"idle"` || len(found) != 1 {
		t.Fatalf("the second scan: %s %v", status, found)
	}
	handle(t, d, `{"method":"add_child_device_list","params":{"child_device_list":[`+show(found[0])+`]}}`)
	*now = now.Add(4 * time.Second)
	handle(t, d, `{"method":"get_device_info"}`)
	if got := events(t, ofChild(t, d, id, "get_trigger_logs", `{}`)); got != "; from 0 of 0" {
		t.Errorf("log after pairing anew: %s", got)
	}
}

func TestOffline(t *testing.T) {
	d, _ := theHub(t, simulator.DeviceOptions{})
	if err := d.Poke("Back door", "status", "offline"); err != nil {
		t.Fatal(err)
	}
	answer := ofChild(t, d, childID(t, d, "Back door"), "get_trigger_logs", `{}`)
	if show(at(t, answer, "error_code")) == "0" {
		t.Errorf("an offline child answers %s", answer)
	}
}

func TestRecords(t *testing.T) {
	d, now := theHub(t, simulator.DeviceOptions{})
	id := childID(t, d, "Study climate")
	get := func() (temperatures []any, local string) {
		answer := ofChild(t, d, id, "get_temp_humidity_records", `{}`)
		list, _ := at(t, answer, "past24h_temp").([]any)
		return list, show(at(t, answer, "local_time"))
	}
	before, _ := get()
	*now = now.Add(14 * time.Minute)
	if err := d.Poke("Study climate", "current_temp", "23.5"); err != nil {
		t.Fatal(err)
	}
	*now = now.Add(17 * time.Minute) // two quarters have begun
	after, local := get()
	if len(after) != 96 || show(after[95]) != "235" || show(after[94]) != "235" || show(after[93]) != "235" || show(after[92]) != show(before[94]) {
		t.Errorf("ends with %v, before with %v", after[91:], before[92:])
	}
	if local != fmt.Sprint(now.Unix()) {
		t.Errorf("local_time %s", local)
	}
}
