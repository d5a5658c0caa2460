package device_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"wattle"
	"wattle/device"
	"wattle/feature"
	"wattle/session"
	"wattle/simulator"
)

// recorder is a Conn that notes what is sent.
type recorder struct {
	direct
	mu   sync.Mutex
	sent []string
}

func (r *recorder) Exchange(ctx context.Context, request []byte) ([]byte, error) {
	r.mu.Lock()
	r.sent = append(r.sent, string(request))
	r.mu.Unlock()
	return r.direct.Exchange(ctx, request)
}

// changes are the calls in requests that change something, unpacked, and
// forgets them.
func (r *recorder) changes(t *testing.T) []any {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []any
	for _, s := range r.sent {
		out = append(out, unpack(t, []byte(s))...)
	}
	r.sent = nil
	return out
}

// unpack gives the calls of one request that change something. An IOT call is
// [module, method, params], a SMART one [child, method, params].
func unpack(t *testing.T, raw []byte) []any {
	t.Helper()
	var smart struct {
		Method string         `json:"method"`
		Params map[string]any `json:"params"`
	}
	if err := json.Unmarshal(raw, &smart); err != nil {
		t.Fatal(err)
	}
	if smart.Method == "" {
		var modules map[string]map[string]any
		if err := json.Unmarshal(raw, &modules); err != nil {
			t.Fatal(err)
		}
		var out []any
		for module, methods := range modules {
			for name, params := range methods {
				if !strings.HasPrefix(name, "get_") {
					out = append(out, []any{module, name, params})
				}
			}
		}
		return out
	}
	return unpackSMART(smart.Method, smart.Params, "")
}

func unpackSMART(name string, params map[string]any, child string) (out []any) {
	switch name {
	case "multipleRequest":
		list, _ := params["requests"].([]any)
		for _, r := range list {
			m, _ := r.(map[string]any)
			n, _ := m["method"].(string)
			p, _ := m["params"].(map[string]any)
			out = append(out, unpackSMART(n, p, child)...)
		}
		return out
	case "control_child":
		id, _ := params["device_id"].(string)
		m, _ := params["requestData"].(map[string]any)
		n, _ := m["method"].(string)
		p, _ := m["params"].(map[string]any)
		return unpackSMART(n, p, id)
	}
	if strings.HasPrefix(name, "get") || name == "component_nego" {
		return nil
	}
	return []any{[]any{child, name, params}}
}

// wanted are requests that a known good client makes.
type wanted struct {
	Features map[string]wantedCall `json:"features"`
	Calls    map[string]wantedCall `json:"calls"`
	Children []wanted              `json:"children"`
}

type wantedCall struct {
	Args  []any             `json:"args"`
	Error string            `json:"error"`
	Sent  []json.RawMessage `json:"sent"`
}

// lightCalls makes each call of the other client with our library.
var lightCalls = map[string]func(ctx context.Context, l *device.Light, args []any) error{
	"light.set_brightness": func(ctx context.Context, l *device.Light, args []any) error {
		return l.SetBrightness(ctx, int(args[0].(float64)))
	},
	"light.set_brightness+transition": func(ctx context.Context, l *device.Light, args []any) error {
		return l.Apply(ctx, device.LightChange{
			Brightness: new(int(args[0].(float64))),
			Transition: time.Duration(args[1].(float64)) * time.Millisecond,
		})
	},
	"light.set_color_temp": func(ctx context.Context, l *device.Light, args []any) error {
		return l.SetTemperature(ctx, int(args[0].(float64)))
	},
	"light.set_hsv": func(ctx context.Context, l *device.Light, args []any) error {
		return l.SetColor(ctx, feature.HSV{Hue: int(args[0].(float64)), Saturation: int(args[1].(float64)), Value: int(args[2].(float64))})
	},
	"light.set_state": func(ctx context.Context, l *device.Light, args []any) error {
		state := args[0].(map[string]any)
		return l.Apply(ctx, device.LightChange{On: new(state["light_on"].(bool)), Brightness: new(int(state["brightness"].(float64)))})
	},
	"turn_on+transition": func(ctx context.Context, l *device.Light, args []any) error {
		return l.Apply(ctx, device.LightChange{On: new(true), Transition: time.Duration(args[0].(float64)) * time.Millisecond})
	},
	"turn_off+transition": func(ctx context.Context, l *device.Light, args []any) error {
		return l.Apply(ctx, device.LightChange{On: new(false), Transition: time.Duration(args[0].(float64)) * time.Millisecond})
	},
	"light_effect.set_effect": func(ctx context.Context, l *device.Light, args []any) error {
		return l.SetEffect(ctx, args[0].(string))
	},
	"light_effect.set_effect off": func(ctx context.Context, l *device.Light, args []any) error {
		return l.SetEffect(ctx, args[0].(string))
	},
	"light_effect.set_effect+brightness": func(ctx context.Context, l *device.Light, args []any) error {
		return l.Apply(ctx, device.LightChange{Effect: args[0].(string), Brightness: new(int(args[1].(float64)))})
	},
	"light_preset.save_preset": func(ctx context.Context, l *device.Light, args []any) error {
		state := args[1].(map[string]any)
		return l.SavePreset(ctx, device.LightPreset{Number: 1, Brightness: new(int(state["brightness"].(float64)))})
	},
}

// differs is where we send something else on purpose, by family and call.
var differs = []struct {
	family wattle.Family
	call   string
	why    string
	// same adapts the calls of the other client to ours; nil: we refuse with
	// ErrUnsupported and send nothing.
	same func(calls []any) []any
}{
	{wattle.SMART, "light.set_brightness+transition", "set_device_info has no fade, and the other client drops the wish without a word (docs/protocol/smart.md section 8.1)", nil},
	{wattle.SMART, "turn_on+transition", "the same", nil},
	{wattle.SMART, "turn_off+transition", "the same", nil},
	{
		wattle.SMART, "light_effect.set_effect",
		"a bulb keeps the brightness of its effects in what is stored; we change it when somebody asks for a brightness, not whenever an effect is started",
		func(calls []any) []any { return without(calls, "edit_dynamic_light_effect_rule") },
	},
	{
		wattle.SMART, "light_effect.set_effect+brightness",
		"the name of a stored effect goes back as the device gave it (base64, or \"\" for the built-in ones) and not as it is shown",
		func(calls []any) []any { return dropped(calls, "scene_name") },
	},
}

func without(calls []any, method string) (out []any) {
	for _, c := range calls {
		if c.([]any)[1] != method {
			out = append(out, c)
		}
	}
	return out
}

func dropped(calls []any, key string) []any {
	for _, c := range calls {
		if params, ok := c.([]any)[2].(map[string]any); ok {
			delete(params, key)
		}
	}
	return calls
}

// TestLightRequests: what the library sends to a light is what a known good
// client sends, but for the differences above.
func TestLightRequests(t *testing.T) {
	dir := captures(t)
	same, other := 0, map[string]int{}
	for _, name := range names(t, dir, "iot", "smart") {
		f, library := load(t, dir, name)
		text, err := os.ReadFile(filepath.Join(dir, "expected", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		var expected struct {
			Requests struct {
				Device wanted `json:"device"`
			} `json:"requests"`
		}
		if err := json.Unmarshal(text, &expected); err != nil {
			t.Fatal(err)
		}
		try := func(child int, id string, want wantedCall) {
			call, mine := lightCalls[id]
			if !mine || want.Error != "" {
				return
			}
			virtual, err := simulator.New(f, &simulator.DeviceOptions{Library: library, KeepIDs: true, Freeze: true, Now: now})
			if err != nil {
				t.Fatal(err)
			}
			conn := &recorder{direct: direct{device: virtual}}
			s := session.New(conn, f.Family, nil)
			defer func() { _ = s.Close() }()
			d, err := device.New(t.Context(), s, f.Family, &device.Options{Now: now})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := d.Poll(t.Context()); err != nil {
				t.Fatal(err)
			}
			if child >= 0 {
				d = d.Children()[child]
			}
			l, err := d.Light()
			if err != nil {
				t.Errorf("%s child %d: %v", name, child, err)
				return
			}
			conn.changes(t)
			err = call(t.Context(), l, want.Args)
			got := conn.changes(t)
			var calls []any
			for _, raw := range want.Sent {
				calls = append(calls, unpack(t, raw)...)
			}
			for _, exception := range differs {
				if exception.family != f.Family || exception.call != id {
					continue
				}
				if exception.same == nil {
					if !errors.Is(err, wattle.ErrUnsupported) || len(got) > 0 {
						t.Errorf("%s %s: sent %v, %v", name, id, got, err)
					}
					other[id]++
					return
				}
				before := len(calls)
				calls, got = exception.same(calls), exception.same(got)
				if len(calls) != before {
					other[id]++
				}
			}
			if err != nil {
				t.Errorf("%s %s: %v", name, id, err)
				return
			}
			if !reflect.DeepEqual(got, calls) {
				t.Errorf("%s child %d: %s\n sent %v\n want %v", name, child, id, got, calls)
			}
			same++
		}
		for id, want := range expected.Requests.Device.Calls {
			try(-1, id, want)
		}
		for i, c := range expected.Requests.Device.Children {
			for id, want := range c.Calls {
				try(i, id, want)
			}
		}
	}
	t.Logf("%d calls are the same; on purpose different: %v", same, other)
}
