package hub_test

import (
	"context"
	"time"

	"wattle"
	"wattle/hub/hubtest"
	"wattle/session"
	"wattle/transport"
)

// soakPoll is the time between two polls in a soak.
var soakPoll = 30 * time.Second

// How long a device may take from the end of a fault to a poll that succeeds:
// two polls, and what jitter and answers take.
func prompt() time.Duration { return 2*soakPoll + soakPoll/10 + time.Second }

// What was sent before the fault ended is waited for.
func hanging() time.Duration { return prompt() + 30*time.Second }

// A device that refused the last handshake is left alone for up to five minutes,
// whatever made it refuse.
func refusing() time.Duration { return prompt() + 5*time.Minute }

// One that said that it takes no login is left alone for half an hour.
func locking() time.Duration { return prompt() + session.LockWait }

// trouble is something that happens to a device.
type trouble struct {
	name  string
	specs []string // faults, in their order
	clear []string // what ends it; nothing where it ends by itself
	lasts [2]time.Duration
	bound func() time.Duration
	does  func(*resident, context.Context, time.Duration) // while it lasts; nil: nothing
	after func(*resident)
}

const minute = time.Minute // so that the table is not too wide

// troubles are all faults that the simulator plays, alone or with what makes
// them felt.
var troubles = []trouble{
	{name: "reboot", specs: []string{"reboot=%s"}, lasts: [2]time.Duration{2 * time.Second, 20 * minute}, bound: prompt},
	{name: "ip-change", specs: []string{"ip-change=%s"}, lasts: [2]time.Duration{5 * time.Second, 4 * minute}, bound: prompt},
	{name: "drop", specs: []string{"drop=2"}, clear: []string{"drop"}, lasts: [2]time.Duration{minute, 10 * minute}, bound: hanging},
	{name: "drop all", specs: []string{"drop=1"}, clear: []string{"drop"}, lasts: [2]time.Duration{minute, 10 * minute}, bound: hanging},
	{name: "drop-after", specs: []string{"drop-after=3"}, clear: []string{"drop-after"}, lasts: [2]time.Duration{minute, 10 * minute}, bound: hanging},
	{name: "slow", specs: []string{"slow=2s"}, clear: []string{"slow"}, lasts: [2]time.Duration{minute, 10 * minute}, bound: hanging},
	{name: "hangs", specs: []string{"slow=25s"}, clear: []string{"slow"}, lasts: [2]time.Duration{minute, 10 * minute}, bound: hanging},
	{name: "trickle", specs: []string{"trickle=1ms"}, clear: []string{"trickle"}, lasts: [2]time.Duration{minute, 2 * minute}, bound: hanging},
	{name: "chop", specs: []string{"chop"}, clear: []string{"chop"}, lasts: [2]time.Duration{minute, 2 * minute}, bound: prompt},
	{name: "close", specs: []string{"close"}, clear: []string{"close"}, lasts: [2]time.Duration{minute, 10 * minute}, bound: hanging},
	{name: "session-loss", specs: []string{"session-loss=3"}, clear: []string{"session-loss"}, lasts: [2]time.Duration{minute, 10 * minute}, bound: prompt},
	{name: "busy", specs: []string{"busy"}, clear: []string{"busy"}, lasts: [2]time.Duration{minute, 10 * minute}, bound: hanging},
	{name: "code", specs: []string{"code=-1"}, clear: []string{"code"}, lasts: [2]time.Duration{minute, 10 * minute}, bound: hanging},
	{name: "garble", specs: []string{"garble"}, clear: []string{"garble"}, lasts: [2]time.Duration{minute, 10 * minute}, bound: hanging},
	{name: "http", specs: []string{"http=500"}, clear: []string{"http"}, lasts: [2]time.Duration{minute, 10 * minute}, bound: hanging},
	{name: "html", specs: []string{"html"}, clear: []string{"html"}, lasts: [2]time.Duration{minute, 10 * minute}, bound: hanging},
	{name: "signature", specs: []string{"signature"}, clear: []string{"signature"}, lasts: [2]time.Duration{minute, 10 * minute}, bound: prompt},
	{name: "sequence", specs: []string{"sequence"}, clear: []string{"sequence"}, lasts: [2]time.Duration{minute, 10 * minute}, bound: prompt},
	{name: "plain", specs: []string{"plain"}, clear: []string{"plain"}, lasts: [2]time.Duration{minute, 10 * minute}, bound: prompt},
	{name: "flaky", specs: []string{"flaky=2", "reboot=2s"}, clear: []string{"flaky"}, lasts: [2]time.Duration{minute, 2 * minute}, bound: prompt},
	{name: "flaky-first", specs: []string{"flaky-first=2", "reboot=2s"}, clear: []string{"flaky-first"}, lasts: [2]time.Duration{minute, 2 * minute}, bound: prompt},
	{name: "cookie", specs: []string{"cookie=two", "reboot=2s"}, clear: []string{"cookie"}, lasts: [2]time.Duration{minute, 10 * minute}, bound: prompt},
	{name: "timeout", specs: []string{"timeout=60", "reboot=2s"}, clear: []string{"timeout"}, lasts: [2]time.Duration{minute, 10 * minute}, bound: prompt},
	{name: "tpc-off", specs: []string{"tpc-off"}, clear: []string{"tpc-off"}, lasts: [2]time.Duration{minute, 20 * minute}, bound: prompt},
	{name: "xor-off", specs: []string{"xor-off"}, clear: []string{"xor-off"}, lasts: [2]time.Duration{minute, 10 * minute}, bound: hanging},
	{name: "lockout", specs: []string{"lockout", "reboot=2s"}, clear: []string{"lockout"}, lasts: [2]time.Duration{minute, 10 * minute}, bound: prompt},
	{name: "lazy-api", specs: []string{"lazy-api", "reboot=10s"}, clear: []string{"lazy-api"}, lasts: [2]time.Duration{minute, 2 * minute}, bound: hanging},
	{name: "clock-unset", specs: []string{"clock-unset"}, clear: []string{"clock-unset"}, lasts: [2]time.Duration{minute, 90 * minute}, bound: prompt},
	{name: "firmware", specs: []string{"firmware=9.9.9 Build 260101 Rel.1"}, lasts: [2]time.Duration{5 * time.Second, 6 * time.Second}, bound: prompt},
	{name: "tpap-only", specs: []string{"tpap-only"}, clear: []string{"tpap-only"}, lasts: [2]time.Duration{minute, 40 * minute}, bound: prompt},
	{name: "tpap-preferred", specs: []string{"tpap-preferred"}, clear: []string{"tpap-preferred"}, lasts: [2]time.Duration{minute, 40 * minute}, bound: prompt},
	{name: "transport", specs: []string{"transport=klap-v2"}, clear: []string{"transport"}, lasts: [2]time.Duration{minute, 40 * minute}, bound: prompt},
	{name: "single-session", specs: []string{"single-session"}, clear: []string{"single-session"}, lasts: [2]time.Duration{minute, 10 * minute}, bound: prompt, does: (*resident).company},
	{
		name: "credentials", specs: []string{"credentials=wrong", "reboot=2s"}, clear: []string{"credentials"}, lasts: [2]time.Duration{minute, 40 * minute}, bound: prompt,
		after: func(r *resident) { r.soak.retype() },
	},
}

// company is somebody else who uses a device that has one session only.
func (r *resident) company(ctx context.Context, span time.Duration) {
	for until := time.Now().Add(span); time.Now().Before(until); pause(ctx, 17*time.Second) {
		at := r.soak.home.At(r.id.MAC)
		if at.Transport == wattle.XOR {
			continue
		}
		route := wattle.Route{Family: at.Family, Transport: at.Transport, Version: at.Version, Host: at.Address, Port: at.Port, TLS: at.TLS}
		conn, err := transport.Open(route, &transport.Options{Account: hubtest.Account(), DialContext: r.soak.home.Net.DialContext})
		if err != nil {
			r.soak.Error(err)
			return
		}
		_, _ = conn.Exchange(ctx, []byte(`{"method":"get_device_info"}`))
		_ = conn.Close()
	}
}

// pause waits; false means that ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
