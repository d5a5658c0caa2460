// Package sha256crypt is the "$5$" password hash of crypt(3), which some cameras
// ask for (extra_crypt, passwd_id 5). It is not for storing passwords of one's
// own. See docs/protocol/tpap.md section 6.
package sha256crypt

import (
	"crypto/sha256"
	"errors"
	"strconv"
	"strings"
)

// Rounds: how many there are where nobody names a number, and the bounds that
// crypt(3) sets.
const (
	DefaultRounds = 5000
	MinRounds     = 1000
	MaxRounds     = 999_999_999
)

const (
	magic   = "$5$"
	maxSalt = 16 // bytes
)

// Setting is what a hash depends on besides the password.
type Setting struct {
	Salt   string // any bytes but "$"
	Rounds int    // MinRounds to MaxRounds
	Named  bool   // whether the hash names the rounds
}

// Parse reads a setting such as "$5$salt$", "$5$rounds=1000$salt" or "salt":
// the salt goes to the next "$" and is cut to 16 bytes, rounds are brought
// within the bounds. Rounds cost time: check them before [Setting.Hash] where
// the setting comes from the network.
func Parse(text string) Setting {
	s := Setting{Rounds: DefaultRounds}
	text = strings.TrimPrefix(text, magic)
	if rest, found := strings.CutPrefix(text, "rounds="); found {
		digits, salt, ended := strings.Cut(rest, "$")
		if rounds, err := strconv.ParseUint(digits, 10, 64); ended && (err == nil || errors.Is(err, strconv.ErrRange)) {
			s.SetRounds(rounds)
			text = salt
		}
	}
	text, _, _ = strings.Cut(text, "$")
	s.Salt = text[:min(len(text), maxSalt)]
	return s
}

// SetRounds names a number of rounds, brought within the bounds.
func (s *Setting) SetRounds(rounds uint64) {
	s.Rounds, s.Named = int(min(max(rounds, MinRounds), MaxRounds)), true
}

// Hash is the whole string, "$5$salt$hash" or "$5$rounds=N$salt$hash". It takes
// time in proportion to rounds and to the length of the password, some
// milliseconds for the default.
func (s Setting) Hash(password string) string {
	p, salt := []byte(password), []byte(s.Salt)
	h := sha256.New()
	h.Write(p)
	h.Write(salt)
	h.Write(p)
	inner := h.Sum(nil)

	h.Reset()
	h.Write(p)
	h.Write(salt)
	h.Write(repeat(inner, len(p)))
	for bits := len(p); bits > 0; bits >>= 1 {
		if bits&1 != 0 {
			h.Write(inner)
		} else {
			h.Write(p)
		}
	}
	sum := h.Sum(nil)

	h.Reset()
	for range p {
		h.Write(p)
	}
	pp := repeat(h.Sum(nil), len(p))
	h.Reset()
	for range 16 + int(sum[0]) {
		h.Write(salt)
	}
	ss := repeat(h.Sum(nil), len(salt))

	for round := range s.Rounds {
		h.Reset()
		odd := round%2 != 0
		write(h.Write, odd, pp, sum)
		if round%3 != 0 {
			h.Write(ss)
		}
		if round%7 != 0 {
			h.Write(pp)
		}
		write(h.Write, !odd, pp, sum)
		sum = h.Sum(sum[:0])
	}
	return s.prefix() + string(encode(sum))
}

func (s Setting) prefix() string {
	if s.Named {
		return magic + "rounds=" + strconv.Itoa(s.Rounds) + "$" + s.Salt + "$"
	}
	return magic + s.Salt + "$"
}

// repeat gives n bytes of b over and over.
func repeat(b []byte, n int) []byte {
	out := make([]byte, 0, n)
	for len(out) < n {
		out = append(out, b[:min(len(b), n-len(out))]...)
	}
	return out
}

func write(to func([]byte) (int, error), first bool, a, b []byte) {
	if !first {
		a = b
	}
	_, _ = to(a) // a hash takes everything
}

// encode writes a sum in the alphabet and order of crypt(3).
func encode(sum []byte) []byte {
	var out []byte
	a, b, c := 0, 10, 20
	for range 10 {
		out = base64(out, uint32(sum[a])<<16|uint32(sum[b])<<8|uint32(sum[c]), 4)
		a, b, c = c+1, a+1, b+1
	}
	return base64(out, uint32(sum[31])<<8|uint32(sum[30]), 3)
}

// base64 appends the low 6*n bits of v.
func base64(dst []byte, v uint32, n int) []byte {
	const alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	for range n {
		dst = append(dst, alphabet[v&63])
		v >>= 6
	}
	return dst
}
