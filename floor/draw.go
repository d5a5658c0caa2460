package floor

import (
	"image"
	"image/color"
	"math"

	"wattle/method/smart"
)

// Grid is a map made smaller, with what people drew and where the robot and its
// dock are. The first row is the top.
type Grid struct {
	Width, Height int
	Cells         []Cell
}

// At is a cell; beyond the grid nothing is known.
func (g *Grid) At(x, y int) Cell {
	if x < 0 || y < 0 || x >= g.Width || y >= g.Height {
		return Cell{}
	}
	return g.Cells[y*g.Width+x]
}

// Grid draws the known part of the map with at most so many columns and rows,
// each at least 1. It is empty where there are no pixels.
func (p *Plan) Grid(columns, rows int) *Grid {
	left, bottom, right, top, ok := p.bounds()
	if !ok {
		return &Grid{}
	}
	columns, rows = max(columns, 1), max(rows, 1)
	w, h := right-left, top-bottom
	step := max((w+columns-1)/columns, (h+rows-1)/rows, 1)
	g := &Grid{Width: (w + step - 1) / step, Height: (h + step - 1) / step}
	g.Cells = make([]Cell, g.Width*g.Height)
	for gy := range g.Height {
		for gx := range g.Width {
			g.Cells[gy*g.Width+gx] = p.most(left+gx*step, top-(gy+1)*step, step)
		}
	}
	put := func(at Point, c Cell) {
		x, y := p.Pixel(at)
		x, y = x-left, top-1-y
		if x >= 0 && y >= 0 && x < w && y < h {
			g.Cells[y/step*g.Width+x/step] = c
		}
	}
	for i := range p.Marks {
		p.mark(&p.Marks[i], float64(step)*p.Resolution/2, put)
	}
	if p.Dock != nil {
		put(p.Dock.Point, Cell{Kind: Dock})
	}
	if p.Robot != nil {
		put(p.Robot.Point, Cell{Kind: Robot})
	}
	return g
}

// bounds is the known part of the map, with right and top beyond it.
func (p *Plan) bounds() (left, bottom, right, top int, ok bool) {
	left, bottom = p.Width, p.Height
	for y := range p.Height {
		for x := range p.Width {
			if p.At(x, y).Kind != Unknown {
				left, right = min(left, x), max(right, x+1)
				bottom, top = min(bottom, y), max(top, y+1)
			}
		}
	}
	return left, bottom, right, top, right > left
}

// most is what fills most of a square. A wall counts double: it is thin, and
// what makes a plan of a home legible.
func (p *Plan) most(x0, y0, step int) Cell {
	var votes [256]int
	best, many := Cell{}, 0
	for y := y0; y < y0+step; y++ {
		for x := x0; x < x0+step; x++ {
			if x < 0 || y < 0 || x >= p.Width || y >= p.Height {
				continue
			}
			b := p.Pixels[y*p.Width+x]
			c := p.Meaning.cell(b)
			switch c.Kind {
			case Unknown:
				continue
			case Wall:
				votes[b]++
			}
			if votes[b]++; votes[b] > many {
				best, many = c, votes[b]
			}
		}
	}
	if 4*many < step*step { // a corner of it is known
		return Cell{}
	}
	return best
}

// maxSteps bounds the work on one wall: its ends are foreign numbers.
const maxSteps = 1 << 16

// mark draws forbidden zones and walls, in steps of so many mm.
func (p *Plan) mark(m *Mark, step float64, put func(Point, Cell)) {
	c := Cell{Kind: Forbidden}
	switch {
	case m.Kind == smart.AreaWall && len(m.Corners) >= 2:
		a, b := m.Corners[0], m.Corners[1]
		n := min(math.Hypot(b.X-a.X, b.Y-a.Y)/step+1, maxSteps)
		for i := 0.0; i <= n; i++ {
			put(Point{a.X + (b.X-a.X)*i/n, a.Y + (b.Y-a.Y)*i/n}, c)
		}
	case m.Kind == smart.AreaForbid && len(m.Corners) >= 3:
		lo, hi := m.Corners[0], m.Corners[0]
		for _, q := range m.Corners {
			lo = Point{min(lo.X, q.X), min(lo.Y, q.Y)}
			hi = Point{max(hi.X, q.X), max(hi.Y, q.Y)}
		}
		first, last := p.Place(0, 0), p.Place(p.Width, p.Height)
		lo = Point{max(lo.X, first.X), max(lo.Y, first.Y)}
		hi = Point{min(hi.X, last.X), min(hi.Y, last.Y)}
		for y := lo.Y; y <= hi.Y; y += step {
			for x := lo.X; x <= hi.X; x += step {
				if m.Contains(Point{x, y}) {
					put(Point{x, y}, c)
				}
			}
		}
	}
}

// Contains tells whether a place is within an area.
func (m *Mark) Contains(at Point) bool {
	inside := false
	for i, a := range m.Corners {
		b := m.Corners[(i+1)%len(m.Corners)]
		if (a.Y > at.Y) != (b.Y > at.Y) && at.X < a.X+(b.X-a.X)*(at.Y-a.Y)/(b.Y-a.Y) {
			inside = !inside
		}
	}
	return inside
}

// Area is the size of an area in m², 0 for a wall.
func (m *Mark) Area() float64 {
	twice := 0.0
	for i, a := range m.Corners {
		b := m.Corners[(i+1)%len(m.Corners)]
		twice += a.X*b.Y - b.X*a.Y
	}
	return math.Abs(twice) / 2e6
}

// palette are colours: those of the kinds, and then those of rooms in turn.
var palette = color.Palette{
	Unknown:   color.RGBA{0xff, 0xff, 0xff, 0xff},
	Wall:      color.RGBA{0x3c, 0x40, 0x48, 0xff},
	Floor:     color.RGBA{0xdd, 0xdd, 0xdd, 0xff},
	InRoom:    color.RGBA{0xdd, 0xdd, 0xdd, 0xff},
	Forbidden: color.RGBA{0xd0, 0x30, 0x30, 0xff},
	Dock:      color.RGBA{0x10, 0x80, 0x40, 0xff},
	Robot:     color.RGBA{0x10, 0x10, 0x10, 0xff},
	color.RGBA{0x8e, 0xb8, 0xe5, 0xff}, color.RGBA{0xf2, 0xc1, 0x4e, 0xff}, color.RGBA{0x9c, 0xcf, 0x9a, 0xff},
	color.RGBA{0xe5, 0x9a, 0xa8, 0xff}, color.RGBA{0xb9, 0xa4, 0xe0, 0xff}, color.RGBA{0x7c, 0xcd, 0xc8, 0xff},
	color.RGBA{0xe8, 0xa8, 0x7c, 0xff}, color.RGBA{0xc9, 0xc9, 0x7a, 0xff},
}

const roomColors = 8

// RoomColor numbers the colours of rooms from 0 to 7, so that rooms that are
// listed beside each other differ.
func (p *Plan) RoomColor(id int) int {
	for i := range p.Rooms {
		if p.Rooms[i].ID == id {
			return i % roomColors
		}
	}
	return 0
}

// Image draws the known part of the map, each pixel as scale × scale, from 1 to
// 16; it is nil where there are no pixels.
func (p *Plan) Image(scale int) *image.Paletted {
	scale = max(min(scale, 16), 1)
	g := p.Grid(maxSide, maxSide)
	if g.Width == 0 {
		return nil
	}
	for scale > 1 && g.Width*g.Height*scale*scale > maxPixels {
		scale--
	}
	img := image.NewPaletted(image.Rect(0, 0, g.Width*scale, g.Height*scale), palette)
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			c := g.At(x/scale, y/scale)
			index := int(c.Kind)
			if c.Kind == InRoom {
				index = int(Robot) + 1 + p.RoomColor(c.Room)
			}
			img.Pix[y*img.Stride+x] = uint8(index)
		}
	}
	p.stamp(img, scale, p.Dock, Dock)
	p.stamp(img, scale, p.Robot, Robot)
	return img
}

// radius is that of a robot in mm.
const radius = 175

// stamp makes a place visible in its size.
func (p *Plan) stamp(img *image.Paletted, scale int, at *Pose, kind Kind) {
	if at == nil {
		return
	}
	left, _, _, top, _ := p.bounds()
	x, y := p.Pixel(at.Point)
	r := int(radius/p.Resolution) * scale
	cx, cy := (x-left)*scale+scale/2, (top-1-y)*scale+scale/2
	for dy := -r; dy <= r; dy++ {
		for dx := -r; dx <= r; dx++ {
			if q := image.Pt(cx+dx, cy+dy); dx*dx+dy*dy <= r*r && q.In(img.Rect) {
				img.SetColorIndex(q.X, q.Y, uint8(kind))
			}
		}
	}
}
