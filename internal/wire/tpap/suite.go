// Package tpap is the cryptography and the messages of TPAP, the local protocol
// of firmware since 2025, for both halves: what the login messages hold, how a
// password becomes the secrets of SPAKE2+, what the exchange proves, how a device
// attests that it is genuine, and how messages are sealed in the session. It does
// no I/O; random values and times are arguments.
//
// See docs/protocol/tpap.md. Messages of a peer are bounded before any work is
// done for them: errors wrap [wattle.ErrProtocol].
package tpap

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
	"slices"

	"wattle"
	"wattle/internal/wire/cmac"
	"wattle/internal/wire/spake2plus"
)

// Suite is a cipher suite of the PAKE: curve, hash, and the MAC that confirms
// keys. See docs/protocol/tpap.md section 7.1.
type Suite struct {
	Number int
	Hash   func() hash.Hash
	group  func() *spake2plus.Group
	cmac   bool
}

// Suite1 is what every known device chooses.
const Suite1 = 1

// suites are those of RFC 9383 section 4 without the Edwards curves.
var suites = []Suite{
	{1, sha256.New, spake2plus.P256, false},
	{2, sha512.New, spake2plus.P256, false},
	{3, sha256.New, spake2plus.P384, false},
	{4, sha512.New, spake2plus.P384, false},
	{5, sha512.New, spake2plus.P521, false},
	{8, sha256.New, spake2plus.P256, true},
	{9, sha512.New, spake2plus.P256, true},
}

// Suites lists the numbers that there are, the preferred one first.
func Suites() []int {
	var numbers []int
	for _, s := range suites {
		numbers = append(numbers, s.Number)
	}
	return numbers
}

// SuiteOf finds a suite; another number is a [wattle.ErrProtocol].
func SuiteOf(number int) (*Suite, error) {
	i := slices.IndexFunc(suites, func(s Suite) bool { return s.Number == number })
	if i < 0 {
		return nil, fmt.Errorf("cipher suite %d is not known: %w", number, wattle.ErrProtocol)
	}
	return &suites[i], nil
}

// Group is the curve.
func (s *Suite) Group() *spake2plus.Group { return s.group() }

// confirmSize is the size of a confirmation key in bytes: 32 whatever the hash.
func (s *Suite) confirmSize() int {
	if s.cmac {
		return cmac.Size
	}
	return sha256.Size
}

// mac is the tag that confirms a key.
func (s *Suite) mac(key, message []byte) ([]byte, error) {
	if s.cmac {
		tag, err := cmac.Sum(key, message)
		return tag[:], err
	}
	h := hmac.New(s.Hash, key)
	h.Write(message)
	return h.Sum(nil), nil
}
