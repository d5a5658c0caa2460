package connect_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/connect"
	"wattle/session"
	"wattle/simulator/endpoint"
)

// kept runs a Keeper until the test ends.
func (h *house) kept(target connect.Target, o *connect.Options) (k *connect.Keeper, states func() string) {
	h.Helper()
	var seen []string
	k = connect.NewKeeper(target, o, &connect.KeeperOptions{Changed: func(s connect.Status) {
		h.mu.Lock()
		defer h.mu.Unlock()
		seen = append(seen, string(s.State))
	}})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- k.Run(ctx) }()
	h.Cleanup(func() {
		cancel()
		h.check(<-done)
	})
	return k, func() string {
		h.mu.Lock()
		defer h.mu.Unlock()
		return strings.Join(seen, ", ")
	}
}

func doWrite(ctx context.Context, k *connect.Keeper) error {
	_, err := k.Do(ctx, switchOn(wattle.SMART))
	return err
}

// TestKeeperRefused: a credential that was refused and counted is not sent
// again until somebody gives one, however long the Keeper runs.
func TestKeeperRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		journal := new(endpoint.Journal)
		g := h.add("192.0.2.10", 1, false).serve("aes", 80, &endpoint.Options{Account: account(), Journal: journal})
		g.announce(plug, `"encrypt_type":"AES","lv":2`, "")
		o := h.options()
		o.Account.Password = wattle.NewSecret("not it")
		k, states := h.kept(g.target("aes", 80), o)
		time.Sleep(3 * time.Hour)
		proofs := map[string]int{}
		for _, login := range journal.Logins() {
			proofs[login.Proof]++
		}
		for _, n := range proofs {
			if n != 1 {
				t.Errorf("the same login was sent %d times", n)
			}
		}
		err := doWrite(t.Context(), k)
		if len(journal.Logins()) == 0 || !errors.Is(err, wattle.ErrAuth) || states() != "refused" {
			t.Errorf("%d logins, states %s, %v", len(journal.Logins()), states(), err)
		}
		k.SetAccount(account())
		synctest.Wait()
		time.Sleep(time.Second)
		if err := doWrite(t.Context(), k); err != nil || states() != "refused, online" {
			t.Errorf("with the right password: states %s, %v", states(), err)
		}
	})
}

// TestKeeperLocked: a device that takes no login is left alone for a while, and
// then comes back by itself.
func TestKeeperLocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		journal, faults := new(endpoint.Journal), new(endpoint.Faults)
		g := h.add("192.0.2.10", 1, false).serve("aes", 80, &endpoint.Options{Account: account(), Journal: journal, Faults: faults})
		k, states := h.kept(g.target("aes", 80), h.options())
		if err := doWrite(t.Context(), k); err != nil { // waits for the first session
			t.Fatal(err)
		}
		h.check(faults.Set("session-loss"))
		h.check(faults.Set("lockout"))
		_ = doWrite(t.Context(), k)
		_ = doWrite(t.Context(), k)
		time.Sleep(session.LockWait - 10*time.Second)
		attempts := 0
		for _, login := range journal.Logins() {
			if login.Locked {
				attempts++
			}
		}
		if err := doWrite(t.Context(), k); attempts != 1 || !errors.Is(err, wattle.ErrLockout) {
			t.Errorf("%d logins while it is locked, %v", attempts, err)
		}
		faults.Clear("")
		time.Sleep(time.Minute)
		if err := doWrite(t.Context(), k); err != nil || states() != "online, locked, online" {
			t.Errorf("after the wait: states %s, %v", states(), err)
		}
	})
}

// TestKeeperAnnouncement: a device that refuses is tried less and less often,
// and at once when it announces something else.
func TestKeeperAnnouncement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		closed := new(endpoint.Faults)
		h.check(closed.Set("tpc-off"))
		g := h.add("192.0.2.10", 1, false).serve("klap", 80, &endpoint.Options{Account: account(), Faults: closed}).announce(plug, `"encrypt_type":"KLAP","lv":2`, "")
		k, states := h.kept(g.target("klap", 80), h.options())
		time.Sleep(time.Hour)
		before := len(h.dialled())
		time.Sleep(time.Hour)
		tries := len(h.dialled()) - before
		if status := k.Status(); status.State != connect.NoAccess || tries == 0 || tries > 12*8 {
			t.Errorf("%d connections in an hour, %+v", tries, status)
		}
		g.restart()
		g.serve("klap", 8080, nil).announce(plug, `"encrypt_type":"KLAP","lv":2,"http_port":8080`, "")
		time.Sleep(time.Minute)
		if err := doWrite(t.Context(), k); err != nil || states() != "no access, online" {
			t.Errorf("states %s, %v", states(), err)
		}
	})
}

// TestKeeperLearnsType: what discovery tells of the kind of a device is kept, as
// it decides which secret fits when the device is opened without discovery.
func TestKeeperLearnsType(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const vacuum = "SMART.TAPOROBOVAC"
		h := newHouse(t)
		g := h.add("192.0.2.10", 1, false)
		g.serve(wattle.TPAP, 80, &endpoint.Options{Account: account(), TPAP: endpoint.TPAPOptions{DeviceType: vacuum, Pake: []int{5}, MAC: g.mac.String()}}).
			announce(vacuum, `"encrypt_type":"TPAP","http_port":80,"lv":2`, `,"tpap":{"tls":0,"dac":0,"noc":0,"pake":[2],"port":80}`)
		var learned connect.Target
		k := connect.NewKeeper(connect.Target{Host: g.host}, h.options(), &connect.KeeperOptions{Learned: func(t connect.Target) { learned = t }})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- k.Run(ctx) }()
		time.Sleep(time.Minute)
		cancel()
		h.check(<-done)
		if learned.Type != vacuum {
			t.Fatalf("learned %+v", learned)
		}
		learned.Only = true
		if r, err := h.use(learned, h.options()); err != nil || r.Credential != "mac" {
			t.Errorf("opened with what was learned: %+v, %v", r, err)
		}
	})
}

// TestKeeperCalls: calls wait for the first session and for one that is made
// anew, and fail at once with the reason while there is none.
func TestKeeperCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		g := h.add("192.0.2.10", 1, false).serve("klap", 80, nil).announce(plug, `"encrypt_type":"KLAP","lv":2`, "")
		var learned []connect.Target
		k := connect.NewKeeper(connect.Target{Name: "desk", Host: g.host}, h.options(), &connect.KeeperOptions{
			Learned: func(target connect.Target) { learned = append(learned, target) },
		})
		limit, stop := context.WithTimeout(t.Context(), time.Second)
		if err := doWrite(limit, k); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("before Run: %v", err)
		}
		stop()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- k.Run(ctx) }()
		if err := doWrite(t.Context(), k); err != nil {
			t.Fatal(err)
		}
		if len(learned) != 1 || learned[0].MAC != g.mac || learned[0].Prefer != "account" || learned[0].Routes[0].Transport != wattle.KLAP {
			t.Errorf("learned %+v", learned)
		}
		g.restart()
		_ = doWrite(t.Context(), k) // finds out
		synctest.Wait()
		if err := doWrite(t.Context(), k); !errors.Is(err, wattle.ErrUnreachable) || !strings.HasPrefix(err.Error(), "unreachable for") {
			t.Errorf("without power: %v", err)
		}
		if took := took(func() { _ = doWrite(t.Context(), k) }); took != 0 {
			t.Errorf("a call takes %v to fail", took)
		}
		g = h.add("192.0.2.20", 1, false).serve("klap", 80, nil).announce(plug, `"encrypt_type":"KLAP","lv":2`, "")
		time.Sleep(time.Minute)
		if err := doWrite(t.Context(), k); err != nil || learned[len(learned)-1].Host != g.host {
			t.Errorf("at another address: %v, learned %+v", err, learned)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// dialled gives the addresses that were called so far.
func (h *house) dialled() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.dials)
}

// TestKeeperScatters: devices that are lost together are tried again less and less
// often, and not together.
func TestKeeperScatters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		o := h.options()
		o.NoSearch = true
		var mu sync.Mutex
		tried := map[string][]time.Time{}
		dial := o.DialContext
		o.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			if host, is := strings.CutSuffix(address, ":80"); is {
				mu.Lock()
				tried[host] = append(tried[host], time.Now())
				mu.Unlock()
			}
			return dial(ctx, network, address)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for i := range 20 {
			host := fmt.Sprintf("192.0.2.%d", 100+i)
			route := wattle.Route{Family: wattle.SMART, Transport: wattle.KLAP, Version: 2, Host: host, Port: 80}
			k := connect.NewKeeper(connect.Target{Host: host, Routes: []wattle.Route{route}, Only: true, MAC: wattle.MAC{2, byte(i)}}, o, &connect.KeeperOptions{Probe: -1})
			all.Go(func() { _ = k.Run(ctx) })
		}
		time.Sleep(time.Hour)
		cancel()
		all.Wait()
		together := map[time.Time]int{}
		for host, times := range tried {
			late := times[len(times)-20:]
			for i := range late[1:] {
				if gap := late[i+1].Sub(late[i]); gap > 26*time.Second {
					t.Errorf("%s was tried after %v", host, gap)
				}
			}
			if early := times[1].Sub(times[0]); early > 10*time.Second {
				t.Errorf("%s was tried a second time after %v", host, early)
			}
			together[late[0].Truncate(time.Second)]++
		}
		for at, n := range together {
			if n > 6 {
				t.Errorf("%d of %d devices were tried in the same second, %v", n, len(tried), at)
			}
		}
		if len(tried) != 20 {
			t.Errorf("%d devices were tried", len(tried))
		}
	})
}
