package ccm_test

import (
	"bytes"
	"crypto/aes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"pgregory.net/rapid"

	"wattle/internal/wire/ccm"
)

type hexBytes []byte

func (b *hexBytes) UnmarshalText(text []byte) (err error) {
	*b, err = hex.DecodeString(string(text))
	return err
}

// TestRFC3610 seals and opens the packet vectors 1 to 12.
func TestRFC3610(t *testing.T) {
	var cases []struct {
		Name                       string
		Key, Nonce, AAD, Plaintext hexBytes
		TagLength                  int      `json:"tag_length"`
		Sealed                     hexBytes `json:"ciphertext_and_tag"`
	}
	data, err := os.ReadFile("testdata/rfc3610.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		block, err := aes.NewCipher(c.Key)
		if err != nil {
			t.Fatal(err)
		}
		aead, err := ccm.New(block, len(c.Nonce), c.TagLength)
		if err != nil {
			t.Fatal(err)
		}
		if got := aead.Seal(nil, c.Nonce, c.Plaintext, c.AAD); !bytes.Equal(got, c.Sealed) {
			t.Errorf("%s: sealed %x, want %x", c.Name, got, c.Sealed)
		}
		if got, err := aead.Open(nil, c.Nonce, c.Sealed, c.AAD); err != nil || !bytes.Equal(got, c.Plaintext) {
			t.Errorf("%s: opened %x, %v, want %x", c.Name, got, err, c.Plaintext)
		}
	}
	if len(cases) != 12 {
		t.Errorf("%d vectors, want 12", len(cases))
	}
	t.Logf("%d vectors, both directions", len(cases))
}

// TestProperties: what is sealed opens, in place too, and nothing else does.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "key")
		block, err := aes.NewCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		nonceSize := rapid.IntRange(7, 13).Draw(t, "nonce size")
		aead, err := ccm.New(block, nonceSize, 2*rapid.IntRange(2, 8).Draw(t, "half tag"))
		if err != nil {
			t.Fatal(err)
		}
		nonce := rapid.SliceOfN(rapid.Byte(), nonceSize, nonceSize).Draw(t, "nonce")
		plain := rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(t, "plain")
		data := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "data")
		sealed := aead.Seal(nil, nonce, plain, data)
		place := append(make([]byte, 0, len(sealed)), plain...)
		if got := aead.Seal(place[:0], nonce, place, data); !bytes.Equal(got, sealed) {
			t.Fatalf("in place %x, want %x", got, sealed)
		}
		if got := aead.Seal([]byte("head"), nonce, plain, data); !bytes.Equal(got, append([]byte("head"), sealed...)) {
			t.Fatalf("appended %x", got)
		}
		wrong := bytes.Clone(sealed)
		wrong[rapid.IntRange(0, len(wrong)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if got, err := aead.Open(nil, nonce, wrong, data); !errors.Is(err, ccm.ErrOpen) || got != nil {
			t.Fatalf("a changed message opens: %x, %v", got, err)
		}
		if _, err := aead.Open(nil, nonce, sealed, append(bytes.Clone(data), 0)); !errors.Is(err, ccm.ErrOpen) {
			t.Fatalf("other data: %v", err)
		}
		got, err := aead.Open(sealed[:0], nonce, sealed, data)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("opened %x, %v, want %x", got, err, plain)
		}
	})
}

func TestNew(t *testing.T) {
	block, err := aes.NewCipher(make([]byte, 16))
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range [][2]int{{6, 16}, {14, 16}, {12, 2}, {12, 15}, {12, 18}} {
		if _, err := ccm.New(block, size[0], size[1]); err == nil {
			t.Errorf("New(%d, %d) is accepted", size[0], size[1])
		}
	}
	aead, err := ccm.New(block, 13, 16)
	if err != nil {
		t.Fatal(err)
	}
	if aead.NonceSize() != 13 || aead.Overhead() != 16 {
		t.Errorf("sizes %d, %d", aead.NonceSize(), aead.Overhead())
	}
	for name, f := range map[string]func(){
		"short nonce": func() { aead.Seal(nil, make([]byte, 12), nil, nil) },
		"long plain":  func() { aead.Seal(nil, make([]byte, 13), make([]byte, 1<<16), nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
	for _, size := range []int{0, 15, 1<<16 + 16} {
		if _, err := aead.Open(nil, make([]byte, 13), make([]byte, size), nil); !errors.Is(err, ccm.ErrOpen) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	block, err := aes.NewCipher(make([]byte, 16))
	if err != nil {
		b.Fatal(err)
	}
	aead, err := ccm.New(block, 12, 16)
	if err != nil {
		b.Fatal(err)
	}
	plain, nonce := make([]byte, 4096), make([]byte, 12)
	dst := make([]byte, 0, 5000)
	b.SetBytes(int64(len(plain)))
	b.ReportAllocs()
	for b.Loop() {
		aead.Seal(dst, nonce, plain, nil)
	}
}
