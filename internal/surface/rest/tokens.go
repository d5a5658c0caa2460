package rest

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"wattle"
	"wattle/hub"
	"wattle/internal/hubapi"
)

const (
	keptTokens  = "api/tokens"
	mostTokens  = 256
	tokenBegins = "wtl_"
)

// tokens are those who may use the API. Of a token only the SHA-256 is kept: it
// is 256 random bits, which nobody guesses from a hash.
type tokens struct {
	keep hub.Keep

	saving sync.Mutex // held while the list is changed and saved
	mu     sync.Mutex
	list   []keptToken
	used   bool // LastUsed has changed since it was saved
}

type keptToken struct {
	hubapi.Token
	Hash string `json:"sha256"`
}

func newSecret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func sameHash(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func (t *tokens) load(ctx context.Context) error {
	data, err := t.keep.Load(ctx, keptTokens)
	if err != nil || data == nil {
		return err
	}
	var list []keptToken
	if err := json.Unmarshal(data, &list); err != nil {
		return fmt.Errorf("the tokens that were kept cannot be read: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list = list
	return nil
}

func (t *tokens) any() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.list) > 0
}

// all are the tokens, the oldest first.
func (t *tokens) all() []hubapi.Token {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]hubapi.Token, len(t.list))
	for i, k := range t.list {
		out[i] = k.Token
	}
	slices.SortStableFunc(out, func(a, b hubapi.Token) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) })
	return out
}

// check finds the token that a client sent. It looks at all of them, however
// early one fits.
func (t *tokens) check(text string) (found hubapi.Token, ok bool) {
	hash := hashOf(text)
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.list {
		k := &t.list[i]
		if !sameHash(k.Hash, hash) || k.Expires != nil && !now.Before(*k.Expires) {
			continue
		}
		found, ok = k.Token, true
		if k.LastUsed == nil || now.Sub(*k.LastUsed) >= time.Minute {
			k.LastUsed, t.used = &now, true
		}
	}
	return found, ok
}

// valid reports whether a token that was good once still is: for those who stay
// connected.
func (t *tokens) valid(id string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.ContainsFunc(t.list, func(k keptToken) bool {
		return k.ID == id && (k.Expires == nil || time.Now().Before(*k.Expires))
	})
}

// create makes a token. It is kept when this returns.
func (t *tokens) create(ctx context.Context, r hubapi.TokenRequest) (hubapi.NewToken, error) {
	now := time.Now().UTC()
	switch {
	case !r.Scope.Valid():
		return hubapi.NewToken{}, fmt.Errorf("%w: scope %q: want read, control or admin", wattle.ErrParam, r.Scope)
	case r.Expires != nil && !r.Expires.After(now):
		return hubapi.NewToken{}, fmt.Errorf("%w: a token that expires in the past", wattle.ErrParam)
	}
	secret := tokenBegins + newSecret()
	k := keptToken{Token: hubapi.Token{ID: newSecret()[:8], Name: r.Name, Scope: r.Scope, Created: now, Expires: r.Expires}, Hash: hashOf(secret)}
	err := t.change(ctx, func(list []keptToken) ([]keptToken, error) {
		if len(list) >= mostTokens {
			return nil, fmt.Errorf("%w: there are %d tokens: remove some that nobody uses", hubapi.ErrConflict, len(list))
		}
		if slices.ContainsFunc(list, func(o keptToken) bool { return o.Name == r.Name }) {
			return nil, fmt.Errorf("%w: there is a token %q", hubapi.ErrConflict, r.Name)
		}
		return append(list, k), nil
	})
	return hubapi.NewToken{Token: k.Token, Secret: secret}, err
}

// remove makes a token void at once. The error wraps [wattle.ErrNotFound].
func (t *tokens) remove(ctx context.Context, id string) error {
	return t.change(ctx, func(list []keptToken) ([]keptToken, error) {
		i := slices.IndexFunc(list, func(k keptToken) bool { return k.ID == id })
		if i < 0 {
			return nil, missing("token", "there is no token %q", clip(id))
		}
		return slices.Delete(list, i, i+1), nil
	})
}

// change replaces the list and saves it. What cannot be saved is not changed.
func (t *tokens) change(ctx context.Context, how func([]keptToken) ([]keptToken, error)) error {
	t.saving.Lock()
	defer t.saving.Unlock()
	t.mu.Lock()
	list, err := how(slices.Clone(t.list))
	t.mu.Unlock()
	if err != nil {
		return err
	}
	data, err := json.Marshal(list)
	if err != nil {
		return err
	}
	if err := t.keep.Save(ctx, keptTokens, data); err != nil {
		return fmt.Errorf("the tokens cannot be kept: %w", err)
	}
	t.mu.Lock()
	t.list, t.used = list, false
	t.mu.Unlock()
	return nil
}

// run saves every minute which tokens were used, until ctx ends and then once
// more.
func (t *tokens) run(ctx context.Context) {
	for {
		timer := time.NewTimer(time.Minute)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
		t.mu.Lock()
		used := t.used
		t.mu.Unlock()
		if used {
			// A failure costs a time stamp; the next minute tries again.
			_ = t.change(context.WithoutCancel(ctx), func(list []keptToken) ([]keptToken, error) { return list, nil })
		}
		if ctx.Err() != nil {
			return
		}
	}
}
