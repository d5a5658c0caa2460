package spake2plus

import (
	"crypto/hkdf"
	"encoding/binary"
	"fmt"
	"hash"
	"slices"
)

// Transcript is what both sides have to agree on. Points are uncompressed.
type Transcript struct {
	Context          []byte
	Prover, Verifier []byte // identities, may be empty
	X, Y             []byte // shares of prover and verifier
	Z, V             []byte // secrets
	// W0 is w0 as the protocol writes it: RFC 9383 in the size of a scalar, see
	// docs/protocol/tpap.md section 7.4 for another way.
	W0 []byte
}

// Bytes is TT of RFC 9383 section 3.3: each part behind its length.
func (t *Transcript) Bytes(g *Group) []byte {
	parts := [...][]byte{t.Context, t.Prover, t.Verifier, g.m, g.n, t.X, t.Y, t.Z, t.V, t.W0}
	size := 0
	for _, part := range parts {
		size += 8 + len(part)
	}
	tt := slices.Grow([]byte(nil), size)
	for _, part := range parts {
		tt = binary.LittleEndian.AppendUint64(tt, uint64(len(part)))
		tt = append(tt, part...)
	}
	return tt
}

// Keys are what a transcript gives.
type Keys struct {
	ConfirmProver, ConfirmVerifier []byte // for the MACs over the other side's share
	Shared                         []byte
}

// NewKeys hashes a transcript and derives the keys of RFC 9383 section 3.4: two
// of confirmSize bytes and a shared one of the hash's size.
func NewKeys(newHash func() hash.Hash, tt []byte, confirmSize int) (Keys, error) {
	h := newHash()
	h.Write(tt)
	main := h.Sum(nil)
	confirm, err := hkdf.Key(newHash, main, nil, "ConfirmationKeys", 2*confirmSize)
	if err != nil {
		return Keys{}, fmt.Errorf("confirmation keys: %w", err)
	}
	shared, err := hkdf.Key(newHash, main, nil, "SharedKey", h.Size())
	if err != nil {
		return Keys{}, fmt.Errorf("shared key: %w", err)
	}
	return Keys{
		ConfirmProver:   confirm[:confirmSize:confirmSize],
		ConfirmVerifier: confirm[confirmSize:],
		Shared:          shared,
	}, nil
}
