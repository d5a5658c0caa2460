package cloud

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"wattle"
	"wattle/internal/wire/cloudapi"
)

// Client is one account at the TP-Link cloud. It may be used by several
// goroutines. One process should have an account's client; a login elsewhere can
// void the tokens.
type Client struct {
	opt     Options
	log     *slog.Logger
	allowed []string
	carrier *carrier
	http    *http.Client
	gate    *gate
	strings atomic.Bool // a relay took only text

	logins chan struct{} // holds a token: one login at a time
	saving sync.Mutex    // holds back other changes while one is saved

	mu       sync.Mutex
	state    *state
	password wattle.Secret // between a login and its code, never stored
	flights  map[Line]*flight
	listed   *Home
}

// New makes a client. It does no I/O. Errors wrap [wattle.ErrParam]: a state
// that cannot be read, certificates that are none.
func New(o *Options) (*Client, error) {
	c := &Client{logins: make(chan struct{}, 1), flights: map[Line]*flight{}}
	if o != nil {
		c.opt = *o
	}
	c.opt.fill()
	c.log = c.opt.Logger
	c.listed = c.opt.Listed
	var err error
	if c.state, err = readState(c.opt.State); err != nil {
		return nil, err
	}
	if c.opt.TerminalUUID != "" {
		c.state.Terminal = c.opt.TerminalUUID
	}
	if c.state.Terminal == "" {
		c.state.Terminal = uuid()
	}
	c.allowed = slices.Clone(c.opt.AllowHosts)
	for _, entry := range []string{c.opt.Entries.V1, c.opt.Entries.Kasa, c.opt.Entries.Tapo, c.opt.Entries.Things} {
		if u, err := url.Parse(entry); err == nil && u.Host != "" {
			c.allowed = append(c.allowed, u.Host)
		}
	}
	if c.carrier, err = newCarrier(&c.opt); err != nil {
		return nil, err
	}
	c.http = &http.Client{
		Transport:     c.carrier,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	c.gate = newGate(c.opt.Rate)
	c.strings.Store(c.opt.Stringify)
	return c, nil
}

// Export is what [Options.State] takes: tokens, regions and the identity of this
// install, not the password. Store it as a secret.
func (c *Client) Export() wattle.Secret {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.export()
}

// Close closes what is open. The login stays good.
func (c *Client) Close() error {
	c.carrier.CloseIdleConnections()
	return nil
}

// String names the client and no more.
func (*Client) String() string { return "client of the TP-Link cloud" }

// GoString is String.
func (c *Client) GoString() string { return c.String() }

// TerminalUUID names this install.
func (c *Client) TerminalUUID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.Terminal
}

// Phase is where a line stands. Values are printed.
type Phase string

// The phases. See docs/protocol/cloud.md section 7.
const (
	PhaseNone    Phase = "none"
	PhaseOK      Phase = "ok"
	PhaseCode    Phase = "code_needed"
	PhaseLocked  Phase = "locked"
	PhaseRefused Phase = "bad_credentials"
)

// Status is where the account stands; it holds no secret and costs no I/O.
type Status struct {
	Username string       `json:"username,omitempty"`
	Terminal string       `json:"terminal_uuid"`
	Off      bool         `json:"off,omitempty"`
	Lines    []LineStatus `json:"lines"`
	// HoldUntil and HoldReason say why nothing is sent at the moment.
	HoldUntil  time.Time `json:"hold_until,omitzero"`
	HoldReason string    `json:"hold_reason,omitempty"`
}

// LineStatus is where one side of the account stands.
type LineStatus struct {
	Line    Line   `json:"line"`
	Phase   Phase  `json:"phase"`
	Service string `json:"service,omitempty"` // v1 or v2
	Host    string `json:"host,omitempty"`
	Region  string `json:"region,omitempty"`
	// SavedAt is when the token was given. How long it is good is not known; it
	// is renewed when it expires where Renewable.
	SavedAt   time.Time `json:"saved_at,omitzero"`
	Renewable bool      `json:"renewable"`
	Things    string    `json:"things,omitempty"`
}

// Status tells where the account stands.
func (c *Client) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Status{Username: c.state.Username, Terminal: c.state.Terminal, Off: c.opt.Off}
	now := time.Now()
	if h := c.state.Hold; h != nil && now.Before(h.Until) {
		s.HoldUntil, s.HoldReason = h.Until, h.Reason
	}
	for _, line := range Lines() {
		l := LineStatus{Line: line, Phase: PhaseNone}
		if in := c.state.Lines[line]; in != nil && !in.Token.IsZero() {
			l.Phase, l.Service, l.Host, l.SavedAt = PhaseOK, string(in.Service), in.Base, in.SavedAt
			l.Renewable, l.Things = !in.RefreshToken.IsZero(), in.Things
			l.Region, _ = cloudapi.Region(in.Base) // "" for hosts that are not TP-Link's
		} else if w := c.state.Waiting; w != nil && w.Line == line && now.Before(w.Expires) {
			l.Phase = PhaseCode
		} else if now.Before(c.state.LockedUntil) {
			l.Phase = PhaseLocked
		} else if c.state.Refused != nil {
			l.Phase = PhaseRefused
		}
		s.Lines = append(s.Lines, l)
	}
	return s
}

// SignedIn reports whether one of the lines is signed in.
func (c *Client) SignedIn() bool {
	return slices.ContainsFunc(c.Status().Lines, func(l LineStatus) bool { return l.Phase == PhaseOK })
}

// app is the app of a line.
func (c *Client) app(line Line) cloudapi.App {
	if line == Tapo {
		return c.opt.Tapo
	}
	return c.opt.Kasa
}

func (c *Client) entry(line Line) string {
	if line == Tapo {
		return c.opt.Entries.Tapo
	}
	return c.opt.Entries.Kasa
}

// terminal is this install, as requests describe it.
func (c *Client) terminal() cloudapi.Terminal {
	return cloudapi.Terminal{
		UUID: c.TerminalUUID(), Name: c.opt.TerminalName, Meta: c.opt.TerminalName,
		Brand: "TPLINK", Model: "Pixel", OSPF: "Android 14", Locale: c.opt.Locale, NetType: "wifi",
	}
}

// v2 is a call of service B.
func (c *Client) v2(ctx context.Context, line Line, base, path string, token wattle.Secret, body any, m message) (*cloudapi.Answer, error) {
	raw, err := cloudapi.Marshal(body)
	if err != nil {
		return nil, err
	}
	app := c.app(line)
	m.base, m.path, m.body, m.key = base, path, raw, &app.Key
	m.query = cloudapi.Query(app, c.terminal(), token)
	m.header = []cloudapi.Field{{Name: "Content-Type", Value: "application/json;charset=UTF-8"}}
	m.secrets = append(m.secrets, token)
	if m.label == "" {
		m.label = path
	}
	return c.send(ctx, &m)
}

// v1 is a call in the envelope of service A. To hosts of service B it is signed
// and has its token in the URL, where that service looks for it.
func (c *Client) v1(ctx context.Context, line Line, base, method string, token wattle.Secret, params map[string]any, m message) (*cloudapi.Answer, error) {
	in := c.at(line)
	service := cloudapi.ServiceOf(base)
	if service == "" {
		service = in.Service
	}
	m.base, m.label = base, method
	m.header = []cloudapi.Field{{Name: "Content-Type", Value: "application/json"}}
	m.secrets = append(m.secrets, token)
	if in.Service == cloudapi.V2 {
		app := c.app(line)
		m.key = &app.Key
	}
	inURL := (service == cloudapi.V2) != m.moved
	if service == cloudapi.V2 {
		shown := token
		if !inURL {
			shown = wattle.Secret{}
		}
		m.query = cloudapi.Query(c.app(line), c.terminal(), shown)
	} else if inURL {
		m.query = "token=" + url.QueryEscape(token.Reveal())
	}
	if !inURL && !token.IsZero() {
		if params == nil {
			params = map[string]any{}
		}
		params["token"] = cloudapi.NewText(token)
	}
	var inner any
	if params != nil {
		inner = params
	}
	raw, err := cloudapi.NewRequest(method, inner)
	if err != nil {
		return nil, err
	}
	m.body = raw
	return c.send(ctx, &m)
}

// code is that of a refusal of the cloud, 0 for other errors.
func code(err error) int {
	if refusal, ok := errors.AsType[*wattle.CloudError](err); ok {
		return refusal.Code
	}
	return 0
}
