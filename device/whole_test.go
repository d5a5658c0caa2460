package device_test

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"wattle"
	"wattle/capture"
	"wattle/catalog"
	"wattle/device"
	"wattle/internal/recorded"
)

// novelty is a field that newer firmware may have, in every object that is sent
// back as a whole.
const novelty = `"not_known_yet":{"deep":[1,"<&>"]}`

// renew puts the novelty into an object.
func renew(raw json.RawMessage) json.RawMessage {
	if len(raw) < 2 || raw[0] != '{' {
		return raw
	}
	if raw[1] == '}' {
		return json.RawMessage(`{` + novelty + `}`)
	}
	return json.RawMessage(`{` + novelty + `,` + string(raw[1:]))
}

// renewIn does so with a member of an object, and with each entry of a list.
func renewIn(t *testing.T, raw json.RawMessage, member string) json.RawMessage {
	t.Helper()
	var o map[string]json.RawMessage
	if json.Unmarshal(raw, &o) != nil || len(o[member]) == 0 {
		return raw
	}
	var list []json.RawMessage
	if json.Unmarshal(o[member], &list) == nil {
		for i := range list {
			list[i] = renew(list[i])
		}
		o[member] = marshal(t, list)
	} else {
		o[member] = renew(o[member])
	}
	return marshal(t, o)
}

func marshal(t *testing.T, v any) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// wholes are the answers that rows send back, by key.
var wholes = func() map[string]bool {
	out := map[string]bool{}
	for _, f := range catalog.All() {
		if f.Whole {
			out[f.Queries[0].Key()] = true
		}
	}
	return out
}()

// renewAll makes of a capture what newer firmware would have said.
func renewAll(t *testing.T, family wattle.Family, data map[string]json.RawMessage) {
	t.Helper()
	for key, raw := range data {
		if family == wattle.IOT {
			var methods map[string]json.RawMessage
			if json.Unmarshal(raw, &methods) == nil && methods["get_rules"] != nil {
				methods["get_rules"] = renewIn(t, methods["get_rules"], "rule_list")
				data[key] = marshal(t, methods)
			}
			continue
		}
		switch {
		case key == "get_device_info":
			data[key] = renewIn(t, raw, "default_states")
		case key == "get_child_device_list":
			var o map[string]json.RawMessage
			var list []json.RawMessage
			if json.Unmarshal(raw, &o) == nil && json.Unmarshal(o["child_device_list"], &list) == nil {
				for i := range list {
					list[i] = renewIn(t, list[i], "default_states")
				}
				o["child_device_list"] = marshal(t, list)
				data[key] = marshal(t, o)
			}
		case key == "child_devices":
			var children map[string]map[string]json.RawMessage
			if json.Unmarshal(raw, &children) == nil {
				for _, child := range children {
					renewAll(t, family, child)
				}
				data[key] = marshal(t, children)
			}
		case wholes[key]:
			data[key] = renew(raw)
		case strings.HasSuffix(key, "_rules"):
			data[key] = renewIn(t, raw, "rule_list")
		}
	}
}

// novel reports whether a request has the novelty.
func novel(t *testing.T, r request) bool {
	t.Helper()
	var find func(any) bool
	find = func(v any) bool {
		switch v := v.(type) {
		case map[string]any:
			if reflect.DeepEqual(v["not_known_yet"], map[string]any{"deep": []any{1., "<&>"}}) {
				return true
			}
			for _, each := range v {
				if find(each) {
					return true
				}
			}
		case []any:
			return slices.ContainsFunc(v, find)
		}
		return false
	}
	var v any
	return r.params != "" && json.Unmarshal([]byte(r.params), &v) == nil && find(v)
}

// TestWholeCaptures: what we change a part of goes back with all that we do not
// know, on every captured device: rows that send an object back, and rules that
// are switched.
func TestWholeCaptures(t *testing.T) {
	dir := recorded.Folder(t)
	var done tally
	t.Cleanup(func() { t.Logf("%v", &done) })
	for _, name := range names(t, folders...) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, library := load(t, dir, name)
			renewAll(t, f.Family, f.Data)
			synctest.Test(t, func(t *testing.T) { setWhole(t, f, library, &done) })
		})
	}
}

func setWhole(t *testing.T, f *capture.File, library *capture.Library, done *tally) {
	t.Helper()
	d, conn := open(t, f, library, nil)
	try := func(what string, do func(context.Context) error) {
		var sent []request
		conn.sent = func(raw []byte) { sent = append(sent, messageCalls(t, raw, "")...) }
		err := do(t.Context())
		conn.sent = nil
		changes := 0
		for _, r := range sent {
			if r.reads() || strings.HasSuffix(r.method, "_all_enable") || strings.HasSuffix(r.method, "set_overall_enable") ||
				r.method == "set_dynamic_light_effect_rule_enable" {
				continue
			}
			changes++
			if !novel(t, r) {
				t.Errorf("%s: %s has lost what we do not know", what, r)
			}
		}
		if err != nil || changes == 0 {
			t.Errorf("%s: %d changes, %v", what, changes, err)
		}
		done.add(strings.Fields(what)[0], 1)
	}
	for i, target := range append([]*device.Device{d}, d.Children()...) {
		if i > 0 && f.Kind != capture.KindSmartChild && d.Identity().Type == wattle.Hub {
			continue // captures of their own
		}
		for _, row := range catalog.All() {
			r, has := target.State().Reading(row.ID)
			if !row.Whole || !has || row.Family != f.Family {
				continue
			}
			if !strings.Contains(string(target.State().Snapshot().Raw(row.Queries[0].Key())), "not_known_yet") {
				done.add("rows whose answer is not in the capture", 1)
				continue
			}
			for _, v := range allowed(r) {
				try(row.ID, func(ctx context.Context) error {
					defer func() { _, _ = target.Poll(ctx) }()
					return target.Set(ctx, row.ID, v)
				})
			}
		}
		if l, err := target.Light(); err == nil && target.Identity().Components["light_effect"] > 0 {
			effects, err := l.Effects(t.Context())
			if err != nil || len(effects) == 0 {
				t.Errorf("effects: %v (%v)", effects, err)
			}
			for _, e := range effects {
				dim := 42
				try("effects "+e.Name, func(ctx context.Context) error {
					return l.Apply(ctx, device.LightChange{Effect: e.Name, Brightness: &dim})
				})
			}
		}
		if list, err := target.Schedules(t.Context()); err == nil {
			for _, s := range list.List {
				try("schedules "+s.ID, func(ctx context.Context) error { return target.EnableSchedule(ctx, s.ID, !s.Enabled) })
			}
		}
	}
}
