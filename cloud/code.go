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

// CodeWay is how a code reaches the user.
type CodeWay = cloudapi.MFAType

// The ways.
const (
	ByApp   = cloudapi.MFAPush // a message to a Tapo app that is bound already
	ByEmail = cloudapi.MFAEmail
)

// codeTime is how long a login waits for its code; what TP-Link allows is not
// known.
const codeTime = 10 * time.Minute

// waiting is a login that waits for a code. It may lie on disk: no password.
type waiting struct {
	Line    Line          `json:"line"`
	Login   login         `json:"login"` // without tokens
	Process cloudapi.Text `json:"process,omitzero"`
	Ways    []CodeWay     `json:"ways,omitempty"`
	Way     CodeWay       `json:"way,omitempty"` // by which it was asked for
	Email   string        `json:"email,omitempty"`
	Expires time.Time     `json:"expires"`
	Others  []Line        `json:"others,omitempty"` // that follow
}

// CodeError: TP-Link wants a verification code before it lets this install in.
// Have it sent with [Client.SendCode], and give it to [Client.Verify]. It is of
// class [wattle.ErrAuth]. See docs/protocol/cloud.md section 4.5.
type CodeError struct {
	Line  Line
	Ways  []CodeWay // by which the code can be sent; empty where it was sent already
	Email string    // where it goes, masked by the service; often ""
	wait  waiting
}

// Error says what is needed.
func (e *CodeError) Error() string {
	return fmt.Sprintf("the %s cloud wants a verification code before it lets this install in", e.Line)
}

// Is reports whether target is the class.
func (*CodeError) Is(target error) bool { return target == wattle.ErrAuth }

// Hint says what a person can do.
func (*CodeError) Hint() string {
	return `run "wattle cloud login" in a terminal and enter the code that TP-Link sends`
}

// codeNeeded reads a login that wants a code.
func (c *Client) codeNeeded(line Line, in login, answer *cloudapi.Answer) error {
	var got cloudapi.Account
	if err := answer.Into(&got); err != nil {
		return err
	}
	if got.AppServerURL != "" {
		if base, err := c.trust(got.AppServerURL); err == nil {
			in.Base = base
		}
	}
	w := waiting{
		Line: line, Login: in, Process: got.MFAProcessID, Ways: got.SupportedMFATypes, Email: got.MFAEmail,
		Expires: time.Now().Add(codeTime),
	}
	w.Ways = slices.DeleteFunc(w.Ways, func(way CodeWay) bool { return way != ByApp && way != ByEmail })
	if !w.Process.IsZero() && len(w.Ways) == 0 {
		w.Ways = []CodeWay{ByEmail}
	}
	return &CodeError{Line: line, Ways: w.Ways, Email: got.MFAEmail, wait: w}
}

// park keeps a login that waits for a code. The password stays in memory.
func (c *Client) park(ctx context.Context, who wattle.Credentials, e *CodeError, others []Line) {
	e.wait.Others = slices.Clone(others)
	c.mu.Lock()
	c.password = who.Password
	c.mu.Unlock()
	c.change(ctx, func(s *state) { w := e.wait; s.Waiting = &w })
}

// parked is the login that waits, and the credentials for it: those in memory,
// or else those given.
func (c *Client) parked(who wattle.Credentials) (waiting, wattle.Credentials, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.state.Waiting
	if w == nil || !time.Now().Before(w.Expires) {
		return waiting{}, who, &classed{"no login waits for a code, or it has waited too long", ErrSignedOut, wattle.ErrAuth, `run "wattle cloud login"`}
	}
	if who.Username == "" {
		who.Username = c.state.Username
	}
	if who.Password.IsZero() && who.Username == c.state.Username {
		who.Password = c.password
	}
	return *w, who, nil
}

// SendCode has the code sent. e-mail is the better way: the app gets no message
// for an install that was never bound. who may be zero in the process of the
// login, and has to be given in a later one, since the password is not stored.
func (c *Client) SendCode(ctx context.Context, way CodeWay, who wattle.Credentials) error {
	w, who, err := c.parked(who)
	switch {
	case err != nil:
		return err
	case len(w.Ways) == 0:
		return nil // it was sent by itself
	case !slices.Contains(w.Ways, way):
		return fmt.Errorf("%w: the service offers no code by %s", wattle.ErrParam, way)
	case who.Password.IsZero():
		return fmt.Errorf("%w: the password is needed to have a code sent", wattle.ErrParam)
	}
	path, label := cloudapi.PathEmailCode, "getEmailVC4TerminalMFA"
	if way == ByApp {
		path, label = cloudapi.PathPushCode, "getPushVC4TerminalMFA"
	}
	body := cloudapi.SendCode{
		AppType: w.Login.AppType, Password: cloudapi.NewText(who.Password), Username: who.Username, TerminalUUID: c.TerminalUUID(),
	}
	_, err = c.v2(ctx, w.Line, w.Login.Base, path, wattle.Secret{}, body, message{label: label, secrets: []wattle.Secret{who.Password}})
	if err != nil {
		return err
	}
	c.change(ctx, func(s *state) {
		if s.Waiting != nil {
			s.Waiting.Way = way
		}
	})
	return nil
}

// Verify ends a login with the code that the user got, and goes on with the
// other line where the password is known (see [Client.SendCode] for who).
// Errors as of [Client.Login]; another [*CodeError] may follow for the other
// line.
func (c *Client) Verify(ctx context.Context, secret wattle.Secret, who wattle.Credentials) (Report, error) {
	if secret.IsZero() {
		return Report{}, fmt.Errorf("%w: no code", wattle.ErrParam)
	}
	if err := c.oneLogin(ctx); err != nil {
		return Report{}, err
	}
	defer func() { <-c.logins }()
	w, who, err := c.parked(who)
	if err != nil {
		return Report{}, err
	}
	body := cloudapi.CheckCode{AppType: w.Login.AppType, Username: who.Username, Code: cloudapi.NewText(secret)}
	if !w.Process.IsZero() {
		body.ProcessID, body.Type, body.BindTerminal = w.Process, ByEmail, true
		if w.Way != 0 {
			body.Type = w.Way
		}
	} else {
		if who.Password.IsZero() {
			return Report{}, fmt.Errorf("%w: the password is needed together with this code", wattle.ErrParam)
		}
		body.Password, body.TerminalUUID = cloudapi.NewText(who.Password), c.TerminalUUID()
	}
	answer, err := c.v2(ctx, w.Line, w.Login.Base, cloudapi.PathCheckCode, wattle.Secret{}, body,
		message{label: "checkMFACodeAndLogin", login: true, secrets: []wattle.Secret{secret, who.Password}})
	if code(err) == wattle.CloudCodeNeeded {
		return Report{}, &classed{"the code is wrong or too old", nil, wattle.ErrAuth, "enter the newest code that TP-Link has sent, or sign in again"}
	}
	if err := c.concluded(ctx, who, w.Line, w.Login, answer, err); err != nil {
		return Report{}, err
	}
	report := Report{Lines: []LineReport{{Line: w.Line}}}
	if who.Password.IsZero() || len(w.Others) == 0 {
		c.forgetPassword()
		return report, nil
	}
	rest, err := c.loginLines(ctx, who, w.Others, LoginOptions{})
	if _, waits := errors.AsType[*CodeError](err); !waits {
		c.forgetPassword()
		err = nil // one line is signed in; the report has the rest
	}
	report.Lines = append(report.Lines, rest.Lines...)
	return report, err
}

func (c *Client) forgetPassword() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.password = wattle.Secret{}
}
