package transport

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestSessionCookie(t *testing.T) {
	for _, tt := range []struct {
		name     string
		lines    []string
		value    string
		lifetime time.Duration
	}{
		{"as devices do", []string{"TP_SESSIONID=0123ABCD;TIMEOUT=86400"}, "0123ABCD", 24 * time.Hour},
		{"short", []string{"TP_SESSIONID=0123ABCD;TIMEOUT=1440"}, "0123ABCD", 24 * time.Minute},
		{"with spaces", []string{"TP_SESSIONID=0123ABCD; TIMEOUT=1440; Path=/"}, "0123ABCD", 24 * time.Minute},
		{"two headers", []string{"TP_SESSIONID=0123ABCD", "TIMEOUT=1440"}, "0123ABCD", 24 * time.Minute},
		{"old name", []string{"SESSIONID=0123ABCD;TIMEOUT=1440"}, "0123ABCD", 24 * time.Minute},
		{"both names", []string{"SESSIONID=OLD;TP_SESSIONID=NEW"}, "NEW", 24 * time.Hour},
		{"none", nil, "", 24 * time.Hour},
		{"other cookie", []string{"a=b"}, "", 24 * time.Hour},
		{"nonsense", []string{"TP_SESSIONID;TIMEOUT=soon", ";;=;"}, "", 24 * time.Hour},
		{"no time", []string{"TP_SESSIONID=A;TIMEOUT=0"}, "A", 24 * time.Hour},
		{"huge time", []string{"TP_SESSIONID=A;TIMEOUT=99999999999"}, "A", 24 * time.Hour},
		{"not for a header", []string{"TP_SESSIONID=A\x01B"}, "", 24 * time.Hour},
	} {
		value, lifetime := sessionCookie(http.Header{"Set-Cookie": tt.lines})
		if value != tt.value || lifetime != tt.lifetime {
			t.Errorf("%s: sessionCookie(%q) = %q, %v, want %q, %v", tt.name, tt.lines, value, lifetime, tt.value, tt.lifetime)
		}
	}
}

func TestExpiryRule(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for _, tt := range []struct{ lifetime, want time.Duration }{
		{86400 * time.Second, 85200 * time.Second},
		{1440 * time.Second, 720 * time.Second},
		{2400 * time.Second, 1200 * time.Second},
		{10 * time.Second, 5 * time.Second},
	} {
		if got := expiry(now, tt.lifetime).Sub(now); got != tt.want {
			t.Errorf("a session of %v is left after %v, want %v", tt.lifetime, got, tt.want)
		}
	}
}

func FuzzSessionCookie(f *testing.F) {
	f.Add("TP_SESSIONID=0123ABCD;TIMEOUT=86400", "")
	f.Add("SESSIONID=0123ABCD", "TIMEOUT=1440")
	f.Fuzz(func(t *testing.T, one, two string) {
		value, lifetime := sessionCookie(http.Header{"Set-Cookie": {one, two}})
		if strings.ContainsAny(value, "\r\n; ,") {
			t.Errorf("%q would end the header", value)
		}
		if left := expiry(time.Time{}, lifetime).Sub(time.Time{}); left <= 0 || left > lifetime {
			t.Errorf("a session of %v is left after %v", lifetime, left)
		}
	})
}

func FuzzResume(f *testing.F) {
	f.Add([]byte(`{"transport":"klap","local_seed":"AAAAAAAAAAAAAAAAAAAAAA==","remote_seed":"AAAAAAAAAAAAAAAAAAAAAA==",` +
		`"auth_hash":"AA==","credential":"blank","seq":1,"cookie":"A","expires":"2999-01-01T00:00:00Z"}`))
	f.Add([]byte(`{"transport":"aes","key":"AAAAAAAAAAAAAAAAAAAAAA==","iv":"AAAAAAAAAAAAAAAAAAAAAA==","login":"AA==",` +
		`"credential":"blank","version":2,"token":"T","cookie":"A","expires":"2999-01-01T00:00:00Z"}`))
	f.Add([]byte(`{"transport":"token","token":"0123ABCD","login":"AA==","credential":"blank","expires":"2999-01-01T00:00:00Z"}`))
	f.Fuzz(func(t *testing.T, stored []byte) {
		k, a, n := new(klapConn), new(aesConn), new(tokenConn)
		k.resume(stored)
		a.resume(stored)
		n.resume(stored)
		if k.session != nil != k.info.Resumed || a.session != nil != a.info.Resumed || n.session != nil != n.info.Resumed {
			t.Error("a session was taken up and not told")
		}
	})
}
