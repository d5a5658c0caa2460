package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"testing"

	"github.com/goccy/go-yaml"
)

const docs = "../../docs"

// The published schema is what the table of settings says.
func TestConfigSchemaIsFresh(t *testing.T) {
	golden(t, filepath.Join(docs, "config.schema.json"), string(ConfigSchema()))
}

// The example is good for the program and for the schema, and what is wrong for
// the one is wrong for the other.
func TestConfigSchemaFits(t *testing.T) {
	example, err := os.ReadFile(filepath.Join(docs, "config.example.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		text string
		good bool
	}{
		{string(example), true},
		{"output: json\nhub:\n  interval: 1500ms\nhistory:\n  keep:\n    samples: 0\n    hours: 6w\n", true},
		{"discovery:\n  targets: 10.0.0.0/24\nhub:\n", true},
		{"hub:\n  latitude: -33.9\n  longitude: 151\nlisten:\n  limits: {rate: 2.5, body: 65536}\n", true},
		{"hub:\n  latitude: 91\n  longitude: 0\n", false},
		{"hub:\n  latitude: north\n", false},
		{"listen:\n  limits: {connections: 0}\n", false},
		{"listen:\n  limits: {connections: 1.5}\n", false},
		{"profiles:\n  x:\n    username: a@example.com\n    loopback_only: true\n", true},
		{"hub:\n  intervall: 5s\n", false},
		{"hub:\n  interval: soon\n", false},
		{"hub:\n  adopt: maybe\n", false},
		{"output: jsn\n", false},
		{"history:\n  keep:\n    samples: 7x\n", false},
		{"profiles:\n  x:\n    user: a\n", false},
		{"tariffs:\n  - {currency: EUR}\n    prise: 1\n", false},
		{"tariffs:\n  - {currency: euro, price: 1}\n", false},
		{"tariffs:\n  - {currency: EUR, price: 1, rates: [{name: a, begin: 22h, end: '06:00', price: 1}]}\n", false},
		{"tariffs: 3\n", false},
	} {
		err := parseConfig("c.yaml", []byte(tt.text), &settings{byKey: map[string]value{}})
		if (err == nil) != tt.good {
			t.Errorf("the program says %v of\n%s", err, tt.text)
		}
		var root node
		if err := json.Unmarshal(ConfigSchema(), &root); err != nil {
			t.Fatal(err)
		}
		var doc any
		err = yaml.Unmarshal([]byte(tt.text), &doc)
		if err == nil {
			err = root.validate("", doc)
		}
		if (err == nil) != tt.good {
			t.Errorf("the schema says %v of\n%s", err, tt.text)
		}
	}
}

func (n *node) inRange(path string, x float64) error {
	if n.Minimum != nil && x < *n.Minimum || n.Maximum != nil && x > *n.Maximum {
		return fmt.Errorf("%s: %v is out of range", path, x)
	}
	return nil
}

// validate is as much of JSON Schema as ConfigSchema uses.
func (n *node) validate(path string, v any) error {
	kinds, _ := n.Type.([]any)
	if one, ok := n.Type.(string); ok {
		kinds = []any{one}
	}
	kind := map[bool]string{true: "null", false: fmt.Sprintf("%T", v)}[v == nil]
	switch x := v.(type) {
	case bool:
		kind = "boolean"
	case string:
		kind = "string"
		if n.Pattern != "" && !regexp.MustCompile(n.Pattern).MatchString(x) {
			return fmt.Errorf("%s: %q is not %s", path, x, n.Pattern)
		}
	case uint64, int64:
		kind = "integer"
		if err := n.inRange(path, float64(reflect.ValueOf(x).Convert(reflect.TypeFor[int64]()).Int())); err != nil {
			return err
		}
		if slices.Contains(kinds, any("number")) {
			kind = "number"
		}
	case float64:
		kind = "number"
		if err := n.inRange(path, x); err != nil {
			return err
		}
	case []any:
		kind = "array"
		for i, item := range x {
			if n.Items == nil {
				return fmt.Errorf("%s: no items", path)
			}
			if err := n.Items.validate(fmt.Sprintf("%s[%d]", path, i), item); err != nil {
				return err
			}
		}
	case map[string]any:
		kind = "object"
		for _, name := range n.Required {
			if _, ok := x[name]; !ok {
				return fmt.Errorf("%s: %s is missing", path, name)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(x)) {
			under := n.Properties[name]
			if under == nil {
				data, _ := json.Marshal(n.Additional)
				if string(data) == "false" || json.Unmarshal(data, &under) != nil {
					return fmt.Errorf("%s.%s is not known", path, name)
				}
			}
			if err := under.validate(path+"."+name, x[name]); err != nil {
				return err
			}
		}
	}
	if !slices.Contains(kinds, any(kind)) {
		return fmt.Errorf("%s: %s is none of %v", path, kind, kinds)
	}
	if len(n.Enum) > 0 && !slices.Contains(n.Enum, v) {
		return fmt.Errorf("%s: %v is none of %v", path, v, n.Enum)
	}
	return nil
}
