package cli

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"wattle"
	"wattle/connect"
	"wattle/hub"
	"wattle/internal/hubapi"
	"wattle/internal/known"
)

// registry is the memory of the home under a hub: the known devices, which are
// those of the hub. What the hub learns is written once a second at most.
type registry struct {
	app *app
	log *slog.Logger
	hub *hub.Hub // nil before there is one

	mu      sync.Mutex
	pending map[wattle.MAC]*hub.Entry // nil: removed
	signal  chan struct{}
}

func newRegistry(a *app, log *slog.Logger) *registry {
	return &registry{app: a, log: log, pending: map[wattle.MAC]*hub.Entry{}, signal: make(chan struct{}, 1)}
}

// entries are the devices to begin with.
func (r *registry) entries(ctx context.Context) ([]hub.Entry, error) {
	book, err := r.app.book()
	if err != nil {
		return nil, err
	}
	if err := book.load(ctx); err != nil {
		return nil, err
	}
	var out []hub.Entry
	for _, d := range book.devices() {
		if d.MAC.IsZero() {
			continue
		}
		out = append(out, hub.Entry{Target: targetOf(&d, r.app.policy()), Memory: book.note(d.MAC).Memory})
	}
	return out, nil
}

// rooms are where devices are to begin with.
func (r *registry) rooms(ctx context.Context) (map[hub.ID]hub.Room, error) {
	book, err := r.app.book()
	if err != nil {
		return nil, err
	}
	if err := book.load(ctx); err != nil {
		return nil, err
	}
	book.mu.Lock()
	defer book.mu.Unlock()
	out := make(map[hub.ID]hub.Room, len(book.list.Rooms))
	for _, k := range book.list.Rooms {
		if _, err := hub.CheckRoom(k.Name); err != nil {
			r.log.Warn("room left out", "device", k.MAC, "err", err)
			continue
		}
		out[hub.ID{MAC: k.MAC, Child: k.Child}] = hub.Room{Name: k.Name, Account: k.From == hubapi.FromAccount}
	}
	return out, nil
}

// settle writes where devices are, and returns when that is on the disk.
func (r *registry) settle(ctx context.Context, rooms map[hub.ID]hub.Room) error {
	book, err := r.app.book()
	if err != nil {
		return err
	}
	err = book.store.Update(ctx, func(l *known.List) error {
		for id, room := range rooms {
			k := known.Room{MAC: id.MAC, Child: id.Child, Name: room.Name}
			if room.Account {
				k.From = hubapi.FromAccount
			}
			l.Settle(k)
		}
		return nil
	})
	if warning, ok := errors.AsType[*known.CorruptError](err); ok { // it was written all the same
		r.log.Warn("known devices", "err", warning)
		return nil
	}
	return err
}

// targetOf is what is known of a device for connecting to it.
func targetOf(d *known.Device, policy connect.Policy) connect.Target {
	t := connect.Target{
		Policy: policy, Name: d.Name(), Host: d.Address, MAC: d.MAC, Owner: d.Owner, Prefer: d.Credential,
		Refused: d.Refused, Type: d.Type,
	}
	if d.Route.Transport != "" {
		t.Routes = []wattle.Route{d.Route}
	}
	return t
}

// learned and removed are told by the hub.
func (r *registry) learned(e hub.Entry) { r.put(e.Target.MAC, &e) }
func (r *registry) removed(id hub.ID)   { r.put(id.MAC, nil) }

func (r *registry) put(mac wattle.MAC, e *hub.Entry) {
	r.mu.Lock()
	r.pending[mac] = e
	r.mu.Unlock()
	select {
	case r.signal <- struct{}{}:
	default:
	}
}

// run writes what was learned until ctx ends, and then what is left.
func (r *registry) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			r.flush()
			return nil
		case <-r.signal:
		}
		wait := time.NewTimer(time.Second)
		select {
		case <-ctx.Done():
			wait.Stop()
		case <-wait.C:
		}
		r.flush()
	}
}

// flush writes what waits. What fails is tried again with the next news.
func (r *registry) flush() {
	r.mu.Lock()
	pending := r.pending
	r.pending = map[wattle.MAC]*hub.Entry{}
	r.mu.Unlock()
	if len(pending) == 0 {
		return
	}
	book, err := r.app.book()
	if err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		err = book.store.Update(ctx, func(l *known.List) error {
			for mac, e := range pending {
				if e == nil {
					l.Remove(mac)
				} else if err := l.Put(r.device(e)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		r.log.Warn("known devices not written", "err", err)
		r.mu.Lock()
		for mac, e := range pending {
			if _, newer := r.pending[mac]; !newer {
				r.pending[mac] = e
			}
		}
		r.mu.Unlock()
		return
	}
	for mac, e := range pending {
		if e != nil && e.Memory != nil {
			n := book.note(mac)
			n.Memory = e.Memory
			book.write(mac, n)
		}
	}
}

// device is what the list of known devices says of an entry.
func (r *registry) device(e *hub.Entry) known.Device {
	t := &e.Target
	d := known.Device{MAC: t.MAC, Owner: t.Owner, Type: t.Type, Credential: t.Prefer, Refused: t.Refused, FirstSeen: time.Now()}
	if len(t.Routes) > 0 && t.Routes[0].Transport != wattle.Cloud {
		d.Address, d.Route, d.LastSeen = t.Host, t.Routes[0], time.Now()
		d.Family = t.Routes[0].Family
	}
	if r.hub == nil {
		return d
	}
	v, err := r.hub.View(hub.ID{MAC: t.MAC})
	if err != nil || v.State == nil {
		return d
	}
	id := v.Identity()
	d.ID, d.Alias, d.Model, d.Family, d.Type = id.DeviceID, id.Alias, id.Model, id.Family, id.Kind
	for _, c := range v.State.Children() {
		i := c.Identity()
		d.Children = append(d.Children, known.Child{ID: i.DeviceID, Alias: i.Alias, Model: i.Model, Type: string(i.Type)})
	}
	return d
}
