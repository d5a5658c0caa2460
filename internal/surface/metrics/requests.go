package metrics

import (
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"wattle"
)

// Requests counts exchanges with devices. Whoever opens the hub passes on to it
// what session.Options.Measure says:
//
//	func(m session.Measurement) {
//		if m.Reset {
//			requests.Reset(m.Transport)
//		} else {
//			requests.Exchanged(m.Transport, m.Label, m.Took, m.Err)
//		}
//	}
//
// It may be used by several goroutines.
type Requests struct {
	duration *prometheus.HistogramVec
	results  *prometheus.CounterVec
	resets   *prometheus.CounterVec

	mu      sync.Mutex
	methods map[string]bool // that have a series
}

// maxMethods is how many methods have a series of their own: callers of the hub
// may send any.
const maxMethods = 100

// NewRequests makes counters that stand at 0.
func NewRequests() *Requests {
	return &Requests{
		methods: map[string]bool{},
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "wattle_request_duration_seconds", Help: "How long devices took to answer, or until it failed",
			Buckets: []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10},
		}, []string{"transport", "method"}),
		results: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "wattle_requests_total", Help: "Exchanges with devices by their result",
		}, []string{"transport", "result"}),
		resets: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "wattle_session_resets_total", Help: "Sessions given up and made anew",
		}, []string{"transport"}),
	}
}

// Exchanged counts one exchange: what was asked, how long it took, and nil or why
// no answer came.
func (r *Requests) Exchanged(transport wattle.Transport, label string, took time.Duration, err error) {
	r.duration.WithLabelValues(string(transport), r.method(label)).Observe(took.Seconds())
	r.results.WithLabelValues(string(transport), result(err)).Inc()
	r.resets.WithLabelValues(string(transport)).Add(0) // so that the first one is seen as a step
}

// Reset counts a session that was given up.
func (r *Requests) Reset(transport wattle.Transport) {
	r.resets.WithLabelValues(string(transport)).Inc()
}

// method keeps the number of series small: messages of several methods are one
// kind.
func (r *Requests) method(label string) string {
	if strings.Contains(label, " ") {
		return "several"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.methods[label] {
		if len(r.methods) == maxMethods {
			return "other"
		}
		r.methods[label] = true
	}
	return valid(label)
}

// classes are the results that requests are counted by, the first that fits.
var classes = []struct {
	err  error
	name string
}{
	{wattle.ErrAuth, "auth"},
	{wattle.ErrLockout, "lockout"},
	{wattle.ErrAccess, "access"},
	{wattle.ErrSession, "session"},
	{wattle.ErrBusy, "busy"},
	{wattle.ErrUnreachable, "unreachable"},
	{wattle.ErrProtocol, "protocol"},
}

func result(err error) string {
	if err == nil {
		return "ok"
	}
	for _, c := range classes {
		if errors.Is(err, c.err) {
			return c.name
		}
	}
	return "error"
}

// Describe is for Prometheus.
func (r *Requests) Describe(out chan<- *prometheus.Desc) {
	for _, c := range []prometheus.Collector{r.duration, r.results, r.resets} {
		c.Describe(out)
	}
}

// Collect is for Prometheus.
func (r *Requests) Collect(out chan<- prometheus.Metric) {
	for _, c := range []prometheus.Collector{r.duration, r.results, r.resets} {
		c.Collect(out)
	}
}
