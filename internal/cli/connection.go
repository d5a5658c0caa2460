package cli

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"wattle"
	"wattle/connect"
	"wattle/device"
	"wattle/discover"
	"wattle/internal/hubapi"
	"wattle/internal/known"
	"wattle/method"
	"wattle/session"
	"wattle/transport"
)

// leaseWait is how long another process may use the stored session of a device
// before this one makes a session of its own.
const leaseWait = 10 * time.Second

// newcomerWait is the same for a device that turns out to be known.
const newcomerWait = 100 * time.Millisecond

// connection is the way to one device for the length of a command: it opens
// the device once, keeps its session between runs, and remembers what was
// learned. Between rest and wake other processes may use the session.
type connection struct {
	app   *app
	known known.Device
	users atomic.Int32

	mu     sync.Mutex
	routes []wattle.Route // what discovery told just now, nil otherwise
	dev    *device.Device
	opened *connect.Result // nil for a device that is reached through a hub
	// through is the device as the hub has it, nil without a hub.
	through *hubapi.Device
	found   *discover.Found
	err     error // of opening: not tried twice in one command
	lease   *known.Lease
	saved   string // the session as it was stored last
	note    note
	turns   []func(*note) // what was switched since the last state
}

func newConnection(a *app, d known.Device) *connection { return &connection{app: a, known: d} }

// wake gives the open device, with the right to use its session.
func (c *connection) wake(ctx context.Context) (*device.Device, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil, c.err
	}
	if c.dev != nil && c.lease == nil && !c.known.MAC.IsZero() {
		if err := c.take(ctx, leaseWait); err != nil {
			return nil, err
		}
		if c.lease != nil && string(c.lease.Data()) != c.saved {
			c.closeDevice() // another process has made a new session
		}
	}
	if c.dev != nil {
		return c.dev, nil
	}
	c.err = c.open(ctx)
	if c.err != nil {
		c.release()
	}
	return c.dev, c.err
}

// take takes the lease of the device's session. Without one in time the
// command goes on with a session of its own.
func (c *connection) take(ctx context.Context, patience time.Duration) error {
	if c.lease != nil || c.through != nil || c.known.MAC.IsZero() || stateless(c.known.Route) || c.app.policy() == connect.CloudOnly {
		return nil
	}
	book, err := c.app.book()
	if err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	lease, err := book.sessions.Take(wait, c.known.MAC)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, wattle.ErrBusy):
		c.app.detail("%s: %v; making another session", c.known.Name(), err)
		return nil
	case err != nil:
		c.app.warn(err) // a state folder that cannot be written costs speed only
		return nil
	}
	c.lease = lease
	return nil
}

// stateless reports whether a transport has no session to keep.
func stateless(r wattle.Route) bool {
	return r.Transport == wattle.XOR || r.Transport == wattle.XORUDP || r.Transport == wattle.Linkie
}

// open connects, by what worked before or as the device says now, and makes
// the device. What earlier commands learned spares the first contact.
func (c *connection) open(ctx context.Context) error {
	a := c.app
	book, err := a.book()
	if err != nil {
		return err
	}
	if client, info, err := c.inHub(ctx); err != nil || info != nil {
		if err != nil {
			return err
		}
		return c.openThrough(ctx, client, info)
	}
	policy := a.policy()
	if err := c.take(ctx, leaseWait); err != nil {
		return err
	}
	t := connect.Target{
		Policy: policy,
		Name:   c.known.Name(), Host: c.known.Address, MAC: c.known.MAC, Owner: c.known.Owner, Prefer: c.known.Credential,
		Refused: c.known.Refused, Routes: c.routes, Type: c.known.Type,
	}
	if c.known.Alias == "" && c.known.MAC.IsZero() {
		t.Name = c.known.Address
	}
	if t.Routes == nil && c.known.Route.Transport != "" {
		t.Routes = []wattle.Route{c.known.Route}
	}
	if c.lease != nil {
		t.Resume = c.lease.Data()
	}
	o := &connect.Options{Logger: a.log, Session: &session.Options{Logger: a.log}}
	if o.TPAP, err = a.tpapOptions(); err != nil {
		return err
	}
	if o.Discover, err = a.sweepOptions(nil); err != nil {
		return err
	}
	o.Discover.Timeout = 0 // a probe of one host and a sweep have each their own
	if o.Cloud, err = a.cloudFor(ctx, policy); err != nil {
		return err
	}
	if !stateless(c.known.Route) && policy != connect.CloudOnly {
		if o.Account, err = a.account(ctx); err != nil {
			return err
		}
	}
	result, err := connect.Open(ctx, t, o)
	if errors.Is(err, wattle.ErrAuth) && o.Account.IsZero() && c.known.Route.Transport == wattle.XOR {
		// New firmware wants an account where the old one did not.
		account, wrong := a.account(ctx)
		if wrong != nil {
			return wrong
		}
		if !account.IsZero() {
			o.Account = account
			result, err = connect.Open(ctx, t, o)
		}
	}
	if e, ok := errors.AsType[*connect.Error](err); ok && e.Refused != "" && !c.known.MAC.IsZero() {
		book.learn(known.Device{MAC: c.known.MAC, Refused: e.Refused})
		if err := book.save(ctx); err != nil {
			a.warn(err)
		}
	}
	if err != nil {
		return err
	}
	if c.known.MAC.IsZero() && !result.MAC.IsZero() && result.Way == nil {
		// It was not known until now: its session is worth keeping, too.
		c.known.MAC, c.known.Route = result.MAC, result.Route
		if err := c.take(ctx, newcomerWait); err != nil {
			_ = result.Session.Close()
			return err
		}
	}
	c.note = book.note(result.MAC)
	memory := c.note.Memory
	if memory != nil && memory.Family != result.Route.Family {
		memory = nil
	}
	d, err := device.New(ctx, result.Caller, result.Route.Family, &device.Options{Memory: memory, Logger: a.log})
	if err != nil {
		_ = result.Close()
		return err
	}
	c.dev, c.opened, c.found = d, result, result.Found
	return nil
}

// remember notes what was learned of the device: where and how it is reached,
// what it is and what it said last.
func (c *connection) remember(ctx context.Context) {
	book, err := c.app.book()
	if err != nil {
		return
	}
	if c.through != nil {
		c.takeNote(book) // the hub remembers the rest
		c.tellHub(ctx)
		return
	}
	id := c.dev.Identity()
	if c.opened.Way != nil && c.known.MAC.IsZero() {
		return // it cannot be told from its parent
	}
	d := known.Device{
		MAC: id.MAC, ID: id.DeviceID, Alias: id.Alias, Model: id.Model, Family: id.Family, Type: id.Kind,
		Address: c.known.Address, Route: c.known.Route, Credential: c.known.Credential, LastSeen: time.Now(),
	}
	if c.opened.Way == nil { // what the cloud tells of its own host is of no use here
		info := c.opened.Session.Conn().Info()
		d.Address, d.Route, d.Credential = info.Route.Host, info.Route, info.Credential
	}
	if d.Model.Region == "" && d.Model.Name == c.known.Model.Name {
		d.Model = c.known.Model // discovery told more
	}
	if c.known.FirstSeen.IsZero() {
		d.FirstSeen = d.LastSeen
	}
	if c.found != nil {
		d.Owner = c.found.Owner
	}
	for _, child := range c.dev.Children() {
		i := child.Identity()
		d.Children = append(d.Children, known.Child{ID: i.DeviceID, Alias: i.Alias, Model: i.Model, Type: string(i.Type)})
	}
	if d.MAC.IsZero() {
		return
	}
	c.known = d
	book.learn(d)
	if err := book.save(ctx); err != nil {
		c.app.warn(err)
	}
	c.takeNote(book)
}

// takeNote notes the state of the device, for lists and the next command.
func (c *connection) takeNote(book *book) {
	n := noteOf(c.dev, c.note)
	for _, turn := range c.turns {
		turn(&n)
	}
	c.turns = nil
	if n.news(c.note) {
		book.write(c.known.MAC, n)
		c.note = n
	}
}

// rest stores the session and what was learned, and lets other processes use
// both.
func (c *connection) rest(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dev != nil {
		c.remember(ctx)
	}
	c.release()
}

// release is called with the lock held.
func (c *connection) release() {
	if c.lease == nil {
		return
	}
	if r, ok := c.sessionConn().(transport.Resumer); ok {
		data := r.Export()
		if string(data) != string(c.lease.Data()) {
			if err := c.lease.Save(data); err != nil {
				c.app.warn(err)
			}
		}
		c.saved = string(data)
	}
	c.lease.Release()
	c.lease = nil
}

// leave ends the use by one target; the last one closes.
func (c *connection) leave(ctx context.Context) {
	if c.users.Add(-1) == 0 {
		c.close(ctx)
	}
}

// close stores what was learned and closes the device. A later wake opens it again.
func (c *connection) close(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dev != nil {
		c.remember(ctx)
	}
	c.release()
	c.closeDevice()
	c.err = nil
}

func (c *connection) closeDevice() {
	if c.dev == nil {
		return
	}
	if c.opened != nil {
		if err := c.opened.Close(); err != nil {
			c.app.log.Debug("close", "device", c.known.Name(), "err", err)
		}
	}
	c.dev, c.opened, c.through = nil, nil, nil
}

func (c *connection) sessionConn() transport.Conn {
	if c.opened == nil || c.opened.Way != nil {
		return nil
	}
	return c.opened.Session.Conn()
}

// describe adds to what a device says how it is reached.
func (c *connection) describe(s *shape, source method.Source) {
	switch {
	case source == method.Cloud:
		s.Address, s.Transport = "", string(wattle.Cloud)
	case c.through != nil:
		s.Address, s.Transport = c.through.Address, c.through.Transport
	case c.sessionConn() != nil:
		route := c.sessionConn().Info().Route
		s.Address, s.Transport = route.Host, route.Name()
	}
}

// turned notes a state that was set and not read.
func (c *connection) turned(d *device.Device, on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	child := ""
	if d.Parent() != nil {
		child = d.Identity().DeviceID
	}
	c.turns = append(c.turns, func(n *note) { n.turned(child, on, time.Now()) })
}
