package hub

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"wattle"
)

func busHub() *Hub {
	h, err := New(nil)
	if err != nil {
		panic(err)
	}
	return h
}

func deviceID(n int) ID { return ID{MAC: wattle.MAC{2, 0, 0, 0, byte(n >> 8), byte(n + 1)}} }

// next gives a notice that waits already.
func next(t interface{ Fatal(...any) }, s *Subscription) (n Notice, ok bool) {
	n, ok, closed := s.take()
	if closed {
		t.Fatal("the subscription is closed")
	}
	return n, ok
}

func TestMissed(t *testing.T) {
	h := busHub()
	sub := h.Subscribe(&SubscribeOptions{Events: 4})
	none := h.Subscribe(&SubscribeOptions{Events: -1})
	defer sub.Close()
	defer none.Close()
	for i := range 10 {
		h.tell(Event{Device: deviceID(i), Kind: "click"})
	}
	n, ok := next(t, sub)
	if !ok || n.Missed != 6 || n.Event.Device != deviceID(6) {
		t.Errorf("first %+v, want the seventh event after 6 missed", n)
	}
	for range 3 {
		if n, ok := next(t, sub); !ok || n.Missed != 0 {
			t.Errorf("then %+v", n)
		}
	}
	if n, ok := next(t, sub); ok {
		t.Errorf("and %+v", n)
	}
	if n, ok := next(t, none); ok {
		t.Errorf("who wants none got %+v", n)
	}
	if got := h.Stats(); got.Missed != 6 || got.Subscribers != 2 {
		t.Errorf("stats %+v", got)
	}
}

func TestResumeAfterTheKeptEvents(t *testing.T) {
	h := busHub()
	h.tell(Event{Kind: "first"})
	for range eventsKept + 1 {
		h.tell(Event{Kind: "click"})
	}
	sub := h.Subscribe(&SubscribeOptions{Since: 1, Events: 2 * eventsKept})
	defer sub.Close()
	if n, ok := next(t, sub); !ok || n.Missed == 0 || n.Event == nil {
		t.Errorf("%+v does not say that events are missing", n)
	}
	sub = h.Subscribe(&SubscribeOptions{Since: 1_000_000})
	defer sub.Close()
	if n, ok := next(t, sub); ok {
		t.Errorf("numbers of another epoch gave %+v", n)
	}
}

func TestNextWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := busHub()
		sub := h.Subscribe(nil)
		time.AfterFunc(time.Hour, func() { h.tell(Event{Kind: "click"}) })
		if n, err := sub.Next(t.Context()); err != nil || n.Event == nil {
			t.Errorf("%+v, %v", n, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if n, err := sub.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%+v, %v, want the end of its context", n, err)
		}
		time.AfterFunc(time.Hour, sub.Close)
		if _, err := sub.Next(t.Context()); !errors.Is(err, wattle.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
		sub.Close()
		if len(h.bus.subs) != 0 {
			t.Error("the bus still has it")
		}
	})
}

// TestBusProperties: whatever happens between reads, numbers never fall, each
// event comes once or is counted as missed, and who reads everything knows what
// the hub knows; also who went away in the middle and came back with the last
// number.
func TestBusProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := busHub()
		most := rapid.IntRange(1, 6).Draw(t, "most")
		sub := h.Subscribe(&SubscribeOptions{Events: most})
		told, seen, missed := uint64(0), uint64(0), uint64(0)
		var last uint64
		known := map[ID]*View{}
		read := func() bool {
			n, ok := next(t, sub)
			if !ok {
				return false
			}
			if n.Seq < last {
				t.Fatalf("%d comes after %d", n.Seq, last)
			}
			last = n.Seq
			missed += n.Missed
			switch {
			case n.Event != nil:
				if n.View != nil || n.Gone != nil {
					t.Fatalf("%+v is not one thing", n)
				}
				seen++
			case n.Gone != nil:
				delete(known, *n.Gone)
			default:
				if was := known[n.View.ID]; n.Before != nil && (was == nil || n.Before.Rev != was.Rev) {
					t.Fatalf("before %+v, known is %+v", n.Before, was)
				}
				if old := known[n.View.ID]; old != nil && old.Rev > n.View.Rev {
					t.Fatalf("an older view came later")
				}
				known[n.View.ID] = n.View
			}
			return true
		}
		t.Repeat(map[string]func(*rapid.T){
			"show": func(t *rapid.T) {
				h.bus.show(&View{ID: deviceID(rapid.IntRange(0, 4).Draw(t, "device")), Name: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "name")})
			},
			"drop": func(t *rapid.T) { h.bus.drop(deviceID(rapid.IntRange(0, 4).Draw(t, "device"))) },
			"tell": func(*rapid.T) { h.tell(Event{Kind: "click"}); told++ },
			"read": func(*rapid.T) { read() },
			"come back": func(*rapid.T) {
				sub.Close()
				sub = h.Subscribe(&SubscribeOptions{Events: most, Since: last})
				told, seen, missed = 0, 0, 0
				if last == 0 { // a whole snapshot follows
					clear(known)
				}
				for _, e := range h.bus.past {
					if last > 0 && e.Seq > last {
						told++
					}
				}
			},
		})
		for read() {
		}
		if seen+missed != told {
			t.Fatalf("%d events told, %d seen, %d missed", told, seen, missed)
		}
		if len(known) != len(h.bus.views) {
			t.Fatalf("%d devices known of %d", len(known), len(h.bus.views))
		}
		for id, v := range known {
			if now := h.bus.views[id]; now == nil || now.Name != v.Name || now.Rev != v.Rev {
				t.Fatalf("%v is known as %+v, is %+v", id, v, now)
			}
		}
	})
}

func TestSlowReaderSeesEachDevice(t *testing.T) {
	h := busHub()
	sub := h.Subscribe(nil)
	defer sub.Close()
	counts := map[ID]int{}
	for i := range 300 {
		for d := range 10 { // all change between two reads
			h.bus.show(&View{ID: deviceID(d), Name: string(rune('a' + i%26))})
		}
		n, _ := next(t, sub)
		counts[n.View.ID]++
		if n.View != h.bus.view(n.View.ID) {
			t.Fatal("it is not the newest view")
		}
	}
	for d := range 10 {
		if counts[deviceID(d)] != 30 {
			t.Errorf("device %d was seen %d times", d, counts[deviceID(d)])
		}
	}
}

func TestSorted(t *testing.T) {
	h := busHub()
	for i, name := range []string{"zoo", "Attic", "beach"} {
		h.bus.show(&View{ID: deviceID(i), Name: name})
	}
	strip := deviceID(1)
	for child, name := range map[string]string{"01": "lamp", "02": "Fan"} {
		h.bus.show(&View{ID: ID{MAC: strip.MAC, Child: child}, Name: name})
	}
	var got []string
	for _, v := range h.Views() {
		got = append(got, v.Name)
	}
	if want := []string{"Attic", "Fan", "lamp", "beach", "zoo"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for word, want := range map[string]string{
		"zoo": "zoo", "ZOO": "zoo", "attic/fan": "Fan", "be": "beach", Slug(strip): "Attic", strip.MAC.String(): "Attic",
		Slug(ID{MAC: strip.MAC, Child: "01"}): "lamp", "01": "lamp",
	} {
		if v, err := h.Find(word); err != nil || v.Name != want {
			t.Errorf("Find(%q): %v, %v", word, v, err)
		}
	}
	for _, word := range []string{"", "cellar", "02:00:00:00:00:77"} {
		if _, err := h.Find(word); !errors.Is(err, wattle.ErrNotFound) {
			t.Errorf("Find(%q): %v", word, err)
		}
	}
	h.bus.show(&View{ID: deviceID(7), Name: "beacon"})
	if _, err := h.Find("bea"); !errors.Is(err, wattle.ErrParam) {
		t.Errorf("two are meant: %v", err)
	}
}
