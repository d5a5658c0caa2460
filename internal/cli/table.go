package cli

import (
	"io"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"
)

// cell is one field of a table: plain text, and how it is painted on a
// terminal that has colours.
type cell struct {
	text  string
	paint func(style, string) string
}

func plain(text string) cell { return cell{text: text} }

func dimmed(text string) cell { return cell{text, style.dim} }

// table is what a person sees of a list, and what CSV is made of.
type table struct {
	head []string // upper case in the output; csv uses it as it is
	rows [][]cell
	// narrow makes lines fit the width whatever it costs: they are drawn again
	// in place.
	narrow bool
	// spare are columns that are left out, in this order, where a line would be
	// longer than the terminal is wide.
	spare []string
	// sparse are columns that a person does not see where no row has anything in them.
	sparse []string
	// bare leaves the head out where a person reads it.
	bare bool
}

func (t *table) add(cells ...cell) { t.rows = append(t.rows, cells) }

// lines renders the table: columns two blanks apart, clipped to width columns
// where that does no harm unless it is 0, no blanks at the end of a line.
func (t *table) lines(st style, width int) []string {
	if len(t.sparse) > 0 {
		full := *t
		full.sparse = nil
		for _, name := range t.sparse {
			if column := slices.Index(full.head, name); !full.fills(column) {
				full.drop(column)
			}
		}
		return full.lines(st, width)
	}
	widths := make([]int, len(t.head))
	if !t.bare {
		for i, h := range t.head {
			widths[i] = runewidth.StringWidth(h)
		}
	}
	clean := make([][]string, len(t.rows))
	for r, row := range t.rows {
		clean[r] = make([]string, len(row))
		for i, c := range row {
			clean[r][i] = strings.TrimRight(printable(c.text), " ")
			if i < len(widths) {
				widths[i] = max(widths[i], runewidth.StringWidth(clean[r][i]))
			}
		}
	}
	if len(t.spare) > 0 && width > 0 && total(widths) > width {
		less := *t
		less.spare = t.spare[1:]
		less.drop(slices.Index(t.head, t.spare[0]))
		return less.lines(st, width)
	}
	t.fit(widths, width, t.narrow)
	var out []string
	if !t.bare {
		head := make([]cell, len(t.head))
		texts := make([]string, len(t.head))
		for i, h := range t.head {
			texts[i] = strings.ToUpper(h)
			head[i].paint = style.dim
		}
		out = append(out, line(st, widths, head, texts))
	}
	for r, row := range t.rows {
		out = append(out, line(st, widths, row, clean[r]))
	}
	return out
}

// elastic are the columns that may be clipped: a name that is cut off is still
// a name, a number is another one.
var elastic = []string{"name", "alias", "device", "model", "readings", "note", "what", "faults", "value", "origin"}

// fit takes width away from the widest elastic columns until the line fits.
// Where that is not enough the line is too long, unless it must fit.
func (t *table) fit(widths []int, width int, must bool) {
	if width <= 0 {
		return
	}
	total := total(widths)
	shrink := func(may func(i int) bool, least int) {
		for ; total > width; total-- {
			widest := -1
			for i, w := range widths {
				if may(i) && w > least && (widest < 0 || w > widths[widest]) {
					widest = i
				}
			}
			if widest < 0 {
				return
			}
			widths[widest]--
		}
	}
	shrink(func(i int) bool { return slices.Contains(elastic, t.head[i]) }, 10)
	if must {
		shrink(func(int) bool { return true }, 1)
	}
}

// total is how long a line with columns of some widths is.
func total(widths []int) int {
	sum := 2 * (len(widths) - 1)
	for _, w := range widths {
		sum += w
	}
	return sum
}

// fills reports whether any row has something in a column.
func (t *table) fills(column int) bool {
	return slices.ContainsFunc(t.rows, func(row []cell) bool { return 0 <= column && column < len(row) && row[column].text != "" })
}

// drop leaves a column out.
func (t *table) drop(column int) {
	if column < 0 {
		return
	}
	t.head = slices.Delete(slices.Clone(t.head), column, column+1)
	rows := make([][]cell, len(t.rows))
	for i, row := range t.rows {
		rows[i] = row
		if column < len(row) {
			rows[i] = slices.Delete(slices.Clone(row), column, column+1)
		}
	}
	t.rows = rows
}

func line(st style, widths []int, cells []cell, texts []string) string {
	var b strings.Builder
	pending := 0
	for i, text := range texts {
		if i >= len(widths) {
			break
		}
		text = runewidth.Truncate(text, widths[i], "…")
		w := runewidth.StringWidth(text)
		if text != "" {
			b.WriteString(strings.Repeat(" ", pending))
			pending = 0
			if paint := cells[i].paint; paint != nil {
				text = paint(st, text)
			}
			b.WriteString(text)
		}
		pending += widths[i] - w + 2
	}
	return b.String()
}

func (t *table) write(w io.Writer, st style, width int) error {
	var b strings.Builder
	for _, l := range t.lines(st, width) {
		b.WriteString(l)
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}
