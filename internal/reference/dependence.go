package reference

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"wattle/feature"
	"wattle/method"
)

// A Dependence is what a row takes from one answer.
type Dependence struct {
	Query string // key of the answer
	Pace  method.Pace
	Needs []string // members without which there is no such feature
	Reads []string // members on which the value depends
}

// place is where the member of an answer is found on the wire. The entry of an
// outlet is a part of what the strip says.
func (d *Dependence) place(member string) (query, path string) {
	if query, list, ok := strings.Cut(d.Query, ".get_sysinfo."); ok {
		return query + ".get_sysinfo", list + "[]." + member
	}
	return d.Query, member
}

// dependences finds out what a row needs and reads by taking members out of
// the answers of a device that has the feature, one after the other.
func dependences(row *feature.Feature, v *feature.View) []Dependence {
	var out []Dependence
	before := row.Read(v)
	for i := range row.Queries {
		q := &row.Queries[i]
		d := Dependence{Query: q.Key(), Pace: q.Pace}
		holder := v
		if v.Snapshot.Find(q.Key()) == nil && v.Parent != nil {
			holder = v.Parent
		}
		var tree any
		if json.Unmarshal(holder.Snapshot.Raw(q.Key()), &tree) != nil {
			tree = nil // not asked, or refused
		}
		for _, path := range members(tree, nil) {
			changed, err := without(tree, path)
			if err != nil {
				continue
			}
			w := altered(v, holder, q, changed)
			name := spelled(path)
			switch {
			case !row.Exists(w):
				d.Needs = add(d.Needs, name)
			case row.Read(w).Value != before.Value:
				d.Reads = add(d.Reads, name)
			}
		}
		out = append(out, d)
	}
	return out
}

func add(list []string, name string) []string {
	if slices.Contains(list, name) {
		return list
	}
	return append(list, name)
}

// members are the paths of all members of the objects in a JSON value. In lists
// the first twelve entries are gone into.
func members(tree any, at []any) (out [][]any) {
	switch t := tree.(type) {
	case map[string]any:
		keys := make([]string, 0, len(t))
		for key := range t {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for _, key := range keys {
			path := append(slices.Clone(at), key)
			inner := members(t[key], path)
			if _, object := t[key].(map[string]any); !object || len(inner) == 0 {
				out = append(out, path)
			}
			out = append(out, inner...)
		}
	case []any:
		for i, entry := range t[:min(len(t), 12)] {
			out = append(out, members(entry, append(slices.Clone(at), i))...)
		}
	}
	return out
}

// without is the JSON of a tree with one member left out.
func without(tree any, path []any) (json.RawMessage, error) {
	return json.Marshal(cut(tree, path))
}

func cut(tree any, path []any) any {
	switch t := tree.(type) {
	case map[string]any:
		key, out := path[0].(string), map[string]any{}
		for k, v := range t {
			switch {
			case k != key:
				out[k] = v
			case len(path) > 1:
				out[k] = cut(v, path[1:])
			}
		}
		return out
	case []any:
		out := slices.Clone(t)
		out[path[0].(int)] = cut(t[path[0].(int)], path[1:])
		return out
	}
	return tree
}

// spelled is a path as people write it: "trv_states", "led.night_mode",
// "rule_list[].remain".
func spelled(path []any) string {
	text := ""
	for _, step := range path {
		switch step := step.(type) {
		case string:
			if text != "" {
				text += "."
			}
			text += step
		case int:
			text += "[]"
		}
	}
	return text
}

// altered is a view with another answer to one query.
func altered(v, holder *feature.View, q *method.Query, raw json.RawMessage) *feature.View {
	answer := *holder.Snapshot.Find(q.Key())
	answer.Raw = raw
	answer.Value, answer.Err = q.Decode(raw)
	changed := *holder
	changed.Snapshot = holder.Snapshot.With(answer.Time, map[string]method.Answer{q.Key(): answer})
	if holder == v {
		return &changed
	}
	child := *v
	child.Parent = &changed
	return &child
}

// setters are the keys of the methods by which a feature is set or done.
func setters(row *feature.Feature, v *feature.View) (keys []string) {
	collect := func(calls []method.Call, err error) {
		if err != nil {
			return
		}
		for i := range calls {
			keys = add(keys, calls[i].Key())
		}
	}
	if row.Kind == feature.Action {
		collect(row.Do(v))
		return keys
	}
	if !row.Settable() {
		return nil
	}
	meta := row.Narrow(v)
	for _, value := range samples(&meta, row.Get(v)) {
		converted, err := row.Convert(v, value)
		if err == nil {
			collect(row.Set(v, converted))
		}
	}
	return keys
}

// samples are values to set a feature to.
func samples(m *feature.Meta, present feature.Value) []any {
	switch m.Kind {
	case feature.Switch:
		return []any{true, false}
	case feature.Number:
		return []any{m.Max, m.Min, (m.Min + m.Max) / 2, present}
	case feature.Choice:
		var out []any
		for _, c := range m.Choices {
			out = append(out, c)
		}
		return out
	case feature.Color:
		return []any{feature.HSV{Hue: 30, Saturation: 100, Value: 80}}
	}
	return []any{present, "2024-05-06T07:08:09Z", strconv.Itoa(1), "x"}
}
