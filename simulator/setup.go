package simulator

import (
	"encoding/json"
	"strings"
	"time"

	"wattle"
)

// A device that waits to be set up: without a network, an account or the time.

// Holds is the account whose credentials the device takes: that of the home,
// unless a client has set it up or reset it since.
func (d *Device) Holds(home wattle.Credentials) wattle.Credentials {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.holds(home)
}

func (d *Device) holds(home wattle.Credentials) wattle.Credentials {
	switch {
	case d.account != nil:
		return *d.account
	case d.fresh && d.file.Family == wattle.IOT:
		return wattle.SetupKasa()
	case d.fresh:
		return wattle.SetupTapo()
	}
	return home
}

// holdsOf is the e-mail of the account that the device belongs to, "" for none.
func (d *Device) holdsOf(home string) string {
	switch {
	case d.account != nil:
		return d.account.Username
	case d.fresh:
		return ""
	}
	return home
}

// forget is a factory reset: the engine is made anew, and what a person has put
// into the device is gone.
func (d *Device) forget() error {
	if err := d.reset(); err != nil {
		return err
	}
	d.fresh, d.account = true, nil
	d.clock.unset = true
	d.engine.forget()
	d.reboot(time.Second)
	return nil
}

// join takes the device into a network, if the network is one that it can see.
// The device goes away for it.
func (d *Device) join(visible bool) {
	if visible {
		d.fresh, d.clock.unset = false, false
	}
	d.left = true
	d.reboot(0)
}

// forget takes away what people have told an IOT device. See
// docs/protocol/iot.md section 11.
func (e *iot) forget() {
	mac := strings.ReplaceAll(e.macText(), ":", "")
	e.sys.put("alias", "TP-LINK_Smart Device_"+strings.ToUpper(mac[max(len(mac)-4, 0):]))
	for _, key := range []string{"latitude", "longitude", "latitude_i", "longitude_i"} {
		if e.sys.has(key) {
			e.sys.put(key, 0)
		}
	}
	for i, o := range e.outlets {
		o.entry.put("alias", "Plug "+string(rune('1'+i)))
	}
	for _, o := range append(e.outlets, e.whole) {
		for _, role := range []string{roleSchedule, roleTimer, roleAway} {
			if t := e.rulesIn(o, e.ruleModule(role)); t != nil {
				t.rules = nil
			}
		}
		o.usage.erase()
		o.power.energy.erase()
	}
	for _, module := range []string{"cnCloud", "smartlife.iot.common.cloud"} {
		if answer, ok := e.answer(module, "get_info"); ok {
			answer.put("username", "")
			answer.put("binded", 0)
			answer.put("cld_connection", 0)
			e.change(module, "get_info", answer)
		}
	}
}

// joinWiFi leaves without an answer.
func (e *iot) joinWiFi(c *iotCall) (object, *iotFault) {
	kind, ok := c.args.integer("key_type")
	if c.args.text("ssid") == "" || !ok || kind < 0 || kind > 3 {
		return nil, &e.errors.argument
	}
	scan, _ := e.answer(c.module, "get_scaninfo")
	visible := listed(scan.array("ap_list"), c.args.text("ssid"))
	if visible {
		e.change(c.module, "get_stainfo", object{
			"ssid": c.args["ssid"], "key_type": marshal(kind), "rssi": marshal(-50), "err_code": marshal(0),
		})
	}
	e.d.join(visible)
	return nil, nil
}

// listed tells whether a network is in the list of a scan.
func listed(list []json.RawMessage, ssid string) bool {
	for _, raw := range list {
		if entry, ok := parseObject(raw); ok && entry.text("ssid") == ssid {
			return true
		}
	}
	return false
}

// forget takes away what people have told a SMART device. See
// docs/protocol/smart.md section 6.
func (e *smart) forget() {
	for _, u := range e.units() {
		u.info.put("nickname", "")
		for _, key := range []string{"latitude", "longitude", "la", "lo"} {
			if u.info.has(key) {
				u.info.put(key, 0)
			}
		}
		if u.info.has("has_set_location_info") {
			u.info.put("has_set_location_info", false)
		}
		for _, getter := range []string{"get_schedule_rules", "get_countdown_rules", "get_antitheft_rules"} {
			if answer, ok := u.stored(getter); ok {
				u.keepRules(getter, answer, nil)
			}
		}
		u.usage.erase()
		u.power.energy.erase()
	}
	if e.self.info.has("ssid") {
		e.self.info.put("ssid", "")
	}
	if e.self.has("cloud_connect") {
		e.self.change("get_connect_cloud_state", object{"status": marshal(1)})
	}
}

// setWireless is set_wireless_info, whose parameters are taken to be those of
// set_qs_info.
func (u *unit) setWireless(params object) (json.RawMessage, int) {
	if !u.has("wireless") {
		return nil, codeUnknownMethod
	}
	_, code := u.joinWiFi(params)
	return nil, code
}

func (u *unit) joinWiFi(wireless object) (visible bool, code int) {
	ssid := wireless.text("ssid")
	if ssid == "" || wireless.text("key_type") == "" || !wireless.has("password") {
		return false, codeParams
	}
	scan, _ := u.stored("get_wireless_scan_info")
	visible = listed(scan.array("ap_list"), ssid)
	if visible {
		u.info.put("ssid", ssid)
		if u.has("cloud_connect") {
			u.change("get_connect_cloud_state", object{"status": marshal(0)})
		}
	}
	u.e.d.join(visible)
	return visible, 0
}

// quickSetup is set_qs_info: with wireless the device changes networks without
// an answer, else it only takes another account.
func (u *unit) quickSetup(params object) (json.RawMessage, int) {
	account, now := params.object("account"), params.object("time")
	switch {
	case !u.has("quick_setup"):
		return nil, codeUnknownMethod
	case account.text("username") == "" || !account.has("password") || now == nil:
		return nil, codeParams
	}
	if _, code := u.setDeviceTime(now); code != 0 && u.has("time") {
		return nil, code
	}
	if wireless := params.object("wireless"); wireless != nil {
		if visible, code := u.joinWiFi(wireless); code != 0 || !visible {
			return nil, code
		}
	}
	u.e.d.account = &wattle.Credentials{
		Username: decodeText(account.text("username")), Password: wattle.NewSecret(decodeText(account.text("password"))),
	}
	return nil, 0
}
