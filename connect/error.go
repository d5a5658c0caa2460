package connect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"wattle"
	"wattle/discover"
	"wattle/transport"
)

// Owner tells what discovery's owner says of the e-mail.
type Owner int

// The values of [Owner].
const (
	OwnerUnknown Owner = iota // the device does not tell
	OwnerNone                 // it belongs to no account
	OwnerMatches              // it belongs to the e-mail as it was typed: proof
	OwnerDiffers              // it proves nothing
)

// Error says why a device could not be opened: one sentence that names cause
// and remedy. It is of one class of package wattle; errors.As finds the error
// of the attempt that decided.
type Error struct {
	Name     string          // what the user calls the device
	Attempts []Attempt       // in the order in which they were made
	Owner    Owner           // where credentials were refused
	Found    *discover.Found // what discovery told, nil if nothing
	// Spent is how many logins the device has refused and counted just now.
	Spent int
	// Refused is to be remembered for [Target.Refused]: the device refused the
	// credentials and counts refusals. "" where it did not, or does not.
	Refused string

	class    error
	decisive error
	text     string
}

// Error is the sentence.
func (e *Error) Error() string { return e.text }

// Is reports whether target is the class of the error.
func (e *Error) Is(target error) bool { return target == e.class }

// As finds the error of the attempt that decided.
func (e *Error) As(target any) bool { return e.decisive != nil && errors.As(e.decisive, target) }

// fail puts the attempts into one sentence. What can be cured comes first.
func (p *opener) fail(ctx context.Context) error {
	e := &Error{Name: p.target.Name, Attempts: p.attempts, Found: p.found}
	switch {
	case p.decided(e, wattle.ErrLockout):
		e.text = fmt.Sprintf("%s takes no login for a while, after too many wrong ones: wait half an hour and check the password before you try again", e.Name)
	case p.decided(e, wattle.ErrAuth):
		p.explainAuth(ctx, e)
		e.Spent = p.logins
		if p.spent {
			e.Refused = Refusal(p.options.Account, p.target.MAC)
		}
	case len(p.withheld) > 0:
		e.class, e.Refused = wattle.ErrAuth, p.target.Refused
		e.text = fmt.Sprintf("%s has refused this e-mail and password before, and they are not sent again, so that it does not lock itself: correct them first", e.Name)
	case p.stranger != nil:
		e.class = wattle.ErrIdentity
		e.text = fmt.Sprintf("at %s there is another device now (%s, MAC %s), and %s (MAC %s) was not found on this network: is it plugged in?",
			p.target.Host, p.stranger.model, p.stranger.mac, e.Name, p.target.MAC)
	case p.blocked(e):
		e.class = wattle.ErrAccess
		e.text = fmt.Sprintf("%s refuses third-party programs: in the Tapo or Kasa app open Me > Third-Party Services, switch Third-Party Compatibility off and on again, "+
			"with the phone in the same network as the device, and retry", e.Name)
	case p.found != nil && len(p.found.Routes) == 0:
		e.class = wattle.ErrUnsupported
		e.text = fmt.Sprintf("%s cannot be controlled: %s", e.Name, p.found.Reason)
	case p.unsupported(e):
	case len(p.attempts) == 0, errors.Is(p.telling(), wattle.ErrUnreachable) && p.decided(e, wattle.ErrUnreachable):
		e.class = wattle.ErrUnreachable
		e.text = p.unreachable(e)
	default:
		e.decisive = p.telling()
		e.class = classOf(e.decisive)
		e.text = fmt.Sprintf("%s answers in no way that is known: %v", e.Name, e.decisive)
	}
	return e
}

// telling is the error of the first attempt that got an answer.
func (p *opener) telling() error {
	for _, a := range p.attempts {
		if !errors.Is(a.Err, wattle.ErrUnreachable) && !errors.Is(a.Err, wattle.ErrUnsupported) {
			return a.Err
		}
	}
	return p.attempts[0].Err
}

// decided finds the first attempt that failed with class.
func (p *opener) decided(e *Error, class error) bool {
	for _, a := range p.attempts {
		if errors.Is(a.Err, class) {
			e.class, e.decisive = class, a.Err
			return true
		}
	}
	return false
}

// codeNoTransport is what AES devices answer when local access is off, or when
// their firmware has moved on to another transport.
const codeNoTransport = 1003

// blocked reports whether the switch in the app is the cause: KLAP says so
// with 403, AES with 1003 on a device that nothing else can be spoken to.
func (p *opener) blocked(e *Error) bool {
	if p.decided(e, wattle.ErrAccess) {
		return true
	}
	for _, a := range p.attempts {
		var code *wattle.DeviceError
		if errors.As(a.Err, &code) && code.Code == codeNoTransport {
			e.decisive = a.Err
			return true
		}
	}
	return false
}

// announces reports whether the device said by discovery that it speaks t.
func (p *opener) announces(t wattle.Transport) bool {
	return p.found != nil && slices.ContainsFunc(p.found.Routes, func(r wattle.Route) bool { return r.Transport == t })
}

// unsupported is for devices of which only transports are known that this
// version does not have.
func (p *opener) unsupported(e *Error) bool {
	var names []string
	told, answered := false, false
	for _, a := range p.attempts {
		if !errors.Is(a.Err, wattle.ErrUnsupported) {
			answered = answered || !errors.Is(a.Err, wattle.ErrUnreachable)
			continue
		}
		if name := string(a.Route.Transport); !slices.Contains(names, name) {
			names = append(names, name)
		}
		told = told || p.announces(a.Route.Transport) || slices.Contains(p.target.Routes, a.Route)
		e.decisive = a.Err
	}
	switch {
	case told:
		e.text = fmt.Sprintf("%s wants %s, which this version of wattle cannot speak yet", e.Name, strings.Join(names, " or "))
	case len(names) > 0 && !answered: // guesses from open ports
		e.text = fmt.Sprintf("%s does not answer discovery, and its open ports fit only what this version of wattle cannot speak yet (%s)", e.Name, strings.Join(names, ", "))
	default:
		e.decisive = nil
		return false
	}
	e.class = wattle.ErrUnsupported
	return true
}

func (p *opener) unreachable(e *Error) string {
	where := ""
	if p.target.Host != "" && p.target.Host != e.Name {
		where = " at " + p.target.Host
	}
	text := fmt.Sprintf("%s does not answer%s", e.Name, where)
	switch {
	case p.found != nil && errors.Is(e.decisive, syscall.ECONNREFUSED):
		return text + ": it is on the network and refuses connections; firmware of 2025 and later starts them up to nine minutes after it got power, so try again then"
	case p.found != nil:
		return text + " in time, though it is on the network: it may be busy with another program; try again"
	case !p.target.MAC.IsZero() && !p.target.Only:
		return text + " and was not found on this network: is it plugged in and on the same network as this computer?"
	case errors.Is(e.decisive, syscall.ECONNREFUSED) && !p.target.Only:
		return text + ": something there refuses connections, and discovery on UDP 20002 and 9999 gets no answer; " +
			"let it through the firewall, which also wakes devices that start late after a power cut"
	default:
		return text + ": is it plugged in, and is the address right?"
	}
}

// explainAuth tells what is wrong with the credentials, as far as it is known.
func (p *opener) explainAuth(ctx context.Context, e *Error) {
	email := p.options.Account.Username
	owner := p.owner(ctx)
	e.Found = p.found
	switch {
	case discover.OwnerMatches(owner, email):
		e.Owner = OwnerMatches
	case strings.Trim(owner, "0") != "":
		e.Owner = OwnerDiffers
	case p.found != nil && p.found.Answer != nil:
		e.Owner = OwnerNone
	}
	matter := p.found != nil && p.found.OnboardedBy != "" && p.found.OnboardedBy != "tplink"
	switch {
	case provenTo(e.decisive):
		e.text = fmt.Sprintf("%s holds this account and takes no login now: another program may use it, or it is locked after too many wrong ones; "+
			"close what else uses it, wait half an hour and try again", e.Name)
	case p.options.Account.IsZero():
		e.text = fmt.Sprintf("%s needs the e-mail and password of the TP-Link account that set it up, and none are given", e.Name)
	case e.Owner == OwnerMatches:
		e.text = fmt.Sprintf("wrong password for %s: the e-mail matches the owner, so it is the password", e.Name)
	case e.Owner == OwnerDiffers && otherSpelling(owner, email) != "":
		e.text = fmt.Sprintf("e-mail or password does not fit %s: its owner spells the e-mail %s, and the case counts", e.Name, otherSpelling(owner, email))
	case e.Owner == OwnerNone && matter:
		e.text = fmt.Sprintf("e-mail or password does not fit %s: it was set up over %s and belongs to no TP-Link account; add it in the Tapo app, then it takes yours",
			e.Name, p.found.OnboardedBy)
	default:
		e.text = fmt.Sprintf("e-mail or password does not fit %s (the e-mail's case counts)", e.Name)
	}
}

// provenTo reports whether err is the refusal of an account that the device holds.
func provenTo(err error) bool {
	refusal, ok := errors.AsType[*transport.AuthError](err)
	return ok && refusal.Proven()
}

// otherSpelling is the spelling of the e-mail that the owner proves, "" if
// none does.
func otherSpelling(owner, email string) string {
	for _, c := range transport.Candidates(wattle.Credentials{Username: email}) {
		if strings.HasPrefix(c.Label, transport.LabelAccount) && discover.OwnerMatches(owner, c.Credentials.Username) {
			return c.Credentials.Username
		}
	}
	return ""
}

// classOf finds the class of an error of a transport.
func classOf(err error) error {
	for _, class := range []error{
		wattle.ErrTransport, wattle.ErrSession, wattle.ErrBusy, wattle.ErrProtocol, wattle.ErrUnsupported,
		wattle.ErrParam, wattle.ErrRefused, wattle.ErrIdentity, wattle.ErrClosed,
	} {
		if errors.Is(err, class) {
			return class
		}
	}
	return wattle.ErrProtocol
}
