package device

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"wattle"
	"wattle/connect"
	"wattle/feature"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

// Device is an open device, or a child of one: an outlet of a strip, or a
// device behind a hub. It may be used by several goroutines.
type Device struct {
	family wattle.Family
	caller method.Caller // nil for a child whose parent's Caller reaches no children
	parent *Device       // nil for a device with its own connection
	child  string        // the id by which the parent knows it
	base   string        // key of the answer that says who it is
	shared *shared

	state atomic.Pointer[State]
	// basis is what New learned before the first poll: enough to know what can
	// be set, not shown as a state when it comes from Memory.
	basis atomic.Pointer[State]
	// children in the order of the parent's list.
	children atomic.Pointer[[]*Device]
	full     atomic.Bool // a whole poll has succeeded

	// The rest is guarded by shared.busy.
	components map[string]int
	queries    map[string]*health
	existing   ids    // of features that were seen in this session
	agenda     agenda // what it is asked
	versions   versions
}

// versions are the components of the children, and the answer that has them.
type versions struct {
	of   *smart.ChildComponents
	byID map[string]map[string]int
}

// shared is what a device and its children have in common.
type shared struct {
	options Options
	now     func() time.Time
	log     *slog.Logger
	// busy holds one token: whoever has it polls, or changes what is known.
	busy chan struct{}
	// connection is nil for a device that was made over a Caller.
	connection *connect.Result

	// changing holds one token: whoever has it changes a part of an object that
	// is sent back as a whole.
	changing chan struct{}

	mu    sync.Mutex
	stale map[*Device]map[string]bool // queries that a setting has made out of date
}

// childReacher is a Caller that also reaches the children of its device, as a
// session does.
type childReacher interface {
	Child(id string) method.Caller
}

// sourced is a Caller that says by which way its answers come.
type sourced interface{ Source() method.Source }

// New opens a device over any Caller: a session, a relay through the cloud, a
// replayed file. It makes the first contact, which is get_sysinfo alone for
// IOT, and the components, the device's information and the lists of children
// for SMART; see [Options.Memory] for how to avoid it. Children can be called
// where the Caller has a method Child(id string) method.Caller. Errors wrap
// what the Caller gives, or [wattle.ErrProtocol] for an answer that no device
// gives.
func New(ctx context.Context, caller method.Caller, family wattle.Family, o *Options) (*Device, error) {
	return open(ctx, caller, family, o, nil)
}

func open(ctx context.Context, caller method.Caller, family wattle.Family, o *Options, c *connect.Result) (*Device, error) {
	s := &shared{connection: c, busy: make(chan struct{}, 1), changing: make(chan struct{}, 1), stale: map[*Device]map[string]bool{}}
	if o != nil {
		s.options = *o
	}
	if s.now = s.options.Now; s.now == nil {
		s.now = time.Now
	}
	if s.log = s.options.Logger; s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	d := newDevice(s, family, caller)
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.unlock()
	if m := s.options.Memory; m != nil {
		return d, d.remember(m)
	}
	return d, d.contact(ctx)
}

func newDevice(s *shared, family wattle.Family, caller method.Caller) *Device {
	d := &Device{
		family: family, caller: caller, shared: s,
		queries: map[string]*health{},
	}
	d.children.Store(&[]*Device{})
	switch family {
	case wattle.IOT:
		d.base = iot.GetSysinfo.Key()
	case wattle.SMART:
		d.base = smart.GetDeviceInfo.Key()
	}
	return d
}

// lock takes the token of polls, or gives up when ctx ends.
func (s *shared) lock(ctx context.Context) error { return take(ctx, s.busy) }

func (s *shared) unlock() { <-s.busy }

func take(ctx context.Context, token chan struct{}) error {
	select {
	case token <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Family is the language that the device speaks.
func (d *Device) Family() wattle.Family { return d.family }

// Parent is the device that has the connection, nil for such a device.
func (d *Device) Parent() *Device { return d.parent }

// Children are the outlets of a strip, the parts of a device, or the devices
// behind a hub, in the order in which the device lists them. A child stays the
// same pointer as long as it is listed. Do not change the slice.
func (d *Device) Children() []*Device { return *d.children.Load() }

// State is the newest state, or nil before the first poll of a device that was
// opened from [Memory]. It is immutable and costs no I/O.
func (d *Device) State() *State { return d.state.Load() }

// known is what rows are evaluated against: the newest state, else what New
// knows.
func (d *Device) known() *State {
	if s := d.state.Load(); s != nil {
		return s
	}
	return d.basis.Load()
}

// Identity tells who the device is, as of the newest answer.
func (d *Device) Identity() Identity { return d.known().identity }

// Features gives all features with their values as of the newest state; it
// costs no I/O.
func (d *Device) Features() []feature.Reading { return d.known().Readings() }

// Get is the value of a feature as of the newest state, which may be unknown;
// it costs no I/O. The error wraps [wattle.ErrUnsupported] where the device
// does not have the feature.
func (d *Device) Get(id string) (feature.Value, error) {
	r, ok := d.known().Reading(id)
	if !ok {
		return feature.Value{}, d.noFeature(id)
	}
	return r.Value, nil
}

// Call performs calls on the device itself, past the features. See
// [method.Caller].
func (d *Device) Call(ctx context.Context, calls ...method.Call) ([]method.Result, error) {
	if d.caller == nil {
		return nil, fmt.Errorf("%s: %w: it cannot be reached through its parent", d.label(), wattle.ErrUnsupported)
	}
	return d.caller.Do(ctx, calls...)
}

// Close closes what [Open] opened. A device made by [New] is closed with its
// Caller, and a child with its parent.
func (d *Device) Close() error {
	if d.parent != nil || d.shared.connection == nil {
		return nil
	}
	return d.shared.connection.Close()
}

// label names the device in messages.
func (d *Device) label() string {
	if s := d.known(); s != nil {
		return s.identity.Label()
	}
	return "device"
}
