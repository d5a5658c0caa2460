package known

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"wattle"
)

// Match is what a reference stands for: a device, or one child of it.
type Match struct {
	Device *Device // points into the list
	Child  *Child  // nil for the device itself
}

// Name is what to call it in messages: "Desk" or "Strip/Lamp".
func (m Match) Name() string {
	if m.Child == nil {
		return m.Device.Name()
	}
	return m.Device.Name() + "/" + m.Child.Name()
}

// NotFoundError says that nothing is called so. It is [wattle.ErrNotFound].
type NotFoundError struct {
	Ref  string
	Near []string // names that look like it, the nearest first; may be empty
}

// Error suggests near names.
func (e *NotFoundError) Error() string {
	text := fmt.Sprintf("no device is called %q", e.Ref)
	if len(e.Near) > 0 {
		text += "; did you mean " + quoted(e.Near) + "?"
	}
	return text
}

// Is makes it [wattle.ErrNotFound].
func (e *NotFoundError) Is(target error) bool { return target == wattle.ErrNotFound }

// AmbiguousError says that several devices are called so. It is [wattle.ErrParam].
type AmbiguousError struct {
	Ref        string
	Candidates []string // each tells its device apart from the others
}

// Error lists the candidates.
func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("%q can be %s; use the whole name, the MAC or the address", e.Ref, quoted(e.Candidates))
}

// Is makes it [wattle.ErrParam].
func (e *AmbiguousError) Is(target error) bool { return target == wattle.ErrParam }

func quoted(names []string) string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = strconv.Quote(name)
	}
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " or " + list[len(list)-1]
}

// Find tells what a person means: the alias (exact, then in any case, then as
// the beginning of only one), the id, the MAC, the address, or "strip/outlet"
// with either part by any of these and the outlet also by its number, from 1.
// The alias of a child alone will do when nothing else is called so. Errors are
// a [*NotFoundError] or an [*AmbiguousError].
func (l *List) Find(ref string) (Match, error) {
	if ref == "" {
		return Match{}, &NotFoundError{Ref: ref}
	}
	devices := make([]Match, len(l.Devices))
	var children []Match
	for i := range l.Devices {
		d := &l.Devices[i]
		devices[i] = Match{Device: d}
		for c := range d.Children {
			children = append(children, Match{d, &d.Children[c]})
		}
	}
	if m, found, err := pick(ref, devices); found {
		return m, err
	}
	// Names may hold slashes, so that each could be the one that parts them.
	for i := range len(ref) {
		if ref[i] != '/' {
			continue
		}
		m, found, err := pick(ref[:i], devices)
		if !found || err != nil {
			continue
		}
		return m.Device.find(ref, ref[i+1:])
	}
	if m, found, err := pick(ref, children); found {
		return m, err
	}
	return Match{}, &NotFoundError{ref, near(ref, l.Names())}
}

// find looks for a child of the device.
func (d *Device) find(whole, ref string) (Match, error) {
	children := make([]Match, len(d.Children))
	names := make([]string, len(d.Children))
	for i := range d.Children {
		children[i] = Match{d, &d.Children[i]}
		names[i] = children[i].Name()
	}
	if m, found, err := pick(ref, children); found {
		if many, ok := errors.AsType[*AmbiguousError](err); ok {
			many.Ref = whole
		}
		return m, err
	}
	if n, err := strconv.Atoi(ref); err == nil && n >= 1 && n <= len(children) {
		return children[n-1], nil
	}
	if closest := near(whole, names); len(closest) > 0 {
		names = closest
	}
	return Match{}, &NotFoundError{whole, names[:min(len(names), maxNear)]}
}

// names of a match, by which it can be picked.
func (m Match) alias() string {
	if m.Child != nil {
		return m.Child.Alias
	}
	return m.Device.Alias
}

func (m Match) isID(ref string) bool {
	if m.Child != nil {
		return m.Child.ID != "" && strings.EqualFold(m.Child.ID, ref)
	}
	d := m.Device
	return d.ID != "" && strings.EqualFold(d.ID, ref) || d.DiscoveryID != "" && strings.EqualFold(d.DiscoveryID, ref)
}

func (m Match) isAddress(ref string) bool {
	if m.Child != nil {
		return false
	}
	d := m.Device
	if d.Address != "" && strings.EqualFold(d.Address, ref) || d.Route.Host != "" && strings.EqualFold(d.Route.Host, ref) {
		return true
	}
	if _, _, err := net.SplitHostPort(ref); err != nil || d.Route.Host == "" {
		return false
	}
	return d.Route.Address() == ref
}

// pick tries the ways to name something, the strictest first. found is true
// also when there are too many.
func pick(ref string, among []Match) (_ Match, found bool, _ error) {
	mac, macErr := wattle.ParseMAC(ref)
	folded := strings.ToLower(ref)
	for _, fits := range []func(Match) bool{
		func(m Match) bool { return m.alias() == ref },
		func(m Match) bool { return macErr == nil && m.Child == nil && m.Device.MAC == mac },
		func(m Match) bool { return m.isID(ref) },
		func(m Match) bool { return m.isAddress(ref) },
		func(m Match) bool { return m.alias() != "" && strings.EqualFold(m.alias(), ref) },
		func(m Match) bool { return strings.HasPrefix(strings.ToLower(m.alias()), folded) },
	} {
		var all []Match
		for _, m := range among {
			if fits(m) {
				all = append(all, m)
			}
		}
		switch len(all) {
		case 0:
		case 1:
			return all[0], true, nil
		default:
			return Match{}, true, ambiguous(ref, all)
		}
	}
	return Match{}, false, nil
}

func ambiguous(ref string, all []Match) error {
	names := make([]string, len(all))
	count := map[string]int{}
	for i, m := range all {
		names[i] = m.Name()
		count[names[i]]++
	}
	for i, m := range all {
		if count[names[i]] > 1 { // the same name twice: say which is which
			if m.Child != nil {
				names[i] += " (" + m.Child.ID + ")"
				continue
			}
			names[i] += " (" + strings.TrimSpace(m.Device.MAC.String()+" "+m.Device.Address) + ")"
		}
	}
	slices.Sort(names)
	return &AmbiguousError{ref, names}
}

// Names are the names of all devices and children, for completion: each is a
// reference that [List.Find] takes.
func (l *List) Names() []string {
	var names []string
	for i := range l.Devices {
		d := &l.Devices[i]
		names = append(names, cmp.Or(d.Alias, d.MAC.String()))
		for c := range d.Children {
			names = append(names, cmp.Or(d.Alias, d.MAC.String())+"/"+d.Children[c].Name())
		}
	}
	return names
}

const maxNear = 3

// near gives the names that look most like ref.
func near(ref string, names []string) []string {
	type scored struct {
		name  string
		score int
	}
	folded := strings.ToLower(ref)
	limit := max(1, len([]rune(ref))/3)
	var list []scored
	for _, name := range names {
		low := strings.ToLower(name)
		_, child, hasChild := strings.Cut(low, "/")
		score := distance(folded, low)
		if hasChild {
			score = min(score, distance(folded, child))
		}
		if len(folded) >= 3 && strings.Contains(low, folded) {
			score = min(score, 1)
		}
		if score <= limit {
			list = append(list, scored{name, score})
		}
	}
	slices.SortStableFunc(list, func(a, b scored) int { return cmp.Compare(a.score, b.score) })
	var out []string
	for _, s := range list[:min(len(list), maxNear)] {
		out = append(out, s.name)
	}
	return out
}

// distance is how many letters are to be added, dropped, changed or swapped with
// their neighbour to make b of a.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, row := make([]int, len(y)+1), make([]int, len(y)+1)
	next := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		next[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			next[j+1] = min(row[j]+cost, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(y)]
}
