package simulator_test

import (
	"context"
	"net/netip"
	"runtime"
	"testing"

	"wattle/simulator"
	"wattle/simulator/homes"
)

// TestMemory: one process holds 1,000 devices at less than 100 KiB each, with
// sockets, endpoints and the answers to a first question.
func TestMemory(t *testing.T) {
	const devices, limit = 1000, 100 << 10
	files := homes.Demo()
	before := inUse()
	up := make(chan struct{}, devices)
	h := simulator.NewHome(&simulator.HomeOptions{
		Range: netip.MustParsePrefix("127.0.32.0/20"), Account: simulator.DemoAccount(),
		Ready: func(simulator.Ready) { up <- struct{}{} },
	})
	made := make([]*simulator.Device, devices)
	for i := range made {
		d, err := simulator.New(files[i%len(files)], &simulator.DeviceOptions{Index: i, Library: homes.Library()})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Add(d, nil); err != nil {
			t.Fatal(err)
		}
		made[i] = d
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	for range made {
		select {
		case <-up:
		case err := <-done:
			t.Fatalf("Run: %v", err)
		}
	}
	for _, d := range made {
		handle(t, d, `{"method":"get_device_info"}`)
		handle(t, d, `{"system":{"set_relay_state":{"state":1}}}`)
	}
	each := (inUse() - before) / devices
	if each > limit {
		t.Errorf("a device costs %d bytes, want at most %d", each, limit)
	}
	t.Logf("%d devices, %.1f KiB each, %d goroutines", devices, float64(each)/1024, runtime.NumGoroutine())
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	runtime.KeepAlive(made)
}

// inUse is the memory of heap and stacks, after a collection.
func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}
