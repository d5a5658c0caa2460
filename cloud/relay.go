package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"wattle"
	"wattle/internal/wire/cloudapi"
	"wattle/internal/wire/redact"
	"wattle/transport"
)

// Relay carries messages to one device through the cloud: the passthrough of
// services A and B, or the call on the device of service C. It is a
// [transport.Conn], so that a session over it batches, pages and reaches
// children as it does locally.
type Relay struct {
	client *Client
	entry  *Entry
	path   Path
}

var _ transport.Conn = (*Relay)(nil)

// Relay gives the relay of a device. Errors as of [Entry.Path].
func (c *Client) Relay(e *Entry) (*Relay, error) {
	path, err := e.Path()
	if err != nil {
		return nil, err
	}
	return &Relay{c, e, path}, nil
}

// Path is how the messages go.
func (r *Relay) Path() Path { return r.path }

// String names the way.
func (r *Relay) String() string { return string(r.path.Service) + " for " + r.entry.label() }

// GoString is String.
func (r *Relay) GoString() string { return r.String() }

// Reset does nothing: there is no session with the device.
func (*Relay) Reset() {}

// Close does nothing: the client stays open.
func (*Relay) Close() error { return nil }

// Info tells the way.
func (r *Relay) Info() transport.Info {
	host := r.base()
	if u, err := url.Parse(host); err == nil {
		host = u.Hostname()
	}
	return transport.Info{Route: wattle.Route{Family: r.path.Family, Transport: wattle.Cloud, Host: host}}
}

// base is where the device's messages go: as its own entry says.
func (r *Relay) base() string {
	if r.path.Service == Things {
		return r.entry.thingsBase()
	}
	if r.entry.Device.AppServerURL != "" {
		return r.entry.Device.AppServerURL
	}
	return r.client.at(r.entry.Line).Base
}

// Exchange sends one message of the device's own language. A refusal is a
// *wattle.CloudError; what surely was not carried out is marked, see
// [transport.NotCarriedOut]. It repeats nothing but what an expired token or a
// relay that takes only text turned away.
func (r *Relay) Exchange(ctx context.Context, request []byte) ([]byte, error) {
	if !json.Valid(request) {
		return nil, transport.Unsent(fmt.Errorf("%w: a message for a device has to be JSON", wattle.ErrParam))
	}
	data, err := r.passthrough(ctx, request, r.client.strings.Load() && r.path.Service != Things)
	if code(err) == wattle.CloudNoParameter && !r.client.strings.Load() && r.path.Service != Things {
		// In older days relays took only text.
		var again json.RawMessage
		if again, err = r.passthrough(ctx, request, true); err == nil {
			r.client.strings.Store(true)
			data = again
		}
	}
	if err != nil {
		return nil, r.explain(err, request)
	}
	answer, _, err := cloudapi.Unwrap(data)
	return answer, err
}

// passthrough sends the message over the path.
func (r *Relay) passthrough(ctx context.Context, request []byte, asText bool) (json.RawMessage, error) {
	data, err := cloudapi.Wrap(request, asText)
	if err != nil {
		return nil, err
	}
	c, base := r.client, r.base()
	var result cloudapi.PassthroughResult
	var answer *cloudapi.Answer
	m := message{label: "passthrough", timeout: relayTimeout}
	switch r.path.Service {
	case Things:
		answer, err = c.things(ctx, base, "POST", cloudapi.TargetService(r.entry.ID), cloudapi.ServiceCall{
			ServiceID: cloudapi.ServicePassthrough, Input: cloudapi.InputParams{RequestData: data},
		}, "services-sync")
		if err != nil {
			return nil, err
		}
		var got cloudapi.ServiceAnswer
		if err := json.Unmarshal(answer.Body, &got); err != nil {
			return nil, fmt.Errorf("services-sync: %w: another form than expected", wattle.ErrProtocol)
		}
		return got.Output.ResponseData, nil
	case V2:
		answer, err = c.authorized(ctx, r.entry.Line, func(token wattle.Secret) (*cloudapi.Answer, error) {
			return c.v2(ctx, r.entry.Line, base, cloudapi.PathPassthrough, token,
				cloudapi.Passthrough{DeviceID: r.entry.ID, RequestData: data}, m)
		})
	default:
		answer, err = c.authorized(ctx, r.entry.Line, func(token wattle.Secret) (*cloudapi.Answer, error) {
			return c.v1(ctx, r.entry.Line, base, cloudapi.MethodPassthrough, token,
				map[string]any{"deviceId": r.entry.ID, "requestData": data}, m)
		})
	}
	if err != nil {
		return nil, err
	}
	if err := answer.Into(&result); err != nil {
		return nil, err
	}
	return result.ResponseData, nil
}

// explain says what a refusal means for this device.
func (r *Relay) explain(err error, request []byte) error {
	if errors.Is(err, ErrOff) || errors.Is(err, ErrSignedOut) || errors.Is(err, wattle.ErrIdentity) || isHold(err) {
		return transport.Unsent(err)
	}
	switch code(err) {
	case wattle.CloudBadRequest:
		return fmt.Errorf("%w; the request was %s", err, redact.JSON(request))
	case wattle.CloudNotBound:
		r.client.forgetList()
	case wattle.CloudOffline, wattle.CloudThingOffline:
		if cloudapi.IsSmart(r.entry.Type) && r.path.Service != Things {
			return &classed{
				fmt.Sprintf("%s is not connected to this relay, which does not mean that it is off line: %s devices are connected to the things service (%v)",
					r.entry.label(), r.entry.Type, err), nil, wattle.ErrTransport, "use it locally, or through the things service where that lists it",
			}
		}
		return transport.Unsent(fmt.Errorf("%s has no connection to the cloud: %w", r.entry.label(), err))
	case wattle.CloudNoParameter, wattle.CloudNoMethod:
		return transport.Unsent(err)
	}
	return err
}

func isHold(err error) bool {
	_, hold := errors.AsType[*HoldError](err)
	return hold
}
