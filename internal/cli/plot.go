package cli

import (
	"math"
	"strconv"
	"strings"

	"github.com/guptarohit/asciigraph"
	"github.com/mattn/go-runewidth"

	"wattle/energy"
)

// Bars are for as many buckets as fit on a screen; more become a line.
const (
	maxBars   = 48
	minBar    = 10
	lineRows  = 12
	axisWidth = 12
)

// plot draws a series for a terminal of some columns. What is not known is a
// gap, and the future is left out.
func plot(s *energy.Series, columns int, st style) []string {
	points := s.Points
	for len(points) > 0 && points[len(points)-1].Start.After(s.Now) {
		points = points[:len(points)-1]
	}
	if len(points) == 0 {
		return nil
	}
	if len(points) > maxBars {
		return curve(points, s, true, columns, st)
	}
	top := 0.0
	for _, p := range points {
		top = max(top, p.Value)
	}
	texts := make([]string, len(points))
	labels := make([]string, len(points))
	widest, label0 := 0, 0
	for i, p := range points {
		texts[i], labels[i] = amount(p, s.Unit), label(p.Start, s.Step)
		widest, label0 = max(widest, len(texts[i])), max(label0, runewidth.StringWidth(labels[i]))
	}
	room := max(columns-label0-widest-len(s.Unit)-8, minBar)
	out := make([]string, len(points))
	for i, p := range points {
		if !p.Known {
			out[i] = labels[i] + "  " + st.dim(strings.Repeat(" ", max(widest-1, 0))+"-  no data")
			continue
		}
		l := labels[i] + "  " + strings.Repeat(" ", widest-len(texts[i])) + texts[i] + " " + string(s.Unit)
		if b := bar(p.Value, top, room); b != "" {
			l += "  " + st.green(b)
		}
		if p.Running {
			l += st.dim(" …")
		}
		out[i] = l
	}
	return out
}

// amount is a value with the digits worth showing.
func amount(p energy.Point, unit energy.Unit) string {
	switch {
	case !p.Known:
		return ""
	case unit == energy.KilowattHour:
		return strconv.FormatFloat(p.Value, 'f', 3, 64)
	}
	return strconv.FormatFloat(p.Value, 'f', 0, 64)
}

// eighths are parts of a block.
var eighths = []rune(" ▏▎▍▌▋▊▉")

// bar is a value as a part of the room; what is not 0 shows.
func bar(value, top float64, room int) string {
	if top <= 0 || value <= 0 {
		return ""
	}
	n := max(int(math.Round(value/top*float64(room)*8)), 1)
	b := strings.Repeat("█", n/8)
	if n%8 > 0 {
		b += string(eighths[n%8])
	}
	return b
}

// curve draws a line with gaps. The axis has a round number at each row, and begins
// at 0 or, for what is not counted from there, near the least value.
func curve(points []energy.Point, s *energy.Series, counted bool, columns int, st style) []string {
	width := max(columns-axisWidth, 2*minBar)
	values := squeeze(points, width)
	x := axisOf(values, counted)
	out := strings.Split(asciigraph.Plot(values, asciigraph.Height(x.rows), asciigraph.LowerBound(x.low), asciigraph.UpperBound(x.high()),
		asciigraph.YAxisValueFormatter(x.label)), "\n")
	for i := range out {
		out[i] = strings.TrimRight(out[i], " ")
	}
	caption := label(points[0].Start, s.Step) + " to " + label(points[len(points)-1].Start, s.Step) + ", " + string(s.Unit) + " by " + string(s.Step)
	return append(out, st.dim(caption))
}

// squeeze makes of points at most as many values as there are columns: the
// means of those that are known. A column of which nothing is known is a gap.
func squeeze(points []energy.Point, columns int) []float64 {
	n := min(len(points), columns)
	out := make([]float64, n)
	for i := range out {
		sum, known := 0.0, 0
		for _, p := range points[i*len(points)/n : (i+1)*len(points)/n] {
			if p.Known {
				sum += p.Value
				known++
			}
		}
		out[i] = math.NaN()
		if known > 0 {
			out[i] = sum / float64(known)
		}
	}
	return out
}
