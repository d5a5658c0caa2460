package transport

import (
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"wattle"
)

// The labels of [Candidates].
const (
	LabelAccount     = "account"
	LabelLower       = "account-lower"
	LabelUpper       = "account-upper"
	LabelCapitalised = "account-capitalised"
	LabelSetupKasa   = "setup-kasa"
	LabelSetupTapo   = "setup-tapo"
	LabelBlank       = "blank"
)

// Candidate is an account that a device may hold. Label tells which it is
// without showing it; it is stored as what worked ([Options.Prefer]).
type Candidate struct {
	Label       string
	Credentials wattle.Credentials
}

// Candidates lists what a device may hold when its owner typed account: the
// e-mail as typed and in other cases (devices hash it as it was typed when
// they were set up, people do not remember how), the accounts that devices
// have before they are set up and at times fall back to, and none at all. With
// KLAP all of them are compared offline, at the cost of no attempt. Spellings
// that are the same come once. See docs/protocol/transports.md sections 0.1
// and 2.1.
func Candidates(account wattle.Credentials) []Candidate {
	var list []Candidate
	if !account.IsZero() {
		lower := strings.ToLower(account.Username)
		for _, c := range []struct{ label, username string }{
			{LabelAccount, account.Username},
			{LabelLower, lower},
			{LabelUpper, strings.ToUpper(account.Username)},
			{LabelCapitalised, capitalised(lower)},
		} {
			known := false
			for _, other := range list {
				known = known || other.Credentials.Username == c.username
			}
			if !known {
				list = append(list, Candidate{c.label, wattle.Credentials{Username: c.username, Password: account.Password}})
			}
		}
	}
	return append(list,
		Candidate{LabelSetupKasa, wattle.SetupKasa()},
		Candidate{LabelSetupTapo, wattle.SetupTapo()},
		Candidate{LabelBlank, wattle.Credentials{}})
}

// capitalised makes the first letter a capital, as phones do while one types.
func capitalised(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToUpper(first)) + s[size:]
}

// AuthError means that the device holds none of the accounts that were tried.
// errors.Is(err, wattle.ErrAuth) holds. Trying again with the same account is
// of no use and can lock a device.
type AuthError struct {
	Route wattle.Route
	Tried []string // labels, see [Candidates]
	Code  int      // what the device answered: an error_code or HTTP status; 0 where its proof fits nothing
	// Left is how many logins may still be refused before the device locks
	// itself, where it tells (TPAP); 0 where it does not.
	Left int
}

// Proven reports whether the device refused after it had proved, at handshake1,
// that it holds the account: then neither e-mail nor password is wrong, and it
// takes no login now. See docs/protocol/transports.md section 2.1.
func (e *AuthError) Proven() bool {
	return e.Route.Transport == wattle.KLAP && e.Code == http.StatusForbidden
}

// Error names what was tried, by label.
func (e *AuthError) Error() string {
	tried, left := strings.Join(e.Tried, ", "), ""
	switch {
	case e.Left == 1:
		left = "; it locks itself after one more"
	case e.Left > 1:
		left = fmt.Sprintf("; it locks itself after %d more", e.Left)
	}
	if len(e.Tried) == 0 {
		return fmt.Sprintf("%v: the device wants a password, and none was given", wattle.ErrAuth)
	}
	if e.Code != 0 {
		return fmt.Sprintf("%v: the device answered %d to the accounts tried (%s)%s", wattle.ErrAuth, e.Code, tried, left)
	}
	return fmt.Sprintf("%v: the device holds none of the accounts tried (%s)", wattle.ErrAuth, tried)
}

// Is reports whether target is [wattle.ErrAuth].
func (e *AuthError) Is(target error) bool { return target == wattle.ErrAuth }
