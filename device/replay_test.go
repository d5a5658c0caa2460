package device_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"wattle"
	"wattle/method"
)

// replay is a Caller that answers from a capture file, as the README of the
// captures describes it: the least that stands in for a device.
type replay struct {
	family  wattle.Family
	dir     string // where the captures are
	answers map[string]json.RawMessage
	child   string
	calls   []string
}

func loadReplay(path string) (*replay, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := &replay{family: wattle.SMART, dir: filepath.Dir(path)}
	if strings.Contains(path, "/iot") {
		r.family = wattle.IOT
	}
	if err := json.Unmarshal(b, &r.answers); err != nil {
		return nil, err
	}
	r.agree()
	return r, nil
}

// agree puts what each child says of itself into its parent's list.
func (r *replay) agree() {
	var list map[string]json.RawMessage
	var entries []map[string]json.RawMessage
	if json.Unmarshal(r.answers["get_child_device_list"], &list) != nil ||
		json.Unmarshal(list["child_device_list"], &entries) != nil {
		return
	}
	for i, e := range entries {
		var id string
		_ = json.Unmarshal(e["device_id"], &id)
		var own map[string]json.RawMessage
		if json.Unmarshal(r.Child(id).(*replay).answers["get_device_info"], &own) == nil && own != nil {
			own["device_id"] = e["device_id"]
			entries[i] = own
		}
	}
	list["child_device_list"], _ = json.Marshal(entries)
	r.answers["get_child_device_list"], _ = json.Marshal(list)
}

func (r *replay) Do(_ context.Context, calls ...method.Call) ([]method.Result, error) {
	out := make([]method.Result, len(calls))
	for i, c := range calls {
		r.calls = append(r.calls, c.Key())
		if r.family == wattle.IOT {
			out[i] = r.iot(c)
		} else {
			out[i] = r.smart(c)
		}
	}
	return out, nil
}

func (r *replay) iot(c method.Call) method.Result {
	refuse := func(code int) method.Result {
		return method.Result{Err: &wattle.DeviceError{Family: wattle.IOT, Method: c.Method, Code: code}}
	}
	var module map[string]json.RawMessage
	if json.Unmarshal(r.answers[c.Module], &module) != nil || module == nil || module["err_code"] != nil {
		return refuse(-1)
	}
	raw, ok := module[c.Method]
	if !ok {
		return refuse(-2)
	}
	var status struct {
		Code int `json:"err_code"`
	}
	if _ = json.Unmarshal(raw, &status); status.Code != 0 {
		return refuse(status.Code)
	}
	return method.Result{Raw: raw}
}

func (r *replay) smart(c method.Call) method.Result {
	raw, ok := r.answers[c.Method]
	code := -1008
	if ok && json.Unmarshal(raw, &code) != nil {
		return method.Result{Raw: raw}
	}
	return method.Result{Err: &wattle.DeviceError{Family: wattle.SMART, Method: c.Method, Code: code}}
}

// Child answers from the child's own file, else from the parent's.
func (r *replay) Child(id string) method.Caller {
	if r.family == wattle.IOT {
		return r
	}
	c := &replay{family: r.family, dir: r.dir, child: id}
	var inline map[string]map[string]json.RawMessage
	_ = json.Unmarshal(r.answers["child_devices"], &inline)
	if c.answers = inline[id]; c.answers != nil {
		return c
	}
	var list struct {
		Children []map[string]any `json:"child_device_list"`
	}
	_ = json.Unmarshal(r.answers["get_child_device_list"], &list)
	for _, e := range list.Children {
		if e["device_id"] != id {
			continue
		}
		text := func(key string) string { s, _ := e[key].(string); return s }
		fw, _, _ := strings.Cut(text("fw_ver"), " ")
		name := text("model") + "(" + text("specs") + ")_" + text("hw_ver") + "_" + fw + ".json"
		if file, err := loadReplay(filepath.Join(r.dir, "child", name)); err == nil {
			c.answers = file.answers
		}
	}
	return c
}
