package hub_test

import (
	"context"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wattle/device"
	"wattle/hub"
	"wattle/hub/hubtest"
)

func sortDurations(times []time.Duration) { slices.Sort(times) }

// BenchmarkScale polls many simulated devices in other processes from one core:
// docs/performance.md. It measures once, whatever b.N is.
func BenchmarkScale(b *testing.B) {
	for _, size := range []struct {
		name     string
		devices  int
		interval time.Duration
		measure  time.Duration
	}{
		{"20every5s", 20, 5 * time.Second, 40 * time.Second},
		{"1000every5s", 1000, 5 * time.Second, 40 * time.Second},
		{"10000every30s", 10_000, 30 * time.Second, 90 * time.Second},
	} {
		b.Run(size.name, func(b *testing.B) { scale(b, size.devices, size.interval, size.measure) })
	}
}

func scale(b *testing.B, devices int, interval, measure time.Duration) {
	b.Helper()
	fleet := startFleet(b, devices)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer hub.SaveMemory()()
	runtime.GC()
	empty := residentMemory()
	h, dials, stop := atScale(b, fleet, interval)
	defer stop()
	begun, cpu := time.Now(), cpuTime()
	for h.Stats().Online < devices {
		<-time.After(50 * time.Millisecond)
		if time.Since(begun) > 10*time.Minute {
			b.Fatalf("%d of %d are online", h.Stats().Online, devices)
		}
	}
	b.ReportMetric(time.Since(begun).Seconds(), "s-start")
	b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/float64(devices)/1000, "ms-cpu/start")
	b.ReportMetric(float64(dials.most.Load()), "connects-at-once")
	<-time.After(2 * interval)

	begun, cpu = time.Now(), cpuTime()
	polls, failures := h.Stats().Polls, h.Stats().Failures
	<-time.After(measure)
	took, used := time.Since(begun), cpuTime()-cpu
	s := h.Stats()
	b.ReportMetric(100*used.Seconds()/took.Seconds(), "%core")
	b.ReportMetric(float64(s.Polls-polls)/took.Seconds(), "polls/s")
	b.ReportMetric(float64(used.Microseconds())/float64(s.Polls-polls), "µs-cpu/poll")
	b.ReportMetric(float64(s.Failures-failures), "failed-polls")
	b.ReportMetric(float64(s.Delay.Microseconds())/1000, "ms-late")
	b.ReportMetric(float64(residentMemory())/(1<<20), "MiB")
	b.ReportMetric(float64(residentMemory()-empty)/1024/float64(devices), "KiB/device")

	var garbage runtime.MemStats
	runtime.ReadMemStats(&garbage)
	b.ReportMetric(float64(garbage.StackInuse)/1024/float64(devices), "KiB-stacks/device")

	commands, changes := commandTimes(b, h, false), changeTimes(b, h, fleet)
	// The same commands without polls, over connections that were just used.
	tuning := h.Tuning()
	tuning.Interval = 24 * time.Hour
	h.Tune(tuning)
	<-time.After(interval + time.Second) // each device has its last poll
	alone := commandTimes(b, h, true)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b.ReportMetric(ms(quantile(commands, 0.5)), "ms-command-p50")
	b.ReportMetric(ms(quantile(commands, 0.99)), "ms-command-p99")
	b.ReportMetric(ms(quantile(alone, 0.5)), "ms-alone-p50")
	b.ReportMetric(ms(quantile(alone, 0.99)), "ms-alone-p99")
	b.ReportMetric(ms(quantile(commands, 0.99)-quantile(alone, 0.5)), "ms-added-p99")
	b.ReportMetric(float64(quantile(changes, 1).Milliseconds()), "ms-change-most")
	b.ReportMetric(0, "ns/op")
}

// dialing counts connections that are being made.
type dialing struct{ now, most atomic.Int64 }

func (d *dialing) dial(ctx context.Context, network, address string) (net.Conn, error) {
	n := d.now.Add(1)
	defer d.now.Add(-1)
	for most := d.most.Load(); n > most && !d.most.CompareAndSwap(most, n); most = d.most.Load() {
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// atScale runs a hub of a fleet.
func atScale(b testing.TB, f *fleet, interval time.Duration) (h *hub.Hub, d *dialing, stop func()) {
	b.Helper()
	o := &hub.Options{Entries: f.entries, Interval: interval, Sweep: -1}
	d = &dialing{}
	o.Connect.Account, o.Connect.DialContext = hubtest.Account(), d.dial
	h, err := hub.New(o)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := h.Run(ctx); err != nil {
			b.Error(err)
		}
	})
	return h, d, func() {
		cancel()
		running.Wait()
	}
}

// commandTimes switches some devices, one after the other; with warm each is
// polled a moment before, so that its connection is there.
func commandTimes(b *testing.B, h *hub.Hub, warm bool) []time.Duration {
	b.Helper()
	views := h.Views()
	times := make([]time.Duration, 300)
	for i := range times {
		v := views[rand.IntN(len(views))]
		if warm {
			if _, err := h.Refresh(b.Context(), v.ID); err != nil {
				b.Fatal(err)
			}
			<-time.After(10 * time.Millisecond)
		}
		on, _ := v.State.On()
		begun := time.Now()
		if err := h.Set(b.Context(), v.ID, device.Setting{ID: "state", Value: !on}); err != nil {
			b.Fatal(err)
		}
		times[i] = time.Since(begun)
		<-time.After(time.Duration(20+rand.IntN(60)) * time.Millisecond)
	}
	return times
}

// changeTimes switches some devices past the hub, and tells how much later a
// subscriber knew.
func changeTimes(b *testing.B, h *hub.Hub, f *fleet) []time.Duration {
	b.Helper()
	sub := h.Subscribe(nil)
	defer sub.Close()
	begun, wants := map[hub.ID]time.Time{}, map[hub.ID]bool{}
	views := h.Views()
	for _, i := range rand.Perm(len(views))[:min(100, len(views))] {
		on, _ := views[i].State.On()
		wants[views[i].ID] = !on
		if err := f.poke(views[i].ID, !on); err != nil {
			b.Fatal(err)
		}
		begun[views[i].ID] = time.Now()
	}
	var times []time.Duration
	ctx, cancel := context.WithTimeout(b.Context(), 2*time.Minute)
	defer cancel()
	for len(wants) > 0 {
		n, err := sub.Next(ctx)
		if err != nil {
			b.Fatalf("%d changes were not seen: %v", len(wants), err)
		}
		if n.View == nil || n.View.State == nil {
			continue
		}
		want, ok := wants[n.View.ID]
		if on, _ := n.View.State.On(); ok && on == want {
			times = append(times, time.Since(begun[n.View.ID]))
			delete(wants, n.View.ID)
		}
	}
	return times
}
