package connect_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/connect"
	"wattle/discover"
	"wattle/internal/memnet"
	"wattle/method"
	"wattle/simulator"
	"wattle/simulator/endpoint"
	"wattle/simulator/homes"
	"wattle/transport"
)

const (
	lifePoll  = 15 * time.Second // between two calls of a device
	lifeBound = time.Minute      // from being ready to being controllable
	// lifeRefused is the bound where the device refused the last handshake: the
	// pause may have grown to five minutes.
	lifeRefused = 5*time.Minute + lifeBound
)

// life is a home that is lived in, and who keeps it connected.
type life struct {
	*testing.T
	net  *memnet.Network
	home *simulator.Home

	mu    sync.Mutex
	ready map[wattle.MAC]simulator.Ready
	lines []string // that were logged
}

// resident is one device in it.
type resident struct {
	life   *life
	name   string
	mac    wattle.MAC
	keeper *connect.Keeper
	random *rand.Rand

	mu      sync.Mutex
	worked  time.Time // the last call that was carried out
	epochs  []time.Time
	changes int
	events  int
	slowest time.Duration
}

// TestLife lives a day in a home on fake time. Whatever happens to a device, it
// is controllable again within a minute of being ready, unless its last word
// was a refusal; no refused credential is sent twice; and the log has a line
// for each change of state and no other.
func TestLife(t *testing.T) {
	span := 24 * time.Hour
	if testing.Short() || raceEnabled {
		span = 2 * time.Hour
	}
	if text := os.Getenv("WATTLE_LIFE"); text != "" {
		var err error
		if span, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(1000)) // a day of answers is much to collect
	synctest.Test(t, func(t *testing.T) { live(t, span) })
}

func live(t *testing.T, span time.Duration) {
	t.Helper()
	l := &life{T: t, net: memnet.New(), ready: map[wattle.MAC]simulator.Ready{}}
	l.home = simulator.NewHome(&simulator.HomeOptions{
		Account:      account(),
		Listen:       func(_ context.Context, n, a string) (net.Listener, error) { return l.net.Listen(n, a) },
		ListenPacket: func(_ context.Context, n, a string) (net.PacketConn, error) { return l.net.ListenPacket(n, a) },
		Ready: func(r simulator.Ready) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.ready[r.MAC] = r
		},
	})
	var residents []*resident
	for i, name := range []string{"P110(EU)", "P100(EU)", "HS100(UK)", "KP115(EU)"} {
		residents = append(residents, l.add(i, name))
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := l.home.Run(ctx); err != nil {
			t.Errorf("the home: %v", err)
		}
	})
	synctest.Wait()
	end := time.Now().Add(span)
	var living sync.WaitGroup
	for _, r := range residents {
		running.Go(func() {
			if err := r.keeper.Run(ctx); err != nil {
				t.Errorf("%s: %v", r.name, err)
			}
		})
		running.Go(func() { r.poll(ctx) })
		living.Go(func() { r.live(ctx, end) })
	}
	living.Wait()
	cancel()
	running.Wait()
	events, changes := 0, 0
	for _, r := range residents {
		r.checkLogins()
		events += r.events
		changes += r.changes
		t.Logf("%-12s %3d events, %3d changes of state, slowest return %v", r.name, r.events, r.changes, r.slowest)
	}
	if len(l.lines) != changes {
		t.Errorf("%d lines were logged for %d changes of state", len(l.lines), changes)
	}
	for _, line := range l.lines {
		if !strings.HasPrefix(line, "device state") {
			t.Errorf("logged: %s", line)
		}
	}
	t.Logf("%v with %d events and %d lines of log", span, events, len(l.lines))
	if events < int(span/time.Hour)*len(residents)/2 {
		t.Errorf("only %d events", events)
	}
}

// add puts a device into the home, and a Keeper in front of it.
func (l *life) add(i int, name string) *resident {
	l.Helper()
	for _, f := range homes.Demo() {
		if !strings.HasPrefix(f.Name, name) {
			continue
		}
		d, err := simulator.New(f, &simulator.DeviceOptions{Index: i, Library: homes.Library()})
		if err != nil {
			l.Fatal(err)
		}
		if err := l.home.Add(d, nil); err != nil {
			l.Fatal(err)
		}
		r := &resident{life: l, name: f.Name, mac: d.Info().MAC, random: rand.New(rand.NewPCG(1, uint64(i)))}
		r.epochs = []time.Time{time.Now()}
		r.keeper = connect.NewKeeper(connect.Target{Name: d.Info().Alias, MAC: r.mac, Host: fmt.Sprintf("127.0.64.%d", i+1)}, &connect.Options{
			Account: account(), DialContext: l.net.DialContext,
			Discover: &discover.Options{
				OnlyTargets: true, Targets: []string{"127.255.255.255"},
				ListenPacket: func(_ context.Context, n, a string) (net.PacketConn, error) { return l.net.ListenPacket(n, a) },
			},
		}, &connect.KeeperOptions{
			Logger: slog.New(&lines{life: l}),
			Changed: func(connect.Status) {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.changes++
			},
		})
		return r
	}
	l.Fatalf("no invented device is called %s", name)
	return nil
}

// lines keeps what is logged.
type lines struct{ life *life }

func (h *lines) Enabled(context.Context, slog.Level) bool { return true }
func (h *lines) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h *lines) WithGroup(string) slog.Handler            { return h }

func (h *lines) Handle(_ context.Context, record slog.Record) error {
	text := record.Message
	record.Attrs(func(a slog.Attr) bool {
		text += " " + a.String()
		return true
	})
	h.life.mu.Lock()
	defer h.life.mu.Unlock()
	h.life.lines = append(h.life.lines, text)
	return nil
}

// poll switches the device every now and then, as somebody would who uses it.
func (r *resident) poll(ctx context.Context) {
	for on := false; ctx.Err() == nil; on = !on {
		limit, cancel := context.WithTimeout(ctx, 10*time.Second)
		results, err := r.keeper.Do(limit, r.command(on))
		cancel()
		if err == nil && results[0].Err == nil {
			r.mu.Lock()
			r.worked = time.Now()
			r.mu.Unlock()
		}
		rest(ctx, lifePoll)
	}
}

func (r *resident) command(on bool) method.Call {
	value := 0
	if on {
		value = 1
	}
	if r.at().Family == wattle.SMART {
		return method.Call{Method: "set_device_info", Params: fmt.Appendf(nil, `{"device_on":%t}`, on), Effect: method.Absolute}
	}
	return method.Call{Module: "system", Method: "set_relay_state", Params: fmt.Appendf(nil, `{"state":%d}`, value), Effect: method.Absolute}
}

// at is where the device is now.
func (r *resident) at() simulator.Ready {
	r.life.mu.Lock()
	defer r.life.mu.Unlock()
	return r.life.ready[r.mac]
}

// rest waits; false means that ctx ended.
func rest(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// live lets one thing after another happen to the device.
func (r *resident) live(ctx context.Context, end time.Time) {
	what := []struct {
		name string
		do   func(ctx context.Context) (bound time.Duration)
	}{
		{"update", r.update}, {"other transport", r.move}, {"third-party access off", r.access}, {"power cut", r.power},
		{"lazy start", r.lazy}, {"another address", r.address}, {"second client", r.company}, {"another password", r.password},
	}
	r.returned(ctx, "start", time.Now(), lifeBound)
	for i := r.random.IntN(len(what)); time.Now().Before(end); i++ {
		if !rest(ctx, r.some(5*time.Minute, 25*time.Minute)) {
			return
		}
		each := what[i%len(what)]
		bound := each.do(ctx)
		r.events++
		r.returned(ctx, each.name, time.Now(), bound)
	}
}

func (r *resident) some(from, to time.Duration) time.Duration {
	return from + time.Duration(r.random.Int64N(int64(to-from)))
}

// returned wants a call that is carried out within a time of the device being
// ready.
func (r *resident) returned(ctx context.Context, after string, ready time.Time, bound time.Duration) {
	for {
		r.mu.Lock()
		worked := r.worked
		r.mu.Unlock()
		took := time.Since(ready)
		switch {
		case worked.After(ready):
			r.slowest = max(r.slowest, worked.Sub(ready))
			return
		case took > bound:
			r.life.Errorf("%s: not controllable %v after %q: %+v", r.name, took, after, r.keeper.Status())
			return
		}
		if !rest(ctx, time.Second) {
			return
		}
	}
}

func (r *resident) fault(spec string) {
	r.life.Helper()
	if err := r.life.home.SetFault(r.mac.String(), spec); err != nil {
		r.life.Errorf("%s: %v", r.name, err)
	}
}

func (r *resident) clear(name string) {
	r.life.Helper()
	if err := r.life.home.ClearFault(r.mac.String(), name); err != nil {
		r.life.Errorf("%s: %v", r.name, err)
	}
}

// away waits until a device that restarts is there again.
func (r *resident) away(ctx context.Context, d time.Duration) { rest(ctx, d+time.Millisecond) }

func (r *resident) update(ctx context.Context) time.Duration {
	r.fault(fmt.Sprintf("firmware=1.9.%d Build 260101 Rel.1", r.events))
	r.away(ctx, simulator.DefaultReboot)
	return lifeBound
}

// move lets the device speak another transport, as after an update, and at the
// next time what it spoke first.
func (r *resident) move(ctx context.Context) time.Duration {
	to := "klap-v2"
	switch at := r.at(); {
	case at.Transport == wattle.KLAP && at.Family == wattle.SMART:
		to = "tpap"
	case at.Transport == wattle.TPAP:
		to = "aes"
	case at.Transport == wattle.KLAP:
		to = "xor"
	}
	r.fault("transport=" + to)
	r.fault("reboot=10s")
	r.away(ctx, 10*time.Second)
	return lifeBound
}

func (r *resident) access(ctx context.Context) time.Duration {
	r.fault("tpc-off")
	rest(ctx, r.some(time.Minute, 40*time.Minute))
	r.clear("tpc-off")
	return lifeRefused
}

func (r *resident) power(ctx context.Context) time.Duration {
	d := r.some(10*time.Second, 30*time.Minute)
	r.fault("reboot=" + d.String())
	r.away(ctx, d)
	return lifeBound
}

func (r *resident) lazy(ctx context.Context) time.Duration {
	r.fault("lazy-api")
	r.fault("reboot=30s")
	r.away(ctx, 30*time.Second)
	return lifeBound
}

func (r *resident) address(ctx context.Context) time.Duration {
	r.fault("ip-change=20s")
	r.away(ctx, 20*time.Second)
	return lifeBound
}

// company is somebody else who uses a device that has one session only.
func (r *resident) company(ctx context.Context) time.Duration {
	r.fault("single-session")
	rest(ctx, time.Second)
	until := time.Now().Add(r.some(time.Minute, 10*time.Minute))
	for time.Now().Before(until) {
		if at := r.at(); at.Transport != wattle.XOR {
			route := wattle.Route{Family: at.Family, Transport: at.Transport, Host: at.Address, Port: at.Port, TLS: at.TLS}
			conn, err := transport.Open(route, &transport.Options{Account: account(), DialContext: r.life.net.DialContext})
			if err != nil {
				r.life.Error(err)
				break
			}
			_, _ = conn.Exchange(ctx, []byte(`{"method":"get_device_info"}`))
			_ = conn.Close()
		}
		// It is used by both all the time.
		r.returned(ctx, "second client", time.Now(), lifeBound)
		rest(ctx, 7*time.Second)
	}
	r.clear("single-session")
	rest(ctx, time.Second)
	return lifeBound
}

// password gives the device another account for a while. Then its owner sets
// it right and types it again.
func (r *resident) password(ctx context.Context) time.Duration {
	r.fault("credentials=wrong")
	r.fault("reboot=5s") // sessions are lost
	rest(ctx, r.some(5*time.Minute, 40*time.Minute))
	r.clear("credentials")
	r.mu.Lock()
	r.epochs = append(r.epochs, time.Now())
	r.mu.Unlock()
	r.keeper.SetAccount(account())
	return lifeBound
}

// checkLogins reads the journal of the device: between two times at which
// somebody typed the password, no refused credential came twice.
func (r *resident) checkLogins() {
	logins, err := r.life.home.Logins(r.mac.String())
	if err != nil {
		r.life.Error(err)
	}
	type once struct {
		epoch int
		proof string
	}
	seen, refused := map[once]int{}, 0
	var last endpoint.Login // that was refused
	for _, login := range logins {
		if login.Accepted {
			continue
		}
		refused++
		before := last
		last = login
		// A secret that this device took before gets one more try after 2 s: a
		// refusal may be a late word about the old session. See
		// docs/protocol/tpap.md section 12.3.
		if login.Transport == wattle.TPAP && before.Transport == wattle.TPAP && login.At.Sub(before.At) == 2*time.Second {
			continue
		}
		epoch := 0
		for epoch+1 < len(r.epochs) && !login.At.Before(r.epochs[epoch+1]) {
			epoch++
		}
		key := once{epoch, login.Proof}
		if seen[key]++; seen[key] == 2 {
			r.life.Errorf("%s: a refused credential came twice at %v over %s", r.name, login.At, login.Transport)
		}
	}
	r.life.Logf("%-12s %d logins, %d of them refused", r.name, len(logins), refused)
}
