package tpap_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"wattle"
	"wattle/internal/wire/tpap"
)

// good are the answers of the first handshake, to be spoiled field by field.
func good(t *testing.T, message int) map[string]any {
	t.Helper()
	var m struct{ Result map[string]any }
	if err := json.Unmarshal(vectors(t).Handshakes[0].Login[message].Answer, &m); err != nil {
		t.Fatal(err)
	}
	return m.Result
}

func answer(t *testing.T, result map[string]any) []byte {
	t.Helper()
	b, err := json.Marshal(map[string]any{"error_code": 0, "result": result})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestLiesAreRefused: what a device may not say is refused before anything is
// computed from it.
func TestLiesAreRefused(t *testing.T) {
	b64 := func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }
	parsers := map[int]func([]byte) error{
		0: func(b []byte) error { _, err := tpap.ParseDiscovered(b); return err },
		1: func(b []byte) error { _, err := tpap.ParseRegistered(b); return err },
		2: func(b []byte) error { _, err := tpap.ParseConfirmed(b); return err },
	}
	for message, parse := range parsers {
		if err := parse(answer(t, good(t, message))); err != nil {
			t.Fatalf("message %d unspoiled: %v", message, err)
		}
		for _, body := range []string{"", "x", "[]", "{}", "null", `{"error_code":0}`, `{"error_code":"0","result":{}}`, `{"error_code":0,"result":[]}`, `{"error_code":0,"result":null}`, `{"result":{}}`} {
			if err := parse([]byte(body)); !errors.Is(err, wattle.ErrProtocol) {
				t.Errorf("message %d as %q: %v", message, body, err)
			}
		}
		long := good(t, message)
		long["filler"] = strings.Repeat("x", tpap.MaxLogin)
		if err := parse(answer(t, long)); !errors.Is(err, wattle.ErrProtocol) {
			t.Errorf("message %d of %d bytes: %v", message, tpap.MaxLogin, err)
		}
	}
	cases := 0
	for _, tt := range []struct {
		message int
		field   string
		values  []any
	}{
		{1, "dev_random", []any{nil, "", b64(1025), "!", 7}},
		{1, "dev_salt", []any{nil, "", b64(1025), "AAA"}},
		{1, "dev_share", []any{nil, "", b64(134), "="}},
		{1, "iterations", []any{nil, 0, -1, tpap.MaxIterations + 1, 1e18, "3000", 1.5}},
		{1, "cipher_suites", []any{"1", []int{1}}},
		{2, "stok", []any{nil, "", strings.Repeat("x", 513), 1}},
		{2, "start_seq", []any{nil, int64(1) << 32, int64(-1)<<31 - 1, "1", 1e30}},
		{2, "dev_confirm", []any{b64(1025), "%"}},
	} {
		for _, value := range tt.values {
			cases++
			spoiled := good(t, tt.message)
			spoiled[tt.field] = value
			if err := parsers[tt.message](answer(t, spoiled)); !errors.Is(err, wattle.ErrProtocol) {
				t.Errorf("%s of %.40v: %v", tt.field, value, err)
			}
		}
	}
	for _, offer := range []string{`{"tls":3}`, `{"tls":-1}`, `{"port":65536}`, `{"pake":[` + strings.Repeat("1,", 40) + `1]}`, `{"tls":"0"}`} {
		cases++
		if err := parsers[0]([]byte(`{"error_code":0,"result":{"tpap":` + offer + `}}`)); !errors.Is(err, wattle.ErrProtocol) {
			t.Errorf("offer %.40s: %v", offer, err)
		}
	}
	t.Logf("%d lies", cases)
}

func TestConfirmedReads(t *testing.T) {
	for _, tt := range []struct {
		field string
		value any
		want  func(*tpap.Confirmed) bool
	}{
		{"start_seq", -1, func(c *tpap.Confirmed) bool { return c.StartSeq == 0xffffffff }},
		{"start_seq", -1 << 31, func(c *tpap.Confirmed) bool { return c.StartSeq == 1<<31 }},
		{"start_seq", uint32(0xffffffff), func(c *tpap.Confirmed) bool { return c.StartSeq == 0xffffffff }},
		{"expired", nil, func(c *tpap.Confirmed) bool { return c.Expires == 3600 }},
		{"expired", -5, func(c *tpap.Confirmed) bool { return c.Expires == 3600 }},
		{"expired", int64(1) << 60, func(c *tpap.Confirmed) bool { return c.Expires == 31*24*3600 }},
		{"sessionId", "other", func(c *tpap.Confirmed) bool { return c.SessionID == "other" }},
		{"sessionId", "", func(c *tpap.Confirmed) bool { return len(c.SessionID) == 32 }},
	} {
		result := good(t, 2)
		result[tt.field] = tt.value
		if c, err := tpap.ParseConfirmed(answer(t, result)); err != nil || !tt.want(c) {
			t.Errorf("%s of %v: %+v, %v", tt.field, tt.value, c, err)
		}
	}
}

// TestBadShares: points are checked on both sides.
func TestBadShares(t *testing.T) {
	h := vectors(t).Handshakes[0]
	s, err := tpap.SuiteOf(h.Suite)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := tpap.Derive(s, wattle.NewSecret(h.Credential), h.DevSalt, h.Iterations)
	if err != nil {
		t.Fatal(err)
	}
	off := bytes.Clone(h.DevShare)
	off[40] ^= 1
	e := &tpap.Exchange{Verifier: verifier, UserRandom: h.UserRandom, DevRandom: h.DevRandom}
	for _, share := range [][]byte{nil, {0}, off, h.DevShare[:64], append(bytes.Clone(h.DevShare), 0)} {
		if _, err := e.Client(scalar(s, h.X), share); !errors.Is(err, wattle.ErrProtocol) {
			t.Errorf("dev_share %x: %v", share, err)
		}
		if _, err := e.Device(scalar(s, h.Y), h.DevShare, h.L, share); !errors.Is(err, wattle.ErrProtocol) {
			t.Errorf("user_share %x: %v", share, err)
		}
	}
}

// TestExpensiveHashesAreRefused before they are computed.
func TestExpensiveHashesAreRefused(t *testing.T) {
	id := tpap.Identity{Passcode: tpap.UserPW}
	for _, params := range []string{
		`{"passwd_id":5,"passwd_prefix":"$5$rounds=100001$salt$"}`,
		`{"passwd_id":5,"passwd_prefix":"$5$rounds=999999999$salt$"}`,
		`{"passwd_id":5,"passwd_prefix":"$5$salt$","passwd_rounds":999999999}`,
	} {
		x := tpap.ExtraCrypt{Type: "password_shadow", Params: json.RawMessage(params)}
		begin := time.Now()
		if _, err := x.Credential(id, wattle.NewSecret("x")); !errors.Is(err, wattle.ErrProtocol) {
			t.Errorf("%s: %v", params, err)
		}
		if took := time.Since(begin); took > time.Second {
			t.Errorf("%s took %v", params, took)
		}
	}
	s, err := tpap.SuiteOf(1)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{-1, 0, tpap.MaxIterations + 1} {
		if _, err := tpap.Derive(s, wattle.NewSecret("x"), []byte("salt"), n); !errors.Is(err, wattle.ErrProtocol) {
			t.Errorf("%d iterations: %v", n, err)
		}
	}
	for _, n := range []int{0, 6, 7, 10} {
		if _, err := tpap.SuiteOf(n); !errors.Is(err, wattle.ErrProtocol) {
			t.Errorf("suite %d: %v", n, err)
		}
	}
	if _, err := tpap.NewSession(s, "des", nil, 0); !errors.Is(err, wattle.ErrProtocol) {
		t.Errorf("cipher des: %v", err)
	}
}

// TestFrames: a frame of another session, cut or changed does not open, and the
// number wraps.
func TestFrames(t *testing.T) {
	s, err := tpap.SuiteOf(1)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(tpap.Ciphers(), "AES-128-CCM") {
		session, err := tpap.NewSession(s, name, []byte("shared"), 0xffffffff)
		if err != nil {
			t.Fatal(err)
		}
		if a, b, c := session.Next(), session.Next(), session.Expected(); a != 0xffffffff || b != 0 || c != 1 {
			t.Errorf("numbers %d, %d, %d", a, b, c)
		}
		frame, err := session.AppendSealed(nil, 5, []byte("hello"))
		if err != nil {
			t.Fatal(err)
		}
		stored, err := json.Marshal(session)
		if err != nil {
			t.Fatal(err)
		}
		var again tpap.Session
		if err := json.Unmarshal(stored, &again); err != nil || again.Expected() != 1 {
			t.Fatalf("stored session: %v", err)
		}
		for i := range frame {
			spoiled := bytes.Clone(frame)
			spoiled[i] ^= 0x10
			if _, _, err := again.Open(spoiled); !errors.Is(err, tpap.ErrFrame) {
				t.Errorf("%s: byte %d changed: %v", name, i, err)
			}
			if _, _, err := again.Open(bytes.Clone(frame[:i])); !errors.Is(err, tpap.ErrFrame) {
				t.Errorf("%s: cut to %d: %v", name, i, err)
			}
		}
		seq, plain, err := again.Open(frame)
		if err != nil || seq != 5 || string(plain) != "hello" {
			t.Errorf("%s: %d, %q, %v", name, seq, plain, err)
		}
		if _, err := session.AppendSealed(nil, 1, make([]byte, tpap.MaxMessage+1)); !errors.Is(err, wattle.ErrParam) {
			t.Errorf("too long: %v", err)
		}
		for _, text := range []string{fmt.Sprint(session), fmt.Sprintf("%#v", session), fmt.Sprintf("%v", *session)} {
			if text != "[secret]" {
				t.Errorf("a session prints as %q", text)
			}
		}
	}
	for _, text := range []string{`{}`, `{"cipher":"aes_128_ccm","key":"AA==","nonce":"AA=="}`, `[]`} {
		if err := json.Unmarshal([]byte(text), new(tpap.Session)); err == nil {
			t.Errorf("stored session %s is taken", text)
		}
	}
}

// TestRefusals: JSON is told from frames that look like it.
func TestRefusals(t *testing.T) {
	for body, want := range map[string]tpap.RefusedError{
		`{"error_code":-40401}`:    {Code: -40401, Failed: -1, Remaining: -1},
		` {"error_code":0}` + "\n": {Failed: -1, Remaining: -1},
		`{"error_code":-2203,"error_info":{"lockedMinute":0,"failedAttempts":1,"remainAttempts":14}}`:  {Code: -2203, Failed: 1, Remaining: 14},
		`{"error_code":-2203,"error_info":{"lockedMinute":30,"failedAttempts":15,"remainAttempts":0}}`: {Code: -2203, Failed: 15, Remaining: 0, Locked: 30 * time.Minute},
		`{"error_code":-40404,"result":{"data":{"sec_left":90}}}`:                                      {Code: -40404, Failed: -1, Remaining: -1, Locked: 90 * time.Second},
		`{"error_code":-40404,"data":{"sec_left":1e3}}`:                                                {Code: -40404, Failed: -1, Remaining: -1},
		`{"error_code":-40404,"data":{"sec_left":9000000000000}}`:                                      {Code: -40404, Failed: -1, Remaining: -1, Locked: 24 * time.Hour},
		`{"error_code":-40404,"result":"x"}`:                                                           {Code: -40404, Failed: -1, Remaining: -1},
	} {
		if got, ok := tpap.ParseRefusal([]byte(body)); !ok || *got != want {
			t.Errorf("%s: %+v, %t", body, got, ok)
		}
	}
	for _, body := range []string{"", "{", "{}", `{"error_code":null}`, `{"error_code":"1"}`, `{"error_code":1.5}`, `[{"error_code":1}]`, `{"error_code":1}x`, "\x7b\x00\x00\x01 sealed frame of some length", "   "} {
		if got, ok := tpap.ParseRefusal([]byte(body)); ok {
			t.Errorf("%q is taken for %+v", body, got)
		}
	}
}

func TestSessionPath(t *testing.T) {
	for id, want := range map[string]string{
		"64BE92ADB67C":      "/stok=64BE92ADB67C/ds",
		"a/b?c#d%e f":       "/stok=a%2Fb%3Fc%23d%25e%20f/ds",
		"-._~!$&'()*+,;=:@": "/stok=-._~!$&'()*+,;=:@/ds",
		"ä":                 "/stok=%C3%A4/ds",
	} {
		path, raw := tpap.SessionPath(id)
		if got, ok := tpap.ParseSessionPath(path); raw != want || !ok || got != id {
			t.Errorf("%q: %q, %q, %t", id, raw, got, ok)
		}
	}
	for _, path := range []string{"", "/", "/stok=/ds", "/stok=x", "/stok=x/", "/app"} {
		if id, ok := tpap.ParseSessionPath(path); ok {
			t.Errorf("%q has session %q", path, id)
		}
	}
}
