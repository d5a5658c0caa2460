package mqtt

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"wattle"
	"wattle/device"
	"wattle/feature"
	"wattle/hub"
)

// climate is a radiator valve: a target, what it is now, and whether it heats.
func climate(b *builder) {
	target, ok := b.settable("target_temperature")
	if !ok {
		return
	}
	unit := "C"
	if target.Unit == feature.Fahrenheit {
		unit = "F"
	}
	c := component{
		"temperature_state_topic": b.topic("target_temperature"), "temperature_command_topic": b.set("target_temperature"),
		"temperature_unit": unit, "temp_step": step(&target), "precision": 0.1,
	}
	if target.HasRange() {
		c["min_temp"], c["max_temp"] = target.Min, target.Max
	}
	if _, ok := b.has("temperature"); ok {
		c["current_temperature_topic"] = b.topic("temperature")
	}
	if _, ok := b.has("humidity"); ok {
		c["current_humidity_topic"] = b.topic("humidity")
	}
	c["modes"] = []string{"heat"}
	if _, ok := b.settable("state"); ok {
		c["modes"] = []string{"off", "heat"}
		c["mode_state_topic"], c["mode_command_topic"] = b.topic("climate_mode"), b.set("climate_mode")
		b.states["climate_mode"] = func(v *hub.View) string {
			return choose(v.Value("state"), "heat", "off")
		}
		b.commands["climate_mode"] = command{shows: []string{"climate_mode"}, do: func(ctx context.Context, s *Surface, id hub.ID, payload string) error {
			switch payload {
			case "heat", "off":
				return s.hub.Set(ctx, id, device.Setting{ID: "state", Value: payload == "heat"})
			}
			return fmt.Errorf("%w: mode %q: write heat or off", wattle.ErrParam, shortened(payload))
		}}
	}
	if _, ok := b.has("thermostat_mode"); ok {
		c["action_topic"] = b.topic("climate_action")
		b.states["climate_action"] = func(v *hub.View) string {
			mode, known := feature.As[string](v.Value("thermostat_mode"))
			switch {
			case !known:
				return unknown
			case mode == "Heating":
				return "heating"
			case mode == "Off" || mode == "Shutdown":
				return "off"
			}
			return "idle"
		}
	}
	b.cover("state", "target_temperature", "thermostat_mode")
	b.add("climate", "climate", nil, c)
}

// choose is one of two words for on and off.
func choose(v feature.Value, on, off string) string {
	is, known := v.Bool()
	switch {
	case !known:
		return unknown
	case is:
		return on
	}
	return off
}

// fan has levels of speed, 0 of which is off.
func fan(b *builder) {
	level, ok := b.settable("fan_speed_level")
	if !ok || !level.HasRange() {
		return
	}
	c := component{
		"state_topic": b.topic("fan"), "command_topic": b.set("fan"), "retain": false,
		"percentage_state_topic": b.topic("fan_speed_level"), "percentage_command_topic": b.set("fan_speed_level"),
		"speed_range_min": max(1, int(level.Min)), "speed_range_max": int(level.Max),
	}
	b.states["fan"] = func(v *hub.View) string {
		if on, known := v.Value("state").Bool(); known {
			return onOff(on)
		}
		if n, known := v.Value("fan_speed_level").Number(); known {
			return onOff(n > 0)
		}
		return unknown
	}
	_, switches := b.settable("state")
	b.commands["fan"] = command{shows: []string{"fan"}, do: func(ctx context.Context, s *Surface, id hub.ID, payload string) error {
		on, err := parseOnOff(payload)
		switch {
		case err != nil:
			return err
		case switches:
			return s.hub.Set(ctx, id, device.Setting{ID: "state", Value: on})
		case on:
			return s.hub.Set(ctx, id, device.Setting{ID: "fan_speed_level", Value: 1})
		}
		return s.hub.Set(ctx, id, device.Setting{ID: "fan_speed_level", Value: 0})
	}}
	b.cover("state", "fan_speed_level")
	b.add("fan", "fan", nil, c)
}

// siren is the alarm of a hub.
func siren(b *builder) {
	if _, ok := b.has("alarm"); !ok {
		return
	}
	if _, ok := b.has("stop_alarm"); !ok {
		return
	}
	c := component{
		"state_topic": b.topic("alarm"), "command_topic": b.set("siren"), "support_duration": true, "support_volume_set": true,
	}
	if sound, ok := b.has("alarm_sound"); ok && len(sound.Choices) > 0 {
		c["available_tones"] = sound.Choices
	}
	b.cover("alarm", "test_alarm", "stop_alarm")
	b.add("siren", "siren", "Siren", c)
	b.commands["siren"] = command{do: sound, shows: []string{"alarm"}}
}

// parseSound reads a command for a siren: ON, OFF, or JSON.
func parseSound(payload string) (on bool, how device.Sounding, err error) {
	if on, err := parseOnOff(payload); err == nil {
		return on, how, nil
	}
	var w struct {
		State    *string  `json:"state"`
		Tone     string   `json:"tone"`
		Duration *float64 `json:"duration"`
		Volume   *float64 `json:"volume_level"`
	}
	if err := strict(payload, &w); err != nil {
		return false, how, fmt.Errorf(`%w; write {"state":"ON","duration":10}`, err)
	}
	if w.State == nil {
		return false, how, fmt.Errorf("%w: no state: write ON or OFF", wattle.ErrParam)
	}
	if on, err = parseOnOff(*w.State); err != nil {
		return false, how, err
	}
	how.Sound = w.Tone
	if w.Duration != nil {
		n, err := whole("duration", *w.Duration, 1, 600)
		if err != nil {
			return false, how, err
		}
		how.Duration = time.Duration(n) * time.Second
	}
	if w.Volume != nil {
		if !(*w.Volume >= 0 && *w.Volume <= 1) {
			return false, how, fmt.Errorf("%w: volume_level %v is not in 0 to 1", wattle.ErrParam, *w.Volume)
		}
		volumes := device.SirenVolumes()
		how.Volume = volumes[int(math.Ceil(*w.Volume*float64(len(volumes)-1)))]
	}
	return on, how, nil
}

func sound(ctx context.Context, s *Surface, id hub.ID, payload string) error {
	on, how, err := parseSound(payload)
	if err != nil {
		return err
	}
	d, err := s.hub.Device(ctx, id)
	if err != nil {
		return err
	}
	a, err := d.Siren()
	switch {
	case err != nil:
		return err
	case on:
		return a.Play(ctx, how)
	}
	return a.Stop(ctx)
}

// update tells which firmware runs and which there is.
func update(b *builder) {
	if _, ok := b.has("update_available"); !ok {
		return
	}
	c := component{"state_topic": b.topic("update"), "device_class": "firmware", "entity_category": "diagnostic"}
	if b.opt.Install {
		c["command_topic"], c["payload_install"] = b.set("update"), "INSTALL"
		b.commands["update"] = command{do: install, shows: []string{"update"}}
	}
	b.cover("update_available", "available_firmware_version")
	b.add("update", "update", "Firmware", c)
	b.states["update"] = updateState
}

// updateState leaves the latest version out where nobody has asked for it.
func updateState(v *hub.View) string {
	id := v.Identity()
	installed := strings.TrimSpace(id.Firmware)
	out := map[string]any{"installed_version": installed, "in_progress": false}
	if available, known := v.Value("update_available").Bool(); known && !available {
		out["latest_version"] = installed
	}
	if latest, known := feature.As[string](v.Value("available_firmware_version")); known && out["latest_version"] == nil {
		version, _, _ := strings.Cut(latest, " ") // without the build, as installed
		out["latest_version"] = version
	}
	return text(out)
}

func install(ctx context.Context, s *Surface, id hub.ID, payload string) error {
	if payload != "INSTALL" {
		return fmt.Errorf("%w: %q: write INSTALL", wattle.ErrParam, shortened(payload))
	}
	d, err := s.hub.Device(ctx, id)
	if err != nil {
		return err
	}
	_, err = d.UpdateFirmware(ctx, func(p device.UpdateProgress) {
		s.tell(id, "update", text(map[string]any{
			"installed_version": d.Identity().Firmware, "in_progress": true, "update_percentage": p.Percent,
		}))
	})
	return err
}
