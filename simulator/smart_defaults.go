package simulator

import "encoding/json"

// smartDefaults are answers that devices with a component give though captures
// may lack them. The values are made up.
var smartDefaults = map[string]struct {
	component string
	version   int
	answer    string
}{
	"get_device_time":         {"time", 1, `{"region":"Etc/UTC","time_diff":0,"timestamp":1768478400}`},
	"get_device_usage":        {"device", 2, `{"time_usage":{"today":0,"past7":0,"past30":0}}`},
	"get_connect_cloud_state": {"cloud_connect", 1, `{"status":0}`},
	"get_auto_update_info":    {"firmware", 2, `{"enable":true,"random_range":120,"time":180}`},
	"get_fw_download_state":   {"firmware", 1, `{"auto_upgrade":false,"download_progress":0,"reboot_time":5,"status":0,"upgrade_time":5}`},
	"get_led_info": {"led", 1, `{"led_rule":"always","led_status":true,"night_mode":{"night_mode_type":"sunrise_sunset",` +
		`"start_time":1140,"end_time":420,"sunrise_offset":0,"sunset_offset":0}}`},
	"get_wireless_scan_info": {"wireless", 1, `{"ap_list":[{"ssid":"c2ltdWxhdGVk","bssid":"0257A7000001","channel":6,` +
		`"cipher_type":2,"key_type":"wpa2_psk","signal_level":3},{"ssid":"bmVpZ2hib3Vy","bssid":"0257A7000002","channel":11,` +
		`"cipher_type":2,"key_type":"wpa2_psk","signal_level":1}],"start_index":0,"sum":2,"wep_supported":false}`},
	"get_inherit_info":                  {"inherit", 1, `null`},
	"get_schedule_rules":                {"schedule", 1, `{"enable":false,"rule_list":[],"schedule_rule_max_count":32,"start_index":0,"sum":0}`},
	"get_next_event":                    {"schedule", 1, `{}`},
	"get_countdown_rules":               {"countdown", 1, `{"countdown_rule_max_count":1,"enable":false,"rule_list":[]}`},
	"get_antitheft_rules":               {"antitheft", 1, `{"antitheft_rule_max_count":1,"enable":false,"rule_list":[]}`},
	"get_auto_off_config":               {"auto_off", 1, `{"delay_min":120,"enable":false}`},
	"get_energy_usage":                  {"energy_monitoring", 1, `{"today_runtime":0,"month_runtime":0,"today_energy":0,"month_energy":0,"local_time":"2026-01-15 12:00:00","electricity_charge":[0,0,0],"current_power":0}`},
	"get_current_power":                 {"energy_monitoring", 2, `{"current_power":0}`},
	"get_electricity_price_config":      {"energy_monitoring", 2, `{"type":"constant","constant_price":0}`},
	"get_max_power":                     {"power_protection", 1, `{"max_power":3600}`},
	"get_protection_power":              {"power_protection", 1, `{"enabled":false,"protection_power":0}`},
	"get_preset_rules":                  {"preset", 1, `{"brightness":[100,75,50,25,1]}`},
	"get_lighting_effect":               {"light_strip_lighting_effect", 1, `{"enable":0,"id":"","name":"","custom":0,"brightness":100}`},
	"get_matter_setup_info":             {"matter", 1, `{"setup_code":"00000000000","setup_payload":"MT:SIMULATED"}`},
	"get_homekit_info":                  {"homekit", 1, `{"mfi_setup_code":"000-00-000","mfi_setup_id":"SIMU","mfi_token_token":"","mfi_token_uuid":"00000000-0000-0000-0000-000000000000"}`},
	"get_alarm_configure":               {"alarm", 1, `{"duration":60,"type":"Alarm 1","volume":"normal"}`},
	"get_support_alarm_type_list":       {"alarm", 1, `{"alarm_type_list":["Doorbell Ring 1","Alarm 1","Alarm 2"]}`},
	"get_device_load_info":              {"device_load", 1, `{"cur_load_num":1,"load_level":"light","max_load_num":64,"total_memory":4352,"used_memory":1400}`},
	"get_support_child_device_category": {"child_quick_setup", 1, `{"device_category_list":[{"category":"subg.trv"},{"category":"subg.trigger"},{"category":"subg.plugswitch"}]}`},
	"get_scan_child_device_list":        {"child_quick_setup", 1, `{"child_device_list":[],"scan_status":"idle","scan_wait_time":0}`},
	"get_trigger_logs":                  {"trigger_log", 1, `{"logs":[],"start_id":0,"sum":0}`},
	"get_double_click_info":             {"double_click", 1, `{"enable":true}`},
	"get_early_start":                   {"early_start", 1, `{"enable":false}`},
	"get_frost_protection":              {"frost_protection", 1, `{"min_temp":5,"temp_unit":"celsius"}`},
	"get_latest_fw":                     {"firmware", 1, ``},
	"get_on_off_gradually_info":         {"on_off_gradually", 1, ``},
}

// fromHub are the methods that children of a hub answer in spite of the
// silence in their captures: they list more components than they serve.
var fromHub = map[string]bool{"get_trigger_logs": true, "get_latest_fw": true, "get_connect_cloud_state": true, "get_fw_download_state": true,
	"get_double_click_info": true, "get_early_start": true, "get_frost_protection": true}

// invented is a made-up answer. Parents of strips list the components of their
// outlets as if they were their own; where the device info tells the truth, it
// decides.
func (u *unit) invented(method string) (json.RawMessage, bool) {
	d, ok := smartDefaults[method]
	if !ok || u.bare || u.version(d.component) < d.version || !u.has(d.component) {
		return nil, false
	}
	if u.battery && !fromHub[method] {
		return nil, false
	}
	if key, ok := infoKey[d.component]; ok && !u.info.has(key) {
		return nil, false
	}
	switch method {
	case "get_latest_fw":
		return object{
			"type": marshal(0), "fw_ver": marshal(u.info.text("fw_ver")), "fw_size": marshal(0), "release_date": marshal(""),
			"release_note": marshal(""), "need_to_upgrade": marshal(false), "hw_id": marshal(""), "oem_id": marshal(""),
		}.raw(), true
	case "get_on_off_gradually_info":
		return json.RawMessage(gradually(u.version(d.component))), true
	}
	return json.RawMessage(d.answer), true
}

// infoKey is the member of get_device_info that a device has to have before a
// component is believed. See docs/protocol/smart.md section 2.
var infoKey = map[string]string{
	"energy_monitoring": "device_on",
	"power_protection":  "power_protection_status",
	"auto_off":          "auto_off_status",
	"preset":            "brightness",
	"on_off_gradually":  "brightness",
	"schedule":          "device_on",
	"countdown":         "device_on",
	"antitheft":         "device_on",
}

func gradually(version int) string {
	switch {
	case version <= 1:
		return `{"enable":false}`
	case version == 2:
		return `{"on_state":{"enable":false,"duration":1},"off_state":{"enable":false,"duration":1}}`
	}
	return `{"on_state":{"enable":false,"duration":1,"max_duration":60},"off_state":{"enable":false,"duration":1,"max_duration":60}}`
}
