package hub_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wattle/hub/hubtest"
)

// lines are those of a log, as JSON.
type lines struct {
	mu   sync.Mutex
	list []map[string]any
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range bytes.Lines(b) {
		fields := map[string]any{}
		if err := json.Unmarshal(line, &fields); err != nil {
			return 0, err
		}
		l.list = append(l.list, fields)
	}
	return len(b), nil
}

// states gives how often each device was said to be in a state.
func (l *lines) states(state string) map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[string]int{}
	for _, fields := range l.list {
		if name, ok := fields["device"].(string); ok && fields["msg"] == "device state" && fields["state"] == state {
			out[name]++
		}
	}
	return out
}

// TestNamesInLog: the log calls a device as its owner does, from the first line on
// also where discovery told no name, and by its new name after it was renamed.
func TestNamesInLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := hubtest.Models("P110", "HS110", "L530")
		home := hubtest.Start(t, files)
		o := home.Options()
		all := o.Entries
		var log lines
		o.Logger = slog.New(slog.NewJSONHandler(&log, nil))
		o.Entries, o.Sweep, o.Adopt = nil, 10*time.Minute, true
		h := home.Hub(o)
		hubtest.Online(t, h, len(files))
		online := log.states("online")
		for _, e := range all {
			if online[e.Target.Name] != 1 {
				t.Errorf("%s: the log has %v", e.Target.Name, online)
			}
		}
		plug := hubtest.View(t, h, "Heater").ID
		if err := h.Rename(t.Context(), plug, "Oven"); err != nil {
			t.Fatal(err)
		}
		<-time.After(10 * time.Second)
		fault(t, home, plug.MAC.String(), "reboot=5m")
		<-time.After(time.Minute)
		if gone := log.states("unreachable"); gone["Oven"] != 1 || len(gone) != 1 {
			t.Errorf("the log has %v", gone)
		}
	})
}
