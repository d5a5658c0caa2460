package structure

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// openItems are the items of which something may be open, and what.
var openItems = map[string]string{
	"A2": "the daemon", "A17": "the daemon", "B8": "web UI, Home Assistant", "E": "metric labels",
}

// TestSeedTable holds docs/cloud/checks.md against the list that it answers, and looks
// up every test, script, part and page that it names.
func TestSeedTable(t *testing.T) {
	items := map[string]bool{"E": true}
	for _, m := range regexp.MustCompile(`(?m)^\| ([AB][0-9]+) \|`).FindAllStringSubmatch(read(t, "docs/protocol/seed-facts.md"), -1) {
		items[m[1]] = true
	}
	if len(items) != 21+17+1 {
		t.Fatalf("seed-facts.md has %d items in A, B and E", len(items))
	}
	row := regexp.MustCompile(`(?m)^\| ([A-Z][0-9]*) \| ([^|]+) \| ([^|]+) \|([^|]*)\|$`)
	for _, m := range row.FindAllStringSubmatch(read(t, "docs/cloud/checks.md"), -1) {
		item, covered, open := m[1], m[3], strings.TrimSpace(m[4])
		if !items[item] {
			t.Errorf("%s is not in seed-facts.md, or twice in the table", item)
		}
		delete(items, item)
		if open != openItems[item] {
			t.Errorf("%s: %q is open, want %q", item, open, openItems[item])
		}
		for part := range strings.SplitSeq(covered, ",") {
			if err := lookUp(t, strings.TrimSpace(part)); err != "" {
				t.Errorf("%s: %s: %s", item, strings.TrimSpace(part), err)
			}
		}
	}
	for item := range items {
		t.Errorf("%s is not in the table", item)
	}
}

// lookUp finds what a cell of the table names; it says what is wrong, "" for nothing.
func lookUp(t *testing.T, part string) string {
	t.Helper()
	if page, ok := strings.CutPrefix(part, "["); ok {
		name, _, _ := strings.Cut(page, "]")
		if len(read(t, path.Join("docs/cloud", name))) < 500 {
			return "the page is missing or has nothing in it"
		}
		return ""
	}
	dir, name, ok := strings.Cut(strings.Trim(part, "`"), " ")
	switch {
	case !ok:
		return "neither a test nor a page"
	case dir == "script":
		if read(t, "internal/cli/testdata/script/"+name+".txtar") == "" {
			return "no such script"
		}
		return ""
	case dir == "interop":
		if !strings.Contains(read(t, "interop/run"), "\n    "+name+")") {
			return "no such part"
		}
		return ""
	}
	tests, err := filepath.Glob(filepath.Join(root, dir, "*_test.go"))
	if err != nil || len(tests) == 0 {
		return "no tests there"
	}
	for _, file := range tests {
		text, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(text), "\nfunc "+name+"(t *testing.T) {") {
			return ""
		}
	}
	return "no such test"
}

// read gives a file of the project, "" where there is none.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Log(err)
		return ""
	}
	return string(text)
}

// TestSeedPages: the pages say what the founding documents ask for.
func TestSeedPages(t *testing.T) {
	for name, words := range map[string][]string{
		"docs/cloud/README.md":       {"Kasa", "Tapo", "-20571", "-20104", "-1009", "User-Agent", "use1-wap.tplinkcloud.com"},
		"docs/cloud/remote.md":       {"Tapo plugs", "NC220", "-23003", "KLAP"},
		"docs/cloud/integrations.md": {"IFTTT", "Google Home", "Alexa", "SmartThings", "Matter", "Home Assistant", "adumont/tplink-cloud-api", "getDeviceList", "HS300"},
	} {
		text := read(t, name)
		for _, word := range words {
			if !strings.Contains(text, word) {
				t.Errorf("%s does not say %q", name, word)
			}
		}
	}
}
