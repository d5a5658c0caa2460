package reference_test

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"wattle"
	"wattle/internal/reference"
)

// notDeclared are methods that the protocol documents name and that have no
// type, and why.
var notDeclared = map[string]string{
	// IOT.
	"set_mac_addr":            "changes who the device is: it is lost to its account and to every program",
	"set_device_id":           "the same",
	"set_hw_id":               "the same",
	"set_test_mode":           "for the factory; accepted from one address only",
	"test_check_uboot":        "for the factory",
	"check_new_config":        "only the name is known",
	"start_calibration":       "for the factory: needs a known load at the meter",
	"adjust_light_brightness": "named in an app, never seen to work",
	"get_fade_on_off":         "only the name is known",
	"get_lighting_effect":     "a guess for IOT; declared for SMART",
	"set_sefserver_url":       "only the name is known",
	"set_n_server_url":        "only the name is known",
	"set_n_sefserver_url":     "only the name is known",
	"set_ticket":              "belongs to a service that no longer exists",
	"set_upgrade_war":         "only the name is known",

	// SMART.
	"multipleRequest":             "carries other methods: internal/wire/envelope",
	"control_child":               "carries other methods: internal/wire/envelope",
	"account_sync":                "only the name is known",
	"sync_env":                    "only the name is known",
	"get_delay_action_info":       "only the name is known",
	"get_alarm_triggers":          "only the name is known",
	"get_battery_detect_info":     "never needed: get_device_info says it all",
	"set_comfort_temp_config":     "only the name is known",
	"set_comfort_humidity_config": "only the name is known",
	"getSupportVoiceLanguage":     "only the name is known",
	"heart_beat":                  "only the name is known",
	"get_server_info":             "only the name is known",
	"set_server_info":             "only the name is known",
	"get_factory_info":            "only the name is known",
	"get_device_log":              "only the name is known",
	"close_device_ble":            "only the name is known",
	"get_tss_info":                "only the name is known",
	"get_raw_dvi":                 "only the name is known",
	"get_ffs_info":                "only the name is known",
	"set_guard_mode":              "only the name is known",
	"get_schedule_day_runtime":    "only the name is known",
	"get_schedule_month_runtime":  "only the name is known",
	"remove_all_schedule_runtime": "only the name is known",
	"get_schedule_next_action":    "only the name is known",
}

// notMethods look like methods and are members of objects, components or
// features.
var notMethods = map[string]bool{
	"fw_list": true, "transition_period": true, "transition_range": true, "remove_scale": true, "download_progress": true,
	"remove_all": true, "start_index": true, "start_id": true, "start_type": true, "start_time": true, "start_min": true,
	"start_timestamp": true, "start_remind": true, "start_time_type": true, "start_time_offset": true, "flash_time": true,
	"device_id": true, "device_on": true, "device_list": true, "device_model": true, "device_type": true, "device_load": true,
	"device_time": true, "device_local_time": true, "device_category_list": true, "component_list": true, "fw_id": true, "fw_ver": true,
	"fw_size": true,
}

// methodName finds what may be a method in a document.
var methodName = regexp.MustCompile(`\b(?:(?:get|set|add|edit|delete|remove|erase|start|test|check|download|flash|calibrate|transition|adjust|apply|play|stop|begin|clear|device|fw|component|qs|control|account|sync|close|heart)_[a-z0-9_]+|(?:get|set|play|reset)[A-Z][A-Za-z]+|multipleRequest|setup_info_get)\b`)

// TestNamedMethodsAreDeclared reads the chapters of the protocol documents that
// tell of methods: each one is declared, or has a reason not to be.
func TestNamedMethodsAreDeclared(t *testing.T) {
	list, _, err := reference.Declarations(tree)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[wattle.Family]string{}
	declared, seen := map[wattle.Family]map[string]bool{}, map[string]bool{}
	for _, d := range list {
		if declared[d.Family] == nil {
			declared[d.Family] = map[string]bool{}
		}
		declared[d.Family][d.Name] = true
	}
	for _, family := range []wattle.Family{wattle.IOT, wattle.SMART} {
		text, err := fs.ReadFile(tree, "docs/protocol/"+string(family)+".md")
		if err != nil {
			t.Fatal(err)
		}
		chapters, _, ok := strings.Cut(string(text), "\n# 16. ")
		if !ok {
			t.Fatalf("%s.md has no chapter 16 any more", family)
		}
		texts[family] = chapters
		named := 0
		for _, name := range methodName.FindAllString(chapters, -1) {
			if seen[string(family)+name] || notMethods[name] || strings.HasSuffix(name, "_") {
				continue
			}
			seen[string(family)+name], seen[name] = true, true
			named++
			if !declared[family][name] && notDeclared[name] == "" {
				t.Errorf("%s.md names %s: declare it in method/%s, or say here why not", family, name, family)
			}
		}
		if named < 70 {
			t.Errorf("only %d methods were found in %s.md: the pattern does not fit any more", named, family)
		}
		t.Logf("%s: %d methods named, %d declared", family, named, len(declared[family]))
	}
	for name := range notDeclared {
		if !seen[name] {
			t.Errorf("%s has a reason and is not named any more", name)
		}
		if name != "get_lighting_effect" && (declared[wattle.IOT][name] || declared[wattle.SMART][name]) {
			t.Errorf("%s is declared: take it off the list", name)
		}
	}
	// The other way round: what is declared stands in a document.
	for _, d := range list {
		if !strings.Contains(texts[d.Family], d.Name) && notNamed[d.Name] == "" {
			t.Errorf("%s is declared, and no chapter of %s.md names it", d.Go, d.Family)
		}
	}
}

// notNamed are declared methods that the documents do not spell out.
var notNamed = map[string]string{
	"set_countdown_all_enable": "timers have no common switch; the tables of rules share their methods",
}
