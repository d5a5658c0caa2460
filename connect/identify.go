package connect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"wattle"
	"wattle/internal/wire/discovery"
	"wattle/internal/wire/envelope"
	"wattle/transport"
)

const deviceInfoRequest = `{"method":"get_device_info"}`

// identity is what a device tells of itself in either language.
type identity struct {
	family wattle.Family
	mac    wattle.MAC
	model  string
	alias  string // "" where it tells none
}

// errLanguage means that the answer is of the other language.
var errLanguage = errors.New("the device speaks another language")

// identify makes the first exchange. It finds the language where it is not
// known or was announced wrongly: KLAP carries both.
func (p *opener) identify(ctx context.Context, c *contact, route wattle.Route) error {
	ctx, cancel := context.WithTimeout(ctx, p.options.Timeout)
	defer cancel()
	order := []wattle.Family{wattle.SMART, wattle.IOT}
	switch {
	case route.Transport == wattle.XOR, route.Transport == wattle.XORUDP, route.Transport == wattle.Linkie:
		order = []wattle.Family{wattle.IOT}
	case route.Family == wattle.IOT:
		order = []wattle.Family{wattle.IOT, wattle.SMART}
	}
	var first error
	for _, family := range order {
		id, err := ask(ctx, c.conn, family)
		if err == nil {
			c.family, c.mac, c.model, c.alias = id.family, id.mac, id.model, id.alias
			return nil
		}
		if first == nil {
			first = err
		}
		if transport.NotCarriedOut(err) || ctx.Err() != nil {
			return err
		}
		// An answer that makes no sense leaves room for the other language; so
		// does none at all where the language is a guess.
		if !errors.Is(err, wattle.ErrProtocol) && route.Family != "" {
			return err
		}
		if !errors.Is(err, errLanguage) {
			c.conn.Reset()
		}
	}
	return first
}

// ask performs one exchange in one language; a lost session or a busy device
// gets a second chance.
func ask(ctx context.Context, conn transport.Conn, family wattle.Family) (identity, error) {
	for again := false; ; again = true {
		id, err := askOnce(ctx, conn, family)
		switch {
		case err == nil || again || ctx.Err() != nil:
			return id, err
		case errors.Is(err, wattle.ErrSession):
		case errors.Is(err, wattle.ErrBusy):
			if !wait(ctx, time.Second) {
				return identity{}, err
			}
		default:
			return identity{}, err
		}
		conn.Reset()
	}
}

func askOnce(ctx context.Context, conn transport.Conn, family wattle.Family) (identity, error) {
	request := deviceInfoRequest
	if family == wattle.IOT {
		request = discovery.SysinfoRequest
	}
	answer, err := conn.Exchange(ctx, []byte(request))
	if err != nil {
		return identity{}, err
	}
	answer = envelope.Clean(answer)
	if family == wattle.IOT {
		return parseSysinfo(answer)
	}
	return parseDeviceInfo(answer)
}

// parseDeviceInfo reads an answer to get_device_info. What has no error_code
// is not SMART.
func parseDeviceInfo(answer []byte) (identity, error) {
	var top struct {
		Code *int `json:"error_code"`
	}
	if err := json.Unmarshal(answer, &top); err != nil {
		return identity{}, fmt.Errorf("get_device_info: %w: %w", wattle.ErrProtocol, err)
	}
	if top.Code == nil {
		return identity{}, fmt.Errorf("get_device_info: %w: %w", errLanguage, wattle.ErrProtocol)
	}
	if *top.Code != 0 {
		return identity{}, &wattle.DeviceError{Family: wattle.SMART, Method: "get_device_info", Code: *top.Code}
	}
	var body struct {
		Result struct {
			MAC      string `json:"mac"`
			Model    string `json:"model"`
			Nickname string `json:"nickname"` // base64
		} `json:"result"`
	}
	if err := json.Unmarshal(answer, &body); err != nil {
		return identity{}, fmt.Errorf("get_device_info: %w: %w", wattle.ErrProtocol, err)
	}
	return newIdentity(wattle.SMART, body.Result.MAC, body.Result.Model, envelope.DecodeName(body.Result.Nickname)), nil
}

// parseSysinfo reads an answer to get_sysinfo.
func parseSysinfo(answer []byte) (identity, error) {
	s, err := discovery.ParseSysinfoJSON(answer)
	if err != nil {
		var top struct {
			Code *int `json:"error_code"`
		}
		if json.Unmarshal(answer, &top) == nil && top.Code != nil {
			return identity{}, fmt.Errorf("get_sysinfo: %w: %w", errLanguage, wattle.ErrProtocol)
		}
		return identity{}, fmt.Errorf("get_sysinfo: %w: %w", wattle.ErrProtocol, err)
	}
	return newIdentity(wattle.IOT, s.MAC, s.Model, s.Alias), nil
}

func newIdentity(family wattle.Family, mac, model, alias string) identity {
	id := identity{family: family, model: model, alias: alias}
	if id.model == "" {
		id.model = "a device"
	}
	if parsed, err := wattle.ParseMAC(mac); err == nil {
		id.mac = parsed
	}
	return id
}
