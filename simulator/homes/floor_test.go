package homes_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wattle/floor"
	"wattle/method/smart"
	"wattle/simulator/homes"
)

// side is how many pixels one letter of the drawing is wide.
const side = 4

// drawn gives the pixels of testdata/ground-floor.txt: walls, ids of rooms, and
// floor of no room in the doors. The highest row comes first in the drawing and
// last on a map.
func drawn(t *testing.T) (width, height int, pixels []byte) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "ground-floor.txt"))
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Fields(string(b))
	for _, row := range slices.Backward(rows) {
		var line []byte
		for _, c := range []byte(row) {
			value := map[byte]byte{'#': 0, '.': 255}[c]
			if c >= '1' && c <= '9' {
				value = c - '0'
			}
			line = append(line, bytes.Repeat([]byte{value}, side)...)
		}
		pixels = append(pixels, bytes.Repeat(line, side)...)
	}
	return side * len(rows[0]), side * len(rows), pixels
}

// TestFloor: the map of the vacuum is the drawing.
func TestFloor(t *testing.T) {
	width, height, pixels := drawn(t)
	n := 0
	for _, f := range homes.Demo() {
		raw := f.Data["getMapData"]
		if raw == nil {
			continue
		}
		n++
		d, err := smart.GetMapData.Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		p, err := floor.Read(d)
		if err != nil || p.Width != width || p.Height != height || !bytes.Equal(p.Pixels, pixels) {
			text, packed, also := floor.Pack(pixels)
			t.Errorf("%s: %v, %v; for the drawing write \"width\": %d, \"height\": %d, \"pix_len\": %d, \"pix_lz4len\": %d, \"map_data\": %q",
				f.Name, err, also, width, height, len(pixels), packed, text)
			continue
		}
		total := 0.0
		for _, r := range p.Rooms {
			total += r.Area
			if r.Name == "" || r.Area == 0 {
				t.Errorf("%s: room %+v", f.Name, r)
			}
		}
		if p.Dock == nil || p.Robot == nil || p.At(p.Pixel(p.Robot.Point)).Kind != floor.InRoom {
			t.Errorf("%s: dock %+v, robot %+v", f.Name, p.Dock, p.Robot)
		}
		t.Logf("%d rooms of %.1f m²", len(p.Rooms), total)
	}
	if n == 0 {
		t.Error("no device has a map")
	}
}
