package rest

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"wattle"
	"wattle/hub"
	"wattle/internal/hubapi"
)

func (s *Server) eventRoutes(api huma.API) {
	add(s, api, operation{id: "list-events", method: http.MethodGet, path: "/events", tag: "live", scope: hubapi.ScopeRead,
		summary: "What happened lately", text: "The newest first: out of the history, at most 10,000 of a span; without one those of this run that the hub still keeps, about a thousand."}, s.listEvents)
}

type eventsIn struct {
	PageIn
	Device string    `query:"device" maxLength:"256" doc:"Only those of a device and its children"`
	Kind   string    `query:"kind" maxLength:"64" doc:"Only those of a kind"`
	Since  time.Time `query:"since" doc:"Only those from this time on"`
	Until  time.Time `query:"until" doc:"Only those before this time"`
}

func (s *Server) listEvents(ctx context.Context, in *eventsIn) (*listOut[hubapi.Event], error) {
	wants, id := func(hub.ID) bool { return true }, hub.ID{}
	if in.Device != "" {
		v, err := s.find(in.Device)
		if err != nil {
			return nil, err
		}
		wants, id = concerns(v.ID), v.ID
	}
	if !in.Since.IsZero() && !in.Until.IsZero() && !in.Since.Before(in.Until) {
		return nil, fmt.Errorf("%w: since is not before until", wattle.ErrParam)
	}
	var events []hubapi.Event
	if s.options.Archive != nil {
		var err error
		if events, err = s.pastEvents(ctx, id, in); err != nil {
			return nil, err
		}
	} else {
		events = s.keptEvents(ctx, wants)
	}
	events = slices.DeleteFunc(events, func(e hubapi.Event) bool {
		return in.Kind != "" && e.Kind != in.Kind || e.Time.Before(in.Since) || !in.Until.IsZero() && !e.Time.Before(in.Until)
	})
	in.Limit = cmp.Or(in.Limit, 200)
	return listed(events, &in.PageIn, func(e hubapi.Event) string {
		return fmt.Sprint(e.Time.UnixNano(), "-", e.Seq, "-", e.Device, "-", e.Kind)
	}, same)
}

// concerns picks a device and its children.
func concerns(id hub.ID) func(hub.ID) bool {
	return func(other hub.ID) bool { return other == id || id.Child == "" && other.MAC == id.MAC }
}

// keptEvents are the events that the hub still has, the newest first. A
// subscription that comes back from the beginning of the run gets them.
func (s *Server) keptEvents(ctx context.Context, wants func(hub.ID) bool) []hubapi.Event {
	sub := s.hub.Subscribe(&hub.SubscribeOptions{Since: 1, Events: 1 << 16, Wants: wants})
	defer sub.Close()
	over, cancel := context.WithCancel(ctx)
	cancel()
	var out []hubapi.Event
	for {
		n, err := sub.Next(over)
		if err != nil {
			slices.SortStableFunc(out, func(a, b hubapi.Event) int { return cmp.Compare(b.Seq, a.Seq) })
			return out
		}
		if n.Event != nil {
			out = append(out, hubapi.EventOf(n.Event))
		}
	}
}
