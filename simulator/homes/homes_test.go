package homes_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wattle"
	"wattle/simulator"
	"wattle/simulator/homes"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func devices(t *testing.T) []*simulator.Device {
	t.Helper()
	var list []*simulator.Device
	for _, f := range homes.Demo() {
		d, err := simulator.New(f, &simulator.DeviceOptions{Library: homes.Library(), KeepIDs: true, Freeze: true})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, d)
	}
	return list
}

// TestDemo: the home has one device of each kind, with ids and names of their
// own, as the golden file lists them.
func TestDemo(t *testing.T) {
	var infos []simulator.Info
	ids := map[string]string{}
	macs := map[wattle.MAC]string{}
	take := func(id, name string) {
		if other, ok := ids[id]; ok || id == "" {
			t.Errorf("%s has the id %q of %s", name, id, other)
		}
		ids[id] = name
	}
	names := map[string]bool{}
	for _, d := range devices(t) {
		i := d.Info()
		take(i.DeviceID, i.Name)
		if other, ok := macs[i.MAC]; ok || i.MAC.IsZero() {
			t.Errorf("%s has the MAC %s of %s", i.Name, i.MAC, other)
		}
		macs[i.MAC] = i.Name
		if names[i.Alias] {
			t.Errorf("two devices are called %q", i.Alias)
		}
		names[i.Alias] = true
		for _, c := range i.Children {
			take(c.DeviceID, i.Name+"/"+c.Alias)
		}
		infos = append(infos, i)
	}
	got, err := json.MarshalIndent(infos, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "demo.json", append(got, '\n'))
	t.Logf("%d devices, %d ids", len(infos), len(ids))
}

// TestAnswers: what the devices answer to the first questions of a client.
func TestAnswers(t *testing.T) {
	var out bytes.Buffer
	for _, d := range devices(t) {
		questions := []string{
			`{"method":"multipleRequest","params":{"requests":[{"method":"get_device_info"},{"method":"component_nego"},{"method":"get_connect_cloud_state"}]}}`,
			`{"method":"multipleRequest","params":{"requests":[{"method":"get_child_device_component_list"},{"method":"get_child_device_list"}]}}`,
		}
		if d.Info().Family == wattle.IOT {
			questions = []string{`{"system":{"get_sysinfo":{}},"emeter":{"get_realtime":{}},"smartlife.iot.common.emeter":{"get_realtime":{}},"time":{"get_time":{},"get_timezone":{}},"cnCloud":{"get_info":{}}}`}
		}
		out.WriteString("# " + d.Info().Name + "\n")
		for _, q := range questions {
			answer, err := d.Handle(t.Context(), []byte(q))
			if err != nil {
				t.Fatal(err)
			}
			out.Write(answer)
			out.WriteByte('\n')
		}
	}
	golden(t, "answers.txt", out.Bytes())
}

// TestOrder: every file is in the list of devices or a child.
func TestOrder(t *testing.T) {
	var names []string
	for _, f := range append(homes.Demo(), homes.Children()...) {
		names = append(names, f.Name)
	}
	for _, pattern := range []string{"data/*.json", "data/child/*.json"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if name := strings.TrimSuffix(filepath.Base(file), ".json"); !slices.Contains(names, name) {
				t.Errorf("%s is in no list", file)
			}
		}
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run go test -update ./simulator/homes", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; run go test -update ./simulator/homes and review the change", path)
	}
}
