package wattle

import (
	"log/slog"
	"unique"
)

const hidden = "[secret]"

// Secret is text that must not be shown: it prints, logs and marshals as
// "[secret]". Its zero value is the empty secret. [Secret.Reveal] is the only
// way out, so that a search finds every use. It is comparable.
//
// The text lies behind a pointer: fmt prints fields that are not exported as
// they are, without asking how they want to be shown.
type Secret struct{ text unique.Handle[string] }

// NewSecret wraps text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{unique.Make(text)}
}

// Reveal gives the text back, for hashing or sending, never for showing.
func (s Secret) Reveal() string {
	if s.IsZero() {
		return ""
	}
	return s.text.Value()
}

// IsZero reports whether the secret is empty.
func (s Secret) IsZero() bool { return s == Secret{} }

// String hides the text.
func (Secret) String() string { return hidden }

// GoString hides the text.
func (Secret) GoString() string { return hidden }

// LogValue hides the text.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the text: what is marshalled cannot be read back.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Credentials are the e-mail and password of the TP-Link account that set a
// device up. Devices hash both exactly as they were typed then; the case of
// the e-mail counts. See docs/protocol/transports.md section 0.1.
type Credentials struct {
	Username string `json:"username"`
	Password Secret `json:"password"`
}

// IsZero reports whether both parts are empty, as on a device that was never
// bound to an account.
func (c Credentials) IsZero() bool { return c.Username == "" && c.Password.IsZero() }

// SetupKasa is what Kasa devices hold before they are bound (KLAP).
func SetupKasa() Credentials {
	return Credentials{Username: "kasa@tp-link.net", Password: NewSecret("kasaSetup")}
}

// SetupTapo is what Tapo devices hold before they are bound (KLAP v2, AES).
func SetupTapo() Credentials {
	return Credentials{Username: "test@tp-link.net", Password: NewSecret("test")}
}
