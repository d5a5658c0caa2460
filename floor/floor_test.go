package floor_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pierrec/lz4/v4"
	"pgregory.net/rapid"

	"wattle"
	"wattle/floor"
	"wattle/internal/recorded"
	"wattle/method/smart"
)

// home is an invented floor, the highest row first: walls, two rooms, floor of
// no room.
const home = `
##########
#2222#333#
#2222#333#
#2222.333#
######...#
??########`

// pixels gives the bytes of a drawing, the lowest row first.
func pixels(drawing string) (width, height int, out []byte) {
	rows := strings.Split(strings.TrimSpace(drawing), "\n")
	for _, row := range slices.Backward(rows) {
		for _, c := range row {
			switch c {
			case '#':
				out = append(out, 0)
			case '?':
				out = append(out, 127)
			case '.':
				out = append(out, 255)
			default:
				out = append(out, byte(c-'0'))
			}
		}
	}
	return len(rows[0]), len(rows), out
}

// block packs pixels as a device does.
func block(tb testing.TB, in []byte) []byte {
	tb.Helper()
	out := make([]byte, lz4.CompressBlockBound(len(in)))
	n, err := lz4.CompressBlock(in, out, nil)
	if err != nil {
		tb.Fatal(err)
	}
	if n == 0 { // it does not get smaller: literals only
		out = append(literals(len(in)), in...)
		n = len(out)
	}
	return out[:n]
}

// literals is the head of an LZ4 block that holds n bytes as they are.
func literals(n int) []byte {
	if n < 15 {
		return []byte{byte(n << 4)}
	}
	head := []byte{0xf0}
	for n -= 15; n >= 255; n -= 255 {
		head = append(head, 255)
	}
	return append(head, byte(n))
}

func frame(tb testing.TB, in []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := lz4.NewWriter(&b)
	if _, err := w.Write(in); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func answer(packed []byte, width, height int) map[string]any {
	return map[string]any{
		"map_id": 7, "map_name": "SG9tZQ==", "width": width, "height": height, "resolution": 500, "resolution_unit": "mm", "bitnum": 8,
		"bit_list":         map[string]any{"auto_area": []int{0, 100}, "barrier": 0, "clean": 255, "none": 127},
		"pix_len":          width * height,
		"pix_lz4len":       len(packed),
		"map_data":         base64.StdEncoding.EncodeToString(packed),
		"real_origin_coor": []int{-1000, -500, 270},
		"origin_coor":      []int{-2, -1, 270},
		"real_charge_coor": []int{-300, 200, 90},
		"vac_coor":         []int{6, 3, 450},
		"area_list": []any{
			map[string]any{"id": 2, "type": "room", "name": "S2l0Y2hlbg==", "color": 3, "suction": 5, "cistern": 0, "clean_number": 2, "floor_texture": -1},
			map[string]any{"id": 401, "type": "virtual_wall", "vertexs": [][]int{{2200, 1700}, {3200, 1700}}},
			map[string]any{"id": 301, "type": "forbid", "vertexs": [][]int{{-450, 1550}, {450, 1550}, {450, 1950}, {-450, 1950}}},
			map[string]any{"id": 501, "type": "area", "suction": -1, "cistern": -1, "clean_number": 1, "vertexs": [][]int{{0, 0}, {1000, 0}, {1000, 500}, {0, 500}}},
			7, map[string]any{"type": "room"}, map[string]any{"id": 9, "type": "new"},
		},
	}
}

func decode(tb testing.TB, v any) (*floor.Plan, error) {
	tb.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	d, err := smart.GetMapData.Decode(raw)
	if d == nil {
		tb.Fatal(err)
	}
	return floor.Read(d)
}

func TestRead(t *testing.T) {
	w, h, data := pixels(home)
	for name, packed := range map[string][]byte{"block": block(t, data), "frame": frame(t, data)} {
		p, err := decode(t, answer(packed, w, h))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if p.ID != 7 || p.Name != "Home" || p.Width != 10 || p.Height != 6 || !bytes.Equal(p.Pixels, data) {
			t.Errorf("%s: %+v", name, p)
		}
		for _, tt := range []struct {
			x, y int
			want floor.Cell
		}{
			{0, 0, floor.Cell{}},
			{2, 0, floor.Cell{Kind: floor.Wall}},
			{5, 2, floor.Cell{Kind: floor.Floor}},
			{1, 4, floor.Cell{Kind: floor.InRoom, Room: 2}},
			{8, 4, floor.Cell{Kind: floor.InRoom, Room: 3}},
			{-1, 0, floor.Cell{}},
			{10, 0, floor.Cell{}},
			{0, 6, floor.Cell{}},
		} {
			if got := p.At(tt.x, tt.y); got != tt.want {
				t.Errorf("%s: at %d,%d is %+v, want %+v", name, tt.x, tt.y, got, tt.want)
			}
		}
		// 12 and 9 pixels of a quarter of a square metre.
		if r := p.Rooms; len(r) != 2 || r[0].ID != 2 || r[0].Name != "Kitchen" || r[0].Area != 3 || r[0].Suction != "Ultra" ||
			r[0].Water != "Disable" || r[0].Passes != 2 || r[1].ID != 3 || r[1].Name != "" || r[1].Area != 2.25 {
			t.Errorf("%s: rooms %+v", name, p.Rooms)
		}
		// Columns 1 to 4 and rows 2 to 4: on the whole pixel 2,3.
		if c := p.Rooms[0].Center; c == nil || *c != (floor.Point{X: 250, Y: 1250}) {
			t.Errorf("%s: the middle of room 2 is %+v", name, c)
		}
		if len(p.Marks) != 4 || p.Marks[2].Kind != smart.AreaZone || p.Marks[2].Area() != 0.5 || p.Marks[3].Kind != "new" {
			t.Errorf("%s: marks %+v", name, p.Marks)
		}
		// The robot is told in pixels only: 6 × 500 - 1000.
		if p.Dock == nil || p.Dock.X != -300 || p.Dock.Angle != 90 || p.Robot == nil || p.Robot.X != 2000 || p.Robot.Y != 1000 || p.Robot.Angle != 90 {
			t.Errorf("%s: dock %+v, robot %+v", name, p.Dock, p.Robot)
		}
	}
}

// TestReadPart: what is wrong with the pixels does not hide the rooms.
func TestReadPart(t *testing.T) {
	w, h, data := pixels(home)
	good := block(t, data)
	for name, change := range map[string]func(map[string]any){
		"no pixels":     func(m map[string]any) { delete(m, "map_data") },
		"no base64":     func(m map[string]any) { m["map_data"] = "#none#" },
		"too short":     func(m map[string]any) { m["map_data"] = base64.StdEncoding.EncodeToString(good[:len(good)-3]) },
		"cut":           func(m map[string]any) { m["pix_lz4len"] = 5 },
		"another size":  func(m map[string]any) { m["width"], m["pix_len"] = w+1, (w+1)*h },
		"another width": func(m map[string]any) { m["width"] = w + 1 },
		"no width":      func(m map[string]any) { delete(m, "width") },
		"huge":          func(m map[string]any) { m["width"], m["height"], m["pix_len"] = 4000, 4000, 16_000_000 },
		"beyond LZ4":    func(m map[string]any) { m["width"], m["height"], m["pix_len"] = 1000, 1000, 1_000_000 },
		"negative":      func(m map[string]any) { m["width"], m["height"] = -w, -h },
		"bits":          func(m map[string]any) { m["bitnum"] = 4 },
	} {
		v := answer(good, w, h)
		change(v)
		p, err := decode(t, v)
		if !errors.Is(err, wattle.ErrProtocol) || p == nil || p.Pixels != nil || len(p.Rooms) != 1 || p.Rooms[0].Name != "Kitchen" || p.Rooms[0].Center != nil {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
		if g := p.Grid(80, 24); g.Width != 0 || p.Image(1) != nil {
			t.Errorf("%s: something was drawn", name)
		}
	}
}

func TestGrid(t *testing.T) {
	w, h, data := pixels(home)
	p, err := decode(t, answer(block(t, data), w, h))
	if err != nil {
		t.Fatal(err)
	}
	// A forbidden zone in room 2, a wall that was drawn across room 3; the robot
	// stands in front of it, the dock in the wall below.
	const want = `
##########
#!!22#!!!#
#2222#R33#
#2222.333#
#D####...#
  ########`
	if got := text(p.Grid(80, 24)); got != want[1:] {
		t.Errorf("drawn as\n%s\nwant\n%s", got, want[1:])
	}
	if small := p.Grid(5, 5); small.Width != 5 || small.Height != 3 {
		t.Errorf("made smaller to %d × %d\n%s", small.Width, small.Height, text(small))
	}
	img := p.Image(4)
	if img.Rect != image.Rect(0, 0, 40, 24) {
		t.Errorf("the picture is %v", img.Rect)
	}
	// The middle of the pixel with the robot, at 6,3 from below.
	if got := img.ColorIndexAt(6*4+2, (5-3)*4+2); got != uint8(floor.Robot) {
		t.Errorf("the robot is drawn as %d", got)
	}
}

func text(g *floor.Grid) string {
	var b strings.Builder
	for y := range g.Height {
		for x := range g.Width {
			switch c := g.At(x, y); c.Kind {
			case floor.InRoom:
				b.WriteString(strconv.Itoa(c.Room))
			default:
				b.WriteByte(" #.-!DR"[c.Kind])
			}
		}
		b.WriteByte('\n')
	}
	return strings.TrimRight(b.String(), "\n")
}

// TestCaptures: a recorded map is read but for its pixels, which were taken out.
func TestCaptures(t *testing.T) {
	n := 0
	for _, file := range recorded.Files(t, "smart") {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var f struct {
			Map json.RawMessage `json:"getMapData"`
		}
		if err := json.Unmarshal(b, &f); err != nil {
			t.Fatal(err)
		}
		if f.Map == nil {
			continue
		}
		n++
		d, err := smart.GetMapData.Decode(f.Map)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		p, err := floor.Read(d)
		if err != nil && !errors.Is(err, wattle.ErrProtocol) {
			t.Errorf("%s: %v", file, err)
		}
		// The places in mm and in pixels are the same.
		for name, pair := range map[string]struct {
			mm     *floor.Pose
			pixels []float64
		}{"robot": {p.Robot, d.Robot}, "dock": {p.Dock, d.Dock}} {
			x, y := p.Pixel(pair.mm.Point)
			if x != int(pair.pixels[0]) || y != int(pair.pixels[1]) {
				t.Errorf("%s: the %s is at %d,%d, not at %v", file, name, x, y, pair.pixels)
			}
		}
		if len(p.Rooms)+len(p.Marks) != len(d.Areas) {
			t.Errorf("%s: %d rooms and %d marks of %d areas", file, len(p.Rooms), len(p.Marks), len(d.Areas))
		}
	}
	t.Logf("%d maps", n)
}

// TestPack: what is packed is read as it was.
func TestPack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 40).Draw(t, "w"), rapid.IntRange(20, 40).Draw(t, "h")
		run := rapid.IntRange(4, 60).Draw(t, "run")
		data := make([]byte, w*h)
		for i := range data {
			data[i] = byte(i / run * 37)
		}
		packed, n, err := floor.Pack(data)
		if err != nil {
			return // it did not get smaller
		}
		raw := fmt.Sprintf(`{"width":%d,"height":%d,"map_data":%q,"pix_lz4len":%d}`, w, h, packed, n)
		d, err := smart.GetMapData.Decode(json.RawMessage(raw))
		if err != nil {
			t.Fatal(err)
		}
		p, err := floor.Read(d)
		if err != nil || !bytes.Equal(p.Pixels, data) {
			t.Fatalf("%v", err)
		}
	})
}

func TestContains(t *testing.T) {
	m := floor.Mark{Corners: []floor.Point{{X: 0, Y: 0}, {X: 100, Y: 0}, {X: 100, Y: 50}, {X: 50, Y: 50}, {X: 50, Y: 100}, {X: 0, Y: 100}}}
	for at, want := range map[floor.Point]bool{{X: 25, Y: 75}: true, {X: 75, Y: 25}: true, {X: 75, Y: 75}: false, {X: -1, Y: 10}: false} {
		if m.Contains(at) != want {
			t.Errorf("%v: %t", at, !want)
		}
	}
	if got := m.Area(); math.Abs(got-0.0075) > 1e-12 {
		t.Errorf("%v m²", got)
	}
}

func FuzzRead(f *testing.F) {
	w, h, data := pixels(home)
	large := bytes.Repeat(data, 20)
	for _, seed := range []map[string]any{
		answer(block(f, data), w, h), answer(frame(f, data), w, h), answer(block(f, large), w, 20*h), answer(frame(f, large), w, 20*h),
	} {
		raw, err := json.Marshal(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(`{"width":1,"height":1,"map_data":"EAA=","resolution":1e-9,"real_vac_coor":[1e308,-1e308,1e300],"area_list":[
		{"id":1,"type":"forbid","vertexs":[[1e300,0],[-1e9,5],[9e8,-9e8]]},{"id":2,"type":"virtual_wall","vertexs":[[-9e8,-9e8],[9e8,9e8]]}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, _ := smart.GetMapData.Decode(raw)
		if d == nil {
			return
		}
		p, err := floor.Read(d)
		if p == nil || (err == nil) != (p.Width > 0 && len(p.Pixels) == p.Width*p.Height) {
			t.Fatalf("%+v, %v", p, err)
		}
		if _, err := json.Marshal(p); err != nil {
			t.Fatal(err)
		}
		if p.Width*p.Height > 1<<16 {
			return // drawing a large one is no different, and slow
		}
		if g := p.Grid(40, 20); g.Width > 40 || g.Height > 20 || len(g.Cells) != g.Width*g.Height {
			t.Fatalf("%d × %d", g.Width, g.Height)
		}
		if img := p.Image(3); (img == nil) != (p.Grid(1, 1).Width == 0) {
			t.Fatal("the picture and the drawing differ")
		}
	})
}

// FuzzPixels tries the packed bytes alone.
func FuzzPixels(f *testing.F) {
	w, h, data := pixels(home)
	f.Add(block(f, data), w, h)
	f.Add(frame(f, data), w, h)
	f.Add(block(f, bytes.Repeat(data, 20)), w, 20*h)
	f.Add([]byte{0x1f, 0x07, 0x01, 0x00, 0xff}, 20, 20)
	f.Fuzz(func(t *testing.T, packed []byte, w, h int) {
		d, err := smart.GetMapData.Decode(fmt.Appendf(nil, `{"width":%d,"height":%d,"map_data":%q}`, w, h, base64.StdEncoding.EncodeToString(packed)))
		if err != nil {
			return
		}
		p, err := floor.Read(d)
		if err == nil && len(p.Pixels) != w*h || err != nil && p.Pixels != nil {
			t.Fatalf("%d × %d: %d bytes, %v", w, h, len(p.Pixels), err)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	_, h, data := pixels(home)
	raw, err := json.Marshal(answer(block(b, bytes.Repeat(data, 1000)), 200, 50*h))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		d, err := smart.GetMapData.Decode(raw)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := floor.Read(d); err != nil {
			b.Fatal(err)
		}
	}
}
