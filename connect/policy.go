package connect

import (
	"context"
	"errors"
	"fmt"

	"wattle"
	"wattle/cloud"
)

// Policy says by which way a device is reached. Values are stored.
type Policy string

// The policies. With each, the cloud is used only where [Options.Cloud] is
// given.
const (
	// LocalOnly never uses the cloud.
	LocalOnly Policy = "local"
	// PreferLocal uses the cloud while the device is not reachable locally. It is
	// the default. Refused credentials are no reason, and a call that must not
	// happen twice is not repeated where it may have been carried out.
	PreferLocal Policy = "prefer-local"
	// CloudOnly never asks the network.
	CloudOnly Policy = "cloud"
)

// ParsePolicy reads a policy; "" is [PreferLocal]. The error wraps
// [wattle.ErrParam].
func ParsePolicy(s string) (Policy, error) {
	switch p := Policy(s); p {
	case "":
		return PreferLocal, nil
	case LocalOnly, PreferLocal, CloudOnly:
		return p, nil
	}
	return "", fmt.Errorf("%w: %q is no policy: want local, prefer-local or cloud", wattle.ErrParam, s)
}

// byPolicy opens the device by the way that the policy wants.
func (p *opener) byPolicy(ctx context.Context) (*Result, error) {
	policy, err := ParsePolicy(string(p.target.Policy))
	if err != nil {
		return nil, err
	}
	switch policy {
	case LocalOnly:
		return p.local(ctx)
	case CloudOnly:
		return p.remote(ctx)
	}
	if p.target.Host == "" && !p.target.MAC.IsZero() && p.options.Cloud.SignedIn() {
		// It was never met locally: no sweep before each command.
		if r, err := p.remote(ctx); err == nil {
			return r, nil
		}
	}
	result, err := p.local(ctx)
	if err == nil {
		if !p.kept { // a Keeper changes the way itself
			result.Caller = newFailover(result.Session, p.way)
		}
		return result, nil
	}
	if !errors.Is(err, wattle.ErrUnreachable) || ctx.Err() != nil || !p.options.Cloud.SignedIn() {
		return nil, err
	}
	result, remote := p.remote(ctx)
	if remote != nil {
		return nil, &bothError{err, remote}
	}
	return result, nil
}

// bothError is a device that is reached neither locally nor through the cloud.
type bothError struct{ local, remote error }

func (e *bothError) Error() string {
	return e.local.Error() + "; and not through the cloud: " + e.remote.Error()
}
func (e *bothError) Unwrap() error { return e.local }

// remote opens the device through the cloud.
func (p *opener) remote(ctx context.Context) (*Result, error) {
	way, err := p.way(ctx)
	if err != nil {
		return nil, err
	}
	info := way.Relay.Info()
	return &Result{Caller: way.Caller, Session: way.Session, Way: way, MAC: way.Entry.MAC, Route: info.Route}, nil
}

// way finds the device on the account, by its MAC or else its name.
func (p *opener) way(ctx context.Context) (*cloud.Way, error) {
	c := p.options.Cloud
	if c == nil {
		return nil, fmt.Errorf("%w: no account of the TP-Link cloud is signed in", wattle.ErrAuth)
	}
	var entry *cloud.Entry
	var err error
	if p.target.MAC.IsZero() {
		entry, err = c.FindName(ctx, p.target.Name)
	} else {
		entry, err = c.FindMAC(ctx, p.target.MAC)
	}
	if err != nil {
		return nil, err
	}
	return c.Open(entry, p.options.Session)
}

// Close ends what was opened; the client of the cloud stays open.
func (r *Result) Close() error {
	var errs []error
	if f, ok := r.Caller.(*failover); ok {
		errs = append(errs, f.close())
	}
	if r.Session != nil {
		errs = append(errs, r.Session.Close())
	}
	return errors.Join(errs...)
}
