package cloud

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"time"

	"wattle"
	"wattle/internal/wire/cloudapi"
)

// App is what the client says it is: names, versions and signing keys of one of
// the apps. They can be replaced when TP-Link changes them.
type App = cloudapi.App

// Key is the pair that signs the requests of an app.
type Key = cloudapi.Key

// KasaAndroid is the Kasa app for Android, the default of [Options.Kasa].
func KasaAndroid() App { return cloudapi.KasaAndroid() }

// TapoAndroid is the Tapo app for Android, the default of [Options.Tapo].
func TapoAndroid() App { return cloudapi.TapoAndroid() }

// User agents. See docs/protocol/cloud.md section 3.1.
const (
	// UserAgentAndroid14 is the default.
	UserAgentAndroid14 = "Dalvik/2.1.0 (Linux; U; Android 14; Pixel Build/UP1A)"
	// UserAgentAndroid6 is what clients of 2020 sent.
	UserAgentAndroid6 = "Dalvik/2.1.0 (Linux; U; Android 6.0.1; A0001 Build/M4B30X)"
)

// UserAgent gives the user agent of a preset, "android" (or "") and "android6";
// anything else is taken as it is.
func UserAgent(preset string) string {
	switch preset {
	case "", "android":
		return UserAgentAndroid14
	case "android6":
		return UserAgentAndroid6
	}
	return preset
}

// Line is one side of an account: Kasa and Tapo have logins, hosts and tokens of
// their own.
type Line string

// The lines.
const (
	Kasa Line = "kasa"
	Tapo Line = "tapo"
)

// Lines are all of them, in the order in which a login goes through them.
func Lines() []Line { return []Line{Kasa, Tapo} }

// Entries are the URLs at which a login begins; "" is the usual one. Hosts given
// here are trusted.
type Entries struct {
	V1     string // https://wap.tplinkcloud.com, or a regional twin
	Kasa   string // https://n-wap.tplinkcloud.com
	Tapo   string // https://n-wap-gw.tplinkcloud.com
	Things string // https://app-server.iot.i.tplinknbu.com
}

// Options are settings of a client; nil and the zero value work. They are
// copied.
type Options struct {
	// State is what an earlier run exported, see [Client.Export]; zero for none.
	State wattle.Secret
	// Save keeps a new state; it is called before a new token is used, and one
	// call at a time. An error of it is logged and does not stop the client.
	Save func(ctx context.Context, state wattle.Secret) error
	// Listed is the list that an earlier process saved, nil for none: it spares
	// [Client.Devices] a reading while it is fresh. SaveList keeps a new one; nil is
	// to be forgotten. It must not call the client.
	Listed   *Home
	SaveList func(*Home)
	// Off sends nothing at all: every call fails with [ErrOff].
	Off bool
	// Account is asked for the password when the stored login has run out, for
	// programs that run unattended: at most four times a day and never when a
	// code is needed. nil: the user signs in again.
	Account func(ctx context.Context) (wattle.Credentials, error)

	Kasa, Tapo App     // zero: [KasaAndroid] and [TapoAndroid]
	Entries    Entries //
	// UserAgent is a preset or a literal, see the function [UserAgent].
	UserAgent string
	// TerminalUUID names this install; "" takes that of State, or else a random
	// one. Limits and second factors are bound to it: keep it.
	TerminalUUID string
	// TerminalName is what the owner sees among signed-in terminals; "" is "wattle".
	TerminalName string
	Locale       string // "" is en_US

	// AllowHosts are hosts (host or host:port) that are trusted besides
	// TP-Link's own, for simulators and tests.
	AllowHosts []string
	// ExtraCA are certificates in PEM that are trusted besides those of the
	// system and TP-Link's, for simulators and tests.
	ExtraCA []byte
	// DialContext opens TCP connections; nil means net.Dialer and the proxy of
	// the environment.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)

	// Stringify sends messages for devices as text from the start. Otherwise
	// they are sent as objects, and as text to a relay that refuses those.
	Stringify bool
	// Clock signs with the time of this computer and not with the nines that
	// the apps send.
	Clock bool
	// Rate is how many requests per second are sent, after five at once; 0 means
	// 1, below 0 no limit.
	Rate float64
	// Logger gets a debug line for each request, without bodies and tokens; nil
	// means none.
	Logger *slog.Logger
}

const (
	callTimeout  = 15 * time.Second // for what the service answers itself
	relayTimeout = 30 * time.Second // for what waits for a device
)

func (o *Options) fill() {
	if o.Kasa.Type == "" {
		o.Kasa = KasaAndroid()
	}
	if o.Tapo.Type == "" {
		o.Tapo = TapoAndroid()
	}
	for _, e := range []struct {
		at   *string
		want string
	}{
		{&o.Entries.V1, cloudapi.EntryV1},
		{&o.Entries.Kasa, cloudapi.EntryKasa},
		{&o.Entries.Tapo, cloudapi.EntryTapo},
		{&o.Entries.Things, cloudapi.EntryThings},
		{&o.TerminalName, "wattle"},
		{&o.Locale, "en_US"},
	} {
		if *e.at == "" {
			*e.at = e.want
		}
	}
	o.UserAgent = UserAgent(o.UserAgent)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

// uuid is a random UUID, version 4.
func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
