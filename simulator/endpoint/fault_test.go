package endpoint_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"wattle"
	"wattle/simulator/endpoint"
)

func TestFaults(t *testing.T) {
	var f endpoint.Faults
	if got := f.Active(); len(got) != 0 {
		t.Errorf("the zero value has %q", got)
	}
	for _, tt := range []struct {
		spec, want string // want is what Active says, "" for an error
	}{
		{"slow", "slow=2s"},
		{"slow=150ms", "slow=150ms"},
		{"drop", "drop=1"},
		{"drop=3", "drop=3"},
		{"chop", "chop"},
		{"busy=2", "busy=2"},
		{"cookie=two", "cookie=two"},
		{"credentials", "credentials=wrong"},
		{"code=-1501", "code=-1501"},
		{"slow=fast", ""},
		{"slow=-1s", ""},
		{"drop=-1", ""},
		{"drop=x", ""},
		{"chop=1", ""},
		{"cookie", ""},
		{"cookie=three", ""},
		{"code", ""},
		{"smoke", ""},
		{"", ""},
	} {
		var f endpoint.Faults
		err := f.Set(tt.spec)
		if (err == nil) != (tt.want != "") || err != nil && !errors.Is(err, wattle.ErrParam) {
			t.Errorf("Set(%q): %v", tt.spec, err)
		}
		var want []string
		if tt.want != "" {
			want = []string{tt.want}
		}
		if got := f.Active(); !slices.Equal(got, want) && len(got)+len(want) > 0 {
			t.Errorf("after Set(%q): %q, want %q", tt.spec, got, want)
		}
		if got := f.Active(); len(got) == 1 {
			var again endpoint.Faults
			if err := again.Set(got[0]); err != nil || !slices.Equal(again.Active(), got) {
				t.Errorf("Set of what Active says, %q: %v, %q", got[0], err, again.Active())
			}
		}
	}
	if err := f.Set("smoke"); err == nil || !strings.Contains(err.Error(), "tpc-off") {
		t.Errorf("%v does not list what there is", err)
	}
	for _, spec := range []string{"slow", "chop", "tpc-off"} {
		if err := f.Set(spec); err != nil {
			t.Fatal(err)
		}
	}
	f.Clear("chop")
	f.Clear("never set")
	if got, want := f.Active(), []string{"slow=2s", "tpc-off"}; !slices.Equal(got, want) {
		t.Errorf("after Clear: %q, want %q", got, want)
	}
	f.Clear("")
	if got := f.Active(); len(got) != 0 {
		t.Errorf("after Clear of all: %q", got)
	}
	for _, name := range endpoint.FaultNames() {
		if endpoint.FaultHelp(name) == "" {
			t.Errorf("no help for %q", name)
		}
	}
	var none *endpoint.Faults
	if got := none.Active(); len(got) != 0 {
		t.Errorf("a nil Faults has %q", got)
	}
}

func TestFaultsFromManySides(t *testing.T) {
	var f endpoint.Faults
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 200 {
				_, _, _ = f.Set("busy=2"), f.Set("slow=1ms"), f.Active()
				f.Clear("slow")
				f.Clear("")
			}
		})
	}
	group.Wait()
	if got := f.Active(); len(got) != 0 {
		t.Errorf("left over: %q", got)
	}
}

func FuzzFaultSpec(f *testing.F) {
	for _, name := range endpoint.FaultNames() {
		f.Add(name)
		f.Add(name + "=1")
	}
	f.Fuzz(func(t *testing.T, spec string) {
		var one, two endpoint.Faults
		if one.Set(spec) != nil {
			return
		}
		for _, active := range one.Active() {
			if err := two.Set(active); err != nil {
				t.Errorf("Set(%q) gives %q, which is refused: %v", spec, active, err)
			}
		}
	})
}
