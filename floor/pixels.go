package floor

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/pierrec/lz4/v4"

	"wattle"
	"wattle/method/smart"
)

const (
	// maxSide and maxPixels bound a map: 200 m by 50 mm, and some 100 m squared.
	maxSide   = 4096
	maxPixels = 4 << 20
	// maxRatio is more than LZ4 can make of one byte.
	maxRatio = 256
)

// frameMagic is how an LZ4 frame begins. Devices send bare blocks as far as is
// known; their lengths are told beside them.
var frameMagic = []byte{0x04, 0x22, 0x4d, 0x18}

func broken(format string, args ...any) error {
	return fmt.Errorf("the map: %w: "+format, append([]any{wattle.ErrProtocol}, args...)...)
}

// unpack reads the pixels.
func (p *Plan) unpack(d *smart.MapData) error {
	w, h := d.Width.Or(0), d.Height.Or(0)
	switch {
	case w < 1 || h < 1 || w > maxSide || h > maxSide || w*h > maxPixels:
		return broken("%d × %d pixels are not to be believed", w, h)
	case d.BitNum.Or(8) != 8:
		return broken("pixels of %d bits are not known", d.BitNum.Or(8))
	case d.PixLen.Or(w*h) != w*h:
		return broken("%d bytes for %d × %d pixels", d.PixLen.Or(0), w, h)
	}
	packed, err := base64.StdEncoding.DecodeString(d.Pixels.Or(""))
	if err != nil || len(packed) == 0 {
		return broken("its pixels are not base64")
	}
	if n := d.LZ4Len.Or(0); n > 0 && n < len(packed) {
		packed = packed[:n] // what follows is padding
	}
	if w*h > maxRatio*len(packed) {
		return broken("%d bytes cannot hold %d × %d pixels", len(packed), w, h)
	}
	pixels := make([]byte, w*h)
	var n int
	if bytes.HasPrefix(packed, frameMagic) {
		n, err = io.ReadFull(lz4.NewReader(bytes.NewReader(packed)), pixels)
	} else {
		n, err = lz4.UncompressBlock(packed, pixels)
	}
	if err != nil || n != len(pixels) {
		return broken("its pixels cannot be unpacked: %d of %d bytes (%v)", n, len(pixels), err)
	}
	p.Width, p.Height, p.Pixels = w, h, pixels
	return nil
}

// Pack is the reverse of what [Read] does with pixels: base64 of an LZ4 block,
// and its length. It is for devices that are made up.
func Pack(pixels []byte) (text string, packedLen int, err error) {
	packed := make([]byte, lz4.CompressBlockBound(len(pixels)))
	n, err := lz4.CompressBlock(pixels, packed, nil)
	if err != nil {
		return "", 0, fmt.Errorf("pack a map: %w", err)
	}
	if n == 0 {
		return "", 0, fmt.Errorf("pack a map: %w: its pixels cannot be made smaller", wattle.ErrParam)
	}
	return base64.StdEncoding.EncodeToString(packed[:n]), n, nil
}

// Kind is what a place on a map is.
type Kind uint8

// The kinds.
const (
	Unknown Kind = iota
	Wall
	Floor     // of no room
	InRoom    // floor of a room
	Forbidden // a zone or a line that people drew
	Dock
	Robot
)

// Cell is a place on a map.
type Cell struct {
	Kind Kind
	Room int // the id, with InRoom
}

// At tells what a pixel is; y counts from the lowest row. Beyond the map
// nothing is known.
func (p *Plan) At(x, y int) Cell {
	if x < 0 || y < 0 || x >= p.Width || y >= p.Height {
		return Cell{}
	}
	return p.Meaning.cell(p.Pixels[y*p.Width+x])
}

func (m *Meaning) cell(b byte) Cell {
	switch {
	case b == m.Wall:
		return Cell{Kind: Wall}
	case b == m.Unknown:
		return Cell{}
	case b == m.Floor:
		return Cell{Kind: Floor}
	case b >= m.First && b <= m.Last:
		return Cell{InRoom, int(b)}
	}
	return Cell{}
}

// Pixel is the pixel of a place, which may be beyond the map.
func (p *Plan) Pixel(at Point) (x, y int) {
	clamp := func(f float64) int { return int(max(min(f, maxSide), -maxSide)) }
	return clamp((at.X - p.Origin.X) / p.Resolution), clamp((at.Y - p.Origin.Y) / p.Resolution)
}

// Place is the middle of a pixel.
func (p *Plan) Place(x, y int) Point {
	return Point{p.Origin.X + (float64(x)+0.5)*p.Resolution, p.Origin.Y + (float64(y)+0.5)*p.Resolution}
}

// measure finds the size and the middle of the rooms. Rooms that have pixels
// and no entry are added without a name.
func (p *Plan) measure() {
	var n, sumX, sumY [256]int
	for y := range p.Height {
		for x := range p.Width {
			if c := p.At(x, y); c.Kind == InRoom {
				n[c.Room]++
				sumX[c.Room] += x
				sumY[c.Room] += y
			}
		}
	}
	listed := [256]bool{}
	for i := range p.Rooms {
		if id := p.Rooms[i].ID; id >= 0 && id < 256 {
			listed[id] = true
		}
	}
	for id, count := range n {
		if count > 0 && !listed[id] {
			p.Rooms = append(p.Rooms, Room{ID: id})
		}
	}
	square := p.Resolution * p.Resolution / 1e6
	for i := range p.Rooms {
		r := &p.Rooms[i]
		if r.ID < 0 || r.ID >= 256 || n[r.ID] == 0 {
			continue
		}
		count := n[r.ID]
		r.Area = float64(count) * square
		center := p.Place(sumX[r.ID]/count, sumY[r.ID]/count)
		r.Center = &center
	}
}
