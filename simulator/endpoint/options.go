package endpoint

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"io"
	"log/slog"
	"time"

	"wattle"
)

const (
	// maxRequest bounds a request, in bytes: far beyond any client.
	maxRequest = 1 << 20
	// idleTimeout is when a device closes a connection that is not used.
	idleTimeout = time.Minute
	// sessionLife is what devices announce as TIMEOUT.
	sessionLife = 24 * time.Hour
	// sessionLimit is how many sessions a device keeps; the oldest goes first.
	sessionLimit = 4
)

// Options say how an endpoint behaves; nil and the zero value work.
type Options struct {
	// Account is what the device was set up with. The zero account is that of a
	// device which was never bound; wattle.SetupKasa and SetupTapo are those of
	// devices that wait to be set up.
	Account wattle.Credentials
	// Holds gives the account instead where it may change; nil: Account.
	Holds func() wattle.Credentials
	// Version is that of KLAP or of the AES login: 1 or 2. 0 is 2, and 1 for KLAP
	// with IOT.
	Version int
	// IOT says that messages are of the IOT language and not SMART: injected
	// refusals have another form.
	IOT bool
	// Faults are what goes wrong; nil is nothing. They may change while serving.
	Faults *Faults
	// Journal notes the logins; nil notes nothing.
	Journal *Journal
	// TLS makes an HTTP endpoint speak HTTPS; see [SelfSigned].
	TLS *tls.Config
	// Rand gives seeds, keys, tokens and session ids; nil is crypto/rand.
	Rand io.Reader
	// Logger gets debug lines; nil means none.
	Logger *slog.Logger

	// SessionLife is how long a session lives, announced as TIMEOUT; 0 is 24 h.
	SessionLife time.Duration
	// SessionLimit is how many sessions there may be; 0 is 4.
	SessionLimit int
	// SingleSession makes a login end all other sessions, as firmware since 1.4.0
	// does.
	SingleSession bool
	// AnySeq makes KLAP take any number above the last one, not only the next.
	AnySeq bool
	// NeedTerminal makes AES refuse set_ methods without a terminal id (-1012),
	// as the P105 does.
	NeedTerminal bool
	// TPAP is for that transport alone.
	TPAP TPAPOptions
}

func (o *Options) orDefaults() Options {
	var c Options
	if o != nil {
		c = *o
	}
	if c.Version == 0 {
		c.Version = 2
		if c.IOT {
			c.Version = 1
		}
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.SessionLife <= 0 {
		c.SessionLife = sessionLife
	}
	if c.SessionLimit <= 0 {
		c.SessionLimit = sessionLimit
	}
	return c
}

// account is what the device holds now: a fault may have it forget.
func (o *Options) account() wattle.Credentials {
	switch o.Faults.word("credentials") {
	case "setup-kasa":
		return wattle.SetupKasa()
	case "setup-tapo":
		return wattle.SetupTapo()
	case "blank":
		return wattle.Credentials{}
	case "wrong":
		return wattle.Credentials{Username: "someone.else@example.com", Password: wattle.NewSecret("something else")}
	}
	if o.Holds != nil {
		return o.Holds()
	}
	return o.Account
}

// wait waits unless ctx ends first.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
