package hub

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"wattle"
)

// Room is where a device is: a name, told apart whatever its case. The zero Room
// is nowhere.
type Room struct {
	Name string
	// Account: the TP-Link account says so, and not the owner. It never takes the
	// place of what the owner says.
	Account bool
}

// maxRoom is how many characters the name of a room may have.
const maxRoom = 64

// CheckRoom gives the name of a room without the spaces around it. The error wraps
// [wattle.ErrParam] for what is no name.
func CheckRoom(name string) (string, error) {
	name = strings.TrimSpace(name)
	switch {
	case name == "":
		return "", fmt.Errorf("%w: the name of a room must not be empty", wattle.ErrParam)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) }):
		return "", fmt.Errorf("%w: %q is no name of a room: it is a text of one line", wattle.ErrParam, clip(name))
	case utf8.RuneCountInString(name) > maxRoom:
		return "", fmt.Errorf("%w: %q is no name of a room: want up to %d characters", wattle.ErrParam, clip(name), maxRoom)
	}
	return name, nil
}

// clip keeps foreign text in messages short.
func clip(text string) string {
	if r := []rune(text); len(r) > maxRoom {
		return string(r[:maxRoom]) + "…"
	}
	return text
}

// RoomWord is how a reference to the devices of a room begins.
const RoomWord = "room:"

// CutRoom gives the name in "room:NAME", and false for other words. It is not
// checked.
func CutRoom(word string) (name string, ok bool) {
	if len(word) < len(RoomWord) || !strings.EqualFold(word[:len(RoomWord)], RoomWord) {
		return "", false
	}
	return strings.TrimSpace(word[len(RoomWord):]), true
}

// PickRoom gives the room of a list that a name means: whatever the case, or as the
// only beginning. Errors name the rooms that there are; they wrap
// [wattle.ErrNotFound], or [wattle.ErrParam] where several are meant.
func PickRoom(rooms []string, name string) (string, error) {
	var begin []string
	for _, r := range rooms {
		if strings.EqualFold(r, name) {
			return r, nil
		}
		if name != "" && strings.HasPrefix(strings.ToLower(r), strings.ToLower(name)) {
			begin = append(begin, r)
		}
	}
	switch {
	case len(begin) == 1:
		return begin[0], nil
	case len(begin) > 1:
		return "", &roomError{fmt.Sprintf("room %q may be %s", clip(name), quoted(begin)), wattle.ErrParam}
	case len(rooms) == 0:
		return "", &roomError{fmt.Sprintf("no room %q: no device was given a room yet", clip(name)), wattle.ErrNotFound}
	}
	return "", &roomError{fmt.Sprintf("no room %q: there are %s", clip(name), quoted(rooms)), wattle.ErrNotFound}
}

// roomError is of a class without its words, which speak of devices.
type roomError struct {
	text  string
	class error
}

func (e *roomError) Error() string { return e.text }
func (e *roomError) Unwrap() error { return e.class }

// quoted lists names; of very many the first.
func quoted(names []string) string {
	const most = 20
	var b strings.Builder
	for i, name := range names {
		switch {
		case i == most:
			fmt.Fprintf(&b, " and %d more", len(names)-most)
			return b.String()
		case i > 0:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", name)
	}
	return b.String()
}

// Place is where one device is, as far as [Rooms] and [Within] need to know.
type Place struct {
	ID   ID
	Room string // "" for nowhere
	Hub  bool   // what is behind it is where it is itself
}

// Places says where views are.
func Places(views []*View) []Place {
	out := make([]Place, len(views))
	for i, v := range views {
		out[i] = Place{v.ID, v.Room.Name, v.Identity().Type == wattle.Hub}
	}
	return out
}

// Rooms are the names of the rooms that devices are in, each once, in order.
func Rooms(places []Place) []string {
	names := map[string]string{}
	for _, p := range places {
		if key := strings.ToLower(p.Room); key != "" && names[key] == "" {
			names[key] = p.Room
		}
	}
	out := make([]string, 0, len(names))
	for _, key := range slices.Sorted(maps.Keys(names)) {
		out = append(out, names[key])
	}
	return out
}

// Within picks the devices of a room, whatever its case, in their order. A strip
// stands for its outlets; where some of these are in another room, the others stand
// for themselves. What is behind a hub is where it is itself.
func Within(places []Place, room string) []ID {
	here := func(p *Place) bool { return room != "" && strings.EqualFold(p.Room, room) }
	elsewhere := func(p *Place) bool { return p.Room != "" && !here(p) }
	strips, split := map[wattle.MAC]bool{}, map[wattle.MAC]bool{} // of the strips that are here
	for i := range places {
		if p := &places[i]; p.ID.Child == "" && here(p) && !p.Hub {
			strips[p.ID.MAC] = true
		}
	}
	for i := range places {
		if p := &places[i]; p.ID.Child != "" && strips[p.ID.MAC] && elsewhere(p) {
			split[p.ID.MAC] = true
		}
	}
	var out []ID
	for i := range places {
		p := &places[i]
		picked := here(p)
		switch {
		case p.ID.Child == "":
			picked = picked && !split[p.ID.MAC]
		case split[p.ID.MAC]:
			picked = !elsewhere(p)
		default:
			picked = picked && !strips[p.ID.MAC]
		}
		if picked {
			out = append(out, p.ID)
		}
	}
	return out
}

// rooms is where devices are, also those that have left and may come back.
type rooms struct {
	settling sync.Mutex // held over a change, disk included

	mu sync.Mutex
	of map[ID]Room // it is replaced, and never changed
}

func (r *rooms) all() map[ID]Room {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.of
}

// SetRoom puts devices into a room, and takes them out with the zero Room. It
// returns when that is stored, see [Options.Settle]. What the owner has said stays
// where room is of the account. A name that is there in another case is taken from
// there. Errors wrap [wattle.ErrParam] for what is no name, and
// [wattle.ErrNotFound]; then nothing was changed.
func (h *Hub) SetRoom(ctx context.Context, room Room, ids ...ID) error {
	if room != (Room{}) {
		name, err := CheckRoom(room.Name)
		if err != nil {
			return err
		}
		room.Name = name
	}
	h.rooms.settling.Lock()
	defer h.rooms.settling.Unlock()
	all := maps.Clone(h.rooms.all())
	if all == nil {
		all = map[ID]Room{}
	}
	changed := map[ID]Room{}
	for _, id := range ids {
		if _, err := h.View(id); err != nil {
			return err
		}
		if old := all[id]; room.Account && old.Name != "" && !old.Account {
			continue
		}
		changed[id] = room
		delete(all, id) // so that its own spelling can be changed
	}
	for _, other := range all {
		if strings.EqualFold(other.Name, room.Name) {
			room.Name = other.Name
		}
	}
	for id := range changed {
		changed[id] = room
		if room.Name != "" {
			all[id] = room
		}
	}
	if len(changed) == 0 {
		return nil
	}
	if h.options.Settle != nil {
		if err := h.options.Settle(ctx, changed); err != nil {
			return fmt.Errorf("the room was not stored: %w", err)
		}
	}
	h.rooms.mu.Lock()
	h.rooms.of = all
	h.rooms.mu.Unlock()
	for id := range changed {
		if e, err := h.entry(id); err == nil {
			e.settled(id)
		}
	}
	return nil
}

// settled shows that a device is in another room.
func (e *entry) settled(id ID) {
	e.showing.Lock()
	defer e.showing.Unlock()
	e.mu.Lock()
	ended := e.ended
	e.mu.Unlock()
	old := e.hub.bus.view(id)
	if ended || old == nil {
		return
	}
	v := *old
	v.Room = e.hub.rooms.all()[id]
	e.show(&v)
}
