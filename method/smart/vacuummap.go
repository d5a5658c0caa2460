package smart

import (
	"encoding/json"

	"wattle/method"
)

// MapInfo is the answer of getMapInfo (section 13).
type MapInfo struct {
	Current method.Opt[int]  `json:"current_map_id"` // 0: none
	Auto    method.Opt[bool] `json:"auto_change_map"`
	List    []MapEntry       `json:"map_list"`
}

// MapEntry is one map that a vacuum has made.
type MapEntry struct {
	ID      method.Opt[int]    `json:"map_id"`
	Name    method.Opt[string] `json:"map_name"` // base64
	Saved   method.Opt[bool]   `json:"is_saved"`
	Locked  method.Opt[bool]   `json:"map_locked"`
	Rotate  method.Opt[int]    `json:"rotate_angle"` // degrees by which the app turns it
	Updated method.Opt[int]    `json:"update_time"`  // unix seconds
}

// MapQuery is the parameter of getMapData.
type MapQuery struct {
	ID   int `json:"map_id"`
	Type int `json:"type"` // 0
}

// MapData is the answer of getMapData. Package floor reads it.
type MapData struct {
	ID         method.Opt[int]     `json:"map_id"`
	Name       method.Opt[string]  `json:"map_name"` // base64
	Width      method.Opt[int]     `json:"width"`    // pixels
	Height     method.Opt[int]     `json:"height"`
	Resolution method.Opt[float64] `json:"resolution"` // of a pixel, in mm
	BitNum     method.Opt[int]     `json:"bitnum"`     // bits of a pixel, 8
	Bits       *MapBits            `json:"bit_list"`
	PixLen     method.Opt[int]     `json:"pix_len"`    // bytes of the pixels
	LZ4Len     method.Opt[int]     `json:"pix_lz4len"` // bytes before they are unpacked
	Pixels     method.Opt[string]  `json:"map_data"`   // base64 of LZ4
	// Places are x, y and an angle in degrees: in pixels, and in mm.
	Origin     []float64         `json:"origin_coor"`
	Robot      []float64         `json:"vac_coor"`
	Dock       []float64         `json:"charge_coor"`
	RealOrigin []float64         `json:"real_origin_coor"`
	RealRobot  []float64         `json:"real_vac_coor"`
	RealDock   []float64         `json:"real_charge_coor"`
	Areas      []json.RawMessage `json:"area_list"` // [MapArea], and kinds that we do not know
}

// MapBits are what the values of pixels mean.
type MapBits struct {
	Rooms   []int           `json:"auto_area"` // the first and the last id of a room
	Barrier method.Opt[int] `json:"barrier"`   // 0
	None    method.Opt[int] `json:"none"`      // 127
	Clean   method.Opt[int] `json:"clean"`     // 255: floor that belongs to no room
}

// Types of [MapArea].
const (
	AreaRoom   = "room"
	AreaZone   = "area"
	AreaWall   = "virtual_wall"
	AreaForbid = "forbid"
	AreaCarpet = "carpet_rectangle"
)

// MapArea is an entry of area_list: a room, a wall, a forbidden zone.
type MapArea struct {
	ID       method.Opt[int]    `json:"id"`
	Type     method.Opt[string] `json:"type"` // see [AreaRoom]
	Name     method.Opt[string] `json:"name"` // base64
	Color    method.Opt[int]    `json:"color"`
	Suction  method.Opt[int]    `json:"suction"`      // from 1, see [Suctions]; -1: as set
	Cistern  method.Opt[int]    `json:"cistern"`      // from 0, see [WaterLevels]; -1: as set
	Number   method.Opt[int]    `json:"clean_number"` // 1 to 3
	Vertices [][]float64        `json:"vertexs"`      // x and y in mm
}

// AutoMap is the answer of getAutoChangeMap.
type AutoMap struct {
	Auto method.Opt[bool] `json:"auto_change_map"`
}

// Maps of vacuums (section 13).
var (
	GetMapInfo = method.Method[method.None, MapInfo]{Name: "getMapInfo"}
	GetMapData = method.Method[MapQuery, MapData]{Name: "getMapData"}
	GetAutoMap = method.Method[method.None, AutoMap]{Name: "getAutoChangeMap"}
)
