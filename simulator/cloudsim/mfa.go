package cloudsim

import (
	"slices"
	"time"
)

// processLife is how long a login waits for its code.
const processLife = 10 * time.Minute

// How a code gets to its owner, as logins number it.
const (
	mfaApp  = 1 // shown by an app that is logged in
	mfaMail = 2
)

// Mail is a code on its way to the owner of an account.
type Mail struct {
	To       string    `json:"to"`
	By       string    `json:"by"` // mail or app
	Code     string    `json:"code"`
	Terminal string    `json:"terminal"` // that asked to log in
	Time     time.Time `json:"time"`
}

// process is a login that waits for its second step.
type process struct {
	account  *account
	app      string
	terminal string
	code     string // "" until it was sent
	expires  time.Time
}

// challenged reports whether a terminal needs a code to log in.
func (c *Cloud) challenged(a *account, terminal string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch c.faults.Word(faultMFA) {
	case "":
		return false
	case "new":
		return !a.terminal[terminal] && !a.bound[terminal]
	}
	return !a.bound[terminal]
}

func (c *Cloud) mfaTypes() []int {
	switch c.faults.Word(faultMFA) {
	case "mail":
		return []int{mfaMail}
	case "app":
		return []int{mfaApp}
	}
	return []int{mfaApp, mfaMail}
}

// challenge begins the second step of a login. In the short form the code is
// mailed by itself. See docs/protocol/cloud.md section 4.5.
func (c *Cloud) challenge(q *call, a *account) map[string]any {
	short := c.faults.Word(faultMFA) == "short"
	p := &process{account: a, app: q.params.text("appType"), terminal: q.params.text("terminalUUID")}
	c.mu.Lock()
	id := c.random(words, 16)
	p.expires = c.nowLocked().Add(processLife)
	c.logins[id] = p
	if short {
		c.deliverLocked(p, mfaMail)
	}
	c.mu.Unlock()
	if short {
		return map[string]any{"mfaType": "verifyCodeLogin", "email": a.who.Username}
	}
	more := map[string]any{
		"MFAProcessId": id, "supportedMFATypes": c.mfaTypes(), "mfaEmail": a.who.Username[:1] + "***@example.com",
		"appServerUrl": c.again(q.site, a.region), "regionCode": a.region[:2],
	}
	if q.app != appTapo {
		more["mfaType"] = "verifyCodeLogin"
	}
	return more
}

// deliverLocked sends a code to the owner of an account.
func (c *Cloud) deliverLocked(p *process, kind int) {
	p.code = c.random(digits, 6)
	by := "mail"
	if kind == mfaApp {
		by = "app"
	}
	c.mail = append(c.mail, Mail{To: p.account.who.Username, By: by, Code: p.code, Terminal: p.terminal, Time: c.nowLocked()})
	if len(c.mail) > 100 {
		c.mail = c.mail[1:]
	}
}

// Mail are the codes that were sent, the last one last.
func (c *Cloud) Mail() []Mail {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.mail)
}

// pending finds the last login of a terminal that waits for a code.
func (c *Cloud) pendingLocked(a *account, terminal string) *process {
	var last *process
	for _, p := range c.logins {
		if p.account == a && p.terminal == terminal && c.nowLocked().Before(p.expires) && (last == nil || p.expires.After(last.expires)) {
			last = p
		}
	}
	return last
}

func (c *Cloud) sendCode(q *call, kind int) reply {
	a, code := c.authenticate(q.params)
	if code != 0 {
		return c.inside(q, code, nil)
	}
	if !slices.Contains(c.mfaTypes(), kind) {
		return c.inside(q, codeParameter, nil)
	}
	c.mu.Lock()
	p := c.pendingLocked(a, q.params.text("terminalUUID"))
	if p != nil {
		c.deliverLocked(p, kind)
	}
	c.mu.Unlock()
	if p == nil {
		return c.inside(q, codeParameter, nil)
	}
	return result(map[string]any{"errorCode": "0"})
}

// checkCode ends the second step, in the form with a process or in the short one.
// What a wrong code gets is not known: the login is asked for its code again.
func (c *Cloud) checkCode(q *call) reply {
	code := q.params.text("code")
	if code == "" || q.params.text("cloudUserName") == "" {
		return c.inside(q, codeParameter, nil)
	}
	c.mu.Lock()
	p := c.logins[q.params.text("MFAProcessId")]
	if !q.params.has("MFAProcessId") {
		if a := c.accountOf(q.params.text("cloudUserName")); a != nil && a.who.Password.Reveal() == q.params.text("cloudPassword") {
			p = c.pendingLocked(a, q.params.text("terminalUUID"))
		}
	}
	good := p != nil && p.code != "" && p.code == code && c.nowLocked().Before(p.expires)
	if good {
		for id, other := range c.logins {
			if other == p {
				delete(c.logins, id)
			}
		}
		if q.params.flag("terminalBindEnabled") || !q.params.has("MFAProcessId") {
			p.account.bound[p.terminal] = true
		}
	}
	c.mu.Unlock()
	if !good {
		return c.inside(q, codeMFA, nil)
	}
	return c.welcome(q, p.account, p.app, p.terminal, true)
}

func (c *Cloud) mfaStatus(_ *call, t *token) reply {
	c.mu.Lock()
	bound := t.account.bound[t.terminal]
	c.mu.Unlock()
	return result(map[string]any{
		"MFAFeatureEnabled": c.faults.On(faultMFA), "email": t.account.who.Username, "mfaEmail": t.account.who.Username,
		"supportedMFATypes": c.mfaTypes(), "terminalBound": bound,
	})
}
