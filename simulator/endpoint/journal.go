package endpoint

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sync"
	"time"

	"wattle"
)

// Login is one attempt to log in, as a device saw it.
type Login struct {
	At        time.Time        `json:"at"`
	Transport wattle.Transport `json:"transport"`
	Accepted  bool             `json:"accepted"`
	// Locked: it was not looked at, since the device takes none now.
	Locked bool `json:"locked,omitempty"`
	// Proof tells logins with the same credentials from others, without giving
	// them away. It is "" with KLAP, where each proof is for one handshake.
	Proof string `json:"proof,omitempty"`
}

// Journal is what devices remember of logins, over restarts. The zero value is
// empty. It is safe for concurrent use, and a nil *Journal notes nothing.
type Journal struct {
	mu     sync.Mutex
	logins []Login
}

// maxLogins bounds a journal: the oldest are forgotten.
const maxLogins = 10_000

// Logins are the attempts so far, the oldest first.
func (j *Journal) Logins() []Login {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.logins)
}

// noteLogin notes an attempt, and counts it towards a lock-out. proof is what
// was sent, nil where it is never the same.
func (o *Options) noteLogin(t wattle.Transport, proof []byte, accepted, locked bool) {
	if !locked {
		o.Faults.counted(accepted)
	}
	if o.Journal == nil {
		return
	}
	login := Login{At: time.Now(), Transport: t, Accepted: accepted, Locked: locked}
	if proof != nil {
		sum := sha256.Sum256(proof)
		login.Proof = hex.EncodeToString(sum[:8])
	}
	j := o.Journal
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.logins) >= maxLogins {
		j.logins = slices.Delete(j.logins, 0, len(j.logins)-maxLogins+1)
	}
	j.logins = append(j.logins, login)
}
