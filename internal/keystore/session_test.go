package keystore_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wattle"
	"wattle/internal/keystore"
)

func TestSession(t *testing.T) {
	dir := t.TempDir()
	k := keystore.NewCheap(keystore.Options{Dir: dir, Getenv: func(string) string { return "" }})
	if _, err := k.Session(t.Context(), ""); !errors.Is(err, keystore.ErrNone) || k.HasSession("") {
		t.Fatal(err)
	}
	for _, text := range []string{"first", "second"} {
		if err := k.SetSession(t.Context(), "", wattle.NewSecret("token "+text)); err != nil {
			t.Fatal(err)
		}
		got, err := k.Session(t.Context(), "default")
		if err != nil || got.Reveal() != "token "+text {
			t.Fatal(got.Reveal(), err)
		}
	}
	info, err := os.Stat(filepath.Join(dir, "cloud", "default.age"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info, err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "cloud", "default.age"))
	if err != nil || strings.Contains(string(raw), "token") {
		t.Fatal("in clear", err)
	}
	// It is no account: credentials and profiles do not know it.
	if names, err := k.Profiles(); err != nil || len(names) != 0 {
		t.Fatal(names, err)
	}
	if _, err := k.Session(t.Context(), "../x"); err == nil {
		t.Fatal("a profile that is a path")
	}
	for range 2 {
		if err := k.DeleteSession(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
	}
	if k.HasSession("") {
		t.Fatal("still there")
	}
}
