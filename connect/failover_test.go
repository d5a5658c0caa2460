package connect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/cloud"
	"wattle/method"
	"wattle/session"
	"wattle/transport"
)

// scripted is a connection to a plug that fails as told.
type scripted struct {
	fail  error
	asked int
}

func (s *scripted) Exchange(context.Context, []byte) ([]byte, error) {
	s.asked++
	if s.fail != nil {
		return nil, s.fail
	}
	return []byte(`{"system":{"get_sysinfo":{"err_code":0},"set_relay_state":{"err_code":0},"reboot":{"err_code":0}}}`), nil
}
func (*scripted) Reset() {}
func (*scripted) Info() transport.Info {
	return transport.Info{Route: wattle.Route{Family: wattle.IOT, Transport: wattle.XOR}}
}
func (*scripted) Close() error { return nil }

// counted is a way through the cloud.
type counted struct {
	fail  error
	asked int
}

func (c *counted) Do(_ context.Context, calls ...method.Call) ([]method.Result, error) {
	c.asked++
	if c.fail != nil {
		return nil, c.fail
	}
	results := make([]method.Result, len(calls))
	for i := range results {
		results[i].Raw = json.RawMessage(`{"err_code":0}`)
	}
	return results, nil
}

// both is a device with a local and a remote way.
func both(t *testing.T) (*failover, *scripted, *counted) {
	t.Helper()
	local, remote := &scripted{}, &counted{}
	f := newFailover(session.New(local, wattle.IOT, nil), func(context.Context) (*cloud.Way, error) {
		return &cloud.Way{Caller: remote, Family: wattle.IOT}, nil
	})
	t.Cleanup(func() { _ = f.close(); _ = f.local.Close() })
	return f, local, remote
}

var (
	read   = method.Call{Module: "system", Method: "get_sysinfo"}
	turn   = method.Call{Module: "system", Method: "set_relay_state", Params: json.RawMessage(`{"state":1}`), Effect: method.Absolute}
	reboot = method.Call{Module: "system", Method: "reboot", Effect: method.Once}
)

func TestFailover(t *testing.T) {
	unreachable := fmt.Errorf("%w: no route", wattle.ErrUnreachable)
	for _, tt := range []struct {
		name   string
		fail   error
		call   method.Call
		source method.Source // "": it fails
		class  error
		remote int // requests through the cloud
	}{
		{"works", nil, read, method.Local, nil, 0},
		{"unreachable", unreachable, read, method.Cloud, nil, 1},
		{"a setting", unreachable, turn, method.Cloud, nil, 1},
		{"refused credentials", fmt.Errorf("no: %w", wattle.ErrAuth), read, "", wattle.ErrAuth, 0},
		{"locked", fmt.Errorf("no: %w", wattle.ErrLockout), turn, "", wattle.ErrLockout, 0},
		{"access", fmt.Errorf("no: %w", wattle.ErrAccess), read, "", wattle.ErrAccess, 0},
		{"once, perhaps carried out", unreachable, reboot, "", session.ErrUncertain, 0},
		{"once, not sent", transport.Unsent(unreachable), reboot, method.Cloud, nil, 1},
		{"not understood", fmt.Errorf("no: %w", wattle.ErrProtocol), read, "", wattle.ErrProtocol, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, local, remote := both(t)
				local.fail = tt.fail
				results, err := f.Do(t.Context(), tt.call)
				switch {
				case tt.source == "" && !errors.Is(err, tt.class):
					t.Errorf("error %v", err)
				case tt.source != "" && (err != nil || results[0].Err != nil || results[0].Source != tt.source):
					t.Errorf("%+v, %v", results, err)
				}
				if remote.asked != tt.remote {
					t.Errorf("%d requests through the cloud", remote.asked)
				}
			})
		})
	}
}

// TestFailoverComesBack: a device that was away is tried locally again after a
// minute, and not before.
func TestFailoverComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, local, remote := both(t)
		ask := func(want method.Source) {
			t.Helper()
			results, err := f.Do(t.Context(), read)
			if err != nil || results[0].Source != want {
				t.Fatalf("%+v, %v, want it by %s", results, err, want)
			}
		}
		ask(method.Local)
		local.fail = fmt.Errorf("%w: gone", wattle.ErrUnreachable)
		ask(method.Cloud)
		tries := local.asked
		local.fail = nil
		ask(method.Cloud)
		if local.asked != tries {
			t.Error("it was tried locally at once")
		}
		time.Sleep(awayTime)
		ask(method.Local)

		// And the other way: a cloud that fails while the device is back.
		local.fail = fmt.Errorf("%w: gone", wattle.ErrUnreachable)
		ask(method.Cloud)
		local.fail, remote.fail = nil, fmt.Errorf("%w: no internet", wattle.ErrUnreachable)
		ask(method.Local)
	})
}

func TestFailoverBothFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, local, remote := both(t)
		local.fail = fmt.Errorf("%w: gone", wattle.ErrUnreachable)
		remote.fail = fmt.Errorf("the cloud: %w", wattle.ErrLockout)
		_, err := f.Do(t.Context(), read)
		if !errors.Is(err, wattle.ErrUnreachable) || errors.Is(err, wattle.ErrLockout) {
			t.Errorf("error %v", err)
		}
	})
}

func TestPolicies(t *testing.T) {
	for in, want := range map[string]Policy{"": PreferLocal, "local": LocalOnly, "cloud": CloudOnly, "prefer-local": PreferLocal, "x": ""} {
		if got, err := ParsePolicy(in); got != want || (want == "") != errors.Is(err, wattle.ErrParam) {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	if _, err := Open(t.Context(), Target{Name: "x", Policy: CloudOnly}, nil); !errors.Is(err, wattle.ErrAuth) {
		t.Errorf("the cloud without an account: %v", err)
	}
	if _, err := Open(t.Context(), Target{Name: "x", Policy: "x"}, &Options{Cloud: new(cloud.Client)}); !errors.Is(err, wattle.ErrParam) {
		t.Errorf("no policy: %v", err)
	}
}
