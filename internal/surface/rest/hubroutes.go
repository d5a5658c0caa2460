package rest

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"wattle/hub"
	"wattle/internal/hubapi"
)

func (s *Server) hubRoutes(api huma.API) {
	add(s, api, operation{id: "version", method: http.MethodGet, path: "/version", tag: "hub", scope: hubapi.ScopeRead,
		summary: "What answers"}, s.version)
	add(s, api, operation{id: "health", method: http.MethodGet, path: "/health", tag: "hub", scope: hubapi.ScopeRead,
		summary: "How the hub and its devices do"}, s.health)
	add(s, api, operation{id: "device-health", method: http.MethodGet, path: "/devices/{id}/health", tag: "devices", scope: hubapi.ScopeRead,
		summary: "How a device has answered lately", text: "For a child that of its parent."}, s.deviceHealth)
	add(s, api, operation{id: "list-candidates", method: http.MethodGet, path: "/candidates", tag: "devices", scope: hubapi.ScopeRead,
		summary: "Devices that were found and are not in the hub"}, s.listCandidates)
	add(s, api, operation{id: "sweep", method: http.MethodPost, path: "/sweep", tag: "devices", scope: hubapi.ScopeAdmin,
		summary: "Search the network now", text: "Takes some seconds. The answer are the candidates."}, s.sweep)
	add(s, api, operation{id: "backup", method: http.MethodPost, path: "/backup", tag: "hub", scope: hubapi.ScopeAdmin,
		summary: "Write a backup", text: "To where the configuration of the hub says."}, s.backup)
	add(s, api, operation{id: "reload", method: http.MethodPost, path: "/reload", tag: "hub", scope: hubapi.ScopeAdmin,
		summary: "Read the configuration again", text: "Connections to devices stay. What cannot be changed while the hub runs is named."}, s.reload)
}

func (s *Server) version(context.Context, *nothing) (*struct{ Body hubapi.Version }, error) {
	return &struct{ Body hubapi.Version }{hubapi.Version{
		Version: s.options.Version, API: "v1", Epoch: s.epoch, Started: s.hub.Epoch(), Devices: len(s.hub.Views()),
	}}, nil
}

func (s *Server) health(_ context.Context, in *struct {
	Details bool `query:"details" doc:"With each device"`
}) (*struct{ Body hubapi.Health }, error) {
	out := &struct{ Body hubapi.Health }{hubapi.Health{Status: "ok"}}
	for _, v := range s.hub.Views() {
		if !v.Root() {
			continue
		}
		out.Body.Devices++
		if v.Online {
			out.Body.Online++
		} else {
			out.Body.Status = "degraded"
		}
		if !in.Details {
			continue
		}
		if h, err := s.healthOf(v); err == nil {
			out.Body.Details = append(out.Body.Details, h)
		}
	}
	return out, nil
}

func (s *Server) healthOf(v *hub.View) (hubapi.DeviceHealth, error) {
	h, err := s.hub.Health(v.ID)
	return hubapi.DeviceHealth{Device: hub.Slug(v.ID), Name: v.Name, Online: v.Online, Reason: v.Reason, Health: h}, err
}

func (s *Server) deviceHealth(_ context.Context, in *DeviceIn) (*struct{ Body hubapi.DeviceHealth }, error) {
	v, err := s.find(in.ID)
	if err != nil {
		return nil, err
	}
	h, err := s.healthOf(v)
	return &struct{ Body hubapi.DeviceHealth }{h}, err
}

func (s *Server) listCandidates(_ context.Context, in *PageIn) (*listOut[hubapi.Candidate], error) {
	return listed(s.hub.Candidates(), in, func(c hub.Candidate) string { return c.MAC.String() },
		func(c hub.Candidate) hubapi.Candidate { return hubapi.CandidateOf(&c) })
}

func (s *Server) sweep(ctx context.Context, _ *nothing) (*listOut[hubapi.Candidate], error) {
	if err := s.hub.Sweep(ctx); err != nil {
		return nil, err
	}
	return s.listCandidates(ctx, &PageIn{})
}

func (s *Server) backup(ctx context.Context, _ *nothing) (*struct {
	Body struct {
		Path string `json:"path" doc:"Where it was written to, on the hub's computer"`
	}
}, error) {
	if s.options.Backup == nil {
		return nil, absent("backups")
	}
	out := &struct {
		Body struct {
			Path string `json:"path" doc:"Where it was written to, on the hub's computer"`
		}
	}{}
	var err error
	out.Body.Path, err = s.options.Backup(ctx)
	return out, err
}

func (s *Server) reload(ctx context.Context, _ *nothing) (*struct{ Body hubapi.Reloaded }, error) {
	if s.options.Reload == nil {
		return nil, absent("a configuration to be read again")
	}
	told, err := s.options.Reload(ctx)
	return &struct{ Body hubapi.Reloaded }{told}, err
}

// absent is the error of what this hub runs without.
func absent(what string) error { return fmt.Errorf("%w: it runs without %s", hubapi.ErrAbsent, what) }
