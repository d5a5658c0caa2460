package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"wattle"
	"wattle/device"
	"wattle/discover"
	"wattle/feature"
	"wattle/internal/atomicfile"
	"wattle/internal/known"
	"wattle/method"
	"wattle/method/iot"
)

// book is what the profile remembers: the known devices, their sessions, and
// a note for each with what makes the next command short. Its methods may be
// called from several goroutines.
type book struct {
	app      *app
	store    *known.Store
	sessions *known.Sessions
	notes    string // folder

	mu      sync.Mutex
	list    *known.List // as it was read
	changed map[wattle.MAC]known.Device
	housed  housed // those of a running hub
}

// book opens the memory of the profile; it reads nothing yet.
func (a *app) book() (*book, error) {
	if a.memory != nil {
		return a.memory, nil
	}
	p, err := a.profile()
	if err != nil {
		return nil, err
	}
	a.memory = &book{
		app: a, store: known.Open(p.dir), sessions: known.OpenSessions(p.dir), notes: filepath.Join(p.dir, "notes"),
		changed: map[wattle.MAC]known.Device{},
	}
	return a.memory, nil
}

// load reads the known devices, once.
func (b *book) load(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.list != nil {
		return nil
	}
	list, err := b.store.Load(ctx)
	if warning, ok := errors.AsType[*known.CorruptError](err); ok {
		b.app.warn(warning)
	} else if err != nil {
		return err
	}
	b.list = list
	return b.askHub(ctx)
}

// devices are the known devices, with what this run has learned.
func (b *book) devices() []known.Device {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.list.Devices)
}

// room is where a device is, or a child of it.
func (b *book) room(mac wattle.MAC, child string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.list.Room(mac, child)
}

// find looks a reference up among the known devices.
func (b *book) find(ref string) (target, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m, err := b.list.Find(ref)
	if err != nil {
		return target{}, err
	}
	t := target{known: *m.Device, label: m.Name()}
	if m.Child != nil {
		t.child = m.Child.ID
	}
	return t, nil
}

// learn notes what is new about a device; save writes it.
func (b *book) learn(d known.Device) {
	if d.MAC.IsZero() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	before := b.list.Get(d.MAC)
	var old known.Device
	if before != nil {
		old = *before
		old.Children = slices.Clone(old.Children)
	}
	_ = b.list.Put(d) // fails for a device without MAC only
	if same(old, *b.list.Get(d.MAC)) {
		return
	}
	merged := b.changed[d.MAC]
	tmp := known.List{Devices: []known.Device{merged}}
	if merged.MAC.IsZero() {
		tmp.Devices = nil
	}
	_ = tmp.Put(d)
	b.changed[d.MAC] = *tmp.Get(d.MAC)
}

func same(x, y known.Device) bool {
	p, err := json.Marshal(x)
	q, err2 := json.Marshal(y)
	return err == nil && err2 == nil && bytes.Equal(p, q)
}

// save writes what was learned. It must also happen after Ctrl-C.
func (b *book) save(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.changed) == 0 {
		return nil
	}
	if client := b.app.hubOf.client; client != nil && !client.Local() {
		return nil // that is another home
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := b.store.Update(ctx, func(l *known.List) error {
		for _, d := range b.changed {
			if err := l.Put(d); err != nil {
				return err
			}
		}
		return nil
	})
	clear(b.changed)
	if warning, ok := errors.AsType[*known.CorruptError](err); ok {
		b.app.warn(warning)
		return nil
	}
	return err
}

// sighted notes a device that answered a sweep, and gives what is known of it.
func (b *book) sighted(f *discover.Found) known.Device {
	d := known.Device{
		MAC: f.MAC, ID: f.ID, Alias: f.Alias, Model: f.Model, Family: f.Family, Type: f.Type,
		Address: f.Addr.String(), Owner: f.Owner, FirstSeen: time.Now(), LastSeen: time.Now(),
	}
	if len(f.Routes) > 0 && d.Family != "" {
		d.Route = f.Routes[0]
	}
	d.Children = outlets(f)
	b.mu.Lock()
	if old := b.list.Get(f.MAC); old != nil {
		if old.Route.Host == d.Address && slices.Contains(f.Routes, old.Route) {
			d.Route = old.Route // worked before, and is announced still
		}
		d.FirstSeen = time.Time{}
	}
	b.mu.Unlock()
	if f.MAC.IsZero() || len(f.Routes) == 0 {
		return d // nothing that a command could use
	}
	b.learn(d)
	b.noteFound(f)
	b.mu.Lock()
	defer b.mu.Unlock()
	return *b.list.Get(f.MAC)
}

// noteFound notes the state that a device tells when it is found.
func (b *book) noteFound(f *discover.Found) {
	if f.Sysinfo == nil {
		return
	}
	// A device that knows the one answer that came.
	d, err := device.New(context.Background(), told{f.Sysinfo}, wattle.IOT, nil)
	if err != nil {
		b.app.log.Debug("sysinfo not used", "device", f.Addr, "err", err)
		return
	}
	old := b.note(f.MAC)
	if n := noteOf(d, old); n.news(old) {
		b.write(f.MAC, n)
	}
}

// told is a Caller that has one answer: what a device said when it was found.
type told struct{ sysinfo json.RawMessage }

func (t told) Do(_ context.Context, calls ...method.Call) ([]method.Result, error) {
	out := make([]method.Result, len(calls))
	for i, c := range calls {
		if out[i].Raw = t.sysinfo; c.Key() != iot.GetSysinfo.Key() {
			out[i] = method.Result{Err: wattle.ErrUnsupported}
		}
	}
	return out, nil
}

// outlets are the outlets that a strip tells of when it is found.
func outlets(f *discover.Found) (out []known.Child) {
	if f.Sysinfo == nil {
		return nil
	}
	info, _ := iot.GetSysinfo.Decode(f.Sysinfo)
	if info == nil {
		return nil
	}
	for _, o := range info.Children {
		out = append(out, known.Child{ID: info.ChildID(o), Alias: o.Alias, Model: f.Model, Type: string(wattle.StripSocket)})
	}
	return out
}

// note is what makes the next command on a device short, and what list and
// completion show: it is lost without harm.
type note struct {
	Memory   *device.Memory `json:"memory,omitempty"`
	Time     time.Time      `json:"time,omitzero"` // of the state
	On       *bool          `json:"on"`
	Features []notedFeature `json:"features,omitempty"`
	Children []notedChild   `json:"children,omitempty"`
}

type notedChild struct {
	ID       string         `json:"id"`
	On       *bool          `json:"on"`
	Features []notedFeature `json:"features,omitempty"`
}

type notedFeature struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Settable bool     `json:"settable,omitempty"`
	Choices  []string `json:"choices,omitempty"`
}

func (b *book) notePath(mac wattle.MAC) string {
	return filepath.Join(b.notes, mac.Key()+".json")
}

// note reads the note on a device; a broken one is none.
func (b *book) note(mac wattle.MAC) note {
	var n note
	if mac.IsZero() {
		return n
	}
	text, err := os.ReadFile(b.notePath(mac))
	if err == nil && json.Unmarshal(text, &n) != nil {
		n = note{}
	}
	return n
}

// noteAge is how old the time in a note may get before it is written again
// for its own sake.
const noteAge = time.Minute

// news reports whether a note says more than an old one. That a state was
// seen again a moment later is none.
func (n note) news(old note) bool {
	if n.Time.Sub(old.Time) < noteAge && n.Memory != nil && old.Memory != nil {
		n.Time, n.Memory = old.Time, old.Memory // which hold clocks and counters as well
	}
	x, err := json.Marshal(old)
	y, err2 := json.Marshal(n)
	return err == nil && err2 == nil && !bytes.Equal(x, y)
}

// write stores a note. That it fails costs speed only.
func (b *book) write(mac wattle.MAC, n note) {
	text, err := json.Marshal(n)
	if err == nil {
		err = ensureFolder(b.notes)
	}
	if err == nil {
		err = atomicfile.Write(b.notePath(mac), text, 0o600, false)
	}
	if err != nil {
		b.app.log.Debug("note not stored", "err", err)
	}
}

// noteOf is the note on an open device: its newest state, or the one noted
// before where it was not asked.
func noteOf(d *device.Device, old note) note {
	m := d.Memory()
	n := old
	n.Memory = &m
	st := d.State()
	if st == nil {
		return n
	}
	n.Time, n.On, n.Features, n.Children = st.Time(), stateOf(st), more(noted(st), old.Features), nil
	for _, c := range st.Children() {
		child := notedChild{ID: c.Identity().DeviceID, On: stateOf(c), Features: noted(c)}
		for _, k := range old.Children {
			if k.ID == child.ID {
				child.Features = more(child.Features, k.Features)
			}
		}
		n.Children = append(n.Children, child)
	}
	return n
}

// more keeps the longer list: a glance at a device shows fewer features than a
// whole poll.
func more(now, before []notedFeature) []notedFeature {
	if len(before) > len(now) {
		return before
	}
	return now
}

// turned notes that a device or its child was switched, without a new state.
func (n *note) turned(child string, on bool, at time.Time) {
	n.Time = at
	if child == "" {
		n.On = &on
		for i := range n.Children {
			n.Children[i].On = nil // a strip switches all, a hub none: the next poll tells
		}
		return
	}
	for i := range n.Children {
		if n.Children[i].ID == child {
			n.Children[i].On = &on
		}
	}
}

func stateOf(st *device.State) *bool {
	if on, known := st.On(); known {
		return &on
	}
	return nil
}

func noted(st *device.State) []notedFeature {
	var out []notedFeature
	for _, r := range st.Readings() {
		if r.Kind != feature.Action && r.Kind != feature.Event {
			out = append(out, notedFeature{ID: r.ID, Name: r.Name, Settable: r.Settable, Choices: r.Choices})
		}
	}
	return out
}
