package cli

import (
	"regexp"
	"strings"

	"github.com/mattn/go-runewidth"
)

// columns finds the left side of a line of two columns, with the blanks after it.
var columns = regexp.MustCompile(`^  +\S.*?  +`)

// wrapped breaks the lines of a help text that are longer than width columns, 0
// for any, at a blank. The rest of a line of two columns goes on below the second;
// examples, which people copy, stay as they are.
func wrapped(text string, width int) string {
	if width <= 0 {
		return text
	}
	var b strings.Builder
	example := false
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch plain := strings.TrimSpace(line); {
		case strings.Contains(plain, "Examples:"):
			example = true
		case plain == "":
			example = false
		}
		if example || runewidth.StringWidth(line) <= width {
			b.WriteString(line + "\n")
			continue
		}
		indent := len(line) - len(strings.TrimLeft(line, " "))
		if left := columns.FindString(line); left != "" && len(left) < width/2 {
			indent = len(left)
		}
		b.WriteString(broken(line, width, indent))
	}
	return b.String()
}

// broken breaks one line; what follows is indented.
func broken(line string, width, indent int) string {
	var b strings.Builder
	for runewidth.StringWidth(line) > width {
		at := strings.LastIndex(runewidth.Truncate(line, width+1, ""), " ")
		if at <= indent {
			break // a word that fits nowhere
		}
		b.WriteString(strings.TrimRight(line[:at], " ") + "\n")
		line = strings.Repeat(" ", indent) + strings.TrimLeft(line[at:], " ")
	}
	b.WriteString(line + "\n")
	return b.String()
}
