package simulator

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"time"

	"wattle"
)

// smartHandlers are the methods that need more than looking up or merging.
var smartHandlers = map[string]smartHandler{
	"get_device_info":                 (*unit).getDeviceInfo,
	"set_device_info":                 (*unit).setDeviceInfo,
	"get_device_running_info":         (*unit).getRunningInfo,
	"qs_component_nego":               (*unit).setupNego,
	"device_reboot":                   (*unit).deviceReboot,
	"device_reset":                    (*unit).deviceReset,
	"get_device_time":                 (*unit).getDeviceTime,
	"set_device_time":                 (*unit).setDeviceTime,
	"get_child_device_list":           (*unit).getChildren,
	"get_child_device_component_list": (*unit).getChildComponents,
	"add_child_device_list":           (*unit).addChildren,
	"remove_child_device_list":        (*unit).removeChildren,
	"begin_scanning_child_device":     (*unit).beginScan,
	"get_scan_child_device_list":      (*unit).getScan,
	"get_device_load_info":            (*unit).getLoad,
	"get_trigger_logs":                (*unit).getTriggerLogs,
	"get_temp_humidity_records":       (*unit).getRecords,

	"get_energy_usage":  (*unit).getEnergyUsage,
	"get_current_power": (*unit).getCurrentPower,
	"get_emeter_data":   (*unit).getEmeterData,
	"get_energy_data":   (*unit).getEnergyData,
	"get_power_data":    (*unit).getPowerData,
	"clear_energy_data": (*unit).clearEnergyData,
	"get_device_usage":  (*unit).getDeviceUsage,

	"get_led_info":              (*unit).getLedInfo,
	"set_led_info":              (*unit).setLedInfo,
	"set_auto_off_config":       (*unit).setAutoOff,
	"set_protection_power":      (*unit).setProtection,
	"set_child_protection":      (*unit).setChildProtection,
	"set_temperature_unit":      (*unit).setTemperatureUnit,
	"set_on_off_gradually_info": (*unit).setGradually,
	"set_preset_rules":          (*unit).setPresets,
	"edit_preset_rules":         (*unit).editPreset,
	"set_lighting_effect":       (*unit).setLightingEffect,
	"set_alarm_configure":       (*unit).setAlarm,
	"play_alarm":                (*unit).playAlarm,
	"stop_alarm":                (*unit).stopAlarm,
	"apply_segment_effect_rule": (*unit).applySegmentEffect,

	"set_dynamic_light_effect_rule_enable": (*unit).enableDynamicEffect,
	"edit_dynamic_light_effect_rule":       (*unit).editDynamicEffect,

	"get_countdown_rules":      (*unit).getCountdown,
	"add_countdown_rule":       (*unit).addCountdown,
	"edit_countdown_rule":      (*unit).editCountdown,
	"remove_countdown_rules":   removeRules("get_countdown_rules"),
	"get_schedule_rules":       (*unit).getSchedules,
	"get_next_event":           (*unit).getNextEvent,
	"add_schedule_rule":        addRule("get_schedule_rules", "S"),
	"edit_schedule_rule":       editRule("get_schedule_rules"),
	"remove_schedule_rules":    removeRules("get_schedule_rules"),
	"set_schedule_all_enable":  enableRules("get_schedule_rules"),
	"add_antitheft_rule":       addRule("get_antitheft_rules", "A"),
	"edit_antitheft_rule":      editRule("get_antitheft_rules"),
	"remove_antitheft_rules":   removeRules("get_antitheft_rules"),
	"set_antitheft_all_enable": enableRules("get_antitheft_rules"),

	"fw_download":           (*unit).downloadFirmware,
	"get_fw_download_state": (*unit).getDownloadState,
	"set_wireless_info":     (*unit).setWireless,
	"set_qs_info":           (*unit).quickSetup,
	"sync_env":              action("synchronize"),
	"account_sync":          action("account"),

	"setCleanAttr":            (*unit).setCleanAttr,
	"setSwitchClean":          (*unit).vacuumClean,
	"setRobotPause":           (*unit).vacuumPause,
	"setSwitchCharge":         (*unit).vacuumCharge,
	"setSwitchDustCollection": (*unit).emptyDust,
	"setDustCollectionInfo":   (*unit).setDust,
	"setCarpetClean":          checked("getCarpetClean", oneOf("carpet_clean_prefer", "boost", "normal")),
	"setVolume":               checked("getVolume", inRange("volume", 0, 100)),
	"setDoNotDisturb":         checked("getDoNotDisturb", inRange("s_min", 0, 24*60-1), inRange("e_min", 0, 24*60-1)),
	"playSelectAudio":         (*unit).playAudio,
	"resetConsumablesTime":    (*unit).resetConsumables,
	"getMapData":              (*unit).getMapData,
}

// action makes a handler that only succeeds, on devices with the component.
func action(component string) smartHandler {
	return func(u *unit, _ object) (json.RawMessage, int) {
		if !u.has(component) {
			return nil, codeUnknownMethod
		}
		return nil, 0
	}
}

func (u *unit) getDeviceInfo(object) (json.RawMessage, int) { return u.deviceInfo().raw(), 0 }

// getRunningInfo is the information without ids.
func (u *unit) getRunningInfo(object) (json.RawMessage, int) {
	if u.bare || u.battery {
		return nil, codeParams
	}
	o := u.deviceInfo()
	for _, key := range []string{"device_id", "hw_id", "fw_id", "oem_id", "mac", "specs", "nickname", "ip", "ssid"} {
		delete(o, key)
	}
	return o.raw(), 0
}

// setupComponents are those that qs_component_nego tells of.
var setupComponents = []string{
	"quick_setup", "sunrise_sunset", "ble_whole_setup", "matter", "iot_cloud", "inherit", "firmware", "control_child", "child_device", "satellite_check",
}

// setupNego is what a device tells of itself to those who want to set it up.
func (u *unit) setupNego(object) (json.RawMessage, int) {
	if stored, ok := u.stored("qs_component_nego"); ok {
		return stored.raw(), 0
	}
	nego, ok := parseObject(u.base["component_nego"])
	if !ok || !u.has("quick_setup") || u.battery {
		return nil, codeUnknownMethod
	}
	list := slices.DeleteFunc(nego.array("component_list"), func(raw json.RawMessage) bool {
		c, _ := parseObject(raw)
		return !slices.Contains(setupComponents, c.text("id"))
	})
	extra := object{"device_model": u.info["model"], "device_type": u.info["type"]}
	if u.e.d.route.Transport == wattle.KLAP {
		extra.put("is_klap", true)
	}
	return object{"component_list": rawArray(list), "extra_info": extra.raw()}.raw(), 0
}

// infoRanges are the settable numbers of get_device_info. See
// docs/protocol/smart.md section 5.2.
var infoRanges = map[string][2]float64{
	"brightness":      {1, 100},
	"hue":             {0, 360},
	"saturation":      {0, 100},
	"fan_speed_level": {1, 4},
	"temp_offset":     {-10, 10},
	"latitude":        {-900_000, 900_000},
	"longitude":       {-1_800_000, 1_800_000},
}

// infoReadOnly cannot be set although they are in get_device_info.
var infoReadOnly = []string{
	"device_id", "hw_id", "fw_id", "oem_id", "hw_ver", "fw_ver", "model", "type", "specs", "mac", "ip", "rssi",
	"signal_level", "ssid", "on_time", "category", "parent_device_id", "original_device_id", "status", "in_alarm",
	"current_temp", "current_humidity", "battery_percentage", "at_low_battery", "overheated", "overheat_status",
	"power_protection_status", "overcurrent_status", "charging_status", "auto_off_status", "auto_off_remain_time",
	"color_temp_range", "position", "slot_number", "trv_states", "open", "detected",
}

// setDeviceInfo changes the given members, or none.
func (u *unit) setDeviceInfo(params object) (json.RawMessage, int) {
	for key, value := range params {
		if !u.settable(key, value) {
			return nil, codeParams
		}
	}
	colour := false
	for key, value := range params {
		switch key {
		case "device_on":
			continue
		case "hue", "saturation", "color_temp":
			colour = true
		}
		u.info[key] = value
	}
	if params.has("latitude") && u.info.has("has_set_location_info") {
		u.info.put("has_set_location_info", true)
	}
	if (params.has("hue") || params.has("saturation")) && !params.has("color_temp") && u.info.has("color_temp") {
		u.info.put("color_temp", 0)
	}
	if colour {
		u.endEffects()
	}
	if params.has("latitude") || params.has("longitude") {
		u.routine.drop()
	}
	on := u.isOn()
	if value, ok := params.flag("device_on"); ok {
		on = value
	}
	if u.info.has("device_on") {
		u.turn(on)
	}
	return nil, 0
}

func (u *unit) settable(key string, value json.RawMessage) bool {
	present, ok := u.info[key]
	if !ok || slices.Contains(infoReadOnly, key) {
		return false
	}
	if jsonKind(present) != jsonKind(value) {
		return false
	}
	n, isNumber := number(value)
	if limits, ok := infoRanges[key]; ok {
		return isNumber && n >= limits[0] && n <= limits[1] && n == float64(int(n))
	}
	switch key {
	case "nickname":
		var text string
		_ = json.Unmarshal(value, &text) // a string: its kind was compared
		_, err := base64.StdEncoding.DecodeString(text)
		return err == nil && len(text) <= 256
	case "color_temp":
		return u.allowsTemperature(n)
	case "target_temp":
		return within(n, u.info, "min_control_temp", "max_control_temp")
	case "temp_unit":
		return string(value) == `"celsius"` || string(value) == `"fahrenheit"`
	}
	return true
}

// allowsTemperature: 0 means that the colour counts.
func (u *unit) allowsTemperature(kelvin float64) bool {
	limits := u.info.array("color_temp_range")
	if kelvin == 0 || len(limits) != 2 {
		return kelvin >= 0
	}
	low, _ := number(limits[0])
	high, _ := number(limits[1])
	return kelvin >= low && kelvin <= high
}

func within(n float64, o object, low, high string) bool {
	if limit, ok := o.number(low); ok && n < limit {
		return false
	}
	limit, ok := o.number(high)
	return !ok || n <= limit
}

func (u *unit) deviceReboot(params object) (json.RawMessage, int) {
	delay, ok := params.integer("delay")
	switch {
	case params.has("delay") && (!ok || delay < 0 || delay > 3600):
		return nil, codeParams
	case u.bare || u.battery:
		return nil, 0 // a child that sleeps by itself
	}
	u.e.d.reboot(time.Duration(delay) * time.Second)
	return nil, 0
}

// deviceReset brings the state of the capture back, without what people have
// told the device.
func (u *unit) deviceReset(object) (json.RawMessage, int) {
	if u != u.e.self {
		return nil, u.unknown("device_reset")
	}
	if err := u.e.d.forget(); err != nil {
		return nil, codeParams
	}
	return nil, 0
}

// getChildren lists what the children say of themselves now.
func (u *unit) getChildren(params object) (json.RawMessage, int) {
	answer, ok := u.stored("get_child_device_list")
	if !ok {
		return nil, u.unknown("get_child_device_list")
	}
	if u == u.e.self {
		list := make([]json.RawMessage, len(u.e.children))
		for i, child := range u.e.children {
			list[i] = child.deviceInfo().raw()
		}
		answer["child_device_list"] = rawArray(list)
		if len(list) <= pageSize && !params.has("start_index") {
			return answer.raw(), 0
		}
	}
	return page(answer.raw(), params)
}

func (u *unit) getChildComponents(params object) (json.RawMessage, int) {
	answer, ok := u.stored("get_child_device_component_list")
	if !ok {
		return nil, u.unknown("get_child_device_component_list")
	}
	if u == u.e.self {
		answer["child_component_list"] = rawArray(u.e.componentLists(answer.array("child_component_list")))
	}
	return page(answer.raw(), params)
}

// componentLists puts the ids of the children into the stored list, in its
// order, and adds what it lacks.
func (e *smart) componentLists(stored []json.RawMessage) []json.RawMessage {
	list := make([]json.RawMessage, 0, len(e.children))
	done := map[*unit]bool{}
	put := func(child *unit, components json.RawMessage) {
		if components != nil && !done[child] {
			done[child] = true
			list = append(list, object{"device_id": child.info["device_id"], "component_list": components}.raw())
		}
	}
	for _, raw := range stored {
		entry, _ := cut(raw)
		for _, child := range e.children {
			if child.storedID == entry.text("device_id") {
				put(child, entry["component_list"])
			}
		}
	}
	for _, child := range e.children {
		put(child, child.listed)
	}
	return list
}
