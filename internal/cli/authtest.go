package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"wattle"
	"wattle/connect"
	"wattle/internal/known"
	"wattle/session"
	"wattle/transport"
)

func newAuthTest(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "test DEVICE...",
		Short: "Say which account fits a device",
		Example: `wattle auth test Heater
wattle auth test 192.168.1.21 --json
wattle auth test all`,
		Long: `Devices that speak klap prove which account they hold before anything is sent to
them: e-mail spellings, set-up accounts and none at all are compared on this side,
at no cost. All others are asked once, with the stored account as it is, also where
they refused it before: one refused login is what a test can cost a device.

Nothing is tried again. The exit code is 3 when the account fits none of the devices.`,
		Args:              atLeast(1, "the name of a device"),
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.authTest(cmd.Context(), args)
		},
	}
}

// fit is what was found out about one device.
type fit struct {
	Device     string     `json:"device"`
	MAC        wattle.MAC `json:"mac,omitzero"`
	Address    string     `json:"address,omitempty"`
	Transport  string     `json:"transport,omitempty"`
	Fits       bool       `json:"fits"`
	Credential string     `json:"credential,omitempty"` // label; "none" where the device wants none
	Username   string     `json:"username,omitempty"`   // as the device spells it
	Spent      int        `json:"spent"`                // refused logins that the device has counted
	Error      string     `json:"error,omitempty"`
}

func (a *app) authTest(ctx context.Context, refs []string) error {
	ctx, cancel := a.limit(ctx)
	defer cancel()
	targets, err := a.resolve(ctx, refs)
	if err != nil {
		return err
	}
	targets = wholeDevices(targets)
	account, err := a.account(ctx)
	if err != nil {
		return err
	}
	fits := make([]fit, len(targets))
	errs := fan(ctx, len(targets), parallel, func(ctx context.Context, i int) error {
		var err error
		fits[i], err = a.testOne(ctx, &targets[i], account)
		return of(targets[i].name(), ended(ctx, err))
	}, nil)
	if book, err := a.book(); err == nil {
		if err := book.save(ctx); err != nil {
			a.warn(err)
		}
	}
	t := &table{head: []string{"device", "fits", "credential", "transport"}}
	for _, f := range fits {
		answer := cell{"no", style.red}
		if f.Fits {
			answer = cell{"yes", style.green}
		}
		t.add(plain(f.Device), answer, plain(f.describe()), plain(f.Transport))
	}
	if err := a.print(fits, t); err != nil {
		return err
	}
	return join(errs)
}

// wholeDevices takes each device once: children share the account of theirs.
func wholeDevices(targets []target) (whole []target) {
	seen := map[string]bool{}
	for _, t := range targets {
		if !seen[t.key()] {
			seen[t.key()] = true
			if t.child != "" {
				t.child, t.label = "", t.known.Name()
			}
			whole = append(whole, t)
		}
	}
	return whole
}

// testOne connects to a device anew, with one login at most.
func (a *app) testOne(ctx context.Context, t *target, account wattle.Credentials) (fit, error) {
	f := fit{Device: t.name(), MAC: t.known.MAC, Address: t.known.Address}
	book, err := a.book()
	if err != nil {
		return f, err
	}
	o := &connect.Options{Account: account, OneLogin: true, Logger: a.log, Session: &session.Options{Logger: a.log}}
	if o.TPAP, err = a.tpapOptions(); err != nil {
		return f, err
	}
	if o.Discover, err = a.sweepOptions(nil); err != nil {
		return f, err
	}
	o.Discover.Timeout = 0
	where := connect.Target{Name: t.name(), Host: t.known.Address, MAC: t.known.MAC, Owner: t.known.Owner, Prefer: t.known.Credential, Type: t.known.Type}
	if t.known.Route.Transport != "" {
		where.Routes = []wattle.Route{t.known.Route}
	}
	result, err := connect.Open(ctx, where, o)
	if err != nil {
		f.Error = err.Error()
		if refused, ok := errors.AsType[*transport.AuthError](err); ok {
			f.Transport = refused.Route.Name()
		}
		if e, ok := errors.AsType[*connect.Error](err); ok {
			f.Spent = e.Spent
			book.learn(known.Device{MAC: t.known.MAC, Refused: e.Refused})
		}
		return f, err
	}
	defer result.Session.Close()
	f.MAC, f.Address, f.Transport, f.Fits = result.MAC, result.Route.Host, result.Route.Name(), true
	f.Credential = result.Credential
	base, _, _ := strings.Cut(result.Credential, "+") // tpap names the form behind it
	switch candidate := candidateOf(account, base); {
	case f.Credential == "":
		f.Credential = "none"
	case base == transport.LabelMD5, base == transport.LabelSHA256:
		f.Username = account.Username
	case candidate != nil:
		f.Username = candidate.Credentials.Username
	}
	if !t.known.MAC.IsZero() {
		book.learn(known.Device{MAC: t.known.MAC, Address: f.Address, Route: result.Route, Credential: result.Credential})
	}
	return f, nil
}

func candidateOf(account wattle.Credentials, label string) *transport.Candidate {
	for _, c := range transport.Candidates(account) {
		if c.Label == label {
			return &c
		}
	}
	return nil
}

// describe says in words which credential it is.
func (f *fit) describe() string {
	switch base, _, _ := strings.Cut(f.Credential, "+"); base {
	case "":
		return "-"
	case "none":
		return "none is needed"
	case transport.LabelMAC:
		return "none: it has no password yet"
	case transport.LabelAccount, transport.LabelMD5, transport.LabelSHA256:
		return f.Username
	case transport.LabelLower, transport.LabelUpper, transport.LabelCapitalised:
		return fmt.Sprintf("%s, spelled like this", f.Username)
	case transport.LabelBlank:
		return "none: it belongs to no account"
	}
	return fmt.Sprintf("that of devices before they are set up (%s)", f.Username)
}
