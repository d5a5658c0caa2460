package simulator

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"wattle"
)

// Poke changes what happens around a device, without a client asking for it: a
// door opens, a room gets warmer, somebody presses the button of a plug. child
// is "" for the device itself, else the id or the name of a child. key is a
// member of its information (sysinfo or get_device_info), or "power_w" for the
// power in W that it takes when it is on, or "firmware" for a version that its
// maker offers from now on, or of a vacuum "battery" in % and "mop" true or
// false. value is JSON; other text is taken
// as a string. Errors wrap wattle.ErrNotFound or wattle.ErrParam.
func (d *Device) Poke(child, key, value string) error {
	raw := json.RawMessage(value)
	if !json.Valid(raw) {
		raw = marshal(value)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.engine.poke(child, key, raw)
}

func parseLoad(raw json.RawMessage) (float64, error) {
	watts, ok := number(raw)
	if !ok || watts < 0 || watts > 10_000 || math.IsNaN(watts) {
		return 0, fmt.Errorf("power_w %s: want W from 0 to 10000: %w", raw, wattle.ErrParam)
	}
	return watts, nil
}

func sameKind(key string, present, value json.RawMessage) error {
	if jsonKind(present) != jsonKind(value) {
		return fmt.Errorf("%s is %s now, so it cannot become %s: %w", key, present, value, wattle.ErrParam)
	}
	return nil
}

func (e *iot) poke(child, key string, value json.RawMessage) error {
	e.tick()
	o, err := e.pokable(child)
	if err != nil {
		return err
	}
	state := e.sys
	if child != "" {
		state = o.entry
	}
	if key == "power_w" {
		watts, err := parseLoad(value)
		if err == nil {
			o.power.load = watts
			e.setPower(o)
		}
		return err
	}
	if key == "firmware" && child == "" {
		version, err := versionOf(value)
		if err == nil {
			e.offerFirmware(version)
		}
		return err
	}
	present, ok := state[key]
	if !ok {
		return fmt.Errorf("sysinfo has no %q: %w", key, wattle.ErrNotFound)
	}
	if err := sameKind(key, present, value); err != nil {
		return err
	}
	if on, ok := (object{key: value}).flag(key); ok && (key == "relay_state" || key == "state") {
		e.turn(o, on)
		return nil
	}
	state[key] = value
	return nil
}

func (e *smart) poke(child, key string, value json.RawMessage) error {
	e.tick()
	u, err := e.pokable(child)
	if err != nil {
		return err
	}
	if key == "power_w" {
		watts, err := parseLoad(value)
		if err == nil {
			u.power.load = watts
			u.setPower()
		}
		return err
	}
	if key == "firmware" && u.has("firmware") {
		version, err := versionOf(value)
		if err == nil {
			u.offerFirmware(version)
		}
		return err
	}
	if done, err := u.pokeVacuum(key, value); done {
		return err
	}
	present, ok := u.info[key]
	if !ok {
		return fmt.Errorf("get_device_info has no %q: %w", key, wattle.ErrNotFound)
	}
	if err := sameKind(key, present, value); err != nil {
		return err
	}
	if on, ok := (object{key: value}).flag(key); ok && key == "device_on" {
		u.turn(on)
		return nil
	}
	if key == "nickname" {
		value = marshal(encodeText((object{key: value}).text(key)))
	}
	u.sense(key, value)
	return nil
}

// pokable is the whole device or an outlet, by id or name.
func (e *iot) pokable(child string) (*outlet, error) {
	if child == "" {
		return e.whole, nil
	}
	for _, each := range e.outlets {
		if each.entry.text("id") == child || strings.EqualFold(each.entry.text("alias"), child) {
			return each, nil
		}
	}
	return nil, fmt.Errorf("outlet %q: %w", child, wattle.ErrNotFound)
}

// pokable is the device or a child, by id or name.
func (e *smart) pokable(child string) (*unit, error) {
	if child == "" {
		return e.self, nil
	}
	if u := e.child(child); u != nil {
		return u, nil
	}
	for _, each := range e.children {
		if strings.EqualFold(decodeText(each.info.text("nickname")), child) {
			return each, nil
		}
	}
	return nil, fmt.Errorf("child %q: %w", child, wattle.ErrNotFound)
}
