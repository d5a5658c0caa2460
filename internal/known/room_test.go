package known_test

import (
	"os"
	"strings"
	"testing"

	"wattle/internal/known"
)

// TestRooms: rooms outlive the devices, and what a later version wrote of them.
func TestRooms(t *testing.T) {
	s := known.Open(t.TempDir())
	text := `{"version":1,"rooms":[{"mac":"50:C7:BF:00:00:01","child":"00","name":"Bath","colour":"red"}],"devices":[]}`
	if err := os.WriteFile(s.Path(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	update(t, s, func(l *known.List) error {
		l.Settle(known.Room{MAC: mac(2), Name: "Kitchen", From: "account"})
		l.Settle(known.Room{MAC: mac(1), Child: "00", Name: "Hall"})
		l.Settle(known.Room{MAC: mac(1), Name: "Hall"})
		l.Settle(known.Room{MAC: mac(3)}) // forgets what is not there
		return l.Put(sample(2))
	})
	update(t, s, func(l *known.List) error {
		if !l.Remove(mac(2)) {
			t.Error("not removed")
		}
		l.Settle(known.Room{MAC: mac(1)})
		return nil
	})
	list, err := s.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if list.Room(mac(2), "") != "Kitchen" || list.Room(mac(1), "00") != "Hall" || list.Room(mac(1), "") != "" || len(list.Rooms) != 2 {
		t.Errorf("got %+v", list.Rooms)
	}
	if data, err := os.ReadFile(s.Path()); err != nil || !strings.Contains(string(data), `"name":"Hall","colour":"red"`) {
		t.Errorf("%s, %v", data, err)
	}
}
