package catalog_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"wattle"
	"wattle/catalog"
	"wattle/feature"
	"wattle/internal/wire/redact"
	"wattle/method"
)

var update = flag.Bool("update", false, "rewrite testdata/ids.txt")

var snake = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// documented is a row of docs/protocol/features.json.
type documented struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	Language string          `json:"language"`
	Type     string          `json:"type"`
	Category string          `json:"category"`
	Unit     json.RawMessage `json:"unit"`
}

func document(t *testing.T) map[string]documented {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "docs", "protocol", "features.json"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []documented
	if err := json.Unmarshal(b, &rows); err != nil {
		t.Fatal(err)
	}
	out := map[string]documented{}
	for _, r := range rows {
		key := strings.ToLower(r.Language) + "/" + r.ID
		if _, seen := out[key]; !seen {
			out[key] = r
		}
	}
	return out
}

// harmless are rows with names that are masked in messages, and which may be seen
// by those who see the device.
var harmless = map[string]bool{"ssid": true, "device_id": true}

// TestRows checks the rules that every row keeps.
func TestRows(t *testing.T) {
	docs := document(t)
	first := map[string]feature.Feature{}
	for _, f := range catalog.All() {
		key := string(f.Family) + "/" + f.ID
		t.Run(key, func(t *testing.T) {
			if !snake.MatchString(f.ID) {
				t.Errorf("id %q is not snake_case", f.ID)
			}
			doc, ok := docs[key]
			if !ok {
				t.Fatalf("%s is not in features.json", key)
			}
			if f.Name != doc.Name || string(f.Kind) != doc.Type || string(f.Category) != doc.Category {
				t.Errorf("%q %s %s, features.json has %q %s %s", f.Name, f.Kind, f.Category, doc.Name, doc.Type, doc.Category)
			}
			var unit string
			if json.Unmarshal(doc.Unit, &unit) == nil && string(f.Unit) != unit { // an object: the device chooses
				t.Errorf("unit %q, features.json has %q", f.Unit, unit)
			}
			if other, seen := first[f.ID]; seen && (other.Kind != f.Kind || other.Unit != f.Unit) {
				t.Errorf("%s %q, but %s %q in another row", f.Kind, f.Unit, other.Kind, other.Unit)
			}
			first[f.ID] = f
			if f.Kind == feature.Number && !f.HasRange() {
				t.Errorf("range %g to %g", f.Min, f.Max)
			}
			settable := slices.Contains([]feature.Kind{feature.Switch, feature.Number, feature.Choice, feature.Color}, f.Kind)
			if reading := f.ID == "state"; f.Settable() != settable && !reading {
				t.Errorf("a %s, settable: %t", f.Kind, f.Settable())
			}
			if f.Whole && !f.Settable() {
				t.Error("sends a whole object back, but cannot be set")
			}
			if redact.Key(f.ID) && !harmless[f.ID] && !f.Secret {
				t.Error("sounds like what must not be shown: make it a wattle.Secret, or say that it is harmless")
			}
			if len(f.Queries) == 0 && f.Kind != feature.Action {
				t.Error("reads from nothing")
			}
		})
	}
}

// TestIDs holds the ids of the catalog: one that was there is never renamed
// or removed.
func TestIDs(t *testing.T) {
	seen := map[string]bool{}
	var ids []string
	for _, f := range catalog.All() {
		line := f.ID + " " + string(f.Family)
		if !seen[line] {
			seen[line] = true
			ids = append(ids, line)
		}
	}
	slices.Sort(ids)
	golden := filepath.Join("testdata", "ids.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(strings.Join(ids, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(strings.ReplaceAll(string(b), " ", "/"))
	for _, id := range want {
		if !seen[strings.ReplaceAll(id, "/", " ")] {
			t.Errorf("%s is gone: an id is a promise", id)
		}
	}
	if len(want) != len(ids) {
		t.Errorf("%d ids, %d in %s: run go test -update", len(ids), len(want), golden)
	}
	t.Logf("%d rows, %d ids by family", len(catalog.All()), len(ids))
}

// TestQueries: every query reads, has parameters that are JSON, and is asked
// once however many rows want it.
func TestQueries(t *testing.T) {
	for _, family := range []wattle.Family{wattle.IOT, wattle.SMART} {
		var rows []*feature.Feature
		for i := range catalog.All() {
			if f := &catalog.All()[i]; f.Family == family {
				rows = append(rows, f)
			}
		}
		seen := map[string]bool{}
		for _, q := range catalog.Queries(rows) {
			if seen[q.Key()] {
				t.Errorf("%s is asked twice", q.Key())
			}
			seen[q.Key()] = true
			if q.Call.Effect != method.Read {
				t.Errorf("%s is polled, but does not only read", q.Key())
			}
			if q.Call.Params != nil && !json.Valid(q.Call.Params) {
				t.Errorf("%s: params %s", q.Key(), q.Call.Params)
			}
			if (family == wattle.IOT) != (q.Call.Module != "") {
				t.Errorf("%s: module %q in family %s", q.Key(), q.Call.Module, family)
			}
		}
	}
}
