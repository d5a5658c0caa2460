package endpoint_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/internal/memnet"
	"wattle/internal/wire/aes"
	"wattle/internal/wire/klap"
	"wattle/simulator/endpoint"
)

// owner is the account of the devices here.
var owner = wattle.Credentials{Username: "user@example.com", Password: wattle.NewSecret("Passw0rd!")}

type serveFunc func(ctx context.Context, ln net.Listener, dev endpoint.Device, o *endpoint.Options) error

// echo is a device that answers with what it was asked.
var echo = endpoint.DeviceFunc(func(_ context.Context, request []byte) ([]byte, error) { return bytes.Clone(request), nil })

// web is a client that knows nothing but HTTP.
type web struct {
	t      *testing.T
	rounds *http.Transport
	faults *endpoint.Faults
}

// serve runs a device until the test ends.
func serve(t *testing.T, f serveFunc, o endpoint.Options) *web {
	t.Helper()
	n := memnet.New()
	ln, err := n.Listen("tcp4", "127.0.2.100:80")
	if err != nil {
		t.Fatal(err)
	}
	w := &web{t, &http.Transport{DialContext: n.DialContext, DisableCompression: true}, new(endpoint.Faults)}
	o.Faults = w.faults
	if o.Account.IsZero() {
		o.Account = owner
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- f(ctx, ln, echo, &o) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		w.rounds.CloseIdleConnections()
	})
	return w
}

// answer is what a device answered.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (w *web) do(method, url, cookie string, body io.Reader) answer {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, "http://127.0.2.100"+url, body)
	if err != nil {
		w.t.Fatal(err)
	}
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	a, err := w.rounds.RoundTrip(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if got := a.Header["Server"]; len(got) != 1 || got[0] != "SHIP 2.0" {
		w.t.Errorf("Server: %q", got)
	}
	if a.ContentLength != int64(len(b)) || len(a.TransferEncoding) > 0 {
		w.t.Errorf("%d bytes were announced as %d %q", len(b), a.ContentLength, a.TransferEncoding)
	}
	return answer{a.StatusCode, a.Header, b}
}

func (w *web) post(url, cookie string, body []byte) answer {
	w.t.Helper()
	return w.do(http.MethodPost, url, cookie, bytes.NewReader(body))
}

// login makes a KLAP session by hand.
func (w *web) login(version int) (cookie string, keys *klap.Session) {
	w.t.Helper()
	local := klap.Seed{7}
	a := w.post("/app/handshake1", "", local[:])
	remote, hash, err := klap.ParseHandshake1Answer(a.body)
	if err != nil || a.status != http.StatusOK {
		w.t.Fatalf("handshake1: %d, %v", a.status, err)
	}
	auth := klap.NewAuth(version, owner)
	if !auth.Fits(local, remote, hash) {
		w.t.Fatal("handshake1 proves another account")
	}
	cookie, rest, _ := strings.Cut(a.header.Get("Set-Cookie"), ";")
	if !strings.HasPrefix(cookie, "TP_SESSIONID=") || len(cookie) != len("TP_SESSIONID=")+32 || rest != "TIMEOUT=86400" {
		w.t.Errorf("Set-Cookie: %q", a.header["Set-Cookie"])
	}
	proof := auth.ClientHash(local, remote)
	if a := w.post("/app/handshake2", cookie, proof[:]); a.status != http.StatusOK {
		w.t.Fatalf("handshake2: %d", a.status)
	}
	return cookie, klap.NewSession(auth, local, remote)
}

// ask sends a message with a number in a session.
func (w *web) ask(cookie string, keys *klap.Session, seq int32, text string) answer {
	w.t.Helper()
	return w.post("/app/request?"+string(klap.AppendQuery(nil, seq)), cookie, keys.AppendSealed(nil, seq, []byte(text)))
}

func TestKLAPRules(t *testing.T) {
	for _, tt := range []struct {
		name string
		o    endpoint.Options
		run  func(w *web)
	}{
		{"a session", endpoint.Options{}, func(w *web) {
			cookie, keys := w.login(2)
			for n := range 3 {
				seq := keys.Next()
				text := fmt.Sprintf(`{"n":%d}`, n)
				a := w.ask(cookie, keys, seq, text)
				if got, err := keys.Open(seq, a.body); a.status != 200 || err != nil || string(got) != text {
					w.t.Errorf("%d, %q, %v", a.status, got, err)
				}
			}
		}},
		{"IOT is version 1", endpoint.Options{IOT: true}, func(w *web) { w.login(1) }},
		{"IOT may be version 2", endpoint.Options{IOT: true, Version: 2}, func(w *web) { w.login(2) }},
		{"handshake1 of 15 bytes", endpoint.Options{}, func(w *web) {
			w.want(w.post("/app/handshake1", "", make([]byte, 15)), 400)
		}},
		{"handshake2 without a session", endpoint.Options{}, func(w *web) {
			w.want(w.post("/app/handshake2", "TP_SESSIONID=00", make([]byte, 32)), 403)
			w.want(w.post("/app/handshake2", "", make([]byte, 32)), 403)
		}},
		{"handshake2 with a wrong proof ends the session", endpoint.Options{}, func(w *web) {
			local := klap.Seed{1}
			a := w.post("/app/handshake1", "", local[:])
			cookie, _, _ := strings.Cut(a.header.Get("Set-Cookie"), ";")
			w.want(w.post("/app/handshake2", cookie, make([]byte, 32)), 403)
			remote, _, _ := klap.ParseHandshake1Answer(a.body)
			proof := klap.NewAuth(2, owner).ClientHash(local, remote)
			w.want(w.post("/app/handshake2", cookie, proof[:]), 403)
		}},
		{"TIMEOUT must not come back", endpoint.Options{}, func(w *web) {
			cookie, keys := w.login(2)
			w.want(w.ask(cookie+"; TIMEOUT=86400", keys, keys.Next(), "{}"), 400)
			w.want(w.ask(cookie+"; x", keys, keys.Seq(), "{}"), 400)
			w.want(w.ask(cookie, keys, keys.Seq(), "{}"), 200)
		}},
		{"request before handshake2", endpoint.Options{}, func(w *web) {
			local := klap.Seed{1}
			a := w.post("/app/handshake1", "", local[:])
			cookie, _, _ := strings.Cut(a.header.Get("Set-Cookie"), ";")
			remote, _, _ := klap.ParseHandshake1Answer(a.body)
			keys := klap.NewSession(klap.NewAuth(2, owner), local, remote)
			w.want(w.ask(cookie, keys, keys.Next(), "{}"), 403)
		}},
		{"no number", endpoint.Options{}, func(w *web) {
			cookie, keys := w.login(2)
			for _, url := range []string{"/app/request", "/app/request?seq=", "/app/request?seq=x", "/app/request?seq=99999999999"} {
				w.want(w.post(url, cookie, keys.AppendSealed(nil, keys.Seq()+1, nil)), 400)
			}
		}},
		{"wrong signature", endpoint.Options{}, func(w *web) {
			cookie, keys := w.login(2)
			seq := keys.Next()
			body := keys.AppendSealed(nil, seq, []byte("{}"))
			body[3] ^= 1
			w.want(w.post("/app/request?"+string(klap.AppendQuery(nil, seq)), cookie, body), 403)
			w.want(w.ask(cookie, keys, seq, "{}"), 200) // it was not counted
		}},
		{"numbers go up by one", endpoint.Options{}, func(w *web) {
			cookie, keys := w.login(2)
			first := keys.Next()
			w.want(w.ask(cookie, keys, first, "{}"), 200)
			w.want(w.ask(cookie, keys, first, "{}"), 403)
			w.want(w.ask(cookie, keys, first+2, "{}"), 403)
			w.want(w.ask(cookie, keys, first-1, "{}"), 403)
			w.want(w.ask(cookie, keys, first+1, "{}"), 200)
		}},
		{"numbers go up", endpoint.Options{AnySeq: true}, func(w *web) {
			cookie, keys := w.login(2)
			first := keys.Next()
			w.want(w.ask(cookie, keys, first+100, "{}"), 200)
			w.want(w.ask(cookie, keys, first+100, "{}"), 403)
			w.want(w.ask(cookie, keys, first+99, "{}"), 403)
			w.want(w.ask(cookie, keys, first+101, "{}"), 200)
		}},
		{"the oldest session goes", endpoint.Options{SessionLimit: 2}, func(w *web) {
			one, keysOne := w.login(2)
			two, keysTwo := w.login(2)
			w.want(w.ask(one, keysOne, keysOne.Next(), "{}"), 200)
			three, keysThree := w.login(2)
			w.want(w.ask(one, keysOne, keysOne.Next(), "{}"), 403)
			w.want(w.ask(two, keysTwo, keysTwo.Next(), "{}"), 200)
			w.want(w.ask(three, keysThree, keysThree.Next(), "{}"), 200)
		}},
		{"one session", endpoint.Options{SingleSession: true}, func(w *web) {
			one, keysOne := w.login(2)
			two, keysTwo := w.login(2)
			w.want(w.ask(one, keysOne, keysOne.Next(), "{}"), 403)
			w.want(w.ask(two, keysTwo, keysTwo.Next(), "{}"), 200)
		}},
		{"sessions end", endpoint.Options{}, func(w *web) {
			cookie, keys := w.login(2)
			time.Sleep(24*time.Hour - time.Second)
			w.want(w.ask(cookie, keys, keys.Next(), "{}"), 200)
			time.Sleep(time.Second)
			w.want(w.ask(cookie, keys, keys.Next(), "{}"), 403)
		}},
		{"JSON on /app", endpoint.Options{}, func(w *web) {
			a := w.post("/app", "", []byte(`{"method":"component_nego","params":null}`))
			if w.want(a, 200); string(a.body) != `{"error_code":1003}` {
				w.t.Errorf("%q, want 1003", a.body)
			}
		}},
		{"third-party compatibility off", endpoint.Options{}, func(w *web) {
			cookie, keys := w.login(2)
			if err := w.faults.Set("tpc-off"); err != nil {
				w.t.Fatal(err)
			}
			w.want(w.post("/app/handshake1", "", make([]byte, 16)), 403)
			a := w.post("/app", "", []byte(`{"method":"handshake"}`))
			if w.want(a, 200); string(a.body) != `{"error_code":1003}` {
				w.t.Errorf("%q, want 1003", a.body)
			}
			w.want(w.ask(cookie, keys, keys.Next(), "{}"), 200)
		}},
		{"browsers", endpoint.Options{}, func(w *web) {
			for _, a := range []answer{w.do(http.MethodGet, "/", "", nil), w.post("/", "", []byte("x")), w.do(http.MethodGet, "/app", "", nil)} {
				if w.want(a, 200); !bytes.Contains(a.body, []byte("200 OK")) {
					w.t.Errorf("%q, want a page", a.body)
				}
			}
			w.want(w.post("/other", "", []byte("x")), 404)
		}},
		{"injected codes", endpoint.Options{}, func(w *web) {
			cookie, keys := w.login(2)
			w.injected(cookie, keys, `{"method":"get_device_info"}`, `{"error_code":1002}`)
		}},
		{"injected codes in IOT", endpoint.Options{IOT: true, Version: 2}, func(w *web) {
			cookie, keys := w.login(2)
			w.injected(cookie, keys, `{"context":{"child_ids":["1"]},"system":{"get_sysinfo":{}}}`,
				`{"system":{"get_sysinfo":{"err_code":-7,"err_msg":"injected"}}}`)
		}},
		{"a request without end", endpoint.Options{}, func(w *web) {
			w.want(w.post("/app/request?seq=1", "", make([]byte, 2<<20)), 400)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { tt.run(serve(t, endpoint.ServeKLAP, tt.o)) })
		})
	}
}

// injected wants one busy answer, then the device's.
func (w *web) injected(cookie string, keys *klap.Session, request, busy string) {
	w.t.Helper()
	if err := w.faults.Set("busy=1"); err != nil {
		w.t.Fatal(err)
	}
	for _, text := range []string{busy, request} {
		seq := keys.Next()
		a := w.ask(cookie, keys, seq, request)
		if got, err := keys.Open(seq, a.body); err != nil || string(got) != text {
			w.t.Errorf("%q, %v, want %q", got, err, text)
		}
	}
	if left := w.faults.Active(); len(left) != 0 {
		w.t.Errorf("still on: %q", left)
	}
}

// want wants a status.
func (w *web) want(a answer, status int) {
	w.t.Helper()
	if a.status != status {
		w.t.Errorf("status %d, want %d", a.status, status)
	}
}

// code is the error code of an answer in clear.
func (w *web) code(a answer) int {
	w.t.Helper()
	w.want(a, 200)
	got, err := aes.ParseAnswer(a.body)
	if err != nil {
		w.t.Fatal(err)
	}
	return got.Code
}

func TestAESRules(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, aes.RSABits)
	if err != nil {
		t.Fatal(err)
	}
	public, err := aes.PublicKeyPEM(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		w := serve(t, endpoint.ServeAES, endpoint.Options{NeedTerminal: true})
		hand := func() (string, *aes.Session) {
			a := w.post("/app", "", aes.AppendHandshake(nil, public))
			parsed, err := aes.ParseAnswer(a.body)
			if err != nil || parsed.Code != 0 {
				t.Fatalf("handshake: %s, %v", a.body, err)
			}
			k, iv, err := aes.OpenKey(key, parsed.Key)
			if err != nil {
				t.Fatal(err)
			}
			cookie, _, _ := strings.Cut(a.header.Get("Set-Cookie"), ";")
			return cookie, aes.NewSession(k, iv)
		}
		inner := func(s *aes.Session, a answer) string {
			t.Helper()
			parsed, err := aes.ParseAnswer(a.body)
			if err != nil || parsed.Code != 0 {
				t.Fatalf("%s, %v", a.body, err)
			}
			plain, err := s.OpenAnswer(parsed)
			if err != nil {
				t.Fatal(err)
			}
			return string(plain)
		}

		// What is not a session.
		for body, want := range map[string]int{
			"x":                      -1003,
			`{"method":"handshake"}`: -1010,
			`{"method":"handshake","params":{"key":"-----BEGIN PUBLIC KEY-----"}}`: -1010,
			`{"method":"component_nego","params":null}`:                            -1002,
			`{"method":"securePassthrough","params":{"request":"AAAA"}}`:           9999,
		} {
			if got := w.code(w.post("/app", "", []byte(body))); got != want {
				t.Errorf("%s: %d, want %d", body, got, want)
			}
		}
		if a := w.do(http.MethodPost, "/app", "", io.MultiReader(bytes.NewReader(aes.AppendHandshake(nil, public)))); a.status != 500 {
			t.Errorf("without Content-Length: %d, want 500", a.status)
		}

		// A login that is refused ends the session.
		cookie, s := hand()
		wrong := aes.NewLogin(2, wattle.SetupTapo())
		if got := inner(s, w.post("/app", cookie, s.AppendRequest(nil, aes.AppendLogin(nil, wrong, 1)))); got != `{"error_code":-1501}` {
			t.Errorf("wrong login: %s", got)
		}
		right := aes.AppendLogin(nil, aes.NewLogin(2, owner), 1)
		if got := w.code(w.post("/app", cookie, s.AppendRequest(nil, right))); got != 9999 {
			t.Errorf("login after a wrong one: %d, want 9999", got)
		}

		// One that is accepted.
		cookie, s = hand()
		if got := w.code(w.post("/app", cookie, s.AppendRequest(nil, []byte(`{"method":"get_device_info"}`)))); got != 9999 {
			t.Errorf("request before the login: %d, want 9999", got)
		}
		token, refused, err := aes.ParseLoginAnswer([]byte(inner(s, w.post("/app", cookie, s.AppendRequest(nil, right)))))
		if err != nil || refused != 0 || len(token) != 32 {
			t.Fatalf("login: %q, %d, %v", token, refused, err)
		}
		url := "/app?token=" + token
		for request, want := range map[string]string{
			`{"method":"get_device_info"}`:                       `{"method":"get_device_info"}`,
			`{"method":"set_device_info"}`:                       `{"error_code":-1012}`,
			`{"method":"set_device_info","terminal_uuid":"AA"}`:  `{"method":"set_device_info","terminal_uuid":"AA"}`,
			`{"method":"set_device_info","terminalUUID":"AA=="}`: `{"method":"set_device_info","terminalUUID":"AA=="}`,
			`no json`: `{"error_code":-1003}`,
		} {
			if got := inner(s, w.post(url, cookie, s.AppendRequest(nil, []byte(request)))); got != want {
				t.Errorf("%s: %s, want %s", request, got, want)
			}
		}
		if got := w.code(w.post("/app?token=other", cookie, s.AppendRequest(nil, []byte(`{"method":"get"}`)))); got != 9999 {
			t.Errorf("another token: %d, want 9999", got)
		}
		body, err := json.Marshal(map[string]any{"method": aes.SecurePassthrough, "params": map[string]string{"request": "AAAA"}})
		if err != nil {
			t.Fatal(err)
		}
		if got := w.code(w.post(url, cookie, body)); got != -1005 {
			t.Errorf("no cipher text: %d, want -1005", got)
		}
		w.want(w.post(url, cookie+"; TIMEOUT=1", body), 400)
		w.want(w.post("/other", cookie, body), 404)
	})
}

// TestServeEnds: every Serve ends when its context does, in the middle of
// requests that take for ever, and nothing is left running: the bubble fails
// otherwise.
func TestServeEnds(t *testing.T) {
	never := endpoint.DeviceFunc(func(ctx context.Context, _ []byte) ([]byte, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		o := &endpoint.Options{Account: owner}
		for i, f := range []serveFunc{endpoint.ServeXOR, endpoint.ServeKLAP, endpoint.ServeAES} {
			address := fmt.Sprintf("127.0.2.%d:80", 110+i)
			ln, err := n.Listen("tcp4", address)
			if err != nil {
				t.Fatal(err)
			}
			go func() { ended <- f(ctx, ln, never, o) }()
			conn, err := n.DialContext(ctx, "tcp4", address)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Write([]byte("\x00\x00\x00\x01\xab")); err != nil {
				t.Fatal(err)
			}
			defer func() {
				if _, err := bufio.NewReader(conn).ReadByte(); err == nil {
					t.Error("a connection was left open")
				}
				_ = conn.Close()
			}()
		}
		pc, err := n.ListenPacket("udp4", "127.0.2.120:9999")
		if err != nil {
			t.Fatal(err)
		}
		go func() { ended <- endpoint.ServeXORPacket(ctx, pc, never, o) }()
		datagram, err := n.DialContext(ctx, "udp4", "127.0.2.120:9999")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = datagram.Close() }()
		if _, err := datagram.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		cancel()
		for range 4 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	})
}
