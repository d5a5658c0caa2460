package device_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wattle"
	"wattle/device"
	"wattle/energy"
)

// request is one call as it went over the wire, without what carries it.
type request struct {
	child  string
	method string // with its module
	params string // JSON with sorted keys; "" for none
}

func (r request) String() string { return strings.TrimSpace(r.child + " " + r.method + " " + r.params) }

// messageCalls gives the calls of a message in either language.
func messageCalls(t *testing.T, raw []byte, child string) []request {
	t.Helper()
	var m map[string]any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&m); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	if _, smart := m["method"]; smart {
		return smartCalls(t, m, child)
	}
	var out []request
	if context, ok := m["context"].(map[string]any); ok {
		ids, _ := context["child_ids"].([]any)
		child = strings.TrimSpace(fmt.Sprintln(ids...))
		delete(m, "context")
	}
	for module, methods := range m {
		for name, args := range methods.(map[string]any) {
			out = append(out, request{child, module + "." + name, canonical(t, args)})
		}
	}
	return out
}

func smartCalls(t *testing.T, m map[string]any, child string) []request {
	t.Helper()
	name, _ := m["method"].(string)
	params, _ := m["params"].(map[string]any)
	switch name {
	case "multipleRequest":
		var out []request
		for _, each := range params["requests"].([]any) {
			out = append(out, smartCalls(t, each.(map[string]any), child)...)
		}
		return out
	case "control_child":
		id, _ := params["device_id"].(string)
		return smartCalls(t, params["requestData"].(map[string]any), id)
	}
	return []request{{child, name, canonical(t, params)}}
}

func canonical(t *testing.T, v any) string {
	t.Helper()
	if m, ok := v.(map[string]any); v == nil || ok && len(m) == 0 {
		return ""
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// difference is where we send something else than the other client on
// purpose.
type difference struct {
	call, family string
	why          string
	instead      func(d *device.Device, r request) (request, bool) // false: nothing
}

func isLamp(d *device.Device) bool {
	return d.Identity().Type == wattle.Bulb || d.Identity().Type == wattle.LightStrip
}

// ownModule: lamps have a Wi-Fi module of another name, and plugs answer in
// the first one that is asked, so that the second is not.
func ownModule(params func(string) string) func(*device.Device, request) (request, bool) {
	return func(d *device.Device, r request) (request, bool) {
		_, name, _ := strings.Cut(strings.Replace(r.method, "smartlife.iot.common.", "", 1), ".")
		lamp := strings.HasPrefix(r.method, "smartlife.")
		r.params = params(r.params)
		return request{r.child, r.method, r.params}, name != "" && (d.Identity().Type == wattle.Camera || lamp == isLamp(d))
	}
}

var differences = []difference{
	{"wifi_scan", "iot", "lamps are asked in the module that the specification names for them, and how long to look is told",
		ownModule(func(string) string { return `{"refresh":1,"timeout":6}` })},
	{"wifi_join", "iot", "the same", ownModule(func(p string) string { return p })},
	{"factory_reset", "iot", "devices refuse a reset without a delay, and lamps have it in a module of their own",
		func(d *device.Device, r request) (request, bool) {
			r.params = `{"delay":1}`
			if isLamp(d) {
				r.method = "smartlife.iot.common.system.reset"
			}
			return r, true
		}},
	{"wifi_join", "smart", "the time is this computer's: a device that is set up has none of its own",
		func(_ *device.Device, r request) (request, bool) {
			var m map[string]any
			dec := json.NewDecoder(strings.NewReader(r.params))
			dec.UseNumber()
			if dec.Decode(&m) != nil {
				return r, false
			}
			at := m["time"].(map[string]any)
			at["timestamp"] = moment.Unix()
			if at["region"] == "" {
				delete(at, "region") // left out where it says nothing
			}
			b, err := json.Marshal(m)
			r.params = string(b)
			return r, err == nil
		}},
	{"energy.get_status", "smart", "the poll reads get_energy_usage and get_current_power, which have the same value",
		func(*device.Device, request) (request, bool) { return request{}, false }},
}

// called is what the other client sent for one call.
type called struct {
	Args  []any             `json:"args"`
	Sent  []json.RawMessage `json:"sent"`
	Error string            `json:"error"`
}

type calledOf struct {
	Calls    map[string]called `json:"calls"`
	Children []calledOf        `json:"children"`
}

// doCall does what the other client did, false for what others test.
func doCall(ctx context.Context, d *device.Device, name string, c called) bool {
	var err error
	text := func(i int) string { s, _ := c.Args[i].(string); return s }
	number := func(i int) int { n, _ := c.Args[i].(float64); return int(n) }
	switch name {
	case "set_alias":
		err = d.SetAlias(ctx, text(0))
	case "wifi_scan":
		_, err = d.ScanWiFi(ctx)
	case "wifi_join":
		err = d.JoinWiFi(ctx, device.Join{
			SSID: text(0), Password: wattle.NewSecret(text(1)),
			Account: wattle.Credentials{Username: "dummy_user", Password: wattle.NewSecret("dummy_password")},
		})
	case "factory_reset":
		err = d.Reset(ctx)
	case "time.set_time":
		at, _ := time.Parse(time.RFC3339, text(0))
		zone, _ := time.LoadLocation("Europe/Berlin")
		err = d.SetClock(ctx, at, zone)
	case "energy.get_status":
		_, _, err = d.Energy(ctx)
	case "energy.get_daily_stats":
		from := time.Date(number(0), time.Month(number(1)), 1, 0, 0, 0, 0, time.UTC)
		_, err = d.EnergySeries(ctx, from, from.AddDate(0, 1, 0), energy.Day)
	case "energy.get_monthly_stats":
		from := time.Date(number(0), 1, 1, 0, 0, 0, 0, time.UTC)
		_, err = d.EnergySeries(ctx, from, from.AddDate(1, 0, 0), energy.Month)
	case "energy.erase_stats":
		err = d.EraseEnergy(ctx)
	default:
		return false
	}
	_ = err // what was sent counts; children without a recording refuse everything
	return true
}

// TestCallsOfAnotherClient: for upkeep and energy we send what a known good
// client sends, or stand in the table of differences.
func TestCallsOfAnotherClient(t *testing.T) {
	dir := captures(t)
	same, other := 0, map[string]int{}
	for _, name := range names(t, dir, folders...) {
		t.Run(name, func(t *testing.T) {
			b, err := os.ReadFile(filepath.Join(dir, "expected", name))
			if err != nil {
				t.Fatal(err)
			}
			var expected struct {
				Requests struct {
					Device calledOf `json:"device"`
				} `json:"requests"`
			}
			if err := json.Unmarshal(b, &expected); err != nil {
				t.Fatal(err)
			}
			f, library := load(t, dir, name)
			compare := func(child int, by calledOf) {
				for call, c := range by.Calls {
					if c.Error != "" && !strings.HasPrefix(call, "wifi") {
						continue // it gave up before it sent anything
					}
					d, conn := open(t, f, library, nil)
					target := d
					if strings.HasPrefix(name, "smart/child/") {
						child = 0
					}
					if child >= 0 {
						target = d.Children()[child]
					}
					var sent []request
					conn.sent = func(raw []byte) { sent = append(sent, messageCalls(t, raw, "")...) }
					if !doCall(t.Context(), target, call, c) {
						continue
					}
					conn.sent = nil
					differs := slices.IndexFunc(differences, func(x difference) bool { return x.call == call && x.family == string(f.Family) })
					var wanted []request
					for _, raw := range c.Sent {
						for _, want := range messageCalls(t, raw, "") {
							ok := true
							if differs >= 0 {
								other[differences[differs].call+" "+differences[differs].family]++
								want, ok = differences[differs].instead(d, want)
							}
							if ok {
								wanted = append(wanted, want)
							}
							if ok && !slices.Contains(sent, want) {
								t.Errorf("%s of child %d: the other client sends %s, we send %v", call, child, want, sent)
							}
							same++
						}
					}
					for _, r := range sent {
						name := r.method[strings.LastIndex(r.method, ".")+1:]
						if !strings.HasPrefix(name, "get") && name != "component_nego" && !slices.Contains(wanted, r) {
							t.Errorf("%s of child %d: we send %s, the other client %v", call, child, r, wanted)
						}
					}
				}
			}
			compare(-1, expected.Requests.Device)
			for i, child := range expected.Requests.Device.Children {
				compare(i, child)
			}
		})
	}
	t.Logf("%d calls, of which on purpose different: %v", same, other)
}
