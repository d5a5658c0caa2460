package device_test

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/capture"
	"wattle/device"
	"wattle/feature"
	"wattle/internal/recorded"
	"wattle/simulator"
	"wattle/simulator/homes"
)

// unset is the choice that is shown where no preset is set. It is asked for like
// the others, and changes nothing.
const unset = "Not set"

// allowed are values of every kind that a feature takes: both positions of a
// switch, the ends and the middle of a range, every choice, colours around the
// wheel. The one that it has comes last, so that each is a change.
func allowed(r feature.Reading) []feature.Value {
	var out []feature.Value
	switch r.Kind {
	case feature.Switch:
		out = []feature.Value{feature.ValueOf(true), feature.ValueOf(false)}
	case feature.Number:
		out = []feature.Value{feature.ValueOf(math.Floor((r.Min + r.Max) / 2)), feature.ValueOf(r.Min), feature.ValueOf(r.Max)}
	case feature.Choice:
		for _, c := range r.Choices {
			out = append(out, feature.ValueOf(c))
		}
	case feature.Color:
		for _, c := range []feature.HSV{{Hue: 0, Saturation: 100, Value: 100}, {Hue: 123, Saturation: 45, Value: 67}, {Hue: 360, Saturation: 1, Value: 1}} {
			out = append(out, feature.ValueOf(c))
		}
	}
	out = slices.DeleteFunc(out, func(v feature.Value) bool { return same(v, r.Value) })
	if n, isNumber := r.Value.Number(); r.Value.Known() && (!isNumber || !r.HasRange() || n >= r.Min && n <= r.Max) {
		out = append(out, r.Value)
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

// tally counts what was tried.
type tally struct {
	sync.Mutex
	counts map[string]int
}

func (c *tally) add(what string, n int) {
	c.Lock()
	defer c.Unlock()
	if c.counts == nil {
		c.counts = map[string]int{}
	}
	c.counts[what] += n
}

func (c *tally) sum() (n int) {
	c.Lock()
	defer c.Unlock()
	for _, each := range c.counts {
		n += each
	}
	return n
}

func (c *tally) String() string {
	c.Lock()
	defer c.Unlock()
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(c.counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", c.counts[what], what))
	}
	return strings.Join(parts, ", ")
}

// setAndGet sets every settable feature of a device and of its children to
// every kind of value over the wire, and reads each back.
func setAndGet(t *testing.T, f *capture.File, library *capture.Library, done *tally) {
	t.Helper()
	d, transport, restarted := serve(t, f, library)
	done.add("devices over "+string(transport), 1)
	all := append([]*device.Device{d}, d.Children()...)
	for i, target := range all {
		name := fmt.Sprintf("%s[%d]", f.Name, i)
		for _, r := range target.Features() {
			switch {
			case r.Kind == feature.Action:
			case r.Settable:
				setEach(t, name, target, r.ID, done)
			default:
				done.add("readings", 1)
			}
		}
	}
	// What makes a device go away comes last, and children before the whole.
	for i, target := range slices.Backward(all) {
		name := fmt.Sprintf("%s[%d]", f.Name, i)
		actions := slices.DeleteFunc(slices.Clone(target.Features()), func(r feature.Reading) bool { return r.Kind != feature.Action })
		slices.SortStableFunc(actions, func(a, b feature.Reading) int { return farewell[a.ID] - farewell[b.ID] })
		for _, r := range actions {
			press(t, name, target, r.ID, restarted, done)
		}
	}
}

// setEach sets one feature to every kind of value.
func setEach(t *testing.T, name string, d *device.Device, id string, done *tally) {
	t.Helper()
	before, _ := d.State().Reading(id)
	values := allowed(before)
	if before.Kind == feature.Number && !before.HasRange() {
		t.Errorf("%s: %s has no range", name, id)
	}
	if len(values) < 2 {
		done.add("features with a single choice", 1)
	}
	for _, want := range values {
		err := d.Set(t.Context(), id, want)
		if err != nil {
			t.Errorf("%s: set %s to %v: %v", name, id, want, err)
			continue
		}
		was, _ := d.Get(id)
		if _, err := d.Poll(t.Context()); err != nil {
			t.Errorf("%s: poll after %s was set to %v: %v", name, id, want, err)
			return
		}
		if n, ok := want.Number(); id == "brightness" && ok && n == 0 { // no brightness: off
			want = was
			if on, err := d.Get("state"); err != nil || !same(on, feature.ValueOf(false)) {
				t.Errorf("%s: brightness 0: state is %v (%v)", name, on, err)
			}
		}
		if want.String() == unset {
			want = was
		}
		if got, err := d.Get(id); err != nil || !same(got, want) {
			t.Errorf("%s: %s was %v, set to %v, read back %v (%v)", name, id, was, want, got, err)
		}
		done.add("settings", 1)
	}
	done.add("features", 1)
}

// farewell are the actions after which a device is not there for a while, or for
// good.
var farewell = map[string]int{"reboot": 1, "unpair": 2}

// press does an action over the wire and looks at what came of it.
func press(t *testing.T, name string, d *device.Device, id string, restarted <-chan simulator.Ready, done *tally) {
	t.Helper()
	brothers := 0
	if d.Parent() != nil {
		brothers = len(d.Parent().Children())
	}
	err := d.Act(t.Context(), id)
	if id == "pair" && errors.Is(err, wattle.ErrNotFound) {
		done.add("hubs that nothing waits for", 1)
		return
	}
	if err != nil {
		t.Errorf("%s: %s: %v", name, id, err)
		return
	}
	if id == "reboot" && d.Parent() == nil {
		<-restarted
	}
	if _, err := d.Poll(t.Context()); err != nil {
		t.Errorf("%s: poll after %s: %v", name, id, err)
		return
	}
	show := func(id string, want feature.Value) {
		if got, err := d.Get(id); err == nil && !same(got, want) {
			t.Errorf("%s: %s is %v, want %v", name, id, got, want)
		}
	}
	switch {
	case id == "test_alarm":
		show("alarm", feature.ValueOf(true))
	case id == "stop_alarm":
		show("alarm", feature.ValueOf(false))
	case id == "unpair":
		if n := len(d.Parent().Children()); n != brothers-1 {
			t.Errorf("%s: unpaired, and %d of %d are left", name, n, brothers)
		}
	case strings.HasSuffix(id, "_reset"):
		show(strings.TrimSuffix(id, "_reset")+"_used", feature.ValueOf(time.Duration(0)))
	}
	done.add("actions", 1)
}

func TestSetThenGet(t *testing.T) {
	var done tally
	t.Cleanup(func() { t.Logf("%v", &done) })
	for _, f := range homes.Demo() {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { setAndGet(t, f, homes.Library(), &done) })
		})
	}
}

// TestSetThenGetCaptures holds for every captured device what TestSetThenGet
// does for the invented ones.
func TestSetThenGetCaptures(t *testing.T) {
	dir := recorded.Folder(t)
	var done tally
	t.Cleanup(func() { t.Logf("%v", &done) })
	for _, name := range names(t, folders...) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, library := load(t, dir, name)
			synctest.Test(t, func(t *testing.T) { setAndGet(t, f, library, &done) })
		})
	}
}
