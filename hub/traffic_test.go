package hub_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/session"
)

// traffic notes what is sent to devices.
type traffic struct {
	mu   sync.Mutex
	sent []message
}

type message struct {
	at   time.Time
	text string
}

// watch has all messages of a hub noted.
func watch(o *hub.Options) *traffic {
	w := &traffic{}
	o.Connect.Session = &session.Options{Trace: func(m session.Trace) {
		if m.Direction != session.Request {
			return
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.sent = append(w.sent, message{time.Now(), m.Message})
	}}
	return w
}

// with are the messages since a time that hold a text.
func (w *traffic) with(since time.Time, text string) []message {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []message
	for _, m := range w.sent {
		if !m.at.Before(since) && strings.Contains(m.text, text) {
			out = append(out, m)
		}
	}
	return out
}

func (k *keep) Load(_ context.Context, name string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.data[name], nil
}

func (k *keep) Save(_ context.Context, name string, data []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.data == nil {
		k.data = map[string][]byte{}
	}
	k.data[name] = slices.Clone(data)
	return nil
}

// follow collects what a hub tells until the test ends.
type follow struct {
	mu     sync.Mutex
	events []hub.Event
}

func (f *follow) happened(e hub.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, e)
}

// of are the kinds of events of a device, in their order.
func (f *follow) of(id hub.ID) (kinds []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.events {
		if e.Device == id {
			kinds = append(kinds, e.Kind)
		}
	}
	return kinds
}

// keep is a [hub.Keep] in memory.
type keep struct {
	mu   sync.Mutex
	data map[string][]byte
}

func fault(t *testing.T, home *hubtest.Home, device string, specs ...string) {
	t.Helper()
	for _, spec := range specs {
		if err := home.Sim.SetFault(device, spec); err != nil {
			t.Fatal(err)
		}
	}
}

func clearFault(t *testing.T, home *hubtest.Home, device, name string) {
	t.Helper()
	if err := home.Sim.ClearFault(device, name); err != nil {
		t.Fatal(err)
	}
}

// until waits until something is so, on fake time.
func until(t *testing.T, limit time.Duration, what string, is func() bool) time.Duration {
	t.Helper()
	begun := time.Now()
	for !is() {
		if time.Since(begun) > limit {
			t.Fatalf("not within %v: %s", limit, what)
		}
		<-time.After(50 * time.Millisecond)
	}
	return time.Since(begun)
}

func online(t *testing.T, h *hub.Hub, id hub.ID) func() bool {
	t.Helper()
	return func() bool {
		v, err := h.View(id)
		return err == nil && v.Online
	}
}

func offline(t *testing.T, h *hub.Hub, id hub.ID) func() bool {
	t.Helper()
	is := online(t, h, id)
	return func() bool { return !is() }
}

// entry is what is remembered of a device, by the name of its capture.
func entry(t *testing.T, o *hub.Options, name string) hub.Entry {
	t.Helper()
	i := slices.IndexFunc(o.Entries, func(e hub.Entry) bool { return e.Target.Name == name })
	if i < 0 {
		t.Fatalf("no device %q", name)
	}
	return o.Entries[i]
}

func idOf(e hub.Entry) hub.ID { return hub.ID{MAC: e.Target.MAC} }

// busy counts devices that have been asked and have not answered: each is asked
// one thing at a time.
type busy struct {
	mu        sync.Mutex
	now, most int
}

func (b *busy) watch(o *hub.Options) {
	o.Connect.Session = &session.Options{Trace: func(m session.Trace) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if m.Direction != session.Request {
			b.now--
			return
		}
		b.now++
		b.most = max(b.most, b.now)
	}}
}
