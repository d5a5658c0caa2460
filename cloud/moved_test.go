package cloud_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"wattle"
	"wattle/cloud"
)

// TestTokenInTheOtherPlace: a list that misses the token is asked for once more
// with the token where the other generation has it, and not a third time.
func TestTokenInTheOtherPlace(t *testing.T) {
	inURL := func(s *seen) bool { return strings.Contains(s.uri, "token=token-0001") }
	inBody := func(s *seen) bool { return strings.Contains(string(s.body), `"token":"token-0001"`) }
	const missing = `{"error_code":-20104,"msg":"Parameter doesn't exist"}`
	for name, tt := range map[string]struct {
		legacy        bool
		first, second func(*seen) bool
	}{
		"V1": {true, inBody, inURL},
		"V2": {false, inURL, inBody},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				f.welcome()
				f.handle("getDeviceList", func(s *seen) (int, string) {
					if tt.second(s) && !tt.first(s) {
						return 200, noDevices
					}
					return 200, missing
				})
				c := f.client()
				if _, err := c.Login(t.Context(), someone, &cloud.LoginOptions{Lines: []cloud.Line{cloud.Kasa}, Legacy: tt.legacy}); err != nil {
					t.Fatal(err)
				}
				if _, err := c.ListRelay(t.Context(), cloud.Kasa); err != nil {
					t.Fatal(err)
				}
				asked := f.requests("getDeviceList")
				if len(asked) != 2 || !tt.first(&asked[0]) || tt.second(&asked[0]) {
					t.Fatalf("%d requests: %+v", len(asked), asked)
				}
				f.always("getDeviceList", missing)
				if _, err := c.ListRelay(t.Context(), cloud.Kasa); !errors.Is(err, wattle.ErrParam) {
					t.Error(err)
				}
				if n := f.count("getDeviceList"); n != 4 {
					t.Errorf("%d requests, want two more", n-2)
				}
			})
		})
	}
}
