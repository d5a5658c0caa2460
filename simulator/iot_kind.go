package simulator

import (
	"errors"
	"strings"
	"time"
)

// iotKind is what sort of IOT device it is. See docs/protocol/iot.md section 4.2.
type iotKind uint8

const (
	iotPlug iotKind = iota // and wall switches
	iotDimmer
	iotStrip
	iotBulb
	iotLightStrip
	iotCamera
)

func (k iotKind) light() bool { return k == iotBulb || k == iotLightStrip }

// iotErrors are the refusals, which read differently from kind to kind. See
// docs/protocol/iot.md section 1.1.
type iotErrors struct {
	module, method, argument, missing, entry, full iotFault
}

// load reads the capture and gives the device its ids.
func (e *iot) load() error {
	stored, ok := parseObject(e.d.file.Methods("system")["get_sysinfo"])
	if !ok {
		return errors.New("system.get_sysinfo is not an object; record the capture again")
	}
	e.sys = stored
	if nested := stored.object("system"); len(nested) > len(stored) {
		e.outer, e.sys = stored, nested
	}
	e.kind = e.classify()
	e.errors = e.errorTexts()
	e.zone = zoneUTC
	e.identify()
	e.d.clock.zone = iotZone(e.zone)
	now, clock := e.d.clock.real(), e.d.clock.time()
	e.whole = e.newOutlet(e.sys, nil, now, clock)
	for _, raw := range e.sys.array("children") {
		entry, ok := parseObject(raw)
		if !ok {
			return errors.New("an entry of children in get_sysinfo is not an object")
		}
		entry.put("id", e.d.ids.outletID(entry.text("id"), e.sys.text("deviceId"), len(e.outlets)))
		e.outlets = append(e.outlets, e.newOutlet(entry, entry, now, clock))
	}
	delete(e.sys, "children")
	return nil
}

func (e *iot) identify() {
	ids := e.d.ids
	e.sys.put("deviceId", ids.deviceID(e.sys.text("deviceId"), 0))
	for _, key := range []string{"mac", "mic_mac", "ethernet_mac"} {
		if e.sys.has(key) {
			e.sys.put(key, ids.mac(e.sys.text(key), 0))
		}
	}
	if name := e.d.options.Alias; name != "" {
		e.sys.put("alias", name)
	}
}

func (e *iot) newOutlet(state, entry object, now, clock time.Time) *outlet {
	on, _ := state.flag("state")
	if entry == nil {
		on = e.isOn()
	}
	onTime, _ := state.integer("on_time")
	o := &outlet{entry: entry}
	o.watch = stopwatch{on: on, base: time.Duration(onTime) * time.Second, since: now}
	o.habit = newHabit(e.name(o), 0.17, 0, 0)
	o.power = e.newMeter(o, clock)
	if entry != nil && !on { // one recorded reading stands for all outlets
		o.power.open(e.d.clock.frozen)
	}
	o.usage.start(clock, o.habit.minutes)
	if on {
		o.usage.rate = 60
	}
	return o
}

func (e *iot) macText() string {
	for _, key := range []string{"mac", "mic_mac", "ethernet_mac"} {
		if text := e.sys.text(key); text != "" {
			return text
		}
	}
	return ""
}

func (e *iot) deviceType() string {
	if t := e.sys.text("mic_type"); t != "" {
		return t
	}
	return e.sys.text("type")
}

func (e *iot) classify() iotKind {
	kind := strings.ToLower(e.deviceType())
	switch {
	case e.outer != nil:
		return iotCamera
	case strings.Contains(e.sys.text("dev_name"), "Dimmer"):
		return iotDimmer
	case e.sys.has("children"):
		return iotStrip
	case strings.Contains(kind, "smartbulb") && e.sys.has("length"):
		return iotLightStrip
	case strings.Contains(kind, "smartbulb"):
		return iotBulb
	}
	return iotPlug
}

// errorTexts follows the kind, and a refusal in the capture where there is one.
func (e *iot) errorTexts() iotErrors {
	t := iotErrors{
		module:   iotFault{-1, "module not support"},
		method:   iotFault{-2, "member not support"},
		argument: iotFault{-3, "invalid argument"},
		missing:  iotFault{-3, "invalid argument"},
		entry:    iotFault{-14, "entry not exist"},
		full:     iotFault{-10, "table is full"},
	}
	if e.kind == iotCamera {
		t.module = iotFault{-10008, "Unsupported API call."}
		t.method = t.module
		return t
	}
	if e.kind.light() {
		t.argument = iotFault{-10000, "Invalid input argument"}
		t.missing = iotFault{-10002, "Missing neccesary argument"}
	}
	// The first generation of bulbs tells how much memory it has left.
	old := e.kind == iotBulb && e.sys.has("heapsize")
	if old {
		t.module = iotFault{-2001, "Module not support"}
	}
	for name := range e.d.file.Data {
		if stored := e.d.file.Methods(name); isIOTError(stored) {
			refusal := object(stored)
			code, _ := refusal.integer("err_code")
			t.module = iotFault{code, refusal.text("err_msg")}
			break
		}
	}
	if old || t.module.code == -2001 {
		t.method = iotFault{-2000, "Method not support"}
	}
	return t
}

// isOn tells whether a device without outlets is on.
func (e *iot) isOn() bool {
	if light := e.sys.object("light_state"); light != nil {
		on, _ := light.flag("on_off")
		return on
	}
	on, _ := e.sys.flag("relay_state")
	return on
}

// all gives every relay: the outlets of a strip, else the device.
func (e *iot) all() []*outlet {
	if e.kind == iotStrip {
		return e.outlets
	}
	return []*outlet{e.whole}
}

// first is the outlet that methods for one outlet act on, nil if the request
// names none.
func (c *iotCall) first() *outlet {
	if len(c.at) == 0 {
		return nil
	}
	return c.at[0]
}
