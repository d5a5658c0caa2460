package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"wattle"
	"wattle/automation"
	"wattle/hub"
	"wattle/internal/hubapi"
)

// shelf is what the three kinds of stored things have in common.
type shelf[T any] struct {
	one, many string
	of        func(*automation.Engine) *automation.Shelf[T]
	key       func(*T) (name *string, rev uint64)
}

func (s *Server) homeRoutes(api huma.API) {
	s.homeFileRoutes(api)
	shelfRoutes(s, api, shelf[automation.Group]{"group", "groups", (*automation.Engine).Groups,
		func(g *automation.Group) (*string, uint64) { return &g.Name, g.Rev }})
	shelfRoutes(s, api, shelf[automation.Scene]{"scene", "scenes", (*automation.Engine).Scenes,
		func(c *automation.Scene) (*string, uint64) { return &c.Name, c.Rev }})
	shelfRoutes(s, api, shelf[automation.Rule]{"rule", "rules", (*automation.Engine).Rules,
		func(r *automation.Rule) (*string, uint64) { return &r.Name, r.Rev }})
	add(s, api, operation{id: "set-group", method: http.MethodPost, path: "/groups/{name}/set", tag: "home", scope: hubapi.ScopeControl,
		summary: "Set features of all devices of a group", text: "Each device gets those that it has. The group all is everything with a switch, and room:NAME is the devices of a room."}, s.setGroup)
	add(s, api, operation{id: "toggle-group", method: http.MethodPost, path: "/groups/{name}/toggle", tag: "home", scope: hubapi.ScopeControl,
		summary: "Switch a group", text: "All off where one is on, else all on."}, s.toggleGroup)
	add(s, api, operation{id: "apply-scene", method: http.MethodPost, path: "/scenes/{name}/apply", tag: "home", scope: hubapi.ScopeControl,
		summary: "Set the devices of a scene"}, s.applyScene)
	add(s, api, operation{id: "capture-scene", method: http.MethodPost, path: "/scenes/{name}/capture", tag: "home", scope: hubapi.ScopeAdmin,
		summary: "Make a scene of how devices are now"}, s.captureScene)
	add(s, api, operation{id: "enable-rule", method: http.MethodPatch, path: "/rules/{name}", tag: "home", scope: hubapi.ScopeAdmin,
		summary: "Switch a rule on or off"}, s.enableRule)
	add(s, api, operation{id: "run-rule", method: http.MethodPost, path: "/rules/{name}/run", tag: "home", scope: hubapi.ScopeControl, status: http.StatusAccepted,
		summary: "Run a rule now", text: "Its condition counts. See its log for how it went."}, s.runRule)
	add(s, api, operation{id: "preview-rule", method: http.MethodPost, path: "/preview", tag: "home", scope: hubapi.ScopeRead,
		summary: "Say what a rule would do", text: "The rule need not be stored."}, s.previewRule)
	add(s, api, operation{id: "rule-log", method: http.MethodGet, path: "/runs", tag: "home", scope: hubapi.ScopeRead,
		summary: "What rules did in this run of the hub", text: "The newest first, up to 500."}, s.ruleLog)
}

// NameIn names a group, scene or rule in a path.
type NameIn struct {
	Name string `path:"name" minLength:"1" maxLength:"128"`
}

// itemOut is a stored thing with its version.
type itemOut[T any] struct {
	ETag string `header:"ETag"`
	Body T
}

func shelfRoutes[T any](s *Server, api huma.API, k shelf[T]) {
	out := func(item T) *itemOut[T] {
		_, rev := k.key(&item)
		return &itemOut[T]{ETag: revTag(rev), Body: item}
	}
	add(s, api, operation{id: "list-" + k.many, method: http.MethodGet, path: "/" + k.many, tag: "home", scope: hubapi.ScopeRead,
		summary: "List " + k.many}, func(_ context.Context, in *PageIn) (*listOut[T], error) {
		auto, err := s.automation()
		if err != nil {
			return nil, err
		}
		return listed(k.of(auto).List(), in, func(t T) string { name, _ := k.key(&t); return *name }, same)
	})
	add(s, api, operation{id: "get-" + k.one, method: http.MethodGet, path: "/" + k.many + "/{name}", tag: "home", scope: hubapi.ScopeRead,
		summary: "See a " + k.one}, func(_ context.Context, in *struct {
		NameIn
		IfNoneMatch string `header:"If-None-Match" maxLength:"1024"`
	}) (*itemOut[T], error) {
		auto, err := s.automation()
		if err != nil {
			return nil, err
		}
		item, err := k.of(auto).Get(in.Name)
		if err != nil {
			return nil, missingItem(k.one, err)
		}
		o := out(item)
		if in.IfNoneMatch != "" && unchanged(in.IfNoneMatch, o.ETag) == nil {
			return nil, notModified(o.ETag)
		}
		return o, nil
	})
	add(s, api, operation{id: "put-" + k.one, method: http.MethodPut, path: "/" + k.many + "/{name}", tag: "home", scope: hubapi.ScopeAdmin,
		summary: "Make or replace a " + k.one, text: "With If-Match only the version that was read is replaced, with If-None-Match: * nothing is."},
		func(ctx context.Context, in *struct {
			NameIn
			MatchIn
			Body T
		}) (*itemOut[T], error) {
			auto, err := s.automation()
			if err != nil {
				return nil, err
			}
			if name, _ := k.key(&in.Body); *name == "" {
				*name = in.Name
			} else if !strings.EqualFold(*name, in.Name) {
				return nil, fmt.Errorf("%w: the body is named %q, and the path %q", wattle.ErrParam, clip(*name), in.Name)
			}
			match, err := in.match()
			if err != nil {
				return nil, err
			}
			item, err := k.of(auto).Put(ctx, in.Body, match)
			if err != nil {
				return nil, missingItem(k.one, ruleError(err))
			}
			return out(item), nil
		})
	add(s, api, operation{id: "delete-" + k.one, method: http.MethodDelete, path: "/" + k.many + "/{name}", tag: "home", scope: hubapi.ScopeAdmin,
		summary: "Delete a " + k.one}, func(ctx context.Context, in *struct {
		NameIn
		IfMatch string `header:"If-Match" maxLength:"64"`
	}) (*nothing, error) {
		auto, err := s.automation()
		if err != nil {
			return nil, err
		}
		match, err := (&MatchIn{IfMatch: in.IfMatch}).match()
		if err != nil {
			return nil, err
		}
		return nil, missingItem(k.one, ruleError(k.of(auto).Delete(ctx, in.Name, match)))
	})
}

func (s *Server) automation() (*automation.Engine, error) {
	if s.options.Automation == nil {
		return nil, absent("groups, scenes and rules")
	}
	return s.options.Automation, nil
}

func revTag(rev uint64) string { return strconv.Quote(strconv.FormatUint(rev, 10)) }

// MatchIn says which version may be replaced.
type MatchIn struct {
	IfMatch     string `header:"If-Match" maxLength:"64"`
	IfNoneMatch string `header:"If-None-Match" enum:"*" doc:"Only where there is none yet"`
}

func (in *MatchIn) match() (automation.Match, error) {
	switch {
	case in.IfNoneMatch != "" && in.IfMatch != "":
		return 0, fmt.Errorf("%w: If-Match and If-None-Match: nothing is there and not there", hubapi.ErrChanged)
	case in.IfNoneMatch != "":
		return automation.Absent, nil
	case in.IfMatch == "" || in.IfMatch == "*":
		return automation.Any, nil
	}
	text, err := strconv.Unquote(in.IfMatch)
	rev, perr := strconv.ParseUint(text, 10, 63)
	if err != nil || perr != nil || rev == 0 {
		return 0, fmt.Errorf("%w: If-Match %q is no version of it: read it again", hubapi.ErrChanged, clip(in.IfMatch))
	}
	return automation.Match(rev), nil
}

// ruleError gives errors of package automation the form of the API.
func ruleError(err error) error {
	if errors.Is(err, automation.ErrChanged) {
		return fmt.Errorf("%w: %w", hubapi.ErrChanged, err)
	}
	if f, ok := errors.AsType[*automation.FieldError](err); ok {
		p := hubapi.ProblemOf(err)
		p.Errors = []hubapi.Fault{{Message: f.Err.Error(), Location: strings.TrimSuffix("body."+f.Path, ".")}}
		return p
	}
	return err
}

// outcomesOut tells how something went on several devices.
type outcomesOut struct {
	Status int
	Body   []automation.Outcome
}

// outcomes are answered with 200 where all went well, and 207 where not.
func outcomes(list []automation.Outcome, err error) (*outcomesOut, error) {
	if err != nil {
		return nil, ruleError(err)
	}
	out := &outcomesOut{Status: http.StatusOK, Body: append([]automation.Outcome{}, list...)}
	for i := range out.Body {
		if o := &out.Body[i]; o.Err != nil {
			o.Error, out.Status = o.Err.Error(), http.StatusMultiStatus
		}
	}
	return out, nil
}

func (s *Server) setGroup(ctx context.Context, in *struct {
	NameIn
	Body hubapi.Settings
}) (*outcomesOut, error) {
	auto, word, err := s.grouped(in.Name)
	if err != nil {
		return nil, err
	}
	values := map[string]any{}
	for name, raw := range in.Body {
		if values[name], err = settingOf(raw); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return outcomes(auto.Set(ctx, []string{word}, values))
}

// grouped is the engine, where it has a group, and how this is named where devices
// are. "room:NAME" is the devices of a room, unless a group has that name.
func (s *Server) grouped(name string) (auto *automation.Engine, word string, err error) {
	if auto, err = s.automation(); err != nil {
		return nil, "", err
	}
	_, err = auto.Groups().Get(name)
	if err == nil || strings.EqualFold(name, "all") {
		return auto, "@" + name, nil
	}
	if _, room := hub.CutRoom(name); room {
		word = name
		_, err = auto.Members(name)
	}
	return auto, word, missingItem("group", err)
}

func (s *Server) toggleGroup(ctx context.Context, in *NameIn) (*outcomesOut, error) {
	auto, word, err := s.grouped(in.Name)
	if err != nil {
		return nil, err
	}
	return outcomes(auto.Toggle(ctx, []string{word}))
}

func (s *Server) applyScene(ctx context.Context, in *NameIn) (*outcomesOut, error) {
	auto, err := s.automation()
	if err != nil {
		return nil, err
	}
	did, err := auto.Apply(ctx, in.Name)
	return outcomes(did, missingItem("scene", err))
}

func (s *Server) captureScene(ctx context.Context, in *struct {
	NameIn
	MatchIn
	Body struct {
		Devices []string `json:"devices" minItems:"1" maxItems:"1000" doc:"Ids, names, @groups and room:NAME"`
	}
}) (*itemOut[automation.Scene], error) {
	auto, err := s.automation()
	if err != nil {
		return nil, err
	}
	match, err := in.match()
	if err != nil {
		return nil, err
	}
	scene, err := auto.Capture(in.Name, in.Body.Devices)
	if err != nil {
		return nil, ruleError(err)
	}
	if scene, err = auto.Scenes().Put(ctx, scene, match); err != nil {
		return nil, ruleError(err)
	}
	return &itemOut[automation.Scene]{ETag: revTag(scene.Rev), Body: scene}, nil
}

func (s *Server) enableRule(ctx context.Context, in *struct {
	NameIn
	Body struct {
		Disabled bool `json:"disabled"`
	}
}) (*itemOut[automation.Rule], error) {
	auto, err := s.automation()
	if err != nil {
		return nil, err
	}
	r, err := auto.Enable(ctx, in.Name, !in.Body.Disabled)
	if err != nil {
		return nil, missingItem("rule", ruleError(err))
	}
	return &itemOut[automation.Rule]{ETag: revTag(r.Rev), Body: r}, nil
}

func (s *Server) runRule(_ context.Context, in *NameIn) (*nothing, error) {
	auto, err := s.automation()
	if err != nil {
		return nil, err
	}
	return nil, missingItem("rule", ruleError(auto.Start(in.Name)))
}

func (s *Server) previewRule(_ context.Context, in *struct {
	At      time.Time `query:"at" doc:"When; now where it is missing"`
	Trigger int       `query:"trigger" minimum:"-1" maximum:"1000" default:"-1" doc:"Which of its triggers, from 0; -1 is none"`
	Body    automation.Rule
}) (*struct{ Body automation.Preview }, error) {
	auto, err := s.automation()
	if err != nil {
		return nil, err
	}
	at := in.At
	if at.IsZero() {
		at = time.Now()
	}
	if in.Trigger >= len(in.Body.On) || at.Year() < 1970 || at.Year() > 9999 {
		return nil, fmt.Errorf("%w: want a time from 1970 on, and a trigger that the rule has", wattle.ErrParam)
	}
	p, err := auto.Preview(in.Body, at, in.Trigger)
	if err != nil {
		return nil, ruleError(err)
	}
	return &struct{ Body automation.Preview }{p}, nil
}

func (s *Server) ruleLog(_ context.Context, in *struct {
	PageIn
	Rule string `query:"rule" maxLength:"128" doc:"Only those of a rule"`
}) (*listOut[automation.Run], error) {
	auto, err := s.automation()
	if err != nil {
		return nil, err
	}
	return listed(auto.Log(in.Rule, 500), &in.PageIn, func(r automation.Run) string { return strconv.FormatUint(r.ID, 10) }, same)
}
