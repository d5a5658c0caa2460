package known

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"slices"

	"wattle"
	"wattle/internal/wire/rawjson"
)

// Room is where a device or a child is. It is remembered beside the devices, so
// that one that is taken out and comes back is where it was.
type Room struct {
	MAC   wattle.MAC `json:"mac"`
	Child string     `json:"child,omitempty"` // id of the child, "" for the device itself
	Name  string     `json:"name"`
	// From is "account" where the TP-Link account says so, "" where the owner does.
	From string `json:"from,omitempty"`

	extra extra
}

// UnmarshalJSON reads a record and keeps what it does not know.
func (r *Room) UnmarshalJSON(b []byte) error {
	*r = Room{}
	err := rawjson.Members(b, func(key, value []byte) error {
		switch string(key) {
		case "mac":
			return readMAC(value, &r.MAC)
		case "child":
			return readText(value, &r.Child)
		case "name":
			return readText(value, &r.Name)
		case "from":
			return readText(value, &r.From)
		}
		r.extra.keep(key, value)
		return nil
	})
	if err == nil && r.MAC.IsZero() {
		return errors.New("a room without MAC")
	}
	return err
}

// MarshalJSON writes a record with what was kept.
func (r Room) MarshalJSON() ([]byte, error) {
	type plain Room
	b, err := json.Marshal(plain(r))
	if err != nil {
		return nil, err
	}
	return r.extra.with(b)
}

// Settle notes where a device is, and forgets it where the name is "".
func (l *List) Settle(r Room) {
	i, found := slices.BinarySearchFunc(l.Rooms, r, func(a, b Room) int {
		return cmp.Or(bytes.Compare(a.MAC[:], b.MAC[:]), cmp.Compare(a.Child, b.Child))
	})
	switch {
	case found && r.Name == "":
		l.Rooms = slices.Delete(l.Rooms, i, i+1)
	case found:
		if r.extra == nil {
			r.extra = l.Rooms[i].extra
		}
		l.Rooms[i] = r
	case r.Name != "":
		l.Rooms = slices.Insert(l.Rooms, i, r)
	}
}

// Room is where a device is, or a child of it: "" where nothing was noted.
func (l *List) Room(mac wattle.MAC, child string) string {
	for i := range l.Rooms {
		if r := &l.Rooms[i]; r.MAC == mac && r.Child == child {
			return r.Name
		}
	}
	return ""
}
