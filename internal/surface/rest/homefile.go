package rest

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"wattle/automation"
	"wattle/internal/hubapi"
)

func (s *Server) homeFileRoutes(api huma.API) {
	add(s, api, operation{id: "get-home", method: http.MethodGet, path: "/home", tag: "home", scope: hubapi.ScopeRead,
		summary: "See all groups, scenes and rules", text: "With devices by name where that is clear: what POST takes, as JSON."}, s.exportHome)
	add(s, api, operation{id: "import-home", method: http.MethodPost, path: "/home", tag: "home", scope: hubapi.ScopeAdmin,
		summary: "Make or replace groups, scenes and rules out of a file",
		text:    "All of it or nothing: the file is checked as a whole first, and what is wrong is told with its line. Others stay as they are, unless replace is set."}, s.importHome)
}

func (s *Server) exportHome(context.Context, *struct{}) (*struct{ Body *automation.Document }, error) {
	auto, err := s.automation()
	if err != nil {
		return nil, err
	}
	return &struct{ Body *automation.Document }{auto.Export()}, nil
}

func (s *Server) importHome(ctx context.Context, in *struct {
	DryRun  bool `query:"dry_run" doc:"Check only, and store nothing"`
	Replace bool `query:"replace" doc:"Delete the groups, scenes and rules that are not in the file"`
	Body    hubapi.ImportRequest
}) (*struct{ Body automation.Imported }, error) {
	auto, err := s.automation()
	if err != nil {
		return nil, err
	}
	name := cmp.Or(clip(in.Body.Name), "file")
	did, err := auto.Import(ctx, name, []byte(in.Body.Text), &automation.ImportOptions{Try: in.DryRun, Replace: in.Replace})
	if f, ok := errors.AsType[*automation.FileError](err); ok && f.Line > 0 {
		p := hubapi.ProblemOf(err)
		p.Errors = []hubapi.Fault{{Message: f.Err.Error(), Location: name + ":" + strconv.Itoa(f.Line) + ":" + strconv.Itoa(f.Column)}}
		return nil, p
	}
	if err != nil {
		return nil, ruleError(err)
	}
	return &struct{ Body automation.Imported }{did}, nil
}
