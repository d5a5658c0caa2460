package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// docsFolder is where docs/first-hour.md is.
const docsFolder = "../../docs"

// shownCommand is a command of the document with what it shows.
type shownCommand struct {
	typed string
	shows []string
}

// passage is a piece of the document: prose, or a block of commands.
type passage struct {
	prose    string
	commands []shownCommand // with prose == ""
}

// TestFirstHour types the commands of docs/first-hour.md, each in a terminal, against
// a simulated home, and compares what they show with what the document says, and its
// pictures too. With -update it writes document and pictures anew, and the one of
// a browser where there is a chromium:
//
//	go test ./internal/cli -run FirstHour -update
//
// Each chapter is a home of its own. A command that does not end by itself goes on
// beside the others, until the end of the chapter.
func TestFirstHour(t *testing.T) {
	alone(t)
	path := filepath.Join(docsFolder, "first-hour.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	chapters := strings.SplitAfter(string(text), "\n## ")
	n := 0
	t.Run("chapters", func(t *testing.T) {
		for i, chapter := range chapters {
			name, _, _ := strings.Cut(chapter, "\n")
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				parts := partsOf(chapter)
				s := newSitting(t, i)
				last := shownCommand{}
				for i := range parts {
					for j := range parts[i].commands {
						s.do(t, &parts[i].commands[j])
						last = parts[i].commands[j]
					}
					for _, m := range pictureLink.FindAllStringSubmatch(parts[i].prose, -1) {
						s.picture(t, m[1], last)
					}
				}
				if strings.Contains(chapter, "wattle serve\n") {
					s.readme(t)
				}
				s.end(t)
				chapters[i] = chapterOf(parts)
			})
		}
	})
	for _, c := range chapters {
		n += strings.Count(c, "\n$ ")
	}
	if n < 20 {
		t.Errorf("%s has %d commands: the test has gone blind", path, n)
	}
	if *update && !t.Failed() {
		if err := os.WriteFile(path, []byte(strings.Join(chapters, "")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

var pictureLink = regexp.MustCompile(`!\[[^\]]*\]\((images/[^)]+)\)`)

const blockBegin, blockEnd = "```console\n", "```\n"

func partsOf(text string) (parts []passage) {
	for text != "" {
		prose, rest, found := strings.Cut(text, blockBegin)
		parts = append(parts, passage{prose: prose})
		if !found {
			return parts
		}
		block, rest, _ := strings.Cut(rest, blockEnd)
		var p passage
		for l := range strings.Lines(block) {
			l = strings.TrimSuffix(l, "\n")
			if typed, ok := strings.CutPrefix(l, "$ "); ok {
				p.commands = append(p.commands, shownCommand{typed: typed})
			} else if n := len(p.commands); n > 0 {
				p.commands[n-1].shows = append(p.commands[n-1].shows, l)
			}
		}
		parts, text = append(parts, p), rest
	}
	return parts
}

func chapterOf(parts []passage) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.prose)
		if p.prose != "" || len(p.commands) == 0 {
			continue
		}
		b.WriteString(blockBegin)
		for _, c := range p.commands {
			b.WriteString("$ " + c.typed + "\n")
			for _, l := range c.shows {
				b.WriteString(l + "\n")
			}
		}
		b.WriteString(blockEnd)
	}
	return b.String()
}

// compare looks at what a command has shown.
func (s *sitting) compare(t *testing.T, c *shownCommand, raw string) {
	t.Helper()
	lines, err := screen(s.here.Replace(raw))
	if err != nil {
		t.Errorf("%s: %v", c.typed, err)
		return
	}
	s.screens[c.typed] = lines
	got := texts(lines)
	want := c.shows
	if slices.Contains(want, leftOut) {
		got = picked(want, got)
	}
	if *update {
		c.shows = got
		return
	}
	if diff := cmp.Diff(shapes(want), shapes(got)); diff != "" {
		t.Errorf("docs/first-hour.md is stale. $ %s\nshows (+), and not (-):\n%s\nIf that is meant: go test ./internal/cli -run FirstHour -update", c.typed, diff)
	}
}

// texts are the lines of a screen as the document shows them.
func texts(lines []glyphs) (out []string) {
	for _, l := range lines {
		out = append(out, secretToken.ReplaceAllString(l.String(), "wtl_…"))
	}
	return out
}

// leftOut is a line of the document that stands for any number of lines.
const leftOut = "…"

// picked are the lines of got that have the shapes of want, in that order: of what has
// no order the document shows a choice.
func picked(want, got []string) (out []string) {
	for _, w := range want {
		if w == leftOut {
			out = append(out, w)
			continue
		}
		at := slices.IndexFunc(got, func(g string) bool { return shape1(g) == shape1(w) })
		if at < 0 {
			return got // shown whole
		}
		out, got = append(out, got[at]), got[at+1:]
	}
	return out
}

var secretToken = regexp.MustCompile(`wtl_\S{20,}`)

// moving is what may differ from run to run, by what it is replaced with.
var moving = []struct {
	pattern *regexp.Regexp
	by      string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\d([T ]\d\d:?\d\d(:?\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?`), "TIME"},
	{regexp.MustCompile(`\(devel\)|\bv\d+\.\d+\.\d+\S*`), "VERSION"},
	{regexp.MustCompile(`pid=\d+`), "pid=N"},
	{regexp.MustCompile(`\b\d+(\.\d+)?(m\d+)?(ms|µs|s)\b`), "DURATION"},
	{regexp.MustCompile(`\b\d+(\.\d+)? min\b`), "N min"},
	{regexp.MustCompile(`-?\b\d+(\.\d+)? (W|V|A|kWh|°C)( |$)`), "N $2$3"},
	{regexp.MustCompile(`(^|\s)\d+\.\d+(\s|$)`), "${1}N$2"},
	{regexp.MustCompile(`^TIME  [-N]  +running$`), "TIME  N  running"}, // nothing has been written yet
	{regexp.MustCompile(`^.*(┤|┼).*$`), "CURVE"},
	{regexp.MustCompile(` {2,}`), "  "},
}

// shape1 is a line without what may differ.
func shape1(text string) string {
	text = strings.TrimRight(text, " ")
	for _, m := range moving {
		text = m.pattern.ReplaceAllString(text, m.by)
	}
	return text
}

// shapes are the shapes of lines, each curve as one.
func shapes(lines []string) (out []string) {
	for _, l := range lines {
		if shape := shape1(l); shape != "CURVE" || len(out) == 0 || out[len(out)-1] != shape {
			out = append(out, shape)
		}
	}
	return out
}

// picture compares a picture with the command before it, or draws it.
func (s *sitting) picture(t *testing.T, name string, c shownCommand) {
	t.Helper()
	path := filepath.Join(docsFolder, name)
	if filepath.Ext(name) == ".png" {
		if *update {
			s.browse(t, path)
		}
		return
	}
	if *update {
		text, err := drawn(c.typed, s.screens[c.typed])
		if err == nil {
			err = os.WriteFile(path, []byte(text), 0o600)
		}
		if err != nil {
			t.Error(err)
		}
		return
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
		return
	}
	spaces := regexp.MustCompile(` +`)
	var want, got []string
	for _, l := range shapes(readBack(string(text))) {
		got = append(got, spaces.ReplaceAllString(l, ""))
	}
	for _, l := range shapes(c.shows) {
		if l != "" {
			want = append(want, spaces.ReplaceAllString(l, ""))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/%s is not what $ %s shows (-):\n%s", name, c.typed, diff)
	}
}

// TestShapes: what may differ is taken for the same, and nothing else.
func TestShapes(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"Fridge            on     84.5 W  231.5 V  0.37 A", "Fridge  on  9.1 W  230.0 V  0.04 A", true},
		{"Fridge            on     84.5 W  231.5 V  0.37 A", "Fridge  off  84.5 W  231.5 V  0.37 A", false},
		{"Fridge            on     84.5 W  231.5 V  0.37 A", "Fridge  on  84.5 W  231.5 V", false},
		{"Heater  P110(EU)  on  127.0.64.14  klap v2  3s ago", "Heater  P110(EU)  on  127.0.64.14  klap v2  0s ago", true},
		{"Heater  P110(EU)  on  127.0.64.14  klap v2  3s ago", "Heater  P110(EU)  on  127.0.64.15  klap v2  3s ago", false},
		{"  Brightness  40 %  brightness=", "  Brightness  41 %  brightness=", false},
		{"2026-10-24 00:00:00  3.543", "2027-01-01 00:00:00  0.001", true},
		{"2026-10-24 00:00:00  3.543", "2026-10-24 00:00:00  3.543  filled", false},
		{"START  KWH  COST", "START  KWH  PRICE", false},
		{`time=2026-11-22T11:24:15.691Z msg="hub started" pid=7`, `time=2026-11-22T12:24:15+01:00 msg="hub started" pid=28411`, true},
		{`time=2026-11-22T11:24:15.691Z msg="hub started" pid=7`, `time=2026-11-22T11:24:15.691Z msg="hub ends" pid=7`, false},
		{"version  (devel)", "version  v0.0.0-20261122111126-45822457a0dd", true},
	} {
		if same := shape1(tt.a) == shape1(tt.b); same != tt.same {
			t.Errorf("%q and %q: the same %t, want %t", shape1(tt.a), shape1(tt.b), same, tt.same)
		}
	}
}
