package cli

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"wattle/capture"
	"wattle/simulator"
)

// wireCount counts what reaches the devices of a home.
type wireCount struct{ connections, requests atomic.Int32 }

func (w *wireCount) take() (connections, requests int32) {
	return w.connections.Swap(0), w.requests.Swap(0)
}

// listen is a listener that counts connections and HTTP requests.
func (w *wireCount) listen(ctx context.Context, network, address string) (net.Listener, error) {
	var config net.ListenConfig
	ln, err := config.Listen(ctx, network, address)
	return countedListener{ln, w}, err
}

type countedListener struct {
	net.Listener
	count *wireCount
}

func (l countedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.count.connections.Add(1)
		c = countedConn{c, l.count}
	}
	return c, err
}

type countedConn struct {
	net.Conn
	count *wireCount
}

// Write counts answers: the server writes the head of each at once, while it
// may read the first byte of a request apart from the rest.
func (c countedConn) Write(b []byte) (int, error) {
	c.count.requests.Add(int32(bytes.Count(b, []byte("HTTP/1.1 "))))
	return c.Conn.Write(b)
}

// startHome serves captures in this process until the test ends.
func startHome(tb testing.TB, addresses string, count *wireCount, names ...string) []string {
	tb.Helper()
	ready := make(chan simulator.Ready, len(names))
	home := simulator.NewHome(&simulator.HomeOptions{
		Range: netip.MustParsePrefix(addresses), Account: demoAccount(), Listen: count.listen,
		Ready: func(r simulator.Ready) { ready <- r },
	})
	for i, name := range names {
		file, err := capture.Load(filepath.Join("..", "..", "simulator", "homes", "data", name+".json"))
		if err != nil {
			tb.Fatal(err)
		}
		dev, err := simulator.New(file, &simulator.DeviceOptions{KeepIDs: true, Index: i})
		if err != nil {
			tb.Fatal(err)
		}
		if err := home.Add(dev, nil); err != nil {
			tb.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := home.Run(ctx); err != nil {
			tb.Error(err)
		}
	})
	tb.Cleanup(func() { cancel(); running.Wait() })
	var hosts []string
	for range names {
		hosts = append(hosts, (<-ready).Address)
	}
	return hosts
}

// command runs the program in this process.
func command(t *testing.T, env map[string]string, args ...string) (stdout, stderr string, code Code) {
	t.Helper()
	var out, errs bytes.Buffer
	a := &app{in: strings.NewReader(""), out: &out, err: &errs, getenv: func(k string) string { return env[k] }, environ: os.Environ}
	code = a.run(t.Context(), args)
	return out.String(), errs.String(), code
}

// A command on a known device is one TCP connection and at most four HTTP
// requests; one request while the session of an earlier one is accepted.
func TestRequests(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		addresses  string
		// fresh is with a handshake: what the transport needs for that, the
		// proof that it is the device that is meant, and the command.
		fresh int32
	}{
		{"klap v2", "P110(EU)_1.0_1.4.2", "127.0.6.224/29", 4},
		{"klap v1 with IOT", "HS100(UK)_4.2_1.2.0", "127.0.6.232/29", 4},
		{"aes", "P100(EU)_1.0_1.5.1", "127.0.6.240/29", 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var count wireCount
			hosts := startHome(t, tt.addresses, &count, tt.file)
			state := t.TempDir()
			env := map[string]string{
				"WATTLE_STATE_DIR": state, "XDG_CONFIG_HOME": state, "WATTLE_USERNAME": "demo@example.com", "WATTLE_PASSWORD": "demo",
				"WATTLE_DISCOVERY__TARGETS": hosts[0], "WATTLE_DISCOVERY__ONLY_TARGETS": "true", "WATTLE_DISCOVERY__TIMEOUT": "20s",
			}
			must := func(args ...string) string {
				t.Helper()
				out, errs, code := command(t, env, args...)
				if code != CodeOK {
					t.Fatalf("%v: code %d, %s", args, code, errs)
				}
				return out
			}
			must("discover")
			if err := os.RemoveAll(filepath.Join(state, "sessions")); err != nil {
				t.Fatal(err)
			}
			count.take()
			must("on", hosts[0])
			if c, r := count.take(); c != 1 || r > tt.fresh {
				t.Errorf("with a handshake: %d connections and %d requests, want 1 and at most %d", c, r, tt.fresh)
			}
			for range 3 {
				must("off", hosts[0])
				if c, r := count.take(); c != 1 || r != 1 {
					t.Errorf("with the stored session: %d connections and %d requests, want 1 and 1", c, r)
				}
			}
			must("toggle", hosts[0])
			if c, r := count.take(); c != 1 || r != 2 {
				t.Errorf("toggle: %d connections and %d requests, want 1 and 2", c, r)
			}
			if got := must("get", hosts[0], "state"); got != "on\n" {
				t.Errorf("after off and toggle the state is %q", got)
			}
		})
	}
}
