package simulator_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/internal/memnet"
	"wattle/simulator"
)

// TestLogins: the journal has every login that a device saw, over restarts.
func TestLogins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New()
		h := runHome(t, memoryHome(network), []*simulator.Device{device(t, "P100(EU)", simulator.DeviceOptions{Freeze: true})})
		r := h.ready[0]
		for _, spec := range []string{"lockout=2", "credentials=wrong"} {
			if err := h.SetFault(r.Name, spec); err != nil {
				t.Fatal(err)
			}
		}
		try := func() error {
			_, err := ask(t, r, network.DialContext, identityRequest(r))
			return err
		}
		if err := try(); !errors.Is(err, wattle.ErrAuth) { // the account, and that of set-up
			t.Errorf("wrong: %v", err)
		}
		if err := h.ClearFault(r.Name, "credentials"); err != nil {
			t.Fatal(err)
		}
		if err := h.SetFault(r.Name, "reboot=1s"); err != nil {
			t.Fatal(err)
		}
		<-h.some
		if err := try(); !errors.Is(err, wattle.ErrLockout) {
			t.Errorf("after two wrong ones: %v", err)
		}
		<-time.After(30 * time.Minute)
		if err := try(); err != nil {
			t.Errorf("half an hour later: %v", err)
		}
		logins, err := h.Logins(r.Alias)
		if err != nil {
			t.Fatal(err)
		}
		var short []string
		for _, l := range logins {
			short = append(short, fmt.Sprintf("%s %t %t", l.Transport, l.Accepted, l.Locked))
		}
		if got, want := strings.Join(short, ", "), "aes false false, aes false false, aes false true, aes true false"; got != want {
			t.Errorf("logins %s, want %s", got, want)
		}
		if logins[0].Proof == logins[1].Proof || logins[0].Proof != logins[3].Proof || logins[0].Proof == "" {
			t.Errorf("proofs do not tell accounts apart: %+v", logins)
		}
		if _, err := h.Logins("nobody"); !errors.Is(err, wattle.ErrNotFound) {
			t.Errorf("unknown device: %v", err)
		}
	})
}
