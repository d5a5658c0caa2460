package tpap

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"wattle"
)

// RefusedError is an error_code in place of a result. What it means depends on the
// call: see docs/protocol/tpap.md section 12.1.
type RefusedError struct {
	Code int
	// Counters of refused logins; -1 where the device does not tell.
	Failed, Remaining int
	// Locked is how long no login is taken; 0 where the device does not tell.
	Locked time.Duration
}

// Error tells the number and the counter.
func (r *RefusedError) Error() string {
	text := fmt.Sprintf("device answered %d", r.Code)
	if r.Remaining >= 0 {
		text += fmt.Sprintf(", %d attempts are left", r.Remaining)
	}
	if r.Locked > 0 {
		text += fmt.Sprintf(", locked for %v", r.Locked)
	}
	return text
}

// counters is error_info.
type counters struct {
	LockedMinute   *int64 `json:"lockedMinute,omitempty"`
	FailedAttempts *int64 `json:"failedAttempts,omitempty"`
	RemainAttempts *int64 `json:"remainAttempts,omitempty"`
	SecLeft        *int64 `json:"sec_left,omitempty"`
}

// maxLocked bounds what a device can ask for: a day.
const maxLocked = 24 * time.Hour

// AppendRefusal appends a refusal to dst. Counters below 0 stay away.
func AppendRefusal(dst []byte, r *RefusedError) []byte {
	dst = fmt.Appendf(dst, `{"error_code":%d`, r.Code)
	if r.Failed >= 0 && r.Remaining >= 0 {
		minutes, failed, left := int64((r.Locked+time.Minute-1)/time.Minute), int64(r.Failed), int64(r.Remaining)
		info := counters{LockedMinute: &minutes, FailedAttempts: &failed, RemainAttempts: &left}
		if r.Locked > 0 {
			seconds := int64(r.Locked / time.Second)
			info.SecLeft = &seconds
		}
		dst = append(append(dst, `,"error_info":`...), marshal(info)...)
	}
	return append(dst, '}')
}

// parseResult reads {"error_code":0,"result":{...}} into v, or a [*RefusedError].
func parseResult(body []byte, v any) error {
	if len(body) > MaxLogin {
		return fmt.Errorf("login message of %d bytes, at most %d are taken: %w", len(body), MaxLogin, wattle.ErrProtocol)
	}
	refusal, ok := ParseRefusal(body)
	switch {
	case !ok:
		return fmt.Errorf("no login message: %w", wattle.ErrProtocol)
	case refusal.Code != 0:
		return refusal
	}
	var in struct {
		Result json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return fmt.Errorf("%w: %w", err, wattle.ErrProtocol)
	}
	if len(in.Result) == 0 || in.Result[0] != '{' {
		return fmt.Errorf("no result: %w", wattle.ErrProtocol)
	}
	if err := json.Unmarshal(in.Result, v); err != nil {
		return fmt.Errorf("%w: %w", err, wattle.ErrProtocol)
	}
	return nil
}

// ParseRefusal reads a body that is JSON as a whole with a whole error_code; ok
// is false for everything else, a sealed frame above all. A code of 0 is no
// refusal: in answer to a sealed request it is an attack. See docs/protocol/tpap.md
// section 10.3.
func ParseRefusal(body []byte) (r *RefusedError, ok bool) {
	if len(body) == 0 || len(body) > MaxLogin || body[0] > ' ' && body[0] != '{' {
		return nil, false
	}
	var in struct {
		ErrorCode *int            `json:"error_code"`
		ErrorInfo json.RawMessage `json:"error_info"`
		Data      json.RawMessage `json:"data"`
		Result    struct {
			Data json.RawMessage `json:"data"`
		} `json:"result"`
	}
	trimmed := bytes.TrimSpace(body)
	if len(trimmed) == 0 || trimmed[0] != '{' {
		return nil, false
	}
	if json.Unmarshal(trimmed, &in) != nil {
		// A result of another shape does not hide the code.
		var short struct {
			ErrorCode *int `json:"error_code"`
		}
		if in.ErrorCode = nil; json.Unmarshal(trimmed, &short) == nil {
			in.ErrorCode = short.ErrorCode
		}
	}
	if in.ErrorCode == nil {
		return nil, false
	}
	r = &RefusedError{Code: *in.ErrorCode, Failed: -1, Remaining: -1}
	for _, raw := range []json.RawMessage{in.ErrorInfo, in.Data, in.Result.Data} {
		r.count(raw)
	}
	return r, true
}

// count adds what one of the places for counters tells.
func (r *RefusedError) count(raw json.RawMessage) {
	var c counters
	if json.Unmarshal(raw, &c) != nil {
		return
	}
	if c.FailedAttempts != nil {
		r.Failed = int(min(max(*c.FailedAttempts, -1), 1<<20))
	}
	if c.RemainAttempts != nil {
		r.Remaining = int(min(max(*c.RemainAttempts, -1), 1<<20))
	}
	for unit, n := range map[time.Duration]*int64{time.Minute: c.LockedMinute, time.Second: c.SecLeft} {
		if n != nil && *n > 0 {
			r.Locked = max(r.Locked, time.Duration(min(*n, int64(maxLocked/unit)))*unit)
		}
	}
}

// SessionPath is the path of sealed requests: the session id as one segment,
// with everything encoded that a segment may not hold. raw is as it goes over the
// wire, path the same decoded.
func SessionPath(id string) (path, raw string) {
	escaped := make([]byte, 0, len(id))
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~!$&'()*+,;=:@", c) >= 0:
			escaped = append(escaped, c)
		default:
			escaped = fmt.Appendf(escaped, "%%%02X", c)
		}
	}
	return "/stok=" + id + "/ds", "/stok=" + string(escaped) + "/ds"
}

// ParseSessionPath finds the session id in a decoded path; ok is false for
// another path.
func ParseSessionPath(path string) (id string, ok bool) {
	id, found := strings.CutPrefix(path, "/stok=")
	id, ended := strings.CutSuffix(id, "/ds")
	return id, found && ended && id != ""
}
