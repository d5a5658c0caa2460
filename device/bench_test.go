package device_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"testing"
	"time"

	"wattle"
	"wattle/catalog"
	"wattle/device"
	"wattle/feature"
	"wattle/method"
	"wattle/simulator/homes"
)

// metered is the device of the benchmarks: a plug with a meter and more than
// thirty features.
const metered = "P110(EU)_1.0_1.4.2"

// replay is a Caller that gives what a device once said, at no cost. What moves
// in a house moves here too: no two polls get the same answer of the numbers in
// it.
type replay struct {
	turns [turns]map[string]json.RawMessage
	n     int
	asked []json.RawMessage // the newest answers
	out   []method.Result
}

const turns = 64

func (r *replay) Do(_ context.Context, calls ...method.Call) ([]method.Result, error) {
	r.n++
	r.asked, r.out = r.asked[:0], r.out[:0]
	for _, c := range calls {
		raw, ok := r.turns[r.n%turns][c.Key()]
		result := method.Result{Raw: raw}
		if !ok {
			result.Err = &wattle.DeviceError{Family: wattle.SMART, Method: c.Method, Code: -1002}
		}
		r.asked, r.out = append(r.asked, raw), append(r.out, result)
	}
	return r.out, nil
}

var moving = regexp.MustCompile(`"(rssi|on_time|timestamp|current_power|power_mw|power|voltage_mv|current_ma|today_energy|month_energy|sec)":\s*(-?\d+)`)

// replayed is a replay of what a device of the home says.
func replayed(tb testing.TB, name string) (*replay, wattle.Family) {
	tb.Helper()
	for _, file := range homes.Demo() {
		if file.Name != name {
			continue
		}
		d, err := device.New(tb.Context(), start(tb, file), file.Family, &device.Options{Now: now})
		if err != nil {
			tb.Fatal(err)
		}
		s, err := d.Poll(tb.Context())
		if err != nil {
			tb.Fatal(err)
		}
		r := &replay{}
		for i := range r.turns {
			r.turns[i] = map[string]json.RawMessage{}
		}
		for key, a := range s.Snapshot().All() {
			if a.Value == nil {
				continue
			}
			for i := range r.turns {
				r.turns[i][key] = moving.ReplaceAllFunc(a.Raw, func(field []byte) []byte {
					part := moving.FindSubmatch(field)
					n, _ := strconv.Atoi(string(part[2]))
					return fmt.Appendf(nil, `"%s":%d`, part[1], n+i)
				})
			}
		}
		return r, file.Family
	}
	tb.Fatalf("the home has no %s", name)
	return nil, ""
}

// polling is a device over a replay that was polled once, and a clock that goes
// on by step before each further poll.
func polling(tb testing.TB, name string, step time.Duration) (poll func(), d *device.Device, r *replay) {
	tb.Helper()
	r, family := replayed(tb, name)
	c := &clock{t: moment}
	d, err := device.New(tb.Context(), r, family, &device.Options{Now: c.now})
	if err != nil {
		tb.Fatal(err)
	}
	ctx := tb.Context()
	poll = func() {
		c.sleep(step)
		if _, err := d.Poll(ctx); err != nil {
			tb.Fatal(err)
		}
	}
	poll()
	return poll, d, r
}

// decoder decodes the newest answers of a replay into their types, as a program
// does that has nothing but encoding/json.
func decoder(tb testing.TB, d *device.Device, r *replay) func() {
	tb.Helper()
	types := map[string]reflect.Type{}
	for _, a := range d.State().Snapshot().All() {
		if a.Value != nil {
			types[string(a.Raw)] = reflect.TypeOf(a.Value).Elem()
		}
	}
	for _, turn := range r.turns {
		for key, raw := range turn {
			if a, _ := d.State().Snapshot().Answer(key); a.Value != nil {
				types[string(raw)] = reflect.TypeOf(a.Value).Elem()
			}
		}
	}
	return func() {
		for _, raw := range r.asked {
			if raw == nil {
				continue
			}
			if err := json.Unmarshal(raw, reflect.New(types[string(raw)]).Interface()); err != nil {
				tb.Fatal(err)
			}
		}
	}
}

// BenchmarkPollOverDecode is the whole of a poll above the session: choosing
// what is due, decoding the answers and evaluating all rows. It is measured
// against encoding/json decoding the same answers, in turns: a usual poll asks
// what changes all the time, and once a day it is time for everything.
func BenchmarkPollOverDecode(b *testing.B) {
	for _, bb := range []struct {
		name, device string
		step         time.Duration
	}{
		{"usual", metered, 5 * time.Second},
		{"everything", metered, 25 * time.Hour},
		{"bulb", "L530(EU)_3.0_1.2.3", 5 * time.Second},
		{"kasa", "HS110(EU)_1.0_1.3.1", 5 * time.Second},
	} {
		b.Run(bb.name, func(b *testing.B) {
			poll, d, r := polling(b, bb.device, bb.step)
			decode := decoder(b, d, r)
			const block = 64 // long enough to be timed
			var polls, decodes time.Duration
			for b.Loop() {
				t := cpu()
				for range block {
					poll()
				}
				polls += cpu() - t
				t = cpu()
				for range block {
					decode()
				}
				decodes += cpu() - t
			}
			b.ReportMetric(float64(polls.Nanoseconds())/float64(b.N*block), "poll-cpu-ns")
			b.ReportMetric(float64(decodes.Nanoseconds())/float64(b.N*block), "decode-cpu-ns")
			b.ReportMetric(float64(polls)/float64(decodes), "poll/decode")
			b.ReportMetric(0, "ns/op") // of a block of both
			b.ReportMetric(float64(len(d.Features())), "features")
		})
	}
}

// TestPollAllocs: a poll allocates little besides what decoding does.
func TestPollAllocs(t *testing.T) {
	const most = 60
	for _, step := range []time.Duration{5 * time.Second, 25 * time.Hour} {
		poll, d, r := polling(t, metered, step)
		if n := len(d.Features()); n < 30 {
			t.Fatalf("%d features, too few to tell", n)
		}
		decode := decoder(t, d, r)
		polls, decodes := testing.AllocsPerRun(100, poll), testing.AllocsPerRun(100, decode)
		t.Logf("a poll every %v of %d answers: %g allocations, decoding alone %g", step, len(r.asked), polls, decodes)
		if polls > decodes+most {
			t.Errorf("%g allocations on top of decoding, want at most %d", polls-decodes, most)
		}
	}
}

// BenchmarkRows evaluates all rows of a snapshot: which the device has, their
// values, units and ranges. first: nothing is known of them; all new: every answer
// is another one than at the poll before; usual: those that a usual poll asks are.
func BenchmarkRows(b *testing.B) {
	for _, name := range []string{metered, "L530(EU)_3.0_1.2.3", "HS110(EU)_1.0_1.3.1"} {
		for _, bb := range []struct {
			name   string
			step   time.Duration // between two polls
			forget bool
		}{
			{"first", 25 * time.Hour, true},
			{"all new", 25 * time.Hour, false},
			{"usual", 5 * time.Second, false},
		} {
			b.Run(name+"/"+bb.name, func(b *testing.B) {
				poll, d, _ := polling(b, name, bb.step)
				var views [2]*feature.View
				for i := range views {
					poll()
					id := d.Identity()
					views[i] = &feature.View{Family: id.Family, Type: id.Type, Components: id.Components, Snapshot: d.State().Snapshot()}
					views[i].Index(nil)
					views[i].Local = catalog.LocalTime(views[i])
				}
				rows := make([]*feature.Feature, 0, 200)
				readings := make([]feature.Reading, 200)
				n, i := 0, 0
				b.ReportAllocs()
				began := cpu()
				for b.Loop() {
					i++
					if bb.forget {
						clear(readings[:n])
					}
					n = 0
					for _, row := range catalog.AppendFor(rows, views[i%2]) {
						if row.ReadInto(views[i%2], &readings[n]) {
							n++
						}
					}
				}
				b.ReportMetric(float64((cpu()-began).Nanoseconds())/float64(b.N), "cpu-ns/op")
				b.ReportMetric(float64(n), "features")
			})
		}
	}
}
