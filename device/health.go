package device

import (
	"bytes"
	"errors"
	"log/slog"
	"time"

	"wattle"
	"wattle/method"
)

const (
	// maxFailures in a row pause a query, for longer with each further one
	// (docs/protocol/smart.md section 1.2).
	maxFailures = 10
	pausePer    = 30 * time.Second
)

// health is what is known of one query on one device.
type health struct {
	asked     time.Time // when it was last answered; zero: ask at once
	worked    bool      // it was answered in this session
	absent    bool      // the device does not have it: not asked again
	failures  int       // in a row
	notBefore time.Time // paused until then
}

// due reports whether the query should be asked now.
func (h *health) due(pace method.Pace, now time.Time) bool {
	switch {
	case pace == method.OnRequest, h.absent, now.Before(h.notBefore):
		return false
	case h.asked.IsZero():
		return true
	}
	return now.Sub(h.asked) >= pace.Interval()
}

// note records how an asking went, and reports whether that is news.
func (h *health) note(err error, now time.Time) (news bool) {
	if err == nil {
		news = h.failures > 0
		h.asked, h.worked, h.failures, h.notBefore = now, true, 0, time.Time{}
		return news
	}
	if !h.worked && (errors.Is(err, wattle.ErrUnsupported) || errors.Is(err, wattle.ErrParam)) {
		h.absent = true
		return true
	}
	h.failures++
	if h.failures >= maxFailures {
		h.notBefore = now.Add(time.Duration(h.failures) * pausePer)
	}
	return h.failures == 1 || h.failures == maxFailures
}

// health of a query of this device.
func (d *Device) health(key string) *health {
	h := d.queries[key]
	if h == nil {
		h = &health{}
		d.queries[key] = h
	}
	return h
}

// asking is a query with what is known of it on one device.
type asking struct {
	method.Query
	health *health
}

// asking of queries of this device.
func (d *Device) asking(queries []method.Query) []*asking {
	out := make([]*asking, len(queries))
	for i, q := range queries {
		out[i] = &asking{q, d.health(q.Key())}
	}
	return out
}

// answers turns results into what a snapshot holds, and notes how each query
// fared. An answer that is word for word the one before is not decoded again.
func (d *Device) answers(before *method.Snapshot, queries []*asking, calls []method.Call, results []method.Result, now time.Time) []method.Taken {
	out := make([]method.Taken, 0, len(queries))
	for i, q := range queries[:min(len(queries), len(results))] {
		a := method.Answer{Call: calls[i], Raw: results[i].Raw, Err: results[i].Err, Time: now, Source: results[i].Source}
		if a.Err == nil {
			decode(&a, q.Query, before.Find(q.Key()))
		}
		if q.health.note(results[i].Err, now) {
			d.shared.log.Debug("query changed", slog.String("device", d.label()),
				slog.String("query", q.Key()), slog.Int("failures", q.health.failures), slog.Any("err", results[i].Err))
		}
		if !q.health.absent {
			out = append(out, method.Taken{Key: q.Key(), Answer: a})
		}
	}
	return out
}

// decode understands an answer; the one before may be nil. What is kept of it is
// a copy, since it may be a small part of a large message.
func decode(a *method.Answer, q method.Query, before *method.Answer) {
	if before != nil && before.Value != nil && bytes.Equal(before.Raw, a.Raw) {
		a.Raw, a.Value, a.Err = before.Raw, before.Value, before.Err
		return
	}
	understand(a, q, a.Raw)
}
