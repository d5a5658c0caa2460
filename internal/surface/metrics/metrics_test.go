package metrics_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"wattle"
	"wattle/feature"
	"wattle/history"
	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/internal/surface/metrics"
	"wattle/session"
)

var update = flag.Bool("update", false, "rewrite golden files")

// scrape asks a handler and reads the answer.
func scrape(t *testing.T, h http.Handler, url string) (code int, body []byte, families map[string]*dto.MetricFamily) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, url, nil))
	body = w.Body.Bytes()
	if w.Code != http.StatusOK {
		return w.Code, body, nil
	}
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(bytes.NewReader(body))
	if err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	return w.Code, body, families
}

func labels(m *dto.Metric) map[string]string {
	out := map[string]string{}
	for _, l := range m.GetLabel() {
		out[l.GetName()] = l.GetValue()
	}
	return out
}

func value(m *dto.Metric) float64 {
	if c := m.GetCounter(); c != nil {
		return c.GetValue()
	}
	return m.GetGauge().GetValue()
}

// of is the value of a metric for a device, and whether there is one.
func of(families map[string]*dto.MetricFamily, name string, id hub.ID) (float64, bool) {
	for _, m := range families[name].GetMetric() {
		if labels(m)["device_id"] == hub.Slug(id) {
			return value(m), true
		}
	}
	return 0, false
}

func measure(r *metrics.Requests) func(session.Measurement) {
	return func(m session.Measurement) {
		if m.Reset {
			r.Reset(m.Transport)
			return
		}
		r.Exchanged(m.Transport, m.Label, m.Took, m.Err)
	}
}

// online waits for devices and their children; for bubbles.
func online(t *testing.T, h *hub.Hub, n int) {
	t.Helper()
	hubtest.Online(t, h, n)
	time.Sleep(10 * time.Second)
	synctest.Wait()
}

// plug is the one P110.
func plug(t *testing.T, h *hub.Hub) *hub.View {
	t.Helper()
	for _, v := range h.Views() {
		if v.Identity().Model.Name == "P110" {
			return v
		}
	}
	t.Fatal("no P110")
	return nil
}

func newMetrics(t *testing.T, h *hub.Hub, o *metrics.Options) *metrics.Metrics {
	t.Helper()
	m, err := metrics.New(h, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestRoom: the room is a label of the info metric, and of no other, so that moving a
// device begins no new series of its values.
func TestRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110", "P100"))
		h := home.Hub(nil)
		online(t, h, 2)
		m := newMetrics(t, h, &metrics.Options{Compat: []string{"kasa", "tapo"}})
		id := plug(t, h).ID
		for _, room := range []string{"", "Küche \"1\"", "Attic"} {
			if err := h.SetRoom(t.Context(), hub.Room{Name: room}, id); err != nil {
				t.Fatal(err)
			}
			_, _, families := scrape(t, m, "/metrics")
			infos := 0
			for name, family := range families {
				for _, metric := range family.GetMetric() {
					got, has := labels(metric)["room"]
					switch {
					case name != "wattle_device_info" && has:
						t.Errorf("%s has a room", name)
					case name == "wattle_device_info" && labels(metric)["device_id"] == hub.Slug(id):
						if infos++; got != room {
							t.Errorf("room %q, want %q", got, room)
						}
					}
				}
			}
			if infos != 1 {
				t.Errorf("%d infos", infos)
			}
		}
	})
}

// TestDemoHome: every number and every on or off that a device tells is shown
// once, what is unknown is not, and the linter of Prometheus finds nothing.
func TestDemoHome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := hubtest.Models()
		requests := metrics.NewRequests()
		home := hubtest.Start(t, files)
		o := home.Options()
		o.Connect.Session = &session.Options{Measure: measure(requests)}
		h := home.Hub(o)
		online(t, h, len(files))
		m := newMetrics(t, h, &metrics.Options{Version: "1.2.3", Revision: "abc", Requests: requests})
		_, body, families := scrape(t, m, "/metrics")
		shown, silent := 0, 0
		for _, v := range h.Views() {
			if up, ok := of(families, "wattle_device_up", v.ID); !ok || up != 1 {
				t.Errorf("%s is up %v, %v", v.Name, up, ok)
			}
			for _, r := range v.Readings() {
				names := metrics.Names(&r)
				_, number := r.Value.Number()
				_, on := r.Value.Bool()
				at, when := feature.As[time.Time](r.Value)
				_, color := feature.As[feature.HSV](r.Value)
				if wants := number || on || when && !at.IsZero() || color; wants != (len(names) > 0) {
					t.Errorf("%s %s = %v has the metrics %v", v.Name, r.ID, r.Value, names)
				}
				for _, name := range names {
					if _, ok := of(families, name, v.ID); !ok {
						t.Errorf("%s %s: no sample of %s", v.Name, r.ID, name)
					}
					shown++
				}
				if len(names) == 0 {
					silent++
				}
			}
		}
		if shown < 200 || silent < 20 {
			t.Errorf("only %d samples and %d readings without one", shown, silent)
		}
		if strings.Contains(string(body), "[secret]") {
			t.Error("a secret got a sample")
		}
		problems, err := promlint.New(bytes.NewReader(body)).Lint()
		if err != nil || len(problems) > 0 {
			t.Errorf("lint: %v, %v", problems, err)
		}
		requested := families["wattle_requests_total"].GetMetric()
		if len(requested) == 0 || families["wattle_request_duration_seconds"].GetMetric()[0].GetHistogram().GetSampleCount() == 0 {
			t.Errorf("requests are not counted: %v", requested)
		}
		golden(t, "names.txt", names(families))
	})
}

// names are all metrics of a home: name, kind, help.
func names(families map[string]*dto.MetricFamily) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(families)) {
		f := families[name]
		fmt.Fprintf(&b, "%-48s %-9s %s\n", name, strings.ToLower(f.GetType().String()), f.GetHelp())
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; rewrite with -update):\n%s", path, diff)
	}
}

// TestNoSamplesOfTheGone: a device that does not answer is down and has no
// values, and its counter of requests goes on.
func TestNoSamplesOfTheGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110", "KP303"))
		h := home.Hub(nil)
		online(t, h, 2)
		m := newMetrics(t, h, nil)
		p := plug(t, h)
		if _, _, f := scrape(t, m, "/metrics"); len(f["wattle_power_watts"].GetMetric()) < 4 {
			t.Fatalf("power of %d devices", len(f["wattle_power_watts"].GetMetric()))
		}
		if err := home.Sim.SetFault(p.Name, "drop"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		_, _, f := scrape(t, m, "/metrics")
		if up, ok := of(f, "wattle_device_up", p.ID); !ok || up != 0 {
			t.Errorf("up %v %v", up, ok)
		}
		for _, name := range []string{"wattle_power_watts", "wattle_state", "wattle_energy_joules_total"} {
			if _, ok := of(f, name, p.ID); ok {
				t.Errorf("%s of a device that is gone", name)
			}
		}
		if _, ok := of(f, "wattle_last_success_timestamp_seconds", p.ID); !ok {
			t.Error("when it answered last is not shown")
		}
		failed := 0.0
		for _, m := range f["wattle_polls_total"].GetMetric() {
			if l := labels(m); l["device_id"] == hub.Slug(p.ID) && l["result"] == "error" {
				failed = value(m)
			}
		}
		if failed < 3 {
			t.Errorf("%v polls failed", failed)
		}
	})
}

func TestProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110", "KP303"))
		h := home.Hub(nil)
		online(t, h, 2)
		m := newMetrics(t, h, nil)
		strip := slices.IndexFunc(h.Views(), func(v *hub.View) bool { return len(v.Readings()) > 0 && v.State.Children() != nil })
		v := h.Views()[strip]
		for _, tt := range []struct {
			target  string
			code    int
			devices int
			says    string
		}{
			{v.Name, 200, 4, "probe_success 1"},
			{strings.ToLower(v.Name), 200, 4, ""},
			{v.ID.MAC.String(), 200, 4, ""},
			{hub.Slug(v.ID), 200, 4, ""},
			{plug(t, h).Name, 200, 1, ""},
			{"", 400, 0, "say which device"},
			{"127.0.0.1", 404, 0, "in the hub"},
			{"http://example.com/", 404, 0, "in the hub"},
			{strings.Repeat("x", 1<<16), 404, 0, ""},
		} {
			code, body, f := scrape(t, m.Probe(), "/probe?target="+strings.ReplaceAll(tt.target, " ", "%20"))
			if code != tt.code || len(f["wattle_device_up"].GetMetric()) != tt.devices || !strings.Contains(string(body), tt.says) {
				t.Errorf("%.40q: %d, %d devices, %.200s", tt.target, code, len(f["wattle_device_up"].GetMetric()), body)
			}
		}
		for _, handler := range []http.Handler{m, m.Probe()} {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/metrics", nil))
			if w.Code != http.StatusMethodNotAllowed {
				t.Errorf("POST: %d", w.Code)
			}
		}
	})
}

// TestLifetime: the counter is that of the history and never falls back to that
// of the device; a history that does not answer costs no more than its time.
func TestLifetime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110"))
		h := home.Hub(nil)
		online(t, h, 1)
		id := plug(t, h).ID
		answer := func(context.Context) (map[hub.ID]history.Energy, error) { return nil, errors.New("locked") }
		m := newMetrics(t, h, &metrics.Options{Lifetimes: func(ctx context.Context) (map[hub.ID]history.Energy, error) { return answer(ctx) }})
		joules := func() (float64, bool) {
			_, _, f := scrape(t, m, "/metrics")
			return of(f, "wattle_energy_joules_total", id)
		}
		if j, ok := joules(); ok {
			t.Errorf("%v J before the history answered", j)
		}
		answer = func(context.Context) (map[hub.ID]history.Energy, error) {
			return map[hub.ID]history.Energy{id: history.FromKWh(2)}, nil
		}
		if j, _ := joules(); j != 7.2e6 {
			t.Errorf("%v J, not 7.2e6", j)
		}
		answer = func(ctx context.Context) (map[hub.ID]history.Energy, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		begun := time.Now()
		if j, _ := joules(); j != 7.2e6 || time.Since(begun) > metrics.LifetimeTimeout {
			t.Errorf("%v J after %v", j, time.Since(begun))
		}
		own := newMetrics(t, h, &metrics.Options{KilowattHours: true})
		_, _, f := scrape(t, own, "/metrics")
		today, _ := plug(t, h).Value("consumption_today").Number()
		if j, ok := of(f, "wattle_energy_joules_total", id); !ok || j != today*3.6e6 {
			t.Errorf("without a history %v J, %v; today %v kWh", j, ok, today)
		}
		if kwh, _ := of(f, "wattle_energy_kilowatt_hours_total", id); kwh != today {
			t.Errorf("%v kWh, not %v", kwh, today)
		}
	})
}

func TestCompat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110", "HS110"))
		h := home.Hub(nil)
		online(t, h, 2)
		if _, err := metrics.New(h, &metrics.Options{Compat: []string{"hue"}}); !errors.Is(err, wattle.ErrParam) {
			t.Errorf("names of hue: %v", err)
		}
		_, _, f := scrape(t, newMetrics(t, h, &metrics.Options{Compat: []string{"kasa", "tapo"}}), "/metrics")
		for _, name := range []string{
			"kasa_online", "kasa_metadata", "kasa_relay_state", "kasa_on_time", "kasa_rssi", "kasa_current", "kasa_voltage", "kasa_power_load", "kasa_power_total",
			"tapo_power_watts", "tapo_voltage_volts", "tapo_current_amps", "tapo_today_energy_wh", "tapo_month_energy_wh", "tapo_today_runtime_minutes", "tapo_signal_rssi",
		} {
			if len(f[name].GetMetric()) == 0 {
				t.Errorf("no %s", name)
			}
		}
		p := plug(t, h)
		today, _ := p.Value("consumption_today").Number()
		if wh, _ := of(f, "tapo_today_energy_wh", p.ID); wh != today*1000 {
			t.Errorf("%v Wh, not %v kWh", wh, today)
		}
	})
}

// TestPromtool asks Prometheus itself; ./check promtool installs it and sets the
// variable.
func TestPromtool(t *testing.T) {
	promtool := os.Getenv("WATTLE_PROMTOOL")
	if promtool == "" {
		t.Skip("./check promtool runs this: it wants Debian's prometheus")
	}
	var body []byte
	synctest.Test(t, func(t *testing.T) {
		files := hubtest.Models()
		requests := metrics.NewRequests()
		home := hubtest.Start(t, files)
		o := home.Options()
		o.Connect.Session = &session.Options{Measure: measure(requests)}
		h := home.Hub(o)
		online(t, h, len(files))
		_, body, _ = scrape(t, newMetrics(t, h, &metrics.Options{Requests: requests, Process: true}), "/metrics")
	})
	c := exec.CommandContext(t.Context(), promtool, "check", "metrics")
	c.Stdin = bytes.NewReader(body)
	if out, err := c.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}
