package cloudsim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"wattle"
	"wattle/simulator"
	"wattle/simulator/endpoint"
)

// The faults of the cloud. Those marked "of one device or all" can be set on a device.
const (
	faultOffline   = "cloud-offline"
	faultTimeout   = "cloud-timeout"
	faultOldTapo   = "cloud-old-tapo"
	faultRelayTapo = "cloud-relay-tapo"
	faultSwap      = "cloud-swap"
	faultForged    = "cloud-forged"
	faultStrings   = "cloud-strings"
	faultCode      = "cloud-code"
	faultHTTP      = "cloud-http"
	faultSlow      = "cloud-slow"
	faultDrop      = "cloud-drop"
	faultDropAfter = "cloud-drop-after"
	faultCut       = "cloud-cut"
	faultHTML      = "cloud-html"
	faultExtra     = "cloud-extra"
	faultRedirect  = "cloud-redirect"
	faultPages     = "cloud-pages"
	faultErrors    = "cloud-errors"
	faultMFA       = "cloud-mfa"
	faultLocked    = "cloud-locked"
	faultSqueeze   = "cloud-squeeze"
	faultRegion    = "cloud-region"
	faultRate      = "cloud-rate"
	faultBlack     = "cloud-blacklist"
	faultType      = "cloud-content-type"
	faultClock     = "cloud-timestamp"
	faultNonce     = "cloud-nonce"
	faultShadow    = "cloud-shadow"
	faultConflict  = "cloud-conflict"
	faultTLS       = "cloud-tls"
)

var kinds = endpoint.FaultKinds{
	faultOffline:   {Help: "the device has no link to the cloud (of one device, or of all)"},
	faultTimeout:   {Help: "the device does not answer the relay in time: -20002 (one or all)"},
	faultOldTapo:   {Help: "the first relay reaches Tapo devices, as in 2020 (one or all)"},
	faultRelayTapo: {Help: "the relay of the second generation reaches any Tapo device (one or all)"},
	faultSwap:      {Help: "responseData has the other form than requestData (one or all)"},
	faultForged:    {Help: "the device list names a server that is not TP-Link's (one or all)"},
	faultCode:      {Argument: endpoint.ArgumentNumber, Help: "calls are answered with this error code (about one device, or all)"},
	faultStrings:   {Help: "requestData must be a string: -20104 for objects"},
	faultHTTP:      {Argument: endpoint.ArgumentNumber, IfAbsent: "500", Help: "every call is answered with this HTTP status"},
	faultSlow:      {Argument: endpoint.ArgumentDuration, IfAbsent: "2s", Help: "every answer waits"},
	faultDrop:      {Argument: endpoint.ArgumentCount, IfAbsent: "1", Help: "every Nth call is dropped, not carried out"},
	faultDropAfter: {Argument: endpoint.ArgumentCount, IfAbsent: "1", Help: "every Nth call is carried out and its connection dropped"},
	faultCut:       {Help: "answers end in the middle"},
	faultHTML:      {Help: "answers are announced as HTML"},
	faultExtra:     {Help: "answers have members that nobody knows"},
	faultRedirect:  {Help: "every call is sent on to another host by HTTP"},
	faultPages:     {Help: "paged lists never end"},
	faultErrors:    {Argument: endpoint.ArgumentChoice, Words: []string{"inner", "outer"}, Help: "where account calls of the second generation have their code"},
	faultMFA:       {Argument: endpoint.ArgumentChoice, IfAbsent: "both", Words: []string{"both", "mail", "app", "new", "short"}, Help: "logins need a code, by mail or by app; new: those of new terminals; short: mailed without being asked for"},
	faultLocked:    {Help: "every login is answered with -20675"},
	faultSqueeze:   {Help: "a login ends the tokens of all other terminals"},
	faultRegion:    {Help: "logins at the global entry are sent to the region: -20212"},
	faultRate:      {Argument: endpoint.ArgumentCount, IfAbsent: "60", Help: "more calls in a minute from one terminal get -20004, many more the blacklist"},
	faultBlack:     {Help: "every call is refused: the terminal is on the blacklist"},
	faultType:      {Help: "calls without Content-Type application/json are refused: -20104"},
	faultClock:     {Help: "a timestamp must be ten nines, or within 5 minutes"},
	faultNonce:     {Help: "a nonce that was used before is refused"},
	faultShadow:    {Argument: endpoint.ArgumentDuration, IfAbsent: "2s", Help: "what a shadow reports is this late"},
	faultConflict:  {Argument: endpoint.ArgumentCount, IfAbsent: "1", Help: "the next N writes to shadows find a newer version"},
	faultTLS:       {Argument: endpoint.ArgumentChoice, Words: []string{"untrusted", "expired", "name"}, Help: "the certificate is not trusted, has expired, or is for another host"},
}

// FaultNames lists the faults of the cloud, sorted.
func FaultNames() []string { return kinds.Names() }

// FaultHelp says in one line what a fault does, "" for an unknown one.
func FaultHelp(name string) string { return kinds[name].Help }

// Name is how the cloud is called in a home.
const Name = "cloud"

// ofDevice are the faults that can be of one device.
var ofDevice = []string{faultOffline, faultTimeout, faultOldTapo, faultRelayTapo, faultSwap, faultForged, faultCode}

// SetFault switches a fault on, NAME or NAME=ARGUMENT: for one device, or for the
// whole cloud where device is nil. Errors wrap wattle.ErrParam.
func (c *Cloud) SetFault(device *simulator.Device, spec string) error {
	spec = full(spec)
	name, _, _ := strings.Cut(spec, "=")
	if device == nil {
		return c.faults.Set(spec)
	}
	if _, known := kinds[name]; known && !slices.Contains(ofDevice, name) {
		return fmt.Errorf("%s is a fault of the whole cloud: set it on %q: %w", name, Name, wattle.ErrParam)
	}
	for _, u := range c.units {
		if u.source == device {
			return u.faults.Set(spec)
		}
	}
	return fmt.Errorf("the device is not in the cloud: %w", wattle.ErrNotFound)
}

// ClearFault switches a fault off, all of them for "".
func (c *Cloud) ClearFault(device *simulator.Device, name string) error {
	name = full(name)
	if _, ok := kinds[name]; name != "" && !ok {
		return fmt.Errorf("unknown fault %q, known are %s: %w", name, strings.Join(FaultNames(), ", "), wattle.ErrParam)
	}
	if device == nil {
		c.faults.Clear(name)
		return nil
	}
	for _, u := range c.units {
		if u.source == device {
			u.faults.Clear(name)
		}
	}
	return nil
}

// full lets "wattle sim ctl cloud fault offline" do without the prefix.
func full(spec string) string {
	if spec == "" || strings.HasPrefix(spec, Name+"-") {
		return spec
	}
	return Name + "-" + spec
}

// Faults lists what is on.
func (c *Cloud) Faults(device *simulator.Device) []string {
	if device == nil {
		return c.faults.Active()
	}
	for _, u := range c.units {
		if u.source == device {
			return u.faults.Active()
		}
	}
	return nil
}

// FaultNames is the function of that name.
func (c *Cloud) FaultNames() []string { return FaultNames() }

// Describe tells where the cloud is served.
func (c *Cloud) Describe() simulator.Ready {
	c.mu.Lock()
	defer c.mu.Unlock()
	return simulator.Ready{Name: Name, Transport: Name, URL: c.bases[""], CAFile: c.caFile}
}

// Poke changes the cloud: "clock" moves its clock on by a time such as 30h, "tokens"
// to "expired" ends all tokens, "refresh-tokens" those that renew them.
func (c *Cloud) Poke(key, value string) error {
	switch key {
	case "clock":
		d, err := time.ParseDuration(strings.TrimPrefix(value, "+"))
		if err != nil || d < 0 {
			return fmt.Errorf("clock %q: want how far to move it on, such as 30h: %w", value, wattle.ErrParam)
		}
		c.Advance(d)
	case "tokens", "refresh-tokens":
		if value != "expired" {
			return fmt.Errorf("%s %q: want expired: %w", key, value, wattle.ErrParam)
		}
		c.Expire(key == "refresh-tokens")
	default:
		return fmt.Errorf("the cloud has no %q: want clock, tokens or refresh-tokens: %w", key, wattle.ErrParam)
	}
	return nil
}

// Read tells what the cloud was asked ("journal"), which codes it sent ("mail"), or
// the last of them ("code").
func (c *Cloud) Read(what string) (json.RawMessage, error) {
	switch what {
	case "journal":
		return mustJSON(c.Journal()), nil
	case "mail":
		return mustJSON(append([]Mail{}, c.Mail()...)), nil
	case "code":
		all := c.Mail()
		if len(all) == 0 {
			return nil, fmt.Errorf("no code was sent: %w", wattle.ErrNotFound)
		}
		return mustJSON(all[len(all)-1].Code), nil
	}
	return nil, fmt.Errorf("the cloud tells no %q: want journal, mail or code: %w", what, wattle.ErrParam)
}

// disturbed is the answer of a cloud that something is wrong with.
func (c *Cloud) disturbed(q *call) (reply, bool) {
	if r, ok := c.ruled(q); ok {
		return r, true
	}
	if status, ok := c.faults.Number(faultHTTP); ok {
		return reply{status: status, code: status}, true
	}
	if c.faults.Every(faultDrop) {
		return reply{drop: true}, true
	}
	if c.faults.On(faultRedirect) {
		return reply{status: http.StatusFound, location: "https://elsewhere.example.net/"}, true
	}
	if c.faults.On(faultBlack) {
		return q.refuse(codeBlack), true
	}
	if code, ok := c.faults.Number(faultCode); ok {
		return q.refuse(code), true
	}
	if u := c.unitOf(q.device); u != nil {
		if code, ok := u.faults.Number(faultCode); ok {
			return q.refuse(code), true
		}
	}
	if c.faults.On(faultType) && len(q.body) > 0 && !q.jsonContent() {
		return q.refuse(codeParameter), true
	}
	return reply{}, false
}

// spoil does to an answer what is wrong with the way back.
func (c *Cloud) spoil(a reply) reply {
	a.delay += c.faults.Duration(faultSlow)
	a.drop = a.drop || c.faults.Every(faultDropAfter)
	a.cut = a.cut || c.faults.On(faultCut)
	if c.faults.On(faultHTML) {
		a.kind = "text/html"
	}
	return a
}
