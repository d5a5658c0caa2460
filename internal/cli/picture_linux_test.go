package cli

import (
	"fmt"
	"html"
	"regexp"
	"strings"

	"github.com/mattn/go-runewidth"
)

// Measures of pictures of terminals, in pixels, and their colours.
const (
	letterWide, lineHigh, border, titleHigh = 8.4, 18.0, 14.0, 34.0
	ground, ink                             = "#1b1e24", "#d5d9e0"
)

var inks = map[string]string{
	"1": `fill="#ffffff" font-weight="bold"`, "2": `fill="#868d99"`, "31": `fill="#f2777a"`, "32": `fill="#8fd18a"`, "33": `fill="#f0c674"`,
}

// drawn is a picture of a terminal as SVG. It brings no letters of its own: each run
// of text is as wide as its columns, whatever the font is.
func drawn(title string, lines []glyphs) (string, error) {
	columns := 0
	for _, l := range lines {
		columns = max(columns, runewidth.StringWidth(l.String()))
	}
	wide, high := float64(columns)*letterWide+2*border, float64(len(lines))*lineHigh+titleHigh+border
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.4g %.4g" width="%.4g" height="%.4g">`+"\n", wide, high, wide, high)
	fmt.Fprintf(&b, `<rect width="%.4g" height="%.4g" rx="8" fill="%s"/>`+"\n", wide, high, ground)
	for i, colour := range []string{"#ff5f57", "#febc2e", "#28c840"} {
		fmt.Fprintf(&b, `<circle cx="%d" cy="17" r="5.5" fill="%s"/>`+"\n", 20+18*i, colour)
	}
	fmt.Fprintf(&b, `<g font-family="ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="14" fill="%s">`+"\n", ink)
	fmt.Fprintf(&b, `<text text-anchor="middle" x="%.4g" y="22" fill="#868d99">%s</text>`+"\n", wide/2, html.EscapeString(title))
	for y, l := range lines {
		for x := 0; x < len(l); {
			if l[x].letter == ' ' { // each text has its own place
				x++
				continue
			}
			end := x + 1
			for end < len(l) && l[end].paint == l[x].paint && !gap(l, end) {
				end++
			}
			text := strings.TrimRight(l[x:end].String(), " ")
			paint := ""
			if code := l[x].paint; code != "" {
				if inks[code] == "" {
					return "", fmt.Errorf("no ink for the escape sequence %q", code)
				}
				paint = " " + inks[code]
			}
			if text != "" {
				fmt.Fprintf(&b, `<text x="%.5g" y="%.5g" textLength="%.5g"%s>%s</text>`+"\n", border+float64(x)*letterWide, titleHigh+float64(y+1)*lineHigh-4,
					float64(runewidth.StringWidth(text))*letterWide, paint, html.EscapeString(text))
			}
			x = end
		}
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String(), nil
}

// gap says whether two blanks begin here: another column of a table, most likely.
func gap(l glyphs, at int) bool {
	return at+1 < len(l) && l[at].letter == ' ' && l[at+1].letter == ' '
}

var drawnText = regexp.MustCompile(`<text x="[\d.]+" y="([\d.]+)"[^>]*>([^<]*)</text>`)

// readBack are the lines of text in a picture but for empty ones, with one blank
// where a text has another colour or begins another column.
func readBack(picture string) (lines []string) {
	last := ""
	for _, m := range drawnText.FindAllStringSubmatch(picture, -1) {
		text := html.UnescapeString(m[2])
		if m[1] == last {
			lines[len(lines)-1] += " " + text
			continue
		}
		last = m[1]
		lines = append(lines, text)
	}
	return lines
}
