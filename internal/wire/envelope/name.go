package envelope

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// EncodeName writes a text that users type (nickname, ssid, room name) as SMART
// devices want it: base64 of UTF-8.
func EncodeName(name string) string { return base64.StdEncoding.EncodeToString([]byte(name)) }

// DecodeName reads such a text. What is not base64, or not text when decoded,
// is returned as it is: some firmware sends it plain.
func DecodeName(s string) string {
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(s), "="))
	if err != nil || !utf8.Valid(raw) {
		return s
	}
	for _, r := range string(raw) {
		if r < ' ' {
			return s
		}
	}
	return string(raw)
}
