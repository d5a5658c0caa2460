package spake2plus_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"os"
	"testing"

	"pgregory.net/rapid"

	"wattle/internal/wire/spake2plus"
)

type hexBytes []byte

func (b *hexBytes) UnmarshalText(text []byte) (err error) {
	*b, err = hex.DecodeString(string(text))
	return err
}

func groups() []*spake2plus.Group {
	return []*spake2plus.Group{spake2plus.P256(), spake2plus.P384(), spake2plus.P521()}
}

// TestRFC9383 is the first vector of appendix C, both sides.
func TestRFC9383(t *testing.T) {
	var cases []struct {
		Context, Prover, Verifier string
		IDProver                  string `json:"id_prover"`
		IDVerifier                string `json:"id_verifier"`
		W0, W1, L, X, Y, Z, V, TT hexBytes
		ShareP                    hexBytes `json:"share_p"`
		ShareV                    hexBytes `json:"share_v"`
		ConfirmKeyP               hexBytes `json:"K_confirm_p"`
		ConfirmKeyV               hexBytes `json:"K_confirm_v"`
		ConfirmP                  hexBytes `json:"confirm_p"`
		ConfirmV                  hexBytes `json:"confirm_v"`
		Shared                    hexBytes `json:"K_shared"`
	}
	data, err := os.ReadFile("testdata/rfc9383.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	checks := 0
	for _, c := range cases {
		equal := func(what string, got []byte, err error, want []byte) {
			t.Helper()
			checks++
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s = %x, %v, want %x", what, got, err, want)
			}
		}
		g := spake2plus.P256()
		l, err := g.Registration(c.W1)
		equal("L", l, err, c.L)
		x, err := g.ProverShare(c.W0, c.X)
		equal("share of the prover", x, err, c.ShareP)
		y, err := g.VerifierShare(c.W0, c.Y)
		equal("share of the verifier", y, err, c.ShareV)
		z, v, err := g.ProverSecrets(c.W0, c.W1, c.X, c.ShareV)
		equal("Z of the prover", z, err, c.Z)
		equal("V of the prover", v, err, c.V)
		z, v, err = g.VerifierSecrets(c.W0, c.L, c.Y, c.ShareP)
		equal("Z of the verifier", z, err, c.Z)
		equal("V of the verifier", v, err, c.V)
		tt := (&spake2plus.Transcript{
			Context: []byte(c.Context), Prover: []byte(c.IDProver), Verifier: []byte(c.IDVerifier),
			X: x, Y: y, Z: z, V: v, W0: c.W0,
		}).Bytes(g)
		equal("TT", tt, nil, c.TT)
		keys, err := spake2plus.NewKeys(sha256.New, tt, 32)
		equal("K_confirmP", keys.ConfirmProver, err, c.ConfirmKeyP)
		equal("K_confirmV", keys.ConfirmVerifier, err, c.ConfirmKeyV)
		equal("K_shared", keys.Shared, err, c.Shared)
		equal("confirmP", mac(keys.ConfirmProver, y), nil, c.ConfirmP)
		equal("confirmV", mac(keys.ConfirmVerifier, x), nil, c.ConfirmV)
	}
	if len(cases) != 1 {
		t.Errorf("%d vectors, want 1", len(cases))
	}
	t.Logf("%d vectors, %d values", len(cases), checks)
}

func mac(key, message []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	return h.Sum(nil)
}

// TestAgreement: with the same w0 and w1 both sides get the same secrets, with
// others different ones, whatever the form of the shares.
func TestAgreement(t *testing.T) {
	t.Run("P-256", rapid.MakeCheck(func(t *rapid.T) {
		scalar := func(name string) []byte {
			number := append(rapid.SliceOfN(rapid.Byte(), 40, 80).Draw(t, name), 1) // never 0
			return spake2plus.P256().Reduce(number)
		}
		agree(t, spake2plus.P256(), scalar("w0"), scalar("w1"), scalar("x"), scalar("y"))
	}))
	// The larger curves take their time.
	for _, g := range groups()[1:] {
		t.Run(g.Name(), func(t *testing.T) {
			agree(t, g, g.Reduce([]byte("w0")), g.Reduce([]byte("w1")), g.Reduce(bytes.Repeat([]byte{7}, 80)), g.Reduce([]byte("y")))
		})
	}
}

// failer is what the two kinds of test have in common.
type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func agree(t failer, g *spake2plus.Group, w0, w1, x, y []byte) {
	t.Helper()
	l, err := g.Registration(w1)
	if err != nil {
		t.Fatal(err)
	}
	one, err1 := g.ProverShare(w0, x)
	two, err2 := g.VerifierShare(w0, y)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	z1, v1, err1 := g.ProverSecrets(w0, w1, x, compress(two))
	z2, v2, err2 := g.VerifierSecrets(w0, l, y, compress(one))
	if err1 != nil || err2 != nil || !bytes.Equal(z1, z2) || !bytes.Equal(v1, v2) {
		t.Fatalf("%v %v: %x %x, %x %x", err1, err2, z1, v1, z2, v2)
	}
	z3, _, err := g.ProverSecrets(g.Reduce(append(bytes.Clone(w0), 1)), w1, x, two)
	if err != nil || bytes.Equal(z3, z1) {
		t.Fatalf("another w0: %x, %v", z3, err)
	}
}

// compress writes an uncompressed point in the short form.
func compress(p []byte) []byte {
	half := len(p) / 2
	return append([]byte{2 | p[len(p)-1]&1}, p[1:1+half]...)
}

// TestBadPoints: nothing that is not a point of the curve gets through, and
// nothing that takes the secret away.
func TestBadPoints(t *testing.T) {
	for _, g := range groups() {
		w0, w1, x := g.Reduce([]byte("w0")), g.Reduce([]byte("w1")), g.Reduce([]byte("x"))
		good, err := g.VerifierShare(w0, x)
		if err != nil {
			t.Fatal(err)
		}
		// w0*N alone: x of zero.
		bare, err := g.VerifierShare(w0, g.Reduce(nil))
		if err != nil {
			t.Fatal(err)
		}
		bareM, err := g.ProverShare(w0, g.Reduce(nil))
		if err != nil {
			t.Fatal(err)
		}
		off := bytes.Clone(good)
		off[len(off)-1] ^= 1
		large := bytes.Repeat([]byte{0xff}, len(good))
		large[0] = 4
		for name, p := range map[string][]byte{
			"nothing": nil, "the identity": {0}, "a byte": {4}, "off the curve": off, "coordinates beyond the field": large,
			"too short": good[:len(good)-1], "too long": append(bytes.Clone(good), 0), "hybrid": append([]byte{6}, good[1:]...),
			"identity of full size": append([]byte{0}, make([]byte, len(good)-1)...),
		} {
			if _, err := g.Decode(p); !errors.Is(err, spake2plus.ErrPoint) {
				t.Errorf("%s: Decode(%s): %v", g.Name(), name, err)
			}
			if _, _, err := g.ProverSecrets(w0, w1, x, p); !errors.Is(err, spake2plus.ErrPoint) {
				t.Errorf("%s: prover with %s: %v", g.Name(), name, err)
			}
			if _, _, err := g.VerifierSecrets(w0, good, x, p); !errors.Is(err, spake2plus.ErrPoint) {
				t.Errorf("%s: verifier with %s: %v", g.Name(), name, err)
			}
		}
		if _, _, err := g.ProverSecrets(w0, w1, x, bare); !errors.Is(err, spake2plus.ErrPoint) {
			t.Errorf("%s: a share without a secret: %v", g.Name(), err)
		}
		if _, _, err := g.VerifierSecrets(w0, good, x, bareM); !errors.Is(err, spake2plus.ErrPoint) {
			t.Errorf("%s: a share without a secret, for the verifier: %v", g.Name(), err)
		}
		if _, err := g.ProverShare(w0, []byte("short")); err == nil {
			t.Errorf("%s: a short scalar is accepted", g.Name())
		}
	}
}

func TestRandom(t *testing.T) {
	for _, g := range groups() {
		for _, b := range []byte{0, 0xff} {
			k, err := g.Random(bytes.NewReader(bytes.Repeat([]byte{b}, g.ScalarSize()+8)))
			n := new(big.Int).SetBytes(k)
			if err != nil || len(k) != g.ScalarSize() || n.Sign() == 0 || n.Cmp(g.Order()) >= 0 {
				t.Errorf("%s: Random of %x: %x, %v", g.Name(), b, k, err)
			}
		}
		if _, err := g.Random(bytes.NewReader(nil)); err == nil {
			t.Errorf("%s: no random bytes are accepted", g.Name())
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, g := range groups() {
		f.Add(g.M())
		f.Add(compress(g.N()))
	}
	f.Add([]byte{0})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, g := range groups() {
			p, err := g.Decode(b)
			if err != nil {
				continue
			}
			if again, err := g.Decode(p); err != nil || !bytes.Equal(again, p) || len(p) != g.PointSize() {
				t.Errorf("%s: %x decodes to %x, and that to %x, %v", g.Name(), b, p, again, err)
			}
		}
	})
}
