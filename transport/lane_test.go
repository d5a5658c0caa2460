package transport

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/internal/memnet"
)

// hidden is a connection that nobody can ask about itself, as of a dialer that
// wraps others.
type hidden struct{ net.Conn }

// laneTo gives a poster to a server that treats each connection as serve says,
// which gets its number from 1.
func laneTo(t *testing.T, hide bool, serve func(n int, c net.Conn, requests *bufio.Reader)) (*poster, *atomic.Int64) {
	t.Helper()
	network := memnet.New()
	l, err := network.Listen("tcp", "127.0.20.9:80")
	if err != nil {
		t.Fatal(err)
	}
	var dials atomic.Int64
	served := make(chan struct{})
	go func() {
		defer close(served)
		for n := 1; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serve(n, c, bufio.NewReader(c))
			_ = c.Close()
		}
	}()
	g := new(gate)
	g.init(wattle.Route{Family: wattle.SMART, Transport: wattle.KLAP, Host: "127.0.20.9", Port: 80}, time.Second)
	p := newPoster(g, Options{DialContext: func(ctx context.Context, kind, address string) (net.Conn, error) {
		dials.Add(1)
		c, err := network.DialContext(ctx, kind, address)
		if err == nil && hide {
			c = hidden{c}
		}
		return c, err
	}})
	t.Cleanup(func() {
		p.close()
		_ = l.Close()
		<-served
	})
	return p, &dials
}

// answer reads one request and answers it with its own body.
func answer(c net.Conn, requests *bufio.Reader, extra string) bool {
	r, err := http.ReadRequest(requests)
	if err != nil {
		return false
	}
	body, _ := io.ReadAll(r.Body)
	_, err = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n%s", len(body), extra, body)
	return err == nil
}

func ask(t *testing.T, p *poster, header http.Header, text string) error {
	t.Helper()
	ctx, err := p.gate.enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer p.gate.leave()
	r, err := p.post(ctx, "step", "/path", "a=b", header, []byte(text))
	if err == nil && string(r.body) != text {
		t.Errorf("answered %q to %q", r.body, text)
	}
	return err
}

var unrepeatable, mayRepeat = http.Header{}, http.Header{"Idempotency-Key": nil}

// TestLaneKeeps: exchanges share a connection; after the idle time it is closed.
// Nothing runs for it between exchanges.
func TestLaneKeeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan time.Duration, 3)
		p, dials := laneTo(t, false, func(_ int, c net.Conn, requests *bufio.Reader) {
			begun := time.Now()
			for answer(c, requests, "") {
			}
			ended <- time.Since(begun)
		})
		before := runtime.NumGoroutine()
		for i := range 5 {
			if err := ask(t, p, unrepeatable, strings.Repeat("x", 3000*i)); err != nil {
				t.Fatal(err)
			}
			<-time.After(time.Second)
		}
		if n := runtime.NumGoroutine(); dials.Load() != 1 || n != before {
			t.Errorf("%d connections, %d goroutines more", dials.Load(), n-before)
		}
		if lived := <-ended; lived != 4*time.Second+idleTime {
			t.Errorf("it lived %v", lived)
		}
		if err := ask(t, p, unrepeatable, "again"); err != nil || dials.Load() != 2 {
			t.Errorf("%v, %d connections", err, dials.Load())
		}
	})
}

// TestLaneClosedIdle: a device that closed the connection meanwhile costs another
// one and no request, whether the connection can be asked or not.
func TestLaneClosedIdle(t *testing.T) {
	for _, hide := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p, dials := laneTo(t, hide, func(_ int, c net.Conn, requests *bufio.Reader) { answer(c, requests, "") })
			for i := range 3 {
				if err := ask(t, p, unrepeatable, "hello"); err != nil || dials.Load() != int64(i+1) {
					t.Errorf("hidden %v: %v, %d connections", hide, err, dials.Load())
				}
				<-time.After(time.Second)
			}
		})
	}
}

// TestLaneRepeats: what was written to a connection that ends without an answer
// is repeated only where that does no harm.
func TestLaneRepeats(t *testing.T) {
	for _, header := range []http.Header{unrepeatable, mayRepeat} {
		synctest.Test(t, func(t *testing.T) {
			var read atomic.Int64
			p, dials := laneTo(t, false, func(n int, c net.Conn, requests *bufio.Reader) {
				for i := 0; ; i++ {
					if n == 1 && i == 1 { // it reads the second request, and goes
						if r, err := http.ReadRequest(requests); err == nil {
							_, _ = io.Copy(io.Discard, r.Body)
							read.Add(1)
						}
						return
					}
					if !answer(c, requests, "") {
						return
					}
					read.Add(1)
				}
			})
			if err := ask(t, p, header, "one"); err != nil {
				t.Fatal(err)
			}
			err := ask(t, p, header, "two")
			_, repeatable := header["Idempotency-Key"]
			switch {
			case repeatable && (err != nil || read.Load() != 3 || dials.Load() != 2):
				t.Errorf("repeatable: %v, read %d, %d connections", err, read.Load(), dials.Load())
			case !repeatable && (!errors.Is(err, wattle.ErrUnreachable) || read.Load() != 2 || dials.Load() != 1):
				t.Errorf("once: %v, read %d, %d connections", err, read.Load(), dials.Load())
			}
		})
	}
}

// TestLaneEnds: answers after which the connection cannot go on, and such that are
// none.
func TestLaneEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		text  string // follows the status line
		class error
		dials int64 // of two exchanges
	}{
		"close":          {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", nil, 2},
		"HTTP/1.0":       {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", nil, 2},
		"more behind":    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n", nil, 2},
		"hints before":   {"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", nil, 1},
		"chunks":         {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", nil, 1},
		"no HTTP":        {"hello you there\r\n\r\n", wattle.ErrTransport, 2},
		"header without": {"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", maxHeader) + "\r\n\r\n", wattle.ErrTransport, 2},
		"endless hints":  {strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 1000), wattle.ErrTransport, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, dials := laneTo(t, false, func(_ int, c net.Conn, requests *bufio.Reader) {
					for {
						r, err := http.ReadRequest(requests)
						if err != nil {
							return
						}
						_, _ = io.Copy(io.Discard, r.Body)
						if _, err := io.WriteString(c, tt.text); err != nil {
							return
						}
					}
				})
				for range 2 {
					if err := ask(t, p, unrepeatable, "hello"); !errors.Is(err, tt.class) {
						t.Errorf("%v, want %v", err, tt.class)
					}
				}
				if dials.Load() != tt.dials {
					t.Errorf("%d connections, want %d", dials.Load(), tt.dials)
				}
			})
		})
	}
}

// TestLaneCancelled: a caller who leaves ends the exchange at once, and the
// connection with it.
func TestLaneCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := laneTo(t, false, func(_ int, c net.Conn, requests *bufio.Reader) { _, _ = io.Copy(io.Discard, requests) })
		ctx, cancel := context.WithCancel(t.Context())
		inside, err := p.gate.enter(ctx)
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(100*time.Millisecond, cancel)
		begun := time.Now()
		_, err = p.post(inside, "step", "/", "", unrepeatable, []byte("hello"))
		if !errors.Is(err, context.Canceled) || time.Since(begun) != 100*time.Millisecond || p.lane.conn != nil {
			t.Errorf("%v after %v, connection %v", err, time.Since(begun), p.lane.conn)
		}
		p.gate.leave()
	})
}
