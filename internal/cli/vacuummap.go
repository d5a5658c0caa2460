package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"io"
	"strconv"
	"strings"

	"wattle/floor"
	"wattle/internal/atomicfile"
)

// Sizes of drawings that are not for a terminal.
const (
	plainColumns = 72
	plainRows    = 36
	pictureSide  = 800 // pixels, about
)

// drawMap draws the map, or writes its picture to a file.
func (r *vacuumRun) drawMap(ctx context.Context) error {
	id := 0
	if len(r.args) == 1 {
		n, err := strconv.Atoi(r.args[0])
		if err != nil || n < 1 {
			return usagef(`"maps" lists them`, "%q is not the id of a map", r.args[0])
		}
		id = n
	}
	p, err := r.v.Map(ctx, id)
	if p == nil {
		return err
	}
	if r.flags.png != "" {
		if err != nil {
			return err
		}
		return r.picture(p)
	}
	r.print = func() error { return r.app.printMap(p) }
	return err
}

func (r *vacuumRun) picture(p *floor.Plan) error {
	side := max(p.Width, p.Height, 1)
	img := p.Image(max(pictureSide/side, 1))
	if img == nil {
		return errors.New("there is nothing on the map yet")
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return fmt.Errorf("make the picture: %w", err)
	}
	if err := atomicfile.Write(r.flags.png, b.Bytes(), 0o644, false); err != nil {
		return err
	}
	r.said = fmt.Sprintf("map %d is in %s, %d × %d", p.ID, r.flags.png, img.Rect.Dx(), img.Rect.Dy())
	return nil
}

// printMap draws a map and lists its rooms; programs get all of it.
func (a *app) printMap(p *floor.Plan) error {
	t := &table{head: []string{"mark", "id", "name", "area", "suction", "mop", "passes"}}
	if a.format() == formatCSV {
		t.head = t.head[1:]
	}
	for i := range p.Rooms {
		room := &p.Rooms[i]
		cells := append([]cell{plain(itoa(room.ID)), plain(room.Name)}, placeCells(room)...)
		if a.format() != formatCSV {
			mark := plain(letter(p, room.ID))
			if a.outStyle {
				color := roomCodes[p.RoomColor(room.ID)]
				mark = cell{"██", func(s style, text string) string { return s.paint("38;5;"+itoa(color), text) }}
			}
			cells = append([]cell{mark}, cells...)
		}
		t.add(cells...)
	}
	if a.format() != formatTable {
		return a.print(p, t)
	}
	var drawing []string
	if a.outStyle {
		columns, rows := plainColumns, plainRows
		if a.outTTY {
			columns, rows = size(a.out)
			rows = max(rows-len(p.Rooms)-4, 8)
		}
		drawing = blocks(p.Grid(columns-1, 2*rows), p)
	} else {
		drawing = letters(p.Grid(plainColumns, 2*plainRows), p)
	}
	for _, line := range drawing {
		if _, err := io.WriteString(a.out, line+"\n"); err != nil {
			return err
		}
	}
	if len(drawing) > 0 {
		if _, err := io.WriteString(a.out, "\n"); err != nil {
			return err
		}
	}
	return a.print(p, t)
}

// letter stands for a room where there are no colours.
func letter(p *floor.Plan, id int) string {
	for i := range p.Rooms {
		if p.Rooms[i].ID == id {
			return string(rune('a' + i%26))
		}
	}
	return "?"
}

// weight is what wins where two cells share a letter.
var weight = map[floor.Kind]int{floor.Robot: 6, floor.Dock: 5, floor.Forbidden: 4, floor.Wall: 3, floor.InRoom: 2, floor.Floor: 1}

// letters draws with one letter for two cells, one above the other: letters are
// twice as high as wide.
func letters(g *floor.Grid, p *floor.Plan) []string {
	var out []string
	for y := 0; y < g.Height; y += 2 {
		var b strings.Builder
		for x := range g.Width {
			c := g.At(x, y)
			if below := g.At(x, y+1); weight[below.Kind] > weight[c.Kind] {
				c = below
			}
			switch c.Kind {
			case floor.InRoom:
				b.WriteString(letter(p, c.Room))
			default:
				b.WriteByte(" #..x=@"[c.Kind])
			}
		}
		out = append(out, strings.TrimRight(b.String(), " "))
	}
	return out
}

// Colours of the 256 that terminals have.
var (
	roomCodes = []int{75, 221, 114, 175, 141, 80, 209, 186}
	kindCodes = map[floor.Kind]int{floor.Wall: 240, floor.Floor: 252, floor.Forbidden: 160, floor.Dock: 34, floor.Robot: 231}
)

// blocks draws with half blocks in colours, two cells to a letter.
func blocks(g *floor.Grid, p *floor.Plan) []string {
	code := func(c floor.Cell) int {
		if c.Kind == floor.InRoom {
			return roomCodes[p.RoomColor(c.Room)]
		}
		return kindCodes[c.Kind]
	}
	var out []string
	for y := 0; y < g.Height; y += 2 {
		var b strings.Builder
		last := ""
		for x := range g.Width {
			upper, lower := g.At(x, y), g.At(x, y+1)
			paint, text := "0", " "
			switch {
			case upper.Kind >= floor.Dock || lower.Kind >= floor.Dock: // a letter is found more easily than a dot
				what, other := upper, lower
				if weight[lower.Kind] > weight[upper.Kind] {
					what, other = lower, upper
				}
				text = map[floor.Kind]string{floor.Dock: "⌂", floor.Robot: "@"}[what.Kind]
				paint = "0;1;38;5;16;48;5;" + itoa(code(what))
				if other.Kind == floor.InRoom {
					paint = "0;1;38;5;16;48;5;" + itoa(code(other))
				}
			case upper.Kind == floor.Unknown && lower.Kind == floor.Unknown:
			case lower.Kind == floor.Unknown:
				paint, text = "0;38;5;"+itoa(code(upper)), "▀"
			case upper.Kind == floor.Unknown:
				paint, text = "0;38;5;"+itoa(code(lower)), "▄"
			default:
				paint, text = "0;38;5;"+itoa(code(upper))+";48;5;"+itoa(code(lower)), "▀"
			}
			if paint != last {
				b.WriteString("\x1b[" + paint + "m")
				last = paint
			}
			b.WriteString(text)
		}
		out = append(out, b.String()+"\x1b[0m")
	}
	return out
}
