package rest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/internal/hubapi"
	"wattle/internal/surface/rest"
)

// TestThousandsOfSockets opens as many connections as the system lets it, up to
// 10,000, from many addresses on real sockets: most are closed at once, the owner's
// socket answers, and the hub polls on.
func TestThousandsOfSockets(t *testing.T) {
	const wanted, each = 10_000, 500
	home := hubtest.Start(t, hubtest.Models("P110"))
	options := home.Options()
	options.Interval = 200 * time.Millisecond
	var polls atomic.Int64
	options.Observe = func(hub.Observation) { polls.Add(1) }
	h := home.Hub(options)
	hubtest.Online(t, h, 1)
	open, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.23.30:0")
	if err != nil {
		t.Fatal(err)
	}
	owner, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.23.31:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := rest.New(h, &rest.Options{Listeners: []rest.Listener{{Listener: open}, {Listener: owner, Trusted: true}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	before, begun := polls.Load(), time.Now()
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			_ = c.Close()
		}
	}()
	for i := range wanted {
		from := &net.TCPAddr{IP: net.ParseIP(fmt.Sprintf("127.0.23.%d", 32+i/each))}
		c, err := (&net.Dialer{LocalAddr: from, Timeout: 5 * time.Second}).DialContext(t.Context(), "tcp", open.Addr().String())
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
			break // the limit of open files; the rest of the test needs some
		}
		if err == nil {
			conns = append(conns, c)
		}
	}
	if len(conns) > 1100 && len(conns) < wanted { // room for the hub and the client below
		for _, c := range conns[len(conns)-50:] {
			_ = c.Close()
		}
		conns = conns[:len(conns)-50]
	}
	if len(conns) < 1000 {
		t.Skipf("only %d connections could be opened: raise the limit of open files (ulimit -n)", len(conns))
	}
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+owner.Addr().String()+hubapi.Prefix+"/version", nil)
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("the owner: %v, %v", answer, err)
	}
	_ = answer.Body.Close()
	var held atomic.Int64
	var looking sync.WaitGroup
	for _, c := range conns {
		looking.Go(func() {
			_ = c.SetReadDeadline(time.Now().Add(2 * time.Second))
			if _, err := c.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
				held.Add(1)
			} else if err == nil || !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("read: %v", err)
			}
		})
	}
	looking.Wait()
	took := time.Since(begun)
	if held.Load() == 0 || held.Load() > 512 {
		t.Errorf("%d of %d connections are held", held.Load(), len(conns))
	}
	health, err := h.Health(h.Views()[0].ID)
	if err != nil || health.Failures > 0 {
		t.Errorf("%+v, %v", health, err)
	}
	if due := took.Seconds() / options.Interval.Seconds(); float64(polls.Load()-before) < due/2 {
		t.Errorf("%d polls within %v", polls.Load()-before, took)
	}
	t.Logf("%d connections, %d held, %d polls within %v", len(conns), held.Load(), polls.Load()-before, took)
}
