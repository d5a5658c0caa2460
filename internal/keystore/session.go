package keystore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"wattle"
)

// sessionDir is the folder of what logins left, beside the credentials.
const sessionDir = "cloud"

// sessionPath is the encrypted file of a profile's cloud login.
func (k *Keystore) sessionPath(profile string) string {
	return filepath.Join(k.opt.Dir, sessionDir, profile+".age")
}

// HasSession reports whether a cloud login is stored; it opens nothing.
func (k *Keystore) HasSession(profile string) bool {
	profile, err := profileName(profile)
	if err != nil || k.opt.Dir == "" {
		return false
	}
	_, err = os.Stat(k.sessionPath(profile))
	return err == nil
}

// Session is what a login at the cloud left for a profile: tokens and the identity of
// this install, no password. [ErrNone]: there is none. Other errors as of [Keystore.Get].
func (k *Keystore) Session(ctx context.Context, profile string) (wattle.Secret, error) {
	profile, err := profileName(profile)
	if err != nil {
		return wattle.Secret{}, err
	}
	if !k.HasSession(profile) {
		return wattle.Secret{}, fmt.Errorf("%w: the profile %q is not signed in to the cloud", ErrNone, profile)
	}
	plain, err := k.decrypt(ctx, k.sessionPath(profile))
	return wattle.NewSecret(string(plain)), err
}

// SetSession stores it, in a file that is encrypted to the identity beside the
// credentials. The file is whole or not there.
func (k *Keystore) SetSession(ctx context.Context, profile string, session wattle.Secret) error {
	profile, err := profileName(profile)
	if err != nil {
		return err
	}
	if k.opt.Dir == "" {
		return fmt.Errorf("no folder to store the cloud login in: %w", wattle.ErrParam)
	}
	unlock, err := k.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return k.encryptToIdentity(k.sessionPath(profile), []byte(session.Reveal()))
}

// DeleteSession forgets it; there need not be one.
func (k *Keystore) DeleteSession(ctx context.Context, profile string) error {
	profile, err := profileName(profile)
	if err != nil || k.opt.Dir == "" {
		return err
	}
	unlock, err := k.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := os.Remove(k.sessionPath(profile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cloud login: %w", err)
	}
	return nil
}
