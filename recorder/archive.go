package recorder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"wattle"
	"wattle/energy"
	"wattle/feature"
	"wattle/history"
	"wattle/hub"
)

// Archive is a history as surfaces see it: what a [Reader] gives, and costs and
// events besides. Make it with [NewArchive]. It is safe for concurrent use.
type Archive struct {
	Reader
	tariffs atomic.Pointer[history.Tariffs]
}

// NewArchive makes one. tariffs may be nil: then energy has no price.
func NewArchive(r Reader, tariffs *history.Tariffs) *Archive {
	a := &Archive{Reader: r}
	a.tariffs.Store(tariffs)
	return a
}

// SetTariffs replaces the tariffs, nil for none.
func (a *Archive) SetTariffs(t *history.Tariffs) { a.tariffs.Store(t) }

// Tariffs are the present ones, nil where there are none.
func (a *Archive) Tariffs() *history.Tariffs { return a.tariffs.Load() }

// Cost is what a span of time cost: a bill for each currency that was valid in it,
// none where there are no tariffs.
type Cost struct {
	history.Usage
	Bills []history.Bill
}

// MarshalJSON writes the fields of the usage, and "bills".
func (c Cost) MarshalJSON() ([]byte, error) {
	usage, err := json.Marshal(c.Usage)
	if err != nil || len(c.Bills) == 0 {
		return usage, err
	}
	bills, err := json.Marshal(c.Bills)
	if err != nil {
		return nil, err
	}
	return slices.Concat(usage[:len(usage)-1], []byte(`,"bills":`), bills, []byte("}")), nil
}

// Costs gives what a device used by hour, day or month, in buckets that cover
// [from, to), and what that cost.
func (a *Archive) Costs(ctx context.Context, d history.Device, by energy.Step, from, to time.Time) ([]Cost, error) {
	usages, err := a.Energy(ctx, d, by, from, to)
	if err != nil || len(usages) == 0 {
		return nil, err
	}
	out := make([]Cost, len(usages))
	for i := range usages {
		out[i].Usage = usages[i]
	}
	t := a.tariffs.Load()
	if t == nil {
		return out, nil
	}
	hours := usages
	if by != energy.Hour {
		if hours, err = a.Energy(ctx, d, energy.Hour, usages[0].Start, usages[len(usages)-1].End); err != nil {
			return nil, err
		}
	}
	now := time.Now()
	for i := range out {
		var mine []history.Usage
		for len(hours) > 0 && hours[0].Start.Before(out[i].End) {
			if hours[0].Start.Before(now) { // the future costs nothing
				mine = append(mine, hours[0])
			}
			hours = hours[1:]
		}
		out[i].Bills = t.Bills(mine)
	}
	return out, nil
}

// maxEvents is how many events one question may ask for.
const maxEvents = 10_000

// Events gives what happened to a device, or to all for the zero Device, within
// [from, to): the newest limit of it, the oldest of these first. limit is 1 to
// 10,000.
func (a *Archive) Events(ctx context.Context, d history.Device, from, to time.Time, limit int) ([]hub.Event, error) {
	if limit < 1 || limit > maxEvents {
		return nil, fmt.Errorf("%w: %d events: want 1 to %d", wattle.ErrParam, limit, maxEvents)
	}
	if !from.Before(to) {
		return nil, fmt.Errorf("%w: events from %s to %s: want a time before it", wattle.ErrParam, from.Format(time.RFC3339), to.Format(time.RFC3339))
	}
	keys := []history.Key{{Device: d, Feature: EventSeries}}
	if d == (history.Device{}) {
		all, err := a.Series(ctx, d)
		if err != nil {
			return nil, err
		}
		keys = slices.DeleteFunc(all, func(k history.Key) bool { return k.Feature != EventSeries })
	}
	var out []hub.Event
	for _, k := range keys {
		at := history.From(from)
		for {
			page, err := a.Samples(ctx, k, at, to, maxEvents)
			if errors.Is(err, history.ErrNotFound) && d == (history.Device{}) {
				break
			}
			if err != nil {
				return nil, err
			}
			for i := range page {
				out = append(out, ReadEvent(&page[i]))
			}
			if len(page) < maxEvents {
				break
			}
			at = history.After(&page[len(page)-1])
			out = newest(out, limit)
		}
		out = newest(out, limit)
	}
	return out, nil
}

// newest sorts events by time and keeps the last ones.
func newest(list []hub.Event, limit int) []hub.Event {
	slices.SortStableFunc(list, func(a, b hub.Event) int { return a.Time.Compare(b.Time) })
	return list[max(0, len(list)-limit):]
}

// ReadEvent is the event that a sample of [EventSeries] keeps. What cannot be read
// has the kind "unreadable".
func ReadEvent(s *history.Sample) hub.Event {
	var e hub.Event
	text, _ := feature.As[string](s.Value)
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		e = hub.Event{Kind: "unreadable"}
	}
	e.Time, e.Device = s.Time, s.Device
	return e
}
