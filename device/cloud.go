package device

import (
	"context"
	"fmt"
	"strings"

	"wattle"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

// Cloud is how a device stands to the cloud of its maker. nil and "" are what
// it does not tell.
type Cloud struct {
	Connected *bool
	Bound     *bool  // it belongs to an account
	Account   string // the e-mail, Kasa only
	Server    string // Kasa only
}

// Cloud asks for the state of the cloud connection. Errors wrap
// [wattle.ErrUnsupported]. See docs/protocol/iot.md section 10 and smart.md
// section 6.
func (d *Device) Cloud(ctx context.Context) (Cloud, error) {
	d = d.root()
	if d.family == wattle.IOT {
		info, err := ask(ctx, d, d.cloudOf().GetInfo, method.None{})
		if err != nil {
			return Cloud{}, fmt.Errorf("%s: %w", d.label(), err)
		}
		c := Cloud{Account: info.Username, Server: info.Server}
		if v, ok := info.Bound.Get(); ok {
			c.Bound = &v
		}
		if v, ok := info.Connected.Get(); ok {
			c.Connected = &v
		}
		return c, nil
	}
	if err := d.requires("cloud_connect", "connection to a cloud"); err != nil {
		return Cloud{}, err
	}
	state, err := ask(ctx, d, smart.GetCloudState, method.None{})
	if err != nil {
		return Cloud{}, fmt.Errorf("%s: %w", d.label(), err)
	}
	var c Cloud
	if status, ok := state.Status.Get(); ok {
		connected := status == 0
		c.Connected = &connected
	}
	if r := d.shared.connection; r != nil && r.Found != nil {
		bound := strings.Trim(r.Found.Owner, "0") != ""
		c.Bound = &bound
	}
	return c, nil
}

func (d *Device) cloudOf() iot.Cloud {
	if d.isLight() {
		return iot.BulbCloud
	}
	return iot.PlugCloud
}

// BindCloud gives the device to an account. A Tapo device takes only this
// account's credentials from then on, so that the session is of no use
// afterwards. The account is not checked by anybody here: a wrong one locks its
// owner out.
func (d *Device) BindCloud(ctx context.Context, c wattle.Credentials) error {
	d = d.root()
	if c.Username == "" || c.Password.IsZero() {
		return fmt.Errorf("%s: %w: an account has an e-mail and a password", d.label(), wattle.ErrParam)
	}
	if d.family == wattle.IOT {
		return order(ctx, d, d.cloudOf().Bind, iot.Bind{Username: c.Username, Password: c.Password})
	}
	if err := d.requires("quick_setup", "account"); err != nil {
		return err
	}
	err := order(ctx, d, smart.SetQSInfo, smart.QuickSetup{Account: c, Time: d.setupTime(ctx, nil)})
	if lost(ctx, err) {
		return nil
	}
	return err
}

// UnbindCloud takes a Kasa device away from its account: it works on in the
// local network. Errors wrap [wattle.ErrUnsupported] for Tapo devices, which
// only [Device.Reset] sets free, and [wattle.ErrRefused] where no account has it.
func (d *Device) UnbindCloud(ctx context.Context) error {
	d = d.root()
	if d.family != wattle.IOT {
		return fmt.Errorf("%s: %w: only a factory reset, or the app, takes it away from its account", d.label(), wattle.ErrUnsupported)
	}
	return order(ctx, d, d.cloudOf().Unbind, method.None{})
}

// SetupCodes let whoever has them take a device into a Matter or HomeKit home.
// Zero secrets are what the device does not have.
type SetupCodes struct {
	MatterCode    wattle.Secret // 11 digits
	MatterPayload wattle.Secret // what its QR code says: "MT:..."
	HomeKitCode   wattle.Secret // "000-00-000"
	HomeKitID     wattle.Secret // 4 characters
}

// SetupCodes asks for the codes. Errors wrap [wattle.ErrUnsupported] where the
// device has none. See docs/protocol/iot.md section 14 and smart.md section 6.
func (d *Device) SetupCodes(ctx context.Context) (SetupCodes, error) {
	d = d.root()
	var c SetupCodes
	secret := func(o method.Opt[string]) wattle.Secret { return wattle.NewSecret(o.Or("")) }
	if d.family == wattle.IOT {
		// Only plugs are known to answer, see docs/protocol/iot.md section 1.2.
		if d.known().identity.Type != wattle.Plug {
			return c, d.lacks("set-up codes")
		}
		h, err := ask(ctx, d, iot.GetHomeKit, method.None{})
		if err != nil {
			return c, fmt.Errorf("%s: %w", d.label(), err)
		}
		c.HomeKitCode = secret(h.Code)
		return c, nil
	}
	components := d.known().identity.Components
	if components["matter"] == 0 && components["homekit"] == 0 {
		return c, d.lacks("set-up codes")
	}
	if components["matter"] > 0 {
		m, err := ask(ctx, d, smart.GetMatterSetup, method.None{})
		if err != nil {
			return c, fmt.Errorf("%s: %w", d.label(), err)
		}
		c.MatterCode, c.MatterPayload = secret(m.Code), secret(m.Payload)
	}
	if components["homekit"] > 0 {
		h, err := ask(ctx, d, smart.GetHomeKitSetup, method.None{})
		if err != nil {
			return c, fmt.Errorf("%s: %w", d.label(), err)
		}
		c.HomeKitCode, c.HomeKitID = secret(h.Code), secret(h.ID)
	}
	return c, nil
}
