package transport

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"wattle"
	"wattle/internal/wire/tpap"
)

// The labels of what TPAP logs in with, besides [LabelAccount] for the password
// as it was typed. "+" and a word follow where the device wants the user name or
// w0 in a form that is not the usual one: "account+fixed".
const (
	LabelMD5    = "account-md5"    // MD5 of the password, as cameras want it
	LabelSHA256 = "account-sha256" // SHA-256 of the password
	LabelMAC    = "mac"            // made from the MAC: no password was ever set
)

const (
	codeRefused  = -2203  // of pake_share: STAT_ACCESS
	codeSession  = -40401 // of pake_share: the same on cameras
	codeUsername = -40209 // of pake_register: another form of the user name
	codeParams   = -1008
	// lastAttempts is where a client stops by itself.
	lastAttempts = 2
	// secondChance is how long a device gets that refuses a secret which it took
	// before. See docs/protocol/tpap.md section 12.3.
	secondChance = 2 * time.Second
)

// tpapTry is one secret in one form.
type tpapTry struct {
	secret tpap.Secret
	base   string        // label without forms
	user   tpap.UserForm // "" until the device has taken one
	fixed  bool          // w0 in the fixed form
	forms  bool          // whether the forms of w0 differ, known after a share
}

// label says what is tried, for [Options.Prefer].
func (t *tpapTry) label(d *tpapDevice) string {
	label := t.base
	if t.user != "" && t.user != tpap.UserFormOf(d.offer.UserHashType) {
		label += "+" + string(t.user)
	}
	if t.fixed {
		label += "+" + string(tpap.W0Fixed)
	}
	return label
}

// tries lists what a device may take, first what it took last time.
func (c *tpapConn) tries(d *tpapDevice) []tpapTry {
	var list []tpapTry
	for _, s := range tpap.Secrets(d.kind, d.passcode, d.offer.Pake, c.options.Account.Password, d.mac) {
		base := map[string]string{
			tpap.SecretPassword: LabelAccount, tpap.SecretMD5: LabelMD5, tpap.SecretSHA256: LabelSHA256, tpap.SecretMAC: LabelMAC,
		}[s.Label]
		list = append(list, tpapTry{secret: s, base: base})
	}
	prefer := c.options.Prefer
	if c.worked != "" {
		prefer = c.worked
	}
	words := strings.Split(prefer, "+")
	i := slices.IndexFunc(list, func(t tpapTry) bool { return t.base == words[0] })
	if i < 0 {
		return list
	}
	first := list[i]
	for _, word := range words[1:] {
		switch tpap.UserForm(word) {
		case tpap.UserMD5, tpap.UserLiteral, tpap.UserSHA256:
			first.user = tpap.UserForm(word)
		default:
			first.fixed = first.fixed || word == string(tpap.W0Fixed)
		}
	}
	return slices.Insert(slices.Delete(list, i, i+1), 0, first)
}

// try spends an attempt on a secret: one more where w0 has another form, and one
// more after a pause where this device took the secret before. again says that
// the device refused it, and that others may be tried.
func (c *tpapConn) try(ctx context.Context, d *tpapDevice, t *tpapTry, refused *AuthError) (again bool, err error) {
	for formsTried, chances := 1, 1; ; {
		registered, random, err := c.register(ctx, d, t)
		if err != nil {
			return false, err
		}
		err = c.share(ctx, d, t, registered, random)
		if err == nil {
			c.worked = t.label(d)
			c.holdOff, c.moved = nil, false
			c.learn(func(info *Info) {
				info.Credential = c.worked
				info.Resumed = false
				info.Handshakes++
			})
			c.options.Logger.DebugContext(ctx, "session made", "credential", c.worked, "suite", registered.Suite, "cipher", registered.Cipher)
			return false, nil
		}
		refusal, ok := errors.AsType[*AuthError](err)
		if !ok {
			return false, err
		}
		refused.Code, refused.Left = refusal.Code, refusal.Left
		label := t.label(d)
		if !slices.Contains(refused.Tried, label) {
			refused.Tried = append(refused.Tried, label)
		}
		c.options.Logger.DebugContext(ctx, "login refused", "credential", label, "code", refusal.Code, "left", refusal.Left)
		few := refusal.Left > 0 && refusal.Left <= lastAttempts && !c.options.TPAP.LastAttempts
		switch {
		case few, c.options.OneLogin:
			return true, nil
		case c.worked == label && chances > 0:
			chances--
			if pause(ctx, secondChance) != nil {
				return false, c.failure(ctx, "login", wattle.ErrUnreachable, ctx.Err())
			}
		case t.forms && formsTried > 0:
			formsTried--
			t.fixed = !t.fixed
		default:
			return true, nil
		}
	}
}

// refusal gives the error for a code in answer to register or share: an
// [AuthError] where it is about the secret. See docs/protocol/tpap.md section 12.1.
func (c *tpapConn) refusal(r *tpap.RefusedError, t *tpapTry) error {
	if err := c.locked(r); err != nil {
		return err
	}
	family := c.route.Family
	if r.Code <= -40000 {
		family = wattle.SMARTCAM
	}
	switch class := wattle.LookupCode(family, r.Code).Class; {
	case r.Code == codeRefused, r.Code == codeSession, r.Code == -2202, r.Code == -2101, errors.Is(class, wattle.ErrAuth):
		if left := r.Remaining; left == 0 || left > 0 && left <= lastAttempts {
			c.holdOff = &holdOff{left: left}
		}
		return &AuthError{Route: c.route, Tried: []string{t.base}, Code: r.Code, Left: max(r.Remaining, 0)}
	case r.Code == codeParams, r.Code == codeUsername:
		return fmt.Errorf("the device takes none of the logins that wattle has: %w: %w", wattle.ErrTransport,
			&wattle.DeviceError{Family: family, Method: "pake_register", Code: r.Code})
	}
	return &wattle.DeviceError{Family: family, Method: "login", Code: r.Code}
}

// locked gives the error of a device that takes no login for a while, nil for
// any other refusal.
func (c *tpapConn) locked(r *tpap.RefusedError) error {
	class := wattle.LookupCode(wattle.SMARTCAM, r.Code).Class
	if r.Locked <= 0 && !errors.Is(class, wattle.ErrLockout) {
		return nil
	}
	c.holdOff = &holdOff{left: -1}
	if r.Locked > 0 {
		c.holdOff.until = time.Now().Add(r.Locked)
		return fmt.Errorf("%w: the device takes no login for %v (it answered %d)", wattle.ErrLockout, r.Locked, r.Code)
	}
	c.holdOff.until = time.Now().Add(defaultLock)
	return fmt.Errorf("%w: the device takes no login for a while (it answered %d)", wattle.ErrLockout, r.Code)
}

// defaultLock is how long a lock is respected where the device does not say.
const defaultLock = 30 * time.Minute

// holdOff is why no login is tried at present.
type holdOff struct {
	until time.Time // the device is locked
	left  int       // or this close to it; below 0 it does not tell
}

// check gives an [wattle.ErrLockout] where no login may be tried. insist is the
// user's word that the last attempts may be spent.
func (h *holdOff) check(now time.Time, insist bool) error {
	switch {
	case h == nil:
		return nil
	case now.Before(h.until):
		return fmt.Errorf("%w: not tried again for %v, as the device asked", wattle.ErrLockout, h.until.Sub(now).Round(time.Second))
	case h.until.IsZero() && !insist:
		return fmt.Errorf("%w: not tried, since the device locks itself after %d more refused logins; use the right password", wattle.ErrLockout, h.left)
	}
	return nil
}
