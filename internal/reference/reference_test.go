package reference_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"wattle"
	"wattle/catalog"
	"wattle/internal/reference"
)

var tree = os.DirFS("../..")

// TestPagesAreFresh also shows that the pages do not depend on the date: inside
// of the bubble it is another one.
func TestPagesAreFresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pages, err := reference.Pages(t.Context(), tree)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range pages {
			got, err := os.ReadFile(filepath.Join("../../docs", name))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(got), want); diff != "" {
				t.Errorf("docs/%s is stale (run go generate ./internal/reference):\n%s", name, diff)
			}
		}
	})
}

// TestKnownIsFresh: every declaration is found by its key.
func TestKnownIsFresh(t *testing.T) {
	list, _, err := reference.Declarations(tree)
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range []wattle.Family{wattle.IOT, wattle.SMART} {
		want, err := reference.Known(list, family)
		if err != nil {
			t.Fatal(err)
		}
		got, err := fs.ReadFile(tree, "method/"+string(family)+"/known.go")
		if err != nil || string(got) != string(want) {
			t.Errorf("method/%s/known.go is stale (run go generate ./internal/reference): %v", family, err)
		}
	}
}

// TestEveryRowHasALine: nothing of the catalog is lost on the way.
func TestEveryRowHasALine(t *testing.T) {
	text, err := os.ReadFile("../../docs/features.md")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{}
	for _, f := range catalog.All() {
		want["| `"+f.ID+"` | "+strings.ToUpper(string(f.Family))+" |"]++
	}
	for start, n := range want {
		if got := strings.Count(string(text), "\n"+start); got != n {
			t.Errorf("%d lines begin with %q, want %d", got, start, n)
		}
	}
}

// TestConditions checks what was found out by trying against rows whose
// conditions are plain to see in their source.
func TestConditions(t *testing.T) {
	examples, err := reference.Examples(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	chapters, err := reference.Chapters(tree, examples)
	if err != nil {
		t.Fatal(err)
	}
	find := func(family wattle.Family, id, set string) *reference.Row {
		for _, c := range chapters {
			for i := range c.Rows {
				if row := &c.Rows[i]; row.Family == family && row.ID == id && (set == "" || slices.Contains(row.Sets, set)) {
					return row
				}
			}
		}
		t.Fatalf("no row %s %s that is set with %q", family, id, set)
		return nil
	}
	for _, tt := range []struct {
		family      wattle.Family
		id, set     string
		when, needs []string
		reads       string
	}{
		{
			wattle.SMART, "brightness", "set_device_info",
			[]string{"component `brightness`"}, []string{"`get_device_info` has `brightness`"}, "`get_device_info`: `brightness`",
		},
		{
			wattle.IOT, "brightness", "smartlife.iot.dimmer.set_brightness",
			[]string{"not outlets"}, []string{"`system.get_sysinfo` has `brightness`"}, "`system.get_sysinfo`: `brightness`",
		},
		{
			wattle.SMART, "smooth_transition_on", "set_on_off_gradually_info",
			[]string{"component `on_off_gradually` version 2 or later"}, nil,
			"`get_on_off_gradually_info` (every 1m): `on_state.duration`, `on_state.enable`",
		},
		{
			wattle.IOT, "state", "smartlife.iot.lightStrip.set_light_state",
			[]string{"not outlets"}, nil, "`system.get_sysinfo`: `light_state.on_off`",
		},
		{
			wattle.IOT, "pir_triggered", "", nil, nil,
			"`smartlife.iot.PIR.get_adc_value`: `value`",
		},
		{
			wattle.SMART, "hub_load", "",
			[]string{"component `device_load`"}, nil, "`get_device_load_info` (every 1h): `cur_load_num`",
		},
	} {
		row := find(tt.family, tt.id, tt.set)
		if !slices.Equal(row.When, tt.when) || !slices.Equal(row.Needs, tt.needs) || !slices.Contains(row.Reads, tt.reads) {
			t.Errorf("%s %s: when %q, needs %q, reads %q\nwant %q, %q and %q", tt.family, tt.id,
				row.When, row.Needs, row.Reads, tt.when, tt.needs, tt.reads)
		}
	}
}

// TestDeclarations counts the declarations in another way: no variable of a
// method is overlooked.
func TestDeclarations(t *testing.T) {
	list, _, err := reference.Declarations(tree)
	if err != nil {
		t.Fatal(err)
	}
	byGo := map[string]reference.Declaration{}
	for _, d := range list {
		if d.Name == "" || (d.Family == wattle.IOT) != (d.Module != "") {
			t.Errorf("%s is %q of module %q", d.Go, d.Name, d.Module)
		}
		byGo[d.Go] = d
	}
	plain := regexp.MustCompile(`(?m)^\t?(?:var )?(\w+) += method\.Method\[`)
	for _, family := range []string{"iot", "smart"} {
		names, err := fs.Glob(tree, "method/"+family+"/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := fs.ReadFile(tree, name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range plain.FindAllStringSubmatch(string(text), -1) {
				if _, ok := byGo[family+"."+m[1]]; !ok && m[1] != "GetOutlet" {
					t.Errorf("%s declares %s, which was not found", name, m[1])
				}
			}
		}
	}
	for name, want := range map[string]string{
		"iot.BulbEmeter.EraseEmeterStat": "smartlife.iot.common.emeter.erase_emeter_stat Absolute",
		"iot.PlugRules.CountDown.Add":    "count_down.add_rule Once",
		"iot.PlugCloud.Unbind":           "cnCloud.unbind Absolute",
		"smart.GetDeviceTime":            "get_device_time Read",
	} {
		d := byGo[name]
		if got := d.Key() + " " + d.Effect; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}
