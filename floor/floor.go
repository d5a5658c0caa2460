// Package floor reads the maps that robot vacuums make: what each pixel is,
// the rooms with their names and sizes, walls and zones that people drew, and
// where the robot and its dock are. It is pure. See docs/protocol/smart.md
// section 13.
package floor

import (
	"encoding/json"
	"math"

	"wattle/method/smart"
)

// Plan is a map of one floor. Lengths are in mm on the axes of the vacuum, x to
// the right and y upwards; areas are in m².
type Plan struct {
	ID   int    `json:"map_id"`
	Name string `json:"name"` // "" where nobody named it
	// Width and Height are in pixels, 0 where the pixels could not be read.
	Width  int `json:"width"`
	Height int `json:"height"`
	// Resolution is the side of a pixel in mm.
	Resolution float64 `json:"resolution_mm"`
	// Origin is the lower left corner of the first pixel.
	Origin Point `json:"origin"`
	// Pixels are Width × Height bytes as the vacuum sent them, row by row from
	// the lowest; [Plan.At] says what they are.
	Pixels []byte `json:"pixels,omitempty"`
	// Meaning is what the values of pixels mean.
	Meaning Meaning `json:"meaning"`
	Rooms   []Room  `json:"rooms"`
	Marks   []Mark  `json:"marks"`
	Dock    *Pose   `json:"dock"`  // nil: not known
	Robot   *Pose   `json:"robot"` // nil: not known
}

// Meaning are the values of pixels. Values from First to Last that are nothing
// else are ids of rooms.
type Meaning struct {
	Wall    byte `json:"wall"`
	Unknown byte `json:"unknown"`
	Floor   byte `json:"floor"` // that belongs to no room
	First   byte `json:"first_room"`
	Last    byte `json:"last_room"`
}

// Point is a place in mm.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// Pose is a place and the direction that is faced, in degrees from the x axis
// against the clock.
type Pose struct {
	Point
	Angle float64 `json:"angle"`
}

// Room is a room of a map, with how it is to be cleaned.
type Room struct {
	ID      int     `json:"id"`
	Name    string  `json:"name"`              // "" where nobody named it
	Area    float64 `json:"area_m2"`           // 0 where the pixels could not be read
	Center  *Point  `json:"center,omitempty"`  // nil in the same case
	Color   int     `json:"color"`             // a number that the app has a colour for
	Suction string  `json:"suction,omitempty"` // see [smart.Suctions]; "" as the vacuum is set
	Water   string  `json:"water,omitempty"`   // see [smart.WaterLevels]; "" as the vacuum is set
	Passes  int     `json:"passes,omitempty"`  // 0: as the vacuum is set
}

// Mark is what people drew on a map.
type Mark struct {
	ID   int    `json:"id"`
	Kind string `json:"kind"` // smart.AreaZone, AreaWall, AreaForbid, AreaCarpet, or one that is not known
	Name string `json:"name,omitempty"`
	// Corners are those of an area, or the ends of a wall.
	Corners []Point `json:"corners"`
}

// usualResolution is that of maps that do not tell one to be believed.
const usualResolution = 50

// Read makes a plan of an answer. The plan is never nil: where the pixels or a
// part of the areas cannot be read, the rest is there, and the error, which
// wraps wattle.ErrProtocol, says what is missing.
func Read(d *smart.MapData) (*Plan, error) {
	p := &Plan{
		ID: d.ID.Or(0), Name: smart.Text(d.Name.Or("")), Resolution: d.Resolution.Or(0),
		Rooms: []Room{}, Marks: []Mark{},
	}
	if p.Resolution < 5 || p.Resolution > 1000 {
		p.Resolution = usualResolution
	}
	p.Meaning = meaning(d.Bits)
	if o, ok := pose(d.RealOrigin, 1, Point{}); ok {
		p.Origin = o.Point
	} else if o, ok := pose(d.Origin, p.Resolution, Point{}); ok {
		p.Origin = o.Point
	}
	p.Robot = p.place(d.RealRobot, d.Robot)
	p.Dock = p.place(d.RealDock, d.Dock)
	for _, raw := range d.Areas {
		p.area(raw)
	}
	err := p.unpack(d)
	if err == nil {
		p.measure()
	}
	return p, err
}

func meaning(b *smart.MapBits) Meaning {
	m := Meaning{Wall: 0, Unknown: 127, Floor: 255, First: 1, Last: 100}
	if b == nil {
		return m
	}
	m.Wall = bits(b.Barrier.Or(0), m.Wall)
	m.Unknown = bits(b.None.Or(127), m.Unknown)
	m.Floor = bits(b.Clean.Or(255), m.Floor)
	if len(b.Rooms) == 2 && b.Rooms[0] <= b.Rooms[1] {
		m.First, m.Last = bits(b.Rooms[0], m.First), bits(b.Rooms[1], m.Last)
	}
	return m
}

func bits(n int, other byte) byte {
	if n < 0 || n > 255 {
		return other
	}
	return byte(n)
}

// place is a pose in mm, or one in pixels of this map.
func (p *Plan) place(mm, pixels []float64) *Pose {
	if at, ok := pose(mm, 1, Point{}); ok {
		return &at
	}
	if at, ok := pose(pixels, p.Resolution, p.Origin); ok {
		return &at
	}
	return nil
}

func pose(list []float64, scale float64, from Point) (Pose, bool) {
	if len(list) < 2 || !sane(list[0]) || !sane(list[1]) {
		return Pose{}, false
	}
	at := Pose{Point: Point{from.X + list[0]*scale, from.Y + list[1]*scale}}
	if len(list) > 2 && sane(list[2]) {
		at.Angle = math.Mod(list[2], 360)
	}
	return at, true
}

// sane tells whether a number may be a length: no home is 1000 km wide.
func sane(f float64) bool { return f > -1e9 && f < 1e9 }

func (p *Plan) area(raw json.RawMessage) {
	var a smart.MapArea
	if json.Unmarshal(raw, &a) != nil {
		return
	}
	id, ok := a.ID.Get()
	if !ok {
		return
	}
	name := smart.Text(a.Name.Or(""))
	if a.Type.Or("") == smart.AreaRoom {
		p.Rooms = append(p.Rooms, Room{
			ID: id, Name: name, Color: a.Color.Or(0), Passes: max(a.Number.Or(0), 0),
			Suction: word(smart.Suctions(), a.Suction.Or(-1)-1), Water: word(smart.WaterLevels(), a.Cistern.Or(-1)),
		})
		return
	}
	m := Mark{ID: id, Kind: a.Type.Or(""), Name: name, Corners: []Point{}}
	for _, v := range a.Vertices {
		if len(v) >= 2 && sane(v[0]) && sane(v[1]) {
			m.Corners = append(m.Corners, Point{v[0], v[1]})
		}
	}
	p.Marks = append(p.Marks, m)
}

func word(words []string, i int) string {
	if i < 0 || i >= len(words) {
		return ""
	}
	return words[i]
}
