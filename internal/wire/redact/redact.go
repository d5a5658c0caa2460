// Package redact masks what must not be shown in messages of devices: by the
// name of the key, since values cannot be told apart. It keeps type and length
// of what it masks, so that a masked message still looks and parses like the
// original. One list for logs, dumps and recordings.
package redact

import (
	"bytes"
	"encoding/json"
	"strings"
)

// parts of key names, in lower case without separators, whose values are masked
// wherever they occur in a name.
var parts = []string{
	"password", "passwd", "pwd", "passphrase", "psk", "secret", "token", "stok", "cookie", "credential",
	"digest", "nonce", "privatekey", "publickey", "encryptinfo",
	"deviceid", "devid", "hwid", "fwid", "oemid", "accountid", "childid", "masterid", "groupid", "uuid",
	"username", "email", "owner", "nickname", "alias",
	"ssid", "latitude", "longitude", "location",
	"setupcode", "setuppayload", "hkcode", "barcode", "serialnumber",
}

// names of keys, in the same form, that are masked as a whole only, because
// they are parts of harmless ones ("mac" of "macro").
var names = map[string]bool{
	"mac": true, "macaddr": true, "macaddress": true, "micmac": true, "ethmac": true, "wifimac": true,
	"key": true, "un": true, "user": true, "sn": true,
	"ip": true, "ipaddr": true, "ipaddress": true, "gateway": true,
	"name": true, "devicename": true, "familyname": true, "roomname": true,
	"lat": true, "lon": true, "region": true, "originalsetup": true,
	"request": true, "response": true, // securePassthrough: of no use to a reader
}

// longID is the length from which on the value of a plain "id" is that of a
// device or child; ids of rules and log entries are shorter and worth reading.
const longID = 30

// Key reports whether values of a key are to be masked.
func Key(name string) bool {
	plain := strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == '.' {
			return -1
		}
		return r
	}, strings.ToLower(name))
	if names[plain] {
		return true
	}
	for _, part := range parts {
		if strings.Contains(plain, part) {
			return true
		}
	}
	return false
}

// JSON masks a message: text becomes as many "*", digits become 1, and
// lists and objects under a masked key are masked all through. What is not JSON
// is not shown at all. The input is left as it is.
func JSON(message []byte) []byte {
	if !json.Valid(message) {
		return []byte(`"not JSON"`)
	}
	var out bytes.Buffer
	if err := json.Compact(&out, message); err != nil {
		return []byte(`"not JSON"`)
	}
	b := out.Bytes()
	m := masker{b: b}
	m.value(false)
	return b
}

// masker walks over compact, valid JSON and masks it in place.
type masker struct {
	b []byte
	i int
}

func (m *masker) value(mask bool) {
	switch m.b[m.i] {
	case '{':
		m.i++
		for m.b[m.i] != '}' {
			if m.b[m.i] == ',' {
				m.i++
			}
			start := m.i
			m.text(false)
			hide := mask
			if !hide {
				var key string
				if json.Unmarshal(m.b[start:m.i], &key) == nil {
					hide = Key(key) || key == "id" && m.textLength() >= longID
				}
			}
			m.i++ // the colon
			m.value(hide)
		}
		m.i++
	case '[':
		m.i++
		for m.b[m.i] != ']' {
			if m.b[m.i] == ',' {
				m.i++
			}
			m.value(mask)
		}
		m.i++
	case '"':
		m.text(mask)
	default:
		for m.i < len(m.b) && !strings.ContainsRune(",]}", rune(m.b[m.i])) {
			if mask && m.b[m.i] >= '0' && m.b[m.i] <= '9' {
				m.b[m.i] = '1'
			}
			m.i++
		}
	}
}

// textLength is the length of the string behind the colon, 0 for another value.
func (m *masker) textLength() int {
	start := m.i + 1
	if m.b[start] != '"' {
		return 0
	}
	return bytes.IndexByte(m.b[start+1:], '"')
}

// text passes over a string, with all of its inside masked if asked for.
func (m *masker) text(mask bool) {
	m.i++ // the quote
	for m.b[m.i] != '"' {
		step := 1
		if m.b[m.i] == '\\' {
			step = 2
		}
		for range step {
			if mask {
				m.b[m.i] = '*'
			}
			m.i++
		}
	}
	m.i++
}
