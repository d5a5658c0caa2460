package hub_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"wattle"
	"wattle/connect"
	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/simulator"
	"wattle/simulator/homes"
)

// fleetVariable turns this test binary into a simulated home in a process of its
// own: the number of its devices, and the range of their addresses.
const fleetVariable = "WATTLE_TEST_FLEET"

// filesPerDevice are the sockets of a simulated device with a client: TCP, UDP
// and the connection.
const filesPerDevice = 3

// TestMain serves a home in a child process.
func TestMain(m *testing.M) {
	if spec := os.Getenv(fleetVariable); spec != "" {
		if err := serveFleet(spec); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serveFleet serves devices and tells where each is; a line with a MAC and a
// truth value on its input switches one.
func serveFleet(spec string) error {
	count, text, _ := strings.Cut(spec, " ")
	n, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	var telling sync.Mutex
	home := simulator.NewHome(&simulator.HomeOptions{
		Range: netip.MustParsePrefix(text), Account: hubtest.Account(),
		Ready: func(r simulator.Ready) {
			telling.Lock()
			defer telling.Unlock()
			_ = out.Encode(r)
		},
	})
	kinds := hubtest.Models("P110", "HS110", "P100", "KP115", "L530")
	devices := map[string]*simulator.Device{}
	offset := int(netip.MustParsePrefix(text).Addr().As4()[1]%8) << 13 // MACs differ between processes
	for i := range n {
		d, err := simulator.New(kinds[i%len(kinds)], &simulator.DeviceOptions{Library: homes.Library(), Index: offset + i})
		if err != nil {
			return err
		}
		devices[d.Info().MAC.String()] = d
		if err := home.Add(d, nil); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer cancel()
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			mac, on, _ := strings.Cut(lines.Text(), " ")
			d := devices[mac]
			key := "device_on"
			if d.Info().Route.Family == wattle.IOT {
				key, on = "relay_state", map[string]string{"true": "1", "false": "0"}[on]
			}
			if err := d.Poke("", key, on); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		}
	}()
	return home.Run(ctx)
}

// fleet are devices in other processes.
type fleet struct {
	entries []hub.Entry
	inputs  map[wattle.MAC]interface{ WriteString(string) (int, error) }
}

// startFleet starts as many processes as the limit on open files demands.
func startFleet(b testing.TB, devices int) *fleet {
	b.Helper()
	limit := openLimit()
	if limit < uint64(devices+100) {
		b.Skipf("at most %d files may be open here: ulimit -n %d", limit, devices+1000)
	}
	most := int(min(limit, 15_000)-200) / filesPerDevice
	f := &fleet{inputs: map[wattle.MAC]interface{ WriteString(string) (int, error) }{}}
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; len(f.entries) < devices; i++ {
		n := min(most, devices-len(f.entries))
		command := exec.CommandContext(b.Context(), self)
		command.Env = append(os.Environ(), fmt.Sprintf("%s=%d 127.%d.0.0/16", fleetVariable, n, 72+i))
		command.Stderr = os.Stderr
		input, err := command.StdinPipe()
		if err != nil {
			b.Fatal(err)
		}
		output, err := command.StdoutPipe()
		if err != nil {
			b.Fatal(err)
		}
		if err := command.Start(); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() {
			_ = input.Close()
			_ = command.Wait()
		})
		lines := json.NewDecoder(output)
		for range n {
			var r simulator.Ready
			if err := lines.Decode(&r); err != nil {
				b.Fatal("child process: ", err)
			}
			route := wattle.Route{Family: r.Family, Transport: r.Transport, Version: r.Version, TLS: r.TLS, Host: r.Address, Port: r.Port}
			f.entries = append(f.entries, hub.Entry{Target: connect.Target{Name: r.Alias, Host: r.Address, Routes: []wattle.Route{route}, MAC: r.MAC}})
			f.inputs[r.MAC] = input.(*os.File)
		}
	}
	return f
}

// poke switches a device past the hub.
func (f *fleet) poke(id hub.ID, on bool) error {
	_, err := f.inputs[id.MAC].WriteString(fmt.Sprintf("%s %t\n", id.MAC, on))
	return err
}

// resident is the memory of this process in bytes, 0 where that is not known.
func residentMemory() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

// quantile of times, which it sorts.
func quantile(times []time.Duration, q float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	sortDurations(times)
	return times[min(int(q*float64(len(times))), len(times)-1)]
}
