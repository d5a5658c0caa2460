package tpap

import "wattle/internal/wire/spake2plus"

// EncodeW0 is encodeW0.
func EncodeW0(w0 []byte, form W0Form) []byte { return encodeW0(w0, form) }

// Scalars are w0 and w1.
func (v *Verifier) Scalars() (w0, w1 []byte) { return v.w0, v.w1 }

// Context is the hash over the random values.
func (e *Exchange) Context() []byte { return e.context() }

// Transcript is TT.
func (o *Outcome) Transcript() []byte { return o.transcript }

// Keys are the key and the base nonce before any message.
func (s *Session) Keys() (key, nonce []byte) { return s.key, s.nonce[:] }

// MaxIterations is maxIterations.
const MaxIterations = maxIterations

// ConfirmationKeys are both of them, as the transcript gives them.
func ConfirmationKeys(s *Suite, o *Outcome) []byte {
	keys, err := spake2plus.NewKeys(s.Hash, o.transcript, s.confirmSize())
	if err != nil {
		panic(err)
	}
	return append(append([]byte(nil), keys.ConfirmProver...), keys.ConfirmVerifier...)
}
