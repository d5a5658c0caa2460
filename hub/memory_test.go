package hub_test

import (
	"runtime"
	"testing"
	"time"
)

const (
	// mostAlive is how much of the heap a device may hold, its connection included,
	// in KiB: what is measured and a tenth, against slow growth. With GOGC at
	// hub.GCPercent and its stacks a device then stays far below 64 KiB.
	mostAlive = 32
	// mostGoroutines is how many goroutines a device may keep while nothing happens.
	mostGoroutines = 1.1
)

// TestMemoryPerDevice: what a device costs that is polled, on loopback sockets
// with the devices in another process.
func TestMemoryPerDevice(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector takes memory of its own")
	}
	const devices = 200
	fleet := startFleet(t, devices)
	alive := func() (bytes uint64, goroutines int) {
		runtime.GC()
		runtime.GC() // pools give up in the second
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc, runtime.NumGoroutine()
	}
	before, few := alive()
	h, _, stop := atScale(t, fleet, time.Second)
	defer stop()
	polled := func(n uint64) {
		t.Helper()
		for begun := time.Now(); h.Stats().Polls < n || h.Stats().Online < devices; <-time.After(50 * time.Millisecond) {
			if time.Since(begun) > 2*time.Minute {
				t.Fatalf("%d online, %d polls", h.Stats().Online, h.Stats().Polls)
			}
		}
	}
	polled(3 * devices)
	tuning := h.Tuning()
	tuning.Interval = time.Hour
	h.Tune(tuning)
	for last := uint64(0); last != h.Stats().Polls; <-time.After(1500 * time.Millisecond) {
		last = h.Stats().Polls
	}
	now, many := alive()
	heap, goroutines := float64(now-before)/1024/devices, float64(many-few)/devices
	t.Logf("%.1f KiB alive and %.2f goroutines for each of %d devices", heap, goroutines, devices)
	if heap > mostAlive {
		t.Errorf("%.1f KiB of the heap are alive for each device, want at most %d", heap, mostAlive)
	}
	if goroutines > mostGoroutines {
		t.Errorf("%.2f goroutines for each device, want at most %.1f", goroutines, mostGoroutines)
	}
}
