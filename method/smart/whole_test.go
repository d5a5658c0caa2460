package smart_test

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"testing"

	"wattle/internal/recorded"
	"wattle/method/smart"
)

// whole are the answers that are sent back as a whole when a part changes.
var whole = map[string]func() any{
	"get_led_info":          func() any { return new(smart.LEDInfo) },
	"get_auto_update_info":  func() any { return new(smart.AutoUpdate) },
	"get_auto_off_config":   func() any { return new(smart.AutoOff) },
	"get_protection_power":  func() any { return new(smart.ProtectionPower) },
	"get_alarm_configure":   func() any { return new(smart.Alarm) },
	"get_double_click_info": func() any { return new(smart.Switchable) },
	"get_early_start":       func() any { return new(smart.Switchable) },
	"getDustCollectionInfo": func() any { return new(smart.Dust) },
	"getDoNotDisturb":       func() any { return new(smart.DoNotDisturb) },
	"default_states":        func() any { return new(smart.DefaultStates) },
	"effect_rule":           func() any { return new(smart.EffectRule) },
	"get_auto_light_info":   func() any { return new(smart.AutoLight) },

	"get_electricity_price_config": func() any { return new(smart.Price) },
}

// roundTrip reads an answer and writes it again.
func roundTrip(t *testing.T, name string, raw json.RawMessage) {
	t.Helper()
	v := whole[name]()
	if err := json.Unmarshal(raw, v); err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	var before, after any
	if json.Unmarshal(raw, &before) != nil || json.Unmarshal(b, &after) != nil || !reflect.DeepEqual(before, after) {
		t.Errorf("%s: %s came back as %s", name, raw, b)
	}
}

func TestWhole(t *testing.T) {
	for name, raw := range map[string]string{
		"get_led_info":                 `{"led_rule":"always","led_status":true,"night_mode":{"a":[1,2]},"bri_config":{"b":0}}`,
		"get_auto_update_info":         `{"enable":false,"random_range":120,"time":180,"new":"<&>"}`,
		"get_auto_off_config":          `{"delay_min":0,"enable":false}`,
		"get_protection_power":         `{"protection_enabled":false,"protection_power":0}`,
		"get_alarm_configure":          `{"duration":300,"type":"Doorbell Ring 1","volume":7,"x":null}`,
		"get_electricity_price_config": `{"type":"constant","constant_price":0,"time_of_use_config":{"summer":{"period":[0,0,0,0]}}}`,
		"get_double_click_info":        `{"enable":false,"interval":400}`,
		"get_early_start":              `{"enable":true,"x":[]}`,
		"getDustCollectionInfo":        `{"auto_dust_collection":true,"dust_collection_mode":0}`,
		"getDoNotDisturb":              `{}`,
		"get_auto_light_info":          `{"enable":true,"mode":"light_track","x":[1]}`,
		"default_states":               `{"re_power_type":"always_on","type":"custom","state":{"brightness":1,"new":2},"brightness":{"type":"last_states","value":3,"y":{}},"z":0}`,
		"effect_rule":                  `{"id":"L1","scene_name":"","change_mode":"direct","change_time":1000,"color_status_list":[[100,0,0,2700]],"b":false}`,
	} {
		roundTrip(t, name, json.RawMessage(raw))
	}
}

// TestWholeCaptures does the same over everything that real devices said.
func TestWholeCaptures(t *testing.T) {
	done, files := 0, recorded.Files(t, "smart")
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var answers map[string]json.RawMessage
		if err := json.Unmarshal(b, &answers); err != nil {
			t.Fatal(err)
		}
		sets := []map[string]json.RawMessage{answers}
		var children map[string]map[string]json.RawMessage
		if json.Unmarshal(answers["child_devices"], &children) == nil {
			for _, c := range children {
				sets = append(sets, c)
			}
		}
		for _, set := range sets {
			// Objects that are sent back and stand inside of others.
			set = maps.Clone(set)
			var info, rules map[string]json.RawMessage
			var list []json.RawMessage
			_ = json.Unmarshal(set["get_device_info"], &info)
			_ = json.Unmarshal(set["get_dynamic_light_effect_rules"], &rules)
			_ = json.Unmarshal(rules["rule_list"], &list)
			set["default_states"] = info["default_states"]
			for _, raw := range list {
				roundTrip(t, "effect_rule", raw)
				done++
			}
			for name := range whole {
				if raw := set[name]; len(raw) > 0 && raw[0] == '{' {
					roundTrip(t, name, raw)
					done++
				}
			}
		}
	}
	t.Logf("%d objects of %d captures came back as they were", done, len(files))
}
