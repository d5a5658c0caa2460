package simulator

import (
	"encoding/json"
	"slices"

	"wattle/floor"
	wire "wattle/method/smart"
)

// The map of a vacuum, and where the robot is on it.

// pathStep is how far apart the places are, in pixels, at which a robot shows
// while it cleans.
const pathStep = 5

// plan is the map that is used now, or nil. It is read once.
func (u *unit) plan() *floor.Plan {
	v := &u.vacuum
	if v.mapped {
		return v.floor
	}
	v.mapped = true
	raw, _ := u.answer("getMapData")
	if data, _ := wire.GetMapData.Decode(raw); len(raw) > 0 && data != nil {
		v.floor, _ = floor.Read(data) // without pixels it still has rooms
	}
	return v.floor
}

// homeSize is the floor of all rooms in m².
func (u *unit) homeSize(plan *floor.Plan) float64 {
	size := 0.0
	if plan != nil {
		for i := range plan.Rooms {
			size += plan.Rooms[i].Area
		}
	}
	if size > 0 {
		return size
	}
	answer, _ := u.stored("getCleanInfo")
	if area, _ := answer.number("clean_area"); area > 5 {
		return area / u.unitArea()
	}
	return usualSize
}

// placeSize is the size of a room or a zone in m².
func placeSize(plan *floor.Plan, mode wire.CleanMode, id int) (float64, bool) {
	if mode == wire.CleanZones {
		i := slices.IndexFunc(plan.Marks, func(m floor.Mark) bool { return m.ID == id && m.Kind == wire.AreaZone })
		if i < 0 {
			return 0, false
		}
		return max(plan.Marks[i].Area(), 0.25), true
	}
	i := slices.IndexFunc(plan.Rooms, func(r floor.Room) bool { return r.ID == id })
	if i < 0 {
		return 0, false
	}
	if area := plan.Rooms[i].Area; area > 0 {
		return area, true
	}
	return usualSize / 4, true
}

// path is the way of a robot through what a run cleans: up and down in lines,
// room after room.
func path(plan *floor.Plan, r *run) []floor.Point {
	var way []floor.Point
	walk := func(within func(x, y int) bool) {
		for x, down := 0, false; x < plan.Width; x, down = x+pathStep, !down {
			first := len(way)
			for y := 0; y < plan.Height; y += pathStep {
				if within(x, y) {
					way = append(way, plan.Place(x, y))
				}
			}
			if down {
				slices.Reverse(way[first:])
			}
		}
	}
	room := func(id int) func(x, y int) bool {
		return func(x, y int) bool { return plan.At(x, y) == floor.Cell{Kind: floor.InRoom, Room: id} }
	}
	switch r.mode {
	case wire.CleanRooms:
		for _, id := range r.places {
			walk(room(id))
		}
	case wire.CleanZones:
		for i := range plan.Marks {
			if slices.Contains(r.places, plan.Marks[i].ID) {
				walk(func(x, y int) bool { return plan.Marks[i].Contains(plan.Place(x, y)) })
			}
		}
	case wire.CleanSpot: // it stays about where it is
	default:
		for i := range plan.Rooms {
			walk(room(plan.Rooms[i].ID))
		}
	}
	return way
}

// where is the place of the robot in mm, nil where it is not known.
func (u *unit) where(r *run) *floor.Point {
	plan := u.plan()
	if plan == nil || plan.Width == 0 {
		return nil
	}
	if r.way == nil {
		r.way = path(plan, r)
	}
	if len(r.way) == 0 {
		return u.vacuum.at
	}
	i := min(int(r.area/r.target*float64(len(r.way))), len(r.way)-1)
	return &r.way[i]
}

// getMapData gives the map with the robot where it is.
func (u *unit) getMapData(params object) (json.RawMessage, int) {
	answer, ok := u.stored("getMapData")
	if !ok {
		return nil, u.unknown("getMapData")
	}
	id, _ := answer.integer("map_id")
	if wanted, ok := params.integer("map_id"); params.has("map_id") && (!ok || wanted != id) {
		return nil, codeParams
	}
	if at := u.vacuum.at; at != nil {
		plan := u.plan()
		x, y := plan.Pixel(*at)
		answer.put("real_vac_coor", []int{int(at.X), int(at.Y), 0})
		answer.put("vac_coor", []int{x, y, 0})
	}
	return answer.raw(), 0
}
