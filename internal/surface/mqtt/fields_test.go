package mqtt_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// fields is what Home Assistant takes in a discovery payload, see
// testdata/fields.json.
type fields struct {
	Root, Device, Origin, Common, Topics []string
	Platforms                            map[string]struct{ Required, Fields []string }
	Values, Lists, Classes, Units        map[string][]string
	States                               map[string]string
}

func readFields(tb testing.TB) *fields {
	tb.Helper()
	data, err := os.ReadFile("testdata/fields.json")
	if err != nil {
		tb.Fatal(err)
	}
	var f fields
	if err := json.Unmarshal(data, &f); err != nil {
		tb.Fatal(err)
	}
	return &f
}

var idPattern = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)

// check says what is wrong with a discovery payload. state gives what is retained
// on a topic.
func (f *fields) check(topic, payload string, state func(topic string) (string, bool)) (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	parts := strings.Split(topic, "/")
	if len(parts) != 4 || parts[1] != "device" || !idPattern.MatchString(parts[2]) || parts[3] != "config" {
		say("the topic %s", topic)
	}
	var root map[string]any
	if err := json.Unmarshal([]byte(payload), &root); err != nil {
		return []string{err.Error()}
	}
	f.only(say, "root", root, f.Root)
	device, _ := root["device"].(map[string]any)
	f.only(say, "device", device, f.Device)
	if device["identifiers"] == nil && device["connections"] == nil {
		say("the device has neither identifiers nor connections")
	}
	origin, _ := root["origin"].(map[string]any)
	f.only(say, "origin", origin, f.Origin)
	if origin["name"] == nil {
		say("origin has no name")
	}
	if list, _ := root["availability"].([]any); len(list) != 2 || root["availability_mode"] != "all" {
		say("availability is %v, %v", root["availability"], root["availability_mode"])
	} else {
		for _, a := range list {
			entry, _ := a.(map[string]any)
			if text, ok := state(fmt.Sprint(entry["topic"])); !ok || text != "online" && text != "offline" {
				say("availability on %v is %q", entry["topic"], text)
			}
		}
	}
	components, _ := root["components"].(map[string]any)
	if len(components) == 0 {
		say("no components")
	}
	seen := map[string]bool{}
	for key, c := range components {
		c, _ := c.(map[string]any)
		f.component(func(format string, args ...any) { say(key+": "+format, args...) }, c, state)
		unique := fmt.Sprint(c["unique_id"])
		if !idPattern.MatchString(key) || seen[unique] || !strings.Contains(unique, strings.TrimPrefix(parts[2], "wattle_")) {
			say("%s: unique_id %s", key, unique)
		}
		seen[unique] = true
	}
	return problems
}

func (f *fields) only(say func(string, ...any), where string, object map[string]any, allowed []string) {
	if object == nil {
		say("no %s", where)
	}
	for key := range object {
		if !slices.Contains(allowed, key) {
			say("%s has %q", where, key)
		}
	}
}

func (f *fields) component(say func(string, ...any), c map[string]any, state func(string) (string, bool)) {
	platform := fmt.Sprint(c["platform"])
	p, ok := f.Platforms[platform]
	if !ok {
		say("platform %s", platform)
		return
	}
	for _, key := range append([]string{"unique_id", "platform"}, p.Required...) {
		if c[key] == nil {
			say("no %s", key)
		}
	}
	for key, value := range c {
		if !slices.Contains(f.Common, key) && !slices.Contains(p.Required, key) && !slices.Contains(p.Fields, key) {
			say("%s is no field of a %s", key, platform)
		}
		if allowed := f.Values[key]; allowed != nil && !slices.Contains(allowed, fmt.Sprint(value)) {
			say("%s is %v", key, value)
		}
		if allowed := f.Lists[key]; allowed != nil {
			for _, v := range value.([]any) {
				if !slices.Contains(allowed, fmt.Sprint(v)) {
					say("%s has %v", key, v)
				}
			}
		}
	}
	if class, ok := c["device_class"].(string); ok {
		if !slices.Contains(f.Classes[platform], class) {
			say("class %s of a %s", class, platform)
		}
		if units := f.Units[class]; units != nil && platform != "binary_sensor" && !slices.Contains(units, fmt.Sprint(c["unit_of_measurement"])) {
			say("unit %v of the class %s", c["unit_of_measurement"], class)
		}
	}
	f.rules(say, platform, c)
	for _, key := range f.Topics {
		topic, ok := c[key].(string)
		if !ok {
			continue
		}
		if strings.ContainsAny(topic, "+# ") || strings.HasSuffix(topic, "/set") != strings.Contains(key, "command") && key != "set_fan_speed_topic" {
			say("%s is %s", key, topic)
		}
		if strings.Contains(key, "command") || key == "set_fan_speed_topic" || platform == "event" {
			continue
		}
		text, ok := state(topic)
		if !ok {
			say("nothing is retained on %s", topic)
		} else {
			f.state(say, platform, key, c, text)
		}
	}
}

// rules are those between fields.
func (f *fields) rules(say func(string, ...any), platform string, c map[string]any) {
	class, stateClass := c["device_class"], c["state_class"]
	category := c["entity_category"]
	switch platform {
	case "sensor", "binary_sensor":
		if category == "config" {
			say("a reading is no configuration")
		}
		if class == "energy" && stateClass != nil && stateClass != "total" && stateClass != "total_increasing" {
			say("energy is %v", stateClass)
		}
		if c["last_reset_value_template"] != nil && stateClass != "total" {
			say("a last reset of %v", stateClass)
		}
		if class == "timestamp" && (stateClass != nil || c["unit_of_measurement"] != nil) {
			say("a moment with a unit or statistics")
		}
		if stateClass != nil && c["unit_of_measurement"] == nil {
			say("statistics without a unit")
		}
	case "number":
		if c["min"].(float64) >= c["max"].(float64) || c["step"].(float64) < 0.001 {
			say("%v to %v by %v", c["min"], c["max"], c["step"])
		}
	case "climate":
		if (c["preset_modes"] == nil) != (c["preset_mode_command_topic"] == nil) || c["min_temp"].(float64) >= c["max_temp"].(float64) {
			say("presets or temperatures: %v", c)
		}
		if !slices.Contains([]float64{0.1, 0.5, 1}, c["precision"].(float64)) {
			say("precision %v", c["precision"])
		}
	case "fan":
		if c["retain"] != false {
			say("commands of a fan are retained")
		}
	case "light":
		modes := c["supported_color_modes"].([]any)
		if len(modes) == 0 || len(modes) > 1 && (slices.Contains(modes, any("onoff")) || slices.Contains(modes, any("brightness"))) {
			say("modes %v", modes)
		}
		if slices.Contains(modes, any("color_temp")) && c["color_temp_kelvin"] != true {
			say("a colour temperature that is not in K")
		}
	}
	if c["retain"] == true {
		say("commands are retained")
	}
}

// state says what is wrong with a state.
func (f *fields) state(say func(string, ...any), platform, key string, c map[string]any, text string) {
	if len(text) > 255 && platform == "sensor" {
		say("a state of %d bytes", len(text))
	}
	if pattern := f.States[platform]; pattern != "" && key == "state_topic" && !regexp.MustCompile(pattern).MatchString(text) {
		say("%s is %q", key, text)
	}
	switch platform {
	case "select":
		if text != "None" && !slices.Contains(c["options"].([]any), any(text)) {
			say("%q is none of %v", text, c["options"])
		}
	case "sensor":
		if c["value_template"] != nil {
			var v struct {
				Value     *float64  `json:"value"`
				LastReset time.Time `json:"last_reset"`
			}
			if err := json.Unmarshal([]byte(text), &v); err != nil || v.LastReset.IsZero() {
				say("%q: %v", text, err)
			}
			return
		}
		if _, err := time.Parse(time.RFC3339, text); c["device_class"] == "timestamp" && text != "None" && err != nil {
			say("%q is no moment", text)
		}
		if _, hasUnit := c["unit_of_measurement"]; hasUnit && !regexp.MustCompile(f.States["number"]).MatchString(text) {
			say("%q is no number", text)
		}
	case "light":
		f.lightState(say, c, text)
	case "vacuum":
		var v struct{ State *string }
		if err := json.Unmarshal([]byte(text), &v); err != nil ||
			v.State != nil && !slices.Contains([]string{"cleaning", "docked", "paused", "idle", "returning", "error"}, *v.State) {
			say("%s", text)
		}
	case "update":
		var v map[string]any
		if err := json.Unmarshal([]byte(text), &v); err != nil || v["installed_version"] == "" {
			say("%s", text)
		}
	case "climate":
		words := map[string][]string{
			"action_topic":     {"off", "heating", "cooling", "drying", "idle", "fan", "None"},
			"mode_state_topic": {"off", "heat", "None"},
		}[key]
		if words != nil && !slices.Contains(words, text) {
			say("%s is %q", key, text)
		}
	}
}

func (f *fields) lightState(say func(string, ...any), c map[string]any, text string) {
	var s map[string]any
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		say("%s: %v", text, err)
		return
	}
	for key := range s {
		if !slices.Contains([]string{"state", "brightness", "color_mode", "color", "color_temp", "effect"}, key) {
			say("a state with %q", key)
		}
	}
	if mode := s["color_mode"]; mode != nil && !slices.Contains(c["supported_color_modes"].([]any), mode) {
		say("the mode %v", mode)
	}
	if s["state"] == "ON" && s["color_mode"] == nil {
		say("on without a mode: %s", text)
	}
	if e := s["effect"]; e != nil && c["effect"] != true {
		say("an effect: %s", text)
	}
}
