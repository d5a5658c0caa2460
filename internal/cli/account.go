package cli

import (
	"context"

	"wattle"
)

// account is who the devices belong to: the profile's own, else what the
// environment or the key store has. The zero account is fine: old Kasa devices
// need none.
func (a *app) account(ctx context.Context) (wattle.Credentials, error) {
	p, err := a.profile()
	if err != nil {
		return wattle.Credentials{}, err
	}
	if !p.account.IsZero() {
		return p.account, nil
	}
	_ = ctx
	return wattle.Credentials{Username: a.getenv("WATTLE_USERNAME"), Password: wattle.NewSecret(a.getenv("WATTLE_PASSWORD"))}, nil
}
