package keystore_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wattle"
	"wattle/internal/keystore"
)

const (
	email  = "user@example.com"
	secret = "correct horse battery"
	phrase = "open sesame, please"
)

func account() wattle.Credentials {
	return wattle.Credentials{Username: email, Password: wattle.NewSecret(secret)}
}

// memory is a key store of an operating system.
type memory struct {
	mu    sync.Mutex
	items map[string]string
	calls int
	hang  chan struct{} // not nil: answers when it is closed
	err   error
}

func (m *memory) do(f func()) error {
	if m.hang != nil {
		<-m.hang
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	if m.err != nil {
		return m.err
	}
	if m.items == nil {
		m.items = map[string]string{}
	}
	f()
	return nil
}

func (m *memory) Get(service, name string) (text string, err error) {
	found := false
	err = m.do(func() { text, found = m.items[service+"/"+name] })
	if err == nil && !found {
		err = keystore.ErrNone
	}
	return text, err
}

func (m *memory) Set(service, name, secret string) error {
	return m.do(func() { m.items[service+"/"+name] = secret })
}

func (m *memory) Delete(service, name string) error {
	return m.do(func() { delete(m.items, service+"/"+name) })
}

type fixture struct {
	*keystore.Keystore
	dir    string
	env    map[string]string
	system *memory
	asked  int
	answer string // to the question for the passphrase
}

func setUp(t *testing.T, change func(*keystore.Options)) *fixture {
	t.Helper()
	f := &fixture{dir: filepath.Join(t.TempDir(), "state"), env: map[string]string{}, system: &memory{}, answer: phrase}
	o := keystore.Options{
		Dir:    f.dir,
		Getenv: func(name string) string { return f.env[name] },
		System: f.system,
		Ask: func(context.Context) (wattle.Secret, error) {
			f.asked++
			return wattle.NewSecret(f.answer), nil
		},
	}
	if change != nil {
		change(&o)
	}
	f.Keystore = keystore.NewCheap(o)
	return f
}

func (f *fixture) set(t *testing.T, o keystore.SetOptions) {
	t.Helper()
	if err := f.Set(t.Context(), "", account(), o); err != nil {
		t.Fatal(err)
	}
}

func TestSetGetDelete(t *testing.T) {
	for _, o := range []keystore.SetOptions{
		{},
		{Backend: keystore.File},
		{Backend: keystore.Passphrase, Phrase: wattle.NewSecret(phrase)},
		{Backend: keystore.Keyring},
	} {
		t.Run(string(o.Backend), func(t *testing.T) {
			f := setUp(t, nil)
			if _, err := f.Get(t.Context(), ""); !errors.Is(err, keystore.ErrNone) {
				t.Fatalf("before: %v", err)
			}
			f.set(t, o)
			found, err := f.Get(t.Context(), keystore.DefaultProfile)
			want := o.Backend
			if want == "" {
				want = keystore.File
			}
			if err != nil || found.Credentials != account() || found.Source != string(want) {
				t.Errorf("got %+v, %v", found, err)
			}
			status, err := f.Status(t.Context(), "")
			if err != nil || status.Stored != want || status.Source != string(want) || status.Problem != "" ||
				(status.Username == email) != (want != keystore.Passphrase) {
				t.Errorf("status %+v, %v", status, err)
			}
			if used := f.system.calls > 0; used != (want == keystore.Keyring) {
				t.Errorf("the system's key store was asked %d times", f.system.calls)
			}
			if asks := f.asked > 0; asks != (want == keystore.Passphrase) {
				t.Errorf("a passphrase was asked for %d times", f.asked)
			}
			if names, err := f.Profiles(); err != nil || !slices.Equal(names, []string{"default"}) {
				t.Errorf("profiles %v, %v", names, err)
			}
			if err := f.Delete(t.Context(), ""); err != nil {
				t.Fatal(err)
			}
			for _, again := range []error{f.Delete(t.Context(), ""), second(f.Get(t.Context(), ""))} {
				if !errors.Is(again, keystore.ErrNone) {
					t.Errorf("after delete: %v", again)
				}
			}
			if _, err := os.Stat(filepath.Join(f.dir, "default.age")); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the file is still there: %v", err)
			}
			if len(f.system.items) != 0 {
				t.Errorf("the key store still holds %d items", len(f.system.items))
			}
		})
	}
}

func second[T any](_ T, err error) error { return err }

// TestMove: storing elsewhere leaves no copy in the old place.
func TestMove(t *testing.T) {
	f := setUp(t, nil)
	file := filepath.Join(f.dir, "default.age")
	f.set(t, keystore.SetOptions{Backend: keystore.File})
	f.set(t, keystore.SetOptions{Backend: keystore.Keyring})
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is still there: %v", err)
	}
	f.set(t, keystore.SetOptions{Backend: keystore.Passphrase, Phrase: wattle.NewSecret(phrase)})
	if len(f.system.items) != 0 {
		t.Errorf("the key store still holds %d items", len(f.system.items))
	}
	if found, err := f.Get(t.Context(), ""); err != nil || found.Credentials != account() {
		t.Errorf("%v, %v", found, err)
	}
}

func TestProfiles(t *testing.T) {
	f := setUp(t, nil)
	for i, name := range []string{"work", "", "home.2"} {
		one := wattle.Credentials{Username: fmt.Sprint(i), Password: wattle.NewSecret(fmt.Sprint("p", i))}
		if err := f.Set(t.Context(), name, one, keystore.SetOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for i, name := range []string{"work", "default", "home.2"} {
		if found, err := f.Get(t.Context(), name); err != nil || found.Credentials.Username != fmt.Sprint(i) {
			t.Errorf("%s: %+v, %v", name, found, err)
		}
	}
	if names, err := f.Profiles(); err != nil || !slices.Equal(names, []string{"default", "home.2", "work"}) {
		t.Errorf("%v, %v", names, err)
	}
	if _, err := f.Get(t.Context(), "other"); !errors.Is(err, keystore.ErrNone) {
		t.Errorf("other: %v", err)
	}
	for _, name := range []string{"../evil", "a/b", ".hidden", "-flag", "ü", strings.Repeat("x", 65), "a b", "nul\x00"} {
		if _, err := f.Get(t.Context(), name); !errors.Is(err, wattle.ErrParam) {
			t.Errorf("%q: %v", name, err)
		}
		if err := f.Set(t.Context(), name, account(), keystore.SetOptions{}); !errors.Is(err, wattle.ErrParam) {
			t.Errorf("set %q: %v", name, err)
		}
	}
}

func TestSources(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	passwordFile := write("password", "from file\n", 0o600)
	open := write("it's open", "from file\n", 0o644)
	empty := write("empty", "\n", 0o600)
	large := write("large", strings.Repeat("x", 1<<17), 0o600)
	write("wattle.username", "systemd-user", 0o444)
	write("wattle.password", "systemd-password\n", 0o444)
	for _, tt := range []struct {
		name     string
		settings string
		env      map[string]string
		explicit bool
		user     string
		password string
		source   string
		err      string
	}{
		{name: "stored", user: email, password: secret, source: "file"},
		{name: "explicit", explicit: true, env: map[string]string{"WATTLE_USERNAME": "u", "WATTLE_PASSWORD": "p"}, user: "x", password: "y", source: "given"},
		{name: "environment", env: map[string]string{"WATTLE_USERNAME": "u", "WATTLE_PASSWORD": "p"}, user: "u", password: "p", source: "environment"},
		{name: "other client's", env: map[string]string{"KASA_USERNAME": "u", "KASA_PASSWORD": "p"}, user: "u", password: "p", source: "environment"},
		{name: "ours before theirs", env: map[string]string{"KASA_USERNAME": "u", "KASA_PASSWORD": "p", "WATTLE_USERNAME": "U", "WATTLE_PASSWORD": "P"}, user: "U", password: "P", source: "environment"},
		{name: "password file", env: map[string]string{"WATTLE_USERNAME": "u", "WATTLE_PASSWORD_FILE": passwordFile}, user: "u", password: "from file", source: "environment"},
		{name: "systemd", env: map[string]string{"CREDENTIALS_DIRECTORY": dir}, user: "systemd-user", password: "systemd-password", source: "environment"},
		{name: "user and systemd", env: map[string]string{"WATTLE_USERNAME": "u", "CREDENTIALS_DIRECTORY": dir}, user: "u", password: "systemd-password", source: "environment"},
		{name: "systemd has an empty one", env: map[string]string{"CREDENTIALS_DIRECTORY": filepath.Dir(write("unit/wattle.password", "", 0o400))}, user: email, password: secret, source: "file"},
		{name: "settings and systemd", settings: "s", env: map[string]string{"CREDENTIALS_DIRECTORY": filepath.Dir(write("half/wattle.password", "p\n", 0o400))}, user: "s", password: "p", source: "environment"},
		{name: "settings alone", settings: "s", user: email, password: secret, source: "file"},
		{name: "systemd has others' only", env: map[string]string{"CREDENTIALS_DIRECTORY": t.TempDir()}, user: email, password: secret, source: "file"},
		{name: "half", env: map[string]string{"WATTLE_USERNAME": "u"}, err: "WATTLE_USERNAME is set, but neither WATTLE_PASSWORD nor WATTLE_PASSWORD_FILE"},
		{name: "other half", env: map[string]string{"WATTLE_PASSWORD": "topsecret"}, err: "WATTLE_PASSWORD is set, but WATTLE_USERNAME is not"},
		{name: "open file", env: map[string]string{"WATTLE_USERNAME": "u", "WATTLE_PASSWORD_FILE": open}, err: "run: chmod 600 '" + dir + `/it'\''s open'`},
		{name: "no file", env: map[string]string{"WATTLE_USERNAME": "u", "WATTLE_PASSWORD_FILE": dir + "/none"}, err: "WATTLE_PASSWORD_FILE: "},
		{name: "empty file", env: map[string]string{"WATTLE_USERNAME": "u", "WATTLE_PASSWORD_FILE": empty}, err: "is empty"},
		{name: "large file", env: map[string]string{"WATTLE_USERNAME": "u", "WATTLE_PASSWORD_FILE": large}, err: "too large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := setUp(t, func(o *keystore.Options) {
				if tt.explicit {
					o.Explicit = wattle.Credentials{Username: "x", Password: wattle.NewSecret("y")}
				}
				o.Username = tt.settings
			})
			f.set(t, keystore.SetOptions{})
			f.env = tt.env
			found, err := f.Get(t.Context(), "")
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), "topsecret") {
					t.Errorf("error %v, want %q in it", err, tt.err)
				}
				if status, err := f.Status(t.Context(), ""); err != nil || status.Stored != keystore.File || (status.Problem == "" && status.Source != "") {
					t.Errorf("status %+v, %v", status, err)
				}
				return
			}
			if err != nil || found.Source != tt.source || found.Credentials.Username != tt.user || found.Credentials.Password.Reveal() != tt.password {
				t.Errorf("%+v, %v", found, err)
			}
		})
	}
}

func TestPermissions(t *testing.T) {
	for _, name := range []string{"default.age", "identity.txt"} {
		for _, mode := range []os.FileMode{0o640, 0o604, 0o644, 0o660} {
			f := setUp(t, nil)
			f.set(t, keystore.SetOptions{})
			path := filepath.Join(f.dir, name)
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Fatalf("%s is made with mode %v, %v", name, info.Mode(), err)
			}
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
			_, err := f.Get(t.Context(), "")
			if !errors.Is(err, keystore.ErrOpenToOthers) || !strings.HasSuffix(err.Error(), "run: chmod 600 "+path) {
				t.Errorf("%s with mode %o: %v", name, mode, err)
			}
			if status, err := f.Status(t.Context(), ""); err != nil || !strings.Contains(status.Problem, "chmod 600") {
				t.Errorf("status %+v, %v", status, err)
			}
			if err := os.Chmod(path, 0o400); err != nil {
				t.Fatal(err)
			}
			if _, err := f.Get(t.Context(), ""); err != nil {
				t.Errorf("mode 0400: %v", err)
			}
		}
	}
}

func TestDamage(t *testing.T) {
	spoil := func(name string, change func([]byte) []byte) func(*testing.T, *fixture) {
		return func(t *testing.T, f *fixture) {
			t.Helper()
			path := filepath.Join(f.dir, name)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if data = change(data); data == nil {
				err = os.Remove(path)
			} else {
				err = os.WriteFile(path, data, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	cut := func(b []byte) []byte { return b[:len(b)-1] }
	flip := func(b []byte) []byte { b[len(b)-3] ^= 1; return b }
	gone := func([]byte) []byte { return nil }
	empty := func([]byte) []byte { return []byte{} }
	for _, tt := range []struct {
		name  string
		spoil func(*testing.T, *fixture)
		want  error
		text  string
	}{
		{"cut off", spoil("default.age", cut), keystore.ErrDamaged, "store them again"},
		{"a bit", spoil("default.age", flip), keystore.ErrDamaged, "store them again"},
		{"empty", spoil("default.age", empty), keystore.ErrDamaged, "store them again"},
		{"gone", spoil("default.age", gone), keystore.ErrNone, "store them again"},
		{"huge", spoil("default.age", func(b []byte) []byte { return make([]byte, 2<<20) }), keystore.ErrDamaged, "too large"},
		{"identity gone", spoil("identity.txt", gone), keystore.ErrDamaged, "identity.txt"},
		{"identity empty", spoil("identity.txt", empty), keystore.ErrDamaged, "empty"},
		{"identity broken", spoil("identity.txt", func([]byte) []byte { return []byte("AGE-SECRET-KEY-1NOTAKEY\n") }), keystore.ErrDamaged, "no age identity"},
		{"identity of another", spoil("identity.txt", func([]byte) []byte {
			return []byte(keystore.NewIdentity())
		}), keystore.ErrDamaged, "does not belong"},
		{"index broken", spoil("credentials.json", cut), nil, ""},
		{"index no JSON", spoil("credentials.json", func([]byte) []byte { return []byte("{") }), keystore.ErrDamaged, "credentials.json"},
		{"index newer", spoil("credentials.json", func([]byte) []byte { return []byte(`{"version":2}`) }), nil, "newer version"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := setUp(t, nil)
			f.set(t, keystore.SetOptions{})
			tt.spoil(t, f)
			_, err := f.Get(t.Context(), "")
			if tt.want == nil && tt.text == "" {
				if err != nil { // the last byte was a newline
					t.Error(err)
				}
				return
			}
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error %v, want %v with %q", err, tt.want, tt.text)
			}
			if strings.Contains(fmt.Sprint(err), "NOTAKEY") {
				t.Errorf("%v shows the key", err)
			}
			if strings.HasPrefix(tt.name, "index") {
				return
			}
			if err := os.Remove(filepath.Join(f.dir, "identity.txt")); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			f.set(t, keystore.SetOptions{}) // "store them again" helps
			if found, err := f.Get(t.Context(), ""); err != nil || found.Credentials != account() {
				t.Errorf("stored again: %v, %v", found, err)
			}
		})
	}
}

func TestPassphrase(t *testing.T) {
	f := setUp(t, nil)
	if err := f.Set(t.Context(), "", account(), keystore.SetOptions{Backend: keystore.Passphrase}); !errors.Is(err, wattle.ErrParam) {
		t.Errorf("empty passphrase: %v", err)
	}
	f.set(t, keystore.SetOptions{Backend: keystore.Passphrase, Phrase: wattle.NewSecret(phrase)})
	if _, err := os.Stat(filepath.Join(f.dir, "identity.txt")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an identity was made for nothing: %v", err)
	}
	f.answer = "wrong guess"
	if _, err := f.Get(t.Context(), ""); !errors.Is(err, keystore.ErrPassphrase) || !strings.Contains(err.Error(), "wrong passphrase") {
		t.Errorf("wrong passphrase: %v", err)
	}
	f.answer = ""
	if _, err := f.Get(t.Context(), ""); !errors.Is(err, keystore.ErrPassphrase) {
		t.Errorf("no passphrase: %v", err)
	}
	quiet := keystore.NewCheap(keystore.Options{Dir: f.dir, Getenv: func(string) string { return "" }})
	if _, err := quiet.Get(t.Context(), ""); !errors.Is(err, keystore.ErrPassphrase) || !strings.Contains(err.Error(), "nobody to ask") {
		t.Errorf("nobody to ask: %v", err)
	}
	stop := errors.New("interrupted")
	refuses := keystore.NewCheap(keystore.Options{
		Dir: f.dir, Getenv: func(string) string { return "" },
		Ask: func(context.Context) (wattle.Secret, error) { return wattle.Secret{}, stop },
	})
	if _, err := refuses.Get(t.Context(), ""); !errors.Is(err, stop) {
		t.Errorf("the user gave up: %v", err)
	}
}

func TestKeyringFails(t *testing.T) {
	f := setUp(t, nil)
	f.set(t, keystore.SetOptions{Backend: keystore.Keyring})
	f.system.err = keystore.ErrNoKeyring
	if _, err := f.Get(t.Context(), ""); !errors.Is(err, keystore.ErrNoKeyring) {
		t.Errorf("broken key store: %v", err)
	}
	f.system.err = nil
	clear(f.system.items)
	if _, err := f.Get(t.Context(), ""); !errors.Is(err, keystore.ErrNone) || !strings.Contains(err.Error(), "lost") {
		t.Errorf("lost item: %v", err)
	}
	f.system.hang = make(chan struct{})
	defer close(f.system.hang)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := f.Get(ctx, ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a key store that hangs: %v", err)
	}
}

func TestSetRefuses(t *testing.T) {
	f := setUp(t, nil)
	for name, err := range map[string]error{
		"no password":     f.Set(t.Context(), "", wattle.Credentials{Username: email}, keystore.SetOptions{}),
		"no e-mail":       f.Set(t.Context(), "", wattle.Credentials{Password: wattle.NewSecret(secret)}, keystore.SetOptions{}),
		"unknown backend": f.Set(t.Context(), "", account(), keystore.SetOptions{Backend: "paper"}),
		"no folder":       keystore.New(keystore.Options{}).Set(t.Context(), "", account(), keystore.SetOptions{}),
	} {
		if !errors.Is(err, wattle.ErrParam) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := keystore.New(keystore.Options{Getenv: func(string) string { return "" }}).Get(t.Context(), ""); !errors.Is(err, keystore.ErrNone) {
		t.Errorf("no folder: %v", err)
	}
}

// TestNoSecretShown prints everything that the package gives back, in every
// way, and greps the folder.
func TestNoSecretShown(t *testing.T) {
	var text strings.Builder
	logger := slog.New(slog.NewJSONHandler(&text, nil))
	show := func(what ...any) {
		for _, v := range what {
			fmt.Fprintf(&text, "%v %+v %#v %s\n", v, v, v, v)
			encoded, err := json.Marshal(v)
			fmt.Fprintf(&text, "%s %v\n", encoded, err)
			logger.Info("shown", "value", v)
		}
	}
	for _, o := range []keystore.SetOptions{{}, {Backend: keystore.Passphrase, Phrase: wattle.NewSecret(phrase)}, {Backend: keystore.Keyring}} {
		f := setUp(t, func(o *keystore.Options) { o.Explicit = wattle.Credentials{} })
		f.set(t, o)
		found, err := f.Get(t.Context(), "")
		status, statusErr := f.Status(t.Context(), "")
		show(found, err, status, statusErr, o)
		f.answer = "guess " + secret
		found, err = f.Get(t.Context(), "")
		show(found, err)
		f.env["WATTLE_PASSWORD"] = secret
		found, err = f.Get(t.Context(), "")
		show(found, err)
		entries, err := os.ReadDir(f.dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			data, err := os.ReadFile(filepath.Join(f.dir, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(data), secret) || strings.Contains(string(data), email) || strings.Contains(string(data), phrase) {
				t.Errorf("%s holds a secret in clear", e.Name())
			}
			if strings.HasPrefix(e.Name(), ".") {
				t.Errorf("%s was left behind", e.Name())
			}
		}
	}
	for _, s := range []string{secret, phrase, "AGE-SECRET-KEY"} {
		if i := strings.Index(text.String(), s); i >= 0 {
			t.Errorf("shown: %q", text.String()[max(0, i-80):i+len(s)])
		}
	}
}

func BenchmarkGetFile(b *testing.B) {
	k := keystore.New(keystore.Options{Dir: b.TempDir(), Getenv: func(string) string { return "" }})
	if err := k.Set(b.Context(), "", account(), keystore.SetOptions{}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := k.Get(b.Context(), ""); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGetPassphrase(b *testing.B) {
	k := keystore.New(keystore.Options{
		Dir: b.TempDir(), Getenv: func(string) string { return "" },
		Ask: func(context.Context) (wattle.Secret, error) { return wattle.NewSecret(phrase), nil },
	})
	if err := k.Set(b.Context(), "", account(), keystore.SetOptions{Backend: keystore.Passphrase, Phrase: wattle.NewSecret(phrase)}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := k.Get(b.Context(), ""); err != nil {
			b.Fatal(err)
		}
	}
}
