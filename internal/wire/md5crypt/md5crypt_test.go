package md5crypt_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"wattle/internal/wire/md5crypt"
)

// TestVectors are hashes of crypt(3).
func TestVectors(t *testing.T) {
	var cases []struct {
		Password, Prefix string
		Result           *string // nil: the prefix is of no use
	}
	data, err := os.ReadFile("testdata/md5_crypt.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		got, ok := md5crypt.Hash(c.Password, c.Prefix)
		switch {
		case ok != (c.Result != nil):
			t.Errorf("Hash(%q, %q) is usable: %t", c.Password, c.Prefix, ok)
		case ok && got != *c.Result:
			t.Errorf("Hash(%q, %q) = %q, want %q", c.Password, c.Prefix, got, *c.Result)
		}
	}
	if len(cases) != 4 {
		t.Errorf("%d vectors, want 4", len(cases))
	}
	t.Logf("%d vectors", len(cases))
}

func FuzzHash(f *testing.F) {
	f.Add("password", "$1$deadbeef$")
	f.Add("", "$1$a$")
	f.Add("x", "$1$")
	f.Add("correct horse battery", "$1$saltsaltEXTRA$ignored")
	f.Fuzz(func(t *testing.T, password, prefix string) {
		got, ok := md5crypt.Hash(password[:min(len(password), 100)], prefix)
		if !ok {
			return
		}
		salt, _, _ := strings.Cut(prefix[3:], "$")
		if want := "$1$" + salt[:min(len(salt), 8)] + "$"; !strings.HasPrefix(got, want) || len(got) != len(want)+22 {
			t.Errorf("%q", got)
		}
	})
}
