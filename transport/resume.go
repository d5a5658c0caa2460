package transport

import (
	"crypto/subtle"
	"encoding/json"
	"time"

	"wattle"
	"wattle/internal/wire/klap"
)

// klapStored is a session as [Resumer] hands it out.
type klapStored struct {
	Transport  wattle.Transport `json:"transport"`
	TLS        bool             `json:"tls,omitempty"`
	Local      []byte           `json:"local_seed"`
	Remote     []byte           `json:"remote_seed"`
	Auth       []byte           `json:"auth_hash"`
	Credential string           `json:"credential"`
	Seq        int32            `json:"seq"`
	Cookie     string           `json:"cookie"`
	Expires    time.Time        `json:"expires"`
}

var _ Resumer = (*klapConn)(nil)

// Export gives the session, nil when there is none. It waits for an exchange
// that is in progress.
func (c *klapConn) Export() []byte {
	c.slot <- struct{}{}
	defer func() { <-c.slot }()
	s := c.session
	if s == nil || !s.proven || c.resets.Load() != c.seen || c.ends(s) {
		return nil
	}
	return marshal(klapStored{
		Transport: wattle.KLAP, TLS: c.route.TLS,
		Local: s.local[:], Remote: s.remote[:], Auth: s.account.auth.Bytes(),
		Credential: s.account.label, Seq: s.keys.Seq(), Cookie: s.cookie, Expires: s.expires,
	})
}

// resume takes up a session that Export gave, if it is whole, still lives and
// belongs to an account that could be used here. The host is not compared: who
// has the session's keys is the device, wherever it is now.
func (c *klapConn) resume(stored []byte) {
	var in klapStored
	if len(stored) == 0 || json.Unmarshal(stored, &in) != nil {
		return
	}
	if in.Transport != wattle.KLAP || in.TLS != c.route.TLS || !cookieSafe(in.Cookie) ||
		len(in.Local) != klap.SeedSize || len(in.Remote) != klap.SeedSize {
		return
	}
	for _, account := range c.candidates() {
		if subtle.ConstantTimeCompare(account.auth.Bytes(), in.Auth) != 1 {
			continue
		}
		s := &klapSession{account: account, local: klap.Seed(in.Local), remote: klap.Seed(in.Remote), proven: true}
		s.use(in.Cookie, in.Expires)
		s.keys.SetSeq(in.Seq)
		if c.ends(s) {
			return
		}
		c.session = s
		c.info.Route.Version = account.auth.Version()
		c.info.Credential, c.info.Resumed = account.label, true
		return
	}
}

// marshal gives JSON of a struct that always has one.
func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("transport: " + err.Error())
	}
	return b
}
