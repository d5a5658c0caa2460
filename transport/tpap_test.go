package transport_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/internal/wire/tpap"
	"wattle/simulator/endpoint"
	"wattle/transport"
)

// testTPAPWrap: the device names the first number, and all 32 bits are used.
func testTPAPWrap(s scene) {
	first := uint32(math.MaxUint32 - 1)
	f := start(s.t, s.kind, s.world, func(o *endpoint.Options) { o.TPAP.StartSeq = &first })
	conn := f.open(s.t, nil)
	for n := range 5 {
		exchange(s.t, conn, n)
	}
	if n := conn.Info().Handshakes; n != 1 {
		s.t.Errorf("%d handshakes, want 1", n)
	}
}

// attestation is that of all devices here: making one takes a while.
var attestation = sync.OnceValues(func() (*endpoint.Attestation, error) { return endpoint.NewAttestation("SMART.TAPOPLUG") })

func attested(t *testing.T) *endpoint.Attestation {
	t.Helper()
	a, err := attestation()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// shares counts the attempts that a client spends.
func shares(s *spy) int { return s.count(`"pake_share"`) }

// TestTPAPLogins: every suite, cipher, kind of login, extra_crypt, user name and
// form of w0 that a device may want, without the client being told.
func TestTPAPLogins(t *testing.T) {
	one := 1
	type device = endpoint.TPAPOptions
	cases := map[string]struct {
		family wattle.Family
		device device
		label  string // "" is "account"
		shares int    // 0 is 1
	}{
		"pake 0":                  {device: device{Pake: []int{0}, MAC: "AABBCCDDEE01"}, label: "mac"},
		"pake 5":                  {device: device{Pake: []int{5}}},
		"pake 3":                  {device: device{Pake: []int{3}}},
		"pake 0 before 2":         {device: device{Pake: []int{2, 0}}, label: "mac"},
		"vacuum":                  {device: device{DeviceType: "SMART.TAPOROBOVAC"}},
		"user_hash_type 1":        {device: device{UserHashType: &one}},
		"compressed":              {device: device{Compressed: true}},
		"noc":                     {device: device{NOC: true}},
		"no extra_crypt":          {device: device{ExtraCrypt: json.RawMessage("null")}},
		"camera":                  {family: wattle.SMARTCAM, device: device{DeviceType: "SMART.IPCAMERA"}, label: "account-md5"},
		"camera sha256":           {family: wattle.SMARTCAM, device: device{DeviceType: "SMART.IPCAMERA", Digest: "sha256"}, label: "account-sha256", shares: 2},
		"camera literal admin":    {family: wattle.SMARTCAM, device: device{DeviceType: "SMART.IPCAMERA", User: "literal"}, label: "account-md5+literal"},
		"camera sha256 name":      {family: wattle.SMARTCAM, device: device{DeviceType: "SMART.IPCAMERA", User: "sha256"}, label: "account-md5+sha256"},
		"camera pake 1":           {family: wattle.SMARTCAM, device: device{DeviceType: "SMART.IPCAMERA", Pake: []int{1}}},
		"camera shared token":     {family: wattle.SMARTCAM, device: device{DeviceType: "SMART.IPCAMERA", Pake: []int{3}}, label: "account-md5"},
		"doorbell default":        {family: wattle.SMARTCAM, device: device{DeviceType: "SMART.TAPODOORBELL", Pake: []int{0}}, label: "mac"},
		"hub of the camera kind":  {family: wattle.SMARTCAM, device: device{DeviceType: "SMART.TAPOHUB"}},
		"iot":                     {family: wattle.IOT},
		"negative start":          {device: device{StartSeq: new(uint32(0x80000001))}},
		"w0 fixed, same":          {device: device{W0: "fixed"}},
		"w0 minimal, short":       {device: device{Salt: shortSalt(t)}},
		"w0 both, short":          {device: device{W0: "both", Salt: shortSalt(t)}},
		"w0 fixed, short":         {device: device{W0: "fixed", Salt: shortSalt(t)}, label: "account+fixed", shares: 2},
		"dac":                     {device: device{Attestation: attested(t)}},
		"dac without issuer":      {device: device{Attestation: direct(attested(t))}},
		"in-band takes TLS back":  {device: device{InBand: "http"}},
		"iterations at the bound": {device: device{Iterations: 100_000}},
	}
	for _, suite := range tpap.Suites() {
		for _, cipher := range tpap.Ciphers() {
			if suite > 2 && suite < 8 && cipher != tpap.AES128CCM {
				continue // the larger curves take their time
			}
			cases[fmt.Sprintf("suite %d %s", suite, cipher)] = struct {
				family wattle.Family
				device device
				label  string
				shares int
			}{device: device{Suite: suite, Cipher: cipher}}
		}
	}
	for name, extra := range map[string]string{
		"md5-crypt":          `{"type":"password_shadow","params":{"passwd_id":1,"passwd_prefix":"$1$saltsalt$"}}`,
		"shadow 3":           `{"type":"password_shadow","params":{"passwd_id":3}}`,
		"unknown shadow":     `{"type":"password_shadow","params":{"passwd_id":4}}`,
		"sha256-crypt":       `{"type":"password_shadow","params":{"passwd_id":5,"passwd_prefix":"$5$x1hYMevsEYq2APg+$"}}`,
		"authkey":            `{"type":"password_authkey","params":{"authkey_tmpkey":"TmpKey0123456789","authkey_dictionary":"0123456789abcdef"}}`,
		"sha with salt":      `{"type":"password_sha_with_salt","params":{"sha_name":0,"sha_salt":"TmFDbA=="}}`,
		"empty extra_crypt":  `{}`,
		"unknown extra type": `{"type":"something_new","params":{}}`,
	} {
		cases["extra "+name] = struct {
			family wattle.Family
			device device
			label  string
			shares int
		}{device: device{ExtraCrypt: json.RawMessage(extra)}}
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := named(t, "tpap")
				if tt.family != "" {
					k.route.Family = tt.family
				}
				k.tls = tt.device.InBand == "http"
				f := start(t, k, memory("127.0.2.80"), func(o *endpoint.Options) { o.TPAP = tt.device })
				options := func(o *transport.Options) {
					o.TPAP.DeviceType = tt.device.DeviceType
					if tt.device.Attestation != nil {
						o.TPAP.Roots, o.TPAP.Attestation = []*x509.Certificate{tt.device.Attestation.Root}, transport.AttestRequired
					}
				}
				conn, spy := f.spied(t, options)
				exchange(t, conn, 1)
				exchange(t, conn, 2)
				label := tt.label
				if label == "" {
					label = transport.LabelAccount
				}
				if got := conn.Info(); got.Credential != label || got.Handshakes != 1 {
					t.Errorf("Info = %+v, want credential %s and one login", got, label)
				}
				if k.tls {
					return // the spy sees nothing
				}
				if n := shares(spy); n != max(tt.shares, 1) {
					t.Errorf("%d attempts, want %d", n, max(tt.shares, 1))
				}
				// Who knows what worked needs one attempt and asks for it at once.
				again, spy := f.spied(t, func(o *transport.Options) { options(o); o.Prefer = label })
				exchange(t, again, 1)
				if n := shares(spy); n != 1 || again.Info().Credential != label {
					t.Errorf("with Prefer: %d attempts, %+v", n, again.Info())
				}
				if n := spy.count(`"pake_register"`); n != 1 && tt.device.Suite <= 1 && tt.device.Cipher == "" {
					t.Errorf("with Prefer: %d registers, want 1", n)
				}
			})
		})
	}
	t.Logf("%d kinds of device", len(cases))
}

func direct(a *endpoint.Attestation) *endpoint.Attestation {
	b := *a
	b.Direct = true
	return &b
}

// shortSalt finds a salt with which the two forms of w0 differ.
func shortSalt(t *testing.T) []byte {
	t.Helper()
	shortSaltOnce.Do(func() {
		s, err := tpap.SuiteOf(tpap.Suite1)
		if err != nil {
			t.Fatal(err)
		}
		extra := tpap.ExtraCrypt{Type: "password_shadow", Params: json.RawMessage(`{"passwd_id":2}`)}
		credential, err := extra.Credential(tpap.Identity{Passcode: tpap.UserPW, Username: account.Username}, account.Password)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 100_000 {
			salt := fmt.Appendf(nil, "short salt %d", n)
			v, err := tpap.Derive(s, credential, salt, 3000)
			if err != nil {
				t.Fatal(err)
			}
			if v.FormsDiffer() {
				shortSaltValue = salt
				return
			}
		}
	})
	return shortSaltValue
}

var (
	shortSaltOnce  sync.Once
	shortSaltValue []byte
)

// TestTPAPRefusals: no refused secret is sent again unless the device took it
// before, counters and locks are honoured, and the error says what it is.
func TestTPAPRefusals(t *testing.T) {
	plug := func(t *testing.T, change func(*endpoint.Options)) *fixture {
		t.Helper()
		return start(t, named(t, "tpap"), memory("127.0.2.81"), change)
	}
	wrong := func(o *transport.Options) { o.Account.Password = wattle.NewSecret("wrong") }
	t.Run("one attempt", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			conn, spy := plug(t, nil).spied(t, wrong)
			_, err := conn.Exchange(t.Context(), message(1, 1))
			refused, ok := errors.AsType[*transport.AuthError](err)
			if !ok || refused.Code != -2203 || refused.Left != 14 || !slices.Equal(refused.Tried, []string{"account"}) || shares(spy) != 1 {
				t.Errorf("%v (%+v), %d attempts", err, refused, shares(spy))
			}
		})
	})
	t.Run("both digests of a camera", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := start(t, named(t, "tpap camera tls"), memory("127.0.2.81"), nil)
			_, err := f.open(t, wrong).Exchange(t.Context(), message(1, 1))
			refused, ok := errors.AsType[*transport.AuthError](err)
			if !ok || refused.Code != -40401 || refused.Left != 3 || len(refused.Tried) != 2 {
				t.Errorf("%v (%+v)", err, refused)
			}
		})
	})
	t.Run("no password", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			conn, spy := plug(t, nil).spied(t, func(o *transport.Options) { o.Account = wattle.Credentials{} })
			_, err := conn.Exchange(t.Context(), message(1, 1))
			if !errors.Is(err, wattle.ErrAuth) || spy.count("pake_register") != 0 {
				t.Errorf("%v, %d registers", err, spy.count("pake_register"))
			}
		})
	})
	t.Run("the last attempts", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := plug(t, func(o *endpoint.Options) { o.TPAP.MaxRefused = 3 })
			conn, spy := f.spied(t, wrong)
			_, err := conn.Exchange(t.Context(), message(1, 1))
			if !errors.Is(err, wattle.ErrAuth) || !strings.Contains(err.Error(), "locks itself after 2 more") {
				t.Errorf("first: %v", err)
			}
			_, err = conn.Exchange(t.Context(), message(1, 1))
			if !errors.Is(err, wattle.ErrLockout) || errors.Is(err, wattle.ErrAuth) || shares(spy) != 1 {
				t.Errorf("second: %v after %d attempts", err, shares(spy))
			}
			insisting, spy := f.spied(t, func(o *transport.Options) { wrong(o); o.TPAP.LastAttempts = true })
			for range 2 {
				_, err = insisting.Exchange(t.Context(), message(1, 1))
			}
			if !errors.Is(err, wattle.ErrLockout) || shares(spy) != 2 {
				t.Errorf("insisting: %v after %d attempts", err, shares(spy))
			}
			_, err = insisting.Exchange(t.Context(), message(1, 1))
			if !errors.Is(err, wattle.ErrLockout) || shares(spy) != 2 {
				t.Errorf("locked: %v after %d attempts", err, shares(spy))
			}
			// The lock passes, and the right password fits.
			time.Sleep(31 * time.Minute)
			exchange(t, f.open(t, nil), 1)
		})
	})
	t.Run("a camera before its last attempts", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := start(t, named(t, "tpap camera tls"), memory("127.0.2.81"), func(o *endpoint.Options) { o.TPAP.MaxRefused = 3 })
			conn := f.open(t, wrong)
			_, err := conn.Exchange(t.Context(), message(1, 1))
			refused, ok := errors.AsType[*transport.AuthError](err)
			if !ok || len(refused.Tried) != 1 || refused.Left != 2 {
				t.Errorf("%v (%+v), want one attempt of two", err, refused)
			}
		})
	})
	for _, kind := range []string{"tpap", "tpap camera tls"} {
		t.Run("lockout "+kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := start(t, named(t, kind), memory("127.0.2.81"), nil)
				f.set(t, "lockout")
				conn := f.open(t, nil)
				for range 2 {
					if _, err := conn.Exchange(t.Context(), message(1, 1)); !errors.Is(err, wattle.ErrLockout) || !transport.NotCarriedOut(err) {
						t.Errorf("%v, want %v", err, wattle.ErrLockout)
					}
				}
				f.faults.Clear("")
				time.Sleep(31 * time.Minute)
				exchange(t, conn, 2)
			})
		})
	}
	t.Run("a right secret refused once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := plug(t, nil)
			conn, spy := f.spied(t, nil)
			exchange(t, conn, 1)
			f.set(t, "flaky=1")
			conn.Reset()
			begin := time.Now()
			exchange(t, conn, 2)
			if took := time.Since(begin); took < 2*time.Second || shares(spy) != 3 {
				t.Errorf("%d attempts in %v, want one more after 2 s", shares(spy), took)
			}
			f.set(t, "flaky=2")
			conn.Reset()
			if _, err := conn.Exchange(t.Context(), message(3, 1)); !errors.Is(err, wattle.ErrAuth) || shares(spy) != 5 {
				t.Errorf("refused twice: %v after %d attempts, want 5", err, shares(spy))
			}
		})
	})
	t.Run("a new secret refused once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := plug(t, nil)
			f.set(t, "flaky=1")
			conn, spy := f.spied(t, nil)
			if _, err := conn.Exchange(t.Context(), message(1, 1)); !errors.Is(err, wattle.ErrAuth) || shares(spy) != 1 {
				t.Errorf("%v after %d attempts, want one", err, shares(spy))
			}
		})
	})
	t.Run("both forms of w0", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			// The salt makes them differ for the right password, which the device has
			// forgotten.
			f := plug(t, func(o *endpoint.Options) { o.TPAP.Salt = shortSalt(t) })
			f.set(t, "credentials=wrong")
			conn, spy := f.spied(t, nil)
			_, err := conn.Exchange(t.Context(), message(1, 1))
			refused, ok := errors.AsType[*transport.AuthError](err)
			if !ok || !slices.Equal(refused.Tried, []string{"account", "account+fixed"}) || shares(spy) != 2 {
				t.Errorf("%v (%+v) after %d attempts", err, refused, shares(spy))
			}
		})
	})
	t.Run("klap wanted", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			for _, inBand := range []string{"none", "klap"} {
				f := plug(t, func(o *endpoint.Options) { o.TPAP.InBand = inBand })
				conn, spy := f.spied(t, nil)
				if _, err := conn.Exchange(t.Context(), message(1, 1)); !errors.Is(err, wattle.ErrTransport) || spy.count("POST") != 1 {
					t.Errorf("%s: %v after %d requests", inBand, err, spy.count("POST"))
				}
			}
		})
	})
	t.Run("nothing that is known", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := plug(t, func(o *endpoint.Options) { o.TPAP.Cipher = "rot13" })
			if _, err := f.open(t, nil).Exchange(t.Context(), message(1, 1)); !errors.Is(err, wattle.ErrTransport) {
				t.Errorf("%v", err)
			}
		})
	})
}

// TestTPAPElsewhere: the in-band discovery may point to another port, or to
// HTTPS. Where nobody answers there, the port that did answer is used.
func TestTPAPElsewhere(t *testing.T) {
	for _, overTLS := range []bool{false, true} {
		t.Run(fmt.Sprintf("tls %t", overTLS), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := memory("127.0.2.85")
				k := named(t, "tpap")
				k.tls = overTLS
				there := start(t, k, w, nil)
				k.tls = false
				here := start(t, k, w, func(o *endpoint.Options) {
					o.TPAP.Port = there.route.Port
					if overTLS {
						o.TPAP.InBand = "https"
					}
				})
				conn := here.open(t, nil)
				exchange(t, conn, 1)
				if got := conn.Info().Route; got != there.route || here.handled.Load() != 0 {
					t.Errorf("went to %v, want %v", got, there.route)
				}
				conn.Reset()
				exchange(t, conn, 2)
			})
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := start(t, named(t, "tpap"), memory("127.0.2.85"), func(o *endpoint.Options) { o.TPAP.Port = 9 })
			conn := f.open(t, nil)
			if _, err := conn.Exchange(t.Context(), message(1, 1)); !errors.Is(err, wattle.ErrUnreachable) || !transport.NotCarriedOut(err) {
				t.Errorf("%v, want %v", err, wattle.ErrUnreachable)
			}
			exchange(t, conn, 2)
			conn.Reset()
			exchange(t, conn, 3)
			if got := conn.Info().Route; got != f.route {
				t.Errorf("at %v, want %v", got, f.route)
			}
		})
	})
}

// TestTPAPFaults: what goes wrong in a session.
func TestTPAPFaults(t *testing.T) {
	for _, tt := range []struct {
		fault   string
		want    error
		carried bool
	}{
		{"garble", wattle.ErrProtocol, true},
		{"sequence", wattle.ErrProtocol, true},
		{"plain", wattle.ErrProtocol, true},
		{"session-loss", wattle.ErrSession, false},
		{"flaky-first=1", wattle.ErrSession, false},
		{"http=401", wattle.ErrSession, false},
		{"http=403", wattle.ErrSession, false},
		{"http=500", wattle.ErrProtocol, true},
		{"html", wattle.ErrTransport, false},
		{"drop", wattle.ErrUnreachable, true},
		{"drop-after", wattle.ErrUnreachable, true},
		{"code=9999", wattle.ErrSession, false},
	} {
		t.Run(tt.fault, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := start(t, named(t, "tpap"), memory("127.0.2.82"), nil)
				conn := f.open(t, nil)
				if !strings.HasPrefix(tt.fault, "flaky") {
					exchange(t, conn, 1)
				}
				f.set(t, tt.fault)
				f.answers(func(context.Context, []byte) ([]byte, error) { return []byte(`{"error_code":0,"result":{}}`), nil })
				_, err := conn.Exchange(t.Context(), message(2, 1))
				if tt.fault == "session-loss" { // it is lost after this one
					_, err = conn.Exchange(t.Context(), message(2, 1))
				}
				if !errors.Is(err, tt.want) || transport.NotCarriedOut(err) == tt.carried {
					t.Errorf("%v, want %v, NotCarriedOut %t", err, tt.want, !tt.carried)
				}
				f.faults.Clear("")
				f.answers(echo)
				exchange(t, conn, 3)
				if n := conn.Info().Handshakes; n != 2 {
					t.Errorf("%d logins, want 2", n)
				}
			})
		})
	}
}

// TestTPAPGenuine: what a device has to prove.
func TestTPAPGenuine(t *testing.T) {
	genuine := attested(t)
	other, err := endpoint.NewAttestation("SMART.TAPOPLUG")
	if err != nil {
		t.Fatal(err)
	}
	roots := []*x509.Certificate{genuine.Root}
	for _, tt := range []struct {
		name   string
		device *endpoint.Attestation
		tls    bool
		policy transport.Attestation
		roots  []*x509.Certificate
		want   error
	}{
		{"proved", genuine, false, transport.AttestOffered, roots, nil},
		{"required", genuine, false, transport.AttestRequired, roots, nil},
		{"unknown root", genuine, false, transport.AttestOffered, nil, wattle.ErrIdentity},
		{"another root", other, false, transport.AttestOffered, roots, wattle.ErrIdentity},
		{"unknown root, off", genuine, false, transport.AttestOff, nil, nil},
		{"nothing offered", nil, false, transport.AttestOffered, roots, nil},
		{"nothing offered, required", nil, false, transport.AttestRequired, roots, wattle.ErrIdentity},
		{"chain", genuine, true, transport.AttestRequired, roots, nil},
		{"chain, unknown root", genuine, true, transport.AttestOffered, nil, wattle.ErrIdentity},
		{"chain, unknown root, off", genuine, true, transport.AttestOff, nil, nil},
		{"tls without a chain, required", nil, true, transport.AttestRequired, roots, wattle.ErrIdentity},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := named(t, "tpap")
				k.tls = tt.tls
				f := start(t, k, memory("127.0.2.83"), func(o *endpoint.Options) {
					o.TPAP.Attestation = tt.device
					if tt.tls && tt.device != nil {
						o.TLS = tt.device.TLS()
					}
				})
				conn := f.open(t, func(o *transport.Options) { o.TPAP.Attestation, o.TPAP.Roots = tt.policy, tt.roots })
				for range 2 {
					_, err := conn.Exchange(t.Context(), message(1, 1))
					if !errors.Is(err, tt.want) {
						t.Fatalf("%v, want %v", err, tt.want)
					}
					if n := f.handled.Load(); (n > 0) != (tt.want == nil) {
						t.Fatalf("%d requests reached the device", n)
					}
					conn.Reset()
				}
			})
		})
	}
}

// TestTPAPHidesSecrets: nothing secret is logged.
func TestTPAPHidesSecrets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		f := start(t, named(t, "tpap"), memory("127.0.2.84"), nil)
		conn := f.open(t, func(o *transport.Options) {
			o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		exchange(t, conn, 1)
		f.set(t, "credentials=wrong")
		conn.Reset()
		_, err := conn.Exchange(t.Context(), message(1, 1))
		for _, text := range []string{log.String(), fmt.Sprint(err)} {
			if strings.Contains(text, account.Password.Reveal()) || strings.Contains(text, account.Username) {
				t.Errorf("a secret in %q", text)
			}
		}
		if !strings.Contains(log.String(), "session made") {
			t.Errorf("log: %s", log.String())
		}
	})
}
