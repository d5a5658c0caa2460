package rest

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"wattle/internal/hubapi"
)

func (s *Server) liveRoutes(api huma.API) {
	add(s, api, operation{id: "live", method: http.MethodGet, path: "/live", tag: "live", scope: hubapi.ScopeRead,
		summary: "Follow what changes, as server-sent events",
		text: "First hello with the ids of all devices, then a snapshot of each, then ready, then device, event and gone as they happen, and a heartbeat " +
			"where nothing does. The data of each event is a Message. Come back with Last-Event-ID, and you get what has changed since. A client that " +
			"does not read is cut off; of each device only the newest state waits for it."}, s.events)
	add(s, api, operation{id: "websocket", method: http.MethodGet, path: "/ws", tag: "live", scope: hubapi.ScopeRead, status: http.StatusSwitchingProtocols,
		summary: "Follow what changes, and send commands, over a WebSocket",
		text: "The messages of /live as text, one Message each. A client may send a Command, which wants the scope control and is answered by a Message of the type answer. " +
			"Browsers send their token as a second protocol: new WebSocket(url, [\"wattle.v1\", \"wattle.token.\" + token])."}, s.socket)
	components := api.OpenAPI().Components.Schemas
	components.Schema(typeOf[hubapi.Message](), true, "")
	components.Schema(typeOf[hubapi.Command](), true, "")
	operationOf(api, "/live").Responses["200"] = &huma.Response{Description: "Events, each with a Message as its data", Content: eventsOf("Message",
		hubapi.Hello, hubapi.Snapshot, hubapi.Ready, hubapi.Changed, hubapi.Happened, hubapi.Gone, hubapi.Heartbeat)}
	operationOf(api, "/ws").Responses["101"] = &huma.Response{Description: "Messages follow"}
}

// liveIn says what a follower wants.
type liveIn struct {
	Device  []string `query:"device,explode" maxItems:"100" doc:"Only these devices and their children"`
	Feature []string `query:"feature,explode" maxItems:"100" doc:"Only these features"`
	Since   string   `query:"since" maxLength:"64" doc:"The id of the last message of the time before"`
	LastID  string   `header:"Last-Event-ID" maxLength:"64" doc:"The same, as browsers send it"`
}

func (in *liveIn) since() string {
	if in.LastID != "" {
		return in.LastID
	}
	return in.Since
}

// begin starts to follow for a client. leave has to be called in the end.
func (s *Server) beginLive(ctx context.Context, in *liveIn) (*feed, context.Context, func(), error) {
	f, err := s.filterOf(in.Device, in.Feature)
	if err != nil {
		return nil, nil, nil, err
	}
	follow, leave, ok := s.live.enter(ctx)
	if !ok {
		return nil, nil, nil, hubapi.NewProblem(hubapi.ErrRate, "%d clients follow already: close one", s.options.Limits.Followers)
	}
	fd := s.follow(f, in.since())
	return fd, follow, func() {
		fd.close()
		leave()
	}, nil
}

func (s *Server) events(ctx context.Context, in *liveIn) (*huma.StreamResponse, error) {
	fd, follow, leave, err := s.beginLive(ctx, in)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		defer leave()
		_, w := humago.Unwrap(hctx)
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("X-Accel-Buffering", "no")
		s.stream(follow, w, func() ([]byte, error) {
			messages, err := fd.next(follow)
			if err != nil {
				return nil, err
			}
			return sseOf(messages)
		})
	}}, nil
}

// stream writes what comes until it ends, or the client does not take it for
// too long.
func (s *Server) stream(ctx context.Context, w http.ResponseWriter, next func() ([]byte, error)) {
	control := http.NewResponseController(w)
	// What the client still sends does not matter: it has its answer.
	_ = control.SetReadDeadline(time.Time{})
	for ctx.Err() == nil {
		data, err := next()
		if err != nil || !s.stays(principalOf(ctx)) {
			return
		}
		if control.SetWriteDeadline(time.Now().Add(s.options.Limits.Write)) != nil {
			return
		}
		if _, err := w.Write(data); err != nil {
			return
		}
		if control.Flush() != nil {
			return
		}
	}
}

// sseOf writes messages as server-sent events.
func sseOf(messages []message) ([]byte, error) {
	var b bytes.Buffer
	for i := range messages {
		m := &messages[i]
		data, err := m.json()
		if err != nil {
			return nil, err
		}
		b.WriteString("event: " + m.Type + "\n")
		if m.ID != "" {
			b.WriteString("id: " + m.ID + "\n")
		}
		b.WriteString("data: ")
		b.Write(data)
		b.WriteString("\n\n")
	}
	return b.Bytes(), nil
}
