package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"wattle"
	"wattle/internal/hubapi"
)

// routes are all that the API can do.
func (s *Server) routes() http.Handler {
	useOurProblems()
	mux := http.NewServeMux()
	config := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "wattle hub", Version: "1",
				Description: "See and switch the Kasa and Tapo devices of a home through its hub. Errors are problem+json (RFC 9457) with the class of the error.",
				License:     &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
			},
			Servers:    []*huma.Server{{URL: "/", Description: "this hub"}},
			Components: &huma.Components{Schemas: huma.NewMapRegistry("#/components/schemas/", schemaName)},
			Tags: []*huma.Tag{
				{Name: "devices", Description: "What the hub knows of devices, and switching them"},
				{Name: "live", Description: "What changes"},
				{Name: "home", Description: "Groups, scenes and rules"},
				{Name: "history", Description: "What was"},
				{Name: "hub", Description: "The hub itself"},
				{Name: "access", Description: "Tokens, and links that do one thing"},
			},
		},
		OpenAPIPath:   "/openapi",
		Formats:       map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat: "application/json",
	}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "A token of the hub. Not needed on its Unix socket."},
	}
	config.OpenAPIPath = ""
	api := humago.New(mux, config)
	s.describe(api)
	describeLinks(api)
	written := sync.OnceValues(func() ([]byte, error) { return document(api.OpenAPI()) })
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		data, err := written()
		if err != nil {
			fail(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/vnd.oai.openapi+json")
		_, _ = w.Write(data)
	})
	mux.HandleFunc("GET /docs", page)
	mux.Handle("GET /{$}", http.RedirectHandler("/docs", http.StatusSeeOther)) // what people open first
	mux.HandleFunc(hookPath+"{name}", s.hook)
	mux.HandleFunc(hookPath+"{name}/{token}", s.hook)
	mux.HandleFunc("/", noRoute(mux))
	return mux
}

// describe registers all operations.
func (s *Server) describe(api huma.API) {
	s.deviceRoutes(api)
	s.commandRoutes(api)
	s.hubRoutes(api)
	s.eventRoutes(api)
	s.liveRoutes(api)
	s.homeRoutes(api)
	s.historyRoutes(api)
	s.tokenRoutes(api)
	s.logRoutes(api)
	s.captureRoutes(api)
}

// useOurProblems has huma answer with problems of ours, and say that lists are
// never null. Both are variables of huma for the whole process.
var useOurProblems = sync.OnceFunc(func() {
	huma.NewError = humaProblem
	huma.DefaultArrayNullable = false
})

// schemaName is the name of a type in the document: that of a type of another
// package begins with the package, because there are several called Event.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	dir, ours := strings.CutPrefix(t.PkgPath(), "wattle/")
	if !ours || strings.HasPrefix(dir, "internal/") {
		return name
	}
	dir = dir[strings.LastIndexByte(dir, '/')+1:]
	return strings.ToUpper(dir[:1]) + dir[1:] + name
}

// operation is what the document says of a route.
type operation struct {
	id, method, path, tag, summary, text string
	scope                                hubapi.Scope
	status                               int // of success; 0 is the usual one
}

// add registers an operation. Its errors go out as problems.
func add[I, O any](s *Server, api huma.API, op operation, do func(context.Context, *I) (*O, error)) {
	var wants []string
	huma.Register(api, huma.Operation{
		OperationID: op.id, Method: op.method, Path: hubapi.Prefix + op.path, Tags: []string{op.tag}, Summary: op.summary, Description: op.text,
		DefaultStatus: op.status, MaxBodyBytes: s.options.Limits.Body, BodyReadTimeout: s.options.Limits.Read,
		Security:    []map[string][]string{{"token": {string(op.scope)}}},
		Middlewares: huma.Middlewares{allow(op.scope), whole(&wants)},
	}, func(ctx context.Context, in *I) (*O, error) {
		if !op.endless() {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, answerTime)
			defer cancel()
		}
		out, err := do(ctx, in)
		if _, knows := errors.AsType[huma.StatusError](err); err != nil && !knows {
			err = hubapi.ProblemOf(err)
		}
		return out, err
	})
	wants = wanting(api, &op)
}

// wanting are the query parameters of an operation that "" is no value of.
func wanting(api huma.API, op *operation) (names []string) {
	item := api.OpenAPI().Paths[hubapi.Prefix+op.path]
	of := map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put, http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
	}[op.method]
	for _, p := range of.Parameters {
		schema := p.Schema
		free := schema.Type == huma.TypeArray ||
			schema.Type == huma.TypeString && schema.Format == "" && schema.Enum == nil && schema.MinLength == nil && schema.Pattern == ""
		if p.In == "query" && !free {
			names = append(names, p.Name)
		}
	}
	return names
}

// whole refuses parameters without a value, which huma takes for missing: who asks
// for ?from= has lost a value.
func whole(names *[]string) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		at := ctx.URL()
		query := at.Query()
		for _, name := range *names {
			if slices.Contains(query[name], "") {
				_, w := humago.Unwrap(ctx)
				p := hubapi.NewProblem(wattle.ErrParam, "query.%s has no value: give it one, or leave it out", name)
				p.Errors = []hubapi.Fault{{Message: "has no value", Location: "query." + name}}
				fail(w, p)
				return
			}
		}
		next(ctx)
	}
}

// endless operations go on until the client has enough.
func (op *operation) endless() bool {
	return op.path == "/live" || op.path == "/ws" || op.path == "/logs" || op.path == "/export"
}

// allow refuses who may not do what wants a scope.
func allow(want hubapi.Scope) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		p := principalOf(ctx.Context())
		if !p.scope.Includes(want) {
			_, w := humago.Unwrap(ctx)
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="wattle", error="insufficient_scope", scope=%q`, want))
			fail(w, hubapi.NewProblem(hubapi.ErrScope, "this wants the scope %s, and the token has %s", want, p.scope))
			return
		}
		next(ctx)
	}
}

// noRoute says that there is no such path, or not with this method.
func noRoute(mux *http.ServeMux) http.HandlerFunc {
	methods := []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	return func(w http.ResponseWriter, r *http.Request) {
		var allowed []string
		for _, m := range methods {
			other := &http.Request{Method: m, URL: r.URL, Host: r.Host}
			if _, pattern := mux.Handler(other); pattern != "/" && pattern != "" {
				allowed = append(allowed, m)
			}
		}
		if len(allowed) > 0 {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			fail(w, hubapi.NewProblem(hubapi.ErrMethod, "%s is not for this path: want %s", clip(r.Method), strings.Join(allowed, " or ")))
			return
		}
		p := hubapi.NewProblem(hubapi.ErrRequest, "there is nothing at this path: /openapi.json lists what there is")
		p.Status, p.Title, p.Class, p.Type = http.StatusNotFound, "no such path", "", "about:blank"
		fail(w, p)
	}
}
