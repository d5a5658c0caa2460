package known_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"wattle"
	"wattle/internal/known"
)

var ignoreExtra = cmpopts.IgnoreUnexported(known.Device{}, known.Child{}, known.List{})

func mac(n int) wattle.MAC { return wattle.MAC{0x50, 0xC7, 0xBF, 0, byte(n >> 8), byte(n)} }

func sample(n int) known.Device {
	seen := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return known.Device{
		MAC: mac(n), ID: fmt.Sprintf("8006%036d", n), DiscoveryID: fmt.Sprintf("%032d", n),
		Alias: fmt.Sprintf("Lamp %d", n), Model: wattle.Model{Name: "P110", Region: "EU"}, Family: wattle.SMART,
		Type: "SMART.TAPOPLUG", Address: fmt.Sprintf("127.0.5.%d", n%250+1),
		Route:      wattle.Route{Family: wattle.SMART, Transport: wattle.KLAP, Host: fmt.Sprintf("127.0.5.%d", n%250+1), Port: 80, Version: 2},
		Credential: "account", Owner: "B58996C504C5638798EB6B511E6F49AF", Components: "a1b2c3d4",
		FirstSeen: seen, LastSeen: seen,
	}
}

func update(t *testing.T, s *known.Store, change func(*known.List) error) {
	t.Helper()
	if err := s.Update(t.Context(), change); err != nil {
		t.Fatal(err)
	}
}

func TestRoundTrip(t *testing.T) {
	s := known.Open(filepath.Join(t.TempDir(), "state"))
	list, err := s.Load(t.Context())
	if err != nil || len(list.Devices) != 0 {
		t.Fatalf("before the first write: %v, %v", list, err)
	}
	var want []known.Device
	for n := range 3 {
		d := sample(n)
		if n == 2 {
			d.Children = []known.Child{{ID: "00", Alias: "Left"}, {ID: "01", Alias: "Right", Type: "plug", Model: wattle.Model{Name: "X"}}}
		}
		want = append(want, d)
	}
	update(t, s, func(l *known.List) error {
		for _, n := range []int{2, 0, 1} { // any order; the file is sorted
			if err := l.Put(want[n]); err != nil {
				return err
			}
		}
		return nil
	})
	list, err = s.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, list.Devices, ignoreExtra); diff != "" {
		t.Error(diff)
	}
	if info, err := os.Stat(s.Path()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	update(t, s, func(l *known.List) error {
		if !l.Remove(mac(1)) || l.Remove(mac(9)) {
			t.Error("remove does not say what it did")
		}
		return nil
	})
	list, err = s.Load(t.Context())
	if err != nil || len(list.Devices) != 2 || list.Get(mac(1)) != nil || list.Get(mac(2)) == nil {
		t.Errorf("after remove: %v, %v", list, err)
	}
}

// TestMerge: what an update is silent about stays as it was.
func TestMerge(t *testing.T) {
	var l known.List
	old := sample(1)
	if err := l.Put(old); err != nil {
		t.Fatal(err)
	}
	news := known.Device{MAC: mac(1), Address: "127.0.5.99", LastSeen: old.LastSeen.Add(time.Minute), Children: []known.Child{{ID: "00"}}}
	if err := l.Put(news); err != nil {
		t.Fatal(err)
	}
	want := old
	want.Address, want.Children = "127.0.5.99", news.Children // a minute later is not worth a write
	if diff := cmp.Diff(want, *l.Get(mac(1)), ignoreExtra); diff != "" {
		t.Error(diff)
	}
	if err := l.Put(known.Device{MAC: mac(1), LastSeen: old.LastSeen.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if got := l.Get(mac(1)); !got.LastSeen.Equal(old.LastSeen.Add(time.Hour)) || !got.FirstSeen.Equal(old.FirstSeen) || len(got.Children) != 1 {
		t.Errorf("%+v", got)
	}
	if err := l.Put(known.Device{Alias: "x"}); !errors.Is(err, wattle.ErrParam) {
		t.Errorf("without MAC: %v", err)
	}
}

// TestUnknownFields: what a later version wrote is there after an update of this one.
func TestUnknownFields(t *testing.T) {
	dir := t.TempDir()
	s := known.Open(dir)
	text := `{"version":1,"later":{"a":[1]},"devices":[{"mac":"50:C7:BF:00:00:01","alias":"Strip","room":"attic",` +
		`"children":[{"id":"00","alias":"Left","colour":"red"}]}]}`
	if err := os.WriteFile(s.Path(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	update(t, s, func(l *known.List) error {
		return l.Put(known.Device{MAC: mac(1), Address: "127.0.5.7", Children: []known.Child{{ID: "00", Alias: "Links"}}})
	})
	data, err := os.ReadFile(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	var got, want any
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	wanted := `{"version":1,"later":{"a":[1]},"devices":[{"mac":"50:C7:BF:00:00:01","alias":"Strip","room":"attic","address":"127.0.5.7",` +
		`"children":[{"id":"00","alias":"Links","colour":"red"}]}]}`
	if err := json.Unmarshal([]byte(wanted), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestBrokenFile(t *testing.T) {
	for name, text := range map[string]string{
		"cut off":     `{"version":1,"devices":[{"mac":"50:C7:BF:00:00:01"`,
		"empty":       "",
		"no version":  `{"devices":[]}`,
		"no MAC":      `{"version":1,"devices":[{"alias":"x"}]}`,
		"wrong type":  `{"version":1,"devices":{"a":1}}`,
		"not a MAC":   `{"version":1,"devices":[{"mac":"hello"}]}`,
		"binary":      "\x00\x01\x02",
		"null record": `{"version":1,"devices":[null]}`,
	} {
		t.Run(name, func(t *testing.T) {
			for _, write := range []bool{false, true} {
				s := known.Open(t.TempDir())
				if err := os.WriteFile(s.Path(), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				var warning *known.CorruptError
				if write {
					err := s.Update(t.Context(), func(l *known.List) error { return l.Put(sample(1)) })
					if !errors.As(err, &warning) {
						t.Fatalf("update: %v", err)
					}
				} else {
					list, err := s.Load(t.Context())
					if !errors.As(err, &warning) || list == nil || len(list.Devices) != 0 {
						t.Fatalf("load: %v, %v", list, err)
					}
				}
				if moved, err := os.ReadFile(warning.Moved); err != nil || string(moved) != text {
					t.Errorf("moved aside: %q, %v", moved, err)
				}
				if !strings.Contains(warning.Error(), warning.Moved) {
					t.Errorf("warning %q does not say where the file is", warning)
				}
				list, err := s.Load(t.Context())
				if err != nil || write != (len(list.Devices) == 1) {
					t.Errorf("afterwards: %v, %v", list, err)
				}
			}
		})
	}
}

// TestNewerVersion: a file of the future is neither read nor touched.
func TestNewerVersion(t *testing.T) {
	for _, text := range []string{`{"version":2,"devices":[]}`, `{"version":3,"devices":{"by_mac":{}}}`} {
		s := known.Open(t.TempDir())
		if err := os.WriteFile(s.Path(), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if list, err := s.Load(t.Context()); !errors.Is(err, known.ErrVersion) || list != nil {
			t.Errorf("load: %v, %v", list, err)
		}
		if err := s.Update(t.Context(), func(l *known.List) error { return l.Put(sample(1)) }); !errors.Is(err, known.ErrVersion) {
			t.Errorf("update: %v", err)
		}
		if data, err := os.ReadFile(s.Path()); err != nil || string(data) != text {
			t.Errorf("file is %q, %v", data, err)
		}
	}
}

// TestUpdateAtOnce: nobody's change is lost, and readers never see a part.
func TestUpdateAtOnce(t *testing.T) {
	dir := t.TempDir()
	var group sync.WaitGroup
	for w := range 4 {
		group.Go(func() {
			s := known.Open(dir)
			for i := range 8 {
				if err := s.Update(t.Context(), func(l *known.List) error { return l.Put(sample(w*100 + i)) }); err != nil {
					t.Error(err)
				}
				if _, err := s.Load(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	list, err := known.Open(dir).Load(t.Context())
	if err != nil || len(list.Devices) != 32 {
		t.Errorf("%d devices, %v", len(list.Devices), err)
	}
}

func TestUpdateKeepsQuiet(t *testing.T) {
	s := known.Open(t.TempDir())
	update(t, s, func(l *known.List) error { return l.Put(sample(1)) })
	before, err := os.Stat(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	update(t, s, func(l *known.List) error { return l.Put(sample(1)) })
	wrong := errors.New("changed my mind")
	err = s.Update(t.Context(), func(l *known.List) error {
		l.Remove(mac(1))
		return wrong
	})
	if !errors.Is(err, wrong) {
		t.Errorf("error %v", err)
	}
	after, err := os.Stat(s.Path())
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("the file was written anew: %v", err)
	}
}

// TestUpdateWaits: the lock is waited for no longer than the context lasts.
func TestUpdateWaits(t *testing.T) {
	s := known.Open(t.TempDir())
	update(t, s, func(*known.List) error {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if err := known.Open(filepath.Dir(s.Path())).Update(ctx, func(*known.List) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("second writer: %v", err)
		}
		return nil
	})
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(`{"version":1,"devices":[{"mac":"50:C7:BF:00:00:01","alias":"Strip","children":[{"id":"00"}],"x":1}],"y":2}`))
	f.Add([]byte(`{"version":1,"devices":[{"mac":"50-c7-bf-00-00-01","route":{"port":80},"last_seen":"2026-01-02T03:04:05Z"}]}`))
	f.Add([]byte(`{"version":1,"rooms":[{"mac":"50:C7:BF:00:00:01","child":"00","name":"Küche","from":"account","x":1}],"devices":[]}`))
	f.Add([]byte(`{"version":9}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := known.Parse(data)
		if err != nil {
			return
		}
		written, err := list.Marshal()
		if err != nil {
			t.Fatalf("a list that was read cannot be written: %v", err)
		}
		again, err := known.Parse(written)
		if err != nil {
			t.Fatalf("%s cannot be read: %v", written, err)
		}
		if diff := cmp.Diff(list.Devices, again.Devices, ignoreExtra, cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(list.Rooms, again.Rooms, cmpopts.IgnoreUnexported(known.Room{}), cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
		for _, name := range list.Names() {
			var many *known.AmbiguousError
			if _, err := list.Find(name); err != nil && !errors.As(err, &many) {
				t.Errorf("Find(%q): %v", name, err)
			}
		}
	})
}

func BenchmarkLoad100(b *testing.B) {
	s := known.Open(b.TempDir())
	err := s.Update(b.Context(), func(l *known.List) error {
		for n := range 100 {
			if err := l.Put(sample(n)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		list, err := s.Load(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if _, err := list.Find("lamp 57"); err != nil {
			b.Fatal(err)
		}
	}
}
