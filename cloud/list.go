package cloud

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"wattle"
	"wattle/internal/wire/cloudapi"
)

// Device is an entry of the lists of services A and B.
type Device = cloudapi.Device

// Thing is an entry of the list of service C.
type Thing = cloudapi.Thing

// Entry is one device of the account, whichever lists name it.
type Entry struct {
	ID    string     `json:"id"`             // deviceId, thingName
	MAC   wattle.MAC `json:"mac,omitzero"`   // zero where the cloud does not tell one
	Name  string     `json:"name"`           // decoded
	Type  string     `json:"type"`           // such as "IOT.SMARTPLUGSWITCH"
	Model string     `json:"model"`          // such as "HS110(US)"
	HwVer string     `json:"hw_ver"`         //
	FwVer string     `json:"fw_ver"`         //
	Role  int        `json:"role,omitempty"` // 0: it is the user's own

	// Device is the entry of a relay's list, nil where none names it; Line says
	// whose.
	Device *Device `json:"device,omitempty"`
	Line   Line    `json:"line,omitempty"`
	// Thing is the entry of the things service, nil where that does not name it.
	Thing *Thing `json:"thing,omitempty"`
}

// Home is all that is on the account, sorted by name. A whole one goes into a
// file as JSON and comes back from it.
type Home struct {
	Entries []Entry   `json:"entries"`
	Time    time.Time `json:"time"`
	// Errs are lists that could not be read, by "kasa", "tapo" and "things". The
	// others are complete.
	Errs map[string]error `json:"-"`
}

const (
	listFresh = 15 * time.Minute
	pagesMost = 100 // a list that goes on is cut off
)

// Devices gives all devices of the account. A list that is younger than 15
// minutes is given again; [Client.Refresh] reads it anew. One list that fails
// does not hide the others; where all fail the error is that of the first.
func (c *Client) Devices(ctx context.Context) (*Home, error) {
	c.mu.Lock()
	listed := c.listed
	c.mu.Unlock()
	if listed != nil && len(listed.Errs) == 0 && time.Since(listed.Time) < listFresh {
		return listed, nil
	}
	return c.Refresh(ctx)
}

func (c *Client) forgetList() { c.setList(nil) }

// setList keeps a list, nil for none, for this process and the next.
func (c *Client) setList(home *Home) {
	c.mu.Lock()
	c.listed = home
	c.mu.Unlock()
	if c.opt.SaveList != nil && (home == nil || len(home.Errs) == 0) {
		c.opt.SaveList(home)
	}
}

// Refresh reads all lists anew.
func (c *Client) Refresh(ctx context.Context) (*Home, error) {
	lists := []struct {
		name string
		line Line
		read func(context.Context) ([]Device, []Thing, error)
	}{
		{"kasa", Kasa, func(ctx context.Context) ([]Device, []Thing, error) {
			d, err := c.ListRelay(ctx, Kasa)
			return d, nil, err
		}},
		{"tapo", Tapo, func(ctx context.Context) ([]Device, []Thing, error) {
			d, err := c.ListRelay(ctx, Tapo)
			return d, nil, err
		}},
		{"things", Tapo, func(ctx context.Context) ([]Device, []Thing, error) {
			t, err := c.ListThings(ctx)
			return nil, t, err
		}},
	}
	j := newJoin()
	errs := map[string]error{}
	signedIn := false
	var mu sync.Mutex
	var wait sync.WaitGroup
	for _, l := range lists {
		if c.at(l.line).Token.IsZero() && c.opt.Account == nil {
			continue
		}
		signedIn = true
		wait.Go(func() {
			devices, things, err := l.read(ctx)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs[l.name] = err
				return
			}
			j.devices[l.line] = append(j.devices[l.line], devices...)
			j.things = append(j.things, things...)
		})
	}
	wait.Wait()
	switch {
	case !signedIn:
		return nil, signedOut(Kasa, "")
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case len(errs) > 0 && len(j.devices) == 0 && len(j.things) == 0:
		return nil, errs[slices.Sorted(maps.Keys(errs))[0]]
	}
	home := &Home{Entries: j.entries(), Time: time.Now(), Errs: errs}
	c.setList(home)
	return home, nil
}

// join puts lists together by deviceId.
type join struct {
	devices map[Line][]Device
	things  []Thing
}

func newJoin() *join { return &join{devices: map[Line][]Device{}} }

func (j *join) entries() []Entry {
	total := len(j.things)
	for _, list := range j.devices {
		total += len(list)
	}
	entries := make([]Entry, 0, total)
	at := make(map[string]int, total)
	find := func(id string) *Entry {
		key := strings.ToUpper(id)
		i, known := at[key]
		if !known || id == "" {
			i = len(entries)
			at[key] = i
			entries = append(entries, Entry{ID: id})
		}
		return &entries[i]
	}
	for _, line := range Lines() {
		for i := range j.devices[line] {
			d := &j.devices[line][i]
			e := find(d.DeviceID)
			if e.Device != nil && !prefers(d.DeviceType, line) {
				continue
			}
			e.Device, e.Line = d, line
			e.Type, e.Model, e.HwVer, e.FwVer, e.Role = d.DeviceType, d.DeviceModel, d.DeviceHwVer, d.FwVer, d.Role.Value
			e.Name = cloudapi.DisplayName(d.DeviceType, d.Alias)
			e.MAC, _ = wattle.ParseMAC(d.DeviceMAC) // unknown where it is none
		}
	}
	for i := range j.things {
		t := &j.things[i]
		e := find(t.Name)
		e.Thing = t
		e.Type = cmp.Or(e.Type, t.DeviceType)
		e.Model = cmp.Or(e.Model, t.Model, t.DeviceName)
		e.HwVer, e.FwVer = cmp.Or(e.HwVer, t.HwVer), cmp.Or(e.FwVer, t.FwVer)
		if name := cloudapi.DisplayName("SMART.", t.Nickname); name != "" {
			e.Name = name
		}
		if e.MAC.IsZero() {
			e.MAC, _ = wattle.ParseMAC(t.MAC) // unknown where it is none
		}
	}
	return sorted(entries)
}

// sorted sorts entries by name, then id.
func sorted(entries []Entry) []Entry {
	type key struct {
		name  string
		entry *Entry
	}
	keys := make([]key, len(entries))
	for i := range entries {
		keys[i] = key{strings.ToLower(entries[i].Name), &entries[i]}
	}
	slices.SortFunc(keys, func(a, b key) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.entry.ID, b.entry.ID)
	})
	out := make([]Entry, len(entries))
	for i, k := range keys {
		out[i] = *k.entry
	}
	return out
}

// prefers tells which of two lists is that of a device: its own line's.
func prefers(deviceType string, line Line) bool {
	return cloudapi.IsSmart(deviceType) == (line == Tapo)
}

// Find is an entry by its name, id or MAC, nil where there is none or more than
// one.
func (h *Home) Find(name string) *Entry {
	if e := h.ByID(name); e != nil {
		return e
	}
	if mac, err := wattle.ParseMAC(name); err == nil {
		if e := h.ByMAC(mac); e != nil {
			return e
		}
	}
	var found *Entry
	for i := range h.Entries {
		if strings.EqualFold(h.Entries[i].Name, name) {
			if found != nil {
				return nil
			}
			found = &h.Entries[i]
		}
	}
	return found
}

// ByMAC is the entry of a device, nil where there is none.
func (h *Home) ByMAC(mac wattle.MAC) *Entry {
	for i := range h.Entries {
		if !mac.IsZero() && h.Entries[i].MAC == mac {
			return &h.Entries[i]
		}
	}
	return nil
}

// ByID is the entry of a deviceId, nil where there is none.
func (h *Home) ByID(id string) *Entry {
	for i := range h.Entries {
		if id != "" && strings.EqualFold(h.Entries[i].ID, id) {
			return &h.Entries[i]
		}
	}
	return nil
}

// ListRelay reads the list of a line: by the envelope of service A for Kasa and
// for logins of that service, by pages for Tapo.
func (c *Client) ListRelay(ctx context.Context, line Line) ([]Device, error) {
	if c.at(line).Service == cloudapi.V1 || line == Kasa {
		answer, err := c.authorized(ctx, line, func(token wattle.Secret) (*cloudapi.Answer, error) {
			answer, err := c.v1(ctx, line, c.at(line).Base, cloudapi.MethodList, token, nil, message{})
			if code(err) == wattle.CloudNoParameter {
				// The service may have moved where it looks for the token: once in the
				// other place. See docs/protocol/cloud.md section 6.
				return c.v1(ctx, line, c.at(line).Base, cloudapi.MethodList, token, nil, message{moved: true})
			}
			return answer, err
		})
		if err != nil {
			return nil, err
		}
		list, broken, err := cloudapi.ParseDeviceList(answer.Result)
		if err != nil {
			return nil, err
		}
		c.noteBroken(line, broken)
		return list.Devices, nil
	}
	var all []Device
	for range pagesMost {
		answer, err := c.authorized(ctx, line, func(token wattle.Secret) (*cloudapi.Answer, error) {
			return c.v2(ctx, line, c.at(line).Base, cloudapi.PathDevicePage, token,
				cloudapi.DevicePage{Types: cloudapi.SmartTypes(), Index: len(all), Limit: cloudapi.PageSize}, message{label: "getDeviceListByPage"})
		})
		if err != nil {
			return nil, err
		}
		list, broken, err := cloudapi.ParseDeviceList(answer.Result)
		if err != nil {
			return nil, err
		}
		c.noteBroken(line, broken)
		all = append(all, list.Devices...)
		if last(len(list.Devices)+broken, len(all), list.Total) {
			return all, nil
		}
	}
	return all, nil
}

// last reports whether a page was the last one.
func last(got, all int, total cloudapi.Number) bool {
	if total.Known {
		return all >= total.Value || got == 0
	}
	return got < cloudapi.PageSize
}

func (c *Client) noteBroken(line Line, broken int) {
	if broken > 0 {
		c.log.Warn("entries of a list cannot be read", slog.String("line", string(line)), slog.Int("entries", broken))
	}
}

// ListThings reads the list of the things service.
func (c *Client) ListThings(ctx context.Context) ([]Thing, error) {
	var all []Thing
	for page := range pagesMost {
		answer, err := c.things(ctx, "", "GET", cloudapi.TargetThings(page, cloudapi.PageSize), nil, "things")
		if err != nil {
			return nil, err
		}
		list, broken, err := cloudapi.ParsePage(answer.Body)
		if err != nil {
			return nil, err
		}
		c.noteBroken(Tapo, broken)
		all = append(all, list.Data...)
		if last(len(list.Data)+broken, len(all), list.Total) {
			break
		}
	}
	return all, nil
}

// entry finds a device on the account.
func (c *Client) find(ctx context.Context, match func(*Home) *Entry, what string) (*Entry, error) {
	home, err := c.Devices(ctx)
	if err != nil {
		return nil, err
	}
	e := match(home)
	if e == nil && home == c.opt.Listed { // it may have joined since that was read
		if home, err = c.Refresh(ctx); err != nil {
			return nil, err
		}
		e = match(home)
	}
	if e != nil {
		return e, nil
	}
	for name, err := range home.Errs {
		return nil, fmt.Errorf("%s is not on the lists of the cloud that could be read, and the list %q could not: %w", what, name, err)
	}
	return nil, fmt.Errorf("%w: %s is not on the TP-Link account", wattle.ErrNotFound, what)
}

// FindMAC gives the entry of a device. Errors: [wattle.ErrNotFound] where it is
// not on the account, and those of [Client.Devices].
func (c *Client) FindMAC(ctx context.Context, mac wattle.MAC) (*Entry, error) {
	return c.find(ctx, func(h *Home) *Entry { return h.ByMAC(mac) }, mac.String())
}

// FindName gives an entry by name, id or MAC; errors as of [Client.FindMAC].
func (c *Client) FindName(ctx context.Context, name string) (*Entry, error) {
	return c.find(ctx, func(h *Home) *Entry { return h.Find(name) }, fmt.Sprintf("%q", name))
}

var errNoThing = errors.New("the things service does not list it")
