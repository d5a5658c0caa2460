package cloudapi

import (
	"bytes"
	"encoding/json"
	"strconv"

	"wattle"
)

// Text is a secret on its way: a password, a token, a code. It prints and logs
// as "[secret]", and is written into messages as it is: what [Marshal] makes of
// a message with a Text is for the wire alone.
type Text struct{ wattle.Secret }

// NewText wraps a secret for the wire.
func NewText(s wattle.Secret) Text { return Text{s} }

// MarshalText writes the secret itself.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.Reveal()), nil }

// MarshalJSON writes the secret itself.
func (t Text) MarshalJSON() ([]byte, error) { return Marshal(t.Reveal()) }

// UnmarshalJSON reads a text or a number; null is the empty secret.
func (t *Text) UnmarshalJSON(b []byte) error {
	s, err := loose(b)
	t.Secret = wattle.NewSecret(s)
	return err
}

// Loose is a text that services also send as a number, such as accountId and
// errorCode. It is written as a text.
type Loose string

// UnmarshalJSON reads a text, a number or a truth value; null is "".
func (l *Loose) UnmarshalJSON(b []byte) error {
	s, err := loose(b)
	*l = Loose(s)
	return err
}

func loose(b []byte) (string, error) {
	b = bytes.TrimSpace(b)
	switch {
	case len(b) == 0 || string(b) == "null":
		return "", nil
	case b[0] == '"':
		var s string
		err := json.Unmarshal(b, &s)
		return s, err
	}
	return string(b), nil
}

// Number is an integer that may be missing: unknown is not zero.
type Number struct {
	Value int
	Known bool
}

// Int is a known number.
func Int(n int) Number { return Number{n, true} }

// UnmarshalJSON reads a number, a text that holds one, or a truth value (1 and
// 0); anything else is unknown.
func (n *Number) UnmarshalJSON(b []byte) error {
	*n = number(b)
	return nil
}

// MarshalJSON writes the number, null where it is unknown.
func (n Number) MarshalJSON() ([]byte, error) {
	if !n.Known {
		return []byte("null"), nil
	}
	return strconv.AppendInt(nil, int64(n.Value), 10), nil
}

// IsZero reports whether the number is unknown, for omitzero.
func (n Number) IsZero() bool { return !n.Known }

func number(b []byte) Number {
	switch string(b) {
	case "true":
		return Int(1)
	case "false":
		return Int(0)
	}
	if len(b) > 1 && b[0] == '"' {
		b = b[1 : len(b)-1]
	}
	v, err := strconv.Atoi(string(b))
	return Number{v, err == nil}
}

// Marshal writes compact JSON without needless escapes. What it makes is sent
// and signed as it is.
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
