package cloudsim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"wattle/internal/wire/cloudapi"
)

// The services, as the journal names them.
const (
	serviceFirst  = "v1"
	serviceSecond = "v2"
	serviceThings = "things"
)

// object is a JSON object whose members stay as they were read.
type object map[string]json.RawMessage

func (o object) text(key string) string {
	var s string
	if json.Unmarshal(o[key], &s) != nil {
		return ""
	}
	return s
}

func (o object) number(key string) int {
	var n json.Number
	if json.Unmarshal(o[key], &n) != nil {
		return 0
	}
	i, _ := n.Int64()
	return int(i)
}

func (o object) flag(key string) bool { return string(o[key]) == "true" }

func (o object) has(key string) bool {
	v, ok := o[key]
	return ok && string(v) != "null"
}

func parse(raw json.RawMessage) (o object, ok bool) {
	return o, json.Unmarshal(raw, &o) == nil && o != nil
}

// call is one request.
type call struct {
	request *http.Request
	site    site
	query   url.Values
	body    []byte
	app     string // whose keys signed it: "kasa", "tapo", or "" for none

	name   string // the method of an envelope, or the last part of the path
	params object // of an envelope, or the flat body
	isJSON bool
	device string // that it is about
	who    *token // that it carried, once it was looked at
	delay  time.Duration
}

func (q *call) path() string {
	if q.request.URL.Path == "" {
		return "/"
	}
	return q.request.URL.Path
}

// service is which of the three is asked: by the host where it is one of
// TP-Link's, else by the path.
func (q *call) service() string {
	p := q.path()
	switch {
	case q.site.domain == domainThings:
		return serviceThings
	case strings.HasPrefix(p, "/api/v2/"):
		return serviceSecond
	case q.site.domain == domainOwn && (strings.HasPrefix(p, "/v1/") || strings.HasPrefix(p, "/v2/")):
		return serviceThings
	case q.site.domain == domainV2, q.site.domain == domainTapo, q.site.domain == domainGateway && p == "/",
		q.request.Header.Get("X-Authorization") != "":
		return serviceSecond
	}
	return serviceFirst
}

// read takes the body apart as far as it can be understood.
func (q *call) read() {
	o, ok := parse(q.body)
	q.isJSON = ok
	switch {
	case q.service() == serviceThings:
		q.name, q.params = path.Base(q.path()), o
	case strings.HasPrefix(q.path(), "/api/v2/"):
		q.name, q.params = path.Base(q.path()), o
	default:
		q.name = o.text("method")
		q.params, _ = parse(o["params"])
	}
	q.device = q.params.text("deviceId")
}

// terminal is the install that a request came from, "" if it does not say.
func (q *call) terminal() string {
	if id := q.params.text("terminalUUID"); id != "" {
		return id
	}
	if id := q.query.Get("termID"); id != "" {
		return id
	}
	if id := q.request.Header.Get("x-term-id"); id != "" {
		return id
	}
	if cid, ok := cloudapi.ParseCID(q.request.Header.Get("app-cid")); ok {
		return cid.UUID
	}
	return ""
}

// jsonContent reports whether the body is announced as JSON.
func (q *call) jsonContent() bool {
	return strings.HasPrefix(strings.ToLower(q.request.Header.Get("Content-Type")), "application/json")
}
