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
