package metrics

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"wattle"
	"wattle/history"
	"wattle/hub"
)

// Options are settings of the metrics; nil and the zero value work.
type Options struct {
	// Version and Revision are those of the program, for wattle_build_info.
	Version, Revision string
	// Lifetimes gives the lifetime counters of a history, which never go down.
	// Devices without one are not in it. nil: the devices' own counters are shown,
	// which begin anew now and then. It is asked for each scrape and may take
	// [LifetimeTimeout]; after that, or when it fails, the counters of the last
	// time are shown.
	Lifetimes func(context.Context) (map[hub.ID]history.Energy, error)
	// Requests counts exchanges with devices; nil: they are not counted.
	Requests *Requests
	// Compat are the exporters whose names are served as well: "kasa", "tapo".
	Compat []string
	// KilowattHours adds wattle_energy_kilowatt_hours_total.
	KilowattHours bool
	// Process adds the metrics of the Go runtime and of the process.
	Process bool
}

// LifetimeTimeout is how long a scrape waits for the history.
const LifetimeTimeout = 2 * time.Second

// scrapeTimeout is the longest that a scrape takes; maxScrapes at once are
// answered, others are refused with 503.
const (
	scrapeTimeout = 10 * time.Second
	maxScrapes    = 8
)

// Metrics is an [http.Handler] for /metrics. It may be used by several
// goroutines.
type Metrics struct {
	hub     *hub.Hub
	options Options
	energy  lifetimes
	home    http.Handler
}

// New makes the metrics of a hub. The error wraps [wattle.ErrParam] for a
// Compat that is not known.
func New(h *hub.Hub, o *Options) (*Metrics, error) {
	m := &Metrics{hub: h}
	if o != nil {
		m.options = *o
	}
	for _, name := range m.options.Compat {
		if !slices.Contains([]string{"kasa", "tapo"}, name) {
			return nil, fmt.Errorf("%w: no names of %q: write kasa or tapo", wattle.ErrParam, name)
		}
	}
	m.energy.ask = m.options.Lifetimes
	r := prometheus.NewRegistry()
	all := []prometheus.Collector{&collector{metrics: m}, hubStats{h}, buildInfo(&m.options)}
	if m.options.Requests != nil {
		all = append(all, m.options.Requests)
	}
	if m.options.Process {
		all = append(all, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	}
	for _, c := range all {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("metrics: %w", err)
		}
	}
	m.home = serve(r)
	return m, nil
}

// serve shows what was gathered. What cannot be gathered does not hide the rest.
func serve(r *prometheus.Registry) http.Handler {
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: maxScrapes, Timeout: scrapeTimeout, EnableOpenMetrics: true,
	})
}

// ServeHTTP answers with the metrics of the whole home.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !reads(w, r) {
		return
	}
	m.home.ServeHTTP(w, r)
}

// reads refuses methods that are not for reading.
func reads(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	http.Error(w, "metrics are read with GET", http.StatusMethodNotAllowed)
	return false
}

// Probe answers /probe?target=WORD with the metrics of one device of the hub and
// its children; WORD is whatever [hub.Hub.Find] takes. It contacts nobody:
// addresses that are not in the hub are not found.
func (m *Metrics) Probe() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !reads(w, r) {
			return
		}
		target := r.URL.Query().Get("target")
		if target == "" {
			http.Error(w, "say which device: /probe?target=NAME, with a name, a MAC or an id of the hub", http.StatusBadRequest)
			return
		}
		v, err := m.hub.Find(target)
		switch {
		case errors.Is(err, wattle.ErrNotFound):
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		case err != nil:
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		one := prometheus.NewRegistry()
		one.MustRegister(&collector{metrics: m, only: &v.ID}) // an unchecked collector is never refused
		success := prometheus.NewGauge(prometheus.GaugeOpts{Name: "probe_success", Help: "The device answers: 1 yes, 0 no"})
		success.Set(number(v.Online))
		one.MustRegister(success)
		serve(one).ServeHTTP(w, r)
	})
}

func buildInfo(o *Options) prometheus.Collector {
	g := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "wattle_build_info", Help: "The program that serves this; always 1",
		ConstLabels: prometheus.Labels{"version": o.Version, "revision": o.Revision, "goversion": runtime.Version()},
	})
	g.Set(1)
	return g
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
