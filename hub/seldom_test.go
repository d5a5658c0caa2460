package hub_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wattle/hub"
	"wattle/hub/hubtest"
)

// TestSeldom: each device that says it has firmware that can be told is asked for it
// once a day, in a message of its own and not together with the others; the views know
// the answer, and a poll or command never asks.
func TestSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := hubtest.Models("P110", "L530", "KP303", "P300", "H100")
		home := hubtest.Start(t, files)
		o := home.Options()
		sent := watch(o)
		o.Interval, o.Logs, o.Sweep = 5*time.Minute, time.Hour, 12*time.Hour
		begun := time.Now()
		h := home.Hub(o)
		hubtest.Online(t, h, len(files))
		lamp := hubtest.View(t, h, "Study lamp").ID
		if err := h.Set(t.Context(), lamp, set("brightness", 42)); err != nil {
			t.Fatal(err)
		}
		const latest = "get_latest_fw"
		if early := sent.with(begun, latest); len(early) > 0 {
			t.Errorf("asked at once: %d times", len(early))
		}
		<-time.After(time.Hour)
		have := 0
		for _, v := range h.Views() {
			r, ok := v.State.Reading("update_available")
			if !ok {
				continue
			}
			have++
			if !r.Value.Known() {
				t.Errorf("%s: nothing is known of its firmware: %v", v.Name, r.Err)
			}
		}
		asked := sent.with(begun, latest)
		if have < 4 || len(asked) != have {
			t.Errorf("%d messages for %d devices", len(asked), have)
		}
		moments := map[time.Time]bool{}
		for _, m := range asked {
			if strings.Count(m.text, "\"method\"") > strings.Count(m.text, "control_child")*2+1 {
				t.Errorf("asked with something else: %s", m.text)
			}
			moments[m.at.Truncate(time.Second)] = true
		}
		if len(moments) < have-3 { // those of the hub follow each other
			t.Errorf("%d devices are asked at %d moments", have, len(moments))
		}
		pace := func(every time.Duration) { h.Tune(hub.Tuning{Interval: every, Logs: time.Hour, Sweep: 12 * time.Hour}) }
		pace(time.Hour) // what is due is asked after a poll, and most of a day nothing is
		<-time.After(21*time.Hour + 30*time.Minute)
		if n := len(sent.with(begun, latest)); n != have {
			t.Errorf("%d messages within a day, want %d", n, have)
		}
		pace(5 * time.Minute)
		<-time.After(3 * time.Hour)
		if n := len(sent.with(begun, latest)); n != 2*have {
			t.Errorf("%d messages within 25.5 h, want %d", n, 2*have)
		}
		t.Logf("%d messages to %d devices in %v", len(sent.with(begun, latest)), have, time.Since(begun))
	})
}

// TestSeldomWithoutCloud: a device that does not reach its cloud is not asked.
func TestSeldomWithoutCloud(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := hubtest.Models("P110")
		files[0] = without(files[0])
		home := hubtest.Start(t, files)
		o := home.Options()
		sent := watch(o)
		o.Interval = time.Minute
		begun := time.Now()
		h := home.Hub(o)
		hubtest.Online(t, h, 1)
		<-time.After(5 * time.Hour)
		if asked := sent.with(begun, "get_latest_fw"); len(asked) > 0 {
			t.Errorf("asked %d times without a cloud: %s", len(asked), asked[0].text)
		}
	})
}
