package simulator

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// unit is a SMART device or one of its children: whatever has a
// get_device_info of its own.
type unit struct {
	e    *smart
	base map[string]json.RawMessage // the capture; shared between devices
	own  map[string]json.RawMessage // answers that were changed
	info object                     // get_device_info
	// components are what it says it can do, by name.
	components map[string]int
	listed     json.RawMessage // component_list, for the parent's list
	storedID   string          // its id in the capture of the parent
	// bare: of a child only its entry in the parent's list is known.
	bare bool
	// battery: a child of a hub. It answers less than its components promise.
	battery bool

	watch   stopwatch
	power   meter
	usage   tally // minutes
	erased  bool  // the recorded sums of energy and runtime
	autoOff time.Time
	alarm   time.Time // when it stops by itself
	timer   time.Time // when the count-down is over
	upgrade upgrade
	nextID  int // of rules
	routine routine
	log     triggerLog
	records recorder
	calm    time.Time // when a sensor no longer shows what it sensed
	vacuum  vacuum
}

// load reads the capture and those of the children.
func (e *smart) load() error {
	base := e.file.Data
	info, ok := parseObject(base["get_device_info"])
	if !ok {
		return errors.New("get_device_info is missing or not an object; record the capture again")
	}
	info.put("device_id", e.d.ids.deviceID(info.text("device_id"), 0))
	info.put("mac", e.d.ids.mac(info.text("mac"), 0))
	if name := e.d.options.Alias; name != "" {
		info.put("nickname", encodeText(name))
	}
	e.self = &unit{e: e, base: base, info: info}
	if nego, ok := parseObject(base["component_nego"]); ok {
		e.self.components = componentsOf(nego["component_list"])
	}
	e.setZone()
	if err := e.loadChildren(); err != nil {
		return err
	}
	if err := e.loadWaiting(); err != nil {
		return err
	}
	for _, u := range e.units() {
		u.start()
	}
	return nil
}

// loadChildren makes the children that the parent lists. What they answer
// comes from a capture of their own, from child_devices, or is not known. See
// package capture.
func (e *smart) loadChildren() error {
	list, _ := parseObject(e.self.base["get_child_device_list"])
	inline, _ := parseObject(e.self.base["child_devices"])
	parts, _ := parseObject(e.self.base["get_child_device_component_list"])
	components := map[string]json.RawMessage{}
	for _, raw := range parts.array("child_component_list") {
		if entry, ok := parseObject(raw); ok {
			components[entry.text("device_id")] = entry["component_list"]
		}
	}
	for i, raw := range list.array("child_device_list") {
		entry, ok := parseObject(raw)
		if !ok {
			return errors.New("an entry of get_child_device_list is not an object")
		}
		stored := entry.text("device_id")
		child, err := e.newChild(entry, inline.object(stored))
		if err != nil {
			return err
		}
		child.listed = components[stored]
		e.identify(child, stored, i+1)
		e.children = append(e.children, child)
	}
	return nil
}

// newChild finds what the child answers.
func (e *smart) newChild(entry, inline object) (*unit, error) {
	child := &unit{e: e, info: entry, battery: strings.HasPrefix(entry.text("category"), "subg.")}
	file, err := e.only, error(nil)
	if file == nil {
		file, err = e.d.options.Library.Child(entry.raw())
	}
	if err != nil {
		return nil, fmt.Errorf("child %s: %w", entry.text("model"), err)
	}
	switch {
	case file != nil:
		if err := valid(file); err != nil {
			return nil, err
		}
		child.base = file.Data
	case inline != nil:
		child.base = inline
	default:
		child.bare = true
		return child, nil
	}
	if info, ok := parseObject(child.base["get_device_info"]); ok {
		child.info = info
	}
	return child, nil
}

// identify gives a child its ids and its components.
func (e *smart) identify(child *unit, stored string, number int) {
	info := child.info
	child.storedID = stored
	info.put("device_id", e.d.ids.deviceID(stored, number))
	if !e.d.ids.keep {
		for _, key := range []string{"parent_device_id", "original_device_id"} {
			if info.has(key) {
				info[key] = e.self.info["device_id"]
			}
		}
		if info.has("mac") {
			own := 0 // the parts of one device share its MAC
			if child.battery {
				own = number
			}
			info.put("mac", e.d.ids.mac(info.text("mac"), own))
		}
	}
	list := child.listed
	if nego, ok := parseObject(child.base["component_nego"]); ok {
		list = nego["component_list"]
	}
	child.components = componentsOf(list)
	if child.listed == nil {
		child.listed = list
	}
}

// start sets what runs to the values of the capture.
func (u *unit) start() {
	now, clock := u.e.d.clock.real(), u.e.d.clock.time()
	on := u.isOn()
	onTime, _ := u.info.integer("on_time")
	u.watch = stopwatch{on: on, base: time.Duration(onTime) * time.Second, since: now}
	u.startEnergy(on, clock)
	u.records.start(u)
	u.startVacuum()
	if remain, ok := u.info.integer("auto_off_remain_time"); ok && remain > 0 && on && u.info.text("auto_off_status") == "on" {
		u.autoOff = now.Add(time.Duration(remain) * time.Second)
	}
}

// isOn is device_on; a radiator valve is on while it does not merely protect
// from frost, and what cannot be switched is always on.
func (u *unit) isOn() bool {
	if on, ok := u.info.flag("device_on"); ok {
		return on
	}
	return true
}

func (u *unit) has(component string) bool { _, ok := u.components[component]; return ok }

func (u *unit) version(component string) int { return u.components[component] }

func componentsOf(list json.RawMessage) map[string]int {
	var entries []struct {
		ID      string `json:"id"`
		Version int    `json:"ver_code"`
	}
	if json.Unmarshal(list, &entries) != nil {
		return nil
	}
	components := make(map[string]int, len(entries))
	for _, c := range entries {
		components[c.ID] = c.Version
	}
	return components
}

// deviceInfo is get_device_info with what time has changed.
func (u *unit) deviceInfo() object {
	now := u.e.d.clock.real()
	o := u.info.clone()
	if o.has("on_time") {
		o.put("on_time", seconds(u.watch.value(now)))
	}
	if !u.autoOff.IsZero() && o.has("auto_off_remain_time") {
		o.put("auto_off_remain_time", max(seconds(u.autoOff.Sub(now)), 0))
	}
	return o
}

// tick does what fell due since the last request, each at its own moment.
func (e *smart) tick() {
	e.d.clock.pass(e.upcoming)
	for _, u := range e.units() {
		u.advance()
	}
}

// upcoming is what happens next after a moment.
func (e *smart) upcoming(after time.Time) agenda {
	var a agenda
	for _, u := range e.units() {
		a.add(u.autoOff, func() {
			u.autoOff = time.Time{}
			u.turn(false)
		})
		a.add(u.timer, u.runCountdown)
		a.add(u.alarm, func() {
			u.alarm = time.Time{}
			u.info.put("in_alarm", false)
		})
		a.add(u.calm, u.settle)
		a.add(u.upgrade.due(), func() { u.install(u.upgrade.version) })
		a.add(u.vacuumNext())
		planned := u.planned(after)
		a.add(planned.at, planned.run...)
	}
	a.add(e.pairing.joined, e.join)
	return a
}

// advance brings the sums forward to now.
func (u *unit) advance() {
	u.advanceVacuum()
	now := u.e.d.clock.time()
	if u.e.d.clock.unset { // it counts nothing
		u.power.energy.jump(now)
		u.usage.jump(now)
		return
	}
	u.power.advance(now)
	u.usage.advance(now)
	u.records.advance(u)
}

// turn switches the device and everything that shows it.
func (u *unit) turn(on bool) {
	u.advance()
	now := u.e.d.clock.real()
	if u.watch.on != on {
		u.autoOff = time.Time{}
		if on {
			u.armAutoOff(now)
		}
	}
	u.watch.turn(on, now)
	u.info.put("device_on", on)
	if u.info.has("on_off") {
		u.info.put("on_off", flagNumber(on))
	}
	u.usage.rate = 0
	if on {
		u.usage.rate = 60
	}
	u.setPower()
}

// armAutoOff starts the time after which the device turns itself off.
func (u *unit) armAutoOff(now time.Time) {
	config, ok := u.stored("get_auto_off_config")
	if !ok || !u.info.has("auto_off_status") {
		return
	}
	enabled, _ := config.flag("enable")
	u.info.put("auto_off_status", onOff(enabled))
	u.autoOff = time.Time{}
	if minutes, _ := config.integer("delay_min"); enabled && minutes > 0 && u.isOn() {
		u.autoOff = now.Add(time.Duration(minutes) * time.Minute)
	} else if u.info.has("auto_off_remain_time") {
		u.info.put("auto_off_remain_time", 0)
	}
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// Texts that people type are base64 in SMART.
func encodeText(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// decodeText gives back what is not base64 of UTF-8.
func decodeText(s string) string {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || !utf8.Valid(b) {
		return s
	}
	return string(b)
}
