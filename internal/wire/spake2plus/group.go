// Package spake2plus is SPAKE2+ of RFC 9383 for both sides: shares, secrets,
// transcript and keys. The prover knows a password, as w0 and w1; the verifier
// holds w0 and the registration L = w1*G. It does no I/O; secret scalars are
// arguments.
//
// How w0 and w1 come from a password, and how w0 is written into the transcript,
// is for the protocol above, since they differ from the RFC there. See
// docs/protocol/tpap.md section 7.
package spake2plus

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"sync"

	"filippo.io/nistec"
)

// ErrPoint means that the other side sent no point of the curve, the identity,
// or one that leaves nothing secret.
var ErrPoint = errors.New("not a usable point of the curve")

// Group is one of the curves with the fixed points M and N of RFC 9383 section
// 4. It is immutable and safe for concurrent use.
type Group struct {
	name  string
	size  int // of a coordinate in bytes
	order *big.Int
	m, n  []byte // uncompressed
	curve curve
}

// curve is the arithmetic of one curve. Points are SEC 1 bytes, scalars have
// the size of the order.
type curve interface {
	decode(point []byte) ([]byte, error)
	base(scalar []byte) ([]byte, error)
	share(secret, w0 []byte, proving bool) ([]byte, error)
	prove(peer, w0, w1, x []byte) (z, v []byte, err error)
	verify(peer, w0, registration, y []byte) (z, v []byte, err error)
}

// The groups. Edwards curves, which RFC 9383 has too, are not here: no device
// is known to use them.
var (
	P256 = sync.OnceValue(func() *Group {
		return newGroup("P-256", 32, nistec.NewP256Point,
			"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
			"02886e2f97ace46e55ba9dd7242579f2993b64e16ef3dcab95afd497333d8fa12f",
			"03d8bbd6c639c62937b04d997f38c3770719c629d7014d49a24b4f98baa1292b49")
	})
	P384 = sync.OnceValue(func() *Group {
		return newGroup("P-384", 48, nistec.NewP384Point,
			"ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
			"030ff0895ae5ebf6187080a82d82b42e2765e3b2f8749c7e05eba366434b363d3dc36f15314739074d2eb8613fceec2853",
			"02c72cf2e390853a1c1c4ad816a62fd15824f56078918f43f922ca21518f9c543bb252c5490214cf9aa3f0baab4b665c10")
	})
	P521 = sync.OnceValue(func() *Group {
		return newGroup("P-521", 66, nistec.NewP521Point,
			"01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
			"02003f06f38131b2ba2600791e82488e8d20ab889af753a41806c5db18d37d85608cfae06b82e4a72cd744c719193562a653ea1f119eef9356907edc9b56979962d7aa",
			"0200c7924b9ec017f3094562894336a53c50167ba8c5963876880542bc669e494b2532d76c5b53dfb349fdf69154b9e0048c58a42e8ed04cef052a3bc349d95575cd25")
	})
)

func newGroup[P point[P]](name string, size int, zero func() P, order, m, n string) *Group {
	c := &arithmetic[P]{zero: zero, m: fixed(zero, m), n: fixed(zero, n)}
	o, ok := new(big.Int).SetString(order, 16)
	if !ok {
		panic("spake2plus: order of " + name)
	}
	return &Group{name: name, size: size, order: o, m: c.m.Bytes(), n: c.n.Bytes(), curve: c}
}

// fixed reads a constant of this package.
func fixed[P point[P]](zero func() P, text string) P {
	b, err := hex.DecodeString(text)
	if err != nil {
		panic("spake2plus: " + err.Error())
	}
	p, err := zero().SetBytes(b)
	if err != nil {
		panic("spake2plus: " + err.Error())
	}
	return p
}

// Name is such as "P-256".
func (g *Group) Name() string { return g.name }

// ScalarSize is the size of a scalar in bytes: 32, 48 or 66.
func (g *Group) ScalarSize() int { return g.size }

// PointSize is the size of an uncompressed point in bytes, the largest form.
func (g *Group) PointSize() int { return 1 + 2*g.size }

// Order is that of the base point. Callers must not change it.
func (g *Group) Order() *big.Int { return g.order }

// M and N are the fixed points, uncompressed.
func (g *Group) M() []byte { return append([]byte(nil), g.m...) }

// N is the point that masks the verifier's share, uncompressed.
func (g *Group) N() []byte { return append([]byte(nil), g.n...) }

// Reduce makes a scalar of a big-endian number of any size: the number modulo
// the order, in [Group.ScalarSize] bytes.
func (g *Group) Reduce(number []byte) []byte {
	k := new(big.Int).SetBytes(number)
	return k.Mod(k, g.order).FillBytes(make([]byte, g.size))
}

// Random draws a scalar from 1 to order-1. It reads 8 bytes more than a scalar
// has, so that no value is noticeably more frequent than others.
func (g *Group) Random(random io.Reader) ([]byte, error) {
	b := make([]byte, g.size+8)
	if _, err := io.ReadFull(random, b); err != nil {
		return nil, fmt.Errorf("random scalar: %w", err)
	}
	k, one := new(big.Int).SetBytes(b), big.NewInt(1)
	k.Mod(k, new(big.Int).Sub(g.order, one))
	return k.Add(k, one).FillBytes(b[:g.size]), nil
}

// Decode checks a point of the other side, compressed or not, and gives it
// uncompressed. Anything else, and the identity, is an [ErrPoint].
func (g *Group) Decode(point []byte) ([]byte, error) { return g.curve.decode(point) }

// Registration is L = w1*G, which a verifier keeps.
func (g *Group) Registration(w1 []byte) ([]byte, error) { return g.curve.base(w1) }

// ProverShare is X = x*G + w0*M.
func (g *Group) ProverShare(w0, x []byte) ([]byte, error) { return g.curve.share(x, w0, true) }

// VerifierShare is Y = y*G + w0*N.
func (g *Group) VerifierShare(w0, y []byte) ([]byte, error) { return g.curve.share(y, w0, false) }

// ProverSecrets computes Z and V from the verifier's share. A share that is no
// point of the curve, the identity, or w0*N is an [ErrPoint].
func (g *Group) ProverSecrets(w0, w1, x, verifierShare []byte) (z, v []byte, err error) {
	return g.curve.prove(verifierShare, w0, w1, x)
}

// VerifierSecrets does the same for the verifier, with the registration L.
func (g *Group) VerifierSecrets(w0, registration, y, proverShare []byte) (z, v []byte, err error) {
	return g.curve.verify(proverShare, w0, registration, y)
}
