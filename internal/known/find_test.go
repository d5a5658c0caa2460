package known_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"wattle"
	"wattle/internal/known"
)

func home(t *testing.T) *known.List {
	t.Helper()
	l := &known.List{}
	for i, d := range []known.Device{
		{Alias: "Desk", ID: "8006AA", DiscoveryID: "ab12", Address: "127.0.5.1"},
		{Alias: "desk lamp", Address: "lamp.local"},
		{Alias: "Kitchen Strip", Children: []known.Child{{ID: "8006CC00", Alias: "Kettle"}, {ID: "8006CC01", Alias: "Toaster"}, {ID: "8006CC02", Alias: "toaster 2"}}},
		{Alias: "Office", Children: []known.Child{{ID: "8006DD00", Alias: "Kettle"}, {ID: "8006DD01", Alias: "Screen"}}},
		{Alias: "Twin", Address: "127.0.5.8"},
		{Alias: "Twin", Address: "127.0.5.9"},
		{Alias: "hall/stairs", Route: wattle.Route{Transport: wattle.KLAP, Host: "127.0.5.10", Port: 8080}},
		{Model: wattle.Model{Name: "P100"}}, // no alias
	} {
		d.MAC = mac(i)
		if err := l.Put(d); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func TestFind(t *testing.T) {
	l := home(t)
	for _, tt := range []struct{ ref, want string }{
		{"Desk", "Desk"},
		{"desk", "Desk"},
		{"DESK", "Desk"},
		{"desk l", "desk lamp"},
		{"8006aa", "Desk"},
		{"AB12", "Desk"},
		{"127.0.5.1", "Desk"},
		{"lamp.local", "desk lamp"},
		{"127.0.5.10:8080", "hall/stairs"},
		{"127.0.5.10", "hall/stairs"},
		{"50:C7:BF:00:00:02", "Kitchen Strip"},
		{"50c7bf000002", "Kitchen Strip"},
		{"50-C7-BF-00-00-07", "P100 50:C7:BF:00:00:07"},
		{"Kitchen Strip/Kettle", "Kitchen Strip/Kettle"},
		{"kit/ket", "Kitchen Strip/Kettle"},
		{"kit/3", "Kitchen Strip/toaster 2"},
		{"kit/8006CC01", "Kitchen Strip/Toaster"},
		{"50C7BF000002/Toaster", "Kitchen Strip/Toaster"},
		{"Screen", "Office/Screen"},
		{"8006DD00", "Office/Kettle"},
		{"hall/stairs", "hall/stairs"},
		{"hall/st", "hall/stairs"},
	} {
		m, err := l.Find(tt.ref)
		if err != nil || m.Name() != tt.want {
			t.Errorf("Find(%q) = %q, %v; want %q", tt.ref, nameOf(m), err, tt.want)
		}
	}
}

func nameOf(m known.Match) string {
	if m.Device == nil {
		return ""
	}
	return m.Name()
}

func TestFindFails(t *testing.T) {
	l := home(t)
	for _, tt := range []struct {
		ref       string
		ambiguous []string
		near      []string
	}{
		{ref: "", near: nil},
		{ref: "Twin", ambiguous: []string{"Twin (50:C7:BF:00:00:04 127.0.5.8)", "Twin (50:C7:BF:00:00:05 127.0.5.9)"}},
		{ref: "Kettle", ambiguous: []string{"Kitchen Strip/Kettle", "Office/Kettle"}},
		{ref: "des", ambiguous: []string{"Desk", "desk lamp"}},
		{ref: "kit/toa", ambiguous: []string{"Kitchen Strip/Toaster", "Kitchen Strip/toaster 2"}},
		{ref: "Dsek", near: []string{"Desk"}},
		{ref: "lamp", near: []string{"desk lamp"}},
		{ref: "Screne", near: []string{"Office/Screen"}},
		{ref: "xyzzy-nothing", near: nil},
		{ref: "Office/9", near: []string{"Office/Kettle", "Office/Screen"}},
		{ref: "Desk/1", near: nil},
	} {
		m, err := l.Find(tt.ref)
		var many *known.AmbiguousError
		var none *known.NotFoundError
		switch {
		case errors.As(err, &many):
			if !slices.Equal(many.Candidates, tt.ambiguous) || !errors.Is(err, wattle.ErrParam) {
				t.Errorf("Find(%q): %v, want %q", tt.ref, err, tt.ambiguous)
			}
		case errors.As(err, &none):
			if tt.ambiguous != nil || !slices.Equal(none.Near, tt.near) || !errors.Is(err, wattle.ErrNotFound) {
				t.Errorf("Find(%q): %v, want near %q", tt.ref, err, tt.near)
			}
		default:
			t.Errorf("Find(%q) = %q, %v", tt.ref, nameOf(m), err)
		}
		if err != nil && !strings.Contains(err.Error(), `"`+tt.ref+`"`) {
			t.Errorf("%q does not say what was looked for", err)
		}
	}
}

// TestNames: each name that is offered for completion finds its device.
func TestNames(t *testing.T) {
	l := home(t)
	want := []string{
		"Desk", "desk lamp", "Kitchen Strip", "Kitchen Strip/Kettle", "Kitchen Strip/Toaster", "Kitchen Strip/toaster 2",
		"Office", "Office/Kettle", "Office/Screen", "Twin", "Twin", "hall/stairs", "50:C7:BF:00:00:07",
	}
	if got := l.Names(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
