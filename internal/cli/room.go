package cli

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"wattle"
	"wattle/hub"
	"wattle/internal/hubapi"
	"wattle/internal/hubclient"
	"wattle/internal/known"
	"wattle/method/smart"
)

// places says where the known devices are, each child after its parent.
func (b *book) places() []hub.Place {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []hub.Place
	for i := range b.list.Devices {
		d := &b.list.Devices[i]
		isHub := (&smart.Info{Type: d.Type}).DeviceType(nil) == wattle.Hub
		out = append(out, hub.Place{ID: hub.ID{MAC: d.MAC}, Room: b.list.Room(d.MAC, ""), Hub: isHub})
		for _, c := range d.Children {
			out = append(out, hub.Place{ID: hub.ID{MAC: d.MAC, Child: c.ID}, Room: b.list.Room(d.MAC, c.ID)})
		}
	}
	return out
}

// inRoom are the devices of "room:NAME", as pick takes them.
func (b *book) inRoom(name string, pick func([]hub.Place, string) []hub.ID) ([]target, error) {
	places := b.places()
	room, err := hub.PickRoom(hub.Rooms(places), name)
	if err != nil {
		f := &fault{err: err, code: CodeNotFound, hint: `"wattle hub room DEVICE ROOM" puts a device into a room`}
		if errors.Is(err, wattle.ErrParam) {
			f.code, f.hint = CodeUsage, "give more of the name"
		}
		return nil, f
	}
	return b.several(pick(places, room)), nil
}

// several are devices that stand behind one word, as far as they are known.
func (b *book) several(ids []hub.ID) (out []target) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range ids {
		m := known.Match{Device: b.list.Get(id.MAC)}
		if m.Device == nil {
			continue
		}
		for i := range m.Device.Children {
			if c := &m.Device.Children[i]; id.Child != "" && c.ID == id.Child {
				m.Child = c
			}
		}
		out = append(out, target{known: *m.Device, child: id.Child, label: m.Name(), every: true, room: true})
	}
	return out
}

// inGroup are the devices of "@NAME": the running hub has groups.
func (a *app) inGroup(ctx context.Context, name string) ([]target, error) {
	if name == "" {
		return nil, usagef("name a group, as in @evening", "no name after @")
	}
	client, err := a.hub(ctx)
	if err != nil {
		return nil, err
	}
	if client == nil {
		return nil, &fault{subject: "@" + name, err: errors.New("groups are kept by a running hub, and none is used"), code: CodeNotFound, hint: `start "wattle serve", or name the devices or their room`}
	}
	list, err := hubclient.List[hubapi.Device](ctx, client, "/devices?group="+url.QueryEscape(name))
	if err != nil {
		return nil, of("@"+name, hubFault(err))
	}
	ids := make([]hub.ID, len(list))
	for i := range list {
		ids[i] = hub.ID{MAC: list[i].MAC, Child: list[i].Child}
	}
	return a.memory.several(ids), nil
}

// settled are devices as the user calls them; "room:NAME" means each that was put
// there, outlets beside their strip too.
func (a *app) settled(ctx context.Context, refs []string) (out []target, err error) {
	if err := a.knowNames(ctx); err != nil {
		return nil, err
	}
	for _, ref := range refs {
		var found []target
		var err error
		if name, ok := hub.CutRoom(ref); ok {
			found, err = a.memory.inRoom(name, func(places []hub.Place, room string) (ids []hub.ID) {
				for _, p := range places {
					if strings.EqualFold(p.Room, room) {
						ids = append(ids, p.ID)
					}
				}
				return ids
			})
		} else {
			found, err = a.resolve(ctx, []string{ref})
		}
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// roomNames are the rooms that there are, for completion.
func (a *app) roomNames(ctx context.Context) []string {
	book, err := a.book()
	if err != nil || book.load(ctx) != nil {
		return nil
	}
	return hub.Rooms(book.places())
}
