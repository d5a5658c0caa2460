package recorder_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"wattle"
	"wattle/connect"
	"wattle/device"
	"wattle/history"
	"wattle/history/store"
	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/recorder"
	"wattle/simulator"
	"wattle/simulator/homes"
)

// livesEnv sets how often the hub is killed; killedEnv makes this program the hub
// that is killed, and is where its history lies.
const (
	livesEnv  = "WATTLE_LIVES"
	killedEnv = "WATTLE_KILLED_HUB"
	targets   = "WATTLE_KILLED_TARGETS"
)

// TestMain lets the test's own program be the one that is killed.
func TestMain(m *testing.M) {
	if path := os.Getenv(killedEnv); path != "" {
		fmt.Fprintln(os.Stderr, killedHub(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// kept is one batch that is on disk, as the killed hub prints it.
type kept struct {
	Samples []ack           `json:"s"`
	Meters  map[string]said `json:"m"`
}

// said is what a plug had counted that day.
type said struct {
	Wh   float64   `json:"wh"`
	Time time.Time `json:"t"`
}

type ack struct {
	Key   history.Key `json:"k"`
	Ms    int64       `json:"t"`
	Event string      `json:"e,omitempty"`
}

// killedHub runs a hub, a recorder and a history over devices that are elsewhere,
// polls and switches them as fast as they can, and prints what is on disk.
func killedHub(path string) error {
	var list []connect.Target
	if err := json.Unmarshal([]byte(os.Getenv(targets)), &list); err != nil {
		return err
	}
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{Address: path, SkipCheck: true})
	if err != nil {
		return err
	}
	var printing sync.Mutex
	rec := recorder.New(&recorder.Options{Sink: s, Every: 20 * time.Millisecond, Kept: func(b history.Batch) {
		line := kept{Meters: map[string]said{}}
		for _, one := range b.Samples {
			line.Samples = append(line.Samples, ack{one.Key, one.Time.UnixMilli(), one.Event})
		}
		for _, r := range b.Meters {
			if kwh, ok := r.Today.Number(); ok {
				line.Meters[r.Device.String()] = said{kwh * 1000, r.Time}
			}
		}
		raw, _ := json.Marshal(line)
		printing.Lock()
		defer printing.Unlock()
		fmt.Println(string(raw))
	}})
	o := &hub.Options{Observe: rec.Observe, Happened: rec.Happened, Interval: 20 * time.Millisecond, Sweep: -1}
	o.Connect.Account = hubtest.Account()
	for _, t := range list {
		o.Entries = append(o.Entries, hub.Entry{Target: t})
	}
	h, err := hub.New(o)
	if err != nil {
		return err
	}
	rec.Attach(h)
	fail := make(chan error, 3)
	go func() { fail <- h.Run(ctx) }()
	go func() { fail <- rec.Run(ctx) }()
	go func() {
		for {
			if err := s.Maintain(ctx); err != nil {
				fail <- err
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	go func() {
		for on := true; ; on = !on {
			for _, v := range h.Views() {
				if v.Online && !v.Value("consumption_today").Known() {
					_ = h.Set(ctx, v.ID, device.Setting{ID: "state", Value: on})
				}
			}
			time.Sleep(time.Millisecond)
		}
	}()
	return <-fail
}

// counter is what a simulated plug itself has counted today, in Wh.
func counter(t *testing.T, d *simulator.Device) float64 {
	t.Helper()
	raw, err := d.Handle(t.Context(), []byte(`{"method":"get_energy_usage"}`))
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Result struct {
			Today float64 `json:"today_energy"`
		} `json:"result"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil || answer.Result.Today == 0 {
		t.Fatalf("%s: %v", raw, err)
	}
	return answer.Result.Today
}

const watts = 9000

// simulated serves devices until the test ends.
func simulated(t *testing.T) (list []connect.Target, plugs map[string]*simulator.Device) {
	t.Helper()
	ready := make(chan simulator.Ready, 100)
	home := simulator.NewHome(&simulator.HomeOptions{
		Range: netip.MustParsePrefix("127.0.21.0/24"), Account: hubtest.Account(),
		Ready: func(r simulator.Ready) { ready <- r },
	})
	// The plugs' clocks stand far from midnight, when they begin to count anew.
	shift := time.Until(time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC))
	byMAC := map[wattle.MAC]*simulator.Device{}
	n := 0
	for _, f := range hubtest.Models("P110", "KP303", "HS100(EU)", "P100", "KL130") {
		for range 3 {
			d, err := simulator.New(f, &simulator.DeviceOptions{Library: homes.Library(), Index: n, Now: func() time.Time { return time.Now().Add(shift) }})
			if err != nil {
				t.Fatal(err)
			}
			if err := home.Add(d, nil); err != nil {
				t.Fatal(err)
			}
			byMAC[d.Info().MAC] = d
			n++
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- home.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	plugs = map[string]*simulator.Device{}
	for range n {
		var r simulator.Ready
		select {
		case r = <-ready:
		case err := <-done:
			done <- nil
			t.Fatal("the home ended:", err)
		}
		route := wattle.Route{Family: r.Family, Transport: r.Transport, Version: r.Version, TLS: r.TLS, Host: r.Address, Port: r.Port}
		list = append(list, connect.Target{Name: r.Alias, Host: r.Address, Routes: []wattle.Route{route}, MAC: r.MAC})
		d := byMAC[r.MAC]
		if d == nil {
			t.Fatalf("%+v is none of the devices", r)
		}
		if d.Poke("", "power_w", strconv.Itoa(watts)) == nil {
			if raw, err := d.Handle(t.Context(), []byte(`{"method":"set_device_info","params":{"device_on":true}}`)); err != nil {
				t.Fatal(string(raw), err)
			}
			if raw, err := d.Handle(t.Context(), []byte(`{"method":"get_energy_usage"}`)); err == nil && len(raw) > 100 {
				plugs[history.Device{MAC: r.MAC}.String()] = d
			}
		}
	}
	if len(plugs) == 0 {
		t.Fatal("nothing measures energy")
	}
	return list, plugs
}

// TestKilledHub kills a hub that records a busy home at random moments, over and
// over, and opens what it left: nothing that was acknowledged is missing, and the
// energy counters say what the plugs themselves have counted, up to what was used
// since the last acknowledgement. WATTLE_LIVES says how often; 100 take 80 s.
func TestKilledHub(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("wants many loopback addresses, which only Linux has")
	}
	lives := 15
	if text := os.Getenv(livesEnv); text != "" {
		var err error
		if lives, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	if testing.Short() {
		lives = 3
	}
	list, plugs := simulated(t)
	told, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "history.db")
	acks := map[ack]bool{}
	base := map[string]float64{} // what each plug said first, in Wh
	last := map[string]said{}    // and last
	readings, worst := 0, 0.0
	for life := range lives {
		killed, at := hubLife(t, path, string(told), func(k *kept) {
			for _, a := range k.Samples {
				acks[a] = true
			}
			for d, one := range k.Meters {
				if plugs[d] == nil {
					continue
				}
				readings++
				if _, ok := base[d]; !ok {
					base[d] = one.Wh
				}
				last[d] = one
			}
		}, func() map[string]float64 {
			now := map[string]float64{}
			for d, plug := range plugs {
				now[d] = counter(t, plug)
			}
			return now
		})
		s, err := store.Open(t.Context(), store.Options{Address: path})
		if err != nil {
			t.Fatalf("life %d: %v", life, err)
		}
		for d, first := range base {
			device, err := history.ParseDevice(d)
			if err != nil {
				t.Fatal(err)
			}
			m, err := s.Meter(t.Context(), device)
			if err != nil {
				t.Fatalf("life %d: %s: %v", life, d, err)
			}
			wh, since := m.Life.KWh()*1000, at.Sub(last[d].Time)
			if wh < last[d].Wh-first-0.01 || wh > killed[d]-first+2.01 {
				t.Errorf("life %d: %s has counted %.0f Wh; %.0f were acknowledged, and the plug says %.0f", life, d, wh, last[d].Wh-first, killed[d]-first)
			}
			behind := killed[d] - first - wh
			if used := watts * since.Hours(); behind > used+2.01 {
				t.Errorf("life %d: %s is %.0f Wh behind its plug, which used %.0f since the last acknowledgement %v before the kill", life, d, behind, used, since)
			}
			worst = max(worst, behind)
		}
		if life == lives-1 || life%10 == 9 {
			acknowledged(t, s, acks)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(acks) < 10*lives || len(base) != len(plugs) {
		t.Errorf("only %d samples of %d meters in %d lives", len(acks), len(base), lives)
	}
	t.Logf("killed %d times; %d samples and events and %d readings of %d meters were acknowledged and are there; counters were at most %.0f Wh behind their plugs, which drew %d W",
		lives, len(acks), readings, len(base), worst, watts)
}

// acknowledged looks for what was acknowledged.
func acknowledged(t *testing.T, s *store.Store, acks map[ack]bool) {
	t.Helper()
	there := map[ack]bool{}
	seen := map[history.Key]bool{}
	missing := 0
	for a := range acks {
		if !seen[a.Key] {
			seen[a.Key] = true
			at := history.From(time.Unix(0, 0))
			for {
				page, err := s.Samples(t.Context(), a.Key, at, time.Now().Add(time.Hour), 10_000)
				if err != nil {
					t.Fatal(err)
				}
				for _, one := range page {
					there[ack{one.Key, one.Time.UnixMilli(), one.Event}] = true
				}
				if len(page) < 10_000 {
					break
				}
				at = history.After(&page[len(page)-1])
			}
		}
		if !there[a] {
			missing++
			t.Logf("%+v was acknowledged and is missing", a)
		}
	}
	if missing > 0 {
		t.Fatalf("%d of %d are missing", missing, len(acks))
	}
}

// hubLife runs the hub until a random moment after its first acknowledgement, and
// of a meter, and gives what count says then, and when that was.
func hubLife(t *testing.T, path, list string, take func(*kept), count func() map[string]float64) (killed map[string]float64, at time.Time) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), killedEnv+"="+path, targets+"="+list)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	limit := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer limit.Stop()
	var kill *time.Timer
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var k kept
		if json.Unmarshal(lines.Bytes(), &k) != nil {
			break // cut off by the kill
		}
		take(&k)
		if kill == nil && len(k.Meters) > 0 {
			kill = time.AfterFunc(time.Duration(rand.IntN(900))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		}
	}
	killed, at = count(), time.Now()
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() == 1 {
		t.Fatalf("the hub ended by itself: %v", err)
	}
	return killed, at
}
