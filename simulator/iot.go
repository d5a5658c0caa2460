package simulator

import (
	"encoding/json"
	"maps"
	"net/netip"

	"wattle"
)

// iot is the engine of the IOT language. See docs/protocol/iot.md.
type iot struct {
	d     *Device
	kind  iotKind
	outer object // cameras keep sysinfo one level deeper; nil for all others
	sys   object // sysinfo without children
	// outlets are the children of a strip, nil for all others.
	outlets []*outlet
	// whole is the load of a device that is no strip; what a strip's outlets
	// share has its clock.
	whole *outlet
	// own are answers that were changed, by module and method.
	own    map[string]map[string]object
	errors iotErrors
	fade   *fade // of a dimmer, nil while it does not move
	// upgrade is the firmware that is downloaded and installed.
	upgrade upgrade
	zone    int // index of the time zone, see docs/protocol/iot.md section 9
}

// outlet is what one relay or lamp holds.
type outlet struct {
	entry object // of the strip's list; nil for the device itself
	watch stopwatch
	power meter
	usage tally // minutes
	habit *habit
	rules map[string]*ruleTable
	// routine is what it does by its rules.
	routine routine
}

// iotCall is one method of a request.
type iotCall struct {
	module, method string
	args           object
	at             []*outlet // what context.child_ids names, all without a context
	named          bool      // there was a context
}

// iotFault is a refusal; nil is success.
type iotFault struct {
	code int
	text string
}

// iotHandler answers one method. The members of the result go into the answer;
// a nil one is success without more.
type iotHandler func(e *iot, c *iotCall) (object, *iotFault)

func newIOT(d *Device) (*iot, error) {
	e := &iot{d: d, own: map[string]map[string]object{}}
	if err := valid(d.file); err != nil {
		return nil, err
	}
	if err := e.load(); err != nil {
		return nil, err
	}
	return e, nil
}

// handle runs modules and methods in the order of the text.
func (e *iot) handle(request []byte) []byte {
	modules, ok := members(request)
	if !ok {
		return nil
	}
	scope, modules := e.context(modules)
	answer := make([]member, 0, len(modules))
	e.tick()
	for _, m := range modules {
		answer = append(answer, member{m.key, e.module(m.key, m.value, scope)})
	}
	return appendMembers(nil, answer)
}

func (e *iot) module(name string, methods json.RawMessage, scope iotScope) json.RawMessage {
	stored := e.d.file.Methods(name)
	if isIOTError(stored) {
		return e.d.file.Data[name]
	}
	list, ok := cutMembers(methods)
	switch {
	case !e.knows(name) && e.kind != iotCamera:
		return e.errors.module.raw()
	case !ok:
		return e.errors.argument.raw()
	}
	answers := make([]member, 0, len(list))
	for _, m := range list {
		c := &iotCall{module: name, method: m.key, at: scope.at, named: scope.named}
		answers = append(answers, member{m.key, e.method(c, m.value, scope.fault)})
	}
	return appendMembers(nil, answers)
}

func (e *iot) method(c *iotCall, args json.RawMessage, fault *iotFault) json.RawMessage {
	if len(args) > 0 && string(args) != "null" {
		var ok bool
		if c.args, ok = cut(args); !ok {
			return e.errors.argument.raw()
		}
	}
	role := iotRoles[c.module]
	if fault != nil && perOutlet[role] && c.method != "get_sysinfo" && c.method != "set_led_off" {
		return fault.raw()
	}
	answer, known := e.answer(c.module, c.method)
	if code, _ := answer.integer("err_code"); code != 0 {
		return answer.raw()
	}
	if handler, ok := iotHandlers[role][c.method]; ok && e.serves(role, c.method) {
		result, fault := handler(e, c)
		if fault != nil {
			return fault.raw()
		}
		return success(result)
	}
	if known {
		return answer.raw()
	}
	if e.merge(c) {
		return success(nil)
	}
	return e.errors.method.raw()
}

// answer is what a getter answers if nothing computes it: what was set, else
// the capture, else a made-up default.
func (e *iot) answer(module, method string) (object, bool) {
	if o, ok := e.own[module][method]; ok {
		return o.clone(), true
	}
	if raw, ok := e.d.file.Methods(module)[method]; ok {
		if o, ok := cut(raw); ok {
			return o, true
		}
	}
	return e.invented(module, method)
}

// change replaces what a getter answers.
func (e *iot) change(module, method string, answer object) {
	if e.own[module] == nil {
		e.own[module] = map[string]object{}
	}
	e.own[module][method] = answer
}

// merge is for setters that nobody handles: their arguments become members of
// the answer of the getter of the same name.
func (e *iot) merge(c *iotCall) bool {
	name, ok := getterOf(c.method)
	if !ok {
		return false
	}
	answer, ok := e.answer(c.module, name)
	if !ok {
		return false
	}
	maps.Copy(answer, c.args)
	e.change(c.module, name, answer)
	return true
}

func (e *iot) info(i *Info) {
	i.Alias = e.sys.text("alias")
	i.Model = wattle.ParseModel(e.sys.text("model"))
	i.Type = e.deviceType()
	i.DeviceID = e.sys.text("deviceId")
	i.MAC, _ = wattle.ParseMAC(e.macText())
	for _, o := range e.outlets {
		i.Children = append(i.Children, ChildInfo{DeviceID: o.entry.text("id"), Alias: o.entry.text("alias")})
	}
}

func (e *iot) setAddress(netip.Addr) {} // no answer tells it

// restart: the relays stay as they are, and their time starts anew.
func (e *iot) restart() {
	now := e.d.clock.real()
	e.powerOn()
	for _, o := range e.all() {
		o.watch = stopwatch{on: o.watch.on, since: now}
	}
}

func isIOTError(methods map[string]json.RawMessage) bool {
	code, ok := number(methods["err_code"])
	return ok && code != 0
}

func (f *iotFault) raw() json.RawMessage {
	return marshal(struct {
		Code int    `json:"err_code"`
		Text string `json:"err_msg"`
	}{f.code, f.text})
}

func success(result object) json.RawMessage {
	if result == nil {
		return json.RawMessage(`{"err_code":0}`)
	}
	result["err_code"] = json.RawMessage("0")
	return result.raw()
}
