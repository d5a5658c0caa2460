package transport_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"testing"
	"time"

	"wattle"
	"wattle/internal/wire/klap"
	"wattle/simulator/endpoint"
	"wattle/transport"
)

// cases are what every transport must do. without says why a case does not
// apply to a transport, "" where it does.
var cases = []struct {
	name    string
	without func(k kind) string
	run     func(s scene)
}{
	{"connect", always, testConnect},
	{"exchange", always, testExchange},
	{"64 KiB answer", always, testBigAnswer},
	{"wrong credential", needAccounts, testWrongCredential},
	{"session loss", needSessions, testSessionLoss},
	{"session theft", needSessions, testSessionTheft},
	{"session resume", needSessions, testResume},
	{"reset", needSessions, testReset},
	{"cancel in the middle", always, testCancelInTheMiddle},
	{"cancel while queued", always, testCancelWhileQueued},
	{"sequence wrap", needSequence, testSequenceWrap},
	{"slow device", always, testSlowDevice},
	{"slow bytes", needStream, testSlowBytes},
	{"chopped bytes", needStream, testChoppedBytes},
	{"concurrent callers", always, testConcurrentCallers},
	{"connection closed after each answer", needStream, testClosedConnections},
	{"dropped request", always, testDropped},
	{"nobody there", always, testNobodyThere},
	{"close", always, testClose},
}

func always(kind) string { return "" }

func needAccounts(k kind) string {
	if !k.accounts {
		return "it has no credentials"
	}
	return ""
}

func needSessions(k kind) string {
	if !k.sessions {
		return "it has no session"
	}
	return ""
}

func needSequence(k kind) string {
	if !k.sequence {
		return "it has no sequence"
	}
	return ""
}

func needStream(k kind) string {
	if k.packet {
		return "a datagram comes whole or not at all"
	}
	return ""
}

// TestConformance runs every case with every transport, in memory and on
// loopback sockets, and lists what does not apply.
func TestConformance(t *testing.T) {
	runs, all := 0, kinds()
	for i, k := range all {
		for _, c := range cases {
			if c.without(k) == "" {
				runs += 2
			}
		}
		address := fmt.Sprintf("127.0.2.%d", i+1)
		t.Run(k.name, func(t *testing.T) {
			t.Parallel() // most of the time is spent waiting
			for _, c := range cases {
				if why := c.without(k); why != "" {
					t.Logf("%s: %q does not apply: %s", k.name, c.name, why)
					continue
				}
				t.Run(c.name, func(t *testing.T) {
					inWorlds(t, k, address, c.run)
				})
			}
		})
	}
	t.Logf("%d transports, %d cases, %d runs", len(all), len(cases), runs)
}

func testConnect(s scene) {
	t, k, w := s.t, s.kind, s.world
	f := start(t, k, w, nil)
	conn := f.open(t, nil)
	if info := conn.Info(); info.Handshakes != 0 || info.Credential != "" || info.Route != f.route {
		t.Errorf("before the first exchange: %+v", info)
	}
	exchange(t, conn, 1)
	info := conn.Info()
	want := transport.Info{Route: f.route, MaxAnswer: info.MaxAnswer, Certificate: info.Certificate}
	if k.accounts {
		want.Credential, want.Handshakes, want.Route.Version = cmp.Or(k.label, transport.LabelAccount), 1, k.device.Version
	}
	if info != want {
		t.Errorf("Info = %+v, want %+v", info, want)
	}
	if k.maxAnswer != 0 && info.MaxAnswer != k.maxAnswer {
		t.Errorf("MaxAnswer = %d, want %d", info.MaxAnswer, k.maxAnswer)
	}
	if k.tls != (len(info.Certificate) == 64) {
		t.Errorf("Certificate = %q", info.Certificate)
	}
}

func testExchange(s scene) {
	t, k, w := s.t, s.kind, s.world
	conn := start(t, k, w, nil).open(t, nil)
	for size := range 40 {
		request := message(size, size)
		answer, err := conn.Exchange(t.Context(), request)
		if err != nil || !bytes.Equal(answer, request) {
			t.Fatalf("Exchange(%q) = %q, %v", request, answer, err)
		}
	}
	if n := conn.Info().Handshakes; k.sessions && n != 1 {
		t.Errorf("%d handshakes for 40 exchanges, want 1", n)
	}
}

func testBigAnswer(s scene) {
	t, k, w := s.t, s.kind, s.world
	f := start(t, k, w, nil)
	size := 64 << 10
	if k.maxAnswer != 0 {
		size = k.maxAnswer
	}
	big := append(append([]byte(`{"a":"`), bytes.Repeat([]byte("b"), size-8)...), `"}`...)
	f.answers(func(context.Context, []byte) ([]byte, error) { return big, nil })
	conn := f.open(t, nil)
	for range 2 {
		answer, err := conn.Exchange(t.Context(), []byte(`{"method":"get"}`))
		if err != nil || !bytes.Equal(answer, big) {
			t.Fatalf("%d bytes, %v, want %d", len(answer), err, len(big))
		}
	}
}

func testWrongCredential(s scene) {
	t, k, w := s.t, s.kind, s.world
	f := start(t, k, w, nil)
	f.set(t, "credentials=wrong")
	conn := f.open(t, nil)
	_, err := conn.Exchange(t.Context(), message(1, 1))
	var refused *transport.AuthError
	if !errors.Is(err, wattle.ErrAuth) || !errors.As(err, &refused) || len(refused.Tried) < cmp.Or(k.tried, 2) || refused.Route != f.route {
		t.Fatalf("%v (%+v), want an AuthError that names what was tried", err, refused)
	}
	if !transport.NotCarriedOut(err) || f.handled.Load() != 0 {
		t.Errorf("the request reached the device, or is said to")
	}
	// The device gets its account back, or the user types the right one.
	f.faults.Clear("")
	exchange(t, conn, 1)
}

func testSessionLoss(s scene) {
	t, k, w := s.t, s.kind, s.world
	f := start(t, k, w, nil)
	f.set(t, "session-loss=2")
	conn := f.open(t, nil)
	exchange(t, conn, 1)
	exchange(t, conn, 2)
	_, err := conn.Exchange(t.Context(), message(3, 1))
	if !errors.Is(err, wattle.ErrSession) || !transport.NotCarriedOut(err) {
		t.Fatalf("in a lost session: %v, want %v", err, wattle.ErrSession)
	}
	exchange(t, conn, 4)
	if n := conn.Info().Handshakes; n != 2 {
		t.Errorf("%d handshakes, want 2", n)
	}
}

func testSessionTheft(s scene) {
	t, k, w := s.t, s.kind, s.world
	f := start(t, k, w, func(o *endpoint.Options) { o.SingleSession = true })
	one, two := f.open(t, nil), f.open(t, nil)
	exchange(t, one, 1)
	exchange(t, two, 2)
	if _, err := one.Exchange(t.Context(), message(3, 1)); !errors.Is(err, wattle.ErrSession) {
		t.Fatalf("in a stolen session: %v, want %v", err, wattle.ErrSession)
	}
	exchange(t, one, 4)
}

func testResume(s scene) {
	t, k, w := s.t, s.kind, s.world
	f := start(t, k, w, nil)
	first := f.open(t, nil)
	if got := first.(transport.Resumer).Export(); got != nil {
		t.Errorf("Export before a session: %s", got)
	}
	exchange(t, first, 1)
	exchange(t, first, 2)
	stored := first.(transport.Resumer).Export()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	second := f.open(t, func(o *transport.Options) { o.Resume = stored })
	exchange(t, second, 3)
	info := second.Info()
	if !info.Resumed || info.Handshakes != 0 || info.Credential != cmp.Or(k.label, transport.LabelAccount) || info.Route.Version != k.device.Version {
		t.Errorf("resumed: %+v", info)
	}
	later := second.(transport.Resumer).Export()

	for name, change := range map[string]func(*transport.Options){
		"another account": func(o *transport.Options) {
			o.Resume, o.Account = later, wattle.Credentials{Username: "x@example.com", Password: wattle.NewSecret("x")}
		},
		"not a session": func(o *transport.Options) { o.Resume = []byte(`{"transport":"` + string(k.route.Transport) + `"}`) },
		"not JSON":      func(o *transport.Options) { o.Resume = []byte("x") },
		"cut":           func(o *transport.Options) { o.Resume = later[:len(later)/2] },
	} {
		if info := f.open(t, change).Info(); info.Resumed {
			t.Errorf("%s: taken up as %+v", name, info)
		}
	}
	// What is stored before the last request is of no use with a sequence, and
	// says so without doing harm.
	if k.sequence {
		stale := f.open(t, func(o *transport.Options) { o.Resume = stored })
		if _, err := stale.Exchange(t.Context(), message(4, 1)); !errors.Is(err, wattle.ErrSession) {
			t.Errorf("with an old number: %v, want %v", err, wattle.ErrSession)
		}
		exchange(t, stale, 5)
		if info := stale.Info(); info.Resumed || info.Handshakes != 1 {
			t.Errorf("after a new handshake: %+v", info)
		}
	}
}

func testReset(s scene) {
	t, k, w := s.t, s.kind, s.world
	conn := start(t, k, w, nil).open(t, nil)
	exchange(t, conn, 1)
	conn.Reset()
	conn.Reset()
	if got := conn.(transport.Resumer).Export(); got != nil {
		t.Errorf("Export after Reset: %s", got)
	}
	exchange(t, conn, 2)
	exchange(t, conn, 3)
	if n := conn.Info().Handshakes; n != 2 {
		t.Errorf("%d handshakes, want 2", n)
	}
}

// blocking makes the device keep requests that are "held" until release is
// closed or it is stopped; entered gets a value for each.
func blocking(f *fixture) (entered chan struct{}, release chan struct{}) {
	entered, release = make(chan struct{}, 100), make(chan struct{})
	f.answers(func(ctx context.Context, request []byte) ([]byte, error) {
		if !bytes.Contains(request, []byte("get_999")) {
			return echo(ctx, request)
		}
		entered <- struct{}{}
		select {
		case <-release:
			return echo(ctx, request)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
	return entered, release
}

func testCancelInTheMiddle(s scene) {
	t, k, w := s.t, s.kind, s.world
	f := start(t, k, w, nil)
	entered, release := blocking(f)
	defer close(release)
	conn := f.open(t, nil)
	exchange(t, conn, 1)
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() {
		_, err := conn.Exchange(ctx, message(999, 1))
		result <- err
	}()
	<-entered
	cancel()
	err := <-result
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled in the middle: %v, want %v", err, context.Canceled)
	}
	if transport.NotCarriedOut(err) {
		t.Errorf("%v says that the device did nothing", err)
	}
	exchange(t, conn, 2)
	if n := conn.Info().Handshakes; k.sessions && n != 2 {
		t.Errorf("%d handshakes, want 2: a session is not used after a request of unknown fate", n)
	}
}

func testCancelWhileQueued(s scene) {
	t, k, w := s.t, s.kind, s.world
	f := start(t, k, w, nil)
	entered, release := blocking(f)
	conn := f.open(t, nil)
	exchange(t, conn, 1)
	result := make(chan error)
	go func() {
		_, err := conn.Exchange(t.Context(), message(999, 1))
		result <- err
	}()
	<-entered
	before := f.handled.Load()
	ctx, cancel := context.WithCancel(t.Context())
	queued := make(chan error)
	go func() {
		_, err := conn.Exchange(ctx, message(2, 1))
		queued <- err
	}()
	cancel()
	err := <-queued
	if !errors.Is(err, context.Canceled) || !transport.NotCarriedOut(err) {
		t.Errorf("cancelled in the queue: %v", err)
	}
	if n := f.handled.Load(); n != before {
		t.Errorf("the device saw %d requests, want %d", n, before)
	}
	close(release)
	if err := <-result; err != nil {
		t.Errorf("the request in front: %v", err)
	}
	exchange(t, conn, 3)
	if n := conn.Info().Handshakes; k.sessions && n != 1 {
		t.Errorf("%d handshakes, want 1", n)
	}
}

// testSequenceWrap uses seeds whose session starts two below the last number.
func testSequenceWrap(s scene) {
	t, k, w := s.t, s.kind, s.world
	if k.route.Transport == wattle.TPAP {
		testTPAPWrap(s)
		return
	}
	local, remote := wrapSeeds(t, k.device.Version)
	for _, tt := range []struct {
		name       string
		wrap       bool
		handshakes int
	}{{"new session", false, 2}, {"wrapped", true, 1}} {
		id := make([]byte, 16)
		f := start(t, k, w, func(o *endpoint.Options) {
			o.Rand = io.MultiReader(bytes.NewReader(id), bytes.NewReader(remote[:]), rand.Reader)
		})
		conn := f.open(t, func(o *transport.Options) {
			o.Rand = io.MultiReader(bytes.NewReader(local[:]), rand.Reader)
			o.WrapSeq = tt.wrap
		})
		for n := range 5 {
			exchange(t, conn, n)
		}
		if n := conn.Info().Handshakes; n != tt.handshakes {
			t.Errorf("%s: %d handshakes, want %d", tt.name, n, tt.handshakes)
		}
	}
}

// wrapSeeds gives the seeds of the vectors' case seq_wrap.
func wrapSeeds(t *testing.T, version int) (local, remote klap.Seed) {
	t.Helper()
	for _, seeds := range [][2]string{
		{"0000000000000000000000000246c82a", "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"},
		{"000000000000000000000000938c463d", "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"},
	} {
		l, err1 := hex.DecodeString(seeds[0])
		r, err2 := hex.DecodeString(seeds[1])
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		local, remote = klap.Seed(l), klap.Seed(r)
		if klap.NewSession(klap.NewAuth(version, account), local, remote).Seq() >= math.MaxInt32-2 {
			return local, remote
		}
	}
	t.Fatalf("no seeds for version %d", version)
	return local, remote
}

func testSlowDevice(s scene) {
	t, k, w := s.t, s.kind, s.world
	f := start(t, k, w, nil)
	conn := f.open(t, nil)
	exchange(t, conn, 1)
	f.set(t, "slow=50ms")
	exchange(t, conn, 2)
	f.set(t, "slow=10s")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	begin := time.Now()
	_, err := conn.Exchange(ctx, message(3, 1))
	if !errors.Is(err, wattle.ErrUnreachable) || !errors.Is(err, context.DeadlineExceeded) || transport.NotCarriedOut(err) {
		t.Errorf("no answer in time: %v", err)
	}
	if took := time.Since(begin); w.name == "memory" && took != 300*time.Millisecond || took > 5*time.Second {
		t.Errorf("it took %v, want 300ms", took)
	}
	f.faults.Clear("")
	exchange(t, conn, 4)
}

func testSlowBytes(s scene) {
	t, k, w := s.t, s.kind, s.world
	f := start(t, k, w, nil)
	conn := f.open(t, nil)
	if w.name == "memory" {
		f.set(t, "trickle=1ms")
	} else {
		f.set(t, "trickle=10us")
	}
	exchange(t, conn, 1)
	exchange(t, conn, 2)
}

func testChoppedBytes(s scene) {
	t, k, w := s.t, s.kind, s.world
	f := start(t, k, w, nil)
	f.set(t, "chop")
	conn := f.open(t, nil)
	for n := range 3 {
		exchange(t, conn, n)
	}
	request := message(4, 5000)
	if answer, err := conn.Exchange(t.Context(), request); err != nil || !bytes.Equal(answer, request) {
		t.Errorf("5 KB: %d bytes, %v", len(answer), err)
	}
}

func testConcurrentCallers(s scene) {
	t, k, w := s.t, s.kind, s.world
	f := start(t, k, w, nil)
	conn := f.open(t, nil)
	var callers sync.WaitGroup
	for caller := range 12 {
		callers.Go(func() {
			for n := range 5 {
				request := message(caller*100+n, n)
				answer, err := conn.Exchange(t.Context(), request)
				if err != nil || !bytes.Equal(answer, request) {
					t.Errorf("Exchange(%q) = %q, %v", request, answer, err)
				}
			}
		})
	}
	callers.Wait()
	if n := f.handled.Load(); n != 60 {
		t.Errorf("the device saw %d requests, want 60", n)
	}
	if n := f.together.Load(); n != 1 {
		t.Errorf("%d requests were in flight at once", n)
	}
	if n := conn.Info().Handshakes; k.sessions && n != 1 {
		t.Errorf("%d handshakes, want 1", n)
	}
}

// testClosedConnections: small web servers close after each answer without
// saying so. Exchanges may cost a connection each, but no error.
func testClosedConnections(s scene) {
	t, k, w := s.t, s.kind, s.world
	f := start(t, k, w, nil)
	f.set(t, "close")
	conn := f.open(t, nil)
	failed, exchanges := 0, 6
	if w.name != "memory" {
		exchanges = 3 // each may cost a pause
	}
	for n := range exchanges {
		if _, err := conn.Exchange(t.Context(), message(n, 1)); err != nil {
			// The device's FIN may still be on its way when the next request
			// leaves; that is an unreachable device, and the next one works.
			if !errors.Is(err, wattle.ErrUnreachable) {
				t.Fatalf("exchange %d: %v", n, err)
			}
			failed++
		}
	}
	if failed > 2 {
		t.Errorf("%d of %d exchanges failed", failed, exchanges)
	}
}

func testDropped(s scene) {
	t, k, w := s.t, s.kind, s.world
	f := start(t, k, w, nil)
	for _, tt := range []struct {
		fault   string
		handled int32
	}{{"drop", 0}, {"drop-after", 1}} {
		conn := f.open(t, nil)
		exchange(t, conn, 1)
		f.handled.Store(0)
		f.set(t, tt.fault)
		ctx, cancel := t.Context(), func() {}
		if k.packet { // nothing ever comes
			ctx, cancel = context.WithTimeout(ctx, 200*time.Millisecond)
		}
		_, err := conn.Exchange(ctx, message(2, 1))
		cancel()
		if !errors.Is(err, wattle.ErrUnreachable) || transport.NotCarriedOut(err) {
			t.Errorf("%s: %v, want %v of unknown fate", tt.fault, err, wattle.ErrUnreachable)
		}
		if n := f.handled.Load(); n != tt.handled {
			t.Errorf("%s: the device saw %d requests, want %d: it was sent twice", tt.fault, n, tt.handled)
		}
		f.faults.Clear("")
		if w.name == "memory" { // where the pause after it costs nothing
			exchange(t, conn, 3)
		}
	}
}

func testNobodyThere(s scene) {
	t, k, w := s.t, s.kind, s.world
	ln, err := w.listen("tcp4", w.host+":0")
	if err != nil {
		t.Fatal(err)
	}
	route := k.route
	route.Host, route.Port, route.TLS = w.host, portOf(t, ln.Addr()), k.tls
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	conn, err := transport.Open(route, &transport.Options{DialContext: w.dial})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, err = conn.Exchange(t.Context(), message(1, 1))
	if !errors.Is(err, wattle.ErrUnreachable) || !transport.NotCarriedOut(err) {
		t.Errorf("nobody there: %v, want %v", err, wattle.ErrUnreachable)
	}
}

func testClose(s scene) {
	t, k, w := s.t, s.kind, s.world
	f := start(t, k, w, nil)
	entered, release := blocking(f)
	defer close(release)
	conn := f.open(t, nil)
	exchange(t, conn, 1)
	result := make(chan error)
	for range 2 { // one in flight, one in the queue
		go func() {
			_, err := conn.Exchange(t.Context(), message(999, 1))
			result <- err
		}()
	}
	<-entered
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := <-result; !errors.Is(err, wattle.ErrClosed) {
			t.Errorf("exchange when Close was called: %v, want %v", err, wattle.ErrClosed)
		}
	}
	if _, err := conn.Exchange(t.Context(), message(2, 1)); !errors.Is(err, wattle.ErrClosed) {
		t.Errorf("exchange after Close: %v, want %v", err, wattle.ErrClosed)
	}
	if err := conn.Close(); err != nil {
		t.Errorf("Close again: %v", err)
	}
}
