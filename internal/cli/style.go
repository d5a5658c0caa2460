package cli

import (
	"io"
	"os"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"
)

// style colours text, or leaves it alone.
type style bool

func (s style) paint(code, text string) string {
	if !s || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s style) bold(t string) string   { return s.paint("1", t) }
func (s style) dim(t string) string    { return s.paint("2", t) }
func (s style) red(t string) string    { return s.paint("31", t) }
func (s style) green(t string) string  { return s.paint("32", t) }
func (s style) yellow(t string) string { return s.paint("33", t) }

// terminal tells whether w is a terminal, and how to ask for its size.
func terminal(w any) (*os.File, bool) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil, false
	}
	return f, true
}

// size is columns and rows of a terminal; 80 x 24 where it does not say.
func size(w io.Writer) (columns, rows int) {
	if f, ok := terminal(w); ok {
		if c, r, err := term.GetSize(int(f.Fd())); err == nil && c > 0 && r > 0 {
			return c, r
		}
	}
	return 80, 24
}

// colourful decides about colour by flag, environment and terminal, in this
// order (no-color.org, bixense.com/clicolors).
func colourful(w io.Writer, never bool, getenv func(string) string) style {
	if never || getenv("NO_COLOR") != "" {
		return false
	}
	if force := getenv("CLICOLOR_FORCE"); force != "" && force != "0" {
		return true
	}
	if getenv("TERM") == "dumb" || getenv("CLICOLOR") == "0" {
		return false
	}
	_, tty := terminal(w)
	return style(tty)
}

// clip cuts a line to a width.
func clip(text string, width int) string { return runewidth.Truncate(text, width, "…") }
