package connect

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"

	"wattle"
)

// refusalRounds makes guessing a password from what is remembered of its
// refusal as dear as from what devices themselves send.
const refusalRounds = 20_000

// Refusal names credentials that a device refused, so that they can be
// remembered without being kept: the same ones give the same text, and nothing
// can be read back from it. It takes some milliseconds.
func Refusal(account wattle.Credentials, mac wattle.MAC) string {
	text := account.Username + "\x00" + account.Password.Reveal()
	sum, err := pbkdf2.Key(sha256.New, text, mac[:], refusalRounds, 12)
	if err != nil {
		panic("connect: " + err.Error()) // the parameters are fixed
	}
	return base64.RawURLEncoding.EncodeToString(sum)
}
