package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wattle"
)

// named is what a device can be called by.
type named struct {
	alias, id, host string
	mac             wattle.MAC
	children        []named
}

// pick is a device among many, and its child unless that is -1.
type pick struct{ device, child int }

// everything is the word for all known devices.
const everything = "all"

// find looks a reference up by the grammar of "wattle help devices". The error
// wraps wattle.ErrNotFound, or says between which devices it cannot decide.
func find(ref string, devices []named) (pick, error) {
	if i, err := findOne(ref, devices); err == nil || !isNotFound(err) {
		return pick{i, -1}, err
	}
	// "strip/outlet"; names may hold slashes themselves.
	var within error
	for at := range len(ref) {
		if ref[at] != '/' {
			continue
		}
		i, err := findOne(ref[:at], devices)
		if err != nil {
			continue
		}
		c, err := findChild(ref[at+1:], devices[i])
		if err == nil {
			return pick{i, c}, nil
		}
		within = err
	}
	if within != nil {
		return pick{}, within
	}
	// A child by itself, where only one is called so.
	var found []pick
	for i, d := range devices {
		if c, err := findOne(ref, d.children); err == nil {
			found = append(found, pick{i, c})
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return pick{}, notFound(ref, devices)
	}
	var full []string
	for _, f := range found {
		full = append(full, devices[f.device].alias+"/"+devices[f.device].children[f.child].alias)
	}
	return pick{}, ambiguous(ref, full)
}

func findChild(ref string, d named) (int, error) {
	if i, err := findOne(ref, d.children); err == nil || !isNotFound(err) {
		return i, err
	}
	if n, err := strconv.Atoi(ref); err == nil && n >= 1 && n <= len(d.children) {
		return n - 1, nil
	}
	var names []string
	for _, c := range d.children {
		names = append(names, c.alias)
	}
	hint := meant(ref, names)
	switch {
	case len(names) == 0:
		hint = "it has no outlets or children"
	case hint == "":
		hint = "it has " + listOf(names)
	}
	return 0, &fault{subject: d.alias, err: fmt.Errorf("%w as %q in it", wattle.ErrNotFound, ref), hint: hint}
}

// findOne tries name, id, MAC and address, the strictest first.
func findOne(ref string, devices []named) (int, error) {
	mac, macErr := wattle.ParseMAC(ref)
	for _, fits := range []func(named) bool{
		func(d named) bool { return d.alias == ref },
		func(d named) bool { return strings.EqualFold(d.alias, ref) },
		func(d named) bool { return strings.EqualFold(d.id, ref) },
		func(d named) bool { return macErr == nil && d.mac == mac },
		func(d named) bool { return d.host == ref },
		func(d named) bool { return hasPrefixFold(d.alias, ref) },
	} {
		var found []int
		for i, d := range devices {
			if ref != "" && fits(d) {
				found = append(found, i)
			}
		}
		switch len(found) {
		case 0:
			continue
		case 1:
			return found[0], nil
		}
		var names []string
		for _, i := range found {
			names = append(names, devices[i].distinct(devices))
		}
		return 0, ambiguous(ref, names)
	}
	return 0, fmt.Errorf("%w: %q", wattle.ErrNotFound, ref)
}

// distinct is the alias, or the MAC where another device has the same one.
func (d named) distinct(all []named) string {
	same := 0
	for _, other := range all {
		if strings.EqualFold(other.alias, d.alias) {
			same++
		}
	}
	if same > 1 || d.alias == "" {
		if d.mac.IsZero() {
			return d.id
		}
		return d.mac.String()
	}
	return d.alias
}

func hasPrefixFold(s, prefix string) bool {
	return len(prefix) > 0 && len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func isNotFound(err error) bool { return exitCode(err) == CodeNotFound }

func notFound(ref string, devices []named) error {
	var names []string
	for _, d := range devices {
		names = append(names, d.alias)
		for _, c := range d.children {
			names = append(names, d.alias+"/"+c.alias)
		}
	}
	return &fault{subject: ref, err: wattle.ErrNotFound, hint: meant(ref, names)}
}

func ambiguous(ref string, names []string) error {
	slices.Sort(names)
	return usagef("say more of the name, or use MAC or address", "%q can be %s", ref, listOf(names))
}

// listOf is at most five names, quoted.
func listOf(names []string) string {
	var quoted []string
	for i, n := range names {
		if i == 5 {
			quoted = append(quoted, fmt.Sprintf("%d others", len(names)-i))
			break
		}
		quoted = append(quoted, strconv.Quote(n))
	}
	return list(quoted)
}
