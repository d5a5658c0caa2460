package transport

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Sessions live for a day unless the device says otherwise; clients leave them
// this much earlier.
const (
	defaultSession = 24 * time.Hour
	sessionMargin  = 20 * time.Minute
)

// sessionCookie reads what a device sets at a handshake: the value to send
// back, "" when there is none, and how long the session lives. Devices put
// both into one header, as if TIMEOUT were an attribute, or into two; older
// ones name the first SESSIONID. See docs/protocol/transports.md section 0.
func sessionCookie(header http.Header) (value string, lifetime time.Duration) {
	lifetime = defaultSession
	for _, line := range header["Set-Cookie"] {
		for part := range strings.SplitSeq(line, ";") {
			name, text, _ := strings.Cut(strings.TrimSpace(part), "=")
			switch strings.ToUpper(name) {
			case "TP_SESSIONID":
				value = text
			case "SESSIONID":
				if value == "" {
					value = text
				}
			case "TIMEOUT":
				if seconds, err := strconv.ParseUint(text, 10, 31); err == nil && seconds > 0 {
					lifetime = time.Duration(seconds) * time.Second
				}
			}
		}
	}
	if !cookieSafe(value) {
		value = ""
	}
	return value, lifetime
}

// cookieSafe reports whether a value can go into a header as it is.
func cookieSafe(value string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ';' || r == ',' })
}

// cookieHeader is what goes back: the session alone, never TIMEOUT.
func cookieHeader(value string) []string {
	if value == "" {
		return nil
	}
	return []string{"TP_SESSIONID=" + value}
}

// expiry is when a session of that lifetime is left for a new one. Where the
// margin would eat it up, half of it is used.
func expiry(now time.Time, lifetime time.Duration) time.Time {
	return now.Add(max(lifetime-sessionMargin, lifetime/2))
}
