package cloud

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"wattle"
	"wattle/internal/wire/cloudapi"
)

// LoginOptions say how to sign in; nil is both lines by service B.
type LoginOptions struct {
	Lines []Line // nil: all
	// Legacy signs in at service A, without a second factor. The token is good for
	// its relay, and for the things service where AppType is that of Tapo.
	Legacy bool
	// AppType is sent in place of the app's; service A takes any.
	AppType string
}

// Report is how a login went, line by line.
type Report struct{ Lines []LineReport }

// LineReport is how the login of one line went.
type LineReport struct {
	Line Line
	Err  error // nil: signed in
}

// Login signs in. One line that fails does not hide the other: the error is nil
// where one was signed in and none waits for a code, and the Report tells which.
// Errors: a [*CodeError] where TP-Link wants a code, a [*HoldError] while
// nothing may be sent, else of class [wattle.ErrAuth], [wattle.ErrLockout],
// [wattle.ErrUnreachable] and others. Credentials that were refused once are
// not sent again. See docs/protocol/cloud.md sections 4.1 to 4.5.
func (c *Client) Login(ctx context.Context, who wattle.Credentials, o *LoginOptions) (Report, error) {
	if o == nil {
		o = &LoginOptions{}
	}
	if who.Username == "" || who.Password.IsZero() {
		return Report{}, fmt.Errorf("%w: e-mail and password are needed to sign in", wattle.ErrParam)
	}
	if err := c.oneLogin(ctx); err != nil {
		return Report{}, err
	}
	defer func() { <-c.logins }()
	if err := c.mayTry(who); err != nil {
		return Report{}, err
	}
	lines := o.Lines
	if lines == nil {
		lines = Lines()
	}
	c.change(ctx, func(s *state) {
		if s.Username != who.Username {
			s.Lines = map[Line]*login{}
		}
		s.Username, s.Waiting = who.Username, nil
	})
	return c.loginLines(ctx, who, lines, *o)
}

// oneLogin waits until no other login is under way.
func (c *Client) oneLogin(ctx context.Context) error {
	select {
	case c.logins <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// mayTry refuses what has been refused before.
func (c *Client) mayTry(who wattle.Credentials) error {
	if c.opt.Off {
		return ErrOff
	}
	c.mu.Lock()
	before, locked := c.state.Refused, c.state.LockedUntil
	c.mu.Unlock()
	if time.Now().Before(locked) {
		return &HoldError{Until: locked, Reason: "the TP-Link account takes no login for a while", class: wattle.ErrLockout}
	}
	if before.is(who) {
		return refusedBefore()
	}
	return nil
}

func (c *Client) loginLines(ctx context.Context, who wattle.Credentials, lines []Line, o LoginOptions) (Report, error) {
	var report Report
	for i, line := range lines {
		err := c.loginLine(ctx, who, line, o)
		if waits, ok := errors.AsType[*CodeError](err); ok {
			c.park(ctx, who, waits, lines[i+1:])
			return report, err
		}
		report.Lines = append(report.Lines, LineReport{line, err})
		if stops(err) {
			break
		}
	}
	return report, report.err()
}

// stops reports whether the other line would fail in the same way, at a cost.
func stops(err error) bool {
	return err != nil && code(err) != wattle.CloudNoAccount && !errors.Is(err, wattle.ErrUnsupported)
}

// err is nil where a line was signed in, else the first failure.
func (r Report) err() error {
	if slices.ContainsFunc(r.Lines, func(l LineReport) bool { return l.Err == nil }) || len(r.Lines) == 0 {
		return nil
	}
	return r.Lines[0].Err
}

// loginLine signs in to one line.
func (c *Client) loginLine(ctx context.Context, who wattle.Credentials, line Line, o LoginOptions) error {
	appType := o.AppType
	if appType == "" {
		appType = c.app(line).Type
	}
	in := login{Service: cloudapi.V2, AppType: appType}
	var post func(base string) (*cloudapi.Answer, error)
	m := message{login: true, label: "login", secrets: []wattle.Secret{who.Password}}
	if o.Legacy {
		in.Service, in.Base = cloudapi.V1, c.opt.Entries.V1
		if o.AppType == "" && line == Kasa {
			in.AppType = "Kasa_Android"
		}
		post = func(base string) (*cloudapi.Answer, error) { return c.loginV1(ctx, who, in.AppType, base, m) }
	} else {
		in.Base = c.region(ctx, who.Username, line, appType)
		body := cloudapi.Login{
			AppType: appType, AppVersion: c.app(line).Version, Password: cloudapi.NewText(who.Password), Username: who.Username,
			Platform: c.app(line).Platform, RefreshTokenNeeded: true, TerminalUUID: c.TerminalUUID(),
			TerminalName: c.opt.TerminalName, TerminalMeta: c.opt.TerminalName,
		}
		post = func(base string) (*cloudapi.Answer, error) {
			return c.v2(ctx, line, base, cloudapi.PathLogin, wattle.Secret{}, body, m)
		}
	}
	answer, err := post(in.Base)
	if code(err) == wattle.CloudWrongRegion {
		var there cloudapi.Account
		if answer.Into(&there) != nil || there.AppServerURL == "" {
			return err
		}
		if in.Base, err = c.trust(there.AppServerURL); err != nil {
			return err
		}
		answer, err = post(in.Base)
	}
	return c.concluded(ctx, who, line, in, answer, err)
}

// loginV1 is the login of service A, which has one envelope for all hosts.
func (c *Client) loginV1(ctx context.Context, who wattle.Credentials, appType, base string, m message) (*cloudapi.Answer, error) {
	raw, err := cloudapi.NewRequest(cloudapi.MethodLogin, cloudapi.LoginV1{
		AppType: appType, Username: who.Username, Password: cloudapi.NewText(who.Password),
		TerminalUUID: c.TerminalUUID(), RefreshTokenNeeded: true,
	})
	if err != nil {
		return nil, err
	}
	m.base, m.body = base, raw
	m.header = []cloudapi.Field{{Name: "Content-Type", Value: "application/json"}}
	return c.send(ctx, &m)
}

// region asks where the account lives. Where that cannot be told, the login
// begins at the entry.
func (c *Client) region(ctx context.Context, username string, line Line, appType string) string {
	entry := c.entry(line)
	answer, err := c.v2(ctx, line, entry, cloudapi.PathAccountStatus, wattle.Secret{},
		cloudapi.AccountName{AppType: appType, Username: username}, message{label: "getAccountStatusAndUrl"})
	var status cloudapi.AccountStatus
	if err != nil || answer.Into(&status) != nil || status.AppServerURL == "" {
		return entry
	}
	base, err := c.trust(status.AppServerURL)
	if err != nil {
		c.log.Warn("the region of the account is not followed", "line", string(line), "err", err)
		return entry
	}
	return base
}

// concluded draws the conclusions of a login's answer: tokens that are stored, a
// code that is needed, credentials that are not to be sent again.
func (c *Client) concluded(ctx context.Context, who wattle.Credentials, line Line, in login, answer *cloudapi.Answer, err error) error {
	switch code(err) {
	case wattle.CloudCodeNeeded:
		return c.codeNeeded(line, in, answer)
	case wattle.CloudWrongPassword:
		if who.Password.IsZero() { // it is the code's login
			return err
		}
		c.change(ctx, func(s *state) { s.Refused = refuse(who) })
		return err
	case wattle.CloudLocked, wattle.CloudUnknownLogin:
		until := time.Now().Add(lockedTime)
		c.change(ctx, func(s *state) { s.LockedUntil = until })
		return fmt.Errorf("%w (no login is sent before %s)", err, until.Local().Format("15:04"))
	}
	if err != nil {
		return err
	}
	var got cloudapi.Account
	if err := answer.Into(&got); err != nil {
		return err
	}
	if got.Token.IsZero() {
		return fmt.Errorf("%w: no token in the answer to the login", wattle.ErrProtocol)
	}
	if got.AppServerURL != "" {
		if base, err := c.trust(got.AppServerURL); err == nil {
			in.Base = base
		} else {
			c.log.Warn("the region of the account is not followed", "line", string(line), "err", err)
		}
	}
	in.Token, in.RefreshToken, in.SavedAt = got.Token, got.RefreshToken, time.Now()
	c.change(ctx, func(s *state) {
		s.Lines[line] = &in
		s.Refused, s.Waiting, s.LockedUntil = nil, nil, time.Time{}
	})
	c.forgetList()
	return nil
}

// Logout ends the tokens at the service, as far as it answers, and forgets them.
// The identity of this install stays. The error is that of the service.
func (c *Client) Logout(ctx context.Context) error {
	var errs []error
	c.mu.Lock()
	username := c.state.Username
	c.mu.Unlock()
	for _, line := range Lines() {
		in := c.at(line)
		if in.Token.IsZero() || in.Service != cloudapi.V2 {
			continue
		}
		_, err := c.v2(ctx, line, in.Base, cloudapi.PathLogout, in.Token.Secret, cloudapi.UserOnly{Username: username}, message{label: "logout"})
		if err != nil && !isExpired(err) {
			errs = append(errs, fmt.Errorf("%s: %w", line, err))
		}
	}
	c.change(ctx, func(s *state) {
		*s = state{
			Version: s.Version, Terminal: s.Terminal, Lines: map[Line]*login{},
			Hold: s.Hold, Limits: s.Limits, LockedUntil: s.LockedUntil, Refused: s.Refused,
		}
	})
	c.mu.Lock()
	c.password = wattle.Secret{}
	c.mu.Unlock()
	c.forgetList()
	return errors.Join(errs...)
}
