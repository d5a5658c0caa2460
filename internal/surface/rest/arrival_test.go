package rest_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"wattle"
	"wattle/connect"
	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/internal/hubapi"
	"wattle/internal/surface/rest"
	"wattle/simulator"
	"wattle/simulator/homes"
)

// BenchmarkArrival measures on real sockets how long a change takes to a client:
// docs/performance.md. It measures once, whatever b.N is.
func BenchmarkArrival(b *testing.B) {
	for _, run := range []struct {
		name                     string
		sockets, streams, asleep int
	}{
		{"1socket", 1, 0, 0},
		{"1stream", 0, 1, 0},
		{"100clients20asleep", 40, 40, 20},
	} {
		b.Run(run.name, func(b *testing.B) {
			s := startStreet(b)
			for range run.sockets {
				s.reads(s.socket(s.awake))
			}
			for range run.streams {
				s.reads(s.stream(s.awake))
			}
			for range run.asleep / 2 {
				s.sleeps(s.socket, s.stream)
			}
			s.settle()
			s.measure(b)
		})
	}
}

const (
	streetInterval = time.Second
	streetDevices  = 20
	streetAddress  = "127.0.23.10:0"
	asleepAddress  = "127.0.23.11" // where clients that never read come from
	streetRange    = "127.0.23.64/26"
	streetMeasure  = 30 * time.Second
)

// street is a home on loopback sockets, with a hub and its API over them.
type street struct {
	b       *testing.B
	base    string
	token   string
	hub     *hub.Hub
	devices map[string]*simulator.Device // by slug
	answers sync.Map                     // address of a device -> when its last byte came
	places  map[string]string            // slug -> address

	clients sync.WaitGroup
	ctx     context.Context
	ready   chan struct{} // one for each client that has its snapshot
	count   int           // of clients that read

	mu       sync.Mutex
	changes  map[string]*change // by slug: the one that is on its way
	late     []time.Duration    // from the device to a client, beyond the interval
	inside   []time.Duration    // from the last byte of the answer to a client
	commands []time.Duration    // from a command to a client
}

// change is a change that is on its way to the clients.
type change struct {
	on      bool
	at      time.Time
	command bool
	missing int // clients
	arrived chan struct{}
}

func startStreet(b *testing.B) *street {
	b.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &street{b: b, ctx: ctx, devices: map[string]*simulator.Device{}, places: map[string]string{}, changes: map[string]*change{}, ready: make(chan struct{}, 256)}
	b.Cleanup(s.clients.Wait)
	entries := s.serveHome(ctx)
	o := &hub.Options{Entries: entries, Interval: streetInterval, Sweep: -1}
	o.Connect.Account = hubtest.Account()
	o.Connect.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, address)
		host, _, _ := net.SplitHostPort(address)
		return &stampedConn{c, func() { s.answers.Store(host, time.Now()) }}, err
	}
	var err error
	if s.hub, err = hub.New(o); err != nil {
		b.Fatal(err)
	}
	s.run(ctx, s.hub.Run)
	hubtest.Online(b, s.hub, len(entries))
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", streetAddress)
	if err != nil {
		b.Fatal(err)
	}
	s.base = "http://" + l.Addr().String() + hubapi.Prefix
	first := make(chan string, 1)
	server, err := rest.New(s.hub, &rest.Options{Listeners: []rest.Listener{{Listener: narrow{l}}}, FirstToken: func(t wattle.Secret) error {
		first <- t.Reveal()
		return nil
	}})
	if err != nil {
		b.Fatal(err)
	}
	s.run(ctx, server.Run)
	s.token = <-first
	b.Cleanup(cancel) // before what run waits for
	return s
}

// run runs something until the benchmark ends.
func (s *street) run(ctx context.Context, run func(context.Context) error) {
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	s.b.Cleanup(func() {
		if err := <-done; err != nil {
			s.b.Error(err)
		}
	})
}

// serveHome serves devices of several kinds on sockets.
func (s *street) serveHome(ctx context.Context) []hub.Entry {
	s.b.Helper()
	served := make(chan simulator.Ready, streetDevices)
	home := simulator.NewHome(&simulator.HomeOptions{
		Range: netip.MustParsePrefix(streetRange), Account: hubtest.Account(), Ready: func(r simulator.Ready) { served <- r },
	})
	kinds := hubtest.Models("P110", "HS110", "P100", "KP115", "L530")
	for i := range streetDevices {
		d, err := simulator.New(kinds[i%len(kinds)], &simulator.DeviceOptions{Library: homes.Library(), Index: 1<<13 + i})
		if err != nil {
			s.b.Fatal(err)
		}
		s.devices[hub.Slug(hub.ID{MAC: d.Info().MAC})] = d
		if err := home.Add(d, nil); err != nil {
			s.b.Fatal(err)
		}
	}
	s.run(ctx, home.Run)
	var entries []hub.Entry
	for range streetDevices {
		r := <-served
		route := wattle.Route{Family: r.Family, Transport: r.Transport, Version: r.Version, TLS: r.TLS, Host: r.Address, Port: r.Port}
		entries = append(entries, hub.Entry{Target: connect.Target{Name: r.Alias, Host: r.Address, Routes: []wattle.Route{route}, MAC: r.MAC}})
		s.places[hub.Slug(hub.ID{MAC: r.MAC})] = r.Address
	}
	return entries
}

// stampedConn tells when bytes came.
type stampedConn struct {
	net.Conn
	came func()
}

func (c *stampedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.came()
	}
	return n, err
}

// narrow has little room for what sleeping clients do not read: the kernel would
// take some megabytes for each otherwise, and nobody had to wait.
type narrow struct{ net.Listener }

func (n narrow) Accept() (net.Conn, error) {
	c, err := n.Listener.Accept()
	if t, ok := c.(*net.TCPConn); ok && strings.HasPrefix(c.RemoteAddr().String(), asleepAddress+":") {
		_ = t.SetWriteBuffer(4 << 10)
	}
	return c, err
}

// dial is how a client connects.
type dial = func(ctx context.Context, network, address string) (net.Conn, error)

func (s *street) awake(ctx context.Context, network, address string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

func (s *street) asleep(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(asleepAddress)}}).DialContext(ctx, network, address)
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetReadBuffer(4 << 10)
	}
	return c, err
}

// socket opens a WebSocket; next gives its messages.
func (s *street) socket(how dial) (next func() ([]byte, error), leave func()) {
	h := &http.Client{Transport: &http.Transport{DialContext: how}}
	c, _, err := websocket.Dial(s.ctx, "ws"+strings.TrimPrefix(s.base, "http")+"/ws", &websocket.DialOptions{ //nolint:bodyclose // there is none after an upgrade
		HTTPClient: h, HTTPHeader: http.Header{"Authorization": {"Bearer " + s.token}},
	})
	if err != nil {
		s.b.Error(err)
		return func() ([]byte, error) { return nil, err }, func() {}
	}
	c.SetReadLimit(1 << 20)
	return func() ([]byte, error) {
		_, data, err := c.Read(s.ctx)
		return data, err
	}, func() { _ = c.CloseNow() }
}

// stream opens a stream of server-sent events.
func (s *street) stream(how dial) (next func() ([]byte, error), leave func()) {
	r, err := http.NewRequestWithContext(s.ctx, http.MethodGet, s.base+"/live", nil)
	if err == nil {
		r.Header.Set("Authorization", "Bearer "+s.token)
		var answer *http.Response
		h := &http.Client{Transport: &http.Transport{DialContext: how}}
		if answer, err = h.Do(r); err == nil { //nolint:bodyclose // leave does
			lines := bufio.NewReaderSize(answer.Body, 64<<10)
			return func() ([]byte, error) {
				for {
					line, err := lines.ReadBytes('\n')
					if data, ok := bytes.CutPrefix(line, []byte("data: ")); ok || err != nil {
						return data, err
					}
				}
			}, func() { _ = answer.Body.Close(); h.CloseIdleConnections() }
		}
	}
	s.b.Error(err)
	return func() ([]byte, error) { return nil, err }, func() {}
}

// reads notes when changes arrive at a client that reads all the time.
func (s *street) reads(next func() ([]byte, error), leave func()) {
	s.count++
	s.clients.Go(func() {
		defer leave()
		for {
			data, err := next()
			if err != nil {
				if s.ctx.Err() == nil {
					s.b.Errorf("a client that reads was cut off: %v", err)
				}
				return
			}
			at := time.Now()
			if bytes.HasPrefix(data, []byte(`{"type":"ready"`)) {
				s.ready <- struct{}{}
			}
			if slug, on, ok := switched(data); ok {
				s.arrived(slug, on, at)
			}
		}
	})
}

// switched reads a message that tells that a device was switched. It looks for what
// it needs only: the clients share the processor with the hub here.
func switched(data []byte) (slug string, on, ok bool) {
	if !bytes.HasPrefix(data, []byte(`{"type":"device"`)) {
		return "", false, false
	}
	_, changes, _ := bytes.Cut(data, []byte(`"changes":[`))
	changes, _, _ = bytes.Cut(changes, []byte("]"))
	_, device, _ := bytes.Cut(data, []byte(`"device":{"id":"`))
	id, device, ok := bytes.Cut(device, []byte(`"`))
	return string(id), bytes.Contains(device, []byte(`"on":true`)), ok && bytes.Contains(changes, []byte(`"state"`))
}

// sleeps has two clients that never read; before they are cut off others come in
// their place.
func (s *street) sleeps(kinds ...func(dial) (func() ([]byte, error), func())) {
	for _, open := range kinds {
		s.clients.Go(func() {
			for s.ctx.Err() == nil {
				_, leave := open(s.asleep)
				select {
				case <-s.ctx.Done():
				case <-time.After(9 * time.Second):
				}
				leave()
			}
		})
	}
}

// settle waits until all clients have their snapshots.
func (s *street) settle() {
	for range s.count {
		<-s.ready
	}
}

func (s *street) arrived(slug string, on bool, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.changes[slug]
	if c == nil || c.on != on {
		return
	}
	if c.command {
		s.commands = append(s.commands, at.Sub(c.at))
	} else {
		s.late = append(s.late, at.Sub(c.at)-streetInterval)
		if answer, ok := s.answers.Load(s.places[slug]); ok {
			s.inside = append(s.inside, at.Sub(answer.(time.Time)))
		}
	}
	if c.missing--; c.missing == 0 {
		delete(s.changes, slug)
		close(c.arrived)
	}
}

// measure switches devices at random moments, past the hub and through it, and
// reports how long that took to each client.
func (s *street) measure(b *testing.B) {
	b.Helper()
	until := time.Now().Add(streetMeasure)
	begun := s.hub.Stats()
	idle := s.lateness(until)
	var switching sync.WaitGroup
	for slug, d := range s.devices {
		switching.Go(func() {
			for i := 0; time.Now().Before(until); i++ {
				<-time.After(rand.N(streetInterval))
				if !s.change(slug, d, i%4 == 3) {
					return
				}
			}
		})
	}
	switching.Wait()
	failed := s.hub.Stats().Failures - begun.Failures
	s.mu.Lock()
	defer s.mu.Unlock()
	report := func(what string, times []time.Duration) {
		b.ReportMetric(float64(len(times)), what+"s")
		for name, q := range map[string]float64{"p50": 0.5, "p99": 0.99, "max": 1} {
			b.ReportMetric(float64(at(times, q).Microseconds())/1000, "ms-"+what+"-"+name)
		}
	}
	report("beyond-interval", s.late)
	report("after-answer", s.inside)
	report("command", s.commands)
	report("machine-late", <-idle)
	b.ReportMetric(float64(failed), "failed-polls")
	b.ReportMetric(0, "ns/op")
}

// lateness measures how late a goroutine is woken that has nothing to do: what the
// machine adds to all other figures.
func (s *street) lateness(until time.Time) <-chan []time.Duration {
	const step = 5 * time.Millisecond
	out := make(chan []time.Duration, 1)
	go func() {
		var times []time.Duration
		for begun := time.Now(); begun.Before(until); begun = time.Now() {
			<-time.After(step)
			times = append(times, time.Since(begun)-step)
		}
		out <- times
	}()
	return out
}

// change switches one device and waits until all clients know.
func (s *street) change(slug string, d *simulator.Device, command bool) (ok bool) {
	v, err := s.hub.Find(slug)
	if err != nil || v.State == nil {
		s.b.Error(v, err)
		return false
	}
	on, _ := v.State.On()
	c := &change{on: !on, command: command, missing: s.count, arrived: make(chan struct{})}
	s.mu.Lock()
	s.changes[slug] = c
	s.mu.Unlock()
	if command {
		s.mu.Lock()
		c.at = time.Now()
		s.mu.Unlock()
		err = s.patch(slug, !on)
	} else {
		key, value := "device_on", fmt.Sprint(!on)
		if d.Info().Route.Family == wattle.IOT {
			key, value = "relay_state", map[bool]string{true: "1", false: "0"}[!on]
		}
		err = d.Poke("", key, value)
		s.mu.Lock()
		c.at = time.Now()
		s.mu.Unlock()
	}
	if err != nil {
		s.b.Error(err)
		return false
	}
	select {
	case <-c.arrived:
		return true
	case <-time.After(20 * time.Second):
		s.b.Errorf("%s: %d clients were not told of a change (by a command: %t)", v.Name, c.missing, command)
		return false
	}
}

// patch switches a device through the API.
func (s *street) patch(slug string, on bool) error {
	r, err := http.NewRequestWithContext(s.ctx, http.MethodPatch, s.base+"/devices/"+slug+"/features", strings.NewReader(fmt.Sprintf(`{"state":%t}`, on)))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode > 299 {
		return fmt.Errorf("%s: %s", r.URL.Path, answer.Status)
	}
	return nil
}

// at is a quantile of times, which it sorts.
func at(times []time.Duration, q float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return times[min(int(q*float64(len(times))), len(times)-1)]
}
