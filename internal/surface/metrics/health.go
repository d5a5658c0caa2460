package metrics

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"wattle/feature"
	"wattle/hub"
)

var pollsDesc = prometheus.NewDesc("wattle_polls_total", "Polls of a device by their result", []string{"device_id", "result"}, nil)

// health is how the hub gets on with a device. A child has only whether it is
// there: it is polled with its parent.
func (d *device) health(h *hub.Hub, v *hub.View) {
	d.show("wattle_device_up", "The device answers: 1 yes, 0 no", prometheus.GaugeValue, number(v.Online))
	if !v.Root() {
		return
	}
	s, err := h.Health(v.ID)
	if err != nil {
		return // it has just left
	}
	if !s.LastSuccess.IsZero() {
		d.show("wattle_last_success_timestamp_seconds", "When the device answered last", prometheus.GaugeValue, seconds(s.LastSuccess))
		d.show("wattle_poll_duration_median_seconds", "Median of the last 64 polls that succeeded", prometheus.GaugeValue, s.Median.Seconds())
		d.show("wattle_poll_duration_p95_seconds", "95 % of the last 64 polls that succeeded were as fast", prometheus.GaugeValue, s.P95.Seconds())
		d.show("wattle_poll_duration_max_seconds", "The slowest of the last 64 polls that succeeded", prometheus.GaugeValue, s.Slowest.Seconds())
	}
	for result, n := range map[string]uint64{"ok": s.Polls - s.Failures, "error": s.Failures} {
		d.out <- prometheus.MustNewConstMetric(pollsDesc, prometheus.CounterValue, float64(n), d.id, result)
	}
	if s.Polls > 0 {
		d.show("wattle_poll_success_ratio", "Polls that succeeded lately; the newest count most", prometheus.GaugeValue, s.Success)
	}
	d.show("wattle_poll_misses", "Polls without an answer in a row", prometheus.GaugeValue, float64(s.Misses))
	d.show("wattle_poll_interval_seconds", "How often the device is polled at present", prometheus.GaugeValue, s.Interval.Seconds())
}

func reading(v *hub.View, id string) (feature.Reading, bool) {
	if v.State == nil {
		return feature.Reading{}, false
	}
	return v.State.Reading(id)
}

// valid is text as a label may have it.
func valid(text string) string { return strings.ToValidUTF8(text, "�") }
