// Package token is the login of older vacuums, in both directions: an account
// in exchange for a token, which then goes in the URL of requests in clear.
// What hides all of it is TLS alone.
//
// See docs/protocol/transports.md section 4.
package token

import (
	"crypto/md5"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"wattle"
)

// Path is where everything is posted to.
const Path = "/app"

// Method is the method of a login. What comes with a token is any other.
const Method = "login"

// Login is what proves an account, as it goes over the wire. It is worth as
// much as the password and does not print.
type Login struct {
	password string // upper-case hexadecimal MD5
	username string // the e-mail as it is
}

// NewLogin makes the parameters of a login.
func NewLogin(account wattle.Credentials) Login {
	sum := md5.Sum([]byte(account.Password.Reveal()))
	return Login{password: strings.ToUpper(hex.EncodeToString(sum[:])), username: account.Username}
}

// Proves reports whether l, which a client sent, is the login want. It
// compares in constant time.
func (l Login) Proves(want Login) bool {
	same := subtle.ConstantTimeCompare([]byte(l.username), []byte(want.username))
	same &= subtle.ConstantTimeCompare([]byte(l.password), []byte(want.password))
	return same == 1
}

// String hides what is in it.
func (Login) String() string { return "[secret]" }

// GoString hides what is in it.
func (Login) GoString() string { return "[secret]" }

// AppendLogin appends the body of a login.
func AppendLogin(dst []byte, login Login) []byte {
	dst = append(dst, `{"method":"`+Method+`","params":{"password":`...)
	dst = append(appendString(dst, login.password), `,"username":`...)
	return append(appendString(dst, login.username), "}}"...)
}

// ParseLogin reads the body of a login. ok is false for any other request.
func ParseLogin(body []byte) (login Login, ok bool) {
	var request struct {
		Method string `json:"method"`
		Params struct {
			Password string `json:"password"`
			Username string `json:"username"`
		} `json:"params"`
	}
	if json.Unmarshal(body, &request) != nil || request.Method != Method {
		return Login{}, false
	}
	return Login{password: request.Params.Password, username: request.Params.Username}, true
}

// AppendLoginAnswer appends the answer to a login that was accepted.
func AppendLoginAnswer(dst []byte, token string) []byte {
	dst = append(dst, `{"error_code":0,"result":{"token":`...)
	return append(appendString(dst, token), "}}"...)
}

// ParseLoginAnswer reads the answer to a login: the token, or the code of the
// refusal. What is not JSON with an error_code is a [wattle.ErrTransport]: the
// login is the first thing that is said, and whoever answers it so speaks
// something else. A token that is missing or cannot go into a URL as it is, is
// a [wattle.ErrProtocol].
func ParseLoginAnswer(body []byte) (token string, code int, err error) {
	var answer struct {
		Code   *int            `json:"error_code"`
		Result json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", 0, fmt.Errorf("answer to the login is not JSON: %w: %w", wattle.ErrTransport, err)
	}
	if answer.Code == nil {
		return "", 0, fmt.Errorf("answer to the login has no error_code: %w", wattle.ErrTransport)
	}
	if *answer.Code != 0 {
		return "", *answer.Code, nil
	}
	var result struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal(answer.Result, &result); err != nil || !Safe(result.Token) {
		return "", 0, fmt.Errorf("answer to the login has no usable token: %w", wattle.ErrProtocol)
	}
	return result.Token, 0, nil
}

// Safe reports whether a token can go into a URL as it is: devices give
// letters and digits.
func Safe(token string) bool {
	return token != "" && !strings.ContainsFunc(token, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"#%&+=?<>\^{|}`+"`", r)
	})
}

// Code reads the error_code of an answer. ok is false for anything that has
// none.
func Code(answer []byte) (code int, ok bool) {
	var outer struct {
		Code *int `json:"error_code"`
	}
	if json.Unmarshal(answer, &outer) != nil || outer.Code == nil {
		return 0, false
	}
	return *outer.Code, true
}

// AppendQuery appends the query of a request's URL, without the question mark.
func AppendQuery(dst []byte, token string) []byte {
	return append(append(dst, "token="...), token...)
}

// ErrQuery means that a URL has no token.
var ErrQuery = errors.New("no token in the URL")

// ParseQuery finds the token in the query of a request's URL.
func ParseQuery(query string) (string, error) {
	for part := range strings.SplitSeq(query, "&") {
		if token, ok := strings.CutPrefix(part, "token="); ok && Safe(token) {
			return token, nil
		}
	}
	return "", ErrQuery
}

// appendString appends text as JSON.
func appendString(dst []byte, text string) []byte {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic("token: " + err.Error()) // a string always marshals
	}
	return append(dst, quoted...)
}
