package reference

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"wattle"
	"wattle/feature"
)

const devicesIntro = `
wattle has these devices inside, invented ones, one of each kind: ` + "`wattle demo`" + ` shows them at work, ` + "`wattle sim`" + ` serves others that
were recorded. Yours is not among them? What a device has follows from what it says of itself, not from this list:
` + "`wattle info DEVICE`" + ` and ` + "`wattle state DEVICE`" + ` tell. Look here for the one that is most like it. What each feature means, and which methods are behind it:
[features.md](features.md).

Everything has ` + "`wattle state`, `get`, `set`, `watch`, `info`, `alias` and `raw`" + `; what can be switched has ` + "`on`, `off` and `toggle`" + `; what has a
connection of its own has ` + "`reboot`, `reset`, `time`, `wifi`, `cloud` and `location`" + ` as well, as far as the device knows them.
`

// Devices is docs/devices.md.
func Devices(examples []*Example) string {
	var b strings.Builder
	b.WriteString("# Devices\n\n" + made + devicesIntro)
	b.WriteString("\n| device | what it is | language | transport | more than features |\n|---|---|---|---|---|\n")
	flat := distinct(examples)
	for _, e := range flat {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %s | %s |\n", e.title(), anchor(e.title()), e.what(), language(e.View.Family), e.transport(), e.can(false))
	}
	for _, e := range flat {
		e.write(&b)
	}
	return b.String()
}

// distinct are the examples and their children, those that are the same as one
// before left out.
func distinct(examples []*Example) (out []*Example) {
	seen := map[string]bool{}
	for _, e := range all(examples) {
		if key := e.title() + strings.Join(e.lines(), ""); !seen[key] {
			seen[key] = true
			out = append(out, e)
		}
	}
	return out
}

// title is the model, and for a part of a device which part it is.
func (e *Example) title() string {
	id := e.State.Identity()
	if e.View.Parent == nil || e.View.Parent.Type == wattle.Hub {
		return id.Model.String()
	}
	part := strings.ToLower(string(id.Type))
	if e.View.Parent.Type == wattle.Strip {
		part = "outlet"
	}
	return e.Info.Model.String() + " " + part
}

// kinds are the device types in words.
var kinds = map[wattle.DeviceType]string{
	wattle.WallSwitch: "wall switch", wattle.StripSocket: "outlet", wattle.LightStrip: "light strip", wattle.Strip: "power strip",
}

func (e *Example) what() string {
	id := e.State.Identity()
	text := kinds[id.Type]
	if text == "" {
		text = strings.ToLower(string(id.Type))
	}
	if id.Category != "" && e.View.Parent != nil {
		text += ", `" + id.Category + "`"
	}
	return text
}

func (e *Example) transport() string {
	if e.View.Parent != nil {
		if e.View.Parent.Type == wattle.Hub {
			return "through its hub"
		}
		return "through the device that it is a part of"
	}
	r := e.Info.Route
	text := strings.ToUpper(string(r.Transport))
	if r.Transport == wattle.KLAP {
		text += fmt.Sprintf(" v%d", r.Version)
	}
	scheme := "http"
	switch {
	case r.TLS:
		scheme = "https"
	case r.Transport == wattle.XOR:
		scheme = "TCP and UDP"
	}
	return fmt.Sprintf("%s, %s port %d", text, scheme, r.Port)
}

// can lists what it can do beyond its features.
func (e *Example) can(commands bool) string {
	var out []string
	for _, a := range e.Can {
		text := a.Name
		if commands && a.Command != "" {
			text += " (`" + a.Command + "`)"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

func (e *Example) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n## %s\n\n| | |\n|---|---|\n", e.title())
	for _, line := range e.lines() {
		b.WriteString(line)
	}
}

// lines are the table of the device.
func (e *Example) lines() (out []string) {
	line := func(name, text string) {
		if text != "" {
			out = append(out, "| "+name+" | "+cell(text)+" |\n")
		}
	}
	id := e.State.Identity()
	line("What it is", e.what())
	line("Says it is", strings.TrimSuffix(fmt.Sprintf("`%s`, hardware %s, firmware %s", id.Kind, id.Hardware, id.Firmware), ", hardware , firmware "))
	line("Transport", e.transport())
	if e.View.Parent == nil {
		account := "the account that it was set up with"
		if e.Info.Route.Transport == wattle.XOR {
			account = "none needed"
		}
		line("Account", account)
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(id.Components)) {
		names = append(names, fmt.Sprintf("`%s` %d", name, id.Components[name]))
	}
	line("Components", strings.Join(names, ", "))
	line("More than features", e.can(true))
	for _, part := range parts {
		line(part.name, e.features(part.of))
	}
	line("Children", e.children())
	if e.Waiting {
		line("In the demo", "not paired: `wattle hub pair` finds it")
	}
	return out
}

// parts are the features of a device by what can be done with them.
var parts = []struct {
	name string
	of   func(*feature.Reading) bool
}{
	{"Can be set", func(r *feature.Reading) bool { return r.Settable }},
	{"Can be done", func(r *feature.Reading) bool { return r.Kind == feature.Action }},
	{"Tells", func(r *feature.Reading) bool {
		return !r.Settable && r.Kind != feature.Action && r.Category != feature.Debug
	}},
	{"For fault finding", func(r *feature.Reading) bool {
		return !r.Settable && r.Kind != feature.Action && r.Category == feature.Debug
	}},
}

// features lists a part of the features with what is special for this device.
func (e *Example) features(of func(*feature.Reading) bool) string {
	var out []string
	readings := e.State.Readings()
	for i := range readings {
		r := &readings[i]
		if !of(r) {
			continue
		}
		text := "`" + r.ID + "`"
		switch {
		case r.Settable && r.HasRange():
			text += " " + r.Range()
		case r.Settable && len(r.Choices) > 0:
			text += fmt.Sprintf(" (%s)", shortened(r.Choices))
		case r.Unit != feature.NoUnit:
			text += " " + string(r.Unit)
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// shortened is a list of choices of which only the first are shown.
func shortened(choices []string) string {
	const most = 6
	text := strings.Join(choices[:min(len(choices), most)], ", ")
	if more := len(choices) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// children counts the children by what they are.
func (e *Example) children() string {
	var titles []string
	count := map[string]int{}
	for _, c := range e.Children {
		titles = add(titles, c.title())
		count[c.title()]++
	}
	for i, title := range titles {
		titles[i] = fmt.Sprintf("%d × [%s](#%s)", count[title], title, anchor(title))
	}
	return strings.Join(titles, ", ")
}
