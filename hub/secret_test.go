package hub_test

import (
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/hub/hubtest"
	"wattle/internal/secrettest"
	"wattle/session"
)

// wrongPassword is one that no device has.
var wrongPassword = wattle.NewSecret("another unlikely word")

// TestNoSecretInLogs: a home is polled for a while, with an account that fits
// and with one that does not; at debug level nothing of either is logged.
func TestNoSecretInLogs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := hubtest.Models()
		home := hubtest.Start(t, files)
		o := home.Options()
		wrong := hubtest.Account()
		wrong.Password = wrongPassword
		log := secrettest.Logger(t, hubtest.Account().Password, wrong.Password)
		o.Logger, o.Connect.Logger, o.Connect.Discover.Logger = log, log, log
		o.Connect.Session = &session.Options{Logger: log}
		o.Connect.Account = wrong
		h := home.Hub(o)
		time.Sleep(time.Minute)
		h.SetAccount(hubtest.Account())
		time.Sleep(2 * time.Minute)
		online := 0
		for _, v := range h.Views() {
			if v.Online {
				online++
			}
		}
		if online == 0 {
			t.Error("nothing is online")
		}
	})
}
