package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"wattle"
	"wattle/energy"
	"wattle/history"
	"wattle/hub"
	"wattle/internal/hubapi"
	"wattle/recorder"
)

func (s *Server) historyRoutes(api huma.API) {
	s.booksRoutes(api)
	add(s, api, operation{id: "feature-history", method: http.MethodGet, path: "/devices/{id}/history", tag: "history", scope: hubapi.ScopeRead,
		summary: "See a feature over time", text: "Down-sampled to a number of buckets, or by minute, hour or day, or single samples (by=raw), the oldest first. " +
			"The last 24 hours where nothing else is asked for."}, s.featureHistory)
	add(s, api, operation{id: "list-series", method: http.MethodGet, path: "/devices/{id}/series", tag: "history", scope: hubapi.ScopeRead,
		summary: "List the features of a device that have a history"}, s.listSeries)
	add(s, api, operation{id: "energy", method: http.MethodGet, path: "/devices/{id}/energy", tag: "history", scope: hubapi.ScopeRead,
		summary: "See what a device used, and what that cost"}, s.energy)
	add(s, api, operation{id: "export", method: http.MethodGet, path: "/export", tag: "history", scope: hubapi.ScopeRead,
		summary: "Export the history", text: "As CSV, as a JSON array, or as Influx line protocol."}, s.export)
	add(s, api, operation{id: "list-tariffs", method: http.MethodGet, path: "/tariffs", tag: "history", scope: hubapi.ScopeRead,
		summary: "See what energy costs", text: "As the configuration has it."}, s.listTariffs)
	operationOf(api, "/export").Responses["200"] = &huma.Response{Description: "The history", Content: map[string]*huma.MediaType{
		"text/csv": {Schema: &huma.Schema{Type: "string"}}, "application/json": {Schema: &huma.Schema{Type: "array", Items: &huma.Schema{}}},
		"text/plain": {Schema: &huma.Schema{Type: "string"}},
	}}
}

// SpanIn is a span of time.
type SpanIn struct {
	From time.Time `query:"from" doc:"Where it begins; 24 hours before the end where it is missing"`
	To   time.Time `query:"to" doc:"Where it ends; now where it is missing"`
}

// longest is the longest span that may be asked for.
const longest = 100 * 366 * 24 * time.Hour

func (in *SpanIn) span(usual time.Duration) (from, to time.Time, err error) {
	if to = in.To; to.IsZero() {
		to = time.Now()
	}
	if from = in.From; from.IsZero() {
		from = to.Add(-usual)
	}
	if !from.Before(to) || to.Sub(from) > longest || from.Year() < 1970 || to.Year() > 9999 {
		return from, to, fmt.Errorf("%w: want from before to, from 1970 on, and at most 100 years", wattle.ErrParam)
	}
	return from, to, nil
}

// remembered is a device in the history: one that has left the hub is found by
// its id.
func (s *Server) remembered(word string) (hub.ID, error) {
	if s.options.Archive == nil {
		return hub.ID{}, absent("a history")
	}
	v, err := s.find(word)
	if err == nil {
		return v.ID, nil
	}
	if id, perr := history.ParseDevice(word); perr == nil {
		return id, nil
	}
	return hub.ID{}, err
}

// past gives errors of a history a class.
func past(err error) error {
	switch {
	case errors.Is(err, history.ErrNotFound):
		return fmt.Errorf("%w: %w", wattle.ErrNotFound, err)
	case errors.Is(err, history.ErrInUse), errors.Is(err, history.ErrQueueFull), errors.Is(err, history.ErrClosed), errors.Is(err, history.ErrDiskFull):
		return fmt.Errorf("%w: %w", wattle.ErrBusy, err)
	}
	return err
}

func (s *Server) featureHistory(ctx context.Context, in *struct {
	DeviceIn
	SpanIn
	Feature string `query:"feature" required:"true" minLength:"1" maxLength:"128" doc:"The id of the feature" example:"current_consumption"`
	By      string `query:"by" enum:"raw,minute,hour,day" doc:"Instead of points"`
	Points  int    `query:"points" minimum:"1" maximum:"10000" default:"500" doc:"How many buckets at most"`
	Limit   int    `query:"limit" minimum:"1" maximum:"10000" default:"1000" doc:"How many samples at most, with by=raw"`
}) (*struct{ Body hubapi.Series }, error) {
	id, err := s.remembered(in.ID)
	if err != nil {
		return nil, err
	}
	from, to, err := in.span(24 * time.Hour)
	if err != nil {
		return nil, err
	}
	key := history.Key{Device: id, Feature: in.Feature}
	out := &struct{ Body hubapi.Series }{hubapi.Series{Device: hub.Slug(id), Feature: in.Feature}}
	if in.By == string(history.Raw) {
		samples, err := s.options.Archive.Samples(ctx, key, history.From(from), to, in.Limit)
		if err != nil {
			return nil, past(err)
		}
		for i := range samples {
			out.Body.Unit = samples[i].Unit
			out.Body.Samples = append(out.Body.Samples, hubapi.SampleOf(&samples[i]))
		}
		return out, nil
	}
	var series *history.Series
	if in.By != "" {
		series, err = s.options.Archive.Range(ctx, key, history.Resolution(in.By), from, to)
	} else {
		series, err = s.options.Archive.Downsample(ctx, key, from, to, in.Points)
	}
	if err != nil {
		return nil, past(err)
	}
	out.Body.Unit = series.Unit
	for i := range series.Buckets {
		out.Body.Buckets = append(out.Body.Buckets, hubapi.BucketOf(&series.Buckets[i]))
	}
	return out, nil
}

func (s *Server) listSeries(ctx context.Context, in *struct {
	DeviceIn
	PageIn
}) (*listOut[string], error) {
	id, err := s.remembered(in.ID)
	if err != nil {
		return nil, err
	}
	keys, err := s.options.Archive.Series(ctx, id)
	if err != nil {
		return nil, past(err)
	}
	name := func(k history.Key) string { return k.Feature }
	return listed(keys, &in.PageIn, name, name)
}

func (s *Server) energy(ctx context.Context, in *struct {
	DeviceIn
	SpanIn
	By string `query:"by" enum:"hour,day,month" default:"day"`
}) (*struct{ Body hubapi.Energy }, error) {
	id, err := s.remembered(in.ID)
	if err != nil {
		return nil, err
	}
	by := energy.Step(in.By)
	from, to, err := in.span(map[energy.Step]time.Duration{energy.Hour: 24 * time.Hour, energy.Day: 30 * 24 * time.Hour, energy.Month: 365 * 24 * time.Hour}[by])
	if err != nil {
		return nil, err
	}
	costs, err := s.options.Archive.Costs(ctx, id, by, from, to)
	if err != nil {
		return nil, past(err)
	}
	out := &struct{ Body hubapi.Energy }{hubapi.Energy{Device: hub.Slug(id), By: in.By, Spans: []hubapi.Usage{}}}
	for i := range costs {
		u := hubapi.UsageOf(&costs[i].Usage)
		for j := range costs[i].Bills {
			u.Bills = append(u.Bills, hubapi.BillOf(&costs[i].Bills[j]))
		}
		out.Body.Spans = append(out.Body.Spans, u)
	}
	if m, err := s.options.Archive.Meter(ctx, id); err == nil && m != nil {
		kwh := m.Life.KWh()
		out.Body.Lifetime = &kwh
	}
	return out, nil
}

// exportTypes are the content types of exports.
var exportTypes = map[history.Format]string{
	history.CSV: "text/csv; charset=utf-8", history.JSON: "application/json", history.Influx: "text/plain; charset=utf-8",
}

func (s *Server) export(ctx context.Context, in *struct {
	SpanIn
	Device  string   `query:"device" maxLength:"256" doc:"Only this device; all without it"`
	Feature []string `query:"feature,explode" maxItems:"100" doc:"Only these features"`
	By      string   `query:"by" enum:"raw,minute,hour,day" default:"raw" doc:"Single samples, or buckets"`
	Format  string   `query:"format" enum:"csv,json,influx" default:"csv"`
}) (*huma.StreamResponse, error) {
	if s.options.Archive == nil {
		return nil, absent("a history")
	}
	from, to, err := in.span(24 * time.Hour)
	if err != nil {
		return nil, err
	}
	selection := history.Selection{Features: in.Feature, By: history.Resolution(in.By), From: from, To: to}
	if in.Device != "" {
		if selection.Device, err = s.remembered(in.Device); err != nil {
			return nil, err
		}
		if err := s.recorded(ctx, selection.Device, in.Feature); err != nil {
			return nil, err
		}
	}
	follow, leave, ok := s.live.enter(ctx)
	if !ok {
		return nil, hubapi.NewProblem(hubapi.ErrRate, "too much goes on at once: try again in a minute")
	}
	format := history.Format(in.Format)
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		defer leave()
		_, w := humago.Unwrap(hctx)
		out := &begun{ResponseWriter: w, control: http.NewResponseController(w), limit: s.options.Limits.Write, kind: exportTypes[format]}
		_, err := history.Export(out, format, selection.By != history.Raw, s.options.Archive.Records(follow, selection))
		switch {
		case err == nil:
		case !out.wrote:
			fail(w, past(err))
		default: // what was sent cannot be taken back: the client sees that it breaks off
			panic(http.ErrAbortHandler)
		}
	}}, nil
}

// recorded refuses features that a device has no history of: they would be missing in
// an export without a word.
func (s *Server) recorded(ctx context.Context, id hub.ID, features []string) error {
	if len(features) == 0 {
		return nil
	}
	have, err := s.options.Archive.Series(ctx, id)
	if err != nil {
		return past(err)
	}
	for _, name := range features {
		if !slices.ContainsFunc(have, func(k history.Key) bool { return k.Feature == name }) {
			return missing("feature", "no feature %q in the history of this device", name)
		}
	}
	return nil
}

// begun writes an answer that may be long: the client has time for each part of
// it. Its type is set with the first part, so that an error before it is a problem.
type begun struct {
	http.ResponseWriter
	control *http.ResponseController
	limit   time.Duration
	kind    string
	wrote   bool
}

func (b *begun) Write(p []byte) (int, error) {
	if !b.wrote {
		b.wrote = true
		b.Header().Set("Content-Type", b.kind)
	}
	if err := b.control.SetWriteDeadline(time.Now().Add(b.limit)); err != nil {
		return 0, err
	}
	return b.ResponseWriter.Write(p)
}

func (s *Server) listTariffs(context.Context, *nothing) (*listOut[recorder.Tariff], error) {
	if s.options.Tariffs == nil {
		return nil, absent("tariffs")
	}
	return &listOut[recorder.Tariff]{Body: append([]recorder.Tariff{}, s.options.Tariffs()...)}, nil
}

// pastEvents are events out of the history, the newest first.
func (s *Server) pastEvents(ctx context.Context, id hub.ID, in *eventsIn) ([]hubapi.Event, error) {
	to := in.Until
	if to.IsZero() {
		to = time.Now().Add(time.Hour) // what devices say whose clock is ahead
	}
	from := in.Since
	if from.IsZero() {
		from = time.Unix(0, 0)
	}
	events, err := s.options.Archive.Events(ctx, id, from, to, mostEvents)
	if err != nil {
		return nil, past(err)
	}
	out := make([]hubapi.Event, 0, len(events))
	for i := len(events) - 1; i >= 0; i-- {
		out = append(out, hubapi.EventOf(&events[i]))
	}
	return out, nil
}

// mostEvents is how far back a list of events goes.
const mostEvents = 10_000
