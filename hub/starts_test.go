package hub_test

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"wattle/hub/hubtest"
)

// TestStartsSpread: polls that are due at once begin a few at a time, also where
// all devices are slow; one that answers at once lets the next begin at once.
func TestStartsSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		models := hubtest.Models("P110", "HS110", "P100", "KP115", "L530")
		files := models
		for range 7 {
			files = append(files, models...)
		}
		home := hubtest.Start(t, files)
		o := home.Options()
		o.Interval = time.Hour
		sent := watch(o)
		h := home.Hub(o)
		hubtest.Online(t, h, len(files))
		<-time.After(time.Minute)
		for _, slow := range []bool{false, true} {
			if slow {
				for _, v := range h.Views() {
					fault(t, home, v.ID.MAC.String(), "slow=300ms")
				}
			}
			begun := time.Now()
			tuning := h.Tuning()
			tuning.Interval = time.Nanosecond // all of them now
			h.Tune(tuning)
			tuning.Interval = time.Hour
			h.Tune(tuning)
			<-time.After(10 * time.Second)
			most, first := 0, map[time.Time]int{}
			for _, m := range sent.with(begun, "get_device_info") {
				first[m.at]++
				most = max(most, first[m.at])
			}
			for _, m := range sent.with(begun, "get_sysinfo") {
				first[m.at]++
				most = max(most, first[m.at])
			}
			t.Logf("slow %v: %d moments, most at once %d", slow, len(first), most)
			if limit := 4 * runtime.GOMAXPROCS(0); slow && (most > limit || len(first) < len(files)/limit) {
				t.Errorf("%d polls began at once, in %d moments", most, len(first))
			}
		}
	})
}
