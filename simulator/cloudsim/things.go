package cloudsim

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"wattle/internal/wire/cloudapi"
)

// Service C: REST with the token in a header. Failures are HTTP statuses. See
// docs/protocol/cloud.md section 8.

// thingError is a failure of the things service.
func thingError(code int) reply {
	a := reply{status: http.StatusBadRequest, code: code, body: map[string]any{"code": code, "message": text(code)}}
	switch code {
	case codeToken, codeLocked:
		a.status, a.body = http.StatusUnauthorized, map[string]any{"error_code": code, "msg": text(code)}
	case codeLimited:
		a.status = http.StatusTooManyRequests
	case codeBlack:
		a.status = http.StatusForbidden
	}
	return a
}

func notFound(what string) reply {
	return reply{status: http.StatusNotFound, code: http.StatusNotFound, body: map[string]any{"code": http.StatusNotFound, "message": what + " not found"}}
}

func found(v any) reply { return reply{status: http.StatusOK, body: v} }

// badCID is the answer to a request without a good app-cid.
var badCID = reply{
	status: http.StatusForbidden, code: http.StatusForbidden,
	body: map[string]any{"status": http.StatusForbidden, "message": "missing appCid or invalid"},
}

// thingHandler answers one kind of call.
type thingHandler func(c *Cloud, q *call) reply

// thingPaths are the calls of the service. A path that has other verbs than the one
// asked gets 405.
func (c *Cloud) thingPaths() *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, h := range map[string]thingHandler{
		"GET /v1/server-info":                       (*Cloud).serverInfo,
		"GET /v1/things":                            (*Cloud).thingPage,
		"GET /v2/things":                            (*Cloud).thingPage,
		"GET /v1/things/shadows":                    (*Cloud).readShadows,
		"PATCH /v1/things/{thing}/shadows":          (*Cloud).writeShadow,
		"POST /v1/things/{thing}/services-sync":     (*Cloud).serviceSync,
		"GET /v1/things/{thing}/events":             (*Cloud).events,
		"GET /v1/families":                          (*Cloud).families,
		"POST /v1/families/thing-settings":          (*Cloud).settle,
		"PUT /v1/families/{family}/rooms":           (*Cloud).putRoom,
		"DELETE /v1/families/{family}/rooms/{room}": (*Cloud).deleteRoom,
	} {
		mux.Handle(pattern, h)
	}
	return mux
}

// ServeHTTP is not used: the mux only finds the handler of a path.
func (thingHandler) ServeHTTP(http.ResponseWriter, *http.Request) {}

// things answers a call of the things service.
func (c *Cloud) things(q *call) reply {
	h, pattern := c.paths.Handler(q.request)
	handler, ok := h.(thingHandler)
	if !ok { // the mux knows whether the path or the verb is wrong
		var w statusOnly
		h.ServeHTTP(&w, q.request)
		return reply{status: w.status, code: w.status, body: map[string]any{"code": w.status, "message": http.StatusText(w.status)}}
	}
	if a, ok := c.identify(q, pattern == "GET /v1/server-info"); !ok {
		return a
	}
	q.device = segment(q.path(), "things")
	if len(q.body) > 0 && !q.isJSON {
		return thingError(codeParameter)
	}
	return handler(c, q)
}

// statusOnly is a writer of which only the status is wanted.
type statusOnly struct {
	status int
	header http.Header
}

func (w *statusOnly) Header() http.Header {
	if w.header == nil {
		w.header = http.Header{}
	}
	return w.header
}
func (w *statusOnly) Write(b []byte) (int, error) { return len(b), nil }
func (w *statusOnly) WriteHeader(status int)      { w.status = status }

// segment is the part of a path behind another part.
func segment(path, after string) string {
	_, rest, found := strings.Cut(path, "/"+after+"/")
	if !found {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// identify checks app-cid and token: the app-cid names the install that the token
// was given to, and the token is of a login of the Tapo app.
func (c *Cloud) identify(q *call, anonymous bool) (reply, bool) {
	cid, ok := cloudapi.ParseCID(q.request.Header.Get("app-cid"))
	if !ok {
		return badCID, false
	}
	if anonymous {
		return reply{}, true
	}
	text, ok := cloudapi.ThingsToken(q.request.Header.Get("Authorization"))
	if !ok {
		return thingError(codeToken), false
	}
	t, code := c.check(text.Reveal())
	switch {
	case code != 0:
		return thingError(code), false
	case !t.tapo():
		return thingError(codeToken), false
	case cid.UUID != t.terminal:
		return badCID, false
	}
	q.who = t
	return reply{}, true
}

func (c *Cloud) serverInfo(q *call) reply {
	return found(cloudapi.ServerInfo{AppServerURL: c.url(q.site, domainThings, c.o.Region)})
}

// thing finds a device of the account that is asked about.
func (c *Cloud) thing(q *call) *unit {
	u := c.unitOf(q.device)
	if u == nil || !u.smart() || q.who.account != c.accounts[0] {
		return nil
	}
	return u
}

// thingPage is a page of the list.
func (c *Cloud) thingPage(q *call) reply {
	page, _ := strconv.Atoi(q.query.Get("page"))
	size, err := strconv.Atoi(q.query.Get("pageSize"))
	if err != nil || size < 1 || page < 0 {
		size = cloudapi.PageSize
	}
	size = min(size, maxPage)
	wanted := map[string]bool{}
	for typ := range strings.SplitSeq(q.query.Get("deviceTypes"), ",") {
		wanted[typ] = typ != ""
	}
	all := []cloudapi.Thing{}
	for _, u := range c.units {
		if u.smart() && q.who.account == c.accounts[0] && (wanted[u.typ] || q.query.Get("deviceTypes") == "") {
			all = append(all, c.describeThing(q, u))
		}
	}
	if c.faults.On(faultPages) && len(all) > 0 {
		return found(cloudapi.Page{Page: page, PageSize: 1, Total: cloudapi.Int(1 << 20), Data: all[:1]})
	}
	from := min(page*size, len(all))
	return found(cloudapi.Page{Page: page, PageSize: size, Total: cloudapi.Int(len(all)), Data: all[from:min(from+size, len(all))]})
}

func (c *Cloud) describeThing(q *call, u *unit) cloudapi.Thing {
	o := c.info(u)
	status := 0
	if c.linked(u) {
		status = 1
	}
	model, _, _ := strings.Cut(o.text("model"), "(")
	u.mu.Lock()
	room := u.room
	u.mu.Unlock()
	c.mu.Lock()
	home := c.homes[0].ID
	c.mu.Unlock()
	th := cloudapi.Thing{
		Name: u.id, AppServerURL: c.url(q.site, domainThings, u.region), Status: cloudapi.Int(status), ModelID: "000000",
		Role: cloudapi.Int(0), FamilyID: home, RoomID: room, Nickname: o.text("nickname"), Category: category(u.typ),
		Model: model, DeviceName: model, DeviceType: u.typ, OemID: o.text("oem_id"), HwID: o.text("hw_id"), HwVer: o.text("hw_ver"),
		FwVer: o.text("fw_ver"), FwID: o.text("fw_id"), Region: o.text("region"), MAC: macOf(o), IsSubThing: u.parent != nil,
	}
	if u.parent != nil && o.text("type") != "" {
		th.DeviceType = o.text("type")
		th.Category = o.text("category")
	}
	if u.fixed != nil { // as the list of A has it, also where that is a placeholder
		th.MAC, th.OemID, th.HwID, th.FwID = u.fixed.DeviceMAC, u.fixed.OemID, u.fixed.HwID, u.fixed.FwID
		th.FwVer, th.HwVer, th.Model, th.DeviceName, th.Nickname = u.fixed.FwVer, u.fixed.DeviceHwVer, u.fixed.DeviceModel, u.fixed.DeviceName, u.fixed.Alias
	}
	return th
}

// category is the kind of a thing: "plug" of SMART.TAPOPLUG.
func category(typ string) string {
	word := strings.TrimPrefix(strings.TrimPrefix(typ, "SMART."), "TAPO")
	return strings.ToLower(strings.TrimPrefix(word, "KASA"))
}

// serviceSync hands a message to a device and its answer back.
func (c *Cloud) serviceSync(q *call) reply {
	u := c.thing(q)
	if u == nil {
		return notFound("thing")
	}
	if !c.linked(u) {
		return thingError(codeThingOffline)
	}
	input, _ := parse(q.params["inputParams"])
	if q.params.text("serviceId") != cloudapi.ServicePassthrough {
		return thingError(codeParameter)
	}
	request, text, code := c.requestData(input["requestData"])
	if code != 0 {
		return thingError(code)
	}
	answer, code := c.ask(q.request.Context(), u, request)
	if code != 0 {
		return thingError(code)
	}
	return found(map[string]any{"outputParams": map[string]any{"responseData": c.mirror(u, answer, text)}})
}

// events are the log of a button or sensor, the newest first.
func (c *Cloud) events(q *call) reply {
	u := c.thing(q)
	if u == nil {
		return notFound("thing")
	}
	size, err := strconv.Atoi(q.query.Get("fetchSize"))
	if err != nil || size < 1 {
		size = 50
	}
	answer, code := c.ask(q.request.Context(), u, mustJSON(map[string]any{
		"method": "get_trigger_logs", "params": map[string]any{"start_id": 0, "page_size": min(size, maxPage)},
	}))
	if code != 0 {
		return thingError(code)
	}
	o, _ := parse(answer)
	r, _ := parse(o["result"])
	var logs []object
	_ = json.Unmarshal(r["logs"], &logs)
	events := []cloudapi.Event{}
	for _, entry := range logs {
		e := cloudapi.Event{LogID: cloudapi.Loose(strconv.Itoa(entry.number("id"))), Name: entry.text("event"), Timestamp: cloudapi.Int(entry.number("timestamp"))}
		if entry.has("params") {
			e.Params = entry["params"]
		}
		events = append(events, e)
	}
	return found(map[string]any{"events": events})
}
