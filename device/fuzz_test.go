package device_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"wattle"
	"wattle/capture"
	"wattle/device"
	"wattle/method"
	"wattle/session"
	"wattle/simulator"
	"wattle/simulator/homes"
)

// mutant is a Caller that changes what a device answers: it replaces the n-th
// value of an answer by another piece of JSON.
type mutant struct {
	caller interface {
		method.Caller
		Child(id string) method.Caller
	}
	at    uint
	piece json.RawMessage
}

func (m *mutant) Do(ctx context.Context, calls ...method.Call) ([]method.Result, error) {
	results, err := m.caller.Do(ctx, calls...)
	return m.change(results), err
}

func (m *mutant) Child(id string) method.Caller { return &childMutant{m, m.caller.Child(id)} }

type childMutant struct {
	mutant *mutant
	caller method.Caller
}

func (c *childMutant) Do(ctx context.Context, calls ...method.Call) ([]method.Result, error) {
	results, err := c.caller.Do(ctx, calls...)
	return c.mutant.change(results), err
}

func (m *mutant) change(results []method.Result) []method.Result {
	for i := range results {
		n := m.at
		if raw, hit := replace(results[i].Raw, &n, m.piece); hit {
			results[i].Raw = raw
		}
	}
	return results
}

// replace puts piece in the place of the n-th value of raw, counted from the
// outside.
func replace(raw json.RawMessage, n *uint, piece json.RawMessage) (json.RawMessage, bool) {
	if *n == 0 {
		return piece, true
	}
	*n--
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) == nil {
		for _, key := range slices.Sorted(maps.Keys(object)) {
			if changed, hit := replace(object[key], n, piece); hit {
				object[key] = changed
				out, _ := json.Marshal(object)
				return out, true
			}
		}
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil {
		for i, value := range list {
			if changed, hit := replace(value, n, piece); hit {
				list[i] = changed
				out, _ := json.Marshal(list)
				return out, true
			}
		}
	}
	return raw, false
}

// FuzzAnswers: whatever a device answers, opening, polling, reading and setting
// end without panic, and what is shown is valid.
func FuzzAnswers(f *testing.F) {
	demo := homes.Demo()
	for i := range demo {
		for _, piece := range []string{`null`, `-1`, `"x"`, `[]`, `{}`, `[1,2]`, `1e300`, `true`, `[[{}]]`} {
			f.Add(uint(i), uint(i*7%40), piece)
		}
	}
	f.Fuzz(func(t *testing.T, which, at uint, piece string) {
		if !json.Valid([]byte(piece)) {
			return
		}
		file := demo[which%uint(len(demo))]
		m := &mutant{caller: start(t, file), at: at % 500, piece: json.RawMessage(piece)}
		d, err := device.New(t.Context(), m, file.Family, &device.Options{Now: now})
		if err != nil {
			return
		}
		_, _ = d.Poll(t.Context())
		visit(t, d)
		for _, c := range d.Children() {
			visit(t, c)
		}
	})
}

func visit(t *testing.T, d *device.Device) {
	t.Helper()
	for _, r := range d.Features() {
		if b, err := json.Marshal(r); err != nil || !json.Valid(b) {
			t.Errorf("%s: %s (%v)", r.ID, b, err)
		}
		for _, v := range []any{true, 1, "x", 1e9} {
			if r.Settable {
				_ = d.Set(t.Context(), r.ID, v)
			}
		}
	}
	if s := d.State(); s != nil {
		if _, err := json.Marshal(device.Inspect(s)); err != nil {
			t.Error(err)
		}
		s.Energy()
		s.On()
	}
	_ = d.Memory()
}

// start is a session with a device of the home.
func start(tb testing.TB, f *capture.File) *session.Session {
	tb.Helper()
	virtual, err := simulator.New(f, &simulator.DeviceOptions{Library: homes.Library(), KeepIDs: true, Freeze: true, Now: now})
	if err != nil {
		tb.Fatal(err)
	}
	s := session.New(&direct{device: virtual}, f.Family, nil)
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

func FuzzMemory(f *testing.F) {
	f.Add(`{"family":"smart","answers":{"component_nego":{"component_list":[{"id":"device"}]},"get_device_info":{"type":"SMART.TAPOPLUG","device_on":true}}}`)
	f.Add(`{"family":"iot","answers":{"system.get_sysinfo":{"type":"IOT.SMARTPLUGSWITCH","children":[{"id":"00"}]}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		var m device.Memory
		if json.Unmarshal([]byte(text), &m) != nil {
			return
		}
		for _, family := range []wattle.Family{wattle.IOT, wattle.SMART} {
			d, err := device.New(t.Context(), &fake{answers: map[string]any{}}, family, &device.Options{Memory: &m})
			if err == nil {
				_ = d.Identity()
				_ = d.Features()
			}
		}
	})
}
