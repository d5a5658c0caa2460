package rest

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"wattle"
	"wattle/history"
	"wattle/hub"
	"wattle/internal/hubapi"
)

func (s *Server) booksRoutes(api huma.API) {
	add(s, api, operation{id: "books", method: http.MethodGet, path: "/devices/{id}/books", tag: "history", scope: hubapi.ScopeRead,
		summary: "See how the energy of a device was reconciled with its own history",
		text: "What was counted, spread, estimated and filled, by hour or day, beside what the device says of the same hours. " +
			"A device is asked for its own history after an outage only."}, s.books)
}

// mostBooked is the longest span that is shown by hour; by day ten times as much.
const mostBooked = 400 * 24 * time.Hour

func (s *Server) books(ctx context.Context, in *struct {
	DeviceIn
	SpanIn
	By string `query:"by" enum:"hour,day" default:"day"`
}) (*struct{ Body hubapi.Books }, error) {
	id, err := s.remembered(in.ID)
	if err != nil {
		return nil, err
	}
	from, to, err := in.span(7 * 24 * time.Hour)
	if err != nil {
		return nil, err
	}
	most := mostBooked
	if in.By == string(history.Day) {
		most *= 10
	}
	if to.Sub(from) > most {
		return nil, fmt.Errorf("%w: by %s at most %.0f days are shown", wattle.ErrParam, in.By, most.Hours()/24)
	}
	m, err := s.options.Archive.Meter(ctx, id)
	if err != nil {
		return nil, past(err)
	}
	entries, spans, err := s.options.Archive.Books(ctx, id, from, to)
	if err != nil {
		return nil, past(err)
	}
	out := &struct{ Body hubapi.Books }{hubapi.Books{
		Device: hub.Slug(id), By: in.By, Lifetime: m.Life.KWh(), Booked: m.Book.KWh(), Estimated: m.Estimated.KWh(), Resets: m.Resets, At: m.At,
		Open: []hubapi.Open{},
	}}
	out.Body.Rows, out.Body.Total = hubapi.BookedOf(entries, history.Resolution(in.By))
	if len(entries) == 0 {
		out.Body.Total.Start, out.Body.Total.End = from, to
	}
	for _, span := range spans {
		out.Body.Open = append(out.Body.Open, hubapi.Open{Kind: span.Kind, From: span.From, To: span.To, Energy: span.Energy.KWh()})
	}
	if s.options.Fillings != nil {
		for _, f := range s.options.Fillings() {
			if f.Device == id {
				out.Body.Asked = &hubapi.Asked{Time: f.At, Steps: string(f.Steps), Error: f.Error}
			}
		}
	}
	return out, nil
}
