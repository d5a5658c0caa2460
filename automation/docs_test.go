package automation_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wattle/automation"
)

// TestDocs: the examples of docs/automation.md work in the demo's home.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile("../docs/automation.md")
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		h := polled(t, time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC), time.Minute)
		blocks := strings.Split(string(text), "```yaml\n")[1:]
		for i, b := range blocks {
			example, _, _ := strings.Cut(b, "```")
			if _, err := h.Import(t.Context(), fmt.Sprintf("example %d", i+1), []byte(example), nil); err != nil {
				t.Error(err)
			}
		}
		rules := h.Rules().List()
		if len(blocks) < 3 || len(rules) < 9 {
			t.Fatalf("%d examples with %d rules", len(blocks), len(rules))
		}
		for _, r := range rules {
			p, err := h.Preview(r, time.Date(2026, 11, 2, 19, 0, 0, 0, time.UTC), 0)
			if err != nil || p.Why != "" {
				t.Errorf("%s: %v %s", r.Name, err, p.Why)
			}
			for _, step := range p.Steps {
				for _, o := range step.Outcomes {
					if o.Err != nil {
						t.Errorf("%s: %+v", r.Name, o)
					}
				}
			}
		}
		out, err := h.Apply(t.Context(), "cinema")
		if err != nil || len(out) != 2 || out[0].Err != nil || out[1].Err != nil {
			t.Errorf("%+v, %v", out, err)
		}
	})
}

// TestScenes: what is captured of every light and switch of a home comes back.
func TestScenes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC))
		all := []string{"@all"}
		for i, looks := range []map[string]any{
			{"state": true, "brightness": 35, "color_temperature": 3000},
			{"state": true, "hsv": "200,80,55"},
			{"state": false},
		} {
			for _, set := range []map[string]any{{"state": true}, looks} {
				if _, err := h.Set(t.Context(), all, set); err != nil {
					t.Fatal(err)
				}
				time.Sleep(10 * time.Second)
			}
			scene, err := h.Capture("s", all)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := h.Scenes().Put(t.Context(), scene, automation.Any); err != nil {
				t.Fatal(err)
			}
			if _, err := h.Set(t.Context(), all, map[string]any{"state": i == 2, "brightness": 80, "color_temperature": 5000}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Second)
			out, err := h.Apply(t.Context(), "s")
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range out {
				if o.Err != nil {
					t.Errorf("scene %d: %+v", i, o)
				}
			}
			time.Sleep(10 * time.Second)
			after, err := h.Capture("s", all)
			if err != nil || len(after.Parts) != len(scene.Parts) || len(scene.Parts) < 15 {
				t.Fatalf("%d and %d parts: %v", len(scene.Parts), len(after.Parts), err)
			}
			for j, p := range scene.Parts {
				if fmt.Sprint(p) != fmt.Sprint(after.Parts[j]) {
					t.Errorf("scene %d: %v became %v", i, p, after.Parts[j])
				}
			}
		}
	})
}
