package transport

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"time"

	"wattle"
	"wattle/internal/wire/tpap"
)

// tpapStored is a session as [Resumer] hands it out. Login tells, without
// giving it away, with which account it was made.
type tpapStored struct {
	Transport  wattle.Transport `json:"transport"`
	TLS        bool             `json:"tls,omitempty"`
	ID         string           `json:"id"`
	Keys       *tpap.Session    `json:"keys"`
	Login      []byte           `json:"login"`
	Credential string           `json:"credential"`
	Expires    time.Time        `json:"expires"`
}

var _ Resumer = (*tpapConn)(nil)

// Export gives the session, nil when there is none. It waits for an exchange
// that is in progress.
func (c *tpapConn) Export() []byte {
	c.slot <- struct{}{}
	defer func() { <-c.slot }()
	s := c.session
	if s == nil || !s.proven || c.resets.Load() != c.seen || !time.Now().Before(s.expires) {
		return nil
	}
	return marshal(tpapStored{
		Transport: wattle.TPAP, TLS: c.http.base.Scheme == "https", ID: s.id, Keys: s.keys,
		Login: c.digest(s.id), Credential: s.label, Expires: s.expires,
	})
}

// digest names the account of a session, which cannot be read back from it.
func (c *tpapConn) digest(id string) []byte {
	mac := hmac.New(sha256.New, []byte(c.options.Account.Password.Reveal()))
	mac.Write(marshal([]string{id, c.options.Account.Username}))
	return mac.Sum(nil)
}

// resume takes up a session that Export gave, if it is whole, still lives and
// belongs to the account that would be used here. The host is not compared: who
// has the session's keys is the device, wherever it is now.
func (c *tpapConn) resume(stored []byte) {
	var in tpapStored
	if len(stored) == 0 || json.Unmarshal(stored, &in) != nil {
		return
	}
	if in.Transport != wattle.TPAP || in.TLS != c.route.TLS || in.ID == "" || in.Keys == nil ||
		!time.Now().Before(in.Expires) || !hmac.Equal(c.digest(in.ID), in.Login) {
		return
	}
	c.use(&tpapSession{id: in.ID, keys: in.Keys, label: in.Credential, expires: in.Expires, proven: true})
	c.worked = in.Credential
	c.info.Credential, c.info.Resumed = in.Credential, true
}
