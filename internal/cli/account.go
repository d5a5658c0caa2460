package cli

import (
	"context"
	"errors"
	"path/filepath"

	"wattle"
	"wattle/internal/keystore"
)

// keystore is where the credentials of all profiles are.
func (a *app) keystore() (*keystore.Keystore, error) {
	p, err := a.profile()
	if err != nil {
		return nil, err
	}
	root, err := a.stateRoot()
	if err != nil {
		return nil, err
	}
	o := keystore.Options{Dir: filepath.Join(root, "credentials"), Explicit: p.account, Username: p.username, Getenv: a.getenv}
	if a.canAsk() {
		o.Ask = func(ctx context.Context) (wattle.Secret, error) {
			text, err := a.askHidden(ctx, "Passphrase of the stored credentials")
			return wattle.NewSecret(text), err
		}
	}
	return keystore.New(o), nil
}

// account is who the devices belong to. The zero account is fine: old Kasa
// devices need none, and others say that they do.
func (a *app) account(ctx context.Context) (wattle.Credentials, error) {
	a.loadAccount.Do(func() {
		k, err := a.keystore()
		if err != nil {
			a.accountErr = err
			return
		}
		found, err := k.Get(ctx, a.prof.name)
		if errors.Is(err, keystore.ErrNone) && !a.halfAccount() {
			return
		}
		if err != nil {
			a.accountErr = &fault{err: err, code: CodeAuth, hint: `"wattle auth status" shows what is stored`}
			return
		}
		a.credentials = found.Credentials
	})
	return a.credentials, a.accountErr
}

// halfAccount reports whether the environment has an e-mail without a password
// or the other way round: a mistake, and not "no account".
func (a *app) halfAccount() bool {
	user := a.getenv("WATTLE_USERNAME") != "" || a.getenv("KASA_USERNAME") != ""
	password := a.getenv("WATTLE_PASSWORD") != "" || a.getenv("WATTLE_PASSWORD_FILE") != "" || a.getenv("KASA_PASSWORD") != ""
	return user != password
}
