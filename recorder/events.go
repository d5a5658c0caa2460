package recorder

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"wattle/event"
	"wattle/feature"
	"wattle/history"
	"wattle/hub"
)

// EventSeries is the feature under which the events of a device are kept: its own
// and those that the hub makes of it. The values are [hub.Event] as JSON.
const EventSeries = "events"

// maxEvent is how long an event may be as JSON; of longer ones the device's
// further fields are left out.
const maxEvent = 32 << 10

// ahead is how far the clock of a device may be ahead of ours in its events.
const ahead = time.Minute

// oldest is how far back an event may lie: devices whose clock is not set tell of
// 1970.
const oldest = 366 * 24 * time.Hour

func (m *maker) happened(out *made, e *hub.Event, at time.Time) {
	switch e.Kind {
	case hub.Offline:
		m.ended(out, e.Device)
	case hub.Removed:
		for id := range m.devices {
			if id.MAC == e.Device.MAC {
				m.ended(out, id)
				m.filter.Forget(id)
				delete(m.devices, id)
			}
		}
	case hub.Online:
		out.back = append(out.back, e.Device)
	}
	out.Samples = append(out.Samples, eventSample(e, at))
}

// eventSample is an event as it is kept. Its time is that of the device, unless
// that makes no sense; at is when it was told.
func eventSample(e *hub.Event, at time.Time) history.Sample {
	kept := *e
	if kept.Time.IsZero() || kept.Time.After(at.Add(ahead)) || kept.Time.Before(at.Add(-oldest)) {
		kept.Time = at
	}
	kept.Seq = 0 // it means nothing in the next run
	text, err := json.Marshal(kept)
	if kept.Detail != nil && (err != nil || len(text) > maxEvent) {
		detail := *kept.Detail
		detail.Params = nil
		kept.Detail = &detail
		text, err = json.Marshal(kept)
	}
	if err != nil || len(text) > maxEvent {
		text, _ = json.Marshal(hub.Event{Time: kept.Time, Device: kept.Device, Kind: "unreadable"}) // plain values
	}
	return history.Sample{
		Key:  history.Key{Device: e.Device, Feature: EventSeries},
		Time: kept.Time, Value: feature.ValueOf(string(text)), Event: eventID(&kept),
	}
}

// eventID tells an event from all others of its device: by what the device calls
// it, so that one that is told twice is kept once.
func eventID(e *hub.Event) string {
	d := e.Detail
	if d == nil || d.Kind == event.Gap {
		return fmt.Sprintf("%s-%d", digest(e.Kind), e.Time.UnixMilli())
	}
	return fmt.Sprintf("%d-%d-%s", d.ID, d.Time.Unix(), digest(d.Unique))
}

// digest is a word itself if it is short and plain, else what stands for it.
func digest(word string) string {
	plain := len(word) <= 64
	for _, r := range word {
		plain = plain && r > ' ' && r < 0x7f
	}
	if plain {
		return word
	}
	sum := sha256.Sum256([]byte(word))
	return hex.EncodeToString(sum[:8])
}
