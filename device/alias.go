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

// SetAlias gives the device, outlet or child another name. The identity shows
// it after the next poll.
func (d *Device) SetAlias(ctx context.Context, name string) error {
	name = strings.TrimSpace(name)
	if name == "" {
		return fmt.Errorf("%w: a name must not be empty", wattle.ErrParam)
	}
	call, err := d.aliasCall(name)
	if err != nil {
		return err
	}
	results, err := d.Call(ctx, call)
	if err != nil {
		return err
	}
	return results[0].Err
}

func (d *Device) aliasCall(name string) (method.Call, error) {
	switch {
	case d.family == wattle.SMART:
		return smart.SetDeviceInfo.With(smart.SetInfo{Nickname: method.Some(smart.EncodeText(name))})
	case d.known().identity.Type == wattle.Bulb, d.known().identity.Type == wattle.LightStrip:
		return iot.SetBulbAlias.With(iot.Alias{Alias: name})
	}
	return iot.SetDevAlias.With(iot.Alias{Alias: name})
}
