package device

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"wattle"
	"wattle/catalog"
	"wattle/floor"
	"wattle/method"
	"wattle/method/smart"
)

// ErrNoMap is wrapped where a vacuum has made no map yet.
var ErrNoMap = errors.New("it has no map yet; let it clean the home once")

// FloorMap is a map that a vacuum has made, in short.
type FloorMap struct {
	ID      int       `json:"id"`
	Name    string    `json:"name"` // "" where nobody named it
	Current bool      `json:"current"`
	Saved   bool      `json:"saved"`
	Locked  bool      `json:"locked"`
	Rotate  int       `json:"rotate"` // degrees by which the app turns it
	Updated time.Time `json:"updated,omitzero"`
}

// Maps lists the maps that it has made.
func (v *Vacuum) Maps(ctx context.Context) ([]FloorMap, error) {
	info, err := v.mapInfo(ctx)
	if err != nil {
		return nil, err
	}
	zone := catalog.LocalTime(v.d.known().view).Location()
	list := []FloorMap{}
	for i := range info.List {
		m := &info.List[i]
		id, ok := m.ID.Get()
		if !ok {
			continue
		}
		f := FloorMap{
			ID: id, Name: smart.Text(m.Name.Or("")), Current: id == info.Current.Or(0),
			Saved: m.Saved.Or(false), Locked: m.Locked.Or(false), Rotate: m.Rotate.Or(0),
		}
		if at := m.Updated.Or(0); at > 0 {
			f.Updated = time.Unix(int64(at), 0).In(zone)
		}
		list = append(list, f)
	}
	return list, nil
}

func (v *Vacuum) mapInfo(ctx context.Context) (*smart.MapInfo, error) {
	if err := v.d.requires("map", "maps"); err != nil {
		return nil, err
	}
	info, err := ask(ctx, v.d, smart.GetMapInfo, method.None{})
	if info == nil {
		return nil, fmt.Errorf("%s: %w", v.d.label(), err)
	}
	return info, nil
}

// Map asks for a map by its id, 0 for the one that it uses now. Where only a part
// of the answer can be read, that is given together with an error that wraps
// [wattle.ErrProtocol]. It wraps [ErrNoMap] where there is none, and
// [wattle.ErrParam] where there is none of that id.
func (v *Vacuum) Map(ctx context.Context, id int) (*floor.Plan, error) {
	info, err := v.mapInfo(ctx)
	if err != nil {
		return nil, err
	}
	if id == 0 {
		if id = info.Current.Or(0); id == 0 {
			return nil, fmt.Errorf("%s: %w", v.d.label(), ErrNoMap)
		}
	} else if err := among(info.List, id); err != nil {
		return nil, fmt.Errorf("%s: %w", v.d.label(), err)
	}
	data, err := ask(ctx, v.d, smart.GetMapData, smart.MapQuery{ID: id})
	if data == nil {
		return nil, fmt.Errorf("%s: map %d: %w", v.d.label(), id, err)
	}
	p, err := floor.Read(data)
	if p.ID == 0 {
		p.ID = id
	}
	for i := range info.List {
		if p.Name == "" && info.List[i].ID.Or(0) == id {
			p.Name = smart.Text(info.List[i].Name.Or(""))
		}
	}
	if err != nil {
		return p, fmt.Errorf("%s: %w", v.d.label(), err)
	}
	return p, nil
}

// Rooms are the rooms of the map that the vacuum uses now, with the id of that
// map. The error wraps [ErrNoMap] where it has none yet.
func (v *Vacuum) Rooms(ctx context.Context) (mapID int, rooms []floor.Room, err error) {
	p, err := v.Map(ctx, 0)
	if p == nil {
		return 0, nil, err
	}
	return p.ID, p.Rooms, nil // without pixels the rooms have no sizes, but names
}

// among tells which maps there are where an id is none of theirs.
func among(list []smart.MapEntry, id int) error {
	var names []string
	for i := range list {
		if list[i].ID.Or(0) == id {
			return nil
		}
		names = append(names, fmt.Sprintf("%d (%s)", list[i].ID.Or(0), smart.Text(list[i].Name.Or(""))))
	}
	if len(names) == 0 {
		return ErrNoMap
	}
	return fmt.Errorf("%w: there is no map %d; there are %s", wattle.ErrParam, id, strings.Join(names, ", "))
}

// FindRoom finds a room by its name in any case, or by its id. The error wraps
// [wattle.ErrParam] and says which rooms there are, or that two are called so.
func FindRoom(rooms []floor.Room, name string) (id int, err error) {
	name = strings.TrimSpace(name)
	found := 0
	for _, r := range rooms {
		if strings.EqualFold(r.Name, name) && name != "" {
			id = r.ID
			found++
		}
	}
	number, notNumber := strconv.Atoi(name)
	var names []string
	for _, r := range rooms {
		if found == 0 && notNumber == nil && r.ID == number {
			return number, nil
		}
		if r.Name == "" {
			names = append(names, strconv.Itoa(r.ID))
		} else {
			names = append(names, r.Name)
		}
	}
	switch {
	case found == 1:
		return id, nil
	case found > 1:
		return 0, fmt.Errorf("%w: %d rooms are called %q; name its id", wattle.ErrParam, found, name)
	case len(names) == 0:
		return 0, fmt.Errorf("%w: the map has no rooms; divide it in the app", wattle.ErrParam)
	}
	return 0, fmt.Errorf("%w: no room is called %q; there are %s", wattle.ErrParam, name, strings.Join(names, ", "))
}
