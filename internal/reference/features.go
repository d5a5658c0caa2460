package reference

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"wattle"
	"wattle/feature"
)

const made = "Made by `go generate ./internal/reference`; do not edit.\n"

// Features is docs/features.md.
func Features(tree fs.FS, examples []*Example) (string, error) {
	chapters, err := Chapters(tree, examples)
	if err != nil {
		return "", err
	}
	methods, err := Methods(tree)
	if err != nil {
		return "", err
	}
	ids, rows := map[string]bool{}, 0
	for _, c := range chapters {
		for _, row := range c.Rows {
			ids[row.ID] = true
			rows++
		}
	}
	var b strings.Builder
	b.WriteString("# Features and methods\n\n" + made)
	fmt.Fprintf(&b, featuresIntro, len(ids), rows)
	for _, c := range chapters {
		fmt.Fprintf(&b, "- [%s](#%s)\n", c.Name, anchor(c.Name))
	}
	b.WriteString("- [Methods](#methods): what is sent for all that\n")
	for _, c := range chapters {
		c.write(&b)
	}
	b.WriteString(methods)
	return b.String(), nil
}

const featuresIntro = `
A feature is one value that a device tells or takes, such as ` + "`brightness`" + `. There are %d of them, in %d rows: families
say the same thing in different ways. A device has those features that its own answers show, whatever its model:
` + "`wattle state DEVICE`" + ` lists them, ` + "`wattle get DEVICE FEATURE`" + ` reads one, ` + "`wattle set DEVICE FEATURE=VALUE`" + ` sets
one. In Go they are ` + "`device.State.Value`, `Device.Set` and `Device.Act`" + `; ids never change. Which device has what:
[devices.md](devices.md).

**Kinds.** A switch, number, choice or color can be set; a sensor or binary_sensor can only be read; an action is done.
**Categories.** primary: what the device is for; config: its settings; info: readings beside the main ones; debug: for those who
look for a fault. **Values.** Where a device names a narrower range or choices of its own, those count.

Each subject has two tables. The second one tells which devices have the feature (what they have to say of themselves, and what an
answer must have) and by which methods it is read and set. Without a note a method is asked at every poll. What the methods and
their members mean: [protocol/iot.md](protocol/iot.md), [protocol/smart.md](protocol/smart.md).

## Subjects

`

// anchor is the name that a heading has in a link.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-', r == '_', r >= '0' && r <= '9', r >= 'a' && r <= 'z':
			return r
		}
		return -1
	}, strings.ToLower(heading))
}

// cell makes a text fit into a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "|", "\\|"), "\n", " ")
}

func (c *Chapter) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n## %s\n\n", c.Name)
	b.WriteString("| id | name | kind | values | category | language |\n|---|---|---|---|---|---|\n")
	var lines []string
	languages := map[string][]string{}
	for i := range c.Rows {
		row := &c.Rows[i]
		line := fmt.Sprintf("| `%s` | %s | %s | %s | %s |", row.ID, cell(row.Name), row.Kind, cell(row.values()), row.Category)
		lines = add(lines, line)
		languages[line] = add(languages[line], language(row.Family))
	}
	for _, line := range lines {
		fmt.Fprintf(b, "%s %s |\n", line, strings.Join(languages[line], ", "))
	}
	b.WriteString("\n| id | language | which devices | read with | set with |\n|---|---|---|---|---|\n")
	for i := range c.Rows {
		row := &c.Rows[i]
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", row.ID, language(row.Family),
			cell(row.which()), cell(strings.Join(row.Reads, "<br>")), cell(row.sets()))
	}
}

func language(f wattle.Family) string { return strings.ToUpper(string(f)) }

// which says which devices have the row.
func (row *Row) which() string {
	parts := slices.Concat(row.When, row.Needs)
	switch {
	case !row.Seen && len(parts) == 0:
		return "no embedded device has it"
	case len(parts) == 0 && len(row.Queries) == 0:
		return "all"
	case len(parts) == 0:
		return "those that answer"
	}
	return strings.Join(parts, "; ")
}

func (row *Row) sets() string {
	switch {
	case len(row.Sets) > 0:
		return code(row.Sets)
	case row.Kind == feature.Action:
		return "asks again"
	case row.Settable():
		return "yes"
	}
	return ""
}
