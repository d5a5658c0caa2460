package cloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"wattle"
	"wattle/internal/wire/cloudapi"
)

const (
	renewAfter   = 24 * time.Hour // a token is renewed daily where that is possible
	renewAgain   = time.Hour      // after a renewal that failed
	automaticMax = 4              // logins without the user a day
)

// flight is a renewal that is under way.
type flight struct {
	done chan struct{}
	err  error
}

// authorized makes a call with the token of a line. Where the token turns out to
// be over it is renewed and the call made once more: such a call was not
// carried out.
func (c *Client) authorized(ctx context.Context, line Line, call func(token wattle.Secret) (*cloudapi.Answer, error)) (*cloudapi.Answer, error) {
	token, err := c.token(ctx, line)
	if err != nil {
		return nil, err
	}
	answer, err := call(token)
	if !isExpired(err) {
		return answer, err
	}
	if err := c.renew(ctx, line, token); err != nil {
		return nil, err
	}
	if token, err = c.token(ctx, line); err != nil {
		return nil, err
	}
	answer, err = call(token)
	if isExpired(err) {
		return nil, &classed{
			fmt.Sprintf("the %s cloud refuses a token that it has just given: %v", line, err), nil, wattle.ErrAuth,
			"another program may sign in to the same account all the time; stop it and sign in again",
		}
	}
	return answer, err
}

// isExpired reports whether an error says that a token is void.
func isExpired(err error) bool {
	refusal, ok := errors.AsType[*wattle.CloudError](err)
	if !ok {
		return false
	}
	switch refusal.Code {
	case wattle.CloudTokenExpired, wattle.CloudLocked: // a login elsewhere may have voided it
		return true
	case 0:
		return refusal.Status == http.StatusUnauthorized
	}
	return false
}

// token is the present token of a line, renewed when it is a day old.
func (c *Client) token(ctx context.Context, line Line) (wattle.Secret, error) {
	in := c.at(line)
	if in.Token.IsZero() {
		if c.opt.Account == nil {
			return wattle.Secret{}, signedOut(line, "")
		}
		if err := c.renew(ctx, line, wattle.Secret{}); err != nil {
			return wattle.Secret{}, err
		}
		in = c.at(line)
	}
	if !in.RefreshToken.IsZero() && time.Since(in.SavedAt) > renewAfter {
		if err := c.renew(ctx, line, in.Token.Secret); err != nil {
			if ctx.Err() != nil || errors.Is(err, ErrSignedOut) {
				return wattle.Secret{}, err
			}
			c.log.Debug("the token was not renewed in advance", "line", string(line), "err", err)
			c.change(ctx, func(s *state) {
				if l := s.Lines[line]; l != nil {
					l.SavedAt = time.Now().Add(renewAgain - renewAfter)
				}
			})
		}
		in = c.at(line)
	}
	return in.Token.Secret, nil
}

// renew replaces a token that is void. All who ask at the same time share one
// renewal, which goes on when the first of them gives up.
func (c *Client) renew(ctx context.Context, line Line, void wattle.Secret) error {
	c.mu.Lock()
	if in := c.state.Lines[line]; in != nil && !in.Token.IsZero() && in.Token.Secret != void {
		c.mu.Unlock()
		return nil // somebody did it in the meantime
	}
	f := c.flights[line]
	if f == nil {
		f = &flight{done: make(chan struct{})}
		c.flights[line] = f
		go func() {
			limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*callTimeout)
			defer cancel()
			f.err = c.renewNow(limit, line)
			c.mu.Lock()
			delete(c.flights, line)
			c.mu.Unlock()
			close(f.done)
		}()
	}
	c.mu.Unlock()
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (c *Client) renewNow(ctx context.Context, line Line) error {
	in := c.at(line)
	if in.RefreshToken.IsZero() {
		c.drop(ctx, line)
		return c.again(ctx, line, "the login has expired")
	}
	body := cloudapi.Refresh{AppType: in.AppType, RefreshToken: in.RefreshToken, TerminalUUID: c.TerminalUUID()}
	m := message{secrets: []wattle.Secret{in.RefreshToken.Secret}, label: "refreshToken"}
	var answer *cloudapi.Answer
	var err error
	if in.Service == cloudapi.V1 {
		answer, err = c.v1(ctx, line, in.Base, cloudapi.MethodRefresh, wattle.Secret{}, map[string]any{
			"appType": body.AppType, "refreshToken": body.RefreshToken, "terminalUUID": body.TerminalUUID,
		}, m)
	} else {
		answer, err = c.v2(ctx, line, in.Base, cloudapi.PathRefresh, wattle.Secret{}, body, m)
	}
	if err != nil {
		if _, refused := errors.AsType[*wattle.CloudError](err); refused && !errors.Is(err, wattle.ErrUnreachable) {
			c.drop(ctx, line)
			return c.again(ctx, line, err.Error())
		}
		return err
	}
	var got cloudapi.Account
	if err := answer.Into(&got); err != nil {
		return err
	}
	if got.Token.IsZero() {
		return fmt.Errorf("%w: no token in the answer to a renewal", wattle.ErrProtocol)
	}
	c.change(ctx, func(s *state) {
		l := s.Lines[line]
		if l == nil { // signed out in the meantime
			return
		}
		l.Token, l.SavedAt = got.Token, time.Now()
		if !got.RefreshToken.IsZero() {
			l.RefreshToken = got.RefreshToken
		}
	})
	return nil
}

// drop forgets the tokens of a line.
func (c *Client) drop(ctx context.Context, line Line) {
	c.change(ctx, func(s *state) { delete(s.Lines, line) })
}

// again signs in without the user, where that is allowed.
func (c *Client) again(ctx context.Context, line Line, why string) error {
	if c.opt.Account == nil {
		return signedOut(line, why)
	}
	allowed := false
	c.change(ctx, func(s *state) {
		var recent []time.Time
		for _, t := range s.Automatic {
			if time.Since(t) < renewAfter {
				recent = append(recent, t)
			}
		}
		if allowed = len(recent) < automaticMax; allowed {
			recent = append(recent, time.Now())
		}
		s.Automatic = recent
	})
	if !allowed {
		return signedOut(line, fmt.Sprintf("%s, and %d logins a day without you are the limit", why, automaticMax))
	}
	who, err := c.opt.Account(ctx)
	if err != nil {
		return err
	}
	_, err = c.Login(ctx, who, &LoginOptions{Lines: []Line{line}})
	return err
}
