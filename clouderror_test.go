package wattle_test

import (
	"errors"
	"strings"
	"testing"

	"wattle"
)

// TestCloudCodes covers the table of docs/protocol/cloud.md section 6, with the
// codes that the seed names among them.
func TestCloudCodes(t *testing.T) {
	for _, tt := range []struct {
		code  int
		class error
		name  string // a part of the text
		hint  bool
	}{
		{wattle.CloudBadRequest, wattle.ErrParam, "request not understood", true},
		{wattle.CloudTimeout, wattle.ErrUnreachable, "did not answer the relay", false},
		{wattle.CloudRateLimit, wattle.ErrLockout, "too many requests", true},
		{wattle.CloudNoMethod, wattle.ErrUnsupported, "no such method", false},
		{wattle.CloudNoParameter, wattle.ErrParam, "wrong place", true},
		{-20150, wattle.ErrParam, "", false},
		{wattle.CloudWrongRegion, wattle.ErrRefused, "region", true},
		{-20506, wattle.ErrRefused, "another user", true},
		{-20507, wattle.ErrRefused, "no account", true},
		{wattle.CloudOffline, wattle.ErrUnreachable, "this relay", false},
		{-20572, wattle.ErrParam, "name", false},
		{wattle.CloudNotBound, wattle.ErrNotFound, "not on this account", true},
		{wattle.CloudNoAccount, wattle.ErrAuth, "no such account", true},
		{wattle.CloudWrongPassword, wattle.ErrAuth, "wrong e-mail or password", true},
		{wattle.CloudTokenExpired, wattle.ErrSession, "token expired", false},
		{wattle.CloudRefreshOver, wattle.ErrAuth, "refresh token", true},
		{wattle.CloudUnknownLogin, wattle.ErrLockout, "", true},
		{wattle.CloudLocked, wattle.ErrLockout, "locked", true},
		{wattle.CloudCodeNeeded, wattle.ErrAuth, "code", true},
		{wattle.CloudOldApp, wattle.ErrUnsupported, "2-step", true},
		{-23024, wattle.ErrRefused, "", false},
		{-20699, wattle.ErrAuth, "", true},
		{-20599, wattle.ErrRefused, "", false},
		{-20099, wattle.ErrBusy, "", false},
		{-99999, wattle.ErrRefused, "", false},
		{wattle.CloudConflict, wattle.ErrBusy, "same time", false},
		{wattle.CloudThingOffline, wattle.ErrUnreachable, "not connected", false},
	} {
		err := &wattle.CloudError{Method: "m", Code: tt.code, Msg: "their text"}
		if !errors.Is(err, tt.class) || !strings.Contains(err.Error(), tt.name) || !strings.Contains(err.Error(), "their text") || (err.Hint() != "") != tt.hint {
			t.Errorf("%d: %v (%q)", tt.code, err, err.Hint())
		}
	}
	for status, class := range map[int]error{
		401: wattle.ErrSession, 403: wattle.ErrAccess, 404: wattle.ErrRefused, 429: wattle.ErrLockout, 500: wattle.ErrUnreachable, 503: wattle.ErrUnreachable,
	} {
		if err := (&wattle.CloudError{Status: status}); !errors.Is(err, class) || !strings.Contains(err.Error(), "HTTP") {
			t.Errorf("%d: %v", status, err)
		}
	}
}
