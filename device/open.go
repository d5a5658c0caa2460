package device

import (
	"context"

	"wattle/connect"
)

// Open finds out how the device is to be reached, connects, and makes the
// first contact. It goes by what the target remembers first, see
// [connect.Open]; the error is then a *connect.Error, which says what is wrong
// and what to do. Close ends the session.
func Open(ctx context.Context, t connect.Target, o *Options) (*Device, error) {
	if o == nil {
		o = &Options{}
	}
	var c connect.Options
	if o.Connect != nil {
		c = *o.Connect
	}
	if !o.Account.IsZero() {
		c.Account = o.Account
	}
	if c.Logger == nil {
		c.Logger = o.Logger
	}
	result, err := connect.Open(ctx, t, &c)
	if err != nil {
		return nil, err
	}
	d, err := open(ctx, result.Caller, result.Route.Family, o, result)
	if err != nil {
		_ = result.Close()
		return nil, err
	}
	return d, nil
}

// Connection is how [Open] reached the device: worth being remembered for the
// next time. It is nil for a device that was made by [New].
func (d *Device) Connection() *connect.Result { return d.shared.connection }
