package cloudsim

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// second answers the flat calls below /api/v2. See docs/protocol/cloud.md sections
// 4.3 to 4.10.
func (c *Cloud) second(q *call) reply {
	if !q.isJSON {
		return failure(codeParameter)
	}
	switch strings.TrimPrefix(q.path(), "/api/v2/") {
	case "account/getAccountStatusAndUrl":
		return c.status(q)
	case "account/login":
		return c.secondLogin(q)
	case "account/refreshToken":
		text, code := c.renew(q)
		if code != 0 {
			return failure(code)
		}
		return result(map[string]string{"token": text})
	case "account/getEmailVC4TerminalMFA":
		return c.sendCode(q, mfaMail)
	case "account/getPushVC4TerminalMFA":
		return c.sendCode(q, mfaApp)
	case "account/checkMFACodeAndLogin":
		return c.checkCode(q)
	case "account/logout":
		return c.withToken(q, func(_ *call, t *token) reply { c.revoke(t); return result(nil) })
	case "account/getAccountInfo":
		return c.withToken(q, func(_ *call, t *token) reply { return result(t.account.profile()) })
	case "account/getMFAFeatureStatus":
		return c.withToken(q, c.mfaStatus)
	case "common/getDeviceListByPage":
		return c.withToken(q, c.devicePage)
	case "common/passthrough":
		return c.withToken(q, c.passthrough)
	case "common/getAppServiceUrl":
		return c.withToken(q, c.serviceURLs)
	case "common/getAppServiceUrlByCloudUserName", "common/getAppServiceUrlById":
		return c.withToken(q, c.serviceList)
	case "common/helloCloud":
		return result(map[string]any{"tcspStatus": 1})
	case "common/batchGetDeviceUserNumberLimit":
		return c.withToken(q, func(*call, *token) reply { return result(map[string]any{"deviceUserNumberLimitList": []any{}}) })
	}
	return failure(codeMethod)
}

// status tells where an account is at home. It works before a login.
func (c *Cloud) status(q *call) reply {
	a := c.accountOf(q.params.text("cloudUserName"))
	switch {
	case q.params.text("cloudUserName") == "":
		return failure(codeParameter)
	case a == nil:
		return failure(codeNoAccount)
	}
	return result(map[string]any{"accountStatus": 0, "appServerUrl": c.again(q.site, a.region)})
}

// secondLogin is that of the second generation.
func (c *Cloud) secondLogin(q *call) reply {
	if q.params.text("appType") == "" || q.params.text("terminalUUID") == "" {
		return c.inside(q, codeParameter, nil)
	}
	a, code := c.authenticate(q.params)
	switch {
	case code != 0:
		return c.inside(q, code, nil)
	case q.site.region != "" && q.site.region != a.region, q.site.region == "" && c.faults.On(faultRegion):
		return c.inside(q, codeRegion, map[string]any{"appServerUrl": c.again(q.site, a.region)})
	case c.challenged(a, q.params.text("terminalUUID")):
		return c.inside(q, codeMFA, c.challenge(q, a))
	}
	return c.welcome(q, a, q.params.text("appType"), q.params.text("terminalUUID"), q.params.flag("refreshTokenNeeded"))
}

// welcome is the answer to a login that went well.
func (c *Cloud) welcome(q *call, a *account, app, terminal string, refresh bool) reply {
	p := a.profile()
	p.Country, p.AppServer = "GB", c.again(q.site, a.region)
	p.Token, p.Refresh = c.issue(a, app, terminal, refresh)
	p.ErrorCode = "0"
	return result(p)
}

// inside is a refusal of an account call with what goes with it: Tapo has the code
// in the result, Kasa at the top, unless a fault says otherwise. See
// docs/protocol/cloud.md section 3.3.
func (c *Cloud) inside(q *call, code int, more map[string]any) reply {
	place := c.faults.Word(faultErrors)
	if place == "" && q.app == appTapo || place == "inner" {
		in := map[string]any{"errorCode": strconv.Itoa(code), "errorMsg": text(code)}
		maps.Copy(in, more)
		a := result(in)
		a.code = code
		return a
	}
	body := map[string]any{"error_code": code, "msg": text(code)}
	if more != nil {
		body["result"] = more
	}
	return reply{status: http.StatusOK, code: code, body: body}
}

// services are what can be asked for, and what is below their host.
var services = []string{"nbu.iot-app-server.app", "nbu.iot-app-server.app-v2"}

func (c *Cloud) serviceURLs(q *call, t *token) reply {
	urls := map[string]string{}
	for _, id := range list(q.params["serviceIds"]) {
		if slices.Contains(services, id) {
			urls[id] = c.url(q.site, domainThings, t.account.region)
		}
	}
	if !q.params.has("serviceIds") {
		return failure(codeParameter)
	}
	return result(map[string]any{"regionCode": t.account.region[:2], "serviceUrls": urls})
}

func (c *Cloud) serviceList(q *call, t *token) reply {
	if !q.params.has("serviceIds") {
		return failure(codeParameter)
	}
	found := []map[string]string{}
	for _, id := range list(q.params["serviceIds"]) {
		if slices.Contains(services, id) {
			found = append(found, map[string]string{"serviceId": id, "serviceUrl": c.url(q.site, domainThings, t.account.region)})
		}
	}
	return result(map[string]any{"serviceList": found})
}
