package cloudsim

import (
	"net/http"
	"slices"

	"wattle/internal/wire/cloudapi"
)

// firstHome is the home that an account begins with.
func firstHome() []cloudapi.Family {
	return []cloudapi.Family{{ID: "default", Name: "My Home", Default: true, Rooms: []cloudapi.Room{
		{ID: "abcd1234", Name: "Living Room"}, {ID: "abcd1235", Name: "Kitchen"},
	}}}
}

// maxRooms bounds the rooms of a home.
const maxRooms = 50

func (c *Cloud) families(*call) reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	copied := slices.Clone(c.homes)
	for i := range copied {
		copied[i].Rooms = slices.Clone(copied[i].Rooms)
	}
	return found(cloudapi.Families{Total: cloudapi.Int(len(copied)), Data: copied})
}

// homeLocked finds a home by its id.
func (c *Cloud) homeLocked(id string) *cloudapi.Family {
	for i := range c.homes {
		if c.homes[i].ID == id {
			return &c.homes[i]
		}
	}
	return nil
}

// settle puts things into a room.
func (c *Cloud) settle(q *call) reply {
	c.mu.Lock()
	home := c.homeLocked(q.params.text("familyId"))
	room := q.params.text("roomId")
	known := home != nil && slices.ContainsFunc(home.Rooms, func(r cloudapi.Room) bool { return r.ID == room })
	c.mu.Unlock()
	if !known {
		return notFound("room")
	}
	for _, name := range list(q.params["thingNames"]) {
		q.device = name
		u := c.thing(q)
		if u == nil {
			return notFound("thing")
		}
		u.mu.Lock()
		u.room = room
		u.mu.Unlock()
	}
	return reply{status: http.StatusOK}
}

// putRoom makes a room, or renames the one with this id.
func (c *Cloud) putRoom(q *call) reply {
	id, name := q.params.text("id"), q.params.text("name")
	if len(id) != 8 || name == "" {
		return thingError(codeParameter)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	home := c.homeLocked(segment(q.path(), "families"))
	if home == nil {
		return notFound("home")
	}
	for i := range home.Rooms {
		if home.Rooms[i].ID == id {
			home.Rooms[i].Name = name
			return reply{status: http.StatusOK}
		}
	}
	if len(home.Rooms) >= maxRooms {
		return thingError(codeParameter)
	}
	home.Rooms = append(home.Rooms, cloudapi.Room{ID: id, Name: name})
	return reply{status: http.StatusOK}
}

func (c *Cloud) deleteRoom(q *call) reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	home, id := c.homeLocked(segment(q.path(), "families")), segment(q.path(), "rooms")
	if home == nil || !slices.ContainsFunc(home.Rooms, func(r cloudapi.Room) bool { return r.ID == id }) {
		return notFound("room")
	}
	home.Rooms = slices.DeleteFunc(home.Rooms, func(r cloudapi.Room) bool { return r.ID == id })
	return reply{status: http.StatusOK}
}
