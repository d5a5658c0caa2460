package keystore

import (
	"context"
	"errors"
	"fmt"

	"github.com/zalando/go-keyring"
)

const service = "wattle"

// System is a key store of an operating system. Get and Delete give
// [ErrNone] for what is not there. Its methods may block as long as the store
// asks its user.
type System interface {
	Get(service, name string) (string, error)
	Set(service, name, secret string) error
	Delete(service, name string) error
}

// osKeyring is the real one: the Keychain, the Credential Manager, or the
// Secret Service.
type osKeyring struct{}

// Get implements [System].
func (osKeyring) Get(service, name string) (string, error) {
	secret, err := keyring.Get(service, name)
	return secret, keyringError(err)
}

// Set implements [System].
func (osKeyring) Set(service, name, secret string) error {
	return keyringError(keyring.Set(service, name, secret))
}

// Delete implements [System].
func (osKeyring) Delete(service, name string) error {
	return keyringError(keyring.Delete(service, name))
}

func keyringError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, keyring.ErrNotFound):
		return ErrNone
	}
	return fmt.Errorf("%w (%w): store the credentials in the file instead", ErrNoKeyring, err)
}

// inTime runs a call of the key store and gives up when ctx ends. The call
// itself cannot be ended: its goroutine lives until the store answers.
func inTime[T any](ctx context.Context, call func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		value, err := call()
		done <- outcome{value, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		var zero T
		return zero, fmt.Errorf("%w: no answer: %w", ErrNoKeyring, context.Cause(ctx))
	}
}

func (k *Keystore) systemGet(ctx context.Context, profile string) ([]byte, error) {
	secret, err := inTime(ctx, func() (string, error) { return k.opt.System.Get(service, profile) })
	if errors.Is(err, ErrNone) {
		return nil, fmt.Errorf("%w: the key store has lost the profile %q: store them again", ErrNone, profile)
	}
	return []byte(secret), err
}

func (k *Keystore) systemSet(ctx context.Context, profile string, payload []byte) error {
	_, err := inTime(ctx, func() (struct{}, error) {
		return struct{}{}, k.opt.System.Set(service, profile, string(payload))
	})
	return err
}

func (k *Keystore) systemDelete(ctx context.Context, profile string) error {
	_, err := inTime(ctx, func() (struct{}, error) { return struct{}{}, k.opt.System.Delete(service, profile) })
	if errors.Is(err, ErrNone) {
		return nil
	}
	return err
}
