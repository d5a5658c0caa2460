package endpoint_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"sync"
	"testing"

	"wattle/simulator/endpoint"
)

// budget is what the endpoints of one device may cost, in bytes, with a client
// that has a session and keeps its connection. A simulated device may cost
// 100 KiB in all; most of that is for its state.
const budget = 48 << 10

// TestMemory holds the cost of a device's endpoints: one for messages and one
// for datagrams.
func TestMemory(t *testing.T) {
	const devices = 200
	for _, tt := range []struct {
		name  string
		serve serveFunc
	}{{"xor", endpoint.ServeXOR}, {"klap", endpoint.ServeKLAP}, {"aes", endpoint.ServeAES}} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			var running sync.WaitGroup
			defer running.Wait()
			defer cancel()
			o := &endpoint.Options{Account: owner, Faults: new(endpoint.Faults)}
			before := inUse()
			var addresses []string
			var listen net.ListenConfig
			for range devices {
				ln, err := listen.Listen(ctx, "tcp4", "127.0.2.130:0")
				if err != nil {
					t.Fatal(err)
				}
				pc, err := listen.ListenPacket(ctx, "udp4", "127.0.2.130:0")
				if err != nil {
					t.Fatal(err)
				}
				running.Go(func() { _ = tt.serve(ctx, ln, echo, o) })
				running.Go(func() { _ = endpoint.ServeXORPacket(ctx, pc, echo, o) })
				addresses = append(addresses, ln.Addr().String())
			}
			idle := (inUse() - before) / devices

			conns := make([]net.Conn, 0, devices)
			for _, address := range addresses {
				conn, err := new(net.Dialer).DialContext(ctx, "tcp4", address)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = conn.Close() }()
				conns = append(conns, conn)
				switch tt.name {
				case "xor":
					_, _ = io.WriteString(conn, "\x00\x00\x00\x01\xab")
					_, err = io.ReadFull(conn, make([]byte, 5))
				default:
					fmt.Fprintf(conn, "POST /app/handshake1 HTTP/1.1\r\nHost: %s\r\nContent-Length: 16\r\n\r\n0123456789abcdef", address)
					_, err = http.ReadResponse(bufio.NewReaderSize(conn, 16), nil) //nolint:bodyclose // the connection stays
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			used := (inUse() - before) / devices
			runtime.KeepAlive(conns)
			t.Logf("%s: %d bytes per device at rest, %d with a client connected", tt.name, idle, used)
			if used > budget {
				t.Errorf("%s: %d bytes per device, want at most %d", tt.name, used, budget)
			}
		})
	}
}

// inUse is what the heap and the stacks take now, in bytes.
func inUse() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc + m.StackInuse)
}
