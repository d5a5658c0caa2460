package reference

import (
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"wattle"
)

const methodsIntro = `
## Methods

Every method that wattle has a type for, as it is on the wire. ` + "`wattle raw DEVICE METHOD`" + ` sends any of them, and others too; in Go
the declarations are in the packages ` + "`wattle/method/iot` and `wattle/method/smart`, and `Device.Call`" + ` sends them.

**Effect.** Read: changes nothing. Absolute: sets a state, and sending it twice is the same as once; it is repeated when an answer
gets lost. Once: it is never repeated by itself. **Sends.** The members of the parameters with their units; a method without any takes
none, or what it takes may be left out. Members with a point or brackets are inside of an object or a list. Larger objects stand
under [Objects](#objects).
`

// Methods is the part of docs/features.md that lists the device methods.
func Methods(tree fs.FS) (string, error) {
	list, objects, err := Declarations(tree)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(methodsIntro)
	for _, family := range []wattle.Family{wattle.IOT, wattle.SMART} {
		var groups []string
		for i := range list {
			if list[i].Family == family {
				groups = add(groups, list[i].Group)
			}
		}
		for _, group := range groups {
			fmt.Fprintf(&b, "\n### %s: %s\n\n", language(family), lower(group))
			writeMethods(&b, list, family, group)
		}
	}
	b.WriteString("\n### Objects\n\nA member that is left out is not changed, unless the method takes the object as a whole.\n")
	for _, o := range objects {
		fmt.Fprintf(&b, "\n#### %s\n\n%s\n\n| member | type | unit, range, meaning |\n|---|---|---|\n", o.Name, cited(&o))
		for _, f := range o.Fields {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Path, cell(f.kind()), cell(f.Note))
		}
	}
	return b.String(), nil
}

// writeMethods writes the table of a group. Plugs and bulbs have many methods in
// modules of different names: those share a line.
func writeMethods(b *strings.Builder, list []Declaration, family wattle.Family, group string) {
	head, rule := "| method | sends | effect | in Go |\n", "|---|---|---|---|\n"
	if family == wattle.IOT {
		head, rule = "| module | method | sends | effect | in Go |\n", "|---|---|---|---|---|\n"
	}
	b.WriteString(head + rule)
	var lines []string
	modules, names := map[string][]string{}, map[string][]string{}
	for i := range list {
		d := &list[i]
		if d.Family != family || d.Group != group {
			continue
		}
		line := fmt.Sprintf(" `%s` | %s | %s |", d.Name, cell(d.sends()), d.Effect)
		lines = add(lines, line)
		modules[line] = add(modules[line], "`"+d.Module+"`")
		names[line] = add(names[line], "`"+d.Go+"`")
	}
	for _, line := range lines {
		if family == wattle.IOT {
			fmt.Fprintf(b, "| %s ", strings.Join(modules[line], "<br>"))
		}
		fmt.Fprintf(b, "|%s %s |\n", line, strings.Join(names[line], "<br>"))
	}
}

func (d *Declaration) sends() string {
	var parts []string
	for _, f := range d.Sends {
		text := f.kind()
		if f.Path != "" {
			text = "`" + f.Path + "` " + text
		}
		if f.Note != "" {
			text += ": " + f.Note
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "<br>")
}

// kind is the type of the field, with a link where it is an object that stands
// elsewhere.
func (f *Field) kind() string {
	if f.Object == "" {
		return f.Type
	}
	text := fmt.Sprintf("[%s](#%s)", f.Object, anchor(f.Object))
	if f.Type == "list" {
		return "list of " + text
	}
	return text
}

// lower makes the first letter of a sentence small, unless it is a name.
func lower(s string) string {
	word, _, _ := strings.Cut(s, " ")
	if len(word) > 1 && strings.ToLower(word[1:]) == word[1:] {
		return strings.ToLower(s[:1]) + s[1:]
	}
	return s
}

// section finds where a comment cites the protocol document of its package.
var section = regexp.MustCompile(`\(sections?\s+([^)]*)\)`)

// cited is a comment whose citations name the document.
func cited(o *Object) string {
	family, _, _ := strings.Cut(o.Name, ".")
	return section.ReplaceAllString(o.Doc, "([protocol/"+family+".md](protocol/"+family+".md) section $1)")
}
