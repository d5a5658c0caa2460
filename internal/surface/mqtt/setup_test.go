package mqtt_test

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/internal/surface/mqtt"
)

var update = flag.Bool("update", false, "rewrite golden files")

const brokerAddress = "127.0.23.1:1883"

// start runs a home with a broker and the surface between them. It is for
// bubbles. o may be nil; what it does not say is filled in.
func start(t *testing.T, h *hub.Hub, home *hubtest.Home, o *mqtt.Options) *broker {
	t.Helper()
	ln, err := home.Net.Listen("tcp", brokerAddress)
	if err != nil {
		t.Fatal(err)
	}
	b := newBroker(t, ln)
	run(t, h, home, o)
	return b
}

// run runs a surface until the test ends or the function is called.
func run(t *testing.T, h *hub.Hub, home *hubtest.Home, o *mqtt.Options) (stop func()) {
	t.Helper()
	if o == nil {
		o = &mqtt.Options{}
	}
	if o.Broker == "" {
		o.Broker = "mqtt://" + brokerAddress
		o.DialContext = home.Net.DialContext
	}
	s, err := mqtt.New(h, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return stop
}

// settle lets a few seconds pass and all that follows from it happen.
func settle(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// config is what was announced of a device.
func config(t *testing.T, b *broker, id hub.ID) map[string]any {
	t.Helper()
	text, ok := b.get("homeassistant/device/wattle_" + hub.Slug(id) + "/config")
	if !ok {
		t.Fatalf("%s was not announced", hub.Slug(id))
	}
	var out map[string]any
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func component(c map[string]any, key string) map[string]any {
	out, _ := c["components"].(map[string]any)[key].(map[string]any)
	return out
}

// named finds the first device of a model.
func named(t *testing.T, h *hub.Hub, model string) *hub.View {
	t.Helper()
	for _, v := range h.Views() {
		if v.Identity().Model.Name == model {
			return v
		}
	}
	t.Fatalf("no %s", model)
	return nil
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
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
