package rest

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"wattle/internal/hubapi"
)

func (s *Server) tokenRoutes(api huma.API) {
	add(s, api, operation{id: "list-tokens", method: http.MethodGet, path: "/tokens", tag: "access", scope: hubapi.ScopeAdmin,
		summary: "List tokens", text: "Without their secrets, which nobody has."}, s.listTokens)
	add(s, api, operation{id: "create-token", method: http.MethodPost, path: "/tokens", tag: "access", scope: hubapi.ScopeAdmin, status: http.StatusCreated,
		summary: "Make a token", text: "The answer shows the token; only its hash is kept."}, s.createToken)
	add(s, api, operation{id: "remove-token", method: http.MethodDelete, path: "/tokens/{token}", tag: "access", scope: hubapi.ScopeAdmin,
		summary: "Make a token void"}, s.removeToken)
	add(s, api, operation{id: "list-hooks", method: http.MethodGet, path: "/hooks", tag: "access", scope: hubapi.ScopeAdmin,
		summary: "List links that do one thing", text: "Without their secrets, which nobody has."}, s.listHooks)
	add(s, api, operation{id: "create-hook", method: http.MethodPost, path: "/hooks", tag: "access", scope: hubapi.ScopeAdmin, status: http.StatusCreated,
		summary: "Make a link that does one thing", text: "For phones, NFC tags and the like: whoever has the link can do that one thing, by GET or POST, without a token. " +
			"The answer shows the link; only a hash is kept."}, s.createHook)
	add(s, api, operation{id: "remove-hook", method: http.MethodDelete, path: "/hooks/{name}", tag: "access", scope: hubapi.ScopeAdmin,
		summary: "Make a link void"}, s.removeHook)
}

func (s *Server) listTokens(_ context.Context, in *PageIn) (*listOut[hubapi.Token], error) {
	return listed(s.tokens.all(), in, func(t hubapi.Token) string { return t.ID }, same)
}

func (s *Server) createToken(ctx context.Context, in *struct{ Body hubapi.TokenRequest }) (*struct{ Body hubapi.NewToken }, error) {
	made, err := s.tokens.create(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	return &struct{ Body hubapi.NewToken }{made}, nil
}

func (s *Server) removeToken(ctx context.Context, in *struct {
	Token string `path:"token" maxLength:"64" doc:"The id of the token"`
}) (*nothing, error) {
	return nil, s.tokens.remove(ctx, in.Token)
}

func (s *Server) listHooks(_ context.Context, in *PageIn) (*listOut[hubapi.Hook], error) {
	return listed(s.hooks.all(), in, func(h hubapi.Hook) string { return h.Name }, same)
}

func (s *Server) createHook(ctx context.Context, in *struct{ Body hubapi.HookRequest }) (*struct{ Body hubapi.NewHook }, error) {
	if err := s.usable(&in.Body.Command); err != nil {
		return nil, err
	}
	made, err := s.hooks.create(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	return &struct{ Body hubapi.NewHook }{made}, nil
}

func (s *Server) removeHook(ctx context.Context, in *NameIn) (*nothing, error) {
	return nil, s.hooks.remove(ctx, in.Name)
}
