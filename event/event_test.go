package event_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"wattle/event"
	"wattle/internal/recorded"
	"wattle/method/smart"
)

// device is the log of a device.
type device struct {
	log       []entry // oldest first
	last      int
	clock     int64
	keeps     int  // entries, 0: all
	exclusive bool // a page begins behind start_id
	deaf      bool // it always gives the newest page
	nameless  bool // no eventId
	noSum     bool
}

type entry struct {
	ID     int            `json:"id"`
	Unique string         `json:"eventId,omitempty"`
	Event  string         `json:"event"`
	Time   int64          `json:"timestamp"`
	Params map[string]any `json:"params,omitempty"`
}

func (d *device) happen(by int) entry {
	d.last += by
	d.clock += int64(by)
	e := entry{ID: d.last, Unique: fmt.Sprintf("u%d-%d", d.clock, d.last), Event: "singleClick", Time: d.clock}
	if d.nameless {
		e.Unique = ""
	}
	d.log = append(d.log, e)
	if d.keeps > 0 && len(d.log) > d.keeps {
		d.log = d.log[len(d.log)-d.keeps:]
	}
	return e
}

// reset is a new pairing: the log is empty and its ids begin anew.
func (d *device) reset() { d.log, d.last = nil, 0 }

func (d *device) page(t testing.TB, q smart.TriggerQuery) *smart.TriggerLogs {
	t.Helper()
	out := struct {
		Logs []entry `json:"logs"`
		Sum  *int    `json:"sum,omitempty"`
	}{Logs: []entry{}}
	if n := len(d.log); !d.noSum {
		out.Sum = &n
	}
	for _, e := range slices.Backward(d.log) {
		if q.StartID > 0 && !d.deaf && (e.ID > q.StartID || d.exclusive && e.ID == q.StartID) {
			continue
		}
		if len(out.Logs) < q.PageSize {
			out.Logs = append(out.Logs, e)
		}
	}
	b, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	var page smart.TriggerLogs
	if err := json.Unmarshal(b, &page); err != nil {
		t.Fatal(err)
	}
	return &page
}

func (d *device) look(t testing.TB, at event.Position) (b event.Batch, pages int) {
	t.Helper()
	r := event.NewRound(at)
	for q, more := r.Next(); more; q, more = r.Next() {
		r.Add(d.page(t, q))
		pages++
	}
	return r.Finish(), pages
}

// save is what a program does between two runs.
func save(t testing.TB, p event.Position) event.Position {
	t.Helper()
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var out event.Position
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func names(events []event.Event) string {
	var out []string
	for _, e := range events {
		if e.Kind == event.Gap {
			out = append(out, "gap")
			continue
		}
		out = append(out, fmt.Sprint(e.ID))
	}
	return fmt.Sprint(out)
}

func TestRounds(t *testing.T) {
	grow := func(d *device, n int) {
		for range n {
			d.happen(1)
		}
	}
	for _, tt := range []struct {
		name  string
		dev   device
		steps []func(*device)
		want  []string // told after each step; the first from the zero position
		pages int      // of the last step
	}{
		{"empty log", device{}, []func(*device){func(*device) {}, func(d *device) { grow(d, 1) }}, []string{"[]", "[1]"}, 1},
		{"nothing new", device{}, []func(*device){func(d *device) { grow(d, 3) }, func(*device) {}}, []string{"[1 2 3]", "[]"}, 1},
		{"pages", device{}, []func(*device){func(d *device) { grow(d, 2) }, func(d *device) { grow(d, 12) }},
			[]string{"[1 2]", "[3 4 5 6 7 8 9 10 11 12 13 14]"}, 3},
		{"pages behind start_id", device{exclusive: true}, []func(*device){func(d *device) { grow(d, 2) }, func(d *device) { grow(d, 12) }},
			[]string{"[1 2]", "[3 4 5 6 7 8 9 10 11 12 13 14]"}, 3},
		{"ids with holes", device{}, []func(*device){func(d *device) { d.happen(20); d.happen(7) }, func(d *device) { d.happen(15); d.happen(1) }},
			[]string{"[20 27]", "[42 43]"}, 1},
		{"the log was cleared, ids go on", device{}, []func(*device){func(d *device) { grow(d, 3) }, func(d *device) { d.log = nil }, func(d *device) { grow(d, 1) }},
			[]string{"[1 2 3]", "[]", "[gap 4]"}, 1},
		{"ids begin anew", device{}, []func(*device){func(d *device) { grow(d, 9) }, func(d *device) { d.reset(); grow(d, 2) }, func(d *device) { grow(d, 1) }},
			[]string{"[1 2 3 4 5 6 7 8 9]", "[gap 1 2]", "[3]"}, 1},
		{"ids begin anew and pass the old ones", device{}, []func(*device){func(d *device) { grow(d, 3) }, func(d *device) { d.reset(); grow(d, 5) }, func(*device) {}},
			[]string{"[1 2 3]", "[gap 1 2 3 4 5]", "[]"}, 1},
		{"the same without eventId", device{nameless: true}, []func(*device){func(d *device) { grow(d, 3) }, func(d *device) { d.reset(); grow(d, 5) }, func(*device) {}},
			[]string{"[1 2 3]", "[gap 1 2 3 4 5]", "[]"}, 1},
		{"a log that keeps little", device{keeps: 4}, []func(*device){func(d *device) { grow(d, 2) }, func(d *device) { grow(d, 9) }},
			[]string{"[1 2]", "[gap 8 9 10 11]"}, 1},
		{"always the newest page", device{deaf: true}, []func(*device){func(d *device) { grow(d, 2) }, func(d *device) { grow(d, 9) }, func(d *device) { grow(d, 1) }},
			[]string{"[1 2]", "[gap 7 8 9 10 11]", "[12]"}, 1},
		{"no sum", device{noSum: true}, []func(*device){func(d *device) { grow(d, 7) }, func(d *device) { grow(d, 1) }}, []string{"[1 2 3 4 5 6 7]", "[8]"}, 1},
		{"an old log comes back", device{}, []func(*device){func(d *device) { grow(d, 9) }, func(d *device) { d.log = d.log[:4]; d.last = 4 }},
			[]string{"[1 2 3 4 5 6 7 8 9]", "[]"}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := tt.dev
			d.clock = 1_700_000_000
			var at event.Position
			for i, step := range tt.steps {
				step(&d)
				b, pages := d.look(t, at)
				if got := names(b.Events); got != tt.want[i] {
					t.Errorf("step %d told %s, want %s", i, got, tt.want[i])
				}
				if i == len(tt.steps)-1 && pages != tt.pages {
					t.Errorf("step %d took %d pages, want %d", i, pages, tt.pages)
				}
				at = save(t, b.Now)
			}
		})
	}
}

// TestBegin: what is in the log already is not told, what comes is.
func TestBegin(t *testing.T) {
	for _, before := range []int{0, 1, 30} {
		d := &device{clock: 1_700_000_000}
		for range before {
			d.happen(1)
		}
		at := event.Begin(d.page(t, smart.TriggerQuery{PageSize: 5}))
		if !at.Started {
			t.Error("it has not begun")
		}
		d.happen(1)
		d.happen(1)
		b, _ := d.look(t, save(t, at))
		if want := fmt.Sprint([]int{before + 1, before + 2}); names(b.Events) != want {
			t.Errorf("after %d: told %s, want %s", before, names(b.Events), want)
		}
	}
}

// TestNoneLostNoneTwice follows logs through much random happening: bursts,
// holes, new ids, programs that end in the middle of a batch, and pages that
// cannot be had.
func TestNoneLostNoneTwice(t *testing.T) {
	told, looks := 0, 0
	for seed := range uint64(120) {
		r := rand.New(rand.NewPCG(seed, 7))
		d := &device{clock: 1_700_000_000, exclusive: r.IntN(2) == 0, nameless: r.IntN(3) == 0, noSum: r.IntN(3) == 0}
		var want, got []string
		name := func(id int, at int64) string { return fmt.Sprintf("%d@%d", id, at) }
		var at event.Position
		look := func(whole bool) {
			looks++
			b, _ := d.look(t, at)
			for i, e := range b.Events {
				if e.Kind == event.Gap {
					continue
				}
				if !whole && i > len(b.Events)/2 { // the program ends here
					at = save(t, at)
					return
				}
				got = append(got, name(e.ID, e.Time.Unix()))
				at = at.Told(e)
			}
			at = save(t, b.Now)
		}
		for range 60 {
			switch n := r.IntN(20); {
			case n < 1:
				look(true) // what nobody has read when it is erased is lost
				d.reset()
			case n < 10:
				for range r.IntN(14) {
					e := d.happen(1 + r.IntN(2)*r.IntN(40))
					want = append(want, name(e.ID, e.Time))
				}
			case n < 12: // a page fails: the round is dropped
				round := event.NewRound(at)
				if q, more := round.Next(); more {
					round.Add(d.page(t, q))
				}
			default:
				look(n < 18)
			}
		}
		look(true)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d:\ntold     %v\nhappened %v", seed, got, want)
		}
		told += len(got)
	}
	t.Logf("%d events in %d looks", told, looks)
}

func TestRead(t *testing.T) {
	const page = `{"logs":[
		{"event":"rotation","eventId":"a","id":5,"timestamp":1728469787,"params":{"rotate_deg":-45}},
		{"event":"singleClick","id":4,"params":{"on_off":1}},
		{"event":"tooHumid","id":3,"timestamp":"soon"},
		{"event":"somethingNew","id":2},
		{"event":"noID"}, 7, null, {"id":"x"}],"start_id":5,"sum":5}`
	var l smart.TriggerLogs
	if err := json.Unmarshal([]byte(page), &l); err != nil {
		t.Fatal(err)
	}
	events := event.Read(&l)
	if len(events) != 4 {
		t.Fatalf("%d events: %+v", len(events), events)
	}
	if e := events[0]; e.Kind != event.Rotation || e.Degrees == nil || *e.Degrees != -45 || !e.Time.Equal(time.Unix(1728469787, 0)) {
		t.Errorf("%+v", e)
	}
	if e := events[1]; e.Kind != event.Click || e.On == nil || !*e.On || !e.Time.IsZero() || e.Degrees != nil {
		t.Errorf("%+v", e)
	}
	if events[2].Kind != event.TooHumid || events[3].Kind != "something_new" {
		t.Errorf("kinds %s, %s", events[2].Kind, events[3].Kind)
	}
}

// TestCaptures reads the logs of real devices.
func TestCaptures(t *testing.T) {
	n, files := 0, recorded.Files(t, "smart/child")
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var f struct {
			Logs json.RawMessage `json:"get_trigger_logs"`
		}
		if err := json.Unmarshal(b, &f); err != nil {
			t.Fatal(err)
		}
		l, err := smart.GetTriggerLogs.Decode(f.Logs)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		events := event.Read(l)
		if len(events) != len(l.Logs) {
			t.Errorf("%s: %d of %d entries", file, len(events), len(l.Logs))
		}
		for i, e := range events {
			n++
			if e.Kind == "" || e.Time.IsZero() || e.Unique == "" || i > 0 && e.ID >= events[i-1].ID {
				t.Errorf("%s: %+v", file, e)
			}
		}
	}
	t.Logf("%d events in %d captures", n, len(files))
}

// FuzzRound: no page makes a round panic or go on for ever, and what it tells
// is not told again.
func FuzzRound(f *testing.F) {
	f.Add([]byte(`{"logs":[{"event":"singleClick","eventId":"a","id":99,"timestamp":1728469787}],"start_id":99,"sum":51}`), []byte(`{"started":true,"recent":[{"id":98,"event_id":"b","time":1}]}`))
	f.Add([]byte(`{"logs":[{"id":-1},{"id":9e99},{"id":3},{"id":3}],"sum":-5}`), []byte(`{"recent":[{"id":5},{"id":-4},{"id":3}]}`))
	f.Add([]byte(`{"logs":[{"id":1,"params":{"rotate_deg":"x","on_off":null}}]}`), []byte(`{}`))
	f.Fuzz(func(t *testing.T, page, position []byte) {
		var l smart.TriggerLogs
		if json.Unmarshal(page, &l) != nil {
			return
		}
		var at event.Position
		_ = json.Unmarshal(position, &at)
		_ = event.Begin(&l)
		look := func() event.Batch {
			r := event.NewRound(at)
			asked := 0
			for _, more := r.Next(); more; _, more = r.Next() {
				if asked++; asked > 1000 {
					t.Fatal("it goes on for ever")
				}
				r.Add(&l)
			}
			return r.Finish()
		}
		b := look()
		for _, e := range b.Events {
			if e.Kind != event.Gap && e.ID <= 0 {
				t.Errorf("told %+v", e)
			}
		}
		at = b.Now
		if again := look(); len(again.Events) > 0 {
			t.Errorf("told twice: %s after %s", names(again.Events), names(b.Events))
		}
	})
}
