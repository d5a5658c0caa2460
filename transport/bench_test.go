package transport_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"wattle"
	"wattle/simulator/endpoint"
	"wattle/transport"
)

// serverVariable turns this test binary into the server of the benchmarks, so
// that what is measured is the client alone.
const serverVariable = "WATTLE_TEST_SERVER"

// benchSize is the size of a request and of an answer, in bytes.
const benchSize = 2048

// TestMain runs the server in a child process.
func TestMain(m *testing.M) {
	if os.Getenv(serverVariable) != "" {
		if err := serveBench(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	if stop := stopServer; stop != nil {
		stop()
	}
	os.Exit(code)
}

// serveBench answers KLAP, plain POST and TPAP requests until its input ends.
func serveBench() error {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	answer := bytes.Repeat([]byte("y"), benchSize)
	var config net.ListenConfig
	klap, err := config.Listen(ctx, "tcp4", "127.0.2.200:0")
	if err != nil {
		return err
	}
	bare, err := config.Listen(ctx, "tcp4", "127.0.2.200:0")
	if err != nil {
		return err
	}
	tpap, err := config.Listen(ctx, "tcp4", "127.0.2.200:0")
	if err != nil {
		return err
	}
	device := endpoint.DeviceFunc(func(context.Context, []byte) ([]byte, error) { return answer, nil })
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header()["Content-Type"] = []string{"application/octet-stream"}
		w.Header()["Content-Length"] = []string{strconv.Itoa(benchSize)}
		_, _ = w.Write(answer)
	})}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	var servers sync.WaitGroup
	servers.Go(func() { _ = server.Serve(bare) })
	servers.Go(func() { _ = endpoint.ServeKLAP(ctx, klap, device, &endpoint.Options{Account: account}) })
	servers.Go(func() { _ = endpoint.ServeTPAP(ctx, tpap, device, &endpoint.Options{Account: account}) })
	fmt.Fprintln(os.Stdout, klap.Addr(), bare.Addr(), tpap.Addr())
	<-ctx.Done()
	_ = server.Close()
	servers.Wait()
	return nil
}

// stopServer ends the child process that benchServer started.
var stopServer func()

// benchServer starts the server once and gives the addresses for KLAP, for bare
// requests and for TPAP.
var benchServer = sync.OnceValues(func() ([]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := exec.Command(self)
	command.Env = append(os.Environ(), serverVariable+"=1")
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	stopServer = func() {
		_ = input.Close()
		_ = command.Wait()
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("child process: %w", err)
	}
	addresses := strings.Fields(line)
	if len(addresses) != 3 {
		return nil, fmt.Errorf("child process says %q", line)
	}
	return addresses, nil
})

// klapExchange gives one KLAP exchange with the child process.
func klapExchange(tb testing.TB) func() {
	tb.Helper()
	_, exchange := childConn(tb, wattle.KLAP, 0)
	return exchange
}

// childConn opens a transport to one of the addresses of the child process, and
// gives one exchange over it.
func childConn(tb testing.TB, over wattle.Transport, address int) (transport.Conn, func()) {
	tb.Helper()
	addresses, err := benchServer()
	if err != nil {
		tb.Fatal(err)
	}
	host, text, err := net.SplitHostPort(addresses[address])
	if err != nil {
		tb.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		tb.Fatal(err)
	}
	conn, err := transport.Open(wattle.Route{Family: wattle.SMART, Transport: over, Host: host, Port: port},
		&transport.Options{Account: account})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	request, ctx := bytes.Repeat([]byte("x"), benchSize), context.Background()
	return conn, func() {
		answer, err := conn.Exchange(ctx, request)
		if err != nil || len(answer) != benchSize {
			tb.Fatalf("%d bytes, %v", len(answer), err)
		}
	}
}

// barePOST gives one POST with the same bodies, as one would write it.
func barePOST(tb testing.TB) func() {
	tb.Helper()
	addresses, err := benchServer()
	if err != nil {
		tb.Fatal(err)
	}
	url := "http://" + addresses[1] + "/app/request"
	rounds := new(http.Transport)
	client := &http.Client{Transport: rounds}
	tb.Cleanup(rounds.CloseIdleConnections)
	request, ctx := bytes.Repeat([]byte("x"), benchSize), context.Background()
	return func() {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(request))
		if err != nil {
			tb.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/octet-stream")
		answer, err := client.Do(r)
		if err != nil {
			tb.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil || len(body) != benchSize {
			tb.Fatalf("%d bytes, %v", len(body), err)
		}
	}
}

// TestKLAPAllocations holds the promise that a KLAP exchange allocates at most
// 1.3 times what a bare POST with the same bodies does.
func TestKLAPAllocations(t *testing.T) {
	klap, bare := testing.AllocsPerRun(500, klapExchange(t)), testing.AllocsPerRun(500, barePOST(t))
	t.Logf("klap exchange %.0f allocations, bare post %.0f, ratio %.2f", klap, bare, klap/bare)
	if klap > 1.3*bare {
		t.Errorf("klap exchange: %.0f allocations, more than 1.3 times the %.0f of a bare post", klap, bare)
	}
}

func BenchmarkKLAPExchange(b *testing.B) { benchmark(b, klapExchange(b)) }
func BenchmarkBarePOST(b *testing.B)     { benchmark(b, barePOST(b)) }

// BenchmarkKLAPOverPOST takes turns between the two, so that whatever else the
// machine does hits both, and reports how much more CPU time an exchange takes.
// The promise is 1.5.
func BenchmarkKLAPOverPOST(b *testing.B) { inTurns(b, "klap", klapExchange(b), barePOST(b)) }

// inTurns reports the CPU time of two things and their ratio.
func inTurns(b *testing.B, name string, first, bare func()) {
	b.Helper()
	const turn = 50
	var used [2]time.Duration
	for b.Loop() {
		for i, f := range []func(){first, bare} {
			before := cpuTime()
			for range turn {
				f()
			}
			used[i] += cpuTime() - before
		}
	}
	b.ReportMetric(float64(used[0])/float64(b.N*turn), name+"-cpu-ns")
	b.ReportMetric(float64(used[1])/float64(b.N*turn), "bare-cpu-ns")
	b.ReportMetric(float64(used[0])/float64(max(used[1], 1)), "ratio")
}

// benchmark reports the CPU time of this process besides what Go reports.
func benchmark(b *testing.B, f func()) {
	b.Helper()
	f()
	b.ReportAllocs()
	before := cpuTime()
	for b.Loop() {
		f()
	}
	b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
}
