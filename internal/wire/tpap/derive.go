package tpap

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/sha256"
	"fmt"

	"wattle"
)

const (
	// derivedSize is what PBKDF2 gives, in bytes: two halves whatever the suite.
	derivedSize = 80
	// maxIterations bounds PBKDF2; devices ask for 3000 to 5000.
	maxIterations = 100_000
)

// Verifier are the two secret scalars that a credential string gives with a
// device's salt. They are worth as much as the password and do not print.
// Making them takes a millisecond or two: keep them while salt, iterations and
// credential stay. It is immutable.
type Verifier struct {
	suite  *Suite
	w0, w1 []byte
}

// Derive makes them of a credential string. More than 100000 iterations are a
// [wattle.ErrProtocol]. See docs/protocol/tpap.md section 7.2.
func Derive(s *Suite, credential wattle.Secret, salt []byte, iterations int) (*Verifier, error) {
	if iterations < 1 || iterations > maxIterations {
		return nil, fmt.Errorf("%d iterations of PBKDF2, 1 to %d are done: %w", iterations, maxIterations, wattle.ErrProtocol)
	}
	dk, err := pbkdf2.Key(sha256.New, credential.Reveal(), salt, iterations, derivedSize)
	if err != nil {
		return nil, fmt.Errorf("derive: %w", err)
	}
	g := s.Group()
	return &Verifier{s, g.Reduce(dk[:derivedSize/2]), g.Reduce(dk[derivedSize/2:])}, nil
}

// Suite is the suite that they belong to.
func (v *Verifier) Suite() *Suite { return v.suite }

// Registration is the point L that a device keeps in place of w1.
func (v *Verifier) Registration() ([]byte, error) { return v.suite.Group().Registration(v.w1) }

// String hides the secrets.
func (Verifier) String() string { return "[secret]" }

// GoString hides the secrets.
func (Verifier) GoString() string { return "[secret]" }

// W0Form is how w0 is written into the transcript: the two differ for one w0 in
// about 500. See docs/protocol/tpap.md section 7.4.
type W0Form string

// The forms of w0.
const (
	W0Minimal W0Form = "minimal" // as the app has it
	W0Fixed   W0Form = "fixed"   // as RFC 9383 has it
)

// FormsDiffer reports whether it matters which form a device uses.
func (v *Verifier) FormsDiffer() bool {
	return !bytes.Equal(v.encode(W0Minimal), v.encode(W0Fixed))
}

func (v *Verifier) encode(form W0Form) []byte { return encodeW0(v.w0, form) }

// encodeW0 writes a scalar of full size in one of the forms.
func encodeW0(w0 []byte, form W0Form) []byte {
	if form == W0Fixed {
		return w0
	}
	short := bytes.TrimLeft(w0, "\x00")
	if len(short) == 0 {
		return []byte{0}
	}
	if len(short)%2 != 0 && short[0]&0x80 != 0 {
		return append([]byte{0}, short...)
	}
	return short
}
