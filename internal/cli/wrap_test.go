package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"
)

func TestWrapped(t *testing.T) {
	text := `Read a thing

Examples:
  wattle something "with a long name" that people copy as it is

Usage:
  wattle something [flags]

This paragraph is longer than the terminal is wide.

Flags:
      --json        print JSON: the result on stdout, the last error on stderr
`
	want := `Read a thing

Examples:
  wattle something "with a long name" that people copy as it is

Usage:
  wattle something [flags]

This paragraph is longer than the terminal
is wide.

Flags:
      --json        print JSON: the result
                    on stdout, the last
                    error on stderr
`
	if diff := cmp.Diff(want, wrapped(text, 42)); diff != "" {
		t.Error(diff)
	}
	if wrapped(text, 0) != text {
		t.Error("a text for no terminal is broken")
	}
}

// TestHelpFits: every help text fits a terminal of 80 columns, examples aside.
func TestHelpFits(t *testing.T) {
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		text := wrapped(helpText(cmd, false), 80)
		_, rest, _ := strings.Cut(text, "\nUsage:")
		for line := range strings.Lines(rest) {
			if w := runewidth.StringWidth(strings.TrimRight(line, "\n")); w > 80 && !strings.Contains(line, `":`) { // what programs read stays whole
				t.Errorf("%s: a line of %d columns: %s", cmd.CommandPath(), w, line)
			}
		}
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(newRoot(&app{getenv: func(string) string { return "" }}, ""))
}

// TestSparseColumns are not seen where they are empty, but written for programs.
func TestSparseColumns(t *testing.T) {
	list := table{head: []string{"name", "state", "room"}, sparse: []string{"room", "nowhere"}}
	list.add(plain("Heater"), plain("on"), plain(""))
	list.add(plain("Fridge"), plain("on"), plain(""))
	if got := list.lines(false, 80); got[0] != "NAME    STATE" || got[1] != "Heater  on" {
		t.Errorf("empty: %q", got)
	}
	list.rows[1][2] = plain("Kitchen")
	if got := list.lines(false, 80); got[0] != "NAME    STATE  ROOM" || got[1] != "Heater  on" || got[2] != "Fridge  on     Kitchen" {
		t.Errorf("one in a room: %q", got)
	}
	if len(list.head) != 3 || len(list.rows[0]) != 3 {
		t.Error("the table itself has changed")
	}
}

// TestSpareColumns are left out before names are clipped.
func TestSpareColumns(t *testing.T) {
	list := table{head: []string{"name", "state", "mac", "seen"}, spare: []string{"mac", "seen"}}
	list.add(plain("Washing machine"), plain("on"), plain("02:57:A7:10:00:03"), plain("3s ago"))
	for width, want := range map[int]string{
		80: "Washing machine  on     02:57:A7:10:00:03  3s ago",
		40: "Washing machine  on     3s ago",
		24: "Washing machine  on",
		20: "Washing mach…  on",
		0:  "Washing machine  on     02:57:A7:10:00:03  3s ago",
	} {
		if got := list.lines(false, width)[1]; got != want {
			t.Errorf("%d columns: %q, want %q", width, got, want)
		}
	}
	if len(list.head) != 4 || len(list.rows[0]) != 4 {
		t.Error("the table itself has changed")
	}
}
