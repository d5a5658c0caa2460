package cloudsim

import (
	"strings"
	"unicode/utf8"
)

// first answers the envelope {"method":..,"params":..}: unsigned on A, signed on B.
// All methods share one path. See docs/protocol/cloud.md sections 3.3 and 4.
func (c *Cloud) first(q *call) reply {
	if p := q.path(); p != "/" && p != "/api/v1/account" {
		return failure(codeMethod)
	}
	if !q.isJSON || q.name == "" {
		return failure(codeParameter)
	}
	switch q.name {
	case "login":
		return c.login(q)
	case "refreshToken":
		text, code := c.renew(q)
		if code != 0 {
			return failure(code)
		}
		return result(map[string]string{"token": text})
	case "getDeviceList":
		return c.withToken(q, c.deviceList)
	case "passthrough":
		return c.withToken(q, c.passthrough)
	case "getAppServiceUrl":
		return c.withToken(q, c.serviceURLs)
	case "setAlias":
		return c.withToken(q, c.setAlias)
	}
	return failure(codeMethod)
}

// withToken lets through who has a good token.
func (c *Cloud) withToken(q *call, f func(*call, *token) reply) reply {
	t, code := c.bearer(q)
	if code != 0 {
		return failure(code)
	}
	if terminal := t.terminal; q.query.Get("termID") == "" { // counted now that it is known
		if code, over := c.countLate(terminal, q); over {
			return failure(code)
		}
	}
	return f(q, t)
}

// login is that of the first generation: any app name is as good as another, and
// an account with a second step is refused.
func (c *Cloud) login(q *call) reply {
	if q.params.text("appType") == "" || q.params.text("terminalUUID") == "" {
		return failure(codeParameter)
	}
	a, code := c.authenticate(q.params)
	if code != 0 {
		return failure(code)
	}
	if c.challenged(a, q.params.text("terminalUUID")) {
		return failure(codeTooOld)
	}
	p := a.profile()
	p.Token, p.Refresh = c.issue(a, q.params.text("appType"), q.params.text("terminalUUID"), q.params.flag("refreshTokenNeeded"))
	p.Region = ""
	return result(p)
}

// setAlias renames a device.
func (c *Cloud) setAlias(q *call, t *token) reply {
	u, code := c.owned(q.device, t)
	if code != 0 {
		return failure(code)
	}
	name := strings.TrimSpace(q.params.text("alias"))
	if name == "" || utf8.RuneCountInString(name) > 64 {
		return failure(codeAlias)
	}
	if !c.linked(u) || u.smart() {
		return failure(codeOffline)
	}
	if _, code := c.ask(q.request.Context(), u, mustJSON(map[string]any{"system": map[string]any{"set_dev_alias": map[string]any{"alias": name}}})); code != 0 {
		return failure(code)
	}
	return result(nil)
}
