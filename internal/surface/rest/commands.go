package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"wattle"
	"wattle/device"
	"wattle/feature"
	"wattle/hub"
	"wattle/internal/hubapi"
	"wattle/method"
)

// FeatureIn names a feature of a device in a path.
type FeatureIn struct {
	DeviceIn
	Feature string `path:"feature" maxLength:"128" doc:"The id of the feature" example:"brightness"`
}

type featureOut struct{ Body hubapi.Feature }

func (s *Server) commandRoutes(api huma.API) {
	add(s, api, operation{id: "list-features", method: http.MethodGet, path: "/devices/{id}/features", tag: "devices", scope: hubapi.ScopeRead,
		summary: "See all features of a device"}, s.listFeatures)
	add(s, api, operation{id: "get-feature", method: http.MethodGet, path: "/devices/{id}/features/{feature}", tag: "devices", scope: hubapi.ScopeRead,
		summary: "See a feature"}, s.getFeature)
	add(s, api, operation{id: "set-features", method: http.MethodPatch, path: "/devices/{id}/features", tag: "devices", scope: hubapi.ScopeControl,
		summary: "Set features", text: "Such as {\"state\": true, \"brightness\": 40}: all of them in as few messages as the device allows. " +
			"The answer is the device as it is afterwards."}, s.setFeatures)
	add(s, api, operation{id: "set-feature", method: http.MethodPut, path: "/devices/{id}/features/{feature}", tag: "devices", scope: hubapi.ScopeControl,
		summary: "Set a feature"}, s.setFeature)
	add(s, api, operation{id: "act", method: http.MethodPost, path: "/devices/{id}/actions/{feature}", tag: "devices", scope: hubapi.ScopeControl,
		summary: "Do an action", text: "Such as reboot. Actions that cannot be taken back want the scope admin."}, s.act)
	add(s, api, operation{id: "toggle", method: http.MethodPost, path: "/devices/{id}/toggle", tag: "devices", scope: hubapi.ScopeControl,
		summary: "Switch to the opposite"}, s.toggle)
	add(s, api, operation{id: "refresh", method: http.MethodPost, path: "/devices/{id}/refresh", tag: "devices", scope: hubapi.ScopeControl,
		summary: "Ask the device now"}, s.refresh)
	add(s, api, operation{id: "call", method: http.MethodPost, path: "/devices/{id}/calls", tag: "devices", scope: hubapi.ScopeAdmin,
		summary: "Call methods of a device, past its features", text: "A refusal of one call does not hide the others: each result has an error of its own."}, s.call)
}

func (s *Server) listFeatures(_ context.Context, in *DeviceIn) (*listOut[hubapi.Feature], error) {
	v, err := s.find(in.ID)
	if err != nil {
		return nil, err
	}
	return &listOut[hubapi.Feature]{Body: hubapi.FeaturesOf(v.Readings())}, nil
}

// reading finds a feature of a device.
func (s *Server) reading(word, id string) (*hub.View, *feature.Reading, error) {
	v, err := s.find(word)
	if err != nil {
		return nil, nil, err
	}
	if v.State != nil {
		if r, ok := v.State.Reading(id); ok {
			return v, &r, nil
		}
	}
	return nil, nil, missing("feature", "%s has no feature %q", v.Name, clip(id))
}

func (s *Server) getFeature(_ context.Context, in *FeatureIn) (*featureOut, error) {
	_, r, err := s.reading(in.ID, in.Feature)
	if err != nil {
		return nil, err
	}
	return &featureOut{hubapi.FeatureOf(r)}, nil
}

func (s *Server) setFeatures(ctx context.Context, in *struct {
	DeviceIn
	IfMatch string `header:"If-Match" maxLength:"1024"`
	Body    hubapi.Settings
}) (*deviceOut, error) {
	v, err := s.find(in.ID)
	if err != nil {
		return nil, err
	}
	if err := unchanged(in.IfMatch, s.etag(v)); err != nil {
		return nil, err
	}
	if err := s.set(ctx, v.ID, in.Body); err != nil {
		return nil, err
	}
	return s.refreshed(ctx, v.ID)
}

// set gives features new values.
func (s *Server) set(ctx context.Context, id hub.ID, values hubapi.Settings) error {
	settings := make([]device.Setting, 0, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value, err := settingOf(values[name])
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		settings = append(settings, device.Setting{ID: name, Value: value})
	}
	return s.hub.Set(ctx, id, settings...)
}

// settingOf is a value of JSON as package feature converts it.
func settingOf(raw json.RawMessage) (any, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, fmt.Errorf("%w: a feature cannot be set to nothing", wattle.ErrParam)
	}
	if raw[0] == '{' {
		var c struct{ Hue, Saturation, Value *int }
		strict := json.NewDecoder(bytes.NewReader(raw))
		strict.DisallowUnknownFields()
		if err := strict.Decode(&c); err != nil || c.Hue == nil || c.Saturation == nil || c.Value == nil {
			return nil, fmt.Errorf("%w: want a colour as {\"hue\":120,\"saturation\":80,\"value\":50}", wattle.ErrParam)
		}
		return feature.HSV{Hue: *c.Hue, Saturation: *c.Saturation, Value: *c.Value}, nil
	}
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return nil, fmt.Errorf("%w: %w", wattle.ErrParam, err)
	}
	if _, list := value.([]any); list {
		return nil, fmt.Errorf("%w: want one value, and not a list", wattle.ErrParam)
	}
	return value, nil
}

func (s *Server) setFeature(ctx context.Context, in *struct {
	FeatureIn
	Body hubapi.ValueRequest
}) (*featureOut, error) {
	v, err := s.find(in.ID)
	if err == nil && v.State != nil {
		v, _, err = s.reading(in.ID, in.Feature)
	}
	if err != nil {
		return nil, err
	}
	if err := s.set(ctx, v.ID, hubapi.Settings{in.Feature: in.Body.Value}); err != nil {
		return nil, err
	}
	if _, err := s.refreshed(ctx, v.ID); err != nil {
		return nil, err
	}
	return s.getFeature(ctx, &in.FeatureIn)
}

func (s *Server) act(ctx context.Context, in *FeatureIn) (*nothing, error) {
	v, r, err := s.reading(in.ID, in.Feature)
	if err != nil {
		return nil, err
	}
	return nil, s.doAction(ctx, v, r)
}

func (s *Server) doAction(ctx context.Context, v *hub.View, r *feature.Reading) error {
	if r.Kind != feature.Action {
		return fmt.Errorf("%w: %s is no action: set it", wattle.ErrParam, r.ID)
	}
	if p := principalOf(ctx); r.Dangerous && !p.scope.Includes(hubapi.ScopeAdmin) {
		return hubapi.NewProblem(hubapi.ErrScope, "%s cannot be taken back: it wants the scope admin", r.ID)
	}
	return s.hub.Act(ctx, v.ID, r.ID)
}

func (s *Server) toggle(ctx context.Context, in *DeviceIn) (*struct{ Body hubapi.ToggleAnswer }, error) {
	v, err := s.find(in.ID)
	if err != nil {
		return nil, err
	}
	on, err := s.hub.Toggle(ctx, v.ID)
	if err != nil {
		return nil, err
	}
	return &struct{ Body hubapi.ToggleAnswer }{hubapi.ToggleAnswer{On: on}}, nil
}

func (s *Server) refresh(ctx context.Context, in *DeviceIn) (*deviceOut, error) {
	v, err := s.find(in.ID)
	if err != nil {
		return nil, err
	}
	if v, err = s.hub.Refresh(ctx, v.ID); err != nil {
		return nil, err
	}
	return &deviceOut{ETag: s.etag(v), Body: s.device(v)}, nil
}

func (s *Server) call(ctx context.Context, in *struct {
	DeviceIn
	Body hubapi.CallsRequest
}) (*struct{ Body hubapi.CallsAnswer }, error) {
	v, err := s.find(in.ID)
	if err != nil {
		return nil, err
	}
	calls := make([]method.Call, len(in.Body.Calls))
	for i, c := range in.Body.Calls {
		if calls[i], err = c.Call(); err != nil {
			return nil, err
		}
	}
	results, err := s.hub.Call(ctx, v.ID, calls...)
	if err != nil {
		return nil, err
	}
	if len(results) != len(calls) {
		return nil, errors.New("a device gave another number of results than calls")
	}
	out := &struct{ Body hubapi.CallsAnswer }{}
	for _, r := range results {
		out.Body.Results = append(out.Body.Results, hubapi.ResultOf(r))
	}
	return out, nil
}
