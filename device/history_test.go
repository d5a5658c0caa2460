package device_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"wattle"
	"wattle/capture"
	"wattle/device"
	"wattle/energy"
	"wattle/feature"
	"wattle/session"
	"wattle/simulator"
	"wattle/simulator/homes"
)

// running opens a device of the invented home whose clock goes.
func running(tb testing.TB, name, zone string, c *clock) *device.Device {
	tb.Helper()
	var file *capture.File
	for _, f := range homes.Demo() {
		if strings.HasPrefix(f.Name, name) {
			file = f
		}
	}
	if file == nil {
		tb.Fatalf("no device %s", name)
	}
	virtual, err := simulator.New(file, &simulator.DeviceOptions{Library: homes.Library(), KeepIDs: true, Now: c.now})
	if err != nil {
		tb.Fatal(err)
	}
	z, err := time.LoadLocation(zone)
	if err != nil {
		tb.Fatal(err)
	}
	_, offset := c.now().In(z).Zone()
	request := fmt.Sprintf(`{"method":"set_device_time","params":{"region":%q,"time_diff":%d,"timestamp":%d}}`, zone, offset/60, c.now().Unix())
	if file.Family == wattle.IOT {
		request = `{"time":{"set_timezone":{"index":41}},"smartlife.iot.common.timesetting":{"set_timezone":{"index":41}}}` // Amsterdam
	}
	if _, err := virtual.Handle(tb.Context(), []byte(request)); err != nil {
		tb.Fatal(err)
	}
	s := session.New(&direct{device: virtual}, file.Family, nil)
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	d, err := device.New(tb.Context(), s, file.Family, &device.Options{Now: c.now})
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// autumn is before the start of a quarter and a change of the clocks.
var autumn = time.Date(2026, 9, 20, 9, 17, 0, 0, time.UTC)

// TestHistories: on every family hours are days, days are months, and today is
// what the feature says, also after the clocks moved and the quarter changed.
func TestHistories(t *testing.T) {
	for _, name := range []string{"P110(EU)", "HS110(EU)", "KP115(EU)", "KP303(EU)", "KL130(EU)", "KL430(EU)"} {
		t.Run(name, func(t *testing.T) {
			c := &clock{t: autumn}
			d := running(t, name, "Europe/Amsterdam", c)
			if err := d.SetOn(t.Context(), true); err != nil {
				t.Fatal(err)
			}
			c.sleep(36*24*time.Hour + 5*time.Hour) // to 26 October, over the change on the 25th
			state, err := d.Poll(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			now := state.DeviceTime()
			from, to := energy.Month.Floor(now).AddDate(0, -2, 0), energy.Month.Next(now)
			series := func(by energy.Step) *energy.Series {
				s, err := d.EnergySeries(t.Context(), from, to, by)
				if err != nil {
					t.Fatal(err)
				}
				return s
			}
			days, months := series(energy.Day), series(energy.Month)
			sameSeries(t, "days as months", days.By(energy.Month), months)
			if len(days.Points) != 92 {
				t.Errorf("%d days", len(days.Points))
			}
			if d.Family() == wattle.SMART {
				hours := series(energy.Hour)
				sameSeries(t, "hours as days", hours.By(energy.Day), days)
				if len(hours.Points) != 92*24+1 {
					t.Errorf("%d hours", len(hours.Points))
				}
			} else if _, err := d.EnergySeries(t.Context(), from, to, energy.Hour); !errors.Is(err, wattle.ErrUnsupported) || !strings.Contains(err.Error(), "day or month") {
				t.Errorf("by hour: %v", err)
			}
			var today energy.Point
			past := 0
			for _, p := range days.Points {
				if p.Running {
					today = p
				} else if p.Known && p.Value > 0 {
					past++
				}
			}
			if want, ok := state.Value("consumption_today").Number(); !ok || math.Abs(today.Value-want) > 1e-6 {
				t.Errorf("today %g kWh, the feature says %g (%t)", today.Value, want, ok)
			}
			if want, ok := state.Value("consumption_this_month").Number(); !ok || math.Abs(months.Points[2].Value-want) > 1e-6 {
				t.Errorf("this month %g kWh, the feature says %g (%t)", months.Points[2].Value, want, ok)
			}
			if past < 80 {
				t.Errorf("only %d days of the past have something", past)
			}
			// The day of 25 hours, on which it was on at a steady power.
			if long, short := days.Points[85].Value, days.Points[84].Value; math.Abs(long/short-25.0/24) > 0.01 {
				t.Errorf("the day of 25 hours has %g kWh, the one before %g", long, short)
			}
			if n := len(d.Children()); n != len(days.Parts) {
				t.Errorf("%d parts of %d outlets", len(days.Parts), n)
			}
		})
	}
}

func sameSeries(t *testing.T, what string, got, want *energy.Series) {
	t.Helper()
	if len(got.Points) != len(want.Points) {
		t.Fatalf("%s: %d buckets, want %d", what, len(got.Points), len(want.Points))
	}
	for i, g := range got.Points {
		w := want.Points[i]
		if !g.Start.Equal(w.Start) || g.Known != w.Known || math.Abs(g.Value-w.Value) > 1e-6 {
			t.Errorf("%s: %+v, want %+v", what, g, w)
		}
	}
}

// TestPower: the mean of five minutes is the power that flowed.
func TestPower(t *testing.T) {
	c := &clock{t: autumn}
	d := running(t, "P110(EU)", "Europe/Amsterdam", c)
	if err := d.SetOn(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	c.sleep(2 * time.Hour)
	if err := d.SetOn(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	c.sleep(time.Hour)
	state, err := d.Poll(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	watts, _ := state.Value("current_consumption").Number()
	for _, by := range []energy.Step{energy.FiveMinutes, energy.Hour} {
		s, err := d.PowerSeries(t.Context(), c.now().Add(-24*time.Hour), c.now().Add(time.Hour), by)
		if err != nil {
			t.Fatal(err)
		}
		on, off := 0, 0
		for _, p := range s.Points {
			known := p.Start.Before(c.now())
			switch {
			case p.Known != known:
				t.Errorf("%s: %+v", by, p)
			case known && p.Value == math.Round(watts) && p.Start.After(autumn.Add(2*time.Hour)):
				on++
			case known && p.Value == 0 && p.Start.After(autumn):
				off++
			}
		}
		if want := int(time.Hour / (5 * time.Minute)); by == energy.FiveMinutes && (on < want-1 || off < 2*want-1) {
			t.Errorf("%d values of %g W, %d of 0", on, watts, off)
		}
	}
	if _, err := d.PowerSeries(t.Context(), autumn, c.now(), energy.Day); !errors.Is(err, wattle.ErrUnsupported) {
		t.Errorf("power by day: %v", err)
	}
}

// TestRuntime: what was on is counted, on every family.
func TestRuntime(t *testing.T) {
	for _, name := range []string{"P110(EU)", "P100(EU)", "HS110(EU)", "KL130(EU)", "HS100(EU)"} {
		t.Run(name, func(t *testing.T) {
			c := &clock{t: autumn}
			d := running(t, name, "Europe/Amsterdam", c)
			runtime := func() device.Runtime {
				t.Helper()
				r, err := d.Runtime(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				return r
			}
			if err := d.SetOn(t.Context(), true); err != nil {
				t.Fatal(err)
			}
			before := runtime()
			c.sleep(2 * time.Hour)
			after := runtime()
			for what, pair := range map[string][2]*time.Duration{
				"today": {before.Today, after.Today}, "7 days": {before.Past7, after.Past7}, "30 days": {before.Past30, after.Past30},
			} {
				if pair[0] == nil || pair[1] == nil || (*pair[1]-*pair[0]-2*time.Hour).Abs() > time.Minute {
					t.Errorf("%s: %v became %v in two hours", what, pair[0], pair[1])
				}
			}
			if *after.Past7 > *after.Past30 || *after.Today > *after.Past7 || *after.Past30 == *after.Today {
				t.Errorf("today %v, 7 days %v, 30 days %v", *after.Today, *after.Past7, *after.Past30)
			}
			id := map[wattle.Family]string{wattle.IOT: "usage_today", wattle.SMART: "runtime_today"}[d.Family()]
			state, err := d.Poll(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if minutes, ok := feature.As[int](state.Value(id)); !ok || minutes != int(after.Today.Minutes()) {
				t.Errorf("%s is %v, want %v", id, state.Value(id), after.Today)
			}
		})
	}
}

// TestErase: nothing is left, and nothing comes back but what is used then.
func TestErase(t *testing.T) {
	for _, name := range []string{"P110(EU)", "HS110(EU)", "KP303(EU)", "KL130(EU)"} {
		t.Run(name, func(t *testing.T) {
			c := &clock{t: autumn}
			d := running(t, name, "Europe/Amsterdam", c)
			if err := d.SetOn(t.Context(), true); err != nil {
				t.Fatal(err)
			}
			if _, err := d.Poll(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := d.EraseEnergy(t.Context()); err != nil {
				t.Fatal(err)
			}
			s, err := d.EnergySeries(t.Context(), autumn.AddDate(0, -2, 0), autumn.AddDate(0, 0, 1), energy.Day)
			if err != nil {
				t.Fatal(err)
			}
			if total, _, _ := s.Total(); total != 0 {
				t.Errorf("%g kWh are left", total)
			}
			state, err := d.Poll(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range []string{"consumption_today", "consumption_this_month", "consumption_total"} {
				if v, ok := state.Value(id).Number(); ok && v != 0 {
					t.Errorf("%s is %v", id, v)
				}
			}
		})
	}
}

// TestNoHistory: what cannot be had says so.
func TestNoHistory(t *testing.T) {
	c := &clock{t: autumn}
	for _, name := range []string{"P100(EU)", "HS100(EU)", "H100(EU)", "L530(EU)"} {
		d := running(t, name, "Europe/Amsterdam", c)
		if _, err := d.EnergySeries(t.Context(), autumn.AddDate(0, 0, -7), autumn, energy.Day); !errors.Is(err, wattle.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
		if err := d.EraseEnergy(t.Context()); !errors.Is(err, wattle.ErrUnsupported) {
			t.Errorf("%s: erase: %v", name, err)
		}
	}
	d := running(t, "P110(EU)", "Europe/Amsterdam", c)
	if _, err := d.EnergySeries(t.Context(), autumn, autumn, energy.Day); !errors.Is(err, wattle.ErrParam) {
		t.Errorf("an empty span: %v", err)
	}
	if _, err := d.RuntimeSeries(t.Context(), autumn.AddDate(0, 0, -7), autumn, energy.Day); !errors.Is(err, wattle.ErrUnsupported) {
		t.Errorf("runtime of a Tapo plug by day: %v", err)
	}
	f := plug()
	f.set("get_energy_data", &wattle.DeviceError{Family: wattle.SMART, Method: "get_energy_data", Code: -1003})
	d, err := device.New(t.Context(), f, wattle.SMART, &device.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.EnergySeries(t.Context(), moment.AddDate(0, 0, -7), moment, energy.Day)
	if err == nil || !strings.Contains(err.Error(), "clock") {
		t.Errorf("a device without a clock: %v", err)
	}
	f.set("get_device_time", `{"timestamp":946684800,"region":"UTC","time_diff":0}`)
	if _, err = d.EnergySeries(t.Context(), moment.AddDate(0, 0, -7), moment, energy.Day); !errors.Is(err, wattle.ErrRefused) {
		t.Errorf("a clock that shows the year 2000: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = d.EnergySeries(ctx, moment.AddDate(0, 0, -7), moment, energy.Day); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestStripOutlets: an outlet that is off uses nothing, and those that are on
// differ.
func TestStripOutlets(t *testing.T) {
	c := &clock{t: autumn}
	d := running(t, "KP303(EU)", "Europe/Amsterdam", c)
	state, err := d.Poll(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[float64]bool{}
	for _, outlet := range state.Children() {
		on, _ := outlet.On()
		watts, ok := outlet.Value("current_consumption").Number()
		if !ok || on != (watts > 0) || watts > 0 && seen[watts] {
			t.Errorf("%s is on %t and takes %g W", outlet.Identity().Alias, on, watts)
		}
		seen[watts] = true
	}
}

// BenchmarkYearByDay: four questions and the clock, through session and
// simulator.
func BenchmarkYearByDay(b *testing.B) {
	c := &clock{t: autumn}
	d := running(b, "P110(EU)", "Europe/Amsterdam", c)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.EnergySeries(b.Context(), autumn.AddDate(-1, 0, 0), autumn, energy.Day); err != nil {
			b.Fatal(err)
		}
	}
}
