package rest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"wattle"
	"wattle/connect"
	"wattle/discover"
	"wattle/hub"
	"wattle/internal/hubapi"
)

// DeviceIn names a device in a path. It is exported because huma skips what it
// cannot see.
type DeviceIn struct {
	ID string `path:"id" maxLength:"256" doc:"The id of the device, its MAC, or its name" example:"5091e3000001"`
}

type deviceOut struct {
	ETag string `header:"ETag"`
	Body hubapi.Device
}

type nothing struct{}

func (s *Server) deviceRoutes(api huma.API) {
	add(s, api, operation{id: "list-devices", method: http.MethodGet, path: "/devices", tag: "devices", scope: hubapi.ScopeRead,
		summary: "List devices and children", text: "In the order of names, each child after its parent."}, s.listDevices)
	add(s, api, operation{id: "get-device", method: http.MethodGet, path: "/devices/{id}", tag: "devices", scope: hubapi.ScopeRead,
		summary: "See a device", text: "As the hub knows it; this asks the device nothing."}, s.getDevice)
	add(s, api, operation{id: "add-device", method: http.MethodPost, path: "/devices", tag: "devices", scope: hubapi.ScopeAdmin, status: http.StatusCreated,
		summary: "Add a device", text: "A candidate by its MAC, or any device by its address."}, s.addDevice)
	add(s, api, operation{id: "remove-device", method: http.MethodDelete, path: "/devices/{id}", tag: "devices", scope: hubapi.ScopeAdmin,
		summary: "Remove a device", text: "The hub forgets it. The device itself stays as it is."}, s.removeDevice)
	add(s, api, operation{id: "change-device", method: http.MethodPatch, path: "/devices/{id}", tag: "devices", scope: hubapi.ScopeAdmin,
		summary: "Rename a device, or say in which room it is", text: "The device keeps its name, and the hub keeps the room."}, s.changeDevice)
}

// find is the device that a path means: by id, MAC, or the whole of its name.
// Beginnings of names are for people who see what they hit.
func (s *Server) find(word string) (*hub.View, error) {
	if mac, err := wattle.ParseMAC(word); err == nil {
		return s.hub.View(hub.ID{MAC: mac})
	}
	var hits []*hub.View
	for _, v := range s.hub.Views() {
		if hub.Slug(v.ID) == word || v.ID.String() == word {
			return v, nil
		}
		if strings.EqualFold(v.Name, word) {
			hits = append(hits, v)
		}
	}
	switch len(hits) {
	case 0:
		return nil, fmt.Errorf("%w: no device %q in the hub", wattle.ErrNotFound, clip(word))
	case 1:
		return hits[0], nil
	}
	return nil, fmt.Errorf("%w: %d devices are called %q: use their ids", wattle.ErrParam, len(hits), clip(word))
}

// device is a view as it goes out.
func (s *Server) device(v *hub.View) hubapi.Device {
	d := hubapi.DeviceOf(v)
	if route, err := s.hub.Route(v.ID); err == nil && route.Transport != "" {
		d.Address, d.Transport = route.Host, route.Name()
	}
	if v.State != nil {
		for i, c := range v.State.Children() {
			identity := c.Identity()
			child := cmp.Or(identity.DeviceID, fmt.Sprintf("%02d", i)) // as the hub names children
			d.Children = append(d.Children, hub.Slug(hub.ID{MAC: v.ID.MAC, Child: child}))
		}
	}
	return d
}

// etag is the version of a view.
func (s *Server) etag(v *hub.View) string {
	return strconv.Quote(s.epoch + "-" + strconv.FormatUint(v.Rev, 10))
}

// unchanged refuses to change what is not what the client has seen.
func unchanged(want, is string) error {
	if want == "" || want == "*" {
		return nil
	}
	for one := range strings.SplitSeq(want, ",") {
		if strings.TrimSpace(one) == is {
			return nil
		}
	}
	return hubapi.NewProblem(hubapi.ErrChanged, "it is %s by now: read it again", is)
}

func (s *Server) listDevices(_ context.Context, in *struct {
	PageIn
	Online string `query:"online" enum:"true,false" doc:"Only those that are online, or that are not"`
	Type   string `query:"type" maxLength:"64" doc:"Only those of a type, such as Plug"`
	Room   string `query:"room" maxLength:"256" doc:"Only those of a room, whatever its case"`
	Group  string `query:"group" maxLength:"256" doc:"Only those that a group means now; all: those that can be switched"`
}) (*listOut[hubapi.Device], error) {
	views := s.hub.Views()
	if in.Group != "" {
		auto, err := s.automation()
		if err == nil {
			views, err = auto.Members("@" + in.Group)
		}
		if err != nil {
			return nil, missingItem("group", err)
		}
	}
	views = slices.DeleteFunc(views, func(v *hub.View) bool {
		return in.Online != "" && strconv.FormatBool(v.Online) != in.Online ||
			in.Type != "" && !strings.EqualFold(string(v.Identity().Type), in.Type) ||
			in.Room != "" && !strings.EqualFold(v.Room.Name, in.Room)
	})
	return listed(views, &in.PageIn, func(v *hub.View) string { return hub.Slug(v.ID) }, s.device)
}

func (s *Server) getDevice(_ context.Context, in *struct {
	DeviceIn
	IfNoneMatch string `header:"If-None-Match" maxLength:"1024"`
}) (*deviceOut, error) {
	v, err := s.find(in.ID)
	if err != nil {
		return nil, err
	}
	if tag := s.etag(v); in.IfNoneMatch != "" && unchanged(in.IfNoneMatch, tag) == nil {
		return nil, notModified(tag)
	}
	return &deviceOut{ETag: s.etag(v), Body: s.device(v)}, nil
}

// notModified is the answer 304, which huma takes as an error.
func notModified(tag string) error {
	return huma.ErrorWithHeaders(unmodified{}, http.Header{"Etag": {tag}})
}

type unmodified struct{}

func (unmodified) Error() string  { return "not modified" }
func (unmodified) GetStatus() int { return http.StatusNotModified }

func (s *Server) addDevice(ctx context.Context, in *struct{ Body hubapi.AddRequest }) (*deviceOut, error) {
	var found *discover.Found
	switch r := in.Body; {
	case (r.MAC == "") == (r.Address == ""):
		return nil, fmt.Errorf("%w: want the mac of a candidate, or an address", wattle.ErrParam)
	case r.MAC != "":
		mac, err := wattle.ParseMAC(r.MAC)
		if err != nil {
			return nil, fmt.Errorf("%w: mac: %w", wattle.ErrParam, err)
		}
		for _, c := range s.hub.Candidates() {
			if c.MAC == mac {
				found = &c.Found
			}
		}
		if found == nil {
			return nil, fmt.Errorf("%w: no candidate %s: POST %s/sweep searches for devices, or add it by its address", wattle.ErrNotFound, mac, hubapi.Prefix)
		}
	default:
		f, err := s.options.Probe(ctx, r.Address)
		if err != nil {
			return nil, err
		}
		found = &f
	}
	if found.Reason != "" && len(found.Routes) == 0 {
		return nil, fmt.Errorf("%w: %s", wattle.ErrUnsupported, found.Reason)
	}
	if _, err := s.hub.View(hub.ID{MAC: found.MAC}); err == nil {
		return nil, fmt.Errorf("%w: %s is in the hub already", hubapi.ErrConflict, found.MAC)
	}
	id, err := s.hub.Add(hub.Entry{Target: connect.Target{
		Name: cmp.Or(in.Body.Name, found.Alias), Host: found.Addr.String(), Routes: found.Routes, MAC: found.MAC, Owner: found.Owner, Type: found.Type,
	}})
	if err != nil {
		return nil, err
	}
	v, err := s.hub.View(id)
	if err != nil {
		return nil, err
	}
	return &deviceOut{ETag: s.etag(v), Body: s.device(v)}, nil
}

func (s *Server) removeDevice(_ context.Context, in *DeviceIn) (*nothing, error) {
	v, err := s.find(in.ID)
	if err != nil {
		return nil, err
	}
	if !v.Root() {
		return nil, fmt.Errorf("%w: %s belongs to its parent: unpair it there", hubapi.ErrConflict, v.Name)
	}
	return nil, s.hub.Remove(v.ID)
}

func (s *Server) changeDevice(ctx context.Context, in *struct {
	DeviceIn
	IfMatch string `header:"If-Match" maxLength:"1024"`
	Body    hubapi.ChangeRequest
}) (*deviceOut, error) {
	v, err := s.find(in.ID)
	if err != nil {
		return nil, err
	}
	if err := unchanged(in.IfMatch, s.etag(v)); err != nil {
		return nil, err
	}
	if in.Body.Alias == nil && in.Body.Room == nil {
		return nil, fmt.Errorf("%w: nothing to change: want alias or room", wattle.ErrParam)
	}
	if in.Body.Room != nil {
		room := hub.Room{Name: strings.TrimSpace(*in.Body.Room), Account: in.Body.RoomFrom == hubapi.FromAccount}
		if err := s.hub.SetRoom(ctx, room, v.ID); err != nil {
			return nil, err
		}
		if in.Body.Alias == nil {
			if v, err = s.hub.View(v.ID); err != nil {
				return nil, err
			}
			return &deviceOut{ETag: s.etag(v), Body: s.device(v)}, nil
		}
	}
	d, err := s.hub.Device(ctx, v.ID)
	if err != nil {
		return nil, err
	}
	if err := d.SetAlias(ctx, *in.Body.Alias); err != nil {
		return nil, err
	}
	return s.refreshed(ctx, v.ID)
}

// refreshed polls a device after a change and gives it.
func (s *Server) refreshed(ctx context.Context, id hub.ID) (*deviceOut, error) {
	v, err := s.hub.Refresh(ctx, id)
	if errors.Is(err, wattle.ErrNotFound) || v == nil && err == nil {
		return nil, err
	}
	if err != nil { // it was changed all the same
		if v, err = s.hub.View(id); err != nil {
			return nil, err
		}
	}
	return &deviceOut{ETag: s.etag(v), Body: s.device(v)}, nil
}
