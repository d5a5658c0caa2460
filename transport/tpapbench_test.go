package transport_test

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"testing"

	"filippo.io/nistec"

	"wattle"
	"wattle/internal/memnet"
	"wattle/internal/wire/tpap"
	"wattle/simulator/endpoint"
	"wattle/transport"
)

// tpapExchange gives one sealed exchange with the child process.
func tpapExchange(tb testing.TB) func() {
	tb.Helper()
	_, exchange := childConn(tb, wattle.TPAP, 2)
	exchange()
	return exchange
}

// BenchmarkTPAPOverPOST is a sealed exchange against a bare POST of as many
// bytes. The promise is 1.5.
func BenchmarkTPAPOverPOST(b *testing.B) { inTurns(b, "tpap", tpapExchange(b), barePOST(b)) }

// TestTPAPAllocations: as many as KLAP may have.
func TestTPAPAllocations(t *testing.T) {
	sealed, bare := testing.AllocsPerRun(500, tpapExchange(t)), testing.AllocsPerRun(500, barePOST(t))
	t.Logf("sealed exchange %.0f allocations, bare post %.0f, ratio %.2f", sealed, bare, sealed/bare)
	if sealed > 1.3*bare {
		t.Errorf("sealed exchange: %.0f allocations, more than 1.3 times the %.0f of a bare post", sealed, bare)
	}
}

// p256 are the operations on points that a login contains, on both sides: each
// masks its share, takes the mask off the other's, and makes two secrets.
func p256(tb testing.TB) func() {
	tb.Helper()
	scalar := make([]byte, 32)
	if _, err := rand.Read(scalar[1:]); err != nil {
		tb.Fatal(err)
	}
	p, err := nistec.NewP256Point().ScalarBaseMult(scalar)
	if err != nil {
		tb.Fatal(err)
	}
	encoded := p.Bytes()
	mult := func(q *nistec.P256Point) *nistec.P256Point {
		out, err := nistec.NewP256Point().ScalarMult(q, scalar)
		if err != nil {
			tb.Fatal(err)
		}
		return out
	}
	return func() {
		for range 2 {
			share, err := nistec.NewP256Point().ScalarBaseMult(scalar)
			if err != nil {
				tb.Fatal(err)
			}
			share.Add(share, mult(p)).Bytes()
			peer, err := nistec.NewP256Point().SetBytes(encoded)
			if err != nil {
				tb.Fatal(err)
			}
			masked := mult(p)
			peer.Add(peer, masked.Negate(masked))
			mult(peer).Bytes()
			mult(peer).Bytes()
		}
	}
}

// loginInMemory gives logins of a client and a device in this process, with
// everything between them: three requests over net/http, and one sealed exchange.
func loginInMemory(tb testing.TB, cold bool) func() {
	tb.Helper()
	network := memnet.New()
	ln, err := network.Listen("tcp4", "192.0.2.1:80")
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	device := endpoint.DeviceFunc(echo)
	go func() { served <- endpoint.ServeTPAP(ctx, ln, device, &endpoint.Options{Account: account}) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			tb.Error(err)
		}
	})
	open := func() transport.Conn {
		conn, err := transport.Open(wattle.Route{Family: wattle.SMART, Transport: wattle.TPAP, Host: "192.0.2.1", Port: 80},
			&transport.Options{Account: account, DialContext: network.DialContext})
		if err != nil {
			tb.Fatal(err)
		}
		return conn
	}
	conn, request := open(), []byte(`{"method":"get_device_info"}`)
	tb.Cleanup(func() { _ = conn.Close() })
	exchange := func(conn transport.Conn) {
		if _, err := conn.Exchange(ctx, request); err != nil {
			tb.Fatal(err)
		}
	}
	exchange(conn)
	if cold {
		return func() {
			conn := open()
			exchange(conn)
			_ = conn.Close()
		}
	}
	return func() {
		conn.Reset()
		exchange(conn)
	}
}

// BenchmarkTPAPLoginOverP256 is a login with w0 and w1 known against the bare
// operations that it contains. The promise is 3.
func BenchmarkTPAPLoginOverP256(b *testing.B) { inTurns(b, "login", loginInMemory(b, false), p256(b)) }

// BenchmarkTPAPColdOverPBKDF2 is a login from the password on against PBKDF2 and
// those operations. The promise is 1.5.
func BenchmarkTPAPColdOverPBKDF2(b *testing.B) {
	points, salt := p256(b), make([]byte, 16)
	inTurns(b, "cold", loginInMemory(b, true), func() {
		points()
		if _, err := pbkdf2.Key(sha256.New, "98decc62ece399a22ed30d490ef333be7fde7385", salt, 3000, 80); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkTPAPCodecOverP256 is a login without the messages between, on both sides.
func BenchmarkTPAPCodecOverP256(b *testing.B) {
	s, err := tpap.SuiteOf(tpap.Suite1)
	if err != nil {
		b.Fatal(err)
	}
	v, err := tpap.Derive(s, wattle.NewSecret("secret"), []byte("salt"), 3000)
	if err != nil {
		b.Fatal(err)
	}
	l, err := v.Registration()
	if err != nil {
		b.Fatal(err)
	}
	e := &tpap.Exchange{Verifier: v, UserRandom: make([]byte, 32), DevRandom: make([]byte, 32)}
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	inTurns(b, "codec", func() {
		y, err := s.Group().Random(rand.Reader)
		must(err)
		share, err := e.DeviceShare(y)
		must(err)
		x, err := s.Group().Random(rand.Reader)
		must(err)
		client, err := e.Client(x, share)
		must(err)
		device, err := e.Device(y, share, l, client.UserShare)
		must(err)
		if !tpap.Confirms(device.UserConfirm, client.UserConfirm) {
			b.Fatal("not confirmed")
		}
	}, p256(b))
}
