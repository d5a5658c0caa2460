package capture

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"wattle"
	"wattle/internal/wire/redact"
	"wattle/method"
)

// Masked writes what was read of a device as a capture that can be shown to
// others and simulated: what tells the home or its owner is replaced, by what key
// it stands under (internal/wire/redact). Ids and addresses become others of the
// same form, the same everywhere in one capture and different in the next, so
// that children stay those of their parent. children are the snapshots of
// children by the id that the parent knows them by; those of IOT devices are in
// the parent's own answers.
func Masked(family wattle.Family, root *method.Snapshot, children map[string]*method.Snapshot) ([]byte, error) {
	m := &mask{}
	_, _ = rand.Read(m.salt[:]) // never fails
	out := map[string]any{}
	for _, a := range root.All() {
		if a.Raw == nil || a.Call.Method == "" {
			continue
		}
		v, err := m.answer(a.Raw)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", wattle.ErrProtocol, a.Call.Key(), err)
		}
		if family != wattle.IOT {
			out[a.Call.Method] = v
			continue
		}
		module, _ := out[a.Call.Module].(map[string]any)
		if module == nil {
			module = map[string]any{}
			out[a.Call.Module] = module
		}
		module[a.Call.Method] = v
	}
	inline := map[string]any{}
	for id, s := range children {
		if family == wattle.IOT {
			break
		}
		child := map[string]any{}
		for _, a := range s.All() {
			if a.Raw == nil {
				continue
			}
			v, err := m.answer(a.Raw)
			if err != nil {
				return nil, fmt.Errorf("%w: %s: %w", wattle.ErrProtocol, a.Call.Key(), err)
			}
			child[a.Call.Method] = v
		}
		inline[m.text("device_id", id)] = child
	}
	if len(inline) > 0 {
		out["child_devices"] = inline
	}
	return json.MarshalIndent(out, "", "  ")
}

// mask replaces what must not be shown.
type mask struct{ salt [16]byte }

func (m *mask) answer(raw json.RawMessage) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return m.value("", v, false), nil
}

// longID is the length from which on a plain "id" is that of a device.
const longID = 30

func (m *mask) value(key string, v any, hidden bool) any {
	hidden = hidden || redact.Key(key)
	switch v := v.(type) {
	case map[string]any:
		for k, member := range v {
			v[k] = m.value(k, member, hidden)
		}
	case []any:
		for i, item := range v {
			v[i] = m.value(key, item, hidden)
		}
	case string:
		if hidden || key == "id" && len(v) >= longID {
			return m.text(key, v)
		}
	case json.Number:
		if hidden {
			return json.Number("0")
		}
	}
	return v
}

var (
	macForm = regexp.MustCompile(`^[0-9A-Fa-f]{2}([:-]?[0-9A-Fa-f]{2}){5}$`)
	hexForm = regexp.MustCompile(`^[0-9A-Fa-f]{16,}$`)
)

// deviceID is how many digits the id of a device has; those behind it tell its
// outlets apart.
const deviceID = 40

// text is what stands for a text, in the form that it has.
func (m *mask) text(key, s string) string {
	_, addrErr := netip.ParseAddr(s)
	switch {
	case s == "":
		return ""
	case macForm.MatchString(s):
		digits := "02" + m.digits(s, 10)
		out := []byte(s)
		n := 0
		for i, c := range out {
			if c != ':' && c != '-' {
				out[i] = digits[n]
				n++
			}
		}
		return string(out)
	case hexForm.MatchString(s):
		if len(s) > deviceID && len(s) <= deviceID+4 {
			return m.digits(s[:deviceID], deviceID) + s[deviceID:]
		}
		return m.digits(s, len(s))
	case addrErr == nil:
		return "192.0.2.1"
	case strings.EqualFold(key, "region"):
		return "UTC"
	}
	name := "Masked " + m.digits(s, 4)
	switch strings.ToLower(key) {
	case "alias":
		return name
	case "nickname", "ssid":
		if _, err := base64.StdEncoding.DecodeString(s); err == nil {
			return base64.StdEncoding.EncodeToString([]byte(name))
		}
		return name
	}
	return strings.Repeat("*", len(s))
}

// digits are hexadecimal digits that stand for a text, whatever its case and
// separators.
func (m *mask) digits(s string, n int) string {
	plain := strings.NewReplacer(":", "", "-", "").Replace(strings.ToLower(s))
	var out string
	for i := 0; len(out) < n; i++ {
		sum := sha256.Sum256(append(append(m.salt[:], byte(i)), plain...))
		out += strings.ToUpper(hex.EncodeToString(sum[:]))
	}
	return out[:n]
}
