package cloud_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/cloud"
)

// wantCode has the Tapo line ask for a code.
func (f *fake) wantCode(answer string) {
	f.welcome()
	f.handle("login", func(s *seen) (int, string) {
		if strings.Contains(s.host, "-gw") {
			return 200, answer
		}
		return 200, `{"error_code":0,"result":{"token":"token-kasa","refreshToken":"refresh-kasa"}}`
	})
	f.always("getEmailVC4TerminalMFA", `{"error_code":0,"result":{"errorCode":"0"}}`)
	f.handle("checkMFACodeAndLogin", func(s *seen) (int, string) {
		if !strings.Contains(string(s.body), `"code":"`+theCode+`"`) {
			return 200, `{"error_code":0,"result":{"errorCode":"-20677","errorMsg":"wrong"}}`
		}
		return 200, `{"error_code":0,"result":{"token":"token-tapo","refreshToken":"refresh-tapo"}}`
	})
}

const (
	processForm = `{"error_code":0,"result":{"errorCode":"-20677","errorMsg":"MFA feature enabled","MFAProcessId":"process-1","supportedMFATypes":[1,2],"mfaEmail":"u***@example.com"}}`
	shortForm   = `{"error_code":-20677,"msg":"MFA feature enabled","result":{"mfaType":"verifyCodeLogin"}}`
)

func TestCodeByEmail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.wantCode(processForm)
		c := f.client()
		_, err := c.Login(t.Context(), someone, nil)
		var need *cloud.CodeError
		if !errors.As(err, &need) || need.Line != cloud.Tapo || !slices.Equal(need.Ways, []cloud.CodeWay{cloud.ByApp, cloud.ByEmail}) || need.Email == "" {
			t.Fatalf("%+v", err)
		}
		if err := c.SendCode(t.Context(), cloud.ByEmail, wattle.Credentials{}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Verify(t.Context(), wattle.NewSecret("000000"), wattle.Credentials{}); !errors.Is(err, wattle.ErrAuth) || strings.Contains(err.Error(), "000000") {
			t.Fatalf("a wrong code: %v", err)
		}
		if c.Status().Lines[1].Phase != cloud.PhaseCode {
			t.Errorf("%+v", c.Status())
		}
		report, err := c.Verify(t.Context(), wattle.NewSecret(theCode), wattle.Credentials{})
		if err != nil || report.Lines[0].Line != cloud.Tapo || c.Status().Lines[1].Phase != cloud.PhaseOK {
			t.Fatalf("%+v, %v", report, err)
		}
		body := string(f.requests("checkMFACodeAndLogin")[1].body)
		for _, part := range []string{`"MFAProcessId":"process-1"`, `"MFAType":2`, `"terminalBindEnabled":true`} {
			if !strings.Contains(body, part) {
				t.Errorf("no %s in %s", part, body)
			}
		}
	})
}

// TestCodeLater: the login waits over the end of the process, without the
// password, for ten minutes.
func TestCodeLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.wantCode(processForm)
		var state wattle.Secret
		c := f.client(func(o *cloud.Options) {
			o.Save = func(_ context.Context, s wattle.Secret) error { state = s; return nil }
		})
		_, _ = c.Login(t.Context(), someone, nil)
		if strings.Contains(state.Reveal(), someone.Password.Reveal()) || !strings.Contains(state.Reveal(), "process-1") {
			t.Fatal("the parked login")
		}
		later := f.client(func(o *cloud.Options) { o.State = state })
		if err := later.SendCode(t.Context(), cloud.ByEmail, wattle.Credentials{}); !errors.Is(err, wattle.ErrParam) {
			t.Errorf("without the password: %v", err)
		}
		if err := later.SendCode(t.Context(), cloud.ByEmail, someone); err != nil {
			t.Error(err)
		}
		if _, err := later.Verify(t.Context(), wattle.NewSecret(theCode), wattle.Credentials{}); err != nil {
			t.Error(err)
		}
		late := f.client(func(o *cloud.Options) { o.State = state })
		time.Sleep(10 * time.Minute)
		if _, err := late.Verify(t.Context(), wattle.NewSecret(theCode), someone); !errors.Is(err, cloud.ErrSignedOut) {
			t.Errorf("after ten minutes: %v", err)
		}
	})
}

func TestCodeShortForm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.wantCode(shortForm)
		c := f.client()
		_, err := c.Login(t.Context(), someone, nil)
		var need *cloud.CodeError
		if !errors.As(err, &need) || len(need.Ways) != 0 {
			t.Fatalf("%+v", err)
		}
		if err := c.SendCode(t.Context(), cloud.ByEmail, wattle.Credentials{}); err != nil || f.count("getEmailVC4TerminalMFA") != 0 {
			t.Errorf("%v: it was sent by itself", err)
		}
		if _, err := c.Verify(t.Context(), wattle.NewSecret(theCode), wattle.Credentials{}); err != nil {
			t.Fatal(err)
		}
		if body := string(f.requests("checkMFACodeAndLogin")[0].body); !strings.Contains(body, `"cloudPassword"`) || strings.Contains(body, "MFAProcessId") {
			t.Error(body)
		}
	})
}

// TestCodeForBothLines: each line may want a code of its own.
func TestCodeForBothLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.wantCode(processForm)
		f.always("login", processForm)
		c := f.client()
		var need *cloud.CodeError
		if _, err := c.Login(t.Context(), someone, nil); !errors.As(err, &need) || need.Line != cloud.Kasa {
			t.Fatal(err)
		}
		report, err := c.Verify(t.Context(), wattle.NewSecret(theCode), wattle.Credentials{})
		if !errors.As(err, &need) || need.Line != cloud.Tapo || len(report.Lines) != 1 {
			t.Fatalf("%+v, %v", report, err)
		}
		if _, err := c.Verify(t.Context(), wattle.NewSecret(theCode), wattle.Credentials{}); err != nil || f.count("login") != 2 {
			t.Errorf("%v after %d logins", err, f.count("login"))
		}
	})
}
