package hub_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/device"
	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/method"
)

func set(id string, v any) device.Setting { return device.Setting{ID: id, Value: v} }

// TestMerge: the first command goes at once, those of the 50 ms after it go as
// one with the newest values, and then the device is polled.
func TestMerge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("L530"))
		o := home.Options()
		sent := watch(o)
		h := home.Hub(o)
		hubtest.Online(t, h, 1)
		lamp := hubtest.View(t, h, "Study lamp").ID
		<-time.After(time.Second)
		begun := time.Now()
		var commands sync.WaitGroup
		for i := range 10 {
			commands.Go(func() {
				<-time.After(time.Duration(i) * 4 * time.Millisecond)
				settings := []device.Setting{set("brightness", 10+i)}
				if i == 5 {
					settings = append(settings, set("state", true))
				}
				if err := h.Set(t.Context(), lamp, settings...); err != nil {
					t.Error(err)
				}
			})
		}
		commands.Wait()
		if took := time.Since(begun); took > 55*time.Millisecond {
			t.Errorf("the last command took until %v", took)
		}
		orders := sent.with(begun, "set_device_info")
		if len(orders) != 2 || orders[0].at.Sub(begun) > time.Millisecond || orders[1].at.Sub(begun) != 50*time.Millisecond {
			t.Errorf("%d messages, want one at once and one after 50 ms: %v", len(orders), orders)
		}
		until(t, 200*time.Millisecond, "the view shows the newest value", func() bool {
			n, _ := hubtest.View(t, h, "Study lamp").Value("brightness").Number()
			on, _ := hubtest.View(t, h, "Study lamp").State.On()
			return n == 19 && on
		})
	})
}

// TestMergeApart: a wrong command does not spoil those that are merged with it,
// and who has left is not obeyed.
func TestMergeApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("L530"))
		o := home.Options()
		sent := watch(o)
		h := home.Hub(o)
		hubtest.Online(t, h, 1)
		lamp := hubtest.View(t, h, "Study lamp").ID
		<-time.After(time.Second)
		begun := time.Now()
		var commands sync.WaitGroup
		command := func(after time.Duration, ctx context.Context, want error, settings ...device.Setting) {
			commands.Go(func() {
				<-time.After(after)
				if err := h.Set(ctx, lamp, settings...); !errors.Is(err, want) || (err == nil) != (want == nil) {
					t.Errorf("%v: %v, want %v", settings, err, want)
				}
			})
		}
		left, leave := context.WithCancel(t.Context())
		time.AfterFunc(30*time.Millisecond, leave)
		command(0, t.Context(), nil, set("state", true))
		command(10*time.Millisecond, t.Context(), wattle.ErrParam, set("brightness", 400))
		command(15*time.Millisecond, t.Context(), wattle.ErrUnsupported, set("altitude", 7))
		command(20*time.Millisecond, t.Context(), nil, set("color_temperature", 3000))
		command(25*time.Millisecond, left, context.Canceled, set("brightness", 77))
		commands.Wait()
		if got := sent.with(begun, "77"); len(got) > 0 {
			t.Errorf("the command of who has left was sent: %v", got)
		}
		until(t, time.Second, "the good one arrives", func() bool {
			n, _ := hubtest.View(t, h, "Study lamp").Value("color_temperature").Number()
			return n == 3000
		})
		if err := h.Set(t.Context(), lamp); !errors.Is(err, wattle.ErrParam) {
			t.Errorf("nothing to set: %v", err)
		}
		if err := h.Set(t.Context(), hub.ID{MAC: wattle.MAC{1}}, set("state", true)); !errors.Is(err, wattle.ErrNotFound) {
			t.Errorf("an unknown device: %v", err)
		}
	})
}

// TestStrip: "state" of a strip is that of all outlets, and of commands for a
// strip and its outlets the newest win.
func TestStrip(t *testing.T) {
	for _, model := range []string{"KP303", "P300"} {
		synctest.Test(t, func(t *testing.T) {
			home := hubtest.Start(t, hubtest.Models(model))
			h := home.Hub(nil)
			hubtest.Online(t, h, 1)
			var strip hub.ID
			var outlets []hub.ID
			for _, v := range h.Views() {
				if v.Root() {
					strip = v.ID
				} else {
					outlets = append(outlets, v.ID)
				}
			}
			if len(outlets) != 3 {
				t.Fatalf("%s has %d outlets", model, len(outlets))
			}
			on := func(id hub.ID) bool {
				v, err := h.View(id)
				if err != nil {
					t.Fatal(err)
				}
				is, _ := v.State.On()
				return is
			}
			for _, want := range []bool{true, false} {
				if err := h.Set(t.Context(), strip, set("state", want)); err != nil {
					t.Fatal(err)
				}
				until(t, time.Second, "all outlets are switched", func() bool {
					return on(outlets[0]) == want && on(outlets[1]) == want && on(outlets[2]) == want && on(strip) == want
				})
			}
			<-time.After(time.Second)
			var commands sync.WaitGroup
			for i, c := range []struct {
				id hub.ID
				on bool
			}{{outlets[0], true}, {outlets[1], true}, {strip, false}, {outlets[2], true}} {
				commands.Go(func() {
					<-time.After(time.Duration(i) * 10 * time.Millisecond)
					if err := h.Set(t.Context(), c.id, set("state", c.on)); err != nil {
						t.Error(err)
					}
				})
			}
			commands.Wait()
			until(t, time.Second, "the last outlet alone is on", func() bool { return !on(outlets[0]) && !on(outlets[1]) && on(outlets[2]) })
		})
	}
}

// TestCommandAheadOfPoll: the poll of a slow hub with many children delays a
// command by one exchange at most.
func TestCommandAheadOfPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("H100", "KP303"))
		h := home.Hub(nil)
		hubtest.Online(t, h, 2)
		const slow = 300 * time.Millisecond
		for name, setting := range map[string]device.Setting{"Study radiator": set("target_temperature", 21), "Media strip": set("led", true)} {
			v := hubtest.View(t, h, name)
			fault(t, home, v.ID.MAC.String(), "slow="+slow.String())
			most := time.Duration(0)
			for range 40 {
				<-time.After(1370 * time.Millisecond)
				begun := time.Now()
				if err := h.Set(t.Context(), v.ID, setting); err != nil {
					t.Fatal(name, err)
				}
				most = max(most, time.Since(begun))
			}
			t.Logf("%s: %v at most, an exchange takes %v", name, most, slow)
			if most > 2*slow+10*time.Millisecond {
				t.Errorf("%s: a command took %v, where an exchange takes %v", name, most, slow)
			}
		}
	})
}

// TestCallIsShown: calls past the features are shown by the poll that follows,
// also what is asked rarely.
func TestCallIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110"))
		h := home.Hub(nil)
		hubtest.Online(t, h, 1)
		plug := hubtest.View(t, h, "Heater").ID
		<-time.After(time.Second)
		results, err := h.Call(t.Context(), plug, method.Call{Method: "set_led_info", Params: []byte(`{"led_rule":"never"}`), Effect: method.Absolute})
		if err != nil || results[0].Err != nil {
			t.Fatal(err, results)
		}
		until(t, time.Second, "the light is shown to be off", func() bool {
			on, known := hubtest.View(t, h, "Heater").Value("led").Bool()
			return known && !on
		})
		if err := h.Rename(t.Context(), plug, "Toaster"); err != nil {
			t.Fatal(err)
		}
		until(t, time.Second, "the new name is shown", func() bool {
			v, err := h.Find("toaster")
			return err == nil && v.ID == plug
		})
	})
}
