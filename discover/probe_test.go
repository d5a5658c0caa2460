package discover_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/discover"
	"wattle/internal/wire/discovery"
	"wattle/simulator/endpoint"
)

func TestProbe(t *testing.T) {
	at := func(t *testing.T, host string, o *discover.Options) (f discover.Found, d time.Duration, err error) {
		t.Helper()
		d = took(func() { f, err = discover.Probe(t.Context(), host, o) })
		return f, d, err
	}
	synctest.Test(t, func(t *testing.T) {
		l := newLAN(t)
		l.tapo("192.0.2.10", klapPlug(1))
		l.kasa("192.0.2.11", strip)
		l.tapo("192.0.2.11", stripTDP)
		l.tapo("192.0.2.12", stripTDP) // its port 9999 is closed
		l.net.SetDelay(time.Millisecond, time.Millisecond)

		if f, d, err := at(t, "plug.example", l.options()); err != nil || f.Model.Name != "P1" || d > 302*time.Millisecond {
			t.Errorf("Tapo plug: %+v, %v after %v", f, err, d)
		}
		if f, d, err := at(t, "192.0.2.11", l.options()); err != nil || f.Routes[0].Transport != wattle.XOR || d != 2*time.Millisecond {
			t.Errorf("strip: %+v, %v after %v; want XOR at once", f.Routes, err, d)
		}
		if f, d, err := at(t, "192.0.2.12", l.options()); err != nil || f.Routes[0].Transport != wattle.KLAP || d > 700*time.Millisecond {
			t.Errorf("strip with new firmware: %+v, %v after %v; want KLAP after a short wait", f.Routes, err, d)
		}
		if _, d, err := at(t, "192.0.2.99", l.options()); !errors.Is(err, wattle.ErrUnreachable) || d != discover.DefaultProbeTimeout {
			t.Errorf("nobody: %v after %v", err, d)
		}
		for _, host := range []string{"nowhere.example", "fe80::1", ""} {
			if f, _, err := at(t, host, l.options()); err == nil {
				t.Errorf("%q: %+v", host, f)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := discover.Probe(ctx, "192.0.2.99", l.options()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ctx ended: %v", err)
		}
		o := l.options()
		o.ListenPacket = func(context.Context, string, string) (net.PacketConn, error) { return nil, errors.New("no sockets") }
		if _, err := discover.Probe(t.Context(), "192.0.2.10", o); !errors.Is(err, wattle.ErrUnreachable) {
			t.Errorf("no socket: %v", err)
		}
	})
}

// A second round makes up for a lost first one.
func TestProbeAsksTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLAN(t)
		l.tapo("192.0.2.10", klapPlug(1))
		l.net.SetLoss(1)
		time.AfterFunc(time.Millisecond, func() { l.net.SetLoss(0) })
		if _, err := discover.Probe(t.Context(), "192.0.2.10", l.options()); err != nil {
			t.Error(err)
		}
	})
}

// Where only 127.0.0.1 exists, simulated devices share an address, and each
// answers a probe of it.
func TestProbeShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLAN(t)
		pc := l.listen("192.0.2.10", 20002)
		context.AfterFunc(l.ctx, func() { _ = pc.Close() })
		l.running.Go(func() {
			for buffer := make([]byte, 1024); ; {
				n, from, err := pc.ReadFrom(buffer)
				if err != nil {
					return
				}
				p, err := discovery.ParseProbe(buffer[:n])
				l.check(err)
				for i := range 2 {
					payload, err := endpoint.DiscoveryAnswer(p, json.RawMessage(klapPlug(1+i)), nil, nil)
					l.check(err)
					datagram, err := discovery.MarshalAnswer(p.Serial, payload)
					l.check(err)
					_, err = pc.WriteTo(datagram, from)
					l.check(err)
				}
			}
		})
		o := l.options()
		for _, i := range []byte{1, 2} {
			o.MAC = wattle.MAC{2, 0, 0, 0, 0, i}
			if f, err := discover.Probe(t.Context(), "192.0.2.10", o); err != nil || f.MAC != o.MAC {
				t.Errorf("asked for %s: %s, %v", o.MAC, f.MAC, err)
			}
		}
		o.MAC = wattle.MAC{2, 0, 0, 0, 0, 9}
		if _, err := discover.Probe(t.Context(), "192.0.2.10", o); !errors.Is(err, wattle.ErrUnreachable) {
			t.Errorf("another device than the expected: %v", err)
		}
	})
}

func TestOwner(t *testing.T) {
	f := discover.Found{Owner: owner}
	for email, want := range map[string]bool{"user@example.com": true, "User@example.com": false, "": false} {
		if got := f.OwnedBy(email); got != want {
			t.Errorf("OwnedBy(%q) = %v", email, got)
		}
	}
	if !discover.OwnerMatches("b58996c504c5638798eb6b511e6f49af", "user@example.com") {
		t.Error("lower-case hex does not match")
	}
	if (&discover.Found{}).OwnedBy("") {
		t.Error("nobody owns what belongs to nobody")
	}
}
