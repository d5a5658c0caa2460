package hub_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/connect"
	"wattle/feature"
	"wattle/history"
	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/simulator"
)

// soak is a home in which much goes wrong, and its hub.
type soak struct {
	*testing.T
	home      *hubtest.Home
	options   *hub.Options
	residents []*resident
	calm      time.Duration // between two troubles of a device, in the mean
	wall      *atomic.Int64 // how long this takes so far
	// living holds a token for each resident who is in trouble, and all of them
	// while the hub restarts. A mutex would stop the clock of the bubble.
	living chan struct{}
	// door is passed before a trouble, and held while the hub waits for the last
	// one to end: it would wait for ever among so many.
	door chan struct{}

	mu       sync.Mutex
	hub      *hub.Hub
	learned  map[wattle.MAC]hub.Entry
	told     map[hub.ID]int // events of logs, by hub
	last     map[hub.ID]int // id of the last event of a log, by child
	meters   map[hub.ID]*history.Meter
	life     map[hub.ID]history.Energy
	slowest  map[string]time.Duration // from the end of a trouble to a poll that succeeds
	counts   map[string]int
	polls    uint64
	failures uint64
	restarts int
}

// resident is one device in it.
type resident struct {
	soak   *soak
	id     hub.ID
	name   string
	dev    *simulator.Device
	random *rand.Rand
	fired  int
}

// TestSoak lives a day with 20 devices on fake time, to which all happens that
// the simulator plays. WATTLE_SOAK=720h/200/5m/150m is 30 days with 200 devices that
// are polled every five minutes and in trouble about every two and a half hours.
func TestSoak(t *testing.T) {
	span, devices, calm := 24*time.Hour, 20, 18*time.Minute
	soakPoll = 5 * time.Minute
	if testing.Short() || raceEnabled {
		span = 2 * time.Hour
	}
	if text := os.Getenv("WATTLE_SOAK"); text != "" {
		words := append(strings.Split(text, "/"), "", "", "")
		var err, err2, err3, err4 error
		span, err = time.ParseDuration(words[0])
		devices, err2 = strconv.Atoi(words[1])
		soakPoll, err3 = time.ParseDuration(words[2])
		if words[3] != "" {
			calm, err4 = time.ParseDuration(words[3])
		}
		if errors.Join(err, err2, err3, err4) != nil || span <= 0 || devices <= 0 || soakPoll <= 0 || calm <= 0 {
			t.Fatalf("WATTLE_SOAK=%s: want a time, a number of devices, their interval and the time between two troubles, such as 720h/200/5m/150m", text)
		}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(1000)) // a month of answers is much to collect
	watch := time.NewTicker(time.Second)               // before files are counted: timers take some
	defer watch.Stop()
	files, begun := openFiles(), time.Now()
	var wall atomic.Int64 // the bubble has no other clock than its own
	over := make(chan struct{})
	defer close(over)
	go func() {
		for {
			select {
			case <-over:
				return
			case <-watch.C:
				wall.Store(int64(time.Since(begun)))
			}
		}
	}()
	synctest.Test(t, func(t *testing.T) { runSoak(t, span, devices, calm, &wall) })
	if now := openFiles(); now != files {
		t.Errorf("%d files are open, there were %d", now, files)
	}
	t.Logf("took %v, %v of CPU", time.Since(begun).Round(time.Second), cpuTime().Round(time.Second))
}

func openFiles() int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0 // not Linux
	}
	return len(list)
}

func runSoak(t *testing.T, span time.Duration, devices int, calm time.Duration, wall *atomic.Int64) {
	t.Helper()
	s := &soak{
		T: t, calm: calm, wall: wall, learned: map[wattle.MAC]hub.Entry{}, told: map[hub.ID]int{}, last: map[hub.ID]int{}, meters: map[hub.ID]*history.Meter{},
		life: map[hub.ID]history.Energy{}, living: make(chan struct{}, devices), door: make(chan struct{}, 1), slowest: map[string]time.Duration{}, counts: map[string]int{},
	}
	models := hubtest.Models()
	files := models[:0:0]
	for i := range devices {
		files = append(files, models[i%len(models)])
	}
	s.home = hubtest.Start(t, files)
	s.options = s.home.Options()
	o := s.options
	o.Interval, o.Logs, o.Sweep, o.Keep = soakPoll, soakPoll, 10*time.Minute, &keep{}
	o.Patience = 2 * soakPoll
	o.Learned, o.Observe, o.Happened = s.learn, s.observe, s.happened
	for i, d := range s.home.Sim.Devices() {
		s.residents = append(s.residents, &resident{
			soak: s, id: hub.ID{MAC: d.Info().MAC}, name: files[i].Name, dev: d, random: rand.New(rand.NewPCG(7, uint64(i))),
		})
	}
	for _, e := range o.Entries {
		s.learned[e.Target.MAC] = e
	}
	stop := s.start()
	hubtest.Online(t, s.hub, devices)
	<-time.After(10*time.Minute + 3*soakPoll)
	goroutines := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(t.Context())
	var living sync.WaitGroup
	end := time.Now().Add(span)
	for _, r := range s.residents {
		living.Go(func() { r.live(ctx, end) })
		living.Go(func() { r.fire(ctx, end) })
	}
	restarts := make(chan struct{})
	go func() {
		defer close(restarts)
		for pause(ctx, 5*time.Hour) {
			s.door <- struct{}{}
			for range cap(s.living) {
				s.living <- struct{}{}
			}
			stop()
			stop = s.start()
			s.allOnline()
			for range cap(s.living) {
				<-s.living
			}
			<-s.door
		}
	}()
	progress := make(chan struct{})
	go func() {
		defer close(progress)
		for day := 1; pause(ctx, 24*time.Hour); day++ {
			s.progress(day)
		}
	}()
	living.Wait()
	cancel()
	<-restarts
	<-progress
	<-time.After(10*time.Minute + 3*soakPoll)
	if now := runtime.NumGoroutine(); now > goroutines+goroutines/4 {
		t.Errorf("%d goroutines, there were %d", now, goroutines)
	}
	for _, r := range s.residents {
		if v, err := s.hub.View(r.id); err != nil || !v.Online {
			t.Errorf("%s at the end: %+v, %v", r.name, v, err)
		}
	}
	stop()
	s.report(span)
}

// start starts a hub of what the one before has learned, with one subscriber who
// follows it and one who never reads. In the end the first has to know what the hub
// knows.
func (s *soak) start() (stop func()) {
	s.mu.Lock()
	s.options.Entries = slices.Collect(maps.Values(s.learned))
	s.mu.Unlock()
	h, err := hub.New(s.options)
	if err != nil {
		s.Fatal(err)
	}
	end := runAgain(s.T, h)
	s.mu.Lock()
	s.hub = h
	s.restarts++
	s.mu.Unlock()
	// All devices are back in the same moment of fake time, before anybody can read.
	reader, sleeper := h.Subscribe(&hub.SubscribeOptions{Events: 16 * len(s.residents)}), h.Subscribe(nil)
	known := map[hub.ID]*hub.View{}
	reading := make(chan struct{})
	go func() {
		defer close(reading)
		for seq := uint64(0); ; {
			n, err := reader.Next(context.Background())
			switch {
			case err != nil:
				return
			case n.Seq < seq || n.Missed > 0:
				s.Errorf("notice %+v after %d", n, seq)
			case n.View != nil:
				known[n.View.ID] = n.View
			case n.Gone != nil:
				delete(known, *n.Gone)
			}
			seq = n.Seq
		}
	}()
	return func() {
		end()
		synctest.Wait()
		reader.Close()
		<-reading
		for _, v := range h.Views() {
			if k := known[v.ID]; k == nil || k.Rev != v.Rev {
				s.Errorf("a subscriber knows %+v, the hub %+v", k, v)
			}
		}
		sleeper.Close()
		st := h.Stats()
		s.polls += st.Polls
		s.failures += st.Failures
		if st.DelayMost > time.Second {
			s.Errorf("a poll began %v late", st.DelayMost)
		}
	}
}

// allOnline waits until a hub that has restarted has all devices.
func (s *soak) allOnline() {
	for begun := time.Now(); time.Since(begun) < prompt(); <-time.After(time.Second) {
		if s.hub.Stats().Online == len(s.residents) {
			return
		}
	}
	for _, v := range s.hub.Views() {
		if v.Root() && !v.Online {
			s.Errorf("%s is not online after a restart of the hub: %s", v.Name, v.Reason)
		}
	}
}

func (s *soak) current() *hub.Hub {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hub
}

func (s *soak) learn(e hub.Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.learned[e.Target.MAC] = e
}

// retype is the owner who types the password again.
func (s *soak) retype() { s.current().SetAccount(hubtest.Account()) }

// happened holds each log to its order: its ids grow by one.
func (s *soak) happened(e hub.Event) {
	if e.Detail == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Detail.ID <= s.last[e.Device] {
		s.Errorf("%s: event %d after %d", e.Device, e.Detail.ID, s.last[e.Device])
	}
	s.last[e.Device] = e.Detail.ID
	s.told[hub.ID{MAC: e.Device.MAC}]++
}

// observe keeps the lifetime counters of all meters.
func (s *soak) observe(o hub.Observation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range o.Views {
		fresh := slices.Clone(v.Readings())
		fresh = slices.DeleteFunc(fresh, func(r feature.Reading) bool { return r.Time.Before(v.State.Time()) })
		reading, ok := history.NewReading(v.ID, o.At, v.State.DeviceTime(), fresh)
		if !ok {
			continue
		}
		if s.meters[v.ID] == nil {
			s.meters[v.ID] = &history.Meter{}
		}
		m := s.meters[v.ID]
		m.Read(&reading, time.UTC)
		if m.Life < s.life[v.ID] {
			s.Errorf("%s: %v kWh after %v", v.Name, m.Life, s.life[v.ID])
		}
		s.life[v.ID] = m.Life
	}
}

// fire presses the button behind a hub.
func (r *resident) fire(ctx context.Context, end time.Time) {
	if !strings.HasPrefix(r.name, "H100") {
		return
	}
	random := rand.New(rand.NewPCG(11, uint64(r.id.MAC[5])))
	for time.Now().Before(end) && pause(ctx, 20*time.Second+time.Duration(random.Int64N(int64(3*time.Minute)))) {
		if err := r.dev.Fire("Bed button", "press", ""); err != nil {
			r.soak.Error(err)
			return
		}
		r.fired++
	}
}

func (r *resident) some(span [2]time.Duration) time.Duration {
	return (span[0] + time.Duration(r.random.Int64N(int64(span[1]-span[0])))).Round(time.Millisecond)
}

// live lets one thing after another happen.
func (r *resident) live(ctx context.Context, end time.Time) {
	order := r.random.Perm(len(troubles))
	for i := 0; time.Now().Before(end); i++ {
		calm := r.some([2]time.Duration{r.soak.calm / 4, r.soak.calm * 7 / 4})
		if left := time.Until(end); calm >= left {
			pause(ctx, left)
			return
		}
		if !pause(ctx, calm) {
			return
		}
		r.suffer(ctx, &troubles[order[i%len(order)]])
	}
}

// suffer lets a trouble happen, and waits until the device is back.
func (r *resident) suffer(ctx context.Context, what *trouble) {
	s := r.soak
	s.door <- struct{}{}
	s.living <- struct{}{}
	<-s.door
	defer func() { <-s.living }()
	span := r.some(what.lasts)
	for _, spec := range what.specs {
		if strings.Contains(spec, "%s") {
			spec = fmt.Sprintf(spec, span)
		}
		if err := s.home.Sim.SetFault(r.id.MAC.String(), spec); errors.Is(err, wattle.ErrParam) || errors.Is(err, wattle.ErrUnsupported) {
			return // such a device cannot
		} else if err != nil {
			s.Errorf("%s: %v", r.name, err)
		}
	}
	if what.does != nil {
		what.does(r, ctx, span)
	} else if !pause(ctx, span+time.Millisecond) {
		return
	}
	for _, name := range what.clear {
		if err := s.home.Sim.ClearFault(r.id.MAC.String(), name); err != nil {
			s.Errorf("%s: %v", r.name, err)
		}
	}
	if len(what.clear) > 0 && len(what.specs) == 1 {
		pause(ctx, simulator.DefaultReboot) // clearing may restart it
	}
	if what.after != nil {
		what.after(r)
	}
	r.back(ctx, what)
}

// back waits until a poll has succeeded that began after a trouble, and holds the
// device to the bound.
func (r *resident) back(ctx context.Context, what *trouble) {
	s := r.soak
	ended := time.Now()
	h := s.current()
	bound, refused := what.bound(), ""
	for {
		status, _ := h.Status(r.id)
		switch status.State {
		case connect.NoAccess, connect.Refused, connect.Unsupported:
			bound, refused = max(bound, refusing()), " after a refusal"
		case connect.Locked:
			bound, refused = max(bound, locking()), " after a lock-out"
		}
		health, err := h.Health(r.id)
		if err != nil {
			s.Errorf("%s: %v", r.name, err)
			return
		}
		took := time.Since(ended)
		if v, _ := h.View(r.id); health.LastSuccess.After(ended) && v.Online {
			s.mu.Lock()
			s.counts[what.name]++
			s.slowest[what.name+refused] = max(s.slowest[what.name+refused], took)
			s.mu.Unlock()
			return
		}
		if took > bound {
			s.Errorf("%s: not back %v after %q: %+v %+v", r.name, took, what.name, status, health)
			return
		}
		if !pause(ctx, time.Second) {
			return
		}
	}
}

// progress is a line for each day, for who waits.
func (s *soak) progress(day int) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s.mu.Lock()
	defer s.mu.Unlock()
	troubles, told := 0, 0
	for _, n := range s.counts {
		troubles += n
	}
	for _, n := range s.told {
		told += n
	}
	s.Logf("day %d after %v, %v of CPU: %d troubles, %d events told, %d restarts of the hub; heap %d MiB, %d goroutines",
		day, time.Duration(s.wall.Load()).Round(time.Second), cpuTime().Round(time.Second), troubles, told, s.restarts-1, m.HeapAlloc>>20, runtime.NumGoroutine())
}

// report says what has happened, and holds the events to what was fired.
func (s *soak) report(span time.Duration) {
	fired, told, total := 0, 0, 0
	for _, r := range s.residents {
		fired += r.fired
		told += s.told[r.id]
		if r.fired != s.told[r.id] {
			s.Errorf("%s: %d events were told of %d", r.name, s.told[r.id], r.fired)
		}
	}
	var life history.Energy
	for _, e := range s.life {
		life += e
	}
	for _, what := range troubles {
		total += s.counts[what.name]
		line := fmt.Sprintf("%-15s %5d times, slowest return %v", what.name, s.counts[what.name], s.slowest[what.name].Round(time.Second))
		for _, refused := range []string{" after a refusal", " after a lock-out"} {
			if took := s.slowest[what.name+refused]; took > 0 {
				line += fmt.Sprintf(", %v%s", took.Round(time.Second), refused)
			}
		}
		s.Log(line)
	}
	s.Logf("%v with %d devices, a poll every %v: %d troubles, %d restarts of the hub, %d polls, %d without an answer; %d events fired, %d told; %d meters, %v",
		span, len(s.residents), soakPoll, total, s.restarts-1, s.polls, s.failures, fired, told, len(s.life), life)
	if total < int(span*time.Duration(len(s.residents))/(s.calm+time.Hour))/2 || len(s.life) == 0 || fired == 0 && len(s.residents) > 20 {
		s.Error("too little has happened")
	}
}
