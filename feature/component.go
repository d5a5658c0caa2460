package feature

import (
	"reflect"
	"sync"
)

// Component is the name of something that SMART devices say they can do, ready
// to be asked for often: conditions of rows keep one.
type Component struct {
	name   string
	number int // in an index
}

// components are the names that conditions ask for, by number.
var components = struct {
	sync.Mutex
	numbers map[string]int
}{numbers: map[string]int{}}

// ComponentOf is the Component of a name.
func ComponentOf(name string) Component {
	components.Lock()
	defer components.Unlock()
	n, seen := components.numbers[name]
	if !seen {
		n = len(components.numbers)
		components.numbers[name] = n
	}
	return Component{name, n}
}

// index are the versions of components by number: what a map says, for those
// who ask a hundred times in one poll.
type index struct {
	of       map[string]int
	versions []int
}

// Index makes [View.Version] fast. It is called once, before the view is
// shared; with the view of the poll before, whose index serves as long as the
// components are the same map, it costs next to nothing.
func (v *View) Index(before *View) {
	if before != nil && before.index != nil && same(before.index.of, v.Components) {
		v.index = before.index
		return
	}
	components.Lock()
	defer components.Unlock()
	x := &index{of: v.Components, versions: make([]int, len(components.numbers))}
	for name, version := range v.Components {
		if n, asked := components.numbers[name]; asked {
			x.versions[n] = version
		}
	}
	v.index = x
}

// same reports whether two maps are one.
func same(a, b map[string]int) bool {
	return len(a) == len(b) && reflect.ValueOf(a).UnsafePointer() == reflect.ValueOf(b).UnsafePointer()
}

// Version is the version of a component that the device lists, 0 where it does
// not.
func (v *View) Version(c Component) int {
	if v.index != nil && c.number < len(v.index.versions) {
		return v.index.versions[c.number]
	}
	return v.Components[c.name]
}
