package secrettest_test

import (
	"testing"

	"wattle"
	"wattle/internal/secrettest"
)

// judged is a test that notes whether it failed, and ends when it is told to.
type judged struct {
	testing.TB
	failed bool
	end    func()
}

func (j *judged) Errorf(string, ...any) { j.failed = true }
func (j *judged) Cleanup(f func())      { j.end = f }
func (j *judged) Helper()               {}

func TestLogger(t *testing.T) {
	secret := "correct horse"
	for _, form := range append(secrettest.Forms(secret), "CORRECT HORSE") {
		j := &judged{TB: t}
		secrettest.Logger(j, wattle.NewSecret(secret)).Debug("login", "with", form)
		if j.end(); !j.failed {
			t.Errorf("%q was overlooked", form)
		}
	}
	j := &judged{TB: t}
	secrettest.Logger(j, wattle.NewSecret(secret)).Debug("login", "account", wattle.Credentials{Username: "a@example.com", Password: wattle.NewSecret(secret)})
	if j.end(); j.failed {
		t.Error("a secret that hides itself was found")
	}
}
