package tpap

import (
	"crypto/subtle"
	"errors"
	"fmt"

	"wattle"
	"wattle/internal/wire/spake2plus"
)

// RandomSize is the size of user_random and of dac_nonce in bytes.
const RandomSize = 32

// ErrConfirm means that the other side does not know the secret.
var ErrConfirm = errors.New("the other side did not prove that it knows the secret")

// Exchange is what both sides know of one PAKE before its shares. See
// docs/protocol/tpap.md section 7.
type Exchange struct {
	Verifier              *Verifier
	Form                  W0Form
	UserRandom, DevRandom []byte
}

// Outcome is what an exchange gives, the same on both sides.
type Outcome struct {
	UserShare, DevShare     []byte // uncompressed
	UserConfirm, DevConfirm []byte
	Shared                  []byte // K: keys of the session come from it
	transcript              []byte
}

// Client computes the client's side from its scalar x and the device's share,
// compressed or not. A share that is no usable point is a [wattle.ErrProtocol].
func (e *Exchange) Client(x, devShare []byte) (*Outcome, error) {
	v := e.Verifier
	g := v.suite.Group()
	y, err := decode(g, "dev_share", devShare)
	if err != nil {
		return nil, err
	}
	share, err := g.ProverShare(v.w0, x)
	if err != nil {
		return nil, fmt.Errorf("user_share: %w", err)
	}
	z, w, err := g.ProverSecrets(v.w0, v.w1, x, y)
	if err != nil {
		return nil, fmt.Errorf("dev_share: %w: %w", err, wattle.ErrProtocol)
	}
	return e.finish(share, y, z, w)
}

// DeviceShare is the device's share for its scalar y.
func (e *Exchange) DeviceShare(y []byte) ([]byte, error) {
	return e.Verifier.suite.Group().VerifierShare(e.Verifier.w0, y)
}

// Device computes the device's side from its scalar y, its share, the
// registration L and the client's share. It is for the caller to compare
// UserConfirm, with [Confirms].
func (e *Exchange) Device(y, devShare, registration, userShare []byte) (*Outcome, error) {
	v := e.Verifier
	g := v.suite.Group()
	x, err := decode(g, "user_share", userShare)
	if err != nil {
		return nil, err
	}
	z, w, err := g.VerifierSecrets(v.w0, registration, y, x)
	if err != nil {
		return nil, fmt.Errorf("user_share: %w: %w", err, wattle.ErrProtocol)
	}
	return e.finish(x, devShare, z, w)
}

// Compress writes an uncompressed point in the short form, which a device may
// send.
func Compress(point []byte) []byte {
	return append([]byte{2 | point[len(point)-1]&1}, point[1:1+len(point)/2]...)
}

func decode(g *spake2plus.Group, name string, point []byte) ([]byte, error) {
	p, err := g.Decode(point)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", name, err, wattle.ErrProtocol)
	}
	return p, nil
}

// context binds the random values of both sides.
func (e *Exchange) context() []byte {
	h := e.Verifier.suite.Hash()
	h.Write([]byte("PAKE V1"))
	h.Write(e.UserRandom)
	h.Write(e.DevRandom)
	return h.Sum(nil)
}

func (e *Exchange) finish(x, y, z, v []byte) (*Outcome, error) {
	s := e.Verifier.suite
	tt := (&spake2plus.Transcript{Context: e.context(), X: x, Y: y, Z: z, V: v, W0: e.Verifier.encode(e.Form)}).Bytes(s.Group())
	keys, err := spake2plus.NewKeys(s.Hash, tt, s.confirmSize())
	if err != nil {
		return nil, err
	}
	o := &Outcome{UserShare: x, DevShare: y, Shared: keys.Shared, transcript: tt}
	if o.UserConfirm, err = s.mac(keys.ConfirmProver, y); err != nil {
		return nil, err
	}
	o.DevConfirm, err = s.mac(keys.ConfirmVerifier, x)
	return o, err
}

// Confirms compares two confirmations in constant time.
func Confirms(want, got []byte) bool { return subtle.ConstantTimeCompare(want, got) == 1 }
