package device

import (
	"context"
	"encoding/json"
	"fmt"

	"wattle"
	"wattle/method"
	"wattle/method/smart"
)

// cleanRooms is the mode of cleaning some rooms.
const cleanRooms = 3

// Clean cleans some rooms of a map, see [Vacuum.Rooms], in their order. See
// docs/protocol/smart.md section 13.
func (v *Vacuum) Clean(ctx context.Context, mapID int, rooms ...int) error {
	if len(rooms) == 0 {
		return fmt.Errorf("%w: no room is named", wattle.ErrParam)
	}
	return v.send(do(ctx, v.d, smart.SetSwitchClean, smart.SwitchClean{
		Mode: cleanRooms, On: true, Order: true, MapID: mapID, Rooms: rooms, StartType: 1,
	}))
}

// Resume goes on after a pause.
func (v *Vacuum) Resume(ctx context.Context) error {
	return v.send(do(ctx, v.d, smart.SetRobotPause, smart.Pause{}))
}

// send has the status read anew by the next poll.
func (v *Vacuum) send(err error) error {
	v.d.shared.markStale(v.d, []method.Query{smart.GetVacStatus.Query(method.EveryPoll)})
	return err
}

// Room is a room of a map.
type Room struct {
	ID   int    `json:"id"`
	Name string `json:"name"` // "" where nobody named it
}

// Rooms are the rooms of the map that the vacuum uses now, with the id of that
// map. The error wraps [wattle.ErrNotFound] where it has none yet.
func (v *Vacuum) Rooms(ctx context.Context) (mapID int, rooms []Room, err error) {
	info, err := ask(ctx, v.d, smart.GetMapInfo, method.None{})
	if info == nil {
		return 0, nil, err
	}
	if mapID = info.Current.Or(0); mapID == 0 {
		return 0, nil, fmt.Errorf("%s: %w: it has no map yet; let it clean once", v.d.label(), wattle.ErrNotFound)
	}
	data, err := ask(ctx, v.d, smart.GetMapData, smart.MapQuery{ID: mapID})
	if data == nil {
		return mapID, nil, err
	}
	for _, raw := range data.Areas {
		var a smart.MapArea
		if json.Unmarshal(raw, &a) != nil || a.Type.Or("") != "room" {
			continue
		}
		if id, ok := a.ID.Get(); ok {
			rooms = append(rooms, Room{id, smart.Text(a.Name.Or(""))})
		}
	}
	return mapID, rooms, nil
}
