package linkie_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wattle"
	"wattle/internal/wire/linkie"
)

type vector struct {
	Name      string `json:"name"`
	Plaintext string `json:"plaintext"`
	Base64    string `json:"base64"`
	Request   string `json:"request_body"`
	Header    string `json:"header_Authorization"`
	Response  string `json:"response_plaintext"`
	Answer    string `json:"response_body"`
}

func vectors(tb testing.TB) []vector {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "linkie.json"))
	if err != nil {
		tb.Fatal(err)
	}
	var file struct{ Cases []vector }
	if err := json.Unmarshal(data, &file); err != nil {
		tb.Fatal(err)
	}
	return file.Cases
}

func TestVectors(t *testing.T) {
	cases, checks := vectors(t), 0
	equal := func(t *testing.T, what, got, want string) {
		t.Helper()
		checks++
		if got != want {
			t.Errorf("%s = %q, want %q", what, got, want)
		}
	}
	for _, v := range cases {
		t.Run(v.Name, func(t *testing.T) {
			equal(t, "Authorization", linkie.Authorization, v.Header)
			equal(t, "AppendRequest", string(linkie.AppendRequest(nil, []byte(v.Plaintext))), v.Request)
			for _, body := range []string{v.Request, "content=" + v.Base64, strings.ToLower(v.Request[:8]) + strings.ReplaceAll(v.Base64, "=", "%3d")} {
				message, err := linkie.ParseRequest([]byte(body))
				if err != nil {
					t.Fatalf("ParseRequest(%s): %v", body, err)
				}
				equal(t, "ParseRequest", string(message), v.Plaintext)
			}
			equal(t, "AppendAnswer", string(linkie.AppendAnswer(nil, []byte(v.Response))), v.Answer)
			message, err := linkie.ParseAnswer([]byte(v.Answer))
			if err != nil {
				t.Fatalf("ParseAnswer: %v", err)
			}
			equal(t, "ParseAnswer", string(message), v.Response)
		})
	}
	t.Logf("%d cases of linkie.json, %d comparisons", len(cases), checks)
	if len(cases) != 6 {
		t.Errorf("%d cases, want 6", len(cases))
	}
}

func TestBadRequests(t *testing.T) {
	for _, body := range []string{"", "content", "conten=AAAA", "content=%", "content=%2", "content=%2G", "content=%zz", "content=A", "content=AAA\x00"} {
		if got, err := linkie.ParseRequest([]byte(body)); !errors.Is(err, linkie.ErrRequest) {
			t.Errorf("ParseRequest(%q) = %q, %v", body, got, err)
		}
	}
}

func TestBadAnswers(t *testing.T) {
	for body, class := range map[string]error{
		"<html>200 OK</html>":                  wattle.ErrProtocol,
		"A":                                    wattle.ErrProtocol,
		"{":                                    wattle.ErrProtocol,
		"{}":                                   wattle.ErrProtocol,
		`{"err_code":0}`:                       wattle.ErrProtocol,
		`{"err_code":-10008,"err_msg":"no"}`:   wattle.ErrUnsupported,
		` {"error_code":-1,"msg":"whatever"} `: wattle.ErrUnsupported,
		`{"err_msg":"Unsupported API call"}`:   wattle.ErrProtocol,
	} {
		if got, err := linkie.ParseAnswer([]byte(body)); !errors.Is(err, class) {
			t.Errorf("ParseAnswer(%s) = %q, %v, want %v", body, got, err, class)
		}
	}
	var refused *wattle.DeviceError
	if _, err := linkie.ParseAnswer([]byte(`{"err_code":-2,"err_msg":"Unsupported API call"}`)); !errors.As(err, &refused) || refused.Msg != "Unsupported API call" {
		t.Errorf("a refusal in clear: %v", err)
	}
}

// FuzzParse: whatever is read can be written and read again, the same.
func FuzzParse(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add([]byte(v.Request))
		f.Add([]byte(v.Answer))
	}
	f.Add([]byte(`{"err_code":-1,"err_msg":"x"}`))
	f.Add([]byte("content=%2b%2F%3d"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if message, err := linkie.ParseRequest(body); err == nil {
			again, err := linkie.ParseRequest(linkie.AppendRequest(nil, message))
			if err != nil || !bytes.Equal(again, message) {
				t.Errorf("request %q became %q, %v", message, again, err)
			}
		}
		if message, err := linkie.ParseAnswer(body); err == nil {
			again, err := linkie.ParseAnswer(linkie.AppendAnswer(nil, message))
			if err != nil || !bytes.Equal(again, message) {
				t.Errorf("answer %q became %q, %v", message, again, err)
			}
			if len(message) > base64.StdEncoding.DecodedLen(len(body)) {
				t.Errorf("%d bytes out of %d", len(message), len(body))
			}
		}
	})
}
