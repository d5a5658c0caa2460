package cloud

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"wattle"
	"wattle/internal/wire/cloudapi"
)

// state is what is kept between runs. It never holds a password.
type state struct {
	Version  int             `json:"version"`
	Terminal string          `json:"terminal"`
	Username string          `json:"username,omitempty"`
	Lines    map[Line]*login `json:"lines,omitempty"`
	// Waiting is the login that waits for a code.
	Waiting *waiting `json:"waiting,omitempty"`
	// Refused stands for credentials that were refused.
	Refused *refused `json:"refused,omitempty"`
	// LockedUntil is when a login may be tried again.
	LockedUntil time.Time `json:"locked_until,omitzero"`
	// Automatic are the logins without the user of the last day.
	Automatic []time.Time `json:"automatic,omitempty"`
	Hold      *held       `json:"hold,omitempty"`
	Limits    int         `json:"limits,omitempty"` // rate limits in a row
}

// login is one line that is signed in.
type login struct {
	Service       cloudapi.Service `json:"service"` // v1 or v2
	AppType       string           `json:"app_type"`
	Base          string           `json:"base"` // of the region
	Token         cloudapi.Text    `json:"token"`
	RefreshToken  cloudapi.Text    `json:"refresh_token,omitzero"`
	SavedAt       time.Time        `json:"saved_at"`
	Things        string           `json:"things,omitempty"` // where the things service is
	ThingsExpires time.Time        `json:"things_expires,omitzero"`
}

type held struct {
	Until  time.Time `json:"until"`
	Reason string    `json:"reason"`
}

// refused tells credentials again without holding them.
type refused struct {
	Salt []byte `json:"salt"`
	Hash []byte `json:"hash"`
}

const (
	stateVersion = 1
	rounds       = 100_000 // of PBKDF2: some tens of milliseconds at a login
)

func hashOf(salt []byte, who wattle.Credentials) []byte {
	// Never fails with these lengths.
	hash, _ := pbkdf2.Key(sha256.New, who.Username+"\x00"+who.Password.Reveal(), salt, rounds, sha256.Size)
	return hash
}

func refuse(who wattle.Credentials) *refused {
	r := &refused{Salt: make([]byte, 16)}
	_, _ = rand.Read(r.Salt) // never fails
	r.Hash = hashOf(r.Salt, who)
	return r
}

// is reports whether these are the credentials that were refused.
func (r *refused) is(who wattle.Credentials) bool {
	return r != nil && subtle.ConstantTimeCompare(r.Hash, hashOf(r.Salt, who)) == 1
}

// readState reads an exported state. Errors wrap [wattle.ErrParam].
func readState(text wattle.Secret) (*state, error) {
	s := &state{Version: stateVersion}
	if !text.IsZero() {
		if err := json.Unmarshal([]byte(text.Reveal()), s); err != nil || s.Version != stateVersion {
			return nil, fmt.Errorf("%w: the stored cloud login cannot be read: sign in again", wattle.ErrParam)
		}
	}
	maps.DeleteFunc(s.Lines, func(l Line, in *login) bool { return !slices.Contains(Lines(), l) || in == nil })
	if s.Lines == nil {
		s.Lines = map[Line]*login{}
	}
	return s, nil
}

func (s *state) export() wattle.Secret {
	b, err := cloudapi.Marshal(s)
	if err != nil { // no value in it can do that
		return wattle.Secret{}
	}
	return wattle.NewSecret(string(b))
}

// change changes the state and has it saved. Saves are in the order of the
// changes; one that fails costs the next run a login.
func (c *Client) change(ctx context.Context, f func(*state)) {
	c.saving.Lock()
	defer c.saving.Unlock()
	c.mu.Lock()
	f(c.state)
	exported := c.state.export()
	c.mu.Unlock()
	if c.opt.Save == nil {
		return
	}
	if err := c.opt.Save(context.WithoutCancel(ctx), exported); err != nil {
		c.log.Warn("the cloud login could not be stored", "err", err)
	}
}

// at is a copy of what is known of a line; zero where it is not signed in.
func (c *Client) at(line Line) login {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.state.Lines[line]; l != nil {
		return *l
	}
	return login{}
}
