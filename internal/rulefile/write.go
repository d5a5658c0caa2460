// Package rulefile keeps the schedules of a device in YAML files: it writes
// them for people to edit, and reads them back strictly.
package rulefile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"wattle/method"
	"wattle/rule"
)

// Write writes schedules as [Read] reads them. title is a comment
// for people, "" for none. Ids are left out: they belong to one device.
func Write(title string, list []rule.Schedule) []byte {
	var b bytes.Buffer
	for line := range strings.Lines(title) {
		b.WriteString("# " + strings.TrimRight(printable(line), " \n") + "\n")
	}
	if len(list) == 0 {
		b.WriteString("schedules: []\n")
		return b.Bytes()
	}
	b.WriteString("schedules:\n")
	for i := range list {
		w := writer{b: &b, indent: "  - "}
		w.schedule(&list[i])
	}
	return b.Bytes()
}

// printable keeps foreign text within its comment.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 || r == 0xfeff {
			return ' '
		}
		return r
	}, s)
}

type writer struct {
	b      *bytes.Buffer
	indent string
}

func (w *writer) line(key, value string) {
	fmt.Fprintf(w.b, "%s%s: %s\n", w.indent, key, value)
	w.indent = "    "
}

// plainText are values that YAML takes for nothing but text.
var plainText = regexp.MustCompile(`^(?:sun|mon|tue|wed|thu|fri|sat|daily|sunrise|sunset)[a-z0-9,+-]*$`)

func quoted(s string) string {
	if plainText.MatchString(s) {
		return s
	}
	raw, _ := json.Marshal(s) // a string; JSON's quotes are YAML's
	return string(raw)
}

func (w *writer) schedule(s *rule.Schedule) {
	w.line("at", quoted(s.At.String()))
	switch {
	case s.Once && s.Date.IsZero():
		w.line("once", "true")
		if s.Days != 0 {
			w.line("days", quoted(s.Days.String()))
		}
	case s.Once:
		w.line("once", quoted(s.Date.String()))
	default:
		w.line("days", quoted(s.Days.String()))
	}
	w.action("", &s.Action)
	if s.End != nil {
		w.line("until", quoted(s.End.At.String()))
		w.action("then_", &s.End.Action)
	}
	if !s.Enabled {
		w.line("enabled", "false")
	}
	if s.Name != "" {
		w.line("name", quoted(s.Name))
	}
	w.extra("extra", s.Extra)
	if s.Family != "" && (len(s.Extra) > 0 || len(s.Action.Extra) > 0 || s.End != nil && len(s.End.Action.Extra) > 0) {
		w.line("family", string(s.Family))
	}
}

func (w *writer) action(prefix string, a *rule.Action) {
	do := string(a.Do)
	if a.Do == rule.Nothing {
		do = "nothing"
	}
	w.line(prefix+"do", `"`+do+`"`)
	for _, v := range values(a) {
		if n, ok := v.at.Get(); ok {
			w.line(prefix+v.key, fmt.Sprint(n))
		}
	}
	if ms, ok := a.Transition.Get(); ok && ms > 0 {
		w.line(prefix+"transition", rule.FormatDuration(time.Duration(ms)*time.Millisecond))
	}
	w.extra(prefix+"state_extra", a.Extra)
}

// values are the whole numbers of an action by their names in files.
func values(a *rule.Action) []struct {
	key string
	at  *method.Opt[int]
} {
	return []struct {
		key string
		at  *method.Opt[int]
	}{
		{"brightness", &a.Brightness}, {"color_temperature", &a.ColorTemp}, {"hue", &a.Hue}, {"saturation", &a.Saturation},
	}
}

func (w *writer) extra(key string, extra method.Extra) {
	if len(extra) == 0 {
		return
	}
	raw, err := json.Marshal(extra) // JSON is YAML
	if err != nil {
		return
	}
	w.line(key, string(raw))
}
