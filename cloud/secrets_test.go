package cloud_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/cloud"
	"wattle/device"
	"wattle/internal/keystore"
	"wattle/method"
	"wattle/session"
	"wattle/simulator/cloudsim"
)

// theCode is the verification code of all tests.
const theCode = "493817"

// suite is every log line and trace of all tests of this package, at debug level.
var suite sink

// sink is a writer for several goroutines.
type sink struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *sink) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (s *sink) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(s, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// forbidden are the secrets that the tests use: passwords, tokens, codes, the
// signing keys, and what stands for a login that waits.
var forbidden = regexp.MustCompile(`correct horse|another horse|token-[0-9]{4}|token-(kasa|tapo|there)|refresh-[0-9]{4}|refresh-(kasa|tapo)|\b493817\b|process-1\b|` +
	`314bc6700b3140ca80bc655e527cb062|6ed7d97f3e73467f8a5bab90b577ba4c|correct\+horse|correct%20horse`)

// TestMain looks through all that the tests have logged.
func TestMain(m *testing.M) {
	code := m.Run()
	if found := forbidden.FindString(suite.text()); found != "" {
		fmt.Fprintf(os.Stderr, "a secret was logged by some test: %q\n", found)
		code = 1
	}
	os.Exit(code)
}

// TestSuiteLogs: the check of TestMain can fail, and has something to look at.
func TestSuiteLogs(t *testing.T) {
	for _, secret := range []string{someone.Password.Reveal(), "token-0001", "refresh-0002", "code " + theCode, cloud.KasaAndroid().Key.Secret.Reveal(), cloud.TapoAndroid().Key.Secret.Reveal()} {
		if !forbidden.MatchString(secret) {
			t.Errorf("%q would be overlooked", secret)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.signedIn()
	})
	if !strings.Contains(suite.text(), `"call":"login"`) {
		t.Error("the tests log nothing")
	}
}

// shown collects everything that a program could show or keep.
type shown struct {
	sink
	t *testing.T
}

// say shows a value in every way that Go has.
func (s *shown) say(values ...any) {
	for _, v := range values {
		fmt.Fprintf(s, "%v\n%+v\n%#v\n%s\n%q\n", v, v, v, v, v)
		if b, err := json.Marshal(v); err == nil {
			_, _ = s.Write(append(b, '\n'))
		}
		s.logger().Debug("value", "value", v)
		var err error
		if e, ok := v.(error); ok {
			for err = e; err != nil; err = errors.Unwrap(err) {
				fmt.Fprintf(s, "%v %#v\n", err, err)
			}
			if h, ok := v.(interface{ Hint() string }); ok {
				fmt.Fprintln(s, h.Hint())
			}
		}
	}
}

// crash is what a program that panics with a value would print.
func (s *shown) crash(v any) {
	func() {
		defer func() {
			stack := make([]byte, 1<<20)
			fmt.Fprintf(s, "panic: %v\n%s\n", recover(), stack[:runtime.Stack(stack, false)])
		}()
		panic(fmt.Sprintf("%+v %#v", v, v))
	}()
}

// check fails for each secret in it.
func (s *shown) check(what string, secrets ...string) {
	s.t.Helper()
	text := s.text()
	if len(text) < 500 {
		s.t.Errorf("%s: nothing was shown", what)
	}
	for _, secret := range secrets {
		if at := strings.Index(text, secret); secret != "" && at >= 0 {
			s.t.Errorf("%s: %q is shown: ...%s...", what, secret, text[max(0, at-200):min(len(text), at+len(secret)+50)])
		}
	}
	if found := forbidden.FindString(text); found != "" {
		s.t.Errorf("%s: %q is shown", what, found)
	}
}

// TestNothingShowsASecret goes through all that the client does, what works and
// what fails, and looks at every error, log line, trace, crash and file.
func TestNothingShowsASecret(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := &shown{t: t}
		site := newSite(t, &cloudsim.Options{Account: someone, Faults: []string{"cloud-mfa=mail"}})
		store := keystore.New(keystore.Options{Dir: folder, Getenv: func(string) string { return "" }})
		var states []string
		c := site.client(func(o *cloud.Options) {
			o.Logger = s.logger()
			o.Save = func(ctx context.Context, state wattle.Secret) error {
				states = append(states, state.Reveal())
				s.say(state)
				return store.Set(ctx, "cloud", wattle.Credentials{Username: "cloud", Password: state}, keystore.SetOptions{})
			}
		})
		wrong := wattle.Credentials{Username: someone.Username, Password: wattle.NewSecret("wrong-pass-word")}
		for range 2 {
			_, err := c.Login(t.Context(), wrong, nil)
			s.say(err, c.Status())
		}
		_, err := c.Login(t.Context(), someone, nil)
		var need *cloud.CodeError
		var codes []string
		for tries := 0; errors.As(err, &need) && tries < 3; tries++ {
			s.say(err, need, c.Status())
			s.say(c.SendCode(t.Context(), cloud.ByApp, wattle.Credentials{}), c.SendCode(t.Context(), cloud.ByEmail, wattle.Credentials{}))
			mail := site.sim.Mail()
			code := mail[len(mail)-1].Code
			codes = append(codes, code)
			_, bad := c.Verify(t.Context(), wattle.NewSecret("wrong-code-000"), wattle.Credentials{})
			s.say(bad)
			var report cloud.Report
			report, err = c.Verify(t.Context(), wattle.NewSecret(code), wattle.Credentials{})
			s.say(report)
		}
		if err != nil {
			t.Fatal(err)
		}
		list, err := c.Devices(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s.say(c.Status(), c)
		s.crash(c)
		o := &session.Options{Logger: s.logger(), Trace: func(trace session.Trace) { s.say(trace) }}
		for i := range list.Entries {
			way, err := c.Open(&list.Entries[i], o)
			if err != nil {
				s.say(err)
				continue
			}
			s.crash(way.Relay)
			if d, err := device.New(t.Context(), way.Caller, way.Family, &device.Options{Logger: s.logger()}); err == nil {
				_, err = d.Poll(t.Context())
				s.say(err, d.Identity().Kind)
			} else {
				s.say(err)
			}
			_, err = way.Caller.Do(t.Context(), method.Call{Module: "nothing", Method: "at_all"})
			s.say(err)
			_ = way.Close()
		}
		for _, fault := range []string{"cloud-rate", "cloud-html", "cloud-blacklist", "cloud-cut", "cloud-drop"} {
			if err := site.sim.SetFault(nil, fault); err != nil {
				t.Fatal(err)
			}
			_, err := c.Raw(t.Context(), cloud.Raw{Method: "getDeviceList"})
			s.say(err)
			_ = site.sim.ClearFault(nil, fault)
			time.Sleep(25 * time.Hour) // holds end
		}
		site.sim.AddRule(cloudsim.Rule{Code: -20651})
		_, err = c.Refresh(t.Context())
		s.say(err)
		site.sim.ClearRules()

		f := newFakeAt(t, "192.0.2.9:443")
		echo := f.client(func(o *cloud.Options) { o.Logger, o.State = s.logger(), c.Export() })
		f.handle("getDeviceList", func(r *seen) (int, string) { // a service that says back what it got
			b, _ := json.Marshal(map[string]any{"error_code": -20104, "msg": r.uri + string(r.body)})
			return 200, string(b)
		})
		_, err = echo.ListRelay(t.Context(), cloud.Kasa)
		s.say(err)
		broken := site.client(func(o *cloud.Options) {
			o.Logger, o.State = s.logger(), c.Export()
			o.DialContext = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no network") }
		})
		_, err = broken.Refresh(t.Context())
		s.say(err, c.Logout(t.Context()))

		secrets := append(codes, someone.Password.Reveal(), wrong.Password.Reveal(), "wrong-code-000", "ut|")
		token := regexp.MustCompile(`"(?:token|refresh_token|process)":"([^"]+)"`)
		for _, state := range states {
			for _, m := range token.FindAllStringSubmatch(state, -1) {
				secrets = append(secrets, m[1])
			}
			if strings.Contains(state, someone.Password.Reveal()) || strings.Contains(state, wrong.Password.Reveal()) {
				t.Error("a password is in the stored state")
			}
		}
		if len(states) < 5 || len(secrets) < 8 || len(codes) == 0 {
			t.Fatalf("%d states with %d secrets, %d codes", len(states), len(secrets), len(codes))
		}
		s.check("shown", secrets...)

		files := &shown{t: t}
		err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			_, _ = files.Write(b)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		files.check("files", secrets...)
	})
}
