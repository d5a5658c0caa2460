package cloudsim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
)

// passthrough hands requestData to a device. The checks have the order of
// docs/protocol/cloud.md section 4.8: a device without a link is offline whatever
// the request holds.
func (c *Cloud) passthrough(q *call, t *token) reply {
	u, code := c.owned(q.device, t)
	if code != 0 {
		return failure(code)
	}
	if !c.reaches(q, u) {
		return failure(codeOffline)
	}
	request, text, code := c.requestData(q.params["requestData"])
	if code != 0 {
		return failure(code)
	}
	if u.smart() && c.on(u, faultOldTapo) && q.service() == serviceFirst {
		if o, _ := parse(request); !o.has("method") { // Kasa JSON to a Tapo plug, in 2020
			return result(map[string]any{"responseData": json.RawMessage(`{"error_code":-1003}`)})
		}
	}
	answer, code := c.ask(q.request.Context(), u, request)
	if code != 0 {
		return failure(code)
	}
	return result(map[string]any{"responseData": c.mirror(u, answer, text)})
}

// reaches reports whether the relay that was asked has a link to a device. That of
// the first generation has none to what hangs on the things service; that of the
// second one has, for cameras.
func (c *Cloud) reaches(q *call, u *unit) bool {
	switch {
	case !c.linked(u):
		return false
	case q.site.region != "" && q.site.region != u.region:
		return false // at the entry of another region
	case !u.smart():
		return u.device != nil
	case c.on(u, faultOldTapo):
		return true
	}
	flat := strings.HasPrefix(q.path(), "/api/v2/")
	return flat && q.app == appTapo && (u.typ == "SMART.IPCAMERA" || c.on(u, faultRelayTapo))
}

// requestData is an object, or one string that holds it.
func (c *Cloud) requestData(raw json.RawMessage) (request json.RawMessage, text bool, code int) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, false, codeParameter
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		raw, text = json.RawMessage(s), true
	} else if c.faults.On(faultStrings) {
		return nil, false, codeParameter
	}
	if _, ok := parse(raw); !ok {
		return nil, text, codeFailed
	}
	return raw, text, 0
}

// mirror gives the answer the form of the request.
func (c *Cloud) mirror(u *unit, answer json.RawMessage, text bool) any {
	if c.on(u, faultSwap) {
		text = !text
	}
	if !text {
		return answer
	}
	var compact bytes.Buffer
	if json.Compact(&compact, answer) != nil {
		return string(answer)
	}
	return compact.String()
}

// unsigned refuses what is not signed on B, and notes whose keys signed the rest.
// The answer to a bad signature is a guess. See docs/protocol/cloud.md section 5.
func (c *Cloud) unsigned(q *call) (reply, bool) {
	if q.service() != serviceSecond {
		return reply{}, false
	}
	header := q.request.Header
	if header.Get("Content-MD5") == "" || header.Get("X-Authorization") == "" {
		return failure(codeParameter), true
	}
	if !c.verify(q) {
		return reply{status: http.StatusUnauthorized, code: http.StatusUnauthorized}, true
	}
	return reply{}, false
}
