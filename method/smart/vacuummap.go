package smart

import (
	"encoding/json"

	"wattle/method"
)

// MapInfo is the answer of getMapInfo (section 13).
type MapInfo struct {
	Current method.Opt[int] `json:"current_map_id"` // 0: none
	List    []MapEntry      `json:"map_list"`
}

// MapEntry is one map that a vacuum has made.
type MapEntry struct {
	ID      method.Opt[int]    `json:"map_id"`
	Name    method.Opt[string] `json:"map_name"` // base64
	Saved   method.Opt[bool]   `json:"is_saved"`
	Updated method.Opt[int]    `json:"update_time"` // unix seconds
}

// MapQuery is the parameter of getMapData.
type MapQuery struct {
	ID   int `json:"map_id"`
	Type int `json:"type"` // 0
}

// MapData is the answer of getMapData as far as it is not pixels.
type MapData struct {
	ID    method.Opt[int]   `json:"map_id"`
	Areas []json.RawMessage `json:"area_list"` // [MapArea], and kinds that we do not know
}

// MapArea is an entry of area_list: a room, a wall, a forbidden zone.
type MapArea struct {
	ID   method.Opt[int]    `json:"id"`
	Type method.Opt[string] `json:"type"` // room, area, virtual_wall, forbid, carpet_rectangle
	Name method.Opt[string] `json:"name"` // base64
}

// Maps of vacuums (section 13).
var (
	GetMapInfo = method.Method[method.None, MapInfo]{Name: "getMapInfo"}
	GetMapData = method.Method[MapQuery, MapData]{Name: "getMapData"}
)
