package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// live is a block of lines at the end of a terminal that is drawn again and
// again in place. It must be used on terminals only. (A full-screen library is
// not linked on purpose: its start-up asks the terminal for its colours, which
// every short command would pay for.)
type live struct {
	w     io.Writer
	drawn int
}

const (
	hideCursor = "\x1b[?25l"
	showCursor = "\x1b[?25h"
	clearBelow = "\x1b[J"
)

// draw replaces the block. When it does not fit on the screen, lines before
// below are left out, with a line that says how many.
func (l *live) draw(lines []string, below ...string) {
	_, rows := size(l.w)
	if room := rows - 1 - len(below); len(lines) > room {
		room = max(room-1, 1)
		lines = append(slices.Clone(lines[:room]), fmt.Sprintf("… and %d more lines; a higher window shows them", len(lines)-room))
	}
	lines = append(slices.Clone(lines), below...)
	var b strings.Builder
	b.WriteString(hideCursor)
	l.home(&b)
	for _, text := range lines {
		b.WriteString(text)
		b.WriteString("\x1b[K\n")
	}
	b.WriteString(clearBelow)
	l.drawn = len(lines)
	_, _ = io.WriteString(l.w, b.String())
}

func (l *live) home(b *strings.Builder) {
	if l.drawn > 0 {
		b.WriteString("\x1b[")
		b.WriteString(itoa(l.drawn))
		b.WriteString("A\r")
	}
}

// done leaves the block as it is and gives the cursor back.
func (l *live) done() {
	_, _ = io.WriteString(l.w, showCursor)
	l.drawn = 0
}

// erase removes the block and gives the cursor back.
func (l *live) erase() {
	var b strings.Builder
	l.home(&b)
	b.WriteString(clearBelow + showCursor)
	_, _ = io.WriteString(l.w, b.String())
	l.drawn = 0
}
