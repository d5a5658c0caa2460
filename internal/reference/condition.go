package reference

import (
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"

	"wattle"
	"wattle/feature"
	"wattle/method"
)

// types are all device types that rows may ask for.
var types = []wattle.DeviceType{
	wattle.Plug, wattle.Strip, wattle.StripSocket, wattle.WallSwitch, wattle.Dimmer, wattle.Bulb, wattle.LightStrip,
	wattle.Fan, wattle.Hub, wattle.Sensor, wattle.Thermostat, wattle.Vacuum, wattle.Chime,
}

// place is where a device can be.
type place struct {
	name   string
	parent *feature.View
}

const (
	alone  = "with a connection of its own"
	part   = "as a part of a device"
	behind = "behind a hub"
)

var places = []place{
	{alone, nil},
	{part, &feature.View{Type: wattle.Strip}},
	{behind, &feature.View{Type: wattle.Hub, Components: map[string]int{"child_quick_setup": 1}}},
}

// asked finds where the catalog asks for a component.
var asked = regexp.MustCompile(`(?:has|hasFrom|Has|hasRules|ComponentOf)\("([A-Za-z_]+)"|Components\["([A-Za-z_]+)"\]`)

// components are the names of all components that devices list or rows ask for.
func components(tree fs.FS, examples []*Example) ([]string, error) {
	seen := map[string]bool{}
	for _, e := range all(examples) {
		for name := range e.View.Components {
			seen[name] = true
		}
	}
	names, err := fs.Glob(tree, "catalog/*.go")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return nil, err
		}
		for _, m := range asked.FindAllSubmatch(text, -1) {
			seen[string(m[1])+string(m[2])] = true
		}
	}
	return slices.Sorted(maps.Keys(seen)), nil
}

// A trial tells whether a row may apply to a device of a type, with a parent or
// without, that lists some components and has answered nothing yet.
type trial func(components map[string]int, kind wattle.DeviceType, parent *feature.View) bool

func trialOf(row *feature.Feature) trial {
	empty := method.NewSnapshot(now(), method.Local, nil)
	return func(components map[string]int, kind wattle.DeviceType, parent *feature.View) bool {
		if parent != nil {
			parent = &feature.View{Family: row.Family, Type: parent.Type, Components: parent.Components, Snapshot: empty}
		}
		return row.Applies(&feature.View{Family: row.Family, Type: kind, Components: components, Parent: parent, Snapshot: empty})
	}
}

// kinds are the types that may have a row, at any place.
func (may trial) kinds(components map[string]int) (out []wattle.DeviceType) {
	for _, t := range types {
		if slices.ContainsFunc(places, func(p place) bool { return may(components, t, p.parent) }) {
			out = append(out, t)
		}
	}
	return out
}

// condition tells by trying what a device has to say of itself for a row to
// apply: the components that it lists, what it is, and where it is. It is empty
// where that depends on answers.
func condition(row *feature.Feature, candidates []string) []string {
	may := trialOf(row)
	var out []string
	var enough map[string]int
	if len(may.kinds(nil)) > 0 {
		for _, name := range candidates {
			if len(may.kinds(map[string]int{name: 1})) == 0 {
				out = append(out, "no component `"+name+"`")
			}
		}
	} else {
		var names []string
		for _, name := range candidates {
			first, text := may.versions(name)
			if first == 0 {
				continue
			}
			if enough == nil {
				enough = map[string]int{name: first}
			}
			names = append(names, text)
		}
		if len(names) == 0 {
			return nil
		}
		out = append(out, "component "+join(names))
	}
	return append(out, may.circumstances(row.Family, enough)...)
}

// versions finds the version of a component from which a row applies, 0 for
// none.
func (may trial) versions(name string) (first int, text string) {
	return versions(name, func(version int) bool { return len(may.kinds(map[string]int{name: version})) > 0 })
}

// versions finds the versions of a component that fit: the first one, 0 for
// none, and what to call them.
func versions(name string, fits func(version int) bool) (first int, text string) {
	last := 0
	for version := 1; version <= 4; version++ {
		if fits(version) {
			if last = version; first == 0 {
				first = version
			}
		}
	}
	text = "`" + name + "`"
	switch {
	case first > 0 && first == last && last < 4:
		text += fmt.Sprintf(" version %d", last)
	case last < 4:
		text += fmt.Sprintf(" up to version %d", last)
	case first > 1:
		text += fmt.Sprintf(" version %d or later", first)
	}
	return first, text
}

// circumstances tells which devices a row is for, given the components.
func (may trial) circumstances(family wattle.Family, components map[string]int) (out []string) {
	switch kinds := may.kinds(components); {
	case len(kinds) == len(types):
	case len(kinds) <= len(types)/2:
		out = append(out, "only "+join(kinds))
	default:
		missing := slices.DeleteFunc(slices.Clone(types), func(t wattle.DeviceType) bool { return slices.Contains(kinds, t) })
		out = append(out, "not "+join(missing))
	}
	var where []string
	for _, p := range places {
		if slices.ContainsFunc(types, func(t wattle.DeviceType) bool { return may(components, t, p.parent) }) {
			where = append(where, p.name)
		}
	}
	switch {
	case len(where) == len(places):
	case slices.Equal(where, []string{behind}):
		out = append(out, "only "+behind)
	case family == wattle.IOT && slices.Equal(where, []string{alone}):
		out = append(out, "not outlets")
	case slices.Equal(where, []string{alone}):
		out = append(out, "only with a connection of its own")
	case !slices.Contains(where, behind) && family != wattle.IOT:
		out = append(out, "not behind a hub")
	case !slices.Contains(where, part):
		out = append(out, "not parts of a device")
	}
	return out
}

// needed are the components without which a device would not have a feature:
// for rows whose condition is more than one component and an answer.
func needed(row *feature.Feature, v *feature.View) (out []string) {
	for _, name := range slices.Sorted(maps.Keys(v.Components)) {
		with := func(version int) bool {
			changed := *v
			changed.Components = maps.Clone(v.Components)
			changed.Components[name] = version
			changed.Index(nil)
			return row.Exists(&changed)
		}
		if !with(0) {
			_, text := versions(name, with)
			out = append(out, text)
		}
	}
	return out
}

// join writes a list as people do: "a, b or c".
func join[T ~string](list []T) string {
	var b strings.Builder
	for i, s := range list {
		switch {
		case i > 0 && i == len(list)-1:
			b.WriteString(" or ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(string(s))
	}
	return b.String()
}
