package envelope

import (
	"encoding/base64"
	"slices"
	"strings"
	"unicode/utf8"
)

// EncodeName writes a text that users type (nickname, ssid, room name) as SMART
// devices want it: base64 of UTF-8.
func EncodeName(name string) string { return base64.StdEncoding.EncodeToString([]byte(name)) }

// DecodeName reads such a text. What is not base64, or not text when decoded,
// is returned as it is: some firmware sends it plain.
func DecodeName(s string) string {
	var room [96]byte // names are short, and are read at each poll
	raw, err := base64.RawStdEncoding.AppendDecode(room[:0], []byte(strings.TrimRight(strings.TrimSpace(s), "=")))
	if err != nil || !utf8.Valid(raw) || slices.ContainsFunc(raw, func(b byte) bool { return b < ' ' }) {
		return s
	}
	return string(raw)
}
