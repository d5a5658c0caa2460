package envelope

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// Clean mends what some devices get wrong in otherwise good JSON: control
// characters and invalid UTF-8 inside of strings (aliases that were cut in the
// middle of a character), and NUL bytes around the text. What is broken in
// other ways stays broken. Good input is returned as it is, not copied. See
// docs/protocol/transports.md section 1.
func Clean(b []byte) []byte {
	b, _ = clean(b)
	return b
}

// clean is Clean, and tells whether the outcome is good JSON.
func clean(b []byte) (_ []byte, valid bool) {
	if json.Valid(b) && utf8.Valid(b) {
		return b, true
	}
	b = bytes.Trim(b, "\x00 \t\r\n")
	out := make([]byte, 0, len(b)+16)
	inside := false
	for i := 0; i < len(b); {
		c := b[i]
		switch {
		case c == '"':
			inside = !inside
		case inside && c == '\\' && i+1 < len(b) && b[i+1] >= ' ' && b[i+1] < utf8.RuneSelf:
			out = append(out, c)
			i++
			c = b[i]
		case inside && c < ' ':
			out = append(out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			i++
			continue
		case inside && c >= utf8.RuneSelf:
			r, size := utf8.DecodeRune(b[i:])
			out = utf8.AppendRune(out, r) // U+FFFD for what is invalid
			i += size
			continue
		}
		out = append(out, c)
		i++
	}
	return out, json.Valid(out)
}
