package effect

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"

	"wattle"
)

//go:embed effects.json
var builtInJSON []byte

var builtIn = sync.OnceValue(func() map[Kind][]Effect {
	var lists map[Kind][]Effect
	if err := json.Unmarshal(builtInJSON, &lists); err != nil {
		return nil // a file of ours; a test reads it
	}
	// The list of segment effects has what distinguishes them only.
	for i := range lists[Segment] {
		lists[Segment][i].Enable = true
	}
	return lists
})

// BuiltIn are the effects of a kind of strip, in the order in which they are
// shown, switched on. Do not change what they point to.
func BuiltIn(k Kind) []Effect { return slices.Clone(builtIn()[k]) }

// Names are the names of the built-in effects of a kind.
func Names(k Kind) []string {
	list := builtIn()[k]
	out := make([]string, len(list))
	for i := range list {
		out[i] = list[i].Name
	}
	return out
}

// Find is the built-in effect of a name. Case, blanks and punctuation do not
// count ("grandmas christmas lights"), and the beginning of a name is enough
// where it fits one. Errors wrap [wattle.ErrParam].
func Find(k Kind, name string) (Effect, error) {
	list := builtIn()[k]
	i, err := Match(Names(k), name)
	if err != nil {
		return Effect{}, err
	}
	return list[i], nil
}

// Match finds a name in a list as [Find] does, and gives its place.
func Match(names []string, name string) (int, error) {
	if i := slices.Index(names, name); i >= 0 {
		return i, nil
	}
	wanted, found := fold(name), []int(nil)
	for i, n := range names {
		switch n := fold(n); {
		case n == wanted && wanted != "":
			return i, nil
		case wanted != "" && strings.HasPrefix(n, wanted):
			found = append(found, i)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return -1, fmt.Errorf("%w: there is no effect %q", wattle.ErrParam, name)
	}
	return -1, fmt.Errorf("%w: %q is the beginning of %q and %q", wattle.ErrParam, name, names[found[0]], names[found[1]])
}

// fold leaves letters and digits, in lower case.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}
