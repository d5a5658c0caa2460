package transport_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"wattle"
	"wattle/transport"
)

func TestCandidates(t *testing.T) {
	set := []string{"kasa@tp-link.net", "test@tp-link.net", ""}
	for _, tt := range []struct {
		typed string
		want  []string
	}{
		{"uSer@Example.com", []string{"uSer@Example.com", "user@example.com", "USER@EXAMPLE.COM", "User@example.com"}},
		{"user@example.com", []string{"user@example.com", "USER@EXAMPLE.COM", "User@example.com"}},
		{"USER@EXAMPLE.COM", []string{"USER@EXAMPLE.COM", "user@example.com", "User@example.com"}},
		{"äöü@example.com", []string{"äöü@example.com", "ÄÖÜ@EXAMPLE.COM", "Äöü@example.com"}},
		{"", nil},
	} {
		var password wattle.Secret
		if tt.typed != "" {
			password = wattle.NewSecret("secret")
		}
		list := transport.Candidates(wattle.Credentials{Username: tt.typed, Password: password})
		var names, labels []string
		for _, c := range list {
			names, labels = append(names, c.Credentials.Username), append(labels, c.Label)
		}
		if want := slices.Concat(tt.want, set); !slices.Equal(names, want) {
			t.Errorf("Candidates(%q) = %q, want %q", tt.typed, names, want)
		}
		slices.Sort(labels)
		if len(slices.Compact(labels)) != len(list) {
			t.Errorf("Candidates(%q) has a label twice", tt.typed)
		}
	}
}

func TestAuthError(t *testing.T) {
	refused := &transport.AuthError{Tried: []string{"account", "blank"}, Code: -1501}
	err := fmt.Errorf("login: %w", refused)
	if !errors.Is(err, wattle.ErrAuth) || errors.Is(err, wattle.ErrAccess) {
		t.Errorf("%v is of another class", err)
	}
	for _, part := range []string{"account, blank", "-1501"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
}
