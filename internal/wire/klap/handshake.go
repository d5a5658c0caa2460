// Package klap is the cryptography of the KLAP transport, versions 1 and 2,
// for both halves: what is proved in the two handshakes, and how messages are
// sealed and opened in the session that they make. It does no I/O; seeds are
// arguments.
//
// See docs/protocol/transports.md section 2.
package klap

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"

	"wattle"
)

// Sizes in bytes.
const (
	SeedSize       = 16                  // of either seed; also the body of handshake1
	HashSize       = sha256.Size         // of what the handshakes prove; also the body of handshake2
	Handshake1Size = SeedSize + HashSize // of the answer to handshake1
)

// The versions. They differ in how the account is hashed and in what the
// handshakes prove; sessions are the same.
const (
	V1 = 1
	V2 = 2
)

// Seed is the random part that one side adds to a session.
type Seed [SeedSize]byte

// Auth is what a version makes of an account: the secret that both sides
// know. It is worth as much as the password and does not print. It is
// comparable; the zero Auth belongs to no account.
type Auth struct {
	version int
	size    int
	hash    [sha256.Size]byte
}

// NewAuth hashes an account, exactly as typed, for version [V1] or [V2]; any
// other version is taken as V2.
func NewAuth(version int, account wattle.Credentials) Auth {
	user, password := []byte(account.Username), []byte(account.Password.Reveal())
	if version == V1 {
		u, p := md5.Sum(user), md5.Sum(password)
		sum := md5.Sum(append(u[:], p[:]...))
		a := Auth{version: V1, size: len(sum)}
		copy(a.hash[:], sum[:])
		return a
	}
	u, p := sha1.Sum(user), sha1.Sum(password)
	return Auth{version: V2, size: sha256.Size, hash: sha256.Sum256(append(u[:], p[:]...))}
}

// ParseAuth takes a stored hash as [Auth.Bytes] gave it: 16 bytes of version
// 1 or 32 of version 2. See docs/protocol/transports.md section 0.2.
func ParseAuth(b []byte) (Auth, error) {
	a := Auth{size: len(b)}
	switch len(b) {
	case md5.Size:
		a.version = V1
	case sha256.Size:
		a.version = V2
	default:
		return Auth{}, fmt.Errorf("a KLAP credentials hash has 16 or 32 bytes, not %d: %w", len(b), wattle.ErrParam)
	}
	copy(a.hash[:], b)
	return a, nil
}

// Version is 1 or 2, 0 for the zero Auth.
func (a Auth) Version() int { return a.version }

// Bytes is the hash itself, for [ParseAuth]. Keep it as secret as a password.
func (a Auth) Bytes() []byte { return append([]byte(nil), a.hash[:a.size]...) }

// String hides the hash.
func (Auth) String() string { return "[secret]" }

// GoString hides the hash.
func (Auth) GoString() string { return "[secret]" }

// ServerHash is what the device proves in its answer to handshake1. local is
// the client's seed, remote the device's, here and everywhere.
func (a Auth) ServerHash(local, remote Seed) [HashSize]byte {
	if a.version == V1 {
		return a.digest(nil, local[:], nil)
	}
	return a.digest(nil, local[:], remote[:])
}

// ClientHash is what the client proves in handshake2.
func (a Auth) ClientHash(local, remote Seed) [HashSize]byte {
	if a.version == V1 {
		return a.digest(nil, remote[:], nil)
	}
	return a.digest(nil, remote[:], local[:])
}

// Fits reports whether the device that answered handshake1 with hash holds
// this account. It compares in constant time.
func (a Auth) Fits(local, remote Seed, hash [HashSize]byte) bool {
	want := a.ServerHash(local, remote)
	return subtle.ConstantTimeCompare(want[:], hash[:]) == 1
}

// Proves reports whether payload, the body of handshake2, proves this account.
// It compares in constant time.
func (a Auth) Proves(local, remote Seed, payload []byte) bool {
	want := a.ClientHash(local, remote)
	return subtle.ConstantTimeCompare(want[:], payload) == 1
}

// digest is SHA-256 over label, first, second and the hash of the account.
func (a Auth) digest(label, first, second []byte) [HashSize]byte {
	var buf [4 + 2*SeedSize + sha256.Size]byte
	b := append(buf[:0], label...)
	b = append(b, first...)
	b = append(b, second...)
	b = append(b, a.hash[:a.size]...)
	return sha256.Sum256(b)
}

// AppendHandshake1Answer appends the device's answer to handshake1.
func AppendHandshake1Answer(dst []byte, a Auth, local, remote Seed) []byte {
	hash := a.ServerHash(local, remote)
	return append(append(dst, remote[:]...), hash[:]...)
}

// ParseHandshake1Answer splits the device's answer to handshake1. Anything but
// [Handshake1Size] bytes is a [wattle.ErrTransport].
func ParseHandshake1Answer(body []byte) (remote Seed, hash [HashSize]byte, err error) {
	if len(body) != Handshake1Size {
		return remote, hash, fmt.Errorf("handshake1 was answered with %d bytes, not %d: %w",
			len(body), Handshake1Size, wattle.ErrTransport)
	}
	return Seed(body[:SeedSize]), [HashSize]byte(body[SeedSize:]), nil
}
