package device_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/capture"
	"wattle/device"
	"wattle/internal/recorded"
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

// asked is what the other client was asked to do, and what it sent for it.
type asked struct {
	Set   any               `json:"set"`  // of a feature; nil: an action
	Args  []any             `json:"args"` // of a call
	Sent  []json.RawMessage `json:"sent"`
	Error string            `json:"error"` // it gave up

	entry string
	child int // by number, -1 for the device itself
}

type askedOf struct {
	TurnOn   *asked           `json:"turn_on"`
	TurnOff  *asked           `json:"turn_off"`
	Features map[string]asked `json:"features"`
	Calls    map[string]asked `json:"calls"`
	Children []askedOf        `json:"children"`
}

// each gives every entry of a device and its children, -1 for the device.
func (a *askedOf) each(child int, do func(asked)) {
	one := func(entry string, a asked) {
		a.entry, a.child = entry, child
		do(a)
	}
	if a.TurnOn != nil {
		one("turn on", *a.TurnOn)
	}
	if a.TurnOff != nil {
		one("turn off", *a.TurnOff)
	}
	for _, id := range slices.Sorted(maps.Keys(a.Features)) {
		one(id, a.Features[id])
	}
	for _, call := range slices.Sorted(maps.Keys(a.Calls)) {
		one(call, a.Calls[call])
	}
	for i := range a.Children {
		a.Children[i].each(i, do)
	}
}

// same does with our library what the other client was asked to do.
func (a *asked) same(ctx context.Context, d *device.Device) error {
	switch light, isLight := lightCalls[a.entry]; {
	case isLight:
		l, err := d.Light()
		if err != nil {
			return err
		}
		return light(ctx, l, a.Args)
	case a.entry == "turn on", a.entry == "turn off":
		return d.SetOn(ctx, a.entry == "turn on")
	case a.Args != nil:
		return doCall(ctx, d, a.entry, a.Args)
	case a.Set == nil:
		return d.Act(ctx, a.entry)
	case a.entry == "auto_off_enabled": // by the rules of the device as well
		minutes, err := d.Get("auto_off_minutes")
		if err != nil {
			return err
		}
		n, _ := minutes.Number()
		if err := d.SetAutoOff(ctx, a.Set.(bool), time.Duration(n)*time.Minute); err != nil {
			return err
		}
	}
	return d.Set(ctx, a.entry, a.Set)
}

// fill adds to a capture the answers that it lacks and the other client was given
// all the same.
func fill(t *testing.T, f *capture.File, answers map[string]json.RawMessage) {
	t.Helper()
	for key, answer := range answers {
		i := strings.LastIndex(key, ".")
		if i < 0 {
			f.Data[key] = answer
			continue
		}
		module, name := key[:i], key[i+1:]
		if strings.Contains(module, "time") {
			continue // its year has no history
		}
		methods := map[string]json.RawMessage{}
		if err := json.Unmarshal(f.Data[module], &methods); err != nil || methods["err_code"] != nil {
			methods = map[string]json.RawMessage{}
		}
		methods[name] = answer
		b, err := json.Marshal(methods)
		if err != nil {
			t.Fatal(err)
		}
		f.Data[module] = b
	}
}

// reads reports whether a request changes nothing.
func (r request) reads() bool {
	name := r.method[strings.LastIndex(r.method, ".")+1:]
	return strings.HasPrefix(name, "get") || name == "component_nego"
}

// without takes parameters out of requests.
func without(t *testing.T, list []request, keys []string) []request {
	t.Helper()
	var drop func(v any)
	drop = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, key := range keys {
				delete(v, key)
			}
			for _, each := range v {
				drop(each)
			}
		case []any:
			for _, each := range v {
				drop(each)
			}
		}
	}
	for i, r := range list {
		var v any
		if len(keys) == 0 || r.params == "" || json.Unmarshal([]byte(r.params), &v) != nil {
			continue
		}
		drop(v)
		list[i].params = canonical(t, v)
	}
	return list
}

// compareRequests does one entry on a fresh device and says how what we send
// differs from what the other client sends, "" for not at all.
func compareRequests(t *testing.T, f *capture.File, library *capture.Library, a asked) (wrong string, on *difference) {
	t.Helper()
	d, conn := open(t, f, library, nil)
	if f.Kind == capture.KindSmartChild {
		a.child = 0 // the hub that it is put behind is ours
	}
	target := d
	if a.child >= 0 {
		target = d.Children()[a.child]
	}
	var sent, wanted []request
	conn.sent = func(raw []byte) { sent = append(sent, messageCalls(t, raw, "")...) }
	err := a.same(t.Context(), target)
	conn.sent = nil
	for _, raw := range a.Sent {
		wanted = append(wanted, messageCalls(t, raw, "")...)
	}
	if slices.ContainsFunc(wanted, func(r request) bool { return !r.reads() }) {
		wanted = slices.DeleteFunc(wanted, request.reads) // it looks at what it changed
	}
	for i := range differences {
		x := &differences[i]
		if x.entry != a.entry || x.family != f.Family && x.family != "" {
			continue
		}
		if instead, ok := x.instead(d, a, slices.Clone(wanted)); ok {
			on, wanted = x, instead
			break
		}
	}
	switch {
	case a.Error != "" && on == nil:
		return "the other client gave up: " + a.Error, nil
	case on != nil && on.refused && errors.Is(err, wattle.ErrUnsupported) && len(sent) == 0:
		return "", on
	case on != nil && on.refused:
		return fmt.Sprintf("we send %v (%v), but are to refuse", sent, err), on
	case err != nil && (on == nil || !on.fails):
		return "we fail: " + err.Error(), on
	}
	if on != nil {
		sent, wanted = without(t, sent, on.except), without(t, wanted, on.except)
	}
	for _, w := range wanted {
		if !slices.Contains(sent, w) {
			return fmt.Sprintf("the other client sends %s, we send %v", w, sent), on
		}
	}
	for _, s := range sent {
		if !s.reads() && !slices.Contains(wanted, s) {
			return fmt.Sprintf("we send %s, the other client %v", s, wanted), on
		}
	}
	return "", on
}

// TestRequests: for turning on and off, every setter and every further call we
// send what a known good client sends, or stand in the table of differences. Each
// entry is either the same or in the table; none is left out.
func TestRequests(t *testing.T) {
	dir := recorded.Folder(t)
	all := names(t, folders...)
	var seen, same, other tally
	var files atomic.Int64
	t.Cleanup(func() {
		for _, d := range differences {
			if n := other.counts[d.why]; n == 0 && int(files.Load()) == len(all) {
				t.Errorf("%s %s: nothing differs: %s", d.family, d.entry, d.why)
			}
		}
		for _, why := range slices.Sorted(maps.Keys(other.counts)) {
			t.Logf("%4d %s", other.counts[why], why)
		}
		if n := seen.sum(); n == 0 || n != same.sum()+other.sum() {
			t.Errorf("%d of %d entries are neither", n-same.sum()-other.sum(), n)
		}
		t.Logf("%d entries, %d the same, %d on purpose different", seen.sum(), same.sum(), other.sum())
	})
	for _, name := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files.Add(1)
			b, err := os.ReadFile(filepath.Join(dir, "expected", filepath.FromSlash(name)))
			if err != nil {
				t.Fatal(err)
			}
			var expected struct {
				Fills    map[string]map[string]json.RawMessage `json:"fills"`
				Requests struct {
					Device askedOf `json:"device"`
				} `json:"requests"`
			}
			if err := json.Unmarshal(b, &expected); err != nil {
				t.Fatal(err)
			}
			f, library := load(t, dir, name)
			fill(t, f, expected.Fills["device"])
			synctest.Test(t, func(t *testing.T) {
				expected.Requests.Device.each(-1, func(a asked) {
					seen.add(a.entry, 1)
					wrong, on := compareRequests(t, f, library, a)
					switch {
					case wrong != "":
						t.Errorf("%s of child %d: %s", a.entry, a.child, wrong)
					case on != nil:
						other.add(on.why, 1)
					default:
						same.add(a.entry, 1)
					}
				})
			})
		})
	}
}
