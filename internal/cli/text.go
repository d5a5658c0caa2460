package cli

import (
	"cmp"
	"slices"
	"strings"
)

func contains(list []string, s string) bool { return slices.Contains(list, s) }

// list joins words for a sentence: "a, b or c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// suggest gives the words that a mistyped one is likely to mean, best first.
func suggest(typed string, words []string) []string {
	type near struct {
		word     string
		d, exact int
	}
	var found []near
	low := strings.ToLower(typed)
	most := max(1, len(low)/3)
	for _, w := range words {
		lw := strings.ToLower(w)
		exact := distance(low, lw)
		d := exact
		if len(low) >= 3 && (strings.HasPrefix(lw, low) || strings.Contains(lw, low)) {
			d = min(d, 1)
		}
		if d <= most {
			found = append(found, near{w, d, exact})
		}
	}
	slices.SortStableFunc(found, func(x, y near) int { return cmp.Or(x.d-y.d, x.exact-y.exact) })
	var out []string
	for _, n := range found[:min(3, len(found))] {
		out = append(out, n.word)
	}
	return out
}

// byLikeness are all words, those that a mistyped one is likely to mean first and the
// others in their order.
func byLikeness(typed string, words []string) []string {
	out := suggest(typed, words)
	for _, w := range words {
		if !contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// meant is a hint from suggestions: `did you mean "a" or "b"?`, or "".
func meant(typed string, words []string) string {
	found := suggest(typed, words)
	if len(found) == 0 {
		return ""
	}
	for i, w := range found {
		found[i] = `"` + w + `"`
	}
	return "did you mean " + list(found) + "?"
}

// distance is the number of letters to insert, delete, replace or swap.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 64 || len(y) > 64 {
		return 64
	}
	prev2, prev, cur := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(x); i++ {
		cur[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(y)]
}
