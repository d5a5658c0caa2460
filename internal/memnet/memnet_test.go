package memnet_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/nettest"

	"wattle/internal/memnet"
)

// The standard suite for implementations of net.Conn.
func TestStreamIsAConn(t *testing.T) {
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		n := memnet.New()
		ln, err := n.Listen("tcp", "127.0.3.1:80")
		if err != nil {
			return nil, nil, nil, err
		}
		c1, err = n.DialContext(t.Context(), "tcp", "127.0.3.1:80")
		if err != nil {
			return nil, nil, nil, err
		}
		c2, err = ln.Accept()
		return c1, c2, func() { _, _, _ = c1.Close(), c2.Close(), ln.Close() }, err
	})
}

func TestHTTPInBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		ln, err := n.Listen("tcp", "127.0.3.1:80")
		if err != nil {
			t.Fatal(err)
		}
		srv := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done() // answers nothing
		})}
		go func() { _ = srv.Serve(ln) }()
		tr := &http.Transport{DialContext: n.DialContext}
		start := time.Now()
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.3.1/", nil)
		_, err = (&http.Client{Transport: tr, Timeout: time.Minute}).Do(req) //nolint:bodyclose // there is none
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("request: %v after %v, want a deadline after 1m", err, time.Since(start))
		}
		tr.CloseIdleConnections()
		if err := srv.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestBothWriteFirst(t *testing.T) {
	a, b := pair(t, memnet.New())
	if _, err := a.Write([]byte("one")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Write([]byte("two")); err != nil {
		t.Fatal(err)
	}
	_ = a.Close()
	got, err := io.ReadAll(b)
	if string(got) != "one" || err != nil {
		t.Errorf("read %q, %v; want what was written before Close", got, err)
	}
	if _, err := b.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("write to a closed peer: %v, want EPIPE", err)
	}
}

func TestRefusals(t *testing.T) {
	n := memnet.New()
	if _, err := n.DialContext(t.Context(), "tcp", "127.0.3.9:80"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial to nobody: %v", err)
	}
	var dns *net.DNSError
	if _, err := n.DialContext(t.Context(), "tcp", "nowhere:80"); !errors.As(err, &dns) {
		t.Errorf("dial to an unknown name: %v", err)
	}
	ln, err := n.Listen("tcp", "127.0.3.9:0")
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().String()
	if _, err := n.Listen("tcp", address); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("second listener: %v", err)
	}
	waiting, err := n.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	_ = ln.Close()
	if _, err := waiting.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("connection that nobody accepted: %v, want EOF", err)
	}
	if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accept after close: %v", err)
	}
	if _, err := n.DialContext(t.Context(), "tcp", address); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial after close: %v", err)
	}
	c, err := n.DialContext(t.Context(), "udp", "127.0.3.9:9999")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = c.Write([]byte("x"))
	if _, err := c.Read(make([]byte, 8)); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("datagram to nobody: %v", err)
	}
}

func TestDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		ln, _ := n.Listen("tcp", "127.0.3.1:80")
		n.SetDown(netip.MustParseAddr("127.0.3.1"), true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := n.DialContext(ctx, "tcp", "127.0.3.1:80"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("dial to a silent host: %v", err)
		}
		_ = ln.Close()
	})
}

func TestDatagrams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		n.SetDelay(10*time.Millisecond, 10*time.Millisecond)
		client := packet(t, n, "127.0.0.1:0")
		persona := packet(t, n, "127.0.3.1:20002")
		everyone := []net.PacketConn{packet(t, n, "127.255.255.255:20002"), packet(t, n, "127.255.255.255:20002"), packet(t, n, "0.0.0.0:20002")}

		start := time.Now()
		send(t, client, "127.0.3.1:20002", "hello")
		if got, from := read(t, persona); got != "hello" || from != client.LocalAddr().String() {
			t.Errorf("got %q from %s", got, from)
		}
		if d := time.Since(start); d != 10*time.Millisecond {
			t.Errorf("it took %v, want 10ms", d)
		}
		for _, to := range []string{"127.255.255.255:20002", "255.255.255.255:20002"} {
			send(t, client, to, to)
			for i, pc := range everyone {
				if got, _ := read(t, pc); got != to {
					t.Errorf("socket %d got %q, want %q", i, got, to)
				}
			}
		}
		_ = persona.SetReadDeadline(time.Now().Add(time.Minute))
		if _, _, err := persona.ReadFrom(make([]byte, 9)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a socket at a host address got a broadcast: %v", err)
		}
		n.SetLoss(1)
		send(t, client, "127.0.3.1:20002", "lost")
		_ = persona.SetReadDeadline(time.Now().Add(time.Minute))
		if _, _, err := persona.ReadFrom(make([]byte, 9)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("loss 1 lets something through: %v", err)
		}
	})
}

func TestReceiveBuffer(t *testing.T) {
	n := memnet.New()
	client, persona := packet(t, n, "127.0.0.1:0"), packet(t, n, "127.0.3.1:20002")
	for range 1000 {
		send(t, client, "127.0.3.1:20002", "12345678")
	}
	dropped := persona.(interface{ Dropped() int }).Dropped()
	if want := 1000 - 212992/520; dropped != want {
		t.Errorf("%d of 1000 dropped, want %d", dropped, want)
	}
	if _, err := client.WriteTo(make([]byte, 70000), persona.LocalAddr()); !errors.Is(err, syscall.EMSGSIZE) {
		t.Errorf("70000 bytes: %v", err)
	}
}

func pair(t *testing.T, n *memnet.Network) (client, server net.Conn) {
	t.Helper()
	ln, err := n.Listen("tcp4", "127.0.3.1:0")
	if err != nil {
		t.Fatal(err)
	}
	client, err = n.DialContext(t.Context(), "tcp4", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err = ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _, _ = client.Close(), server.Close(), ln.Close() })
	return client, server
}

func packet(t *testing.T, n *memnet.Network, address string) net.PacketConn {
	t.Helper()
	pc, err := n.ListenPacket("udp4", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.Close() })
	return pc
}

func send(t *testing.T, from net.PacketConn, to, text string) {
	t.Helper()
	addr := net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to))
	if _, err := from.WriteTo([]byte(text), addr); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, pc net.PacketConn) (text, from string) {
	t.Helper()
	_ = pc.SetReadDeadline(time.Now().Add(time.Minute))
	b := make([]byte, 100)
	k, addr, err := pc.ReadFrom(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:k]), addr.String()
}
