package cloudsim

import (
	"fmt"
	"strings"
	"time"

	"wattle"
)

const (
	// maxWrong is how many wrong passwords lock an account, lockTime for how
	// long. TP-Link's numbers are not known.
	maxWrong = 5
	lockTime = 30 * time.Minute
)

// account is a TP-Link ID.
type account struct {
	id       string
	who      wattle.Credentials
	region   string
	bound    map[string]bool // terminals that need no second step
	terminal map[string]bool // terminals that ever logged in
	wrong    int             // passwords in a row
	locked   time.Time       // until then
}

func newAccount(n int, who wattle.Credentials, region string) *account {
	return &account{id: fmt.Sprint(12345678 + n), who: who, region: region, bound: map[string]bool{}, terminal: map[string]bool{}}
}

// accountOf finds an account whatever the case of its e-mail, nil without one.
func (c *Cloud) accountOf(email string) *account {
	for _, a := range c.accounts {
		if strings.EqualFold(a.who.Username, email) {
			return a
		}
	}
	return nil
}

// authenticate checks e-mail and password of a login. code is 0 for the right ones.
func (c *Cloud) authenticate(p object) (a *account, code int) {
	if p.text("cloudUserName") == "" || p.text("cloudPassword") == "" {
		return nil, codeParameter
	}
	if a = c.accountOf(p.text("cloudUserName")); a == nil {
		return nil, codeNoAccount
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.nowLocked()
	if c.faults.On(faultLocked) || now.Before(a.locked) {
		return nil, codeLocked
	}
	if p.text("cloudPassword") != a.who.Password.Reveal() {
		if a.wrong++; a.wrong >= maxWrong {
			a.wrong, a.locked = 0, now.Add(lockTime)
		}
		return nil, codePassword
	}
	a.wrong = 0
	return a, 0
}

// token is what a login gave away.
type token struct {
	account  *account
	app      string // appType
	terminal string
	expires  time.Time
	squeezed bool // another login took its place
}

// tapo reports whether the token is good for the things service.
func (t *token) tapo() bool { return strings.Contains(strings.ToLower(t.app), "tapo") }

// issue makes a token, and a refresh token where it is wanted.
func (c *Cloud) issue(a *account, app, terminal string, refresh bool) (text, refreshText string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.nowLocked()
	if c.faults.On(faultSqueeze) {
		for _, t := range c.tokens {
			t.squeezed = t.squeezed || t.account == a && t.terminal != terminal
		}
	}
	text = c.random(hexes, 8) + "-" + c.random(words, 23)
	c.tokens[text] = &token{account: a, app: app, terminal: terminal, expires: now.Add(c.o.TokenLife)}
	a.terminal[terminal] = true
	if refresh {
		refreshText = c.random(words, 24)
		c.refresh[refreshText] = &token{account: a, app: app, terminal: terminal, expires: now.Add(c.o.RefreshLife)}
	}
	return text, refreshText
}

// check looks a token up. code is 0 for one that is good.
func (c *Cloud) check(text string) (t *token, code int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch t = c.tokens[text]; {
	case t == nil || !c.nowLocked().Before(t.expires):
		return nil, codeToken
	case t.squeezed:
		return nil, codeLocked
	}
	return t, 0
}

// bearer is who a call of A or B is from. The first generation takes the token
// in the body or in the URL; the second one has it in the URL. See
// docs/protocol/cloud.md section 3.2.
func (c *Cloud) bearer(q *call) (t *token, code int) {
	inBody, inURL := q.params.text("token"), q.query.Get("token")
	switch {
	case inBody == "" && inURL == "":
		return nil, codeParameter
	case inBody != "" && inURL != "" && inBody != inURL:
		return nil, codeToken
	case inBody == "":
		inBody = inURL
	}
	if t, code = c.check(inBody); code == 0 {
		q.who = t
	}
	return t, code
}

// renew answers a refresh token with a new token. It stays good itself.
func (c *Cloud) renew(q *call) (text string, code int) {
	if q.params.text("refreshToken") == "" || q.params.text("terminalUUID") == "" {
		return "", codeParameter
	}
	c.mu.Lock()
	t := c.refresh[q.params.text("refreshToken")]
	good := t != nil && c.nowLocked().Before(t.expires) && t.terminal == q.params.text("terminalUUID")
	c.mu.Unlock()
	if !good {
		return "", codeRefreshToken
	}
	text, _ = c.issue(t.account, t.app, t.terminal, false)
	return text, 0
}

// revoke ends a token, and the refresh tokens of its terminal and app.
func (c *Cloud) revoke(t *token) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, all := range []map[string]*token{c.tokens, c.refresh} {
		for text, other := range all {
			if other.account == t.account && other.terminal == t.terminal && other.app == t.app {
				delete(all, text)
			}
		}
	}
}

// Expire ends all tokens that were given away, as their time would. refresh ends
// the refresh tokens too.
func (c *Cloud) Expire(refresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.tokens)
	if refresh {
		clear(c.refresh)
	}
}

// profile is what a login tells of an account.
type profile struct {
	AccountID string `json:"accountId"`
	Country   string `json:"countryCode,omitempty"`
	RegTime   string `json:"regTime"`
	Email     string `json:"email"`
	Nickname  string `json:"nickname"`
	AppServer string `json:"appServerUrl,omitempty"`
	Region    string `json:"regionCode,omitempty"`
	ErrorCode string `json:"errorCode,omitempty"`
	Token     string `json:"token,omitempty"`
	Refresh   string `json:"refreshToken,omitempty"`
}

func (a *account) profile() profile {
	return profile{AccountID: a.id, RegTime: "2017-12-09 03:53:19", Email: a.who.Username, Region: a.region[:2]}
}
