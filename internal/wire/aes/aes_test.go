package aes_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wattle"
	"wattle/internal/wire/aes"
)

type vector struct {
	Name         string            `json:"name"`
	PEM          string            `json:"public_key_pem_single_line"`
	PEMWrapped   string            `json:"public_key_pem_wrapped"`
	Length       int               `json:"request_body_length"`
	ResponseKey  string            `json:"response_key_base64"`
	RSAPlaintext string            `json:"rsa_plaintext_hex"`
	Key          string            `json:"aes_key_hex"`
	IV           string            `json:"aes_iv_hex"`
	Username     string            `json:"username"`
	Password     string            `json:"password"`
	Version      int               `json:"login_version"`
	Params       map[string]string `json:"login_params"`
	Plaintext    string            `json:"plaintext"`
	Encrypted    string            `json:"encrypted_base64"`
	Request      string            `json:"request_body"`
	Response     string            `json:"response_plaintext"`
	Answer       string            `json:"response_body"`
}

type file struct {
	Private string   `json:"test_private_key_pkcs8_der_base64"`
	Public  string   `json:"test_public_key_spki_der_base64"`
	Cases   []vector `json:"cases"`
	private *rsa.PrivateKey
}

func vectors(tb testing.TB) file {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "aes.json"))
	if err != nil {
		tb.Fatal(err)
	}
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		tb.Fatal(err)
	}
	der, err := base64.StdEncoding.DecodeString(f.Private)
	if err != nil {
		tb.Fatal(err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		tb.Fatal(err)
	}
	f.private = parsed.(*rsa.PrivateKey)
	return f
}

func half(tb testing.TB, s string) [aes.KeySize]byte {
	tb.Helper()
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != aes.KeySize {
		tb.Fatalf("%q is no key", s)
	}
	return [aes.KeySize]byte(b)
}

// The session of all vectors is that of the case "handshake".
func session(tb testing.TB, f file) *aes.Session {
	tb.Helper()
	for _, v := range f.Cases {
		if v.Name == "handshake" {
			return aes.NewSession(half(tb, v.Key), half(tb, v.IV))
		}
	}
	tb.Fatal("no case handshake")
	return nil
}

func TestVectors(t *testing.T) {
	f, checks := vectors(t), 0
	client, device := session(t, f), session(t, f)
	for _, v := range f.Cases {
		t.Run(v.Name, func(t *testing.T) {
			equal := func(what, got, want string) {
				t.Helper()
				checks++
				if got != want {
					t.Errorf("%s = %q, want %q", what, got, want)
				}
			}
			must := func(what string, err error) {
				t.Helper()
				checks++
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
			}
			handshakeKey := v.ResponseKey
			if v.PEM != "" {
				text, err := aes.PublicKeyPEM(&f.private.PublicKey)
				must("PublicKeyPEM", err)
				equal("PublicKeyPEM", text, v.PEM)
				body := aes.AppendHandshake(nil, text)
				equal("handshake", string(body), v.Request)
				equal("length", fmt.Sprint(len(body)), fmt.Sprint(v.Length))
				request, err := aes.ParseRequest([]byte(v.Request))
				must("ParseRequest", err)
				equal("method", request.Method, aes.Handshake)
				for _, text := range []string{request.Key, v.PEM, v.PEMWrapped} {
					key, err := aes.ParsePublicKey(text)
					must("ParsePublicKey", err)
					if !key.Equal(&f.private.PublicKey) {
						t.Errorf("ParsePublicKey(%q) is another key", text)
					}
				}
				answer, err := aes.ParseAnswer([]byte(v.Answer))
				must("ParseAnswer", err)
				handshakeKey = answer.Key
			}
			if handshakeKey != "" {
				key, iv, err := aes.OpenKey(f.private, handshakeKey)
				must("OpenKey", err)
				equal("key and iv", hex.EncodeToString(append(key[:], iv[:]...)), v.RSAPlaintext)
				equal("key", hex.EncodeToString(key[:]), v.Key)
				equal("iv", hex.EncodeToString(iv[:]), v.IV)
				// The device's direction is random; what it makes must open.
				body, err := aes.AppendHandshakeAnswer(nil, rand.Reader, &f.private.PublicKey, key, iv)
				must("AppendHandshakeAnswer", err)
				answer, err := aes.ParseAnswer(body)
				must("ParseAnswer", err)
				key2, iv2, err := aes.OpenKey(f.private, answer.Key)
				must("OpenKey", err)
				if key2 != key || iv2 != iv {
					t.Errorf("OpenKey = %x, %x, want %x, %x", key2, iv2, key, iv)
				}
				return
			}
			if v.Params != nil {
				account := wattle.Credentials{Username: v.Username, Password: wattle.NewSecret(v.Password)}
				login := aes.NewLogin(v.Version, account)
				equal("login", string(aes.AppendLogin(nil, login, 1700000000000)), v.Plaintext)
				got, ok := aes.ParseLogin([]byte(v.Plaintext))
				if checks++; !ok || !got.Proves(login) || got.Version() != v.Version {
					t.Errorf("ParseLogin(%s) = %v, does not prove the account", v.Plaintext, ok)
				}
				if checks++; got.Proves(aes.NewLogin(3-v.Version, account)) {
					t.Error("the login proves the account in the other version")
				}
				token, code, err := aes.ParseLoginAnswer([]byte(v.Response))
				must("ParseLoginAnswer", err)
				equal("code", fmt.Sprint(code), "0")
				equal("login answer", string(aes.AppendLoginAnswer(nil, token)), v.Response)
			}
			equal("sealed", string(client.AppendSealed(nil, []byte(v.Plaintext))), v.Encrypted)
			opened, err := device.Open(v.Encrypted)
			must("Open", err)
			equal("opened", string(opened), v.Plaintext)
			if v.Request != "" {
				equal("request", string(client.AppendRequest(nil, []byte(v.Plaintext))), v.Request)
				request, err := aes.ParseRequest([]byte(v.Request))
				must("ParseRequest", err)
				equal("method", request.Method, aes.SecurePassthrough)
				equal("sealed", request.Sealed, v.Encrypted)
			}
			if v.Answer != "" {
				equal("answer", string(device.AppendAnswer(nil, []byte(v.Response))), v.Answer)
				answer, err := aes.ParseAnswer([]byte(v.Answer))
				must("ParseAnswer", err)
				plain, err := client.OpenAnswer(answer)
				must("OpenAnswer", err)
				equal("answer", string(plain), v.Response)
			}
		})
	}
	t.Logf("aes.json: %d cases, %d checks, both directions", len(f.Cases), checks)
}

func TestParsePublicKeyRefuses(t *testing.T) {
	large, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&large.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := aes.PublicKeyPEM(&large.PublicKey); !errors.Is(err, aes.ErrPublicKey) {
		t.Errorf("PublicKeyPEM of 2048 bits: %v, want %v", err, aes.ErrPublicKey)
	}
	for name, text := range map[string]string{
		"empty":     "",
		"no pem":    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQ==",
		"cut":       "-----BEGIN PUBLIC KEY-----\nMIGf\n-----END PUBLIC KEY-----\n",
		"2048 bits": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
		"type":      string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
	} {
		if _, err := aes.ParsePublicKey(text); !errors.Is(err, aes.ErrPublicKey) {
			t.Errorf("%s: %v, want %v", name, err, aes.ErrPublicKey)
		}
	}
}

func TestOpenKeyRefuses(t *testing.T) {
	f := vectors(t)
	short, err := rsa.EncryptPKCS1v15(rand.Reader, &f.private.PublicKey, make([]byte, 16))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"empty": "", "no base64": "!", "short": "AAAA",
		"zeros":        base64.StdEncoding.EncodeToString(make([]byte, 128)),
		"half the key": base64.StdEncoding.EncodeToString(short),
	} {
		if _, _, err := aes.OpenKey(f.private, text); !errors.Is(err, wattle.ErrProtocol) {
			t.Errorf("%s: %v, want %v", name, err, wattle.ErrProtocol)
		}
	}
}

func TestParseAnswer(t *testing.T) {
	s := session(t, vectors(t))
	for _, tt := range []struct {
		name, body string
		want       aes.Answer
		plain      string
		err        error
	}{
		{"refused", `{"error_code":9999}`, aes.Answer{Code: 9999}, "", nil},
		{"refused with text", `{"error_code":-1301,"msg":"slow"}`, aes.Answer{Code: -1301, Msg: "slow"}, "", nil},
		{
			"in clear as text", `{"error_code":0,"result":{"response":"{\"error_code\":0}"}}`,
			aes.Answer{Response: `{"error_code":0}`},
			`{"error_code":0}`, nil,
		},
		{
			"in clear as object", `{"error_code":0,"result":{"response":{"error_code":0}}}`,
			aes.Answer{Response: `{"error_code":0}`},
			`{"error_code":0}`, nil,
		},
		{"no result", `{"error_code":0}`, aes.Answer{}, "", nil},
		{"html", `<html>200 OK</html>`, aes.Answer{}, "", wattle.ErrProtocol},
		{"no code", `{"result":{}}`, aes.Answer{}, "", wattle.ErrProtocol},
		{"result is a list", `{"error_code":0,"result":[]}`, aes.Answer{}, "", wattle.ErrProtocol},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := aes.ParseAnswer([]byte(tt.body))
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("ParseAnswer(%s) = %+v, %v, want %+v, %v", tt.body, got, err, tt.want, tt.err)
			}
			if tt.plain != "" {
				if plain, err := s.OpenAnswer(got); err != nil || string(plain) != tt.plain {
					t.Errorf("OpenAnswer = %q, %v, want %q", plain, err, tt.plain)
				}
			}
		})
	}
	for _, text := range []string{"", "AAAA", "not base64", strings.Repeat("A", 64)} {
		if _, err := s.OpenAnswer(aes.Answer{Response: text}); !errors.Is(err, wattle.ErrProtocol) {
			t.Errorf("OpenAnswer(%q): %v, want %v", text, err, wattle.ErrProtocol)
		}
	}
}

func TestLoginHides(t *testing.T) {
	login := aes.NewLogin(aes.LoginV1, wattle.Credentials{Username: "a@b", Password: wattle.NewSecret("hunter2")})
	text := fmt.Sprintf("%v %+v %#v %s", login, login, login, login)
	if strings.Contains(text, base64.StdEncoding.EncodeToString([]byte("hunter2"))) {
		t.Errorf("the password shows: %s", text)
	}
}

func TestAllocations(t *testing.T) {
	s := session(t, vectors(t))
	plain, buf := bytes.Repeat([]byte("x"), 2048), make([]byte, 0, 8192)
	if got := testing.AllocsPerRun(100, func() { buf = s.AppendRequest(buf[:0], plain) }); got != 0 {
		t.Errorf("AppendRequest with room: %v allocations, want 0", got)
	}
	sealed := string(s.AppendSealed(nil, plain))
	if got := testing.AllocsPerRun(100, func() {
		if _, err := s.Open(sealed); err != nil {
			t.Fatal(err)
		}
	}); got > 1 {
		t.Errorf("Open: %v allocations, want the result alone", got)
	}
}

func FuzzParse(f *testing.F) {
	data := vectors(f)
	for _, v := range data.Cases {
		f.Add([]byte(v.Request))
		f.Add([]byte(v.Answer))
		f.Add([]byte(v.Plaintext))
		f.Add([]byte(v.Response))
	}
	s := session(f, data)
	f.Fuzz(func(t *testing.T, body []byte) {
		if request, err := aes.ParseRequest(body); err == nil {
			if key, err := aes.ParsePublicKey(request.Key); err == nil && key.N.BitLen() != aes.RSABits {
				t.Errorf("took a key of %d bits", key.N.BitLen())
			}
			if plain, err := s.Open(request.Sealed); err == nil {
				if got, err := s.Open(string(s.AppendSealed(nil, plain))); err != nil || !bytes.Equal(got, plain) {
					t.Errorf("sealed and opened: %q, %v, want %q", got, err, plain)
				}
			}
		}
		if answer, err := aes.ParseAnswer(body); err == nil {
			_, _ = s.OpenAnswer(answer)
			_, _, _ = aes.OpenKey(data.private, answer.Key)
		}
		if login, ok := aes.ParseLogin(body); ok && !login.Proves(login) {
			t.Error("a login does not prove itself")
		}
		if token, code, err := aes.ParseLoginAnswer(body); err == nil && code == 0 && token == "" {
			t.Error("a login was accepted without a token")
		}
		_, _ = aes.InnerCode(body)
	})
}

func BenchmarkSealAndOpen(b *testing.B) {
	s := session(b, vectors(b))
	plain := bytes.Repeat([]byte("x"), 2048)
	b.SetBytes(int64(len(plain)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Open(string(s.AppendSealed(nil, plain))); err != nil {
			b.Fatal(err)
		}
	}
}
