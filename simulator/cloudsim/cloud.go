package cloudsim

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"wattle"
	"wattle/internal/wire/cloudapi"
	"wattle/simulator"
	"wattle/simulator/endpoint"
)

// Defaults of [Options].
const (
	DefaultTokenLife   = 24 * time.Hour
	DefaultRefreshLife = 30 * 24 * time.Hour
	DefaultRegion      = "euw1"
)

const (
	// maxBody bounds a request, in bytes.
	maxBody = 1 << 20
	// relayTimeout is how long the relay waits for a device.
	relayTimeout = 10 * time.Second
)

// Options are how a cloud behaves; nil and the zero value work.
type Options struct {
	// Account is the one that owns the devices; the zero value is
	// [simulator.DemoAccount].
	Account wattle.Credentials
	// Region is the label of the account's home region, such as "use1"; "" is
	// [DefaultRegion].
	Region string
	// Others are further accounts, which own nothing.
	Others []wattle.Credentials
	// NoSeed leaves out the two devices that are listed besides those of the
	// home: the P100 and the NC220 of docs/protocol/seed-facts.md B2 and B8.
	NoSeed bool
	// Extra are further entries of the list, see [Extra].
	Extra []Extra
	// TokenLife and RefreshLife are how long tokens live; 0 is the default.
	TokenLife, RefreshLife time.Duration
	// Faults are switched on from the start, such as "cloud-mfa=mail".
	Faults []string
	// Now is the time, nil for time.Now.
	Now func() time.Time
	// Rand gives tokens, ids and codes; nil is crypto/rand.
	Rand io.Reader
	// Logger gets what happens; nil means none.
	Logger *slog.Logger
}

// Cloud is the simulated cloud. Its methods may be called from several goroutines.
type Cloud struct {
	o      Options
	log    *slog.Logger
	faults *endpoint.Faults
	units  []*unit        // the devices, parents before their children
	paths  *http.ServeMux // of the things service

	mu       sync.Mutex
	ahead    time.Duration // how far the clock was moved on
	accounts []*account
	tokens   map[string]*token
	refresh  map[string]*token
	logins   map[string]*process // of a second step, by id
	mail     []Mail
	windows  map[string]*window // of the rate limit, by terminal
	rules    []*Rule
	nonces   map[string]bool
	journal  []Request
	counted  int
	homes    []cloudapi.Family
	bases    map[string]string // own URLs by region; "" is the global one
	caFile   string
}

// New makes the cloud of a home whose devices are all added. home may be nil.
// Errors wrap wattle.ErrParam.
func New(home *simulator.Home, o *Options) (*Cloud, error) {
	c := &Cloud{
		faults: endpoint.NewFaults(kinds), tokens: map[string]*token{}, refresh: map[string]*token{},
		logins: map[string]*process{}, windows: map[string]*window{}, nonces: map[string]bool{}, bases: map[string]string{},
	}
	if o != nil {
		c.o = *o
	}
	if c.o.Account.IsZero() {
		c.o.Account = simulator.DemoAccount()
	}
	c.o.Region = cmp.Or(c.o.Region, DefaultRegion)
	c.o.TokenLife = cmp.Or(c.o.TokenLife, DefaultTokenLife)
	c.o.RefreshLife = cmp.Or(c.o.RefreshLife, DefaultRefreshLife)
	if c.o.Now == nil {
		c.o.Now = time.Now
	}
	if c.o.Rand == nil {
		c.o.Rand = rand.Reader
	}
	if c.log = c.o.Logger; c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if _, ok := regions[c.o.Region]; !ok {
		return nil, unknownRegion(c.o.Region)
	}
	for i, who := range append([]wattle.Credentials{c.o.Account}, c.o.Others...) {
		c.accounts = append(c.accounts, newAccount(i, who, c.o.Region))
	}
	c.homes = firstHome()
	if err := c.connect(home); err != nil {
		return nil, err
	}
	for _, spec := range c.o.Faults {
		if err := c.SetFault(nil, spec); err != nil {
			return nil, err
		}
	}
	c.paths = c.thingPaths()
	if home != nil {
		return c, home.Join(c)
	}
	return c, nil
}

// now is the time of the cloud.
func (c *Cloud) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nowLocked()
}

func (c *Cloud) nowLocked() time.Time { return c.o.Now().Add(c.ahead) }

// Advance moves the clock of the cloud on: tokens grow old. That of the devices
// stays.
func (c *Cloud) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// ServeHTTP answers a request as the global entry would.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.serve(w, r, "") }

// serve answers a request that came to the entry of a region, "" for the global one.
func (c *Cloud) serve(w http.ResponseWriter, r *http.Request, region string) {
	q := &call{request: r, query: r.URL.Query(), site: siteOf(r, region)}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, http.StatusText(http.StatusRequestEntityTooLarge), http.StatusRequestEntityTooLarge)
		return
	}
	q.body = body
	a := c.spoil(c.answer(q))
	a.delay += q.delay
	c.note(q, a)
	c.log.DebugContext(r.Context(), "cloud call", "service", q.service(), "method", q.name, "status", a.status, "code", a.code)
	c.write(w, r, a)
}

// answer decides what a request gets: first what is wrong with the cloud, then the
// service itself.
func (c *Cloud) answer(q *call) reply {
	q.read()
	if a, ok := c.disturbed(q); ok {
		return a
	}
	if code, ok := c.limited(q); ok {
		return q.refuse(code)
	}
	if q.service() == serviceThings {
		return c.things(q)
	}
	if a, ok := c.unsigned(q); ok {
		return a
	}
	if q.request.Method != http.MethodPost {
		return reply{status: http.StatusMethodNotAllowed}
	}
	if strings.HasPrefix(q.path(), "/api/v2/") {
		return c.second(q)
	}
	return c.first(q)
}

// reply is an answer on its way.
type reply struct {
	status int
	code   int // for the journal
	body   any // marshalled, nil for none
	// What is done to it: dropped, cut in half, of another content type, sent elsewhere.
	drop, cut bool
	kind      string
	location  string
	delay     time.Duration
}

// result is a success of A and B.
func result(v any) reply {
	return reply{status: http.StatusOK, body: struct {
		Code   int `json:"error_code"`
		Result any `json:"result,omitempty"`
	}{0, v}}
}

// refuse is a failure in the form of the service that was asked.
func (q *call) refuse(code int) reply {
	if q.service() == serviceThings {
		return thingError(code)
	}
	return failure(code)
}

// failure is a failure of A and B.
func failure(code int) reply {
	return reply{status: http.StatusOK, code: code, body: struct {
		Code int    `json:"error_code"`
		Msg  string `json:"msg"`
	}{code, text(code)}}
}

func (c *Cloud) write(w http.ResponseWriter, r *http.Request, a reply) {
	if a.delay > 0 {
		timer := time.NewTimer(a.delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return
		}
	}
	if a.drop {
		panic(http.ErrAbortHandler)
	}
	var body []byte
	if a.body != nil {
		var err error
		if body, err = json.Marshal(a.body); err != nil {
			c.log.ErrorContext(r.Context(), "no answer", "error", err)
			a.status = http.StatusInternalServerError
		}
	}
	if c.faults.On(faultExtra) && len(body) > 2 && body[0] == '{' {
		body = append([]byte(`{"x_unknown":{"a":[1,null]},`), body[1:]...)
	}
	if a.cut {
		body = body[:len(body)/2]
	}
	if a.location != "" {
		w.Header().Set("Location", a.location)
	}
	if body != nil {
		w.Header().Set("Content-Type", cmp.Or(a.kind, "application/json;charset=UTF-8"))
	}
	w.WriteHeader(cmp.Or(a.status, http.StatusOK))
	_, _ = w.Write(body)
}

// random gives n characters of an alphabet.
func (c *Cloud) random(alphabet string, n int) string {
	b := make([]byte, n)
	if _, err := io.ReadFull(c.o.Rand, b); err != nil {
		panic(errors.Join(errors.New("cloudsim: the random source failed"), err))
	}
	for i := range b {
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	return string(b)
}

const (
	digits = "0123456789"
	hexes  = "0123456789abcdef"
	words  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)
