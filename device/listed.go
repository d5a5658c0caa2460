package device

import (
	"encoding/json"

	"wattle"
	"wattle/internal/wire/rawjson"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

// listed is one child as its parent describes it.
type listed struct {
	id         string
	answer     method.Answer // what takes the place of its own
	components map[string]int
}

// list reads the children from the parent's answers, each id once; ok is false
// where the answer did not come, so that children are not forgotten by a
// failure.
func (d *Device) list(s *method.Snapshot) (children []listed, ok bool) {
	switch d.family {
	case wattle.IOT:
		children, ok = outlets(s)
	case wattle.SMART:
		if d.components["child_device"] == 0 {
			return nil, true
		}
		children, ok = d.listSMART(s)
	default:
		return nil, true
	}
	if len(children) == 0 {
		return nil, ok
	}
	seen := make(map[string]bool, len(children))
	once := children[:0]
	for _, c := range children {
		if c.id != "" && !seen[c.id] {
			seen[c.id] = true
			once = append(once, c)
		}
	}
	return once, true
}

// outlets are the children in a sysinfo.
func outlets(s *method.Snapshot) (children []listed, ok bool) {
	answer := iot.GetSysinfo.Answer(s)
	info := iot.GetSysinfo.Result(s)
	if info == nil || len(info.Children) == 0 {
		return nil, info != nil
	}
	raws := items(answer.Raw, "children")
	for i := range info.Children {
		if o := &info.Children[i]; o.ID != "" && i < len(raws) {
			children = append(children, listed{
				id:     info.ChildID(*o),
				answer: method.Answer{Raw: raws[i], Value: o, Err: answer.Err, Time: answer.Time},
			})
		}
	}
	return children, true
}

// items are the entries of a list in an object that was decoded before.
func items(object json.RawMessage, name string) (out []json.RawMessage) {
	_ = rawjson.Members(object, func(key, value []byte) error {
		if string(key) != name {
			return nil
		}
		out = nil // as in the struct, the last one counts
		return rawjson.Items(value, func(item []byte) error {
			out = append(out, item)
			return nil
		})
	})
	return out
}

// listSMART reads the list of children. Entries that are as they were are not
// decoded again.
func (d *Device) listSMART(s *method.Snapshot) (children []listed, ok bool) {
	answer := smart.GetChildList.Answer(s)
	entries := smart.GetChildList.Result(s)
	if entries == nil {
		return nil, false
	}
	components := d.childComponents(s)
	known := d.Children()
	children = make([]listed, 0, len(entries.List))
	for i, raw := range entries.List {
		var before *method.Answer
		if i < len(known) {
			before = smart.GetDeviceInfo.Answer(known[i].known().Snapshot())
		}
		a := method.Answer{Raw: raw, Time: answer.Time}
		decode(&a, childInfo, before)
		if info, ok := a.Value.(*smart.Info); ok {
			children = append(children, listed{info.DeviceID, a, components[info.DeviceID]})
		}
	}
	return children, true
}

var childInfo = smart.GetDeviceInfo.Query(0)

// childComponents are the components of each child by its id.
func (d *Device) childComponents(s *method.Snapshot) map[string]map[string]int {
	l := smart.GetChildComponents.Result(s)
	if l == nil {
		return nil
	}
	if l == d.versions.of {
		return d.versions.byID
	}
	d.versions.of, d.versions.byID = l, make(map[string]map[string]int, len(l.List))
	for i := range l.List {
		d.versions.byID[l.List[i].DeviceID] = l.List[i].Versions()
	}
	return d.versions.byID
}
