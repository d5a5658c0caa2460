package rest

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"wattle"
	"wattle/capture"
	"wattle/hub"
	"wattle/internal/hubapi"
	"wattle/method"
)

func (s *Server) captureRoutes(api huma.API) {
	add(s, api, operation{id: "capture", method: http.MethodGet, path: "/devices/{id}/capture", tag: "devices", scope: hubapi.ScopeControl,
		summary: "Download a device as a capture", text: "What the hub has read of a device and its children, for bug reports and for \"wattle sim\": ids, addresses, " +
			"names and places are masked. This asks the device nothing."}, s.capture)
	operationOf(api, "/devices/{id}/capture").Responses["200"].Content = map[string]*huma.MediaType{
		"application/json": {Schema: &huma.Schema{Type: "object", AdditionalProperties: true}},
	}
}

type captureOut struct {
	ContentType        string `header:"Content-Type"`
	ContentDisposition string `header:"Content-Disposition"`
	Body               []byte
}

func (s *Server) capture(_ context.Context, in *DeviceIn) (*captureOut, error) {
	v, err := s.find(in.ID)
	if err == nil && !v.Root() {
		v, err = s.hub.View(hub.ID{MAC: v.ID.MAC})
	}
	if err != nil {
		return nil, err
	}
	if v.State == nil {
		return nil, fmt.Errorf("%w: nothing was read of %s yet: %s", wattle.ErrUnreachable, v.Name, v.Reason)
	}
	children := map[string]*method.Snapshot{}
	for _, c := range v.State.Children() {
		identity := c.Identity()
		children[identity.DeviceID] = c.Snapshot()
	}
	identity := v.Identity()
	data, err := capture.Masked(identity.Family, v.State.Snapshot(), children)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%s_%s_%s.json", identity.Model, identity.Hardware, identity.Firmware)
	return &captureOut{"application/json", fmt.Sprintf("attachment; filename=%q", name), data}, nil
}
