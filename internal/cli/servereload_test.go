package cli

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"wattle/automation"
	"wattle/internal/hubapi"
)

// reloading is a hub without devices, and its configuration.
type reloading struct {
	*testing.T
	*daemon
	dir string
}

// reloaded starts a hub that ends with the test. DIR in a text is its folder.
func reloaded(t *testing.T, text string) *reloading {
	t.Helper()
	r := &reloading{T: t, dir: t.TempDir()}
	r.config(text)
	env := map[string]string{
		"WATTLE_CONFIG": filepath.Join(r.dir, "config.yaml"), "WATTLE_STATE_DIR": filepath.Join(r.dir, "state"), "WATTLE_PASSWORD": "demo", "HOME": r.dir,
	}
	a := &app{
		in: strings.NewReader(""), out: io.Discard, err: io.Discard, getenv: func(k string) string { return env[k] }, environ: func() []string { return nil },
		serving: true, log: slog.New(slog.DiscardHandler),
	}
	a.flags.quiet = true
	if err := a.prepare(); err != nil {
		t.Fatal(err)
	}
	unlock, err := a.lockHome()
	if err != nil {
		t.Fatal(err)
	}
	r.daemon = a.newDaemon("text")
	ctx, cancel := context.WithCancel(t.Context())
	started, done := make(chan struct{}), make(chan error, 1)
	r.started = func() { close(started) }
	go func() { done <- r.run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		unlock()
	})
	select {
	case <-started:
	case err := <-done:
		done <- err
		t.Fatal(err)
	}
	return r
}

func (r *reloading) config(text string) {
	r.Helper()
	text = strings.ReplaceAll(text, "DIR", r.dir)
	if err := os.WriteFile(filepath.Join(r.dir, "config.yaml"), []byte(text), 0o600); err != nil {
		r.Fatal(err)
	}
}

// take reloads, and waits until all is changed.
func (r *reloading) take(text string) hubapi.Reloaded {
	r.Helper()
	r.config(text)
	told, err := r.reload(r.Context())
	if err != nil {
		r.Fatal(err)
	}
	r.changing.Wait()
	return told
}

// answers gives the status of a request to an address of the hub, 0 without an answer.
func (r *reloading) answers(method, address, body string) int {
	req, err := http.NewRequestWithContext(r.Context(), method, "http://"+address, strings.NewReader(body))
	if err != nil {
		r.Fatal(err)
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// sunset is when the sun sets next where the hub thinks that it is.
func (r *reloading) sunset() time.Time {
	p, err := r.engine.Preview(automation.Rule{
		Name: "r", On: []automation.Trigger{{At: "sunset"}}, Do: []automation.Action{{Devices: []string{"@all"}, Toggle: true}},
	}, time.Date(2026, 6, 21, 0, 0, 0, 0, time.UTC), -1)
	if err != nil {
		r.Fatal(err)
	}
	return p.Next[0]
}

const (
	reloadAPI     = "127.0.22.161:18421"
	reloadMetrics = "127.0.22.161:19421"
	reloadBase    = `hub: {sweep: 0s, zone: UTC, latitude: 52.5, longitude: 13.4}
account: {username: home@example.com}
discovery: {only_targets: true}
listen: {socket: DIR/a.sock}
`
)

// reloads are the settings that a running hub takes at once: a configuration with
// another value, and what tells that the hub goes by it.
var reloads = map[string]struct {
	text  string
	taken func(*reloading) bool
}{
	"account.username": {"account: {username: other@example.com}", func(r *reloading) bool {
		account, err := r.app().account(r.Context())
		return err == nil && account.Username == "other@example.com"
	}},
	"discovery.targets": {"discovery: {only_targets: true, targets: [127.0.22.162]}", func(r *reloading) bool {
		// Somebody there is asked.
		asked, err := net.ListenPacket("udp4", "127.0.22.162:20002")
		if err != nil {
			r.Fatal(err)
		}
		defer asked.Close()
		swept := make(chan error, 1)
		go func() { swept <- r.hub.Sweep(r.Context()) }()
		_ = asked.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, _, err := asked.ReadFrom(make([]byte, 2048))
		return <-swept == nil && err == nil && n > 0
	}},
	"discovery.only_targets": {"discovery: {only_targets: false}", func(r *reloading) bool {
		o, err := r.app().hubDiscovery() // given to the hub as the targets are; nobody else's network is searched here
		return err == nil && !o.OnlyTargets
	}},
	"hub.interval":    {"hub: {interval: 7s}", func(r *reloading) bool { return r.hub.Tuning().Interval == 7*time.Second }},
	"hub.sweep":       {"hub: {sweep: 3h}", func(r *reloading) bool { return r.hub.Tuning().Sweep == 3*time.Hour }},
	"hub.adopt":       {"hub: {adopt: true}", func(r *reloading) bool { return r.hub.Tuning().Adopt }},
	"hub.latitude":    {"hub: {latitude: 0}", func(r *reloading) bool { return r.sunset().Before(time.Date(2026, 6, 21, 18, 0, 0, 0, time.UTC)) }},
	"hub.longitude":   {"hub: {longitude: 60}", func(r *reloading) bool { return r.sunset().Before(time.Date(2026, 6, 21, 17, 0, 0, 0, time.UTC)) }},
	"listen.socket":   {"listen: {socket: DIR/b.sock}", func(r *reloading) bool { return r.isSocket("b.sock") && !r.isSocket("a.sock") }},
	"listen.http":     {"listen: {http: ['" + reloadAPI + "']}", func(r *reloading) bool { return r.answers("GET", reloadAPI+"/openapi.json", "") == 200 }},
	"listen.tls_cert": {"listen: {tls_cert: none.pem}", nil},
	"listen.tls_key":  {"listen: {tls_key: none.pem}", nil},
	"listen.hosts":    {"listen: {hosts: [hub.example]}", nil},
	"listen.origins":  {"listen: {origins: [https://panel.example]}", nil},
	"listen.tokens":   {"listen: {tokens: false}", nil},
	"listen.limits.rate": {"listen: {http: ['" + reloadAPI + "'], limits: {rate: 0.1, burst: 1}}", func(r *reloading) bool {
		return r.answers("GET", reloadAPI+"/docs", "") == 200 && r.answers("GET", reloadAPI+"/docs", "") == 429
	}},
	"listen.limits.burst":       {"listen: {limits: {burst: 1}}", nil},
	"listen.limits.connections": {"listen: {limits: {connections: 3}}", nil},
	"listen.limits.per_address": {"listen: {limits: {per_address: 3}}", nil},
	"listen.limits.followers":   {"listen: {limits: {followers: 3}}", nil},
	"listen.limits.body": {"listen: {http: ['" + reloadAPI + "'], limits: {body: 1024}}", func(r *reloading) bool {
		return r.answers("POST", reloadAPI+"/api/v1/sweep", strings.Repeat(" ", 2000)) == http.StatusRequestEntityTooLarge
	}},
	"history.enabled": {"history: {enabled: false}", func(r *reloading) bool { return r.archive.Load() == nil }},
	"history.address": {"history: {address: DIR/other.db}", func(r *reloading) bool {
		return r.archive.Load().address == filepath.Join(r.dir, "other.db") && r.writes()
	}},
	"history.keep.samples":   {"history: {keep: {samples: 3d}}", func(r *reloading) bool { return r.archive.Load().store.Keeps().Raw == 72*time.Hour }},
	"history.keep.minutes":   {"history: {keep: {minutes: 20d}}", func(r *reloading) bool { return r.archive.Load().store.Keeps().Minute == 480*time.Hour }},
	"history.keep.hours":     {"history: {keep: {hours: 0}}", func(r *reloading) bool { return r.archive.Load().store.Keeps().Hour == 0 }},
	"history.keep.states":    {"history: {keep: {states: 30d}}", func(r *reloading) bool { return r.archive.Load().store.Keeps().States == 720*time.Hour }},
	"history.keep.events":    {"history: {keep: {events: 30d}}", func(r *reloading) bool { return r.archive.Load().store.Keeps().Events == 720*time.Hour }},
	"mqtt.broker":            {"mqtt: {broker: 'mqtt://127.0.22.163:1'}", func(r *reloading) bool { return r.showing("mqtt") }},
	"mqtt.username":          {"mqtt: {username: x}", nil},
	"mqtt.password_file":     {"mqtt: {password_file: x}", nil},
	"mqtt.ca_file":           {"mqtt: {ca_file: x}", nil},
	"mqtt.client_cert":       {"mqtt: {client_cert: x}", nil},
	"mqtt.client_key":        {"mqtt: {client_key: x}", nil},
	"mqtt.client_id":         {"mqtt: {client_id: x}", nil},
	"mqtt.base":              {"mqtt: {base: x}", nil},
	"mqtt.discovery":         {"mqtt: {discovery: x}", nil},
	"mqtt.install":           {"mqtt: {install: true}", nil},
	"metrics.listen":         {"metrics: {listen: ['" + reloadMetrics + "']}", func(r *reloading) bool { return r.answers("GET", reloadMetrics+"/metrics", "") == 200 }},
	"metrics.compat":         {"metrics: {compat: [kasa]}", nil},
	"metrics.kilowatt_hours": {"metrics: {kilowatt_hours: true}", nil},
}

func (r *reloading) isSocket(name string) bool {
	info, err := os.Stat(filepath.Join(r.dir, name))
	return err == nil && info.Mode().Type() == os.ModeSocket
}

func (r *reloading) showing(name string) bool {
	r.surface.Lock()
	defer r.surface.Unlock()
	return r.shown[name] != nil
}

// signatures are what the surfaces are made of.
func (r *reloading) signatures() (out string) {
	for _, s := range r.surfaces() {
		out += s.signature(r.app().set)
	}
	return out
}

// writes reports whether the history can be written.
func (r *reloading) writes() bool { return r.archive.Load().store.Maintain(r.Context()) == nil }

// with puts one configuration over another.
func with(t *testing.T, base, over string) string {
	t.Helper()
	set := &settings{byKey: map[string]value{}}
	for _, text := range []string{base, over} {
		if err := parseConfig("c.yaml", []byte(text), set); err != nil {
			t.Fatal(err)
		}
	}
	var out []byte
	for _, key := range slices.Sorted(maps.Keys(set.byKey)) {
		row, _ := findSetting(key)
		var err error
		if out, err = edit("c.yaml", out, row, set.list(key)); err != nil {
			t.Fatal(err)
		}
	}
	return string(out)
}

// TestReload: one hub takes each setting that it can take, and goes by it.
func TestReload(t *testing.T) {
	r := reloaded(t, reloadBase)
	base := with(t, reloadBase, "")
	for _, row := range schema {
		if row.reload != atOnce || strings.Contains(row.key, "*") {
			continue
		}
		tt, ok := reloads[row.key]
		if !ok {
			t.Errorf("%s: nothing tells whether the hub takes it", row.key)
			continue
		}
		before := r.signatures()
		told := r.take(with(t, base, tt.text))
		if !slices.Contains(told.Changed, row.key) || len(told.Restart) > 0 {
			t.Errorf("%s: told %+v", row.key, told)
		}
		switch {
		case tt.taken != nil && !tt.taken(r):
			t.Errorf("%s: told to be taken, and is not", row.key)
		case tt.taken == nil && r.signatures() == before:
			t.Errorf("%s: no surface is made anew for it", row.key)
		}
		if told := r.take(base); !slices.Contains(told.Changed, row.key) {
			t.Errorf("%s: told %+v on the way back", row.key, told)
		}
	}
	if told := r.take(base); len(told.Changed)+len(told.Restart) > 0 {
		t.Errorf("nothing changed, told %+v", told)
	}
	tariffs := base + "tariffs: [{currency: EUR, price: 0.3}]\n"
	if told := r.take(tariffs); !cmp.Equal(told.Changed, []string{tariffsKey}) || len(r.app().set.tariffs) != 1 {
		t.Errorf("tariffs: told %+v", told)
	}
}

// TestReloadRestart: what wants a new start keeps its value and is named, each
// time; every setting is of one kind.
func TestReloadRestart(t *testing.T) {
	r := reloaded(t, reloadBase)
	base := with(t, reloadBase, "")
	for _, row := range schema {
		if row.reload == 0 {
			t.Errorf("%s: what does a reload do with it?", row.key)
		}
		if row.reload == atOnce || strings.Contains(row.key, "*") {
			continue
		}
		other := "127.0.22.164"
		switch {
		case len(row.choices) > 0:
			other = row.choices[0]
			if other == row.fallback {
				other = row.choices[1]
			}
		case row.kind == boolean:
			other = map[string]string{"true": "false", "false": "true"}[row.fallback]
		case row.kind == duration:
			other = "17s"
		case row.key == "hub.zone":
			other = "Asia/Tokyo"
		}
		text, err := edit("c.yaml", []byte(base), row, []string{other})
		if err != nil {
			t.Fatal(err)
		}
		want := hubapi.Reloaded{}
		if row.reload == atStart {
			want.Restart = []string{row.key}
		}
		before := r.app().set.text(row.key)
		for range 2 {
			if told := r.take(string(text)); !cmp.Equal(told, want, cmpopts.EquateEmpty()) {
				t.Errorf("%s: told %+v, want %+v", row.key, told, want)
			}
		}
		if now := r.app().set.text(row.key); row.reload == atStart && now != before {
			t.Errorf("%s: %q in a hub that was started with %q", row.key, now, before)
		}
		r.take(base)
	}
}

// TestReloadMistake: with a mistake nothing is changed.
func TestReloadMistake(t *testing.T) {
	r := reloaded(t, reloadBase)
	for _, tt := range []string{
		"hub: {interval: 9s, zone: Nowhere/Else}", "hub: {interval: 9s, latitude: 91}", "hub: {interval: 9s}\nhistory: {address: DIR/config.yaml}",
		"hub: {interval: 9s}\nhistory: {keep: {samples: 20d, minutes: 1d}}", "hub: {interval: 9s, latitude: 3}",
	} {
		r.config("listen: {socket: DIR/a.sock}\naccount: {username: home@example.com}\n" + tt)
		told, err := r.reload(r.Context())
		if err == nil {
			t.Errorf("%s: told %+v", tt, told)
		}
		if got := r.hub.Tuning().Interval; got != 5*time.Second {
			t.Errorf("%s: taken in part, the interval is %v", tt, got)
		}
	}
	if r.archive.Load() == nil || !r.writes() {
		t.Error("the history is gone")
	}
}
