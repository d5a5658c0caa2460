package cli

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"wattle"
	"wattle/device"
	"wattle/hub"
	"wattle/internal/hubapi"
	"wattle/internal/hubclient"
	"wattle/internal/known"
)

// helloWait is how long a hub may take to say that it is there. One that hangs
// costs a command no more than this.
const helloWait = time.Second

// hubs is the running hub that commands go through, for the length of a command.
type hubs struct {
	once   sync.Once
	client *hubclient.Client
	err    error
}

// hubSocket is where a hub of this profile listens.
func (a *app) hubSocket() (string, error) {
	p, err := a.profile()
	if err != nil {
		return "", err
	}
	set, err := a.settings()
	if err != nil {
		return "", err
	}
	if path := set.text("listen.socket"); path != "" && path != "off" {
		return path, nil
	}
	dir, err := a.runtimeFolder()
	if p.name != "" {
		return filepath.Join(dir, "hub-"+p.name+".sock"), err
	}
	return filepath.Join(dir, "hub.sock"), err
}

// hub is the running hub, nil where there is none and commands go straight to
// devices. An error is for a hub that was named and cannot be used.
func (a *app) hub(ctx context.Context) (*hubclient.Client, error) {
	a.hubOf.once.Do(func() { a.hubOf.client, a.hubOf.err = a.findHub(ctx) })
	return a.hubOf.client, a.hubOf.err
}

func (a *app) findHub(ctx context.Context) (*hubclient.Client, error) {
	set, err := a.settings()
	if err != nil {
		return nil, err
	}
	where := set.text("hub.use")
	o := hubclient.Options{URL: where}
	switch where {
	case "off":
		return nil, nil
	case "auto":
		if a.serving || strings.HasPrefix(set.get("via").origin, "flag") {
			return nil, nil // the hub itself, and who wants another way
		}
		if o.Socket, err = a.hubSocket(); err != nil {
			return nil, err
		}
		if _, err := os.Stat(o.Socket); err != nil {
			if o.Socket = a.serviceHub(); o.Socket == "" {
				return nil, nil
			}
		}
		o.URL = ""
	default:
		if o.Token, err = a.hubToken(where); err != nil {
			return nil, err
		}
	}
	c, err := hubclient.New(o)
	if err != nil {
		return nil, of("--hub", err)
	}
	wait := helloWait
	if where != "auto" {
		wait = 10 * helloWait // a network may be between
	}
	hello, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	_, err = c.Hello(hello)
	switch {
	case err == nil:
		a.detail("through the hub at %s", c.Where())
		return c, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case where != "auto":
		if hello.Err() != nil {
			err = &hubclient.UnreachableError{Where: c.Where(), Err: errors.New("no answer within " + wait.String())}
		}
		return nil, hubFault(err)
	case hello.Err() != nil:
		// Its devices would throw out the one who comes second: say so.
		a.warn(errors.New("the hub does not answer within " + wait.String() + `; going straight to the devices ("--hub off" does not ask)`))
	default:
		a.log.Debug("no hub", "socket", o.Socket, "err", err)
	}
	return nil, nil
}

// serviceSocket is where the hub of deploy/systemd/wattle.service listens. Tests
// have none.
var serviceSocket = "/run/wattle/hub.sock"

// serviceHub is the socket of a hub that runs as a service of the system, for the
// user who may use it, and who has not asked for another one.
func (a *app) serviceHub() string {
	if p, err := a.profile(); err != nil || p.name != "" || serviceSocket == "" {
		return ""
	}
	if set, err := a.settings(); err != nil || set.text("listen.socket") != "" {
		return ""
	}
	_, err := os.Stat(serviceSocket)
	switch {
	case err == nil:
		return serviceSocket
	case errors.Is(err, os.ErrPermission):
		a.warn(errors.New(`a hub runs on this computer as a service, and this goes past it: use sudo, or "--hub URL" with a token of it ("--hub off" is silent)`))
	}
	return ""
}

// hubFault gives errors of the hub itself their exit codes.
func hubFault(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, hubapi.ErrToken):
		return &fault{err: err, code: CodeAuth, hint: `"wattle token new" on the machine of the hub makes one; put it into WATTLE_HUB_TOKEN or WATTLE_HUB_TOKEN_FILE`}
	case errors.Is(err, hubapi.ErrScope), errors.Is(err, hubapi.ErrPolicy):
		return &fault{err: err, code: CodePolicy}
	case errors.Is(err, hubapi.ErrAbsent):
		return &fault{err: err, code: CodeUnsupported}
	case errors.Is(err, hubapi.ErrConflict), errors.Is(err, hubapi.ErrRequest):
		return &fault{err: err, code: CodeUsage}
	}
	if _, ok := errors.AsType[*hubclient.UnreachableError](err); ok {
		return &fault{err: err, code: CodeUnreachable, hint: `"wattle serve" runs one; "--hub off" goes straight to the devices`}
	}
	return err
}

// hubToken is what a hub elsewhere wants to see: of the environment, or of the file
// that a hub on this machine has left, which is for this machine only.
func (a *app) hubToken(where string) (wattle.Secret, error) {
	token, err := a.secretOf("WATTLE_HUB_TOKEN", "")
	if err != nil || !token.IsZero() {
		return token, err
	}
	if u, err := url.Parse(where); err != nil || !hubclient.IsLoopback(u.Hostname()) {
		return token, nil //nolint:nilerr // the hub says whether it wants one
	}
	p, err := a.profile()
	if err != nil {
		return token, err
	}
	text, err := os.ReadFile(filepath.Join(p.dir, hubTokenFile))
	if err != nil {
		return token, nil //nolint:nilerr // the hub says whether it wants one
	}
	return wattle.NewSecret(strings.TrimSpace(string(text))), nil
}

// housed are the devices of a running hub and their children, for the length of a
// command.
type housed map[hub.ID]*hubapi.Device

// askHub takes the devices of the hub into the list of known ones: it knows
// better than the disk. It is called with the lock held.
func (b *book) askHub(ctx context.Context) error {
	client, err := b.app.hub(ctx)
	if err != nil || client == nil {
		return err
	}
	devices, err := client.Devices(ctx)
	if err != nil {
		return hubFault(err)
	}
	if !client.Local() {
		b.list = &known.List{} // what this machine knows is another home
	}
	b.housed = housed{}
	children := map[string]known.Child{}
	for _, d := range devices {
		model := wattle.Model{Name: d.Model, Region: d.Region}
		b.housed[hub.ID{MAC: d.MAC, Child: d.Child}] = &d
		b.list.Settle(known.Room{MAC: d.MAC, Child: d.Child, Name: d.Room, From: d.RoomFrom})
		children[d.ID] = known.Child{ID: d.Child, Alias: d.Alias, Model: model, Type: string(d.Type)}
	}
	for i := range devices {
		d := &devices[i]
		if d.Child != "" {
			continue
		}
		entry := known.Device{
			MAC: d.MAC, Alias: d.Alias, Model: wattle.Model{Name: d.Model, Region: d.Region}, Family: d.Family, Type: d.Kind, Address: d.Address,
		}
		for _, slug := range d.Children {
			if c, ok := children[slug]; ok {
				entry.Children = append(entry.Children, c)
			}
		}
		if d.Time != nil {
			entry.LastSeen = *d.Time
		}
		if entry.Alias == "" && d.Model == "" {
			entry.Alias = d.Name // it was never read: what it was called before
		}
		if err := b.list.Put(entry); err != nil {
			return err
		}
	}
	return nil
}

// inHub gives the hub that owns the session of a device, nil where none does.
func (c *connection) inHub(ctx context.Context) (*hubclient.Client, *hubapi.Device, error) {
	if c.known.MAC.IsZero() {
		return nil, nil, nil
	}
	client, err := c.app.hub(ctx)
	if err != nil || client == nil {
		return nil, nil, err
	}
	book, err := c.app.book()
	if err != nil {
		return nil, nil, err
	}
	book.mu.Lock()
	defer book.mu.Unlock()
	return client, book.housed[hub.ID{MAC: c.known.MAC}], nil
}

// openThrough makes the device over calls that the hub performs.
func (c *connection) openThrough(ctx context.Context, client *hubclient.Client, info *hubapi.Device) error {
	caller := client.Device(hub.ID{MAC: c.known.MAC})
	if info.Family == "" { // it was never read: let the hub say why, or read it now
		now, err := caller.Refresh(ctx)
		if err != nil {
			return hubFault(err)
		}
		info = now
	}
	book, err := c.app.book()
	if err != nil {
		return err
	}
	c.note = book.note(c.known.MAC)
	memory := c.note.Memory
	if memory != nil && memory.Family != info.Family {
		memory = nil
	}
	d, err := device.New(ctx, caller, info.Family, &device.Options{Memory: memory, Logger: c.app.log})
	if err != nil {
		return hubFault(err)
	}
	c.dev, c.through = d, info
	return nil
}

// tellHub has the hub look at the device where the command has changed what it is
// called or what is behind it: the next command shall find it so.
func (c *connection) tellHub(ctx context.Context) {
	id := c.dev.Identity()
	same := id.Alias == c.through.Alias && len(c.dev.Children()) == len(c.through.Children)
	for _, child := range c.dev.Children() {
		i := child.Identity()
		same = same && slices.ContainsFunc(c.known.Children, func(k known.Child) bool { return k.ID == i.DeviceID && k.Alias == i.Alias })
	}
	if same {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), helloWait)
	defer cancel()
	client, err := c.app.hub(ctx)
	if err == nil && client != nil {
		_, err = client.Device(hub.ID{MAC: c.known.MAC}).Refresh(ctx)
	}
	if err != nil {
		c.app.log.Debug("not refreshed", "device", c.known.Name(), "err", err)
	}
}
