package hubclient

import (
	"context"
	"fmt"
	"net/http"

	"wattle"
	"wattle/hub"
	"wattle/internal/hubapi"
	"wattle/method"
)

// Device is a device of the hub, or a child, as a Caller.
type Device struct {
	client *Client
	id     hub.ID
}

var _ method.Caller = (*Device)(nil)

// Device gives the device of an id; it does no I/O.
func (c *Client) Device(id hub.ID) *Device { return &Device{c, id} }

// Child reaches a child of the device.
func (d *Device) Child(id string) method.Caller {
	return &Device{d.client, hub.ID{MAC: d.id.MAC, Child: id}}
}

// callsMost is how many calls the hub takes in one request.
const callsMost = 64

// Do performs calls through the hub. A call whose answer got lost is not
// repeated: whether the device has done it nobody knows here.
func (d *Device) Do(ctx context.Context, calls ...method.Call) ([]method.Result, error) {
	var out []method.Result
	for len(calls) > 0 {
		now := calls[:min(len(calls), callsMost)]
		results, err := d.do(ctx, now)
		if err != nil {
			if len(out) == 0 {
				return nil, err
			}
			for range calls {
				out = append(out, method.Result{Err: err})
			}
			return out, nil
		}
		out = append(out, results...)
		calls = calls[len(now):]
	}
	return out, nil
}

func (d *Device) do(ctx context.Context, calls []method.Call) ([]method.Result, error) {
	in := hubapi.CallsRequest{Calls: make([]hubapi.Call, len(calls))}
	for i, c := range calls {
		in.Calls[i] = hubapi.CallOf(c)
	}
	var answer hubapi.CallsAnswer
	if err := d.client.Do(ctx, http.MethodPost, "/devices/"+hub.Slug(d.id)+"/calls", in, &answer); err != nil {
		return nil, err
	}
	if len(answer.Results) != len(calls) {
		return nil, fmt.Errorf("%w: %d results of the hub for %d calls", wattle.ErrProtocol, len(answer.Results), len(calls))
	}
	out := make([]method.Result, len(calls))
	for i, r := range answer.Results {
		out[i] = r.Result()
	}
	return out, nil
}

// Refresh polls the device now.
func (d *Device) Refresh(ctx context.Context) (*hubapi.Device, error) {
	out := new(hubapi.Device)
	return out, d.client.Do(ctx, http.MethodPost, "/devices/"+hub.Slug(d.id)+"/refresh", nil, out)
}
