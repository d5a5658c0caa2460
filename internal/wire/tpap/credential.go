package tpap

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"wattle"
	"wattle/internal/wire/md5crypt"
	"wattle/internal/wire/sha256crypt"
)

// ExtraCrypt says what is to be made of a secret before it goes into the PAKE.
// The zero value is an absent one. See docs/protocol/tpap.md section 6.
type ExtraCrypt struct {
	Type   string          `json:"type,omitempty"`
	Params json.RawMessage `json:"params,omitempty"` // an object
}

const (
	// maxRounds bounds sha256-crypt, far above what devices ask for.
	maxRounds = 100_000
	// maxMD5Crypt is the longest password that md5-crypt is done for.
	maxMD5Crypt = 30_000
)

// Identity is what a credential string is made of besides the secret.
type Identity struct {
	Kind     Kind
	Passcode string // type, such as UserPW
	Username string // the account's e-mail; not used for cameras
	MAC      string
}

// Credential makes the credential string of a secret: what SPAKE2+ takes for
// the password. A hash that would take too long is a [wattle.ErrProtocol].
func (x ExtraCrypt) Credential(id Identity, secret wattle.Secret) (wattle.Secret, error) {
	text := secret.Reveal()
	account := id.Username
	if id.Kind == Camera {
		account = ""
	}
	if id.Passcode == DefaultUserPW {
		return secret, nil
	}
	out := text
	switch strings.ToLower(x.Type) {
	case "password_shadow":
		var err error
		if out, err = x.shadow(text, account, id.MAC); err != nil {
			return wattle.Secret{}, err
		}
	case "password_authkey":
		key, dictionary := x.text("authkey_tmpkey"), x.text("authkey_dictionary")
		if key != "" && dictionary != "" {
			out = mask(text, key, dictionary)
		}
	case "password_sha_with_salt":
		out = x.salted(text)
	default:
		if account != "" {
			out = account + "/" + text
		}
	}
	return wattle.NewSecret(out), nil
}

// shadow is "password_shadow".
func (x ExtraCrypt) shadow(secret, account, mac string) (string, error) {
	id, ok := x.number("passwd_id")
	if !ok {
		return secret, nil
	}
	prefix := x.text("passwd_prefix")
	switch id {
	case 1:
		if len(secret) <= maxMD5Crypt {
			if hash, ok := md5crypt.Hash(secret, prefix); ok {
				return hash, nil
			}
		}
	case 2:
		sum := sha1.Sum([]byte(secret))
		return hex.EncodeToString(sum[:]), nil
	case 3:
		b, err := parseMAC(mac)
		if account == "" || err != nil {
			return secret, nil //nolint:nilerr // the protocol takes the secret itself then
		}
		name := md5.Sum([]byte(account))
		sum := sha1.Sum(fmt.Appendf(nil, "%x_%02X:%02X:%02X:%02X:%02X:%02X", name, b[0], b[1], b[2], b[3], b[4], b[5]))
		return hex.EncodeToString(sum[:]), nil
	case 5:
		if prefix == "" {
			return secret, nil
		}
		setting := sha256crypt.Parse(prefix)
		if given := x.param("passwd_rounds"); given != nil && !setting.Named {
			rounds, ok := x.number("passwd_rounds")
			if !ok || rounds < 0 {
				rounds = sha256crypt.DefaultRounds
			}
			setting.SetRounds(uint64(rounds))
		}
		if setting.Rounds > maxRounds {
			return "", fmt.Errorf("the device wants %d rounds of sha256-crypt, at most %d are done: %w", setting.Rounds, maxRounds, wattle.ErrProtocol)
		}
		return setting.Hash(secret), nil
	}
	return secret, nil
}

// mask is "password_authkey".
func mask(secret, key, dictionary string) string {
	const past = 0xbb // in place of what is past the end
	a, b, d := []rune(secret), []rune(key), []rune(dictionary)
	at := func(r []rune, i int) rune {
		if i < len(r) {
			return r[i]
		}
		return past
	}
	out := make([]rune, max(len(a), len(b)))
	for i := range out {
		out[i] = d[int(at(a, i)^at(b, i))%len(d)]
	}
	return string(out)
}

// salted is "password_sha_with_salt".
func (x ExtraCrypt) salted(secret string) string {
	salt, err := base64.StdEncoding.DecodeString(x.text("sha_salt"))
	if err != nil || !utf8.Valid(salt) {
		return secret
	}
	name := user
	if n, ok := x.number("sha_name"); !ok || n != 0 {
		name = "user"
	}
	sum := sha256.Sum256([]byte(name + string(salt) + secret))
	return hex.EncodeToString(sum[:])
}

// param gives a parameter as it came, nil for none.
func (x ExtraCrypt) param(name string) json.RawMessage {
	var params map[string]json.RawMessage
	if json.Unmarshal(x.Params, &params) != nil || string(params[name]) == "null" {
		return nil
	}
	return params[name]
}

// text gives a parameter that is a string, "" otherwise.
func (x ExtraCrypt) text(name string) string {
	var text string
	_ = json.Unmarshal(x.param(name), &text) // "" then
	return text
}

// number gives a parameter that is a whole number or a string of one.
func (x ExtraCrypt) number(name string) (int64, bool) {
	raw := bytes.Trim(x.param(name), `"`)
	n, err := strconv.ParseInt(strings.TrimSpace(string(raw)), 10, 64)
	return n, err == nil
}
