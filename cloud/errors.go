package cloud

import (
	"errors"
	"fmt"
	"time"

	"wattle"
)

var (
	// ErrOff: cloud traffic is switched off in the settings.
	ErrOff = errors.New("the cloud is switched off in the settings")
	// ErrSignedOut: there is no login, or it has run out and the password is
	// needed. It comes with [wattle.ErrAuth].
	ErrSignedOut = errors.New("not signed in to the TP-Link cloud")
)

// classed is an error of ours with its class.
type classed struct {
	text  string
	own   error // to test for, may be nil
	class error
	hint  string
}

func (e *classed) Error() string { return e.text }

// Is reports whether target is the error or its class.
func (e *classed) Is(target error) bool {
	return target == e.class || e.own != nil && target == e.own
}

// Hint says what a person can do.
func (e *classed) Hint() string { return e.hint }

func signedOut(line Line, why string) error {
	text := fmt.Sprintf("not signed in to the %s cloud", line)
	if why != "" {
		text += ": " + why
	}
	return &classed{text, ErrSignedOut, wattle.ErrAuth, `run "wattle cloud login"`}
}

// HoldError: nothing is sent before Until, since the service wants to be left
// alone: a rate limit, a block, an account that is locked, a service that does
// not work. It is of the class of its cause.
type HoldError struct {
	Until  time.Time
	Reason string
	class  error
}

// Error says why and until when.
func (e *HoldError) Error() string {
	return fmt.Sprintf("%s: nothing is sent until %s", e.Reason, e.Until.Local().Format("15:04:05 on 2 January"))
}

// Is reports whether target is the class.
func (e *HoldError) Is(target error) bool { return target == e.class }

// Hint says what a person can do.
func (e *HoldError) Hint() string {
	return "wait until then; trying more often makes it last longer. Devices at home can be reached without the cloud"
}

// refusedBefore: the same credentials were refused, and are not sent again.
func refusedBefore() error {
	return &classed{
		"the TP-Link cloud has refused this e-mail and password before; they are not sent again, since wrong ones lock the account",
		nil, wattle.ErrAuth, "check both in the app; a changed password is tried at once",
	}
}

// scrub takes secrets out of a text that a service sent.
func scrub(text string, secrets []wattle.Secret) string {
	for _, s := range secrets {
		text = replaceSecret(text, s)
	}
	return text
}
