package device_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"wattle/device"
	"wattle/simulator/homes"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestHome holds what every device of the invented home shows.
func TestHome(t *testing.T) {
	all := map[string]device.Inspection{}
	for _, f := range homes.Demo() {
		d, _ := open(t, f, homes.Library(), nil)
		all[f.Name] = device.Inspect(d.State())
	}
	got, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "home.json")
	if *update {
		if err := os.WriteFile(golden, append(got, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(got)+"\n" {
		t.Errorf("the home shows something else than %s: run go test -update and look at the difference", golden)
	}
}
