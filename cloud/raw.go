package cloud

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"wattle"
	"wattle/internal/wire/cloudapi"
)

// Raw is a call that a person puts together.
type Raw struct {
	Line    Line
	Service Service
	// Method is a method of service A, a path of service B (/api/v2/...), or verb
	// and target of service C ("GET /v1/things?page=0").
	Method string
	// Params are the params of service A, or the whole body; nil for none. The
	// token is added where it belongs.
	Params json.RawMessage
	// Base is another host than the account's, such as the appServerUrl of a
	// device; "" for the account's.
	Base string
}

// Raw makes a call and gives the whole answer, with the error of its code.
func (c *Client) Raw(ctx context.Context, r Raw) (json.RawMessage, error) {
	if len(r.Params) > 0 && !json.Valid(r.Params) {
		var v any
		return nil, fmt.Errorf("%w: the parameters are not JSON: %w", wattle.ErrParam, json.Unmarshal(r.Params, &v))
	}
	if r.Line == "" {
		r.Line = Kasa
	}
	var answer *cloudapi.Answer
	var err error
	switch r.Service {
	case Things:
		verb, target, found := strings.Cut(r.Method, " ")
		if !found || !strings.HasPrefix(target, "/") {
			return nil, fmt.Errorf("%w: a call of the things service is a verb and a target, such as %q", wattle.ErrParam, "GET /v1/things?page=0")
		}
		var body any
		if len(r.Params) > 0 {
			body = r.Params
		}
		answer, err = c.things(ctx, r.Base, strings.ToUpper(verb), target, body, target)
	case V2:
		if !strings.HasPrefix(r.Method, "/") {
			return nil, fmt.Errorf("%w: a call of the service v2 is a path, such as %q", wattle.ErrParam, cloudapi.PathMFAStatus)
		}
		body := r.Params
		if len(body) == 0 {
			body = json.RawMessage("{}")
		}
		answer, err = c.authorized(ctx, r.Line, func(token wattle.Secret) (*cloudapi.Answer, error) {
			return c.v2(ctx, r.Line, c.base(r), r.Method, token, body, message{})
		})
	default:
		params := map[string]any{}
		if len(r.Params) > 0 {
			if err := json.Unmarshal(r.Params, &params); err != nil {
				return nil, fmt.Errorf("%w: the parameters are not an object", wattle.ErrParam)
			}
		}
		answer, err = c.authorized(ctx, r.Line, func(token wattle.Secret) (*cloudapi.Answer, error) {
			return c.v1(ctx, r.Line, c.base(r), r.Method, token, params, message{})
		})
	}
	if answer == nil {
		return nil, err
	}
	return answer.Body, err
}

func (c *Client) base(r Raw) string {
	if r.Base != "" {
		return r.Base
	}
	return c.at(r.Line).Base
}
