package structure

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestDocumentsArePresent(t *testing.T) {
	for _, name := range []string{
		"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "check", ".ci/run", ".golangci.yml",
		"docs/README.md", "docs/features.md", "docs/devices.md", "docs/performance.md", "docs/adr/README.md", "docs/protocol/README.md", "docs/protocol/transports.md",
		"docs/protocol/discovery.md", "docs/protocol/iot.md", "docs/protocol/smart.md", "docs/protocol/errors.md",
		"docs/protocol/features.json", "docs/protocol/effects.json", "interop/README.md",
	} {
		if info, err := os.Stat(filepath.Join(root, name)); err != nil {
			t.Error(err)
		} else if info.Size() == 0 {
			t.Errorf("%s is empty", name)
		}
	}
}

func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	checked := 0
	for _, f := range files(t, "*.md") {
		for _, m := range link.FindAllStringSubmatch(f.text, -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if target == "" || strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			checked++
			if _, err := os.Stat(filepath.Join(root, path.Join(path.Dir(f.path), target))); err != nil {
				t.Errorf("%s: link to %s: %v", f.path, m[1], err)
			}
		}
	}
	t.Logf("%d links", checked)
}

// TestCitationsExist follows "docs/protocol/NAME.md section N" in comments and
// documents to a heading, a numbered list entry or a table row of that number.
func TestCitationsExist(t *testing.T) {
	cite := regexp.MustCompile(`docs/protocol/([a-z-]+\.md)(?:[,;]? (?:sections?|chapter) ([0-9]+(?:\.[0-9]+)*))?`)
	heading := regexp.MustCompile(`(?m)^#+ (?:\*\*)?([0-9]+(?:\.[0-9]+)*)\.?(?:\*\*)?[ .:]`)
	sections := map[string]map[string]bool{}
	for _, f := range files(t, "*.md") {
		if dir, name := path.Split(f.path); dir == "docs/protocol/" {
			sections[name] = map[string]bool{"": true}
			for _, m := range heading.FindAllStringSubmatch(f.text, -1) {
				sections[name][m[1]] = true
			}
		}
	}
	checked := 0
	for _, f := range files(t, "*.go", "*.md") {
		text := regexp.MustCompile(`\n\s*//\s?`).ReplaceAllString(f.text, " ") // comments run over lines
		for _, m := range cite.FindAllStringSubmatch(text, -1) {
			if m[1] == "smart-catalogue.md" {
				continue
			}
			checked++
			switch doc := sections[m[1]]; {
			case doc == nil:
				t.Errorf("%s cites docs/protocol/%s, which does not exist", f.path, m[1])
			case !doc[m[2]]:
				t.Errorf("%s cites docs/protocol/%s section %s, which does not exist", f.path, m[1], m[2])
			}
		}
	}
	t.Logf("%d citations", checked)
}

// TestReadmeCommandsExist keeps the two commands that everyone types first.
func TestReadmeCommandsExist(t *testing.T) {
	text := files(t, "README.md")[0].text
	for _, f := range files(t, "README.md") {
		if f.path == "README.md" {
			text = f.text
		}
	}
	commands := regexp.MustCompile(`(?m)^    (\S.*?)(?:\s+#.*)?$`).FindAllStringSubmatch(text, -1)
	if len(commands) < 2 || commands[0][1] != "go run ./cmd/wattle demo" || commands[1][1] != "go test ./..." {
		t.Fatalf("README.md does not start with the two commands, but with %q", commands[:min(2, len(commands))])
	}
	for _, m := range commands {
		for word := range strings.FieldsSeq(m[1]) {
			if rest, ok := strings.CutPrefix(word, "./"); ok && rest != "..." {
				if _, err := os.Stat(filepath.Join(root, rest)); err != nil {
					t.Errorf("README.md: %q: %v", m[1], err)
				}
			}
		}
	}
	if screen := strings.Count(text, "\n"); screen > 90 {
		t.Errorf("README.md has %d lines; it is to stay near one screen", screen)
	}
}
