package cloud_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/cloud"
	"wattle/internal/wire/cloudapi"
)

const noDevices = `{"error_code":0,"result":{"deviceList":[]}}`

func TestLoginBothLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		c := f.signedIn()
		logins := f.requests("login")
		if len(logins) != 2 || logins[0].host != "n-euw1-wap.tplinkcloud.com" || logins[1].host != "n-euw1-wap-gw.tplinkcloud.com" {
			t.Fatalf("logins %+v", logins)
		}
		keys := map[string]cloudapi.Key{"login0": cloudapi.KasaAndroid().Key, "login1": cloudapi.TapoAndroid().Key}
		for i, r := range logins {
			a, err := cloudapi.ParseAuthorization(r.header.Get(cloudapi.HeaderAuthorization))
			if err != nil {
				t.Fatal(err)
			}
			key := keys["login"+string(rune('0'+i))]
			if err := key.Verify(a, r.header.Get(cloudapi.HeaderMD5), cloudapi.PathLogin, r.body); err != nil {
				t.Error(err)
			}
			var body cloudapi.Login
			if err := json.Unmarshal(r.body, &body); err != nil {
				t.Fatal(err)
			}
			if body.TerminalUUID != c.TerminalUUID() || !strings.Contains(r.uri, "termID="+c.TerminalUUID()) || body.TerminalName != "wattle" {
				t.Errorf("terminal %+v in %s", body, r.uri)
			}
			if strings.Contains(r.uri, "token=") || r.header.Get("User-Agent") != cloud.UserAgentAndroid14 {
				t.Errorf("%s as %q", r.uri, r.header.Get("User-Agent"))
			}
		}
		for _, l := range c.Status().Lines {
			if l.Phase != cloud.PhaseOK || !l.Renewable || l.Region != "euw1" {
				t.Errorf("%+v", l)
			}
		}
	})
}

// TestWrongPassword: ten tries send one login, also by a later process.
func TestWrongPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.welcome()
		f.always("login", `{"error_code":-20601,"msg":"Incorrect email or password"}`)
		var state wattle.Secret
		c := f.client(func(o *cloud.Options) {
			o.Save = func(_ context.Context, s wattle.Secret) error { state = s; return nil }
		})
		for i := range 10 {
			if i == 5 {
				c = f.client(func(o *cloud.Options) { o.State = state })
			}
			if _, err := c.Login(t.Context(), someone, nil); !errors.Is(err, wattle.ErrAuth) {
				t.Fatalf("try %d: %v", i, err)
			}
		}
		if n := f.count("login"); n != 1 {
			t.Errorf("%d logins", n)
		}
		if strings.Contains(state.Reveal(), someone.Password.Reveal()) {
			t.Error("the password is in the state")
		}
		if c.Status().Lines[0].Phase != cloud.PhaseRefused {
			t.Errorf("%+v", c.Status())
		}
		f.welcome()
		better := wattle.Credentials{Username: someone.Username, Password: wattle.NewSecret("another horse")}
		if _, err := c.Login(t.Context(), better, nil); err != nil {
			t.Errorf("another password: %v", err)
		}
	})
}

// TestRateLimit: a limit stops every call for the time that it lasts, longer
// each time.
func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		var state wattle.Secret
		c := f.signedIn(func(o *cloud.Options) {
			o.Save = func(_ context.Context, s wattle.Secret) error { state = s; return nil }
		})
		f.always("getDeviceList", `{"error_code":-20004,"msg":"API rate limit exceeded"}`)
		f.always("getDeviceListByPage", noDevices)
		for i, want := range []time.Duration{5, 10, 20, 40, 60, 60} {
			want *= time.Minute
			_, err := c.ListRelay(t.Context(), cloud.Kasa)
			var hold *cloud.HoldError
			if !errors.As(err, &hold) || !errors.Is(err, wattle.ErrLockout) || time.Until(hold.Until) != want {
				t.Fatalf("limit %d: %v", i, err)
			}
			before := f.count("")
			later := f.client(func(o *cloud.Options) { o.State = state })
			for _, who := range []*cloud.Client{c, later} {
				for _, call := range []func() error{
					func() error { _, err := who.ListRelay(t.Context(), cloud.Tapo); return err },
					func() error { _, err := who.ListThings(t.Context()); return err },
					func() error { _, err := who.Login(t.Context(), someone, nil); return err },
				} {
					if err := call(); !errors.As(err, &hold) {
						t.Fatalf("while limited: %v", err)
					}
				}
			}
			if n := f.count(""); n != before {
				t.Fatalf("%d requests while limited", n-before)
			}
			time.Sleep(want)
		}
		if _, err := c.ListRelay(t.Context(), cloud.Tapo); err != nil {
			t.Fatal(err)
		}
		_, err := c.ListRelay(t.Context(), cloud.Kasa)
		var hold *cloud.HoldError
		if !errors.As(err, &hold) || time.Until(hold.Until) != 5*time.Minute {
			t.Errorf("after a call that worked: %v", err)
		}
	})
}

func TestBlackList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		c := f.signedIn()
		f.status("getDeviceList", 403, "Access denied request in blackList")
		_, err := c.ListRelay(t.Context(), cloud.Kasa)
		var hold *cloud.HoldError
		if !errors.As(err, &hold) || time.Until(hold.Until) != 24*time.Hour || !strings.Contains(err.Error(), "blocked") {
			t.Fatal(err)
		}
		before := f.count("")
		time.Sleep(23 * time.Hour)
		if _, err := c.Devices(t.Context()); !errors.As(err, &hold) || f.count("") != before {
			t.Errorf("%v after %d requests", err, f.count("")-before)
		}
	})
}

// TestOneRenewal: a hundred goroutines meet an expired token.
func TestOneRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		c := f.signedIn()
		before := f.count("refreshToken")
		f.handle("getDeviceList", func(s *seen) (int, string) {
			if strings.Contains(s.uri, "token=token-0001") {
				return 200, `{"error_code":-20651,"msg":"Token expired"}`
			}
			return 200, noDevices
		})
		var wait sync.WaitGroup
		for range 100 {
			wait.Go(func() {
				if _, err := c.ListRelay(t.Context(), cloud.Kasa); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if n := f.count("refreshToken") - before; n != 1 {
			t.Errorf("%d renewals", n)
		}
	})
}

// TestExpiredTwice is an error and not a loop.
func TestExpiredTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		c := f.signedIn()
		f.always("getDeviceList", `{"error_code":-20651,"msg":"Token expired"}`)
		_, err := c.ListRelay(t.Context(), cloud.Kasa)
		if !errors.Is(err, wattle.ErrAuth) || f.count("getDeviceList") != 2 || f.count("refreshToken") != 1 {
			t.Errorf("%v after %d calls and %d renewals", err, f.count("getDeviceList"), f.count("refreshToken"))
		}
	})
}

// TestRefreshOver: with the refresh token over, the user signs in again, or the
// program does, four times a day at most.
func TestRefreshOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		c := f.signedIn()
		expired := func() {
			f.always("getDeviceList", `{"error_code":-20651,"msg":"Token expired"}`)
			f.always("refreshToken", `{"error_code":-20655,"msg":"Refresh token expired"}`)
		}
		expired()
		_, err := c.ListRelay(t.Context(), cloud.Kasa)
		if !errors.Is(err, cloud.ErrSignedOut) || !errors.Is(err, wattle.ErrAuth) {
			t.Fatal(err)
		}
		before := f.count("")
		if _, err := c.ListRelay(t.Context(), cloud.Kasa); !errors.Is(err, cloud.ErrSignedOut) || f.count("") != before {
			t.Errorf("afterwards: %v", err)
		}

		asked := 0
		c = f.signedIn(func(o *cloud.Options) {
			o.Account = func(context.Context) (wattle.Credentials, error) { asked++; return someone, nil }
		})
		expired()
		before = f.count("login")
		for range 10 {
			if _, err := c.ListRelay(t.Context(), cloud.Kasa); err == nil {
				t.Fatal("an expired token works")
			}
		}
		if n := f.count("login") - before; n != 4 || asked != 4 {
			t.Errorf("%d logins without the user, asked %d times", n, asked)
		}
	})
}

// TestRenewedDaily: a token is renewed before it expires.
func TestRenewedDaily(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		c := f.signedIn()
		f.always("getDeviceList", noDevices)
		time.Sleep(25 * time.Hour)
		for range 3 {
			if _, err := c.ListRelay(t.Context(), cloud.Kasa); err != nil {
				t.Fatal(err)
			}
		}
		if n := f.count("refreshToken"); n != 1 {
			t.Errorf("%d renewals", n)
		}
		if last := f.requests("getDeviceList")[2].uri; !strings.Contains(last, "token=token-0003") {
			t.Errorf("the list was read with %s", last)
		}
	})
}

func TestLockedAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.welcome()
		f.always("login", `{"error_code":-20675,"msg":"locked"}`)
		c := f.client()
		for range 3 {
			if _, err := c.Login(t.Context(), someone, nil); !errors.Is(err, wattle.ErrLockout) {
				t.Fatal(err)
			}
		}
		if f.count("login") != 1 || c.Status().Lines[0].Phase != cloud.PhaseLocked {
			t.Errorf("%d logins, %+v", f.count("login"), c.Status())
		}
		time.Sleep(30 * time.Minute)
		f.welcome()
		if _, err := c.Login(t.Context(), someone, nil); err != nil {
			t.Error(err)
		}
	})
}

func TestWrongRegion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.welcome()
		f.always("getAccountStatusAndUrl", `{"error_code":-20104,"msg":"no"}`)
		f.handle("login", func(s *seen) (int, string) {
			if !strings.Contains(s.host, "aps1") {
				there := "https://" + strings.Replace(s.host, "n-wap", "n-aps1-wap", 1)
				return 200, `{"error_code":0,"result":{"errorCode":"-20212","appServerUrl":"` + there + `"}}`
			}
			return 200, `{"error_code":0,"result":{"token":"token-there"}}`
		})
		c := f.client()
		if _, err := c.Login(t.Context(), someone, nil); err != nil {
			t.Fatal(err)
		}
		if n := f.count("login"); n != 4 || c.Status().Lines[0].Region != "aps1" {
			t.Errorf("%d logins, %+v", n, c.Status())
		}
	})
}

// TestKasaOnly: an account without Tapo is signed in to Kasa, and says so.
func TestKasaOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.welcome()
		f.handle("login", func(s *seen) (int, string) {
			if strings.Contains(s.host, "-gw") {
				return 200, `{"error_code":-20600,"msg":"Account not found"}`
			}
			return 200, `{"error_code":0,"result":{"token":"token-kasa"}}`
		})
		c := f.client()
		report, err := c.Login(t.Context(), someone, nil)
		if err != nil || len(report.Lines) != 2 || report.Lines[0].Err != nil || !errors.Is(report.Lines[1].Err, wattle.ErrAuth) {
			t.Errorf("%+v, %v", report, err)
		}
	})
}

// TestLegacy signs in at service A, where any app type does and the token is
// never in a URL.
func TestLegacy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.welcome()
		f.always("getDeviceList", noDevices)
		c := f.client(func(o *cloud.Options) { o.UserAgent = "android6" })
		_, err := c.Login(t.Context(), someone, &cloud.LoginOptions{Lines: []cloud.Line{cloud.Kasa}, Legacy: true, AppType: "banana"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.ListRelay(t.Context(), cloud.Kasa); err != nil {
			t.Fatal(err)
		}
		login, list := f.requests("login")[0], f.requests("getDeviceList")[0]
		if !strings.Contains(string(login.body), `"appType":"banana"`) || login.host != "wap.tplinkcloud.com" || login.header.Get("User-Agent") != cloud.UserAgentAndroid6 {
			t.Errorf("login %s at %s", login.body, login.host)
		}
		if list.uri != "/" || !strings.Contains(string(list.body), `"token":"token-0001"`) || list.header.Get("X-Authorization") != "" {
			t.Errorf("list %s %s", list.uri, list.body)
		}
	})
}

func TestOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.welcome()
		c := f.client(func(o *cloud.Options) { o.Off = true })
		if _, err := c.Login(t.Context(), someone, nil); !errors.Is(err, cloud.ErrOff) || f.count("") != 0 {
			t.Errorf("%v, %d requests", err, f.count(""))
		}
	})
}
