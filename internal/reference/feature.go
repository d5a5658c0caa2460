package reference

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"wattle/catalog"
	"wattle/feature"
	"wattle/method"
)

// A Row is a row of the catalog with everything that was found out about it.
type Row struct {
	*feature.Feature
	When    []string // what a device has to say of itself
	Needs   []string // "`get_device_info` has `brightness`"
	Reads   []string // "`get_device_info`: `hue`, `saturation`"
	Sets    []string // keys of methods
	Choices []string // also those that devices list
	Narrows bool     // devices narrow the range
	Seen    bool     // on one of the examples
}

// A Chapter is a subject of the catalog with its rows.
type Chapter struct {
	Name string
	Rows []Row
}

// Chapters examines the catalog.
func Chapters(tree fs.FS, examples []*Example) ([]Chapter, error) {
	names, err := components(tree, examples)
	if err != nil {
		return nil, err
	}
	flat := all(examples)
	var out []Chapter
	for _, s := range catalog.Subjects() {
		c := Chapter{Name: s.Name}
		for i := range s.Rows {
			c.Rows = append(c.Rows, examine(&s.Rows[i], flat, names))
		}
		out = append(out, c)
	}
	return out, nil
}

// enough is how many devices are looked at to find out what a row reads: one
// may be on and the other off.
const enough = 3

func examine(f *feature.Feature, examples []*Example, names []string) Row {
	row := Row{Feature: f, When: condition(f, names), Choices: f.Choices}
	seen := 0
	var reads []Dependence
	for _, e := range examples {
		if !f.Exists(e.View) {
			continue
		}
		if seen++; seen <= enough {
			reads = merge(reads, dependences(f, e.View))
		}
		if seen == 1 {
			row.depend(e.View, reads)
		}
		meta := f.Narrow(e.View)
		row.Narrows = row.Narrows || meta.Min != f.Min || meta.Max != f.Max
		if len(row.Choices) == 0 {
			row.Choices = meta.Choices
		}
		for _, key := range setters(f, e.View) {
			row.Sets = add(row.Sets, key)
		}
	}
	if row.Seen = seen > 0; !row.Seen {
		for i := range f.Queries {
			reads = append(reads, Dependence{Query: f.Queries[i].Key(), Pace: f.Queries[i].Pace})
		}
	}
	row.read(reads)
	return row
}

// merge adds what a row reads on another device.
func merge(list, more []Dependence) []Dependence {
	if list == nil {
		return more
	}
	for i, d := range more {
		for _, name := range slices.Concat(d.Needs, d.Reads) {
			list[i].Reads = add(list[i].Reads, name)
		}
	}
	return list
}

// depend fills in what a device must have for the row.
func (row *Row) depend(v *feature.View, list []Dependence) {
	if len(row.When) == 0 {
		if names := needed(row.Feature, v); len(names) > 0 {
			row.When = []string{"component " + strings.Join(names, " and ")}
		}
	}
	for i := range list {
		for _, member := range list[i].Needs {
			query, path := list[i].place(member)
			row.Needs = append(row.Needs, "`"+query+"` has `"+path+"`")
		}
	}
	if len(v.Children) > 0 {
		without := *v
		without.Children = nil
		if row.Exists(v) != row.Exists(&without) || row.Get(v) != row.Get(&without) {
			row.Reads = append(row.Reads, "the same of its outlets")
		}
	}
}

// read fills in what the row reads.
func (row *Row) read(list []Dependence) {
	for i := range list {
		d := &list[i]
		query, _ := d.place("")
		var paths []string
		for _, member := range slices.Concat(d.Needs, d.Reads) {
			_, path := d.place(member)
			paths = add(paths, path)
		}
		text := "`" + query + "`" + pace(d.Pace)
		if paths = deepest(paths); len(paths) > 0 {
			text += ": " + code(paths)
		}
		row.Reads = add(row.Reads, text)
	}
}

// deepest leaves out what is above another member of the list.
func deepest(list []string) (out []string) {
	for _, name := range list {
		if !slices.ContainsFunc(list, func(other string) bool {
			return strings.HasPrefix(other, name+".") || strings.HasPrefix(other, name+"[]")
		}) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func code(list []string) string {
	quoted := make([]string, len(list))
	for i, name := range list {
		quoted[i] = "`" + name + "`"
	}
	return strings.Join(quoted, ", ")
}

// pace tells how often a query is asked, where that is not at every poll.
func pace(p method.Pace) string {
	switch p {
	case method.EveryPoll:
		return ""
	case method.OnRequest:
		return " (on request)"
	}
	return fmt.Sprintf(" (every %s)", strings.TrimSuffix(strings.TrimSuffix(p.Interval().String(), "0s"), "0m"))
}

// values says what a feature can be: range, unit and choices.
func (row *Row) values() string {
	var parts []string
	switch {
	case len(row.Choices) > 0:
		parts = append(parts, shortened(row.Choices))
	case row.HasRange():
		text := row.Range()
		if row.Narrows {
			text += ", or what the device names"
		}
		parts = append(parts, text)
	case row.Unit != feature.NoUnit:
		parts = append(parts, string(row.Unit))
	}
	if row.Total {
		parts = append(parts, "a counter")
	}
	if row.Dangerous {
		parts = append(parts, "asks first")
	}
	return strings.Join(parts, "; ")
}
