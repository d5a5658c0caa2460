package rest

import (
	"encoding/json"
	"sync"

	"wattle/hub"
	"wattle/internal/hubapi"
)

// message is a message to one follower. What it says of a device is written once
// for all followers: that is most of it.
type message struct {
	hubapi.Message
	written *writing // in place of Device, where it is not nil
}

// json writes the message.
func (m *message) json() ([]byte, error) {
	data, err := json.Marshal(&m.Message)
	if m.written == nil || err != nil {
		return data, err
	}
	device, err := m.written.json()
	if err != nil {
		return nil, err
	}
	// It goes in before the last brace: the type stands before it at least.
	out := make([]byte, 0, len(data)+len(device)+len(`,"device":`))
	out = append(append(out, data[:len(data)-1]...), `,"device":`...)
	return append(append(out, device...), '}'), nil
}

// writing is a view as JSON, written when the first wants it.
type writing struct{ json func() ([]byte, error) }

// writingsKept is how many views are kept as JSON: followers get a change within
// moments of each other, and who is slower writes it again.
const writingsKept = 64

// writings are the newest views as JSON.
type writings struct {
	mu    sync.Mutex
	by    map[*hub.View]*writing
	order [writingsKept]*hub.View // a ring
	next  int
}

// of gives the JSON of a view, of which device makes the words.
func (w *writings) of(v *hub.View, device func(*hub.View) hubapi.Device) *writing {
	w.mu.Lock()
	defer w.mu.Unlock()
	if got := w.by[v]; got != nil {
		return got
	}
	if w.by == nil {
		w.by = map[*hub.View]*writing{}
	}
	delete(w.by, w.order[w.next])
	w.order[w.next] = v
	w.next = (w.next + 1) % writingsKept
	made := &writing{sync.OnceValues(func() ([]byte, error) { return json.Marshal(device(v)) })}
	w.by[v] = made
	return made
}
