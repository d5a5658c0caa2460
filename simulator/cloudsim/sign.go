package cloudsim

import (
	"strconv"
	"time"

	"wattle/internal/wire/cloudapi"
)

// Whose keys signed a request.
const (
	appKasa = "kasa"
	appTapo = "tapo"
)

// clockSkew is how far a timestamp may be off.
const clockSkew = 5 * time.Minute

// maxNonces bounds what is remembered of nonces.
const maxNonces = 100_000

// verify checks the signature of a request, and notes whose keys made it.
func (c *Cloud) verify(q *call) bool {
	a, err := cloudapi.ParseAuthorization(q.request.Header.Get(cloudapi.HeaderAuthorization))
	if err != nil {
		return false
	}
	for app, key := range map[string]cloudapi.Key{appKasa: cloudapi.KasaAndroid().Key, appTapo: cloudapi.TapoAndroid().Key} {
		if key.Access == a.AccessKey && key.Verify(a, q.request.Header.Get(cloudapi.HeaderMD5), q.path(), q.body) == nil {
			q.app = app
		}
	}
	return q.app != "" && c.timely(a.Timestamp) && c.fresh(a.Nonce)
}

func (c *Cloud) timely(timestamp string) bool {
	if !c.faults.On(faultClock) || timestamp == cloudapi.Nines {
		return true
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	return err == nil && c.now().Sub(time.Unix(seconds, 0)).Abs() <= clockSkew
}

func (c *Cloud) fresh(nonce string) bool {
	if !c.faults.On(faultNonce) {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.nonces[nonce] {
		return false
	}
	if len(c.nonces) >= maxNonces {
		clear(c.nonces)
	}
	c.nonces[nonce] = true
	return true
}
