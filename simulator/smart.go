package simulator

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"

	"wattle"
	"wattle/capture"
)

// Error codes that the engine gives by itself. See docs/protocol/smart.md
// section 1.1.
const (
	codeFailed        = -1
	codeUnknownMethod = -1002
	codeBadJSON       = -1003
	codeLength        = -1006
	codeParams        = -1008
)

const (
	defaultMaxBatch = 100
	pageSize        = 10
)

// smart is the engine of the SMART language. See docs/protocol/smart.md.
type smart struct {
	d        *Device
	file     *capture.File // of the device itself
	only     *capture.File // of its only child, where that is what was asked for
	self     *unit
	children []*unit
	batches  int
	pairing  pairing
}

// withoutClock is what a device refuses whose clock was never set, because it
// has not been on the Internet.
var withoutClock = map[string]int{
	"get_device_usage": -1601, "get_energy_usage": -1003, "get_energy_data": -1003, "get_power_data": -1003,
	"get_latest_fw": -1007, "get_next_event": -1001,
}

// smartHandler answers one method. A nil result is success without one.
type smartHandler func(u *unit, params object) (json.RawMessage, int)

func newSmart(d *Device, file, only *capture.File) (*smart, error) {
	e := &smart{d: d, file: file, only: only}
	if err := valid(file); err != nil {
		return nil, err
	}
	return e, e.load()
}

// handle answers one message. What cannot be read is refused, as devices do.
func (e *smart) handle(request []byte) []byte {
	if !json.Valid(request) {
		return smartAnswer("", nil, codeBadJSON)
	}
	r, ok := readCall(bytes.Clone(request))
	if !ok {
		return smartAnswer("", nil, codeBadJSON)
	}
	e.tick()
	if r.method == "multipleRequest" {
		switch {
		case e.d.quirks.NoBatch:
			return smartAnswer("", nil, codeBadJSON)
		case e.d.quirks.SilentBatch && e.batches > 0:
			return nil
		}
		e.batches++
	}
	result, code := e.self.run(r.method, r.params)
	return smartAnswer("", result, code)
}

// smartCall is one request.
type smartCall struct {
	method string
	params json.RawMessage // nil where there are none
}

// readCall reads a part of a valid message; ok is false for what is no request.
func readCall(raw json.RawMessage) (c smartCall, ok bool) {
	o, ok := cut(raw)
	method, named := o["method"]
	if !ok || named && jsonKind(method) != '"' && string(method) != "null" {
		return smartCall{}, false
	}
	return smartCall{o.text("method"), o["params"]}, true
}

// run answers one request, a batch or one for a child among them.
func (u *unit) run(method string, raw json.RawMessage) (json.RawMessage, int) {
	var params object
	if len(raw) > 0 && string(raw) != "null" {
		var ok bool
		if params, ok = cut(raw); !ok {
			return nil, codeParams
		}
	}
	switch method {
	case "":
		return nil, codeUnknownMethod
	case "multipleRequest":
		return u.batch(params)
	case "control_child":
		return u.controlChild(params)
	}
	return u.call(method, params)
}

// batch stops at the first request that fails and leaves out the rest.
func (u *unit) batch(params object) (json.RawMessage, int) {
	limit := u.e.d.quirks.MaxBatch
	if limit == 0 {
		limit = defaultMaxBatch
	}
	list := params.array("requests")
	switch {
	case !params.has("requests") || list == nil:
		return nil, codeParams
	case len(list) > limit:
		return nil, codeLength
	}
	responses := make([]json.RawMessage, 0, len(list))
	for _, raw := range list {
		r, ok := readCall(raw)
		if !ok || r.method == "multipleRequest" {
			responses = append(responses, smartAnswer(r.method, nil, codeParams))
			break
		}
		result, code := u.run(r.method, r.params)
		responses = append(responses, smartAnswer(r.method, result, code))
		if code != 0 {
			break
		}
	}
	return object{"responses": rawArray(responses)}.raw(), 0
}

// controlChild hands a request to a child.
func (u *unit) controlChild(params object) (json.RawMessage, int) {
	if u != u.e.self || len(u.e.children) == 0 && !u.has("control_child") {
		return nil, u.unknown("control_child")
	}
	child := u.e.child(params.text("device_id"))
	inner, ok := readCall(params["requestData"])
	if child == nil || !ok {
		return nil, codeParams
	}
	if child.asleep() {
		return nil, codeFailed
	}
	result, code := child.run(inner.method, inner.params)
	return object{"responseData": smartAnswer("", result, code)}.raw(), 0
}

// call answers one plain method: a handler where there is one, else what is
// known, else a setter merges into its getter.
func (u *unit) call(method string, params object) (json.RawMessage, int) {
	if raw, ok := u.base[method]; ok {
		if code, err := strconv.Atoi(string(raw)); err == nil && u.own[method] == nil {
			return nil, code
		}
	}
	if code, ok := withoutClock[method]; ok && u.e.d.clock.unset {
		return nil, code
	}
	if handler, ok := smartHandlers[method]; ok {
		return handler(u, params)
	}
	if answer, ok := u.answer(method); ok {
		return page(answer, params)
	}
	if name, ok := getterOf(method); ok && u.merge(name, params) {
		return nil, 0
	}
	return nil, u.unknown(method)
}

// unknown is the refusal of a method that the device does not have.
func (u *unit) unknown(method string) int {
	if u.bare || strings.HasPrefix(method, "get") {
		return codeParams
	}
	return codeUnknownMethod
}

// answer is what a getter answers if nothing computes it: what was set, else
// the capture, else what devices with the component answer.
func (u *unit) answer(method string) (json.RawMessage, bool) {
	if raw, ok := u.own[method]; ok {
		return raw, true
	}
	if raw, ok := u.base[method]; ok {
		return raw, raw[0] == '{' || string(raw) == "null" || raw[0] == '['
	}
	return u.invented(method)
}

// stored is the answer of a getter if it is an object.
func (u *unit) stored(method string) (object, bool) {
	raw, ok := u.answer(method)
	if !ok {
		return nil, false
	}
	return cut(raw)
}

func (u *unit) change(method string, answer object) {
	if u.own == nil {
		u.own = map[string]json.RawMessage{}
	}
	u.own[method] = answer.raw()
}

// merge puts the parameters of a setter into the answer of its getter. Members
// keep their kind.
func (u *unit) merge(getter string, params object) bool {
	answer, ok := u.stored(getter)
	if !ok || !fits(answer, params) {
		return false
	}
	mergeInto(answer, params)
	u.change(getter, answer)
	return true
}

// fits tells whether new values are of the kind of the present ones.
func fits(answer, params object) bool {
	for key, value := range params {
		if present, ok := answer[key]; ok && jsonKind(present) != jsonKind(value) {
			return false
		}
	}
	return true
}

// mergeInto replaces members; those of objects within singly.
func mergeInto(answer, params object) {
	for key, value := range params {
		inner, deeper := cut(value)
		present := answer.object(key)
		if deeper && present != nil {
			mergeInto(present, inner)
			value = present.raw()
		}
		answer[key] = value
	}
}

// jsonKind is one letter for what a value is; true and false are one kind.
func jsonKind(raw json.RawMessage) byte {
	switch {
	case len(raw) == 0:
		return 0
	case raw[0] == 't' || raw[0] == 'f':
		return 'b'
	case raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9':
		return '0'
	}
	return raw[0]
}

// getterOf is the name of the getter that belongs to a setter.
func getterOf(method string) (string, bool) {
	rest, ok := strings.CutPrefix(method, "set")
	return "get" + rest, ok && rest != ""
}

func (e *smart) info(i *Info) {
	u := e.self
	i.Alias = decodeText(u.info.text("nickname"))
	i.Model = wattle.Model{Name: u.info.text("model"), Region: u.info.text("specs")}
	if announced, ok := cut(e.file.Discovery); ok {
		if m := wattle.ParseModel(announced.text("device_model")); m.Name == i.Model.Name && m.Region != "" {
			i.Model = m
		}
	}
	i.Type = u.info.text("type")
	i.DeviceID = u.info.text("device_id")
	i.MAC, _ = wattle.ParseMAC(u.info.text("mac"))
	for _, c := range e.children {
		i.Children = append(i.Children, ChildInfo{
			DeviceID: c.info.text("device_id"), Alias: decodeText(c.info.text("nickname")),
			Model: c.info.text("model"), Category: c.info.text("category"),
		})
	}
}

func (e *smart) setAddress(a netip.Addr) {
	if e.self.info.has("ip") && !e.d.options.Freeze {
		e.self.info.put("ip", a.String())
	}
}

func (e *smart) restart() {
	now := e.d.clock.real()
	e.batches = 0
	for _, u := range e.units() {
		if !u.battery {
			u.powerOn()
			u.watch = stopwatch{on: u.watch.on, since: now}
		}
	}
}

// units gives the device and its children.
func (e *smart) units() []*unit { return append([]*unit{e.self}, e.children...) }

func (e *smart) child(id string) *unit {
	for _, c := range e.children {
		if c.info.text("device_id") == id {
			return c
		}
	}
	return nil
}

// smartAnswer writes an answer; method is only in those of a batch.
func smartAnswer(method string, result json.RawMessage, code int) json.RawMessage {
	o := object{"error_code": marshal(code)}
	if method != "" {
		o.put("method", method)
	}
	if code == 0 && result != nil {
		o["result"] = result
	}
	return o.raw()
}

// page cuts a list into pages of ten, see docs/protocol/smart.md section 1.3.
// Anything else passes.
func page(answer json.RawMessage, params object) (json.RawMessage, int) {
	if string(answer) == "null" {
		return nil, 0
	}
	start := 0
	if params.has("start_index") {
		var ok bool
		if start, ok = params.integer("start_index"); !ok || start < 0 {
			return nil, codeParams
		}
	}
	if !bytes.Contains(answer, []byte(`"start_index"`)) {
		return answer, 0
	}
	o, ok := cut(answer)
	if !ok || !o.has("start_index") || !o.has("sum") {
		return answer, 0
	}
	key := ""
	for name, value := range o {
		if jsonKind(value) == '[' {
			if key != "" {
				return answer, 0 // which of them is the list cannot be told
			}
			key = name
		}
	}
	list := o.array(key)
	if key == "" || start == 0 && len(list) <= pageSize {
		return answer, 0
	}
	from := min(start, len(list))
	o[key] = rawArray(list[from:min(from+pageSize, len(list))])
	o.put("start_index", start)
	return o.raw(), 0
}
