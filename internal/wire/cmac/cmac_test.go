package cmac_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"wattle/internal/wire/cmac"
)

type hexBytes []byte

func (b *hexBytes) UnmarshalText(text []byte) (err error) {
	*b, err = hex.DecodeString(string(text))
	return err
}

// TestRFC4493 computes the examples of the RFC.
func TestRFC4493(t *testing.T) {
	var cases []struct {
		Name              string
		Key, Message, Tag hexBytes
	}
	data, err := os.ReadFile("testdata/rfc4493.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if got, err := cmac.Sum(c.Key, c.Message); err != nil || !bytes.Equal(got[:], c.Tag) {
			t.Errorf("%s: %x, %v, want %x", c.Name, got, err, c.Tag)
		}
	}
	if len(cases) != 4 {
		t.Errorf("%d examples, want 4", len(cases))
	}
	if _, err := cmac.Sum(make([]byte, 5), nil); err == nil {
		t.Error("a key of 5 bytes is accepted")
	}
	t.Logf("%d examples", len(cases))
}
