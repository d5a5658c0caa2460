package connect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"wattle"
	"wattle/method"
)

// missLimit is how many calls in a row may end without an answer because
// their callers gave up.
const missLimit = 2

// Do performs calls on the device; see [method.Caller]. While the device is not
// online it fails at once with the reason, which is of the class of [Status.Err].
func (k *Keeper) Do(ctx context.Context, calls ...method.Call) ([]method.Result, error) {
	return k.do(ctx, "", calls)
}

// Child is a Caller for a child of the device.
func (k *Keeper) Child(id string) method.Caller { return &keptChild{k, id} }

type keptChild struct {
	keeper *Keeper
	id     string
}

func (c *keptChild) Do(ctx context.Context, calls ...method.Call) ([]method.Result, error) {
	return c.keeper.do(ctx, c.id, calls)
}

func (k *Keeper) do(ctx context.Context, child string, calls []method.Call) ([]method.Result, error) {
	result, err := k.current(ctx)
	if err != nil {
		return nil, err
	}
	results, err := k.call(ctx, result, child, calls)
	if another(ctx, err) && result.Way == nil && k.hasCloud() {
		// Nothing was carried out, and another way may follow.
		next, failed := k.currentBut(ctx, result)
		if failed != nil {
			return nil, failed
		}
		return k.call(ctx, next, child, calls)
	}
	return results, err
}

func (k *Keeper) call(ctx context.Context, result *Result, child string, calls []method.Call) ([]method.Result, error) {
	results, err := of(result.Caller, child).Do(ctx, calls...)
	result.calls.Done()
	if result.Way != nil {
		results = mark(results, method.Cloud)
	} else {
		results = mark(results, method.Local)
	}
	k.watch(ctx, result, results, err)
	return results, err
}

// current gives the session, and waits for the one that is being made.
func (k *Keeper) current(ctx context.Context) (*Result, error) { return k.currentBut(ctx, nil) }

// currentBut is current for a call that does not want a session which it found
// lost. What it gives counts a call of [Result].
func (k *Keeper) currentBut(ctx context.Context, lost *Result) (*Result, error) {
	for {
		k.mu.Lock()
		result, opening, status, changed := k.result, k.opening, k.status, k.changed
		if result != nil && result != lost {
			result.calls.Add(1)
			k.mu.Unlock()
			return result, nil
		}
		k.mu.Unlock()
		switch {
		case result != nil: // the loss is about to be noticed
		case !opening && status.State != Waiting:
			return nil, &keptError{status}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// Family is the language of the device. It waits for a session that is being
// made; without one the error is that of [Keeper.Do].
func (k *Keeper) Family(ctx context.Context) (wattle.Family, error) {
	result, err := k.current(ctx)
	if err != nil {
		return "", err
	}
	defer result.calls.Done()
	return result.Route.Family, nil
}

// Route is by which way the device is reached now, and whether it is. Through
// the cloud its transport is [wattle.Cloud].
func (k *Keeper) Route() (r wattle.Route, online bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.result == nil {
		return wattle.Route{}, false
	}
	return k.result.Route, true
}

// keptError says that a device is not online now.
type keptError struct{ status Status }

func (e *keptError) Error() string {
	since := time.Since(e.status.Since).Round(time.Second)
	if e.status.Err == nil {
		return fmt.Sprintf("%s for %v", e.status.State, since)
	}
	return fmt.Sprintf("%s for %v: %v", e.status.State, since, e.status.Err)
}

func (e *keptError) Unwrap() error { return e.status.Err }

// watch finds out from the outcome of a call whether the device is lost.
func (k *Keeper) watch(ctx context.Context, result *Result, results []method.Result, err error) {
	if err == nil && len(results) > 0 && !slices.ContainsFunc(results, func(r method.Result) bool { return r.Err == nil }) {
		err = results[0].Err
	}
	k.mu.Lock()
	switch {
	case err == nil || k.result != result:
		k.misses = 0
		k.mu.Unlock()
		return
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		k.misses++
		if k.misses < missLimit {
			k.mu.Unlock()
			return
		}
		err = fmt.Errorf("%d calls without an answer: %w: %w", k.misses, wattle.ErrUnreachable, err)
	case ctx.Err() != nil, !endsSession(err):
		k.mu.Unlock()
		return
	}
	k.mu.Unlock()
	select {
	case k.loss <- loss{result, err}:
	default: // it is on its way
	}
}

// Lose ends the session because of what its caller has found out, such as that
// another device answers. The next attempt follows at once.
func (k *Keeper) Lose(err error) {
	k.mu.Lock()
	result := k.result
	k.mu.Unlock()
	if result == nil {
		return
	}
	select {
	case k.loss <- loss{result, err}:
	default: // it is on its way
	}
}

// endsSession reports whether an error is about the device as a whole.
func endsSession(err error) bool {
	for _, class := range []error{
		wattle.ErrUnreachable, wattle.ErrTransport, wattle.ErrAccess, wattle.ErrIdentity, wattle.ErrAuth,
		wattle.ErrLockout, wattle.ErrSession, wattle.ErrClosed,
	} {
		if errors.Is(err, class) {
			return true
		}
	}
	return false
}
