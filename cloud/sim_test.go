package cloud_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/cloud"
	"wattle/connect"
	"wattle/device"
	"wattle/discover"
	"wattle/internal/memnet"
	"wattle/method"
	"wattle/simulator"
	"wattle/simulator/cloudsim"
	"wattle/simulator/homes"
)

// site is the simulated cloud over the invented home, with nothing served
// locally.
type site struct {
	*fake
	home *simulator.Home
	sim  *cloudsim.Cloud
}

func newSite(t *testing.T, o *cloudsim.Options) *site {
	t.Helper()
	h := simulator.NewHome(nil)
	for i, file := range homes.Demo() {
		d, err := simulator.New(file, &simulator.DeviceOptions{Library: homes.Library(), KeepIDs: true, Index: i})
		if err == nil {
			err = h.Add(d, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	sim, err := cloudsim.New(h, o)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{fake: newFake(t), home: h, sim: sim}
	s.fake.handler = sim
	return s
}

var owner = simulator.DemoAccount()

// open signs in and opens a device by its name.
func (s *site) open(c *cloud.Client, name string) (*cloud.Way, *device.Device) {
	s.tb.Helper()
	e, err := c.FindName(s.tb.Context(), name)
	if err != nil {
		s.tb.Fatal(err)
	}
	way, err := c.Open(e, nil)
	if err != nil {
		s.tb.Fatal(err)
	}
	s.tb.Cleanup(func() { _ = way.Close() })
	d, err := device.New(s.tb.Context(), way.Caller, way.Family, nil)
	if err != nil {
		s.tb.Fatalf("%s: %v", name, err)
	}
	return way, d
}

// TestHomeThroughTheCloud opens every device of the home that has a way through
// the cloud, reads all of it and switches it, with the same features as
// locally.
func TestHomeThroughTheCloud(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, nil)
		c := s.client()
		if _, err := c.Login(t.Context(), owner, nil); err != nil {
			t.Fatal(err)
		}
		list, err := c.Devices(t.Context())
		if err != nil || len(list.Errs) > 0 {
			t.Fatalf("%+v, %v", list, err)
		}
		opened, switched := map[wattle.Family]int{}, map[wattle.Family]int{}
		for i := range list.Entries {
			e := &list.Entries[i]
			way, err := c.Open(e, nil)
			if err != nil {
				if !errors.Is(err, wattle.ErrUnsupported) {
					t.Errorf("%s: %v", e.Name, err)
				}
				t.Logf("%s: %v", e.Name, err)
				continue
			}
			if way.Family == wattle.SMARTCAM {
				continue
			}
			d, err := device.New(t.Context(), way.Caller, way.Family, nil)
			if up, known := e.Connected(); err != nil {
				if !known || up {
					t.Errorf("%s (%s): %v", e.Name, e.Type, err)
				}
				continue
			}
			opened[way.Family]++
			state, err := d.Poll(t.Context())
			if err != nil {
				t.Errorf("%s: %v", e.Name, err)
				continue
			}
			for _, r := range state.Readings() {
				if r.Value.Known() && r.Source != method.Cloud {
					t.Errorf("%s: %s came by %q", e.Name, r.ID, r.Source)
				}
			}
			if on, known := state.On(); known && state.Value("state").Known() {
				if err := d.Set(t.Context(), "state", !on); err != nil {
					t.Errorf("%s: %v", e.Name, err)
					continue
				}
				if state, err = d.Poll(t.Context()); err != nil {
					t.Fatal(err)
				}
				if now, _ := state.On(); now == on {
					t.Errorf("%s was not switched", e.Name)
				}
				switched[way.Family]++
			}
			_ = way.Close()
		}
		t.Logf("opened %v, switched %v", opened, switched)
		if opened[wattle.IOT] < 3 || opened[wattle.SMART] < 3 || switched[wattle.IOT] < 2 || switched[wattle.SMART] < 2 {
			t.Errorf("opened %v, switched %v", opened, switched)
		}
	})
}

// TestTokensExpireInBetween: nobody notices.
func TestTokensExpireInBetween(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, nil)
		c := s.client()
		if _, err := c.Login(t.Context(), owner, nil); err != nil {
			t.Fatal(err)
		}
		list, err := c.Devices(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s.sim.ClearJournal()
		for i := range list.Entries {
			e := &list.Entries[i]
			if p, err := e.Path(); err != nil || p.Family == wattle.SMARTCAM {
				continue
			}
			if up, _ := e.Connected(); !up {
				continue
			}
			s.sim.Expire(false)
			_, d := s.open(c, e.Name)
			if _, err := d.Poll(t.Context()); err != nil {
				t.Errorf("%s: %v", e.Name, err)
			}
		}
		renewals := 0
		for _, r := range s.sim.Journal() {
			if r.Method == "refreshToken" {
				renewals++
			}
			if r.Method == "login" {
				t.Error("a login was made")
			}
			if r.Service == "v1" && r.Query["token"] != "" && !strings.HasPrefix(r.Host, "n-") {
				t.Errorf("a token in the URL of %s", r.Host)
			}
		}
		if renewals == 0 {
			t.Error("no token was renewed")
		}
	})
}

// TestCodeFromTheMail signs in to an account with a second factor.
func TestCodeFromTheMail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, &cloudsim.Options{Faults: []string{"cloud-mfa=mail"}})
		c := s.client()
		_, err := c.Login(t.Context(), owner, nil)
		var need *cloud.CodeError
		for tries := 0; errors.As(err, &need); tries++ {
			if tries == 3 {
				t.Fatal("there is no end of codes")
			}
			if err := c.SendCode(t.Context(), cloud.ByEmail, wattle.Credentials{}); err != nil {
				t.Fatal(err)
			}
			mail := s.sim.Mail()
			_, err = c.Verify(t.Context(), wattle.NewSecret(mail[len(mail)-1].Code), wattle.Credentials{})
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Devices(t.Context()); err != nil {
			t.Error(err)
		}
		again := s.client(func(o *cloud.Options) { o.TerminalUUID = c.TerminalUUID() })
		if _, err := again.Login(t.Context(), owner, nil); err != nil {
			t.Errorf("the terminal is bound: %v", err)
		}
	})
}

// TestPolicies opens a plug that is not at home: by the policy through the
// cloud, or not at all.
func TestPolicies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, nil)
		c := s.client()
		if _, err := c.Login(t.Context(), owner, nil); err != nil {
			t.Fatal(err)
		}
		list, err := c.Devices(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var plug *cloud.Entry
		for i := range list.Entries {
			if up, _ := list.Entries[i].Connected(); up && list.Entries[i].Type == "SMART.TAPOPLUG" {
				plug = &list.Entries[i]
			}
		}
		for _, tt := range []struct {
			policy connect.Policy
			host   string
			opens  bool
		}{
			{connect.LocalOnly, "192.0.2.77", false},
			{connect.PreferLocal, "192.0.2.77", true}, // nobody is there
			{connect.PreferLocal, "", true},
			{connect.CloudOnly, "192.0.2.77", true},
		} {
			lan := memnet.New()
			var dials atomic.Int32
			d, err := device.Open(t.Context(), connect.Target{Host: tt.host, MAC: plug.MAC, Policy: tt.policy}, &device.Options{Connect: &connect.Options{
				Cloud: c,
				DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
					dials.Add(1)
					return lan.DialContext(ctx, network, address)
				},
				Discover: &discover.Options{
					ListenPacket: func(_ context.Context, network, address string) (net.PacketConn, error) {
						return lan.ListenPacket(network, address)
					},
					Timeout: time.Second,
				},
			}})
			if (err == nil) != tt.opens || err != nil && !errors.Is(err, wattle.ErrUnreachable) {
				t.Errorf("%s at %q: %v", tt.policy, tt.host, err)
			}
			if local := tt.policy != connect.CloudOnly && tt.host != ""; (dials.Load() > 0) != local {
				t.Errorf("%s at %q: %d connections on the network", tt.policy, tt.host, dials.Load())
			}
			if err != nil {
				continue
			}
			if state, err := d.Poll(t.Context()); err != nil || state.Source() != method.Cloud || d.Connection().Way == nil {
				t.Errorf("%s at %q: %v", tt.policy, tt.host, err)
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestPolling stays below what the service allows.
func TestPolling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, nil)
		c := s.client(func(o *cloud.Options) { o.Rate = 0 })
		if _, err := c.Login(t.Context(), owner, nil); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		for range 30 {
			if _, err := c.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		requests := len(s.sim.Journal())
		if took := time.Since(began); took < time.Duration(requests-12)*time.Second {
			t.Errorf("%d requests in %v", requests, took)
		}
	})
}
