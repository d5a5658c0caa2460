// Package md5crypt is the "$1$" password hash of crypt(3), which TPAP devices
// may ask for (extra_crypt, passwd_id 1). It is not for storing passwords of
// one's own. See docs/protocol/tpap.md section 6.
package md5crypt

import (
	"crypto/md5"
	"strings"
)

const (
	magic   = "$1$"
	maxSalt = 8 // bytes
	rounds  = 1000
)

// Hash is the whole string "$1$salt$hash" for a prefix "$1$salt" or longer. The
// salt goes to the next "$", may be of any bytes and is cut to 8. ok is false for
// a prefix that does not begin with "$1$". It takes time in proportion to the
// password's length.
func Hash(password, prefix string) (hash string, ok bool) {
	salt, ok := strings.CutPrefix(prefix, magic)
	if !ok {
		return "", false
	}
	salt, _, _ = strings.Cut(salt, "$")
	salt = salt[:min(len(salt), maxSalt)]
	p := []byte(password)

	inner := md5.Sum([]byte(password + salt + password))
	start := []byte(password + magic + salt)
	for left := len(p); left > 0; left -= md5.Size {
		start = append(start, inner[:min(left, md5.Size)]...)
	}
	for bits := len(p); bits > 0; bits >>= 1 {
		if bits&1 != 0 {
			start = append(start, 0)
		} else {
			start = append(start, p[0])
		}
	}
	sum := md5.Sum(start)
	var buf []byte
	for round := range rounds {
		buf = buf[:0]
		odd := round%2 != 0
		buf = pick(buf, odd, p, sum[:])
		if round%3 != 0 {
			buf = append(buf, salt...)
		}
		if round%7 != 0 {
			buf = append(buf, p...)
		}
		buf = pick(buf, !odd, p, sum[:])
		sum = md5.Sum(buf)
	}

	out := []byte(magic + salt + "$")
	for i := range 5 {
		out = base64(out, uint32(sum[i])<<16|uint32(sum[i+6])<<8|uint32(sum[[]int{12, 13, 14, 15, 5}[i]]), 4)
	}
	return string(base64(out, uint32(sum[11]), 2)), true
}

func pick(dst []byte, first bool, a, b []byte) []byte {
	if first {
		return append(dst, a...)
	}
	return append(dst, b...)
}

// base64 appends the low 6*n bits of v in the alphabet and order of crypt(3).
func base64(dst []byte, v uint32, n int) []byte {
	const alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	for range n {
		dst = append(dst, alphabet[v&63])
		v >>= 6
	}
	return dst
}
