package rule

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"wattle/method"
)

// Same reports whether two rules do the same at the same time. Ids, the day
// when a rule was made and computed times do not count, and a name only where
// both have one.
func Same(a, b *Schedule) bool {
	return a.content() == b.content() && (a.Name == "" || b.Name == "" || a.Name == b.Name)
}

// content is everything that tells two rules apart, as text.
func (s *Schedule) content() string {
	var b strings.Builder
	fmt.Fprint(&b, s.slot(), "|", s.Enabled, "|", s.Action.content())
	if s.End != nil {
		fmt.Fprint(&b, "|", s.End.At, "|", s.End.Action.content())
	}
	extra(&b, s.Extra)
	return b.String()
}

// slot is when a rule acts.
func (s *Schedule) slot() string { return s.When() }

func (a *Action) content() string {
	c := *a
	if c.Transition.Or(0) == 0 {
		c.Transition = noTransition
	}
	var b strings.Builder
	fmt.Fprint(&b, c.String())
	extra(&b, c.Extra)
	return b.String()
}

var noTransition = Action{}.Transition

func extra(b *strings.Builder, fields method.Extra) {
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if value, ok := harmless[key]; ok && value == compact(fields[key]) {
			continue
		}
		fmt.Fprintf(b, "|%s=%s", key, compact(fields[key]))
	}
}

// Change is a rule that both lists have at the same time, and that differs.
type Change struct{ Old, New Schedule }

// Difference is what leads from one list of rules to another.
type Difference struct {
	Added, Removed []Schedule
	Changed        []Change
}

// Empty reports whether the lists do the same.
func (d *Difference) Empty() bool { return len(d.Added)+len(d.Removed)+len(d.Changed) == 0 }

// Diff compares two lists by content: their order and the ids do not count.
// Rules that are left over and act at the same time are a change, in the order
// of the lists.
func Diff(before, after []Schedule) Difference {
	var d Difference
	left := slices.Clone(before)
	take := func(fits func(*Schedule) bool) (Schedule, bool) {
		for i := range left {
			if fits(&left[i]) {
				found := left[i]
				left = slices.Delete(left, i, i+1)
				return found, true
			}
		}
		return Schedule{}, false
	}
	var open []Schedule
	for _, s := range after {
		if _, ok := take(func(o *Schedule) bool { return Same(o, &s) }); !ok {
			open = append(open, s)
		}
	}
	for _, s := range open {
		if old, ok := take(func(o *Schedule) bool { return o.slot() == s.slot() }); ok {
			d.Changed = append(d.Changed, Change{old, s})
		} else {
			d.Added = append(d.Added, s)
		}
	}
	d.Removed = left
	return d
}
