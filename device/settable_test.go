package device_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"wattle"
	"wattle/capture"
	"wattle/device"
	"wattle/feature"
	"wattle/simulator/homes"
)

// other gives a value that the feature does not have now.
func other(r feature.Reading) (feature.Value, bool) {
	switch r.Kind {
	case feature.Switch:
		on, _ := r.Value.Bool()
		return feature.ValueOf(!on), true
	case feature.Number:
		n, _ := r.Value.Number()
		for _, candidate := range []float64{math.Floor((r.Min + r.Max) / 2), r.Max, math.Ceil(r.Min + 1)} {
			if candidate != n {
				return feature.ValueOf(candidate), true
			}
		}
	case feature.Choice:
		for _, c := range slices.Backward(r.Choices) {
			if c != r.Value.String() && c != "Not set" {
				return feature.ValueOf(c), true
			}
		}
	case feature.Color:
		return feature.ValueOf(feature.HSV{Hue: 123, Saturation: 45, Value: 67}), true
	}
	return feature.Value{}, false
}

// enough is on how many captures a feature of one type of device is set.
const enough = 3

// setThenGet sets the settable features of a device and its children, each on
// a device of its own, and reads them back. It leaves out what was tried often
// enough on devices of the same type.
func setThenGet(t *testing.T, f *capture.File, library *capture.Library, tried map[string]int) (done int) {
	t.Helper()
	d, _ := open(t, f, library, nil)
	for path, r := range settables(d) {
		kind := d.Identity().Type
		if path.child >= 0 {
			kind = d.Children()[path.child].Identity().Type
		}
		key := string(f.Family) + string(kind) + path.id
		if tried[key]++; tried[key] > enough {
			continue
		}
		want, ok := other(r)
		if !ok {
			continue
		}
		fresh, _ := open(t, f, library, nil)
		target := fresh
		if path.child >= 0 {
			target = fresh.Children()[path.child]
		}
		err := target.Set(t.Context(), path.id, want)
		var refusal *wattle.DeviceError
		if path.child >= 0 && errors.As(err, &refusal) && refusal.Code == -1008 {
			// A child without a recording of its own answers everything so.
			t.Logf("%s: %s of child %d is not in the recording", f.Name, path.id, path.child)
			continue
		}
		if err != nil {
			t.Errorf("%s: set %s of child %d to %v: %v", f.Name, path.id, path.child, want, err)
			continue
		}
		if _, err := target.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
		got, err := target.Get(path.id)
		if err != nil {
			t.Fatal(err)
		}
		if !same(got, want) {
			t.Errorf("%s: %s of child %d: set %v, read back %v", f.Name, path.id, path.child, want, got)
		}
		done++
	}
	return done
}

type place struct {
	child int
	id    string
}

func settables(d *device.Device) map[place]feature.Reading {
	out := map[place]feature.Reading{}
	add := func(child int, readings []feature.Reading) {
		for _, r := range readings {
			if r.Settable {
				out[place{child, r.ID}] = r
			}
		}
	}
	add(-1, d.Features())
	for i, c := range d.Children() {
		add(i, c.Features())
	}
	return out
}

func same(a, b feature.Value) bool {
	x, ok := a.Number()
	y, also := b.Number()
	if ok && also {
		return math.Abs(x-y) < 1e-9
	}
	return a.Equal(b)
}

func TestSetThenGet(t *testing.T) {
	files := homes.Demo()
	total := 0
	for _, f := range files {
		t.Run(f.Name, func(t *testing.T) { total += setThenGet(t, f, homes.Library(), map[string]int{}) })
	}
	t.Logf("%d settings on %d devices", total, len(files))
}

func TestSetThenGetCaptures(t *testing.T) {
	dir := captures(t)
	total, files, tried := 0, names(t, dir, folders...), map[string]int{}
	for _, name := range files {
		t.Run(name, func(t *testing.T) {
			f, library := load(t, dir, name)
			total += setThenGet(t, f, library, tried)
		})
	}
	t.Logf("%d settings on %d devices", total, len(files))
}
