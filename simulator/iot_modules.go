package simulator

import (
	"encoding/json"
	"strings"
)

// The modules have one role under several names. See docs/protocol/iot.md
// section 2.
const (
	roleSystem   = "system"
	roleEmeter   = "emeter"
	roleSchedule = "schedule"
	roleTimer    = "count_down"
	roleAway     = "anti_theft"
	roleClock    = "time"
	roleCloud    = "cnCloud"
	roleWiFi     = "netif"
	roleDimmer   = "dimmer"
	roleLamp     = "lamp"
	roleEffect   = "lighting_effect"
	roleAmbient  = "LAS"
	roleMotion   = "PIR"
	roleSlots    = "smartpowerstrip"
	roleTrigger  = "sensor_trigger"
)

var iotRoles = map[string]string{
	"system":                                roleSystem,
	"smartlife.iot.common.system":           roleSystem,
	"emeter":                                roleEmeter,
	"smartlife.iot.common.emeter":           roleEmeter,
	"schedule":                              roleSchedule,
	"smartlife.iot.common.schedule":         roleSchedule,
	"count_down":                            roleTimer,
	"smartlife.iot.common.count_down":       roleTimer,
	"anti_theft":                            roleAway,
	"smartlife.iot.common.anti_theft":       roleAway,
	"time":                                  roleClock,
	"smartlife.iot.common.timesetting":      roleClock,
	"cnCloud":                               roleCloud,
	"smartlife.iot.common.cloud":            roleCloud,
	"netif":                                 roleWiFi,
	"smartlife.iot.common.softaponboarding": roleWiFi,
	"smartlife.iot.dimmer":                  roleDimmer,
	lampService:                             roleLamp,
	stripService:                            roleLamp,
	"smartlife.iot.lighting_effect":         roleEffect,
	"smartlife.iot.LAS":                     roleAmbient,
	"smartlife.iot.PIR":                     roleMotion,
	"smartlife.iot.smartpowerstrip.manage":  roleSlots,
	"smartlife.iot.sensor_trigger":          roleTrigger,
}

const (
	lampService  = "smartlife.iot.smartbulb.lightingservice"
	stripService = "smartlife.iot.lightStrip"
)

// perOutlet are the roles that each outlet of a strip has for itself.
var perOutlet = map[string]bool{
	roleSystem: true, roleEmeter: true, roleSchedule: true, roleTimer: true, roleAway: true,
}

// knows tells whether the device has a module: the capture shows it, or
// devices of the kind have it though captures leave it out.
func (e *iot) knows(module string) bool {
	if _, ok := e.d.file.Data[module]; ok {
		return true
	}
	role := iotRoles[module]
	if role == "" || e.kind == iotCamera {
		return false
	}
	common := strings.HasPrefix(module, "smartlife.iot.common.")
	switch role {
	case roleSystem, roleSchedule, roleTimer, roleAway, roleClock, roleCloud, roleWiFi:
		return common == e.kind.light() || module == "system"
	case roleEmeter:
		return common == e.kind.light() && e.metered()
	case roleDimmer:
		return e.kind == iotDimmer
	case roleLamp:
		return module == e.lampModule()
	case roleEffect:
		return e.kind == iotLightStrip
	case roleAmbient, roleMotion, roleTrigger:
		return e.hasSensor()
	case roleSlots:
		return e.kind == iotStrip
	}
	return false
}

// serves tells whether the handlers of a role are for this device.
func (e *iot) serves(role, method string) bool {
	if e.kind == iotCamera {
		return role == roleSystem && (method == "get_sysinfo" || method == "set_dev_alias" || method == "reboot")
	}
	if role == roleEmeter {
		return e.metered()
	}
	return true
}

// metered: plugs say so in their features, lamps always estimate. A capture
// may hold a refusal in spite of that.
func (e *iot) metered() bool {
	module := e.emeterModule()
	if raw, ok := e.d.file.Methods(module)["get_realtime"]; ok {
		answer, ok := cut(raw)
		code, _ := answer.integer("err_code")
		return ok && code == 0
	}
	if isIOTError(e.d.file.Methods(module)) {
		return false
	}
	return e.kind.light() || strings.Contains(e.sys.text("feature"), "ENE")
}

func (e *iot) emeterModule() string {
	if e.kind.light() {
		return "smartlife.iot.common.emeter"
	}
	return "emeter"
}

// lampModule is the module that controls the light, "" where there is none.
func (e *iot) lampModule() string {
	switch e.kind {
	case iotLightStrip:
		return stripService
	case iotBulb:
		return lampService
	}
	return ""
}

// hasSensor: switches with a motion and a light sensor say so in their name.
func (e *iot) hasSensor() bool {
	name := e.sys.text("dev_name")
	return strings.Contains(name, "PIR") || strings.Contains(name, "sensor")
}

// invented are answers that devices of the kind give though the capture has
// none.
func (e *iot) invented(module, method string) (object, bool) {
	if !e.knows(module) || e.kind == iotCamera {
		return nil, false
	}
	text, ok := iotDefaults[iotRoles[module]][method]
	if !ok {
		return nil, false
	}
	return cut(json.RawMessage(text))
}

// iotDefaults are in the form of docs/protocol/iot.md; the values are made up.
var iotDefaults = map[string]map[string]string{
	roleSystem: {
		"get_dev_icon":       `{"icon":"","hash":"","err_code":0}`,
		"get_download_state": `{"status":0,"ratio":0,"reboot_time":5,"flash_time":5,"err_code":0}`,
	},
	roleEmeter: {
		"get_realtime":    `{"current_ma":0,"voltage_mv":230000,"power_mw":0,"total_wh":0,"err_code":0}`,
		"get_vgain_igain": `{"vgain":13462,"igain":16835,"err_code":0}`,
	},
	roleSchedule: {
		"get_next_action": `{"type":-1,"err_code":0}`,
	},
	roleCloud: {
		"get_info": `{"username":"","server":"n-devs.tplinkcloud.com","binded":1,"cld_connection":1,"illegalType":0,` +
			`"stopConnect":0,"tcspStatus":1,"fwDlPage":"","tcspInfo":"","fwNotifyType":-1,"err_code":0}`,
		"get_intl_fw_list": `{"fw_list":[],"err_code":0}`,
	},
	roleWiFi: {
		"get_scaninfo": `{"ap_list":[{"ssid":"simulated","key_type":3,"rssi":-48},{"ssid":"neighbour","key_type":3,"rssi":-79},` +
			`{"ssid":"guests","key_type":0,"rssi":-63}],"wpa3_support":0,"err_code":0}`,
		"get_stainfo": `{"ssid":"simulated","key_type":3,"rssi":-48,"err_code":0}`,
	},
	roleDimmer: {
		"get_dimmer_parameters": `{"minThreshold":5,"fadeOnTime":1000,"fadeOffTime":1000,"gentleOnTime":3000,` +
			`"gentleOffTime":10000,"rampRate":30,"bulb_type":1,"err_code":0}`,
		"get_default_behavior": `{"soft_on":{"mode":"last_status"},"hard_on":{"mode":"last_status"},` +
			`"long_press":{"mode":"instant_on_off"},"double_click":{"mode":"gentle_on_off"},"err_code":0}`,
	},
	roleLamp: {
		"get_light_details": `{"lamp_beam_angle":180,"min_voltage":220,"max_voltage":240,"wattage":10,` +
			`"incandescent_equivalent":60,"max_lumens":800,"color_rendering_index":80,"err_code":0}`,
		"get_default_behavior": `{"soft_on":{"mode":"last_status"},"hard_on":{"mode":"last_status"},"err_code":0}`,
		"get_fade_on_off":      `{"fade_on":500,"fade_off":500,"err_code":0}`,
	},
	roleAmbient: {
		"get_config": `{"devs":[{"hw_id":0,"enable":1,"dark_index":0,"min_adc":0,"max_adc":2500,"level_array":[` +
			`{"name":"cloudy","adc":500,"value":20},{"name":"overcast","adc":300,"value":12},` +
			`{"name":"dawn","adc":225,"value":9},{"name":"twilight","adc":200,"value":8},` +
			`{"name":"total darkness","adc":100,"value":4},{"name":"custom","adc":2000,"value":80}]}],"ver":"1.0","err_code":0}`,
		"get_current_brt": `{"value":17,"err_code":0}`,
		"get_dark_status": `{"bDark":0,"err_code":0}`,
		"get_adc_value":   `{"type":2,"value":425,"err_code":0}`,
	},
	roleMotion: {
		"get_config": `{"enable":1,"version":"1.0","trigger_index":1,"cold_time":60000,"min_adc":0,"max_adc":4095,` +
			`"array":[80,50,20,40],"err_code":0}`,
		"get_adc_value": `{"value":2047,"err_code":0}`,
	},
	roleTrigger: {
		"get_weekday_routine": `{"array":[{"en":1,"name":"","id":"0","wday":[1,1,1,1,1,1,1],` +
			`"array":[{"sT":0,"eT":1440,"clr":0,"onTT":2,"offTT":2,"offWT":60}]}],"err_code":0}`,
		"get_default_manual_action": `{"onToT":0,"onToM":0,"onToS":10,"offToT":0,"offToM":0,"offToS":60,"err_code":0}`,
	},
}
