package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"wattle"
	"wattle/internal/wire/cloudapi"
)

// serviceFresh is how long the address of a service is kept, as the app does.
const serviceFresh = 24 * time.Hour

// things is a call of service C at base, or where the account's things are.
// Errors of class [wattle.ErrSession] are cured once by a new token.
func (c *Client) things(ctx context.Context, base, verb, target string, body any, label string) (*cloudapi.Answer, error) {
	var raw []byte
	if body != nil {
		var err error
		if raw, err = cloudapi.Marshal(body); err != nil {
			return nil, err
		}
	}
	if base == "" {
		var err error
		if base, err = c.thingsBase(ctx); err != nil {
			return nil, err
		}
	}
	path, query, _ := strings.Cut(target, "?")
	limit := callTimeout
	if strings.HasSuffix(path, "/services-sync") {
		limit = relayTimeout
	}
	return c.authorized(ctx, Tapo, func(token wattle.Secret) (*cloudapi.Answer, error) {
		header := cloudapi.ThingsHeader(c.opt.Tapo, c.terminal(), token)
		if raw != nil {
			header = append(header, cloudapi.Field{Name: "Content-Type", Value: "application/json;charset=UTF-8"})
		}
		return c.send(ctx, &message{
			base: base, verb: verb, path: path, query: query, body: raw, header: header,
			label: label, timeout: limit, secrets: []wattle.Secret{token},
		})
	})
}

// RoomOf is the room of homes that a device is in, "" where the account does not
// tell: it knows rooms of things only.
func RoomOf(homes []Family, e *Entry) string {
	if e.Thing == nil || e.Thing.RoomID == "" {
		return ""
	}
	for i := range homes {
		if homes[i].ID != e.Thing.FamilyID && e.Thing.FamilyID != "" {
			continue
		}
		for _, r := range homes[i].Rooms {
			if r.ID == e.Thing.RoomID {
				return strings.TrimSpace(r.Name)
			}
		}
	}
	return ""
}

// thingsBase is where the things of the account are: as the service says, or
// else by the region of the login.
func (c *Client) thingsBase(ctx context.Context) (string, error) {
	in := c.at(Tapo)
	if in.Token.IsZero() {
		if _, err := c.token(ctx, Tapo); err != nil {
			return "", err
		}
		in = c.at(Tapo)
	}
	if in.Things != "" && time.Now().Before(in.ThingsExpires) {
		return in.Things, nil
	}
	urls, err := c.ServiceURLs(ctx, Tapo, cloudapi.ServiceThingsV2)
	base := ""
	if err == nil {
		base, err = c.trust(urls[cloudapi.ServiceThingsV2])
	}
	if err != nil {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		if errors.Is(err, wattle.ErrLockout) || errors.Is(err, wattle.ErrAuth) {
			return "", err
		}
		region, _ := cloudapi.Region(in.Base) // "" for hosts that are not TP-Link's
		base = cloudapi.ThingsURL(region)
		if region == "" {
			if base, err = c.serverInfo(ctx); err != nil {
				return "", err
			}
		}
		return base, nil // not kept: the next call asks again
	}
	c.change(ctx, func(s *state) {
		if l := s.Lines[Tapo]; l != nil {
			l.Things, l.ThingsExpires = base, time.Now().Add(serviceFresh)
		}
	})
	return base, nil
}

// serverInfo asks the global entry of the things service, which wants no token.
func (c *Client) serverInfo(ctx context.Context) (string, error) {
	answer, err := c.send(ctx, &message{
		base: c.opt.Entries.Things, verb: http.MethodGet, path: cloudapi.TargetServerInfo, label: "server-info",
		header: cloudapi.ThingsHeader(c.opt.Tapo, c.terminal(), wattle.Secret{}),
	})
	if err != nil {
		return "", err
	}
	var info cloudapi.ServerInfo
	if err := json.Unmarshal(answer.Body, &info); err != nil {
		return "", fmt.Errorf("server-info: %w", wattle.ErrProtocol)
	}
	return c.trust(info.AppServerURL)
}

// ServiceURLs asks where services are, by their ids. What it gives is not
// checked: follow none without that. See docs/protocol/cloud.md section 4.9.
func (c *Client) ServiceURLs(ctx context.Context, line Line, ids ...string) (map[string]string, error) {
	answer, err := c.authorized(ctx, line, func(token wattle.Secret) (*cloudapi.Answer, error) {
		in := c.at(line)
		if in.Service == cloudapi.V1 {
			return c.v1(ctx, line, in.Base, cloudapi.MethodAppServiceURL, token, map[string]any{"serviceIds": ids}, message{})
		}
		return c.v2(ctx, line, in.Base, cloudapi.PathAppServiceURL, token, cloudapi.ServiceIDs{IDs: ids}, message{label: "getAppServiceUrl"})
	})
	if err != nil {
		return nil, err
	}
	var urls cloudapi.ServiceURLs
	if err := answer.Into(&urls); err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, id := range ids {
		if u := urls.URL(id); u != "" {
			out[id] = u
		}
	}
	return out, nil
}

// Shadow is what the service knows of the state of a thing.
type Shadow = cloudapi.Shadow

// Shadows reads the shadows of several things in one call.
func (c *Client) Shadows(ctx context.Context, things ...string) ([]Shadow, error) {
	return c.shadows(ctx, "", things...)
}

func (c *Client) shadows(ctx context.Context, base string, things ...string) ([]Shadow, error) {
	if len(things) == 0 {
		return nil, nil
	}
	answer, err := c.things(ctx, base, http.MethodGet, cloudapi.TargetShadows(things...), nil, "shadows")
	if err != nil {
		return nil, err
	}
	var got cloudapi.Shadows
	if err := json.Unmarshal(answer.Body, &got); err != nil {
		return nil, fmt.Errorf("shadows: %w: another form than expected", wattle.ErrProtocol)
	}
	return got.Shadows, nil
}

// Event is one entry of a thing's log.
type Event = cloudapi.Event

// Events are the newest events of a thing, such as the presses of a button.
func (c *Client) Events(ctx context.Context, e *Entry, most int) ([]Event, error) {
	if e.Thing == nil {
		return nil, fmt.Errorf("%w: %w", wattle.ErrUnsupported, errNoThing)
	}
	answer, err := c.things(ctx, e.thingsBase(), http.MethodGet, cloudapi.TargetEvents(e.ID, most), nil, "events")
	if err != nil {
		return nil, err
	}
	return cloudapi.ParseEvents(answer.Body)
}

// Family is a home of the account, with its rooms.
type Family = cloudapi.Family

// Families are the homes and rooms of the account.
func (c *Client) Families(ctx context.Context) ([]Family, error) {
	var all []Family
	for page := range pagesMost {
		answer, err := c.things(ctx, "", http.MethodGet, cloudapi.TargetFamilies(page, cloudapi.PageSize), nil, "families")
		if err != nil {
			return nil, err
		}
		list, err := cloudapi.ParseFamilies(answer.Body)
		if err != nil {
			return nil, err
		}
		all = append(all, list.Data...)
		if last(len(list.Data), len(all), list.Total) {
			break
		}
	}
	return all, nil
}

// thingsBase is where a thing is; "" for where the account's are.
func (e *Entry) thingsBase() string {
	if e.Thing == nil {
		return ""
	}
	return e.Thing.AppServerURL
}
