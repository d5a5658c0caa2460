package token_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wattle"
	"wattle/internal/wire/token"
)

type vector struct {
	Name     string  `json:"name"`
	Username *string `json:"username"`
	Password string  `json:"password"`
	MD5      string  `json:"password_md5_upper"`
	URL      string  `json:"url_path_and_query"`
	Request  string  `json:"request_body"`
	Answer   string  `json:"response_body"`
}

func vectors(tb testing.TB) []vector {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "ssl_login.json"))
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
	equal := func(t *testing.T, what string, got, want any) {
		t.Helper()
		checks++
		if got != want {
			t.Errorf("%s = %q, want %q", what, got, want)
		}
	}
	for _, v := range cases {
		t.Run(v.Name, func(t *testing.T) {
			path, query, _ := strings.Cut(v.URL, "?")
			equal(t, "path", path, token.Path)
			if query != "" { // a request with a token
				got, err := token.ParseQuery(query)
				equal(t, "ParseQuery", err, nil)
				equal(t, "query", string(token.AppendQuery(nil, got)), query)
				_, isLogin := token.ParseLogin([]byte(v.Request))
				equal(t, "is a login", isLogin, false)
				var answer struct {
					Code int `json:"error_code"`
				}
				if err := json.Unmarshal([]byte(v.Answer), &answer); err != nil {
					t.Fatal(err)
				}
				code, ok := token.Code([]byte(v.Answer))
				equal(t, "has a code", ok, true)
				equal(t, "Code", code, answer.Code)
				return
			}
			login, ok := token.ParseLogin([]byte(v.Request))
			equal(t, "is a login", ok, true)
			equal(t, "the client's half again", string(token.AppendLogin(nil, login)), v.Request)
			if v.Username != nil {
				account := wattle.Credentials{Username: *v.Username, Password: wattle.NewSecret(v.Password)}
				made := token.NewLogin(account)
				equal(t, "AppendLogin", string(token.AppendLogin(nil, made)), v.Request)
				equal(t, "Proves", login.Proves(made), true)
				equal(t, "digest", strings.Contains(v.Request, v.MD5), true)
				account.Password = wattle.NewSecret(v.Password + "x")
				equal(t, "Proves with another password", login.Proves(token.NewLogin(account)), false)
				account = wattle.Credentials{Username: "x" + *v.Username, Password: wattle.NewSecret(v.Password)}
				equal(t, "Proves with another e-mail", login.Proves(token.NewLogin(account)), false)
			}
			got, code, err := token.ParseLoginAnswer([]byte(v.Answer))
			equal(t, "ParseLoginAnswer", err, nil)
			if code != 0 {
				equal(t, "the device's half", fmt.Sprintf(`{"error_code":%d}`, code), v.Answer)
				return
			}
			equal(t, "the device's half", string(token.AppendLoginAnswer(nil, got)), v.Answer)
		})
	}
	t.Logf("%d cases of ssl_login.json, %d comparisons", len(cases), checks)
	if len(cases) != 7 {
		t.Errorf("%d cases, want 7", len(cases))
	}
}

func TestBadAnswers(t *testing.T) {
	for body, class := range map[string]error{
		``:                                       wattle.ErrTransport,
		`<html>200 OK`:                           wattle.ErrTransport,
		`{}`:                                     wattle.ErrTransport,
		`[]`:                                     wattle.ErrTransport,
		`{"error_code":"0"}`:                     wattle.ErrTransport,
		`{"error_code":0}`:                       wattle.ErrProtocol,
		`{"error_code":0,"result":{"token":""}}`: wattle.ErrProtocol,
		`{"error_code":0,"result":{"token":"a b"}}`:       wattle.ErrProtocol,
		`{"error_code":0,"result":{"token":"a&token=b"}}`: wattle.ErrProtocol,
		`{"error_code":0,"result":[]}`:                    wattle.ErrProtocol,
	} {
		if _, _, err := token.ParseLoginAnswer([]byte(body)); !errors.Is(err, class) {
			t.Errorf("ParseLoginAnswer(%s): %v, want %v", body, err, class)
		}
	}
	for _, query := range []string{"", "token=", "toke=a", "seq=1&tok=2", "token=a b", "token=%41"} {
		if got, err := token.ParseQuery(query); !errors.Is(err, token.ErrQuery) {
			t.Errorf("ParseQuery(%q) = %q, %v", query, got, err)
		}
	}
	if got, err := token.ParseQuery("a=b&token=XY"); got != "XY" || err != nil {
		t.Errorf("ParseQuery = %q, %v", got, err)
	}
}

func TestLoginDoesNotPrint(t *testing.T) {
	login := token.NewLogin(wattle.Credentials{Username: "who@example.com", Password: wattle.NewSecret("hush")})
	for _, text := range []string{fmt.Sprint(login), fmt.Sprintf("%+v", login), fmt.Sprintf("%#v", login), fmt.Sprintf("%q", login)} {
		if strings.Contains(text, "who@") || !strings.Contains(text, "[secret]") {
			t.Errorf("prints as %s", text)
		}
	}
}

// FuzzParse: whatever is read can be written and read again, the same.
func FuzzParse(f *testing.F) {
	for _, v := range vectors(f) {
		_, query, _ := strings.Cut(v.URL, "?")
		f.Add([]byte(v.Request), []byte(v.Answer), query)
	}
	f.Add([]byte(`{"method":"login","params":null}`), []byte(`{"error_code":0,"result":null}`), "a&token=1&token=2")
	f.Fuzz(func(t *testing.T, request, answer []byte, query string) {
		if login, ok := token.ParseLogin(request); ok {
			again, ok := token.ParseLogin(token.AppendLogin(nil, login))
			if !ok || !again.Proves(login) {
				t.Errorf("login %q changed", request)
			}
		}
		if got, code, err := token.ParseLoginAnswer(answer); err == nil && code == 0 {
			again, _, err := token.ParseLoginAnswer(token.AppendLoginAnswer(nil, got))
			if err != nil || again != got {
				t.Errorf("token %q became %q, %v", got, again, err)
			}
			if again, err := token.ParseQuery(string(token.AppendQuery(nil, got))); err != nil || again != got {
				t.Errorf("token %q became %q in the URL, %v", got, again, err)
			}
		}
		_, _ = token.Code(answer)
		if got, err := token.ParseQuery(query); err == nil && !token.Safe(got) {
			t.Errorf("ParseQuery gave %q", got)
		}
	})
}
