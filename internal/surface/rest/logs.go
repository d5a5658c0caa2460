package rest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"wattle/internal/hubapi"
)

func (s *Server) logRoutes(api huma.API) {
	add(s, api, operation{id: "logs", method: http.MethodGet, path: "/logs", tag: "hub", scope: hubapi.ScopeAdmin,
		summary: "See the log of the hub", text: "As server-sent events called log, each with a LogLine as its data: the newest lines, the oldest first, and with " +
			"follow those that come."}, s.logs)
	api.OpenAPI().Components.Schemas.Schema(typeOf[hubapi.LogLine](), true, "")
	operationOf(api, "/logs").Responses["200"] = &huma.Response{Description: "Lines", Content: eventsOf("LogLine", "log")}
}

func (s *Server) logs(ctx context.Context, in *struct {
	Last   int  `query:"last" minimum:"0" maximum:"10000" default:"100" doc:"How many lines of before"`
	Follow bool `query:"follow" doc:"And those that come"`
}) (*huma.StreamResponse, error) {
	if s.options.Logs == nil {
		return nil, absent("a log to be shown")
	}
	follow, leave, ok := s.live.enter(ctx)
	if !ok {
		return nil, hubapi.NewProblem(hubapi.ErrRate, "%d clients follow already: close one", s.options.Limits.Followers)
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		defer leave()
		_, w := humago.Unwrap(hctx)
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("X-Accel-Buffering", "no")
		lines, ended := make(chan string, batch), make(chan error, 1)
		follow, cancel := context.WithCancel(follow)
		go func() {
			ended <- s.options.Logs(follow, in.Last, in.Follow, func(line string) error {
				select {
				case lines <- line:
					return nil
				case <-follow.Done():
					return follow.Err()
				}
			})
			close(lines)
		}()
		s.stream(follow, w, func() ([]byte, error) { return s.logEvent(follow, lines) })
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			s.log.WarnContext(ctx, "log not shown", "err", err)
		}
	}}, nil
}

// errEnd: there is no more.
var errEnd = errors.New("the end")

// logEvent waits for a line, at most until the next heartbeat.
func (s *Server) logEvent(ctx context.Context, lines <-chan string) ([]byte, error) {
	beat := time.NewTimer(s.options.Limits.Heartbeat)
	defer beat.Stop()
	select {
	case line, more := <-lines:
		if !more {
			return nil, errEnd
		}
		data, err := json.Marshal(hubapi.LogLine{Line: line})
		return append(append([]byte("event: log\ndata: "), data...), "\n\n"...), err
	case <-beat.C:
		return []byte(":\n\n"), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
