package aes

import (
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"

	"wattle"
)

// The versions of the login.
const (
	LoginV1 = 1 // the password goes as it is
	LoginV2 = 2 // its hash goes, under another name
)

// Login is what proves an account, as it goes over the wire. It is worth as
// much as the password and does not print.
type Login struct {
	password  string
	password2 string
	username  string
}

// NewLogin makes the parameters of version [LoginV1] or [LoginV2]; any other
// version is taken as LoginV2.
func NewLogin(version int, account wattle.Credentials) Login {
	login := Login{username: hashed(account.Username)}
	if version == LoginV1 {
		login.password = base64.StdEncoding.EncodeToString([]byte(account.Password.Reveal()))
	} else {
		login.password2 = hashed(account.Password.Reveal())
	}
	return login
}

// hashed is the base64 of the hexadecimal SHA-1, as devices want it.
func hashed(text string) string {
	sum := sha1.Sum([]byte(text))
	return base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(sum[:])))
}

// Version is the version of the login.
func (l Login) Version() int {
	if l.password2 == "" {
		return LoginV1
	}
	return LoginV2
}

// Proves reports whether l, which a client sent, is the login want. It
// compares in constant time.
func (l Login) Proves(want Login) bool {
	same := subtle.ConstantTimeCompare([]byte(l.username), []byte(want.username))
	same &= subtle.ConstantTimeCompare([]byte(l.password), []byte(want.password))
	same &= subtle.ConstantTimeCompare([]byte(l.password2), []byte(want.password2))
	return same == 1
}

// String hides what is in it.
func (Login) String() string { return "[secret]" }

// GoString hides what is in it.
func (Login) GoString() string { return "[secret]" }

// AppendLogin appends the inner message of a login. milliseconds is the time
// of the request since 1970.
func AppendLogin(dst []byte, login Login, milliseconds int64) []byte {
	dst = append(dst, `{"method":"`+LoginDevice+`","params":{"`...)
	if login.Version() == LoginV1 {
		dst = append(append(dst, `password":"`...), login.password...)
	} else {
		dst = append(append(dst, `password2":"`...), login.password2...)
	}
	dst = append(append(dst, `","username":"`...), login.username...)
	dst = append(dst, `"},"request_time_milis":`...)
	return append(strconv.AppendInt(dst, milliseconds, 10), '}')
}

// ParseLogin reads the inner message of a login. ok is false for any other
// message.
func ParseLogin(plain []byte) (login Login, ok bool) {
	var inner struct {
		Method string `json:"method"`
		Params struct {
			Password  string `json:"password"`
			Password2 string `json:"password2"`
			Username  string `json:"username"`
		} `json:"params"`
	}
	if json.Unmarshal(plain, &inner) != nil || inner.Method != LoginDevice {
		return Login{}, false
	}
	p := inner.Params
	return Login{password: p.Password, password2: p.Password2, username: p.Username}, true
}

// AppendLoginAnswer appends the inner answer to a login that was accepted.
func AppendLoginAnswer(dst []byte, token string) []byte {
	dst = append(dst, `{"error_code":0,"result":{"token":`...)
	return append(appendString(dst, token), "}}"...)
}

// ParseLoginAnswer reads the inner answer to a login: the token, or the code
// of the refusal. An answer with neither is a [wattle.ErrProtocol].
func ParseLoginAnswer(plain []byte) (token string, code int, err error) {
	var inner struct {
		Code   int `json:"error_code"`
		Result struct {
			Token string `json:"token"`
		} `json:"result"`
	}
	if err := json.Unmarshal(plain, &inner); err != nil {
		return "", 0, fmt.Errorf("answer to the login: %w: %w", wattle.ErrProtocol, err)
	}
	if inner.Code == 0 && inner.Result.Token == "" {
		return "", 0, fmt.Errorf("answer to the login has no token: %w", wattle.ErrProtocol)
	}
	return inner.Result.Token, inner.Code, nil
}
