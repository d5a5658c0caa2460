package cloudsim

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// maxJournal is how many calls are kept.
const maxJournal = 2000

// Request is a call as the journal keeps it: secrets are [Fingerprint]s.
type Request struct {
	N       int               `json:"n"`
	Time    time.Time         `json:"time"`
	Service string            `json:"service"` // v1, v2 or things
	HTTP    string            `json:"http"`    // the verb
	Host    string            `json:"host"`
	Path    string            `json:"path"`
	Query   map[string]string `json:"query,omitempty"`
	Header  map[string]string `json:"header"`
	Method  string            `json:"method"` // of the envelope, or the last part of the path
	App     string            `json:"app,omitempty"`
	Device  string            `json:"device,omitempty"`
	Body    json.RawMessage   `json:"body,omitempty"`
	Status  int               `json:"status"` // of the answer, 0 for none
	Code    int               `json:"code"`   // in the answer
}

// secretKeys are members, parameters and headers whose values are secrets, in
// lower case.
var secretKeys = []string{
	"token", "refreshtoken", "cloudpassword", "password", "code", "mfaprocessid", "authorization", "x-authorization",
	"jwt", "key", "psk", "passphrase",
}

// Fingerprint stands for a secret in the journal: the same for the same secret.
func Fingerprint(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return "sha256:" + hex.EncodeToString(sum[:6])
}

// Journal is what the cloud was asked, the oldest call first.
func (c *Cloud) Journal() []Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Request{}, c.journal...)
}

// ClearJournal forgets what it was asked.
func (c *Cloud) ClearJournal() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.journal = nil
}

// note writes a call down.
func (c *Cloud) note(q *call, a reply) {
	r := Request{
		Service: q.service(), HTTP: q.request.Method, Host: q.request.Host, Path: q.path(), Header: map[string]string{},
		Method: q.name, App: q.app, Device: q.device, Status: a.status, Code: a.code,
	}
	for name, values := range q.query {
		if r.Query == nil {
			r.Query = map[string]string{}
		}
		r.Query[name] = hashed(name, strings.Join(values, ","))
	}
	for name, values := range q.request.Header {
		value := strings.Join(values, ", ")
		if strings.EqualFold(name, "Authorization") {
			value = strings.TrimPrefix(value, "ut|")
		}
		r.Header[name] = hashed(name, value)
	}
	if json.Valid(q.body) {
		r.Body = hashJSON(q.body)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counted++
	r.N, r.Time = c.counted, c.nowLocked()
	c.journal = append(c.journal, r)
	if len(c.journal) > maxJournal {
		c.journal = slices.Clone(c.journal[maxJournal/10:])
	}
}

func hashed(name, value string) string {
	if slices.Contains(secretKeys, strings.ToLower(name)) {
		return Fingerprint(value)
	}
	return value
}

// hashJSON replaces secrets wherever they are, also in a string that holds JSON.
func hashJSON(raw json.RawMessage) json.RawMessage {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil
	}
	return mustJSON(hashValue("", v))
}

func hashValue(key string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, item := range v {
			v[k] = hashValue(k, item)
		}
		return v
	case []any:
		for i, item := range v {
			v[i] = hashValue(key, item)
		}
		return v
	case string:
		if strings.HasPrefix(v, "{") && json.Valid([]byte(v)) {
			return string(hashJSON(json.RawMessage(v)))
		}
		return hashed(key, v)
	case json.Number:
		return json.RawMessage(hashedNumber(key, v.String()))
	}
	return v
}

// hashedNumber leaves a number alone unless it stands for a secret.
func hashedNumber(key, n string) string {
	if slices.Contains(secretKeys, strings.ToLower(key)) {
		return string(mustJSON(Fingerprint(n)))
	}
	return n
}
